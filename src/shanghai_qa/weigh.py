"""How far an answer can be trusted: as of when each sentence speaks, where sources disagree, who alone says so."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from shanghai_qa.direct import direct_answer
from shanghai_qa.features import Candidate, stems
from shanghai_qa.mentions import Mention, counts, dated, dates, money, names, parts_of_year, percents, years
from shanghai_qa.question import DATES, QUANTITIES, Question, Wanted, related
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
        "lead promotional": "The first sentence comes from a promotional source.",
        "disagree": "Sources disagree: {values}.",
    },
    "zh": {
        "one unverified": "只有一个未经核实的来源这样说。",
        "unverified": "只有未经核实的来源这样说。",
        "one promotional": "只有一个宣传性来源这样说。",
        "promotional": "只有宣传性来源这样说。",
        "neither": "只有宣传性和未经核实的来源这样说。",
        "lead unverified": "第一句话来自未经核实的来源。",
        "lead promotional": "第一句话来自宣传性来源。",
        "disagree": "来源说法不一：{values}。",
    },
}


def conflict(differing: Sequence[Differing], language: str = "en") -> tuple[str, ...]:
    """A word on sources that differ, with the values; nothing where none do."""
    values = " / ".join(one.value for one in differing)
    return (_CAVEATS[language]["disagree"].format(values=values),) if differing else ()


def lead_caveat(lead: Document, cited: Sequence[Document], language: str = "en") -> tuple[str, ...]:
    """A word on a lead that is unverified or promotional while better placed sources stand beside it."""
    weak = lead.tier.rank >= Tier.PROMOTIONAL.rank
    mixed = weak and any(document.tier.rank < Tier.PROMOTIONAL.rank for document in cited)
    return (_CAVEATS[language][f"lead {lead.tier}"],) if mixed else ()


def disagreement(question: Question, candidates: Sequence[Candidate]) -> tuple[Differing, ...]:
    """Candidates of different documents that give different values for what the first gives: best placed first.

    They speak of the same thing where the rest of their words agree and they name the same years; otherwise they are a
    series, or about something else. Empty where all agree, or no value was asked for.
    """
    if not candidates:
        return ()
    differing = _of_answers(question, candidates) or _of_measures(question, candidates)
    return tuple(sorted(differing, key=lambda d: (d.candidate.document.tier.rank, -d.candidate.value)))


def _of_answers(question: Question, candidates: Sequence[Candidate]) -> Sequence[Differing]:
    """Those whose direct answers differ; none or at least two."""
    if question.wanted not in QUANTITIES | DATES:
        return ()
    lead, *others = candidates
    first = direct_answer(question, lead.text)
    if first is None:
        return ()
    beside = (
        Differing(other, found.text, found.key)
        for other in others
        if (found := direct_answer(question, other.text)) and _about_the_same(question, lead, other)
    )
    return _apart(Differing(lead, first.text, first.key), beside, lambda one, other: _differ(one.key, other.key))


def _apart(
    first: Differing, others: Iterable[Differing], exclude: Callable[[Differing, Differing], bool]
) -> Sequence[Differing]:
    """`first` and those of further documents that exclude all before; none or at least two."""
    differing = [first]
    for other in others:
        known = {one.candidate.document.id for one in differing}
        if other.candidate.document.id not in known and all(exclude(one, other) for one in differing):
            differing.append(other)
    return differing if len(differing) > 1 else ()


_AS_GOOD = 0.65  # how far below the lead's value a sentence may lie that answers as well; 0.5 to 1 were tried on evals
_AS_MUCH_IN_COMMON = 0.45  # share of terms; 0.4 to 0.6 were alike on evals, dev part
_MEASURED: Mapping[Wanted, tuple[Callable[[str], Sequence[Mention]], ...]] = {
    Wanted.MONEY: (money,),
    Wanted.PERCENT: (percents,),
    Wanted.COUNT: (counts,),
    Wanted.NUMBER: (counts, money, percents),
    Wanted.ANYTHING: (counts, money, percents),
}


def _of_measures(question: Question, candidates: Sequence[Candidate]) -> Sequence[Differing]:
    """Those that answer about as well as the lead and give another number of the unit of which it gives one.

    They hold the names asked for and have much in common, name the same years and quarters, and none mentions the
    other's number, which would make it a change. None or at least two.
    """
    lead, *others = candidates
    as_good = list(takewhile(lambda other: lead.value - other.value <= _AS_GOOD, others))
    for unit, value in _measures(question, lead.text).items():
        beside = (
            Differing(other, found.text, found.key)
            for other in as_good
            if (found := _measures(question, other.text).get(unit))
            and _alike(question, lead, other)
            and not (_mentions(other.text, value) or _mentions(lead.text, found))
        )
        if differing := _apart(Differing(lead, value.text, value.key), beside, _exclude):
            return differing
    return ()


def _measures(question: Question, sentence: str) -> dict[str, Mention]:
    """Unit → the number of it, where a sentence gives just one; the unit must be one that is asked for.

    Where it gives several and a year is asked for, that which stands nearest to the year.
    """
    found: dict[str, list[Mention]] = {}
    for find in _MEASURED.get(question.wanted, ()):
        for mention in find(sentence):
            unit = mention.key.partition(" ")[2]
            if unit and mention.text.casefold() not in question.text.casefold():
                found.setdefault(unit, []).append(mention)
    if question.wanted is Wanted.COUNT:
        asked = {near for unit in question.units for near in (unit, *related(unit))}
        found = {unit: mentions for unit, mentions in found.items() if unit in asked}
    narrowed = {unit: _of_year(question, sentence, mentions) for unit, mentions in found.items()}
    return {unit: each[0] for unit, each in narrowed.items() if len({mention.key for mention in each}) == 1}


def _of_year(question: Question, sentence: str, mentions: list[Mention]) -> list[Mention]:
    when = dated(sentence)
    if not question.years or not when or len({mention.key for mention in mentions}) < 2:
        return mentions
    return [
        m for m in mentions if min(when, key=lambda d: abs(d.start - m.start)).key[:4] in question.years
    ] or mentions


def _alike(question: Question, one: Candidate, other: Candidate) -> bool:
    """Whether two sentences hold the names asked for, have much in common, and speak of the same time."""
    told, also = _told(one.text), _told(other.text)
    if years(told) != years(also) and not (question.years and years(told) ^ years(also) <= question.years):
        return False
    if parts_of_year(told) != parts_of_year(also) or bool(_PLAN.search(told)) != bool(_PLAN.search(also)):
        return False
    around = [stems(f"{c.text} {c.document.title} {c.passage.heading}") for c in (one, other)]
    if not question.names <= around[0] & around[1]:
        return False
    a, b = (frozenset(t for t in stems(text) if not t[0].isdigit()) for text in (told, also))
    return len(a & b) >= _AS_MUCH_IN_COMMON * min(len(a), len(b))


def _told(sentence: str) -> str:
    """A sentence without who says so and when: "according to Yicai", "Reuters reported in May 2025"."""
    return _REPORTING.sub(" ", sentence)


_REPORTING = re.compile(
    r",? according to [^,;.]*|"
    r",? (?:(?:[A-Z][\w’'&.-]* ){1,4}|the (?:report|paper|authors?|blog|page|article|newspaper) )"
    r"(?:reported|reports|wrote|writes|said|says|estimated|noted)\b(?: (?:in|on) (?:\d+ )?(?:[A-Z]\w+ )?\d{4})?|"
    r"\bthe report of \w+ \d{4} says"
)
_PLAN = re.compile(
    r"\b(?:plan\w*|targets?|targeted|aim\w*|goals?|intend\w*|expected|forecast|will|w(?:as|ere) to|(?:is|are) to)\b"
)


def _mentions(sentence: str, value: Mention) -> bool:
    number = re.escape(re.sub(r"[^\d.,]", "", value.text).strip(".,"))
    return bool(number) and re.search(rf"(?<![\d.,]){number}(?![\d]|[.,]\d)", sentence) is not None


def _exclude(one: Differing, other: Differing) -> bool:
    """Whether two numbers cannot both be right: "over 5 trillion" and "5.39 trillion" can."""
    if not _differ(one.key, other.key):
        return False
    for bound, exact in ((one, other), (other, one)):
        before = bound.candidate.text[: bound.candidate.text.find(bound.value)]
        least, value = float(bound.key.split()[0]), float(exact.key.split()[0])
        if _AT_LEAST.search(before) and least <= value <= _BOUND * least:
            return False
        if _AT_MOST.search(before) and least / _BOUND <= value <= least:
            return False
    return True


_CONVERTED = r"(?:[^ ,;()]+ ){0,4}\(?$"  # "over 5 trillion yuan (US$682 billion)"
_AT_LEAST = re.compile(
    rf"\b(?:more than|over|above|at least|passed|exceed(?:s|ed|ing)?|surpass(?:es|ed)?) {_CONVERTED}"
)
_AT_MOST = re.compile(rf"\b(?:nearly|almost|up to|less than|under|below|fewer than) {_CONVERTED}")
_BOUND = 1.5  # "over 100" is not said of 1,000


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
