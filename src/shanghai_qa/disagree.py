"""Where sources give different values for what is asked: from an answer's candidates to values side by side."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from shanghai_qa.direct import MEASURES, direct_answer, new_names
from shanghai_qa.features import Candidate, near_lead, stems
from shanghai_qa.mentions import Mention, counted, counts, dated, money, parts_of_year, percents, speaks_of_plans, years
from shanghai_qa.question import DATES, Question, Wanted, related
from shanghai_qa.values import Span
from shanghai_qa.voices import goes_by
from shanghai_qa.words import terms


@dataclass(frozen=True)
class Differing:
    """A value that a candidate gives for what was asked."""

    candidate: Candidate
    value: str
    key: str


def disagreement(question: Question, candidates: Sequence[Candidate]) -> tuple[Differing, ...]:
    """Candidates of different sources that give different values for what the first gives: best placed first.

    They answer the same question of the same time, as the reader or their words tell; other years, parts of a year,
    plans and units are a series, or something else. Empty where all agree, or the first gives no value.
    """
    lead = _given(question, candidates[0]) if candidates else {}
    others = [_given(question, other) for other in near_lead(candidates, max(_NEAR, _AS_GOOD))] if lead else []
    for kind, first in lead.items():
        also = (found for other in others if (found := other.get(kind)) and _answers_too(question, first, found))
        beside = (found.differing for found in also if not _tells_both(first, found))
        if differing := _apart(first.differing, beside):
            return tuple(sorted(differing, key=lambda d: (d.candidate.document.tier.rank, -d.candidate.value)))
    return ()


@dataclass(frozen=True)
class _Given:
    """A value that a candidate gives, and the clause of it that does."""

    candidate: Candidate
    value: Mention
    clause: str

    @property
    def differing(self) -> Differing:
        return Differing(self.candidate, self.value.text, self.value.key)


def _given(question: Question, candidate: Candidate) -> dict[str, _Given]:
    """Kind of value → what the candidate gives of it."""
    values = _values(question, candidate)
    return {kind: _Given(candidate, value, _clause(candidate.text, value)) for kind, value in values.items()}


def _apart(first: Differing, others: Iterable[Differing]) -> Sequence[Differing]:
    """`first` and those of further sources that exclude all before; none or at least two."""
    differing = [first]
    for other in others:
        known = {name for one in differing for name in goes_by(one.candidate.document)}
        if not known & goes_by(other.candidate.document) and all(_exclude(one, other) for one in differing):
            differing.append(other)
    return differing if len(differing) > 1 else ()


# --- Whether two sentences answer alike ------------------------------------------------------------------------------

_READ = (-3.0, -4.0)
"""What the reader says at least of a sentence that answers: that it does, and where. Logits (`reader.Said`), chosen
with `_NEAR` on evals, dev part."""
_NEAR = 0.9  # how far below the lead's value a sentence may lie that the reader takes for an answer, too
_AS_GOOD = 0.8  # the same where words alone tell; 0.5 to 1 were tried on evals
_AS_MUCH_IN_COMMON = 0.45  # share of terms; 0.4 to 0.6 were alike on evals, dev part


def _answers_too(question: Question, lead: _Given, other: _Given) -> bool:
    """Whether both hold the names asked for, speak of the same time, and answer as far as the reader or words tell."""
    if question.wanted not in DATES and not _same_years(question, lead, other):
        return False
    alike = _read_alike(lead.candidate, other.candidate) or _worded_alike(question, lead, other)
    return alike and _alike(question, lead, other)


def _alike(question: Question, lead: _Given, other: _Given) -> bool:
    """Whether both hold the names asked for, as far as the lead does, and tell of the same part of a year, and of
    plans, if both do."""
    around = [stems(f"{c.text} {c.document.title} {c.passage.heading}") for c in (lead.candidate, other.candidate)]
    held = question.names & around[0]
    if not held <= around[1] or (question.names and not held):
        return False
    planned = speaks_of_plans(question.text) or speaks_of_plans(lead.clause) == speaks_of_plans(other.clause)
    return planned and parts_of_year(lead.clause) == parts_of_year(other.clause)


def _clause(sentence: str, mention: Mention) -> str:
    """The part of a sentence between conjunctions that holds a mention, after the time that opens the sentence.

    >>> _clause("In 2024, sales were 5 yuan and staff is to be 7 by 2026.", Mention("7", 48, 49, "7"))
    'In 2024, staff is to be 7 by 2026.'
    """
    told = _REPORTING.sub(lambda said: " " * len(said[0]), sentence)
    joints = [(joint.start(), joint.end()) for joint in _JOINT.finditer(told)]
    start = max((end for _, end in joints if end <= mention.start), default=0)
    end = min((begin for begin, _ in joints if begin >= mention.end), default=len(told))
    opening = _OPENING.match(told) if start else None
    return (opening[0] if opening else "") + told[start:end]


_JOINT = re.compile(r"; |,? (?:and|but|while) (?!\d)|, (?=up |down |compared |against )")
_OPENING = re.compile(r"(?:In|By|At|On|For|From|During|Since|Until|As of) [^,]+(?:, (?:19|20)\d\d)?, ")


def measures_the_same(question: Question, lead: Candidate, other: Candidate) -> bool:
    """Whether `other` gives a value of the kind that `lead` gives for the same question, be it of another year."""
    first, second = _given(question, lead), _given(question, other)
    return any(_alike(question, first[kind], second[kind]) for kind in first.keys() & second.keys())


def _same_years(question: Question, lead: _Given, other: _Given) -> bool:
    """Whether both speak of the same year, where they speak of any; one that names none has its document's."""
    if question.years:
        return all(not when or when[0].key[:4] in question.years for when in (dated(lead.clause), dated(other.clause)))
    named = [years(given.clause) for given in (lead, other)]
    if not any(named):
        return True
    documents = [given.candidate.document for given in (lead, other)]
    published = [frozenset({document.published[:4]} if document.published else ()) for document in documents]
    first, second = (each or own for each, own in zip(named, published, strict=True))
    return bool(first & second)


