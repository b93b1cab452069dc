"""What is asked: the assistant, and baselines that anybody has in an afternoon, behind one protocol.

The baselines quote exactly and cite what they quote, so that no score for citing alone tells them from the assistant;
they never refuse as long as they find anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

from ingest.sentences import located
from shanghai_qa.assistant import Assistant
from shanghai_qa.prove import source_of
from shanghai_qa.store import bm25_of, bm25_scores
from shanghai_qa.values import Answer, Ask, Citation, Document, Outcome, Span, Statement, Turn
from shanghai_qa.words import terms


class System(Protocol):
    """What is evaluated."""

    def ask(self, question: str, *, history: Sequence[Turn] = (), id: str | None = None) -> Answer:
        """The answer to `question`, as the last turn of `history`, with `id` unchanged."""


@dataclass(frozen=True)
class FirstPassage:
    """The passage that retrieval ranks first, whole, or no more than its first `sentences`."""

    assistant: Assistant
    sentences: int | None = None

    def ask(self, question: str, *, history: Sequence[Turn] = (), id: str | None = None) -> Answer:
        found = self.assistant.trace(Ask(question, tuple(history))).rankings["fused"]
        if not found:
            return _refusal(question, id, self.assistant)
        document = self.assistant.document(found[0].document_id)
        return _quoting(question, id, self.assistant, document, found[0].sentences[: self.sentences], found[0].heading)


class BestSentence:
    """The sentence of the corpus that is best by BM25 (Lucene's variant, its default k1 and b)."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def ask(self, question: str, *, history: Sequence[Turn] = (), id: str | None = None) -> Answer:
        scores = bm25_scores(self._index, terms(question))
        best = int(scores.argmax())
        if scores[best] <= 0:
            return _refusal(question, id, self._assistant)
        document, heading, span = self._sentences[best]
        return _quoting(question, id, self._assistant, document, (span,), heading)

    @cached_property
    def _sentences(self) -> list[tuple[Document, str, Span]]:
        return [
            (document, "" if section.level == 1 else section.heading, span)
            for document in self._assistant.documents
            for section, span in located(document.text)
        ]

    @cached_property
    def _index(self) -> Any:
        return bm25_of([document.text[span.start : span.end] for document, _, span in self._sentences])


def baselines(assistant: Assistant) -> Mapping[str, System]:
    """What the assistant has to beat, by name, over the same index."""
    return {
        "first passage": FirstPassage(assistant),
        "first two sentences": FirstPassage(assistant, sentences=2),
        "best BM25 sentence": BestSentence(assistant),
    }


def _quoting(
    question: str, id: str | None, assistant: Assistant, document: Document, spans: Sequence[Span], heading: str
) -> Answer:
    """An answer of nothing but these sentences, each citing itself."""
    citations = tuple(
        Citation(n, document.text[span.start : span.end], span.start, span.end, heading, source_of(document))
        for n, span in enumerate(spans, start=1)
    )
    return replace(
        _refusal(question, id, assistant),
        outcome=Outcome.ANSWERED,
        statements=tuple(Statement(citation.quote, (citation.number,)) for citation in citations),
        citations=citations,
    )


def _refusal(question: str, id: str | None, assistant: Assistant) -> Answer:
    return Answer(id=id, question=question, language="en", outcome=Outcome.NOT_IN_CORPUS, corpus=assistant.info)
