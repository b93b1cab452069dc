"""The default answerer: which sentences answer, lead first."""

from collections.abc import Sequence
from dataclasses import dataclass

from shanghai_qa.direct import direct_answer
from shanghai_qa.disagree import measures_the_same
from shanghai_qa.embedding import Vectors
from shanghai_qa.features import Candidate, answers, consult, near_lead, score, stems
from shanghai_qa.mentions import counts, dates, money, percents, years
from shanghai_qa.question import QUANTITIES, Question
from shanghai_qa.reader import Reader
from shanghai_qa.retrieve import Hit
from shanghai_qa.settings import Settings
from shanghai_qa.store import Snapshot
from shanghai_qa.values import Tier
from shanghai_qa.weigh import as_of
from shanghai_qa.words import terms


@dataclass(frozen=True)
class Reading:
    """What reading a question's passages found: `chosen` lead first, `candidates` best first, both perhaps empty.

    `confidence` is the probability that the lead answers; `missing` are parts of the question that nothing chosen
    speaks of.
    """

    candidates: tuple[Candidate, ...]
    chosen: tuple[Candidate, ...]
    confidence: float
    missing: tuple[str, ...]


def read(
    snapshot: Snapshot,
    question: Question,
    vector: Vectors,
    hits: Sequence[Hit],
    settings: Settings,
    reader: Reader | None = None,
) -> Reading:
    """Read the sentences of `hits`, the best passages with the reader; `vector` is the question's, of unit length."""
    candidates = score(snapshot, question, vector, hits, settings.weights)
    if not candidates:
        return Reading((), (), 0.0, ())
    if reader:
        candidates = consult(reader, question, candidates, settings.read_passages, settings.weights)
    candidates = _better_placed_first(question, candidates)
    confidence = answers(candidates, question, settings.weights)
    candidates = _newest_first(question, candidates)
    chosen = _choose(question, candidates, settings)
    return Reading(tuple(candidates), chosen, confidence, _missing(question, chosen))


def _better_placed_first(question: Question, candidates: list[Candidate]) -> list[Candidate]:
    """The candidates led by one of a better placed source where the first is unverified and both say the same."""
    lead = candidates[0]
    value = direct_answer(question, lead.full, lead.said_in_full) if lead.document.tier is Tier.UNVERIFIED else None
    if value is None:
        return candidates
    better = (other for other in near_lead(candidates, _AS_GOOD) if other.document.tier is not Tier.UNVERIFIED)
    said = ((other, direct_answer(question, other.full, other.said_in_full)) for other in better)
    return _led_by(next((other for other, found in said if found and found.key == value.key), lead), candidates)


def _newest_first(question: Question, candidates: list[Candidate]) -> list[Candidate]:
    """The candidates led by the newest of those that measure the same as the first, where no year is asked for.

    Only one that is read nearly as an answer as the first, and that no unverified source gives, takes its place.
    """
    if not question.newest or question.wanted not in QUANTITIES:
        return candidates
    lead = best = candidates[0]
    for other in near_lead(candidates, _AS_RECENT):
        newer = _year_of(other) > _year_of(best) and other.document.tier is not Tier.UNVERIFIED
        if newer and _answers_as_well(lead, other) and measures_the_same(question, lead, other):
            best = other
    return _led_by(best, candidates)


def _led_by(lead: Candidate, candidates: list[Candidate]) -> list[Candidate]:
    return [lead, *(c for c in candidates if c is not lead)]


def _year_of(candidate: Candidate) -> str:
    return (as_of(candidate.text, candidate.document) or "")[:4]


def _answers_as_well(lead: Candidate, other: Candidate) -> bool:
    read = lead.said is None or (other.said is not None and lead.said.answers - other.said.answers <= _READ_AS_WELL)
    a, b = stems(lead.text), stems(other.text)
    alike = len(a & b) >= _IN_COMMON * min(len(a), len(b)) and not _LIMITS & (b - a)
    return read and alike and other.features.words >= _WORDED_AS_WELL * lead.features.words


_IN_COMMON = 0.4  # share of the shorter sentence's terms
_LIMITS = frozenset(terms("new newly only added additional first another further"))  # what counts a part alone
_AS_RECENT = 2.0  # how far below the lead's value a newer sentence may lie; chosen with the next on evals, dev part
_READ_AS_WELL = 2.0  # how many logits less the reader may give it
_WORDED_AS_WELL = 0.8  # least share of what the lead has of the question's words
_AS_GOOD = 1.0  # how far below the lead's value a sentence may lie that says the same


def join(parts: Sequence[tuple[Question, Reading]], settings: Settings) -> Reading:
    """One reading of a question that asks several things at once: the leads of those that are answered come first.

    It is as sure as its surest part; the questions that are not answered are missing.
    """
    answered = [reading for _, reading in parts if reading.confidence >= settings.answer_above and reading.chosen]
    leads = [reading.chosen[0] for reading in answered]
    others = [candidate for reading in answered for candidate in reading.chosen[1:]]
    chosen: list[Candidate] = []
    for candidate in [*leads, *others]:
        if len(chosen) < settings.max_statements and not any(_says_the_same(candidate, other) for other in chosen):
            chosen.append(candidate)
    first = next(iter(answered), parts[0][1])
    missing = [question.text for question, reading in parts if reading not in answered]
    return Reading(
        candidates=first.candidates,
        chosen=tuple(chosen) or first.chosen,
        confidence=max(reading.confidence for _, reading in parts),
        missing=(*missing, *(part for reading in answered for part in reading.missing)),
    )


def speaks_of_all(candidate: Candidate, sides: Sequence[str]) -> bool:
    """Whether a sentence names each of the sides."""
    said = stems(candidate.full)
    return all(stems(side) <= said for side in sides)


def _choose(question: Question, candidates: Sequence[Candidate], settings: Settings) -> tuple[Candidate, ...]:
    """The lead, for a comparison the best for each further side, then what adds to it, no two saying the same."""
    chosen = [candidates[0]]
    for side in question.sides:
        wanted = stems(side)
        if not any(wanted <= stems(c.full) for c in chosen):
            chosen += [c for c in candidates if wanted <= stems(c.full) and c.features.kind > 0][:1]
    floor = candidates[0].value - settings.margin
    for candidate in candidates[1:]:
        if len(chosen) >= settings.max_statements or candidate.value < floor:
            break
        if candidate not in chosen and not any(_says_the_same(candidate, other) for other in chosen):
            chosen.append(candidate)
    return tuple(chosen[: settings.max_statements])


def _says_the_same(one: Candidate, other: Candidate) -> bool:
    """Whether one adds nothing to the other: nearly the same words, and no number that the other lacks."""
    a, b = stems(one.text), stems(other.text)
    return len(a & b) / max(1, len(a | b)) > 0.7 and _figures(one.text) <= _figures(other.text)


def _figures(text: str) -> frozenset[str]:
    return frozenset(m.key for find in (dates, money, percents, counts) for m in find(text))


def _missing(question: Question, chosen: Sequence[Candidate]) -> tuple[str, ...]:
    """Sides of a comparison, and years asked for, that no chosen sentence speaks of."""
    said = frozenset(stem for c in chosen for stem in stems(c.full))
    sides = [side for side in question.sides if not stems(side) & said]
    told = frozenset(
        year for c in chosen for year in years(f"{c.text} {c.document.title} {c.document.published or ''}")
    )
    return (*sides, *sorted(question.years - told))
