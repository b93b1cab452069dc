"""What is made of a whole corpus, made once for the one in use."""

from collections.abc import Callable
from typing import Generic, TypeVar

from shanghai_qa.assistant import Assistant
from shanghai_qa.values import Document, Passage

T = TypeVar("T")


class Current(Generic[T]):
    """What `make` makes of the documents and passages that `assistant` has now, for all who ask for it."""

    def __init__(self, assistant: Assistant, make: Callable[[tuple[Document, ...], tuple[Passage, ...]], T]) -> None:
        self._assistant = assistant
        self._make = make
        self._made: tuple[tuple[Document, ...], T] | None = None

    def __call__(self) -> T:
        documents, made = self._assistant.documents, self._made
        if made is None or made[0] is not documents:
            made = self._made = documents, self._make(documents, self._assistant.passages)
        return made[1]
