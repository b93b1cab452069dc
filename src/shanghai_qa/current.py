"""What is made of a whole corpus, made once for the one in use."""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from shanghai_qa.values import Document, Passage

T = TypeVar("T")


class Corpus(Protocol):
    """Who has documents and passages, others at times, such as an assistant."""

    @property
    def documents(self) -> Sequence[Document]: ...

    @property
    def passages(self) -> Sequence[Passage]: ...


class Current(Generic[T]):
    """What `make` makes of the documents and passages that `corpus` has now, for all who ask for it."""

    def __init__(self, corpus: Corpus, make: Callable[[Sequence[Document], Sequence[Passage]], T]) -> None:
        self._corpus = corpus
        self._make = make
        self._made: tuple[Sequence[Document], T] | None = None

    def __call__(self) -> T:
        documents, made = self._corpus.documents, self._made
        if made is None or made[0] is not documents:
            made = self._made = documents, self._make(documents, self._corpus.passages)
        return made[1]