def _read_alike(lead: Candidate, other: Candidate) -> bool:
    as_many = other.features.words >= lead.features.words / 2
    return (
        as_many
        and lead.value - other.value <= _NEAR
        and all(c.said is not None and c.said.answers >= _READ[0] and c.said.exact >= _READ[1] for c in (lead, other))
    )


def _worded_alike(question: Question, lead: _Given, other: _Given) -> bool:
    one, another = lead.candidate, other.candidate
    if one.value - another.value > _AS_GOOD:
        return False
    if question.wanted in DATES and not (direct_answer(question, one.text) and direct_answer(question, another.text)):
        return False
    if question.wanted not in DATES and (years(lead.clause) ^ years(other.clause)) - question.years:
        return False
    a, b = (frozenset(t for t in stems(_told(c.text)) if not t[0].isdigit()) for c in (one, another))
    return len(a & b) >= _AS_MUCH_IN_COMMON * min(len(a), len(b))


def _told(sentence: str) -> str:
    """A sentence without who says so and when: "according to Yicai", "Reuters reported in May 2025"."""
    return _REPORTING.sub(" ", sentence)


_REPORTING = re.compile(
    r",? according to [^,;.]*|"
    r",? (?:(?:[A-Z][\w’'&.-]* ){1,4}|the (?:report|paper|authors?|blog|page|article|newspaper) )"
    r"(?:reported|reports|wrote|writes|said|says|estimated|noted)\b(?: (?:in|on) (?:\d+ )?(?:[A-Z]\w+ )?\d{4})?|"
    r"\b(?:the|this) (?:report|article) of (?:[A-Z]\w+ )?\d{4}(?: says)?"
)

# --- The values that sentences give ----------------------------------------------------------------------------------

_MEASURED: Mapping[Wanted, tuple[Callable[[str], Sequence[Mention]], ...]] = {
    Wanted.MONEY: (money,),
    Wanted.PERCENT: (percents,),
    Wanted.COUNT: (counts,),
    Wanted.DATE: (dated,),
    Wanted.YEAR: (dated,),
    Wanted.NUMBER: (counts, money, percents),
    Wanted.ANYTHING: (counts, money, percents),
    Wanted.YES_NO: (counts, money, percents),
    Wanted.WHERE: (),
    Wanted.WHO: (),
}


def _values(question: Question, candidate: Candidate) -> dict[str, Mention]:
    """Kind of value → the one of it that a sentence gives: where the reader points, else in the whole sentence.

    A kind is one where values can be compared: a unit of measure, "date", "name".
    """
    return _one_a_kind(question, candidate, pointed=True) or _one_a_kind(question, candidate, pointed=False)


def _one_a_kind(question: Question, candidate: Candidate, pointed: bool) -> dict[str, Mention]:
    text, said = candidate.text, candidate.said
    if pointed and not said:
        return {}
    found: dict[str, list[Mention]] = {}
    for find in _MEASURED.get(question.wanted, ()):
        for mention in map(_in_one_unit, find(text)):
            if pointed and said:
                if _points_at(text, said.span, mention):
                    found.setdefault(_kind(question, text, mention, find, pointed), []).append(mention)
            elif mention.text.casefold() not in question.text.casefold():
                found.setdefault(_kind(question, text, mention, find, pointed), []).append(mention)
    if pointed and said and not found and question.wanted in _NAMED:
        named = [n for n in new_names(question, text) if n.start < said.span.end and said.span.start < n.end]
        found = {"name": named} if named else {}
    found.pop("", None)
    narrowed = {kind: _of_year(question, text, mentions) for kind, mentions in found.items()}
    return {kind: each[0] for kind, each in narrowed.items() if len({mention.key for mention in each}) == 1}


