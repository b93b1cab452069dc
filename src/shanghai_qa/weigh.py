"""How far an answer can be trusted: as of when each sentence speaks, where sources disagree, who alone says so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shanghai_qa.direct import direct_answer
from shanghai_qa.features import Candidate, stems
from shanghai_qa.mentions import dated, dates, names, parts_of_year
from shanghai_qa.question import DATES, QUANTITIES, Question
from shanghai_qa.values import Document, Tier

_SAME_SUBJECT = 0.4  # share of their terms, figures apart, that two sentences about one thing have in common


@dataclass(frozen=True)
class Differing:
    """A value that a candidate gives for what was asked."""

    candidate: Candidate
    value: str
    key: str


def as_of(text: str, document: Document) -> str | None:
    """The newest date in the sentence as YYYY, YYYY-MM or YYYY-MM-DD, else that of publication, else None.

    A date after publication is a plan's, and no source speaks as of then.
    """
    said = [mention.key for mention in dated(text)]
    if published := document.published:
        said = [date for date in said if date[: len(published)] <= published[: len(date)]]
    return max(said, default=document.published)


def caveats(cited: Iterable[Document], language: str = "en") -> tuple[str, ...]:
    """What a reader must know of an answer that rests on these documents: none of them is better placed than that."""
    tiers = [document.tier for document in {document.id: document for document in cited}.values()]
    if not tiers:
        return ()
    words = _CAVEATS.get(language, _CAVEATS["en"])
    if all(tier is Tier.UNVERIFIED for tier in tiers):
        return (words["one unverified" if len(tiers) == 1 else "unverified"],)
    if all(tier is Tier.PROMOTIONAL for tier in tiers):
        return (words["one promotional" if len(tiers) == 1 else "promotional"],)
    if all(tier.rank >= Tier.PROMOTIONAL.rank for tier in tiers):
        return (words["neither"],)
    return ()


_CAVEATS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "one unverified": "Only an unverified source says this.",
        "unverified": "Only unverified sources say this.",
        "one promotional": "Only a promotional source says this.",
        "promotional": "Only promotional sources say this.",
        "neither": "Only promotional and unverified sources say this.",
        "lead unverified": "The first sentence comes from an unverified source.",
        "disagree": "Sources disagree: {values}.",
    },
    "zh": {
        "one unverified": "只有一个未经核实的来源这样说。",
        "unverified": "只有未经核实的来源这样说。",
        "one promotional": "只有一个宣传性来源这样说。",
        "promotional": "只有宣传性来源这样说。",
        "neither": "只有宣传性和未经核实的来源这样说。",
        "lead unverified": "第一句话来自未经核实的来源。",
        "disagree": "来源说法不一：{values}。",
    },
}


def conflict(differing: Sequence[Differing], language: str = "en") -> tuple[str, ...]:
    """A word on sources that differ, with the values; nothing where none do."""
    values = " / ".join(one.value for one in differing)
    return (_CAVEATS[language]["disagree"].format(values=values),) if differing else ()


def lead_caveat(lead: Document, cited: Sequence[Document], language: str = "en") -> tuple[str, ...]:
    """A word on a lead that is unverified while better placed sources stand beside it."""
    mixed = lead.tier is Tier.UNVERIFIED and any(d.tier.rank < Tier.PROMOTIONAL.rank for d in cited)
    return (_CAVEATS[language]["lead unverified"],) if mixed else ()


def disagreement(question: Question, candidates: Sequence[Candidate]) -> tuple[Differing, ...]:
    """Candidates of different documents that give different values for what the first gives: best placed first.

    They speak of the same thing where the rest of their words agree and they name the same years; otherwise they are a
    series, or about something else. Empty where all agree, or no value was asked for.
    """
    if question.wanted not in QUANTITIES | DATES or not candidates:
        return ()
    lead, *others = candidates
    first = direct_answer(question, lead.text)
    if first is None:
        return ()
    differing = [Differing(lead, first.text, first.key)]
    for other in others:
        found = direct_answer(question, other.text)
        if (
            found
            and _about_the_same(question, lead, other)
            and other.document.id not in {d.candidate.document.id for d in differing}
            and all(_differ(found.key, known.key) for known in differing)
        ):
            differing.append(Differing(other, found.text, found.key))
    if len(differing) < 2:
        return ()
    return tuple(sorted(differing, key=lambda d: (d.candidate.document.tier.rank, -d.candidate.value)))


def _differ(one: str, other: str) -> bool:
    """Whether two keys of one unit cannot both be right: other numbers, or dates of which neither holds the other.

    A number is the same as one that it is rounded from, if within 2%.

    >>> _differ("2021-12", "2021"), _differ("2021-12", "2022"), _differ("10 metr", "35 metr"), _differ("2 CNY", "2 %")
    (False, True, True, False)
    >>> _differ("5168 robot", "5200 robot"), _differ("226000000 USD", "228000000 USD")
    (False, True)
    """
    (first, _, unit), (second, _, other_unit) = one.partition(" "), other.partition(" ")
    if unit != other_unit:
        return False
    if not unit and "-" in one + other:
        return not one.startswith(other) and not other.startswith(one)
    return not _rounds_to(first, second) and not _rounds_to(second, first)


def _rounds_to(exact: str, rounded: str) -> bool:
    a, b = float(exact), float(rounded)
    decimals = len(rounded.partition(".")[2])
    zeros = len(rounded) - len(rounded.rstrip("0")) if not decimals else 0
    half = 0.5 * 10 ** (zeros - decimals)
    return a == b or (abs(a - b) <= half and abs(a - b) <= 0.02 * max(a, b))


def _about_the_same(question: Question, one: Candidate, other: Candidate) -> bool:
    if question.wanted not in DATES and _times(one.text) != _times(other.text):
        return False
    if not _same_subject(_subject(one.text), _subject(other.text)):
        return False
    if parts_of_year(one.text) != parts_of_year(other.text):
        return False
    asked = question.names | {term for term in question.terms if term in stems(one.text)}
    if not asked or not asked <= stems(one.text) & stems(other.text):
        return False
    a, b = (frozenset(t for t in stems(c.text) if not any(d.isdigit() for d in t)) for c in (one, other))
    return len(a & b) / max(1, min(len(a), len(b))) >= _SAME_SUBJECT


def _times(text: str) -> frozenset[str]:
    return frozenset(mention.key for mention in dates(text))


def _subject(text: str) -> frozenset[str]:
    """The terms of the first name in a sentence that is not a reporter's; sentences of a corpus open with it."""
    first = next((n for n in names(text) if not text[: n.start].casefold().endswith("according to ")), None)
    return stems(first.text) if first else frozenset()


def _same_subject(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether one name may be short for the other; "Zuchongzhi 2" and "Zuchongzhi 3" are two."""
    figures = [{term for term in name if term[0].isdigit()} for name in (one, other)]
    return (one <= other or other <= one) and figures[0] == figures[1]
