"""The one checker of citations: does the document still say, at that place, what an answer quotes from it?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shanghai_qa.bear import unsupported
from shanghai_qa.context import is_quote, quote_in_full
from shanghai_qa.values import Answer, Citation, Document, Outcome, Source, Statement
from shanghai_qa.voices import independent
from shanghai_qa.weigh import as_of, caveats


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
    if named and _stands(quote, named.text, citation.start, citation.end):
        return Check(number, Verdict.FOUND, _described_wrongly(citation, named))
    if named and (at := named.text.find(quote)) >= 0:
        return Check(number, Verdict.MOVED, f"it stands at {at}–{at + len(quote)}")
    elsewhere = next((d for _, d in sorted(documents.items()) if quote in d.text), None)
    if elsewhere:
        return Check(number, Verdict.MISATTRIBUTED, f"it stands in {elsewhere.id}")
    return Check(number, Verdict.MISSING, "no document holds it")


def _stands(quote: str, text: str, start: int, end: int) -> bool:
    return 0 <= start < end <= len(text) and text[start:end] == quote


def check_statements(answer: Answer, documents: Mapping[str, Document] | None = None) -> list[str]:
    """What is wrong between the parts of an answer, in words; empty where nothing is.

    Citations are numbered from 1 without repeats, and a refusal has none. Each statement cites something that the
    answer lists; in the default mode it is the quote of one of them, and one that a model wrote is borne out by them.
    The direct answer stands in the first, and the values of disagreements in what they cite. With `documents`, dates
    and warnings are held against what is cited, too; `elapsed_ms`, follow-ups and the question itself never are.
    """
    numbers = [citation.number for citation in answer.citations]
    if numbers != list(range(1, len(numbers) + 1)):
        return [f"the citations are numbered {', '.join(map(str, numbers))}"]
    quotes = {citation.number: citation.quote for citation in answer.citations}
    wrong = [*_outcome(answer)]
    for n, statement in enumerate(answer.statements, start=1):
        wrong += [f"statement {n} {problem}" for problem in _statement(answer, statement, quotes)]
    lead = answer.statements[0].text if answer.statements else ""
    if answer.direct_answer and not re.search(rf"(?<!\w){re.escape(answer.direct_answer)}(?!\w)", lead):
        wrong.append("the direct answer does not stand in the first statement")
    for claim in (claim for disagreement in answer.disagreements for claim in disagreement.claims):
        if claim.value not in quotes.get(claim.citation, ""):
            wrong.append(f"the value {claim.value!r} does not stand in citation {claim.citation}")
    return wrong + (_against(answer, documents) if documents is not None else [])


def _outcome(answer: Answer) -> list[str]:
    refused = answer.outcome is Outcome.NOT_IN_CORPUS
    if refused and (answer.statements or answer.citations):
        return ["it is a refusal, yet has statements"]
    return ["it is an answer, yet has no statement"] if not refused and not answer.statements else []


def _statement(answer: Answer, statement: Statement, quotes: Mapping[int, str]) -> list[str]:
    cited = [quotes[number] for number in statement.citations if number in quotes]
    if not cited or len(cited) < len(statement.citations):
        return ["cites what the answer does not list"]
    numbered = [citation for citation in answer.citations if citation.number in statement.citations]
    if answer.answerer == "extractive":
        return [] if any(is_quote(statement.text, one) for one in numbered) else ["is not what it cites"]
    more = unsupported(statement.text, list(map(quote_in_full, numbered)))
    return [f"says what it does not cite: {', '.join(more)}"] if more else []


def _against(answer: Answer, documents: Mapping[str, Document]) -> list[str]:
    """What the documents cited say otherwise about dates and warnings; nothing where one is not there."""
    cited = {c.number: documents[c.source.id] for c in answer.citations if c.source.id in documents}
    if len(cited) < len(answer.citations):
        return []
    wrong = [
        f"statement {n} is as of {as_of(s.text, cited[s.citations[0]])}, not {s.as_of}"
        for n, s in enumerate(answer.statements, start=1)
        if s.citations and s.citations[0] in cited and s.as_of != as_of(s.text, cited[s.citations[0]])
    ]
    warnings = caveats(cited.values(), answer.language, independent(answer.citations))
    return wrong + [f"it lacks the warning: {caveat}" for caveat in warnings if caveat not in answer.caveats]


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
        also_at=document.also_at,
    )


def _described_wrongly(citation: Citation, document: Document) -> str:
    cited, true = citation.source, source_of(document)
    section = _section(document.text, citation.start)
    if citation.section != section:
        return f"it stands under {section!r}"
    if citation.page != document.page(citation.start):
        return f"it stands on page {document.page(citation.start)}"
    around = citation.context
    if around and not (around.end <= citation.start and _stands(around.text, document.text, around.start, around.end)):
        return "its context does not stand before it"
    if around and around.subject not in around.text:
        return f"its context does not name {around.subject!r}"
    differ = [name for name in ("title", "publisher", "url", "published", "tier", "sha256")
              if getattr(cited, name) != getattr(true, name)]  # fmt: skip
    if not set(cited.also_at) <= set(true.also_at):  # fewer were known at the time
        differ.append("also_at")
    return f"its source differs in {', '.join(differ)}" if differ else ""


def _section(text: str, at: int) -> str:
    """The heading under which a place of a document stands, "" under its title."""
    headings = re.findall(r"^(#{1,6}) (.*)$", text[:at], re.MULTILINE)
    return headings[-1][1].strip() if headings and headings[-1][0] != "#" else ""
