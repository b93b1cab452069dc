"""The default answerer: which sentences of the retrieved passages answer, and the direct answer in the first.

Each candidate sentence gets a few readable features; their weighted sum orders the candidates, and a logistic model of
the lead's features says how likely it answers. The weights were fitted on evals (`evals.fit`) and live in `Weights`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np

from shanghai_qa.embedding import Vectors
from shanghai_qa.mentions import Mention, counted, counts, dates, money, names, percents, years
from shanghai_qa.question import Question, Wanted, related
from shanghai_qa.retrieve import Hit
from shanghai_qa.settings import Settings, Weights
from shanghai_qa.store import Snapshot
from shanghai_qa.values import Document, Passage, Span
from shanghai_qa.words import terms


@dataclass(frozen=True)
class Features:
    """What speaks for a sentence as the answer to a question; each in [0, 1] but the cosines, in [-1, 1].

    `cosine` and `passage_cosine` are those of question with sentence and with passage; `coverage` is the share of the
    question's terms, weighted by rarity, that the sentence holds (a related word counts 0.7, one in its title or
    heading 0.5); `names` is the same over proper names alone, where title and heading count in full; `kind` says how
    well the sentence holds the kind of thing asked for; `year` whether it holds the year asked for; `fresh` how new it
    is; `tier` how well its source is placed; `rank` is 1 for the first passage retrieved and falls with its rank.
    """

    cosine: float
    passage_cosine: float
    coverage: float
    names: float
    kind: float
    year: float
    fresh: float
    tier: float
    rank: float

    def array(self) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        """The features in the order of their names here, shape (9,)."""
        return np.array([getattr(self, field.name) for field in fields(self)])


@dataclass(frozen=True)
class Candidate:
    """One sentence that may answer. `value` orders the candidates of one question and means nothing beyond."""

    document: Document
    passage: Passage
    span: Span
    text: str
    vector: Vectors
    features: Features
    value: float


@dataclass(frozen=True)
class Reading:
    """What reading a question's passages found: `chosen` lead first, `candidates` best first, both perhaps empty.

    `confidence` is the probability that the lead answers; `missing` are parts of the question that nothing chosen
    speaks of. `direct_answer` stands verbatim in the lead.
    """

    candidates: tuple[Candidate, ...]
    chosen: tuple[Candidate, ...]
    confidence: float
    direct_answer: str | None
    missing: tuple[str, ...]


def read(snapshot: Snapshot, question: Question, vector: Vectors, hits: Sequence[Hit], settings: Settings) -> Reading:
    """Read the sentences of `hits`; `vector` is the question's, of unit length."""
    candidates = score(snapshot, question, vector, hits, settings.weights)
    if not candidates:
        return Reading((), (), 0.0, None, ())
    lead = candidates[0]
    confidence = answers(lead.features, question, settings.weights)
    chosen = _choose(question, candidates, settings)
    return Reading(
        tuple(candidates), chosen, confidence, direct_answer(question, lead.text), _missing(question, chosen)
    )


# --- Scoring ---------------------------------------------------------------------------------------------------------


def score(
    snapshot: Snapshot, question: Question, vector: Vectors, hits: Sequence[Hit], weights: Weights
) -> list[Candidate]:
    """Every sentence of `hits` as a candidate, best first; equal ones by document and place."""
    contents = snapshot.contents
    rarity = {term: snapshot.rarity(term) for term in question.terms}
    ordering = np.array(weights.order)
    found = []
    for rank, hit in enumerate(hits):
        passage = contents.passages[hit.row]
        document = contents.document_of(passage)
        first = int(contents.first_sentence[hit.row])
        around = _stems(f"{document.title}\n{passage.heading}")
        for n, span in enumerate(passage.sentences):
            text = document.text[span.start : span.end]
            of_sentence = contents.sentence_vectors[first + n]
            features = Features(
                cosine=float(of_sentence @ vector),
                passage_cosine=hit.similarity,
                coverage=_coverage(question.terms, _stems(text), around, rarity, outside=0.5),
                names=_coverage(tuple(question.names), _stems(text), around, rarity, outside=1.0),
                kind=_kind(question, text),
                year=_year(question, text, document),
                fresh=_fresh(text, document),
                tier=1 - document.tier.rank / 3,
                rank=1 / (1 + rank / 5),
            )
            value = float(ordering @ features.array())
            found.append(Candidate(document, passage, span, text, of_sentence, features, value))
    return sorted(found, key=lambda c: (-round(c.value, 9), c.document.id, c.span.start))


