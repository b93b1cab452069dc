"""The one checker of citations: does the document still say, at that place, what an answer quotes from it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shanghai_qa.values import Answer, Citation, Document, Source


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

    Each statement cites something that the answer lists and, in the default mode, is the quote of one of them; the
    direct answer stands in the first.
    """
    quotes = {citation.number: citation.quote for citation in answer.citations}
    wrong: list[str] = []
    for n, statement in enumerate(answer.statements, start=1):
        cited = [quotes[number] for number in statement.citations if number in quotes]
        if not cited or len(cited) < len(statement.citations):
            wrong.append(f"statement {n} cites what the answer does not list")
        elif answer.answerer == "extractive" and statement.text not in cited:
            wrong.append(f"statement {n} is not what it cites")
    if answer.direct_answer and not (answer.statements and answer.direct_answer in answer.statements[0].text):
        wrong.append("the direct answer does not stand in the first statement")
    for claim in (claim for disagreement in answer.disagreements for claim in disagreement.claims):
        if claim.value not in quotes.get(claim.citation, ""):
            wrong.append(f"the value {claim.value!r} does not stand in citation {claim.citation}")
    return wrong


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