def _points_at(sentence: str, span: Span, mention: Mention) -> bool:
    """Whether a span is at a mention, or one of the two is the other in another currency: "5 yuan (US$0.7)"."""
    if mention.start < span.end and span.start < mention.end:
        return True
    first, second = sorted([(span.start, span.end), (mention.start, mention.end)])
    return _CONVERSION.fullmatch(sentence, first[1], second[0]) is not None


_CONVERSION = re.compile(r",? (?:\((?:about |around |nearly |almost )?|or (?:about )?)")
_NAMED = frozenset({Wanted.WHERE, Wanted.ANYTHING})


_SIZES = {  # stem of a measure → what it measures, and how much of the unit in which that is compared
    **dict.fromkeys(terms("hectare"), ("square metres", 1e4)),
    **dict.fromkeys(terms("acre"), ("square metres", 4046.9)),
    **dict.fromkeys(terms("mu"), ("square metres", 666.7)),
    **dict.fromkeys(terms("kilometre"), ("metres", 1e3)),
    **dict.fromkeys(terms("km"), ("metres", 1e3)),
    **dict.fromkeys(terms("metre"), ("metres", 1.0)),
    **dict.fromkeys(terms("centimetre"), ("metres", 0.01)),
}


def _in_one_unit(mention: Mention) -> Mention:
    """The same with a key in the unit in which its measure is compared; "square metres" and "metres" stay apart."""
    number, _, unit = mention.key.partition(" ")
    if unit not in _SIZES or "square" in mention.text or "cubic" in mention.text:
        measured = "square metres" if "square metre" in mention.text else unit
        return replace(mention, key=f"{number} {measured}") if measured != unit else mention
    measured, factor = _SIZES[unit]
    return replace(mention, key=f"{float(number) * factor:g} {measured}")


def _kind(
    question: Question, sentence: str, mention: Mention, find: Callable[[str], Sequence[Mention]], pointed: bool
) -> str:
    """What can be compared with it: a measure or a currency; "date"; "count" where things are counted; "" for none."""
    if find is dated:
        return "date"
    unit = mention.key.partition(" ")[2]
    if find is not counts or unit in MEASURES or " " in unit:
        return unit
    if question.wanted is not Wanted.COUNT:
        return "count" if pointed else unit
    asked = frozenset(near for asked in question.units for near in (asked, *related(asked)))
    of_what = any(m.start == mention.start for m in counted(sentence, asked))
    return "count" if of_what or (pointed and not unit) else ""


def _of_year(question: Question, sentence: str, mentions: list[Mention]) -> list[Mention]:
    when = dated(sentence)
    if not question.years or not when or len({mention.key for mention in mentions}) < 2:
        return mentions
    return [
        m for m in mentions if min(when, key=lambda d: abs(d.start - m.start)).key[:4] in question.years
    ] or mentions


# --- Whether two values can both be right ----------------------------------------------------------------------------


def _tells_both(lead: _Given, other: _Given) -> bool:
    """Whether one sentence mentions the other's value, which makes it a change or a correction."""
    return _mentions(other.candidate.text, lead.value) or _mentions(lead.candidate.text, other.value)


def _mentions(sentence: str, value: Mention) -> bool:
    if value.key[:1].isdigit() and " " not in value.key:
        return value.key in {date.key for date in dated(sentence)}
    number = re.escape(re.sub(r"[^\d.,]", "", value.text).strip(".,"))
    if value.key[0].isdigit():
        return bool(number) and re.search(rf"(?<![\d.,]){number}(?![\d]|[.,]\d)", sentence) is not None
    return bool(set(terms(value.text)) & stems(sentence))


def _exclude(one: Differing, other: Differing) -> bool:
    """Whether two values cannot both be right: "over 5 trillion" and "5.39 trillion" can."""
    if not _differ(one.key, other.key):
        return False
    if "-" in one.key + other.key or not one.key[0].isdigit():
        return True
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
    """Whether two keys cannot both be right: other numbers, other names, or dates of which neither holds the other.

    A number is the same as one that it is rounded from, if within 2%.

    >>> _differ("2021-12", "2021"), _differ("2021-12", "2022"), _differ("10 metr", "35 metr"), _differ("2 CNY", "2 %")
    (False, True, True, False)
    >>> _differ("5168 robot", "5200 robot"), _differ("226000000 USD", "228000000 USD")
    (False, True)
    """
    if not (one[0].isdigit() and other[0].isdigit()):
        return not set(terms(one)) & set(terms(other))
    (first, _, unit), (second, _, other_unit) = one.partition(" "), other.partition(" ")
    if not unit and not other_unit:
        return not one.startswith(other) and not other.startswith(one)
    return not _rounds_to(first, second) and not _rounds_to(second, first)


def _rounds_to(exact: str, rounded: str) -> bool:
    a, b = float(exact), float(rounded)
    decimals = len(rounded.partition(".")[2])
    zeros = len(rounded) - len(rounded.rstrip("0")) if not decimals else 0
    half = 0.5 * 10 ** (zeros - decimals)
    return a == b or (abs(a - b) <= half and abs(a - b) <= 0.02 * max(a, b))