def answers(lead: Features, question: Question, weights: Weights) -> float:
    """The probability, in [0, 1], that a sentence with these features answers: logistic, fitted on evals."""
    inputs = np.append(lead.array(), [float(bool(question.unknown)), float(bool(question.names))])
    return float(1 / (1 + np.exp(-(weights.bias + np.array(weights.answers) @ inputs))))


def _coverage(
    wanted: Sequence[str], sentence: frozenset[str], around: frozenset[str], rarity: dict[str, float], outside: float
) -> float:
    total = sum(rarity.get(term, 1.0) for term in wanted)
    if not total:
        return 1.0
    held = sum(rarity.get(term, 1.0) * _held(term, sentence, around, outside) for term in wanted)
    return held / total


def _held(term: str, sentence: frozenset[str], around: frozenset[str], outside: float) -> float:
    if term in sentence:
        return 1.0
    near = related(term)
    if near & sentence:
        return 0.7
    return outside if term in around else outside * 0.7 if near & around else 0.0


def _kind(question: Question, text: str) -> float:
    """1 where the sentence holds just what is asked for, 0.5 where something like it, 0 where nothing of the kind."""
    match question.wanted:
        case Wanted.COUNT:
            if counted(text, question.units):
                return 1.0
            near = frozenset(stem for unit in question.units for stem in related(unit))
            return 0.8 if near and counted(text, near) else 0.4 if counts(text) else 0.0
        case Wanted.PERCENT:
            return 1.0 if percents(text) else 0.2 if counts(text) else 0.0
        case Wanted.MONEY:
            return 1.0 if money(text) else 0.4 if counts(text) or percents(text) else 0.0
        case Wanted.NUMBER:
            return 1.0 if counts(text) or money(text) or percents(text) else 0.0
        case Wanted.DATE | Wanted.YEAR:
            return max((min(1.0, 0.5 + 0.2 * mention.key.count("-")) for mention in dates(text)), default=0.0)
        case Wanted.WHO | Wanted.WHERE:
            return 1.0 if _new_names(question, text) else 0.0
        case Wanted.WHY:
            return 1.0 if _REASONS & set(text.casefold().split()) else 0.3
        case _:
            return 0.5


_REASONS = frozenset({"because", "since", "due", "reason", "reasons", "aim", "aims", "order", "caused", "so"})


def _year(question: Question, text: str, document: Document) -> float:
    """1 for a year asked for in the sentence, less for one of its document, 0 for another; 0.5 where none is asked."""
    if not question.years:
        return 0.5
    if question.years & years(text):
        return 1.0
    if years(text):
        return 0.0
    about = years(document.title) | ({document.published[:4]} if document.published else set())
    return 0.6 if question.years & about else 0.2


def _fresh(text: str, document: Document) -> float:
    """0 for 2010 and before, 1 for 2026 and after, by the newest year in the sentence, else that of publication."""
    said = max(years(text), default=document.published[:4] if document.published else "2018")
    return min(1.0, max(0.0, (int(said) - 2010) / 16))


@lru_cache(maxsize=50_000)
def _stems(text: str) -> frozenset[str]:
    return frozenset(terms(text))


# --- Choosing --------------------------------------------------------------------------------------------------------


def _choose(question: Question, candidates: Sequence[Candidate], settings: Settings) -> tuple[Candidate, ...]:
    """The lead, for a comparison the best for each further side, then what adds to it, no two saying the same."""
    chosen = [candidates[0]]
    for side in question.sides:
        wanted = _stems(side)
        if not any(wanted <= _stems(c.text) for c in chosen):
            chosen += [c for c in candidates if wanted <= _stems(c.text) and c.features.kind > 0][:1]
    floor = candidates[0].value - settings.margin
    for candidate in candidates[1:]:
        if len(chosen) >= settings.max_statements or candidate.value < floor:
            break
        if candidate not in chosen and not any(_says_the_same(candidate, other) for other in chosen):
            chosen.append(candidate)
    return tuple(chosen[: settings.max_statements])


