"""How far an answer can be trusted: as of when each sentence speaks, where sources disagree, who alone says so."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from shanghai_qa.mentions import Mention, counted, dates, money, percents, years
from shanghai_qa.question import Question, Wanted
from shanghai_qa.read import Candidate
from shanghai_qa.values import Document, Tier
from shanghai_qa.words import terms

_SAME_SUBJECT = 0.55  # share of their terms, figures apart, that two sentences about one thing have in common


@dataclass(frozen=True)
class Differing:
    """A value that a candidate gives for what was asked."""

    candidate: Candidate
    value: str
    key: str


def as_of(text: str, document: Document) -> str | None:
    """The newest date in the sentence as YYYY, YYYY-MM or YYYY-MM-DD, else that of publication, else None."""
    said = [mention.key for mention in dates(text) if not mention.key.startswith("-")]
    return max(said) if said else document.published


def caveats(cited: Iterable[Document], language: str = "en") -> tuple[str, ...]:
    """What a reader must know of an answer that rests on these documents: none of them is better placed than that."""
    tiers = [document.tier for document in {document.id: document for document in cited}.values()]
    if not tiers:
        return ()
    words = _CAVEATS[language]
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
        "one promotional": "Only a promotional source says this: it speaks of itself.",
        "promotional": "Only promotional sources say this: they speak of themselves.",
        "neither": "Only promotional and unverified sources say this.",
        "lead unverified": "The first sentence comes from an unverified source.",
    },
    "zh": {
        "one unverified": "只有一个未经核实的来源这样说。",
        "unverified": "只有未经核实的来源这样说。",
        "one promotional": "只有一个宣传性来源这样说，它是在介绍自己。",
        "promotional": "只有宣传性来源这样说，它们是在介绍自己。",
        "neither": "只有宣传性和未经核实的来源这样说。",
        "lead unverified": "第一句话来自未经核实的来源。",
    },
}


def lead_caveat(lead: Document, cited: Sequence[Document], language: str = "en") -> tuple[str, ...]:
    """A word on a lead that is unverified while better placed sources stand beside it."""
    mixed = lead.tier is Tier.UNVERIFIED and any(d.tier.rank < Tier.PROMOTIONAL.rank for d in cited)
    return (_CAVEATS[language]["lead unverified"],) if mixed else ()


def disagreement(question: Question, candidates: Sequence[Candidate]) -> tuple[Differing, ...]:
    """Candidates of different documents that give different values for what the first gives: best placed first.

    They speak of the same thing where the rest of their words agree, and where they name the same years or one of them
    names none; everything else is a series or another subject. Empty where all agree, or no value was asked for.
    """
    find = _VALUES.get(question.wanted)
    if find is None or not candidates:
        return ()
    lead, *others = candidates
    values = find(question, lead.text)
    if len({value.key for value in values}) != 1:
        return ()
    differing = [Differing(lead, values[0].text, values[0].key)]
    for other in others:
        found = find(question, other.text)
        if (
            len({value.key for value in found}) == 1
            and found[0].key not in {d.key for d in differing}
            and other.document.id not in {d.candidate.document.id for d in differing}
            and _unit(found[0].key) == _unit(values[0].key)
            and _about_the_same(lead, other)
        ):
            differing.append(Differing(other, found[0].text, found[0].key))
    if len(differing) < 2:
        return ()
    return tuple(sorted(differing, key=lambda d: (d.candidate.document.tier.rank, -d.candidate.value)))


_VALUES: dict[Wanted, Callable[[Question, str], Sequence[Mention]]] = {
    Wanted.COUNT: lambda question, text: counted(text, question.units),
    Wanted.PERCENT: lambda question, text: percents(text),
    Wanted.MONEY: lambda question, text: money(text),
}


def _unit(key: str) -> str:
    return key.partition(" ")[2] or ("%" if key.endswith("%") else "")


def _about_the_same(one: Candidate, other: Candidate) -> bool:
    said, also = years(one.text), years(other.text)
    if said != also:
        return False
    a, b = (frozenset(t for t in terms(c.text) if not any(d.isdigit() for d in t)) for c in (one, other))
    return len(a & b) / max(1, min(len(a), len(b))) >= _SAME_SUBJECT
