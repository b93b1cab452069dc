"""Questions to go on with: one deeper, one sideways, one that checks; each is tried, so that none ends in a refusal."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from math import fsum, log

from shanghai_qa.data import lines
from shanghai_qa.question import Question, related
from shanghai_qa.values import Document
from shanghai_qa.words import terms

_TRIES = 12  # questions tried for one answer, of which each takes as long as a question asked
_TRIES_A_WAY = 3  # of these for each way on, so that some are left where one way has nothing
_TELLING = 2.0  # weight of a word in one suggestion of seven: "Shanghai" and "2025" tell nothing apart
_SAME_SUBJECT = 0.35  # share of the weight of the names asked for that a question on the same subject has
_SAME_MATTER = 6.0  # nearness of two questions that share a rare name, or a less rare one and a word


@dataclass(frozen=True)
class Suggestion:
    """A question that `document`, an id, answers.

    `checks` where it holds answers against another source: what an unverified or interested one claims, or where two
    differ.
    """

    document: str
    question: str
    checks: bool
    terms: frozenset[str]


def suggest(
    question: Question,
    cited: Sequence[Document],
    said: Sequence[str],
    documents: Mapping[str, Document],
    lead_of: Callable[[Suggestion], str | None],
    earlier: Sequence[str] = (),
    limit: int = 3,
) -> tuple[str, ...]:
    """At most `limit` questions that have an answer, from among those about `documents`, by id.

    After an answer that cites the documents `cited`, its lead's first: one deeper into the same subject, one sideways
    to another of the same topic, one that checks it against another source; where a way has none, more of the others.
    After a refusal, `cited` being empty: what shares most with the question, then what is of a topic that its words
    point to, then one a topic, then any.

    `lead_of` gives the sentence that answers a suggestion, or None; one that was `said` already is no news. Left out
    is what the question or one `earlier` asks itself, and what `said` covers.
    """
    view = _View(question, cited, said, documents)
    covered = [view.covered, *(frozenset(terms(text)) for text in earlier)]
    usable = [s for s in _all() if s.document in documents and not any(s.terms <= known for known in covered)]
    trial = _Trial(lead_of, said, limit)
    if cited:
        ways = [view.deeper(usable), view.sideways(usable), view.checking(usable)]
        for way in ways:
            trial.keep(way, 1, _TRIES_A_WAY)
        trial.keep(chain(*ways), limit, _TRIES)
    else:
        trial.keep(chain(view.nearest(usable), view.one_a_topic(usable), usable), limit, _TRIES)
    return tuple(suggestion.question for suggestion in trial.kept)


def documents() -> frozenset[str]:
    """The ids of all documents that there are suggestions of."""
    return frozenset(suggestion.document for suggestion in _all())


def about(document: str) -> tuple[Suggestion, ...]:
    """The suggestions that the document of that id answers, in the order of the file."""
    return tuple(suggestion for suggestion in _all() if suggestion.document == document)


class _View:
    """How the suggestions look from one question and its answer: which lie which way, the best first.

    Two questions are the nearer, the more and rarer words they share: names count twice, a year or a word that may
    stand for another half, and words of the answer a quarter. Ties keep the order of the file.
    """

    def __init__(
        self, question: Question, cited: Sequence[Document], said: Sequence[str], documents: Mapping[str, Document]
    ) -> None:
        shown = frozenset(term for text in said for term in terms(text))
        self.covered = question.stems | question.years | shown
        self._telling = frozenset(term for term in question.terms if _weight(term) >= _TELLING) - _TELL_NOTHING
        self._names = {name: _weight(name) for name in self._telling & question.names or self._telling}
        self._all_names = fsum(self._names.values())  # the same in whatever order, as all sums here
        self._opening = _opening(question.text)
        self._cited = tuple(dict.fromkeys(document.id for document in cited))
        self._topics = cited[0].topics if cited else ()
        self._documents = documents
        self._asked = dict.fromkeys(question.years, 0.5)
        self._asked |= {near: 0.5 for term in question.terms for near in related(term)}
        self._asked |= dict.fromkeys(question.terms, 1.0) | dict.fromkeys(question.names, 2.0)
        self._heard = dict.fromkeys(shown, 0.25) | self._asked

    def deeper(self, suggestions: Iterable[Suggestion]) -> list[Suggestion]:
        """Those about the same subject, from the documents cited first, then what else the lead's document answers."""
        same = [s for s in suggestions if self._is_lead(s) or (self._same_subject(s) and not s.checks)]
        return sorted(same, key=lambda s: (not self._same_subject(s), self._place(s), -self._near(s)))

    def sideways(self, suggestions: Iterable[Suggestion]) -> list[Suggestion]:
        """Those about other subjects of the same topic: what is asked of this one, asked of another, comes first."""
        other = [s for s in suggestions if not (s.checks or s.document in self._cited or self._same_subject(s))]
        return sorted((s for s in other if self._same_topic(s)), key=lambda s: -self._near(s) - self._alike(s))

    def checking(self, suggestions: Iterable[Suggestion]) -> list[Suggestion]:
        """Those that ask another source about the same matter; those that are marked as checks come first."""
        other = [s for s in suggestions if not self._is_lead(s) and (self._same_subject(s) or self._same_topic(s))]
        same = [s for s in other if self._near(s, self._asked) >= _SAME_MATTER]
        return sorted(same, key=lambda s: (not s.checks, -self._near(s)))

    def nearest(self, suggestions: Sequence[Suggestion]) -> list[Suggestion]:
        """Those that share a telling word with the question, then those of the topic that most of them are of."""
        near = sorted((s for s in suggestions if s.terms & self._telling), key=lambda s: -self._near(s, self._asked))
        pointed = Counter(self._topic(s) for s in near).most_common(1)
        of_topic = [s for topic, _ in pointed for s in suggestions if self._topic(s) == topic]
        return list(dict.fromkeys([*near, *of_topic]))

    def one_a_topic(self, suggestions: Iterable[Suggestion]) -> list[Suggestion]:
        """The first of each topic."""
        first: dict[str, Suggestion] = {}
        for suggestion in suggestions:
            first.setdefault(self._topic(suggestion), suggestion)
        return list(first.values())

    def _near(self, suggestion: Suggestion, counts: Mapping[str, float] | None = None) -> float:
        counts = self._heard if counts is None else counts
        return fsum(counts[term] * _weight(term) for term in suggestion.terms & counts.keys())

    def _alike(self, suggestion: Suggestion) -> float:
        """What speaks for another subject besides the words it shares: the same way of asking, the same main topic."""
        same_topic = self._topics[:1] == (self._topic(suggestion),)
        return 2.0 * (_opening(suggestion.question) == self._opening) + 1.0 * same_topic

    def _is_lead(self, suggestion: Suggestion) -> bool:
        return self._cited[:1] == (suggestion.document,)

    def _place(self, suggestion: Suggestion) -> int:
        return self._cited.index(suggestion.document) if suggestion.document in self._cited else len(self._cited)

    def _same_subject(self, suggestion: Suggestion) -> bool:
        shared = fsum(weight for name, weight in self._names.items() if name in suggestion.terms)
        return shared > 0 and shared >= _SAME_SUBJECT * self._all_names

    def _same_topic(self, suggestion: Suggestion) -> bool:
        return not set(self._topics).isdisjoint(self._documents[suggestion.document].topics)

    def _topic(self, suggestion: Suggestion) -> str:
        return next(iter(self._documents[suggestion.document].topics), "")