def _says_the_same(one: Candidate, other: Candidate) -> bool:
    """Whether one adds nothing to the other: nearly the same words, and no number that the other lacks."""
    a, b = _stems(one.text), _stems(other.text)
    return len(a & b) / max(1, len(a | b)) > 0.7 and _figures(one.text) <= _figures(other.text)


def _figures(text: str) -> frozenset[str]:
    return frozenset(m.key for find in (dates, money, percents, counts) for m in find(text))


def _missing(question: Question, chosen: Sequence[Candidate]) -> tuple[str, ...]:
    """Sides of a comparison, and years asked for, that no chosen sentence speaks of."""
    said = frozenset(stem for c in chosen for stem in _stems(c.text))
    sides = [side for side in question.sides if not _stems(side) & said]
    told = frozenset(
        year for c in chosen for year in years(f"{c.text} {c.document.title} {c.document.published or ''}")
    )
    return (*sides, *sorted(question.years - told))


# --- The direct answer -----------------------------------------------------------------------------------------------


def direct_answer(question: Question, lead: str) -> str | None:
    """The shortest phrase of `lead` that answers, verbatim; None where it is not plain which one does."""
    find = _FINDERS.get(question.wanted)
    found = (
        [] if find is None else [m for m in find(question, lead) if m.text.casefold() not in question.text.casefold()]
    )
    if not found:
        return None
    if len({mention.key for mention in found}) == 1:
        return found[0].text
    nearest = sorted(found, key=lambda mention: _distance(question, lead, mention))
    first, second = (_distance(question, lead, mention) for mention in nearest[:2])
    return nearest[0].text if first < second else None


def _dates_asked(question: Question, lead: str) -> Iterable[Mention]:
    return [mention for mention in dates(lead) if not mention.key.startswith("-")]


_FINDERS: dict[Wanted, Callable[[Question, str], Iterable[Mention]]] = {
    Wanted.COUNT: lambda question, lead: counted(lead, question.units),
    Wanted.PERCENT: lambda question, lead: percents(lead),
    Wanted.MONEY: lambda question, lead: money(lead),
    Wanted.NUMBER: lambda question, lead: _unlike_dates(question, lead),
    Wanted.DATE: _dates_asked,
    Wanted.YEAR: _dates_asked,
    Wanted.WHO: lambda question, lead: _new_names(question, lead),
    Wanted.WHERE: lambda question, lead: [m for m in _new_names(question, lead) if _after_preposition(lead, m)],
}


def _unlike_dates(question: Question, lead: str) -> Iterable[Mention]:
    return [*counts(lead), *money(lead), *percents(lead)]


def _new_names(question: Question, text: str) -> list[Mention]:
    """Names in `text` that the question does not hold."""
    asked = frozenset(question.terms)
    return [
        Mention(m.text.rstrip("."), m.start, m.start + len(m.text.rstrip(".")), m.key)
        for m in names(text)
        if not years(m.text) and not _stems(m.text) <= asked | _MONTHS
    ]


_MONTHS = frozenset(
    terms("January February March April May June July August September October November December Chinese According")
)


def _after_preposition(lead: str, mention: Mention) -> bool:
    return lead[: mention.start].rstrip().endswith((" in", " at", " near", " on", " from", " In", "In", " to", " of"))


def _distance(question: Question, lead: str, mention: Mention) -> float:
    """Mean distance, in characters, from a mention to the places of the question's terms in the lead."""
    places = [match.start() for match in _words(lead) if set(terms(match[0])) & set(question.terms)]
    if not places:
        return 0.0
    return min(abs(place - mention.start) for place in places) + sum(abs(p - mention.start) for p in places) / len(
        places
    )


def _words(text: str) -> Iterable[re.Match[str]]:
    return re.finditer(r"[\w’'%²-]+", text)
