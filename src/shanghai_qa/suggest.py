"""Questions to go on with: near to what was asked, about the same topics, and tried, so that none ends in a refusal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from shanghai_qa.data import lines
from shanghai_qa.question import Question
from shanghai_qa.words import terms

_TRIES = 12  # questions tried for one answer: under narrow filters few have an answer, and each try takes 10 ms


@dataclass(frozen=True)
class Suggestion:
    topic: str
    question: str
    terms: frozenset[str]


def suggest(
    question: Question,
    topics: Sequence[str],
    said: Sequence[str],
    lead_of: Callable[[str], str | None],
    limit: int = 3,
) -> tuple[str, ...]:
    """At most `limit` questions that have an answer: first those that share a name with the question, then its topics.

    `lead_of` gives the sentence that answers a question, or None; one that was `said` already is no news.

    `topics` are those of the answer, the nearest first; without any, one question a topic is enough. Left out is what
    the question asks itself and what `said` covers.
    """
    asked = question.stems
    shown = frozenset(term for text in said for term in terms(text))
    news = set[str]()
    order = sorted(
        (s for s in _all() if not s.terms <= asked | shown),
        key=lambda s: (
            -len(s.terms & question.names),
            topics.index(s.topic) if s.topic in topics else len(topics),
            -len(s.terms & asked),
        ),
    )
    chosen: list[Suggestion] = []
    for suggestion in (order if topics else _one_a_topic(order))[:_TRIES]:
        lead = lead_of(suggestion.question)
        if lead and lead not in said and lead not in news:
            chosen.append(suggestion)
            news.add(lead)
        if len(chosen) == limit:
            break
    return tuple(suggestion.question for suggestion in chosen)


def _one_a_topic(suggestions: Sequence[Suggestion]) -> list[Suggestion]:
    first: dict[str, Suggestion] = {}
    for suggestion in suggestions:
        first.setdefault(suggestion.topic, suggestion)
    return list(first.values())


@cache
def _all() -> tuple[Suggestion, ...]:
    pairs = (line.split(" | ", 1) for line in lines("suggestions.txt"))
    return tuple(Suggestion(topic, question, frozenset(terms(question))) for topic, question in pairs)
