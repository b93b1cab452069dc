"""The one checker of citations: does the document still say, at that place, what an answer quotes from it?"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shanghai_qa.mentions import counts, dates, money, names, percents
from shanghai_qa.question import related
from shanghai_qa.values import Answer, Citation, Document, Source
from shanghai_qa.words import terms


class Verdict(StrEnum):
    FOUND = "found"
    MOVED = "moved"
    MISATTRIBUTED = "misattributed"
    MISSING = "missing"


@dataclass(frozen=True)
class Check:
    """What became of one citation. `detail` says in words where the quote stands, or what else is not as cited."""

    number: int
    verdict: Verdict
    detail: str

    @property
    def holds(self) -> bool:
        return self.verdict is Verdict.FOUND and not self.detail


def check_citation(citation: Citation, documents: Mapping[str, Document]) -> Check:
    """Look the quote up in `documents`, by id.

    found: it stands at its offsets in the document named; moved: elsewhere in that document; misattributed: in another
    document only; missing: nowhere. An empty quote is missing. A citation that is found may still describe its source
    wrongly, which `detail` says.
    """
    named = documents.get(citation.source.id)
    quote, number = citation.quote, citation.number
    if not quote:
        return Check(number, Verdict.MISSING, "the quote is empty")
    if named and citation.start >= 0 and named.text[citation.start : citation.end] == quote:
        return Check(number, Verdict.FOUND, _described_wrongly(citation.source, named))
    if named and (at := named.text.find(quote)) >= 0:
        return Check(number, Verdict.MOVED, f"it stands at {at}–{at + len(quote)}")
    elsewhere = next((d for _, d in sorted(documents.items()) if quote in d.text), None)
    if elsewhere:
        return Check(number, Verdict.MISATTRIBUTED, f"it stands in {elsewhere.id}")
    return Check(number, Verdict.MISSING, "no document holds it")


def check_statements(answer: Answer) -> list[str]:
    """What is wrong between an answer's statements and its own citations, in words; empty where nothing is.

    Each statement cites something that the answer lists; in the default mode it is the quote of one of them, and one
    that a model wrote is borne out by them. The direct answer stands in the first.
    """
    quotes = {citation.number: citation.quote for citation in answer.citations}
    wrong: list[str] = []
    for n, statement in enumerate(answer.statements, start=1):
        cited = [quotes[number] for number in statement.citations if number in quotes]
        if not cited or len(cited) < len(statement.citations):
            wrong.append(f"statement {n} cites what the answer does not list")
        elif answer.answerer == "extractive" and statement.text not in cited:
            wrong.append(f"statement {n} is not what it cites")
        elif answer.answerer != "extractive" and (more := unsupported(statement.text, cited)):
            wrong.append(f"statement {n} says what it does not cite: {', '.join(more)}")
    if answer.direct_answer and not (answer.statements and answer.direct_answer in answer.statements[0].text):
        wrong.append("the direct answer does not stand in the first statement")
    for claim in (claim for disagreement in answer.disagreements for claim in disagreement.claims):
        if claim.value not in quotes.get(claim.citation, ""):
            wrong.append(f"the value {claim.value!r} does not stand in citation {claim.citation}")
    return wrong


def unsupported(text: str, quotes: Sequence[str]) -> list[str]:
    """What a sentence says that none of `quotes` does, in words; empty where they bear it out.

    Its figures, dates and names must stand in them, a date perhaps more fully; it must not deny what they state; and
    half of its terms must be theirs or related to theirs. No quotes bear nothing out.
    """
    known = [mention.key for quote in quotes for mention in dates(quote)]
    figures = {figure for quote in quotes for figure in _figures(quote)}
    held = frozenset(term for quote in quotes for term in terms(quote))
    wrong = [f"the date {m.text}" for m in dates(text) if not any(key.startswith(m.key) for key in known)]
    wrong += [f"the figure {figure}" for figure in sorted(_figures(text) - figures)]
    wrong += [f"the name {m.text}" for m in names(text) if not held.issuperset(_spelt(m.text))]
    if _DENIAL.search(text) and not any(_DENIAL.search(quote) for quote in quotes):
        wrong.append("a denial")
    said = set(terms(text))
    near = [term for term in said if term in held or related(term) & held]
    if len(near) < _NEAR_ENOUGH * len(said) or not said:
        wrong.append("its meaning")
    return wrong


_NEAR_ENOUGH = 0.5
_DENIAL = re.compile(r"\b(?:not|no|never|none|nobody|neither|nor|without|denied|failed)\b|n['’]t\b", re.IGNORECASE)


def _spelt(name: str) -> list[str]:
    """The terms of a name but its figures, which count as such: "In 2024" looks like a name and is none."""
    return [term for term in terms(name) if not term[0].isdigit()]


def _figures(text: str) -> set[str]:
    return {m.key for find in (money, percents) for m in find(text)} | {m.key.split()[0] for m in counts(text)}


def source_of(document: Document) -> Source:
    """How a citation names a document."""
    return Source(
        id=document.id,
        title=document.title,
        publisher=document.publisher,
        url=document.url,
        published=document.published,
        tier=document.tier,
        sha256=document.sha256,
    )


def _described_wrongly(cited: Source, document: Document) -> str:
    true = source_of(document)
    differ = [name for name in ("title", "publisher", "url", "published", "tier", "sha256")
              if getattr(cited, name) != getattr(true, name)]  # fmt: skip
    return f"its source differs in {', '.join(differ)}" if differ else ""