class _Trial:
    """Tries suggestions and keeps those whose answer is news, until it has `limit` or has tried `_TRIES`."""

    def __init__(self, lead_of: Callable[[Suggestion], str | None], said: Sequence[str], limit: int) -> None:
        self.kept: list[Suggestion] = []
        self._lead_of = lead_of
        self._known = set(said)
        self._tried = set[Suggestion]()
        self._limit = limit

    def keep(self, suggestions: Iterable[Suggestion], number: int, tries: int) -> None:
        """Keep at most `number` more, of which at most `tries` are tried."""
        wanted = min(self._limit, len(self.kept) + number)
        last = min(_TRIES, len(self._tried) + tries)
        for suggestion in suggestions:
            if len(self.kept) >= wanted or len(self._tried) >= last:
                return
            if suggestion not in self._tried:
                self._tried.add(suggestion)
                lead = self._lead_of(suggestion)
                if lead and lead not in self._known:
                    self.kept.append(suggestion)
                    self._known.add(lead)


_TELL_NOTHING = frozenset(
    terms(
        "run owns owner need use make work pay give take get hold sell buy start begin open set found lead stand want"
    )
)  # of what a question is about


def _opening(question: str) -> tuple[str, ...]:
    """The first two words, which say what kind of thing is asked for: "how many", "who founded"."""
    return tuple(question.casefold().split()[:2])


@lru_cache(maxsize=10_000)
def _weight(term: str) -> float:
    """log(suggestions / those that have the term), as if one had it where none has; 0 for a number of two digits."""
    return 0.0 if term.isdigit() and len(term) < 3 else log(len(_all()) / _held().get(term, 1))


@cache
def _held() -> Counter[str]:
    return Counter(term for suggestion in _all() for term in suggestion.terms)


@cache
def _all() -> tuple[Suggestion, ...]:
    return tuple(_suggestion(*line.split(" | ")) for line in lines("suggestions.txt"))


def _suggestion(document: str, question: str, checks: str = "") -> Suggestion:
    return Suggestion(document, question, checks == "checks", frozenset(terms(question)))
