"""Answers and documents as text that other programs read: notes, references, a table, a page to print.

Answers go in, or a document; text comes out. Whatever an answer holds, the text is well formed in its format, keeps
every letter of every script, and has no address but http and https; what UTF-8 cannot hold becomes "?".

What is cited is a source's digest under the digest's title, so references name the digest and say that the original is
the authority. Names of persons stay as written, unsplit: sources give them in both orders.

BibTeX and RIS are one line a field and written here: pybtex's writer changes addresses and lets braces and backslashes
through, bibtexparser's and rispy's leave escapes and line ends to their caller, and rispy's numbers the references.
"""

import csv
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from itertools import count as counter
from urllib.parse import quote

from shanghai_qa.errors import InputError
from shanghai_qa.frame import count, day
from shanghai_qa.mentions import MONTHS, dates
from shanghai_qa.values import Answer, Citation, Disagreement, Document, Source, Tier
from shanghai_qa.voices import independent


class Format(StrEnum):
    """What to write."""

    MARKDOWN = "markdown"
    BIBTEX = "bibtex"
    RIS = "ris"
    CSL_JSON = "csl-json"
    CSV = "csv"
    HTML = "html"

    @property
    def label(self) -> str:
        """What people call it."""
        return _FILES[self][2]

    @property
    def suffix(self) -> str:
        """The ending of a file's name, without the dot."""
        return _FILES[self][0]

    @property
    def media_type(self) -> str:
        return _FILES[self][1]

    @property
    def is_bibliography(self) -> bool:
        """Whether it lists sources; else it tells answers."""
        return self in _BIBLIOGRAPHIES


_FILES = {
    Format.MARKDOWN: ("md", "text/markdown", "Markdown"),
    Format.BIBTEX: ("bib", "application/x-bibtex", "BibTeX"),
    Format.RIS: ("ris", "application/x-research-info-systems", "RIS"),
    Format.CSL_JSON: ("json", "application/vnd.citationstyles.csl+json", "CSL-JSON"),
    Format.CSV: ("csv", "text/csv", "CSV"),
    Format.HTML: ("html", "text/html", "HTML"),
}


def export(answers: Sequence[Answer], form: Format, documents: Mapping[str, Document], accessed: date) -> str:
    """The answers of a conversation, or the sources that they cite, in a format.

    `documents`, by id, tell the authors, which answers lack; a source that is not among them goes without. `accessed`
    is the day on which the sources were read. A bibliography has one reference for each source, in the order of first
    citation; footnotes are numbered from 1 over all answers. A refusal exports as itself in Markdown and HTML; where no
    source is cited BibTeX is one comment, RIS "", CSL-JSON "[]", CSV its header.

    InputError for an answer that cites what it does not list.
    """
    _check(answers)
    if form.is_bibliography:
        return _written(_BIBLIOGRAPHIES[form](_cited(answers, documents), accessed))
    return _written(_ANSWERS[form](answers, accessed))


def reference(document: Document, form: Format, accessed: date) -> str:
    """One document as a bibliography of one: BibTeX, RIS or CSL-JSON; ValueError for another format."""
    if not form.is_bibliography:
        raise ValueError(f"{form.value} is for answers; expected {', '.join(_BIBLIOGRAPHIES)}")
    return _written(_BIBLIOGRAPHIES[form]([document], accessed))


def cite_as(document: Document, accessed: date) -> str:
    """A reference in words, on one line: who, what, where, when, the address, and what was read on which day."""
    origin = ", ".join(filter(None, [document.publisher, _when(document.published)]))
    read = f"read on {_when(accessed.isoformat())} as {_holding(document)}"
    parts = [", ".join(document.authors), f"“{document.title}”", origin, web_address(document.url) or ""]
    return _written(f"{_line('. '.join(filter(None, parts)))} ({_line(read)})")


def _check(answers: Sequence[Answer]) -> None:
    for n, answer in enumerate(answers, start=1):
        if lost := answer.unlisted():
            advice = "see what is wrong with it with: shanghai-qa verify"
            raise InputError(f"answer {n} cites [{lost[0]}], which it does not list; {advice}")


def _cited(answers: Sequence[Answer], documents: Mapping[str, Document]) -> list[Document]:
    """Each source once, with the facts that its first citation states."""
    sources: dict[str, Source] = {}
    for answer in answers:
        for citation in answer.citations:
            sources.setdefault(citation.source.id, citation.source)
    return [_as_cited(source, documents.get(source.id)) for source in sources.values()]


def _as_cited(source: Source, known: Document | None) -> Document:
    authors = known.authors if known else ()
    facts = (source.title, source.publisher, authors, source.url, source.published, source.tier)
    return Document(source.id, *facts, topics=(), places=(), text="", also_at=source.also_at)


# --- What kind of source --------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What a reference calls its source."""

    LAW = "law"
    REPORT = "report"
    PAPER = "paper"
    NEWS = "news"
    PAGE = "page"
    DOCUMENT = "document"


_REPORT = re.compile(r"\b(?:report|results|plan|opinions|filing|white paper|Form \d+-\w+)\b", re.IGNORECASE)
_LAW = re.compile(r"\b(?:law|act|regulations?|rules?|ordinance|Federal Register)\b", re.IGNORECASE)
_LAWMAKER = re.compile(r"\b(?:Congress|Parliament|Federal Register)\b")
_PAPER = re.compile(r"\b(?:arXiv|preprint|abstract)\b")
_NEWS = re.compile(
    r"(?:News|Daily|Times|Post|Gazette)\b"
    r"|\b(?:Xinhua|Reuters|AFP|Bloomberg|CGTN|SHINE|Shine|Yicai|Caixin|Jiemian|36Kr|KrASIA|Pandaily|Sixth Tone)\b"
)
_REPORT_TITLE = re.compile(r"\breport\b", re.IGNORECASE)


def kind(document: Document) -> Kind:
    """What a source is, from its tier and the words of its title and publisher; a web page where they do not tell.

    Only a `primary` source is a report, law or paper, for others write about those. It is
    - a report if title or publisher speaks of a report, results, a plan, opinions, a filing, a form or a white paper;
    - a law if the publisher is a congress, a parliament or the Federal Register, and the title speaks of law;
    - a paper if it has authors or the publisher speaks of arXiv, a preprint or an abstract.
    An `established` one is news if the publisher has the name of a newspaper or an agency; brackets and what follows a
    comma do not count, which tell where it was carried. What has no address is a report if its title says so, or else
    a document.
    """
    publisher = document.publisher or ""
    if document.tier is Tier.PRIMARY:
        if _REPORT.search(f"{document.title}\n{publisher}"):
            return Kind.REPORT
        if _LAWMAKER.search(publisher) and _LAW.search(document.title):
            return Kind.LAW
        if document.authors or _PAPER.search(publisher):
            return Kind.PAPER
    if document.tier is Tier.ESTABLISHED and _NEWS.search(_proper(publisher)):
        return Kind.NEWS
    if web_address(document.url) is None:
        return Kind.REPORT if _REPORT_TITLE.search(document.title) else Kind.DOCUMENT
    return Kind.PAGE


def _proper(publisher: str) -> str:
    """The publisher's own name: "China Daily" of "China Daily, on ecns.cn"."""
    return re.split(r"[(（,]", publisher)[0].strip()


def _is_digest(document: Document) -> bool:
    """Whether it tells of an original; a text of which nothing is known is itself the source."""
    return bool(document.publisher) or kind(document) is not Kind.DOCUMENT


def _holding(document: Document) -> str:
    return f"{'the digest ' if _is_digest(document) else ''}{document.id} in the corpus of Shanghai QA"


def _note(document: Document) -> str:
    caution = ", which gave it this title; the original is the authority" if _is_digest(document) else ""
    return _line(f"Read as {_holding(document)}{caution}. {_copies(document.also_at)}")


# --- References -----------------------------------------------------------------------------------------------------

# Each kind's name in a format, and the field that its publisher goes in. Classic BibTeX knows neither laws nor web
# pages, and its styles print the publisher of @misc only from howpublished, which biblatex takes as well.
_BIBTEX = {
    Kind.LAW: ("misc", "howpublished"),
    Kind.REPORT: ("techreport", "institution"),
    Kind.PAPER: ("article", "journal"),
    Kind.NEWS: ("article", "journal"),
    Kind.PAGE: ("misc", "howpublished"),
    Kind.DOCUMENT: ("misc", "howpublished"),
}
_RIS = {
    Kind.LAW: ("STAT", "PB"),
    Kind.REPORT: ("RPRT", "PB"),
    Kind.PAPER: ("JOUR", "T2"),
    Kind.NEWS: ("NEWS", "T2"),
    Kind.PAGE: ("ELEC", "PB"),
    Kind.DOCUMENT: ("GEN", "PB"),
}
_CSL = {
    Kind.LAW: ("legislation", "authority"),
    Kind.REPORT: ("report", "publisher"),
    Kind.PAPER: ("article-journal", "container-title"),
    Kind.NEWS: ("article-newspaper", "container-title"),
    Kind.PAGE: ("webpage", "container-title"),
    Kind.DOCUMENT: ("document", "publisher"),
}


def _bibtex(documents: Sequence[Document], accessed: date) -> str:
    if not documents:
        return "% No source is cited.\n"
    return "\n".join(_bibtex_entry(key, document, accessed) for key, document in _keyed(documents))


def _bibtex_entry(key: str, document: Document, accessed: date) -> str:
    """Braces keep the capitals of titles, and names whole.

    `month` is one of the macros that every style defines; for the day, which BibTeX lacks, there is biblatex's `date`.
    Where no author is named, `key` is what styles sort and label by.
    """
    name, publisher = _BIBTEX[kind(document)]
    year, month, day_of_month = _date(document.published)
    address = web_address(document.url)
    fields = {
        "author": " and ".join(f"{{{_latex(author)}}}" for author in document.authors),
        "key": "" if document.authors else _latex(_proper(document.publisher or "") or document.title),
        "title": f"{{{_latex(document.title)}}}",
        publisher: _latex(document.publisher or ""),
        "year": year,
        "month": MONTHS[int(month) - 1][:3] if month else None,
        "date": document.published if day_of_month else None,
        "url": address,
        "urldate": accessed.isoformat() if address else None,
        "note": _latex(_note(document)),
    }
    given = ((field, value if field == "month" else f"{{{value}}}") for field, value in fields.items() if value)
    return f"@{name}{{{key},\n" + "".join(f"  {field} = {value},\n" for field, value in given) + "}\n"


_LATEX = str.maketrans(
    {mark: f"\\{mark}" for mark in "&%$#_"}
    | {"{": r"\textbraceleft{}", "}": r"\textbraceright{}"}  # BibTeX counts the brace of \{ too
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
)


def _latex(text: str) -> str:
    return _line(text).translate(_LATEX)


def _ris(documents: Sequence[Document], accessed: date) -> str:
    return "\n".join(
        "".join(f"{tag}  - {_line(value)}\n" for tag, value in _ris_fields(key, document, accessed))
        for key, document in _keyed(documents)
    )


def _ris_fields(key: str, document: Document, accessed: date) -> Iterator[tuple[str, str]]:
    name, publisher = _RIS[kind(document)]
    year, month, day_of_month = _date(document.published)
    address = web_address(document.url)
    yield "TY", name
    yield "ID", key
    yield from (("AU", author) for author in document.authors)
    yield "TI", document.title
    if document.publisher:
        yield publisher, document.publisher
    if year:
        yield "PY", year
        yield "DA", f"{year}/{month}/{day_of_month}/"
    if address:
        yield "UR", address
        yield "Y2", f"{accessed:%Y/%m/%d}/"
    yield "N1", _note(document)
    yield "ER", ""


def _csl_json(documents: Sequence[Document], accessed: date) -> str:
    items = [_csl_item(key, document, accessed) for key, document in _keyed(documents)]
    return json.dumps(items, ensure_ascii=False, indent=2) + "\n"


def _csl_item(key: str, document: Document, accessed: date) -> dict[str, object]:
    name, publisher = _CSL[kind(document)]
    issued = [int(part) for part in _date(document.published) if part]
    address = web_address(document.url)
    item = {
        "id": key,
        "type": name,
        "author": [{"literal": _line(author)} for author in document.authors],
        "title": _line(document.title),
        publisher: _line(document.publisher or ""),
        "issued": {"date-parts": [issued]} if issued else None,
        "URL": address,
        "accessed": {"date-parts": [[accessed.year, accessed.month, accessed.day]]} if address else None,
        "note": _note(document),
    }
    return {field: value for field, value in item.items() if value}


_BIBLIOGRAPHIES: dict[Format, Callable[[Sequence[Document], date], str]] = {
    Format.BIBTEX: _bibtex,
    Format.RIS: _ris,
    Format.CSL_JSON: _csl_json,
}


def _keyed(documents: Sequence[Document]) -> list[tuple[str, Document]]:
    """Documents with their keys: distinct, if need be by the whole hash."""
    digits = 4 if len({_key(document, 4) for document in documents}) == len(documents) else 64
    return [(_key(document, digits), document) for document in documents]


_PASSED_OVER = frozenset("the and for from with into about after over shanghai shanghais".split())


def _key(document: Document, digits: int) -> str:
    """Publisher or else first author, year, a word of the title, and digits of the id's hash: "shine-2021-baidu-3f2a".

    It depends on nothing but the document, so that a source has the same key in every export.
    """
    who = _words(_proper(document.publisher or "")) or _words(" ".join(document.authors[:1])) or ["source"]
    passed_over = {*who, *_PASSED_OVER}
    telling = [w for w in _words(document.title) if len(w) > 2 and not w.isdigit() and w not in passed_over]
    year = _date(document.published)[0] or "nd"
    digest = hashlib.sha256(document.id.encode("utf-8", "replace")).hexdigest()[:digits]
    return "-".join(["".join(who[:2]), year, *telling[:1], digest])


def _words(text: str) -> list[str]:
    """The words in small ASCII letters and digits, without accents; scripts that have no such letters give none."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("'", "")
    return [word for word in re.findall(r"[a-z0-9]+", plain) if word not in ("the", "of", "and")]


# --- Tables ---------------------------------------------------------------------------------------------------------

_COLUMNS = (
    "question", "claim", "quote", "source_title", "publisher", "published", "tier", "url", "source_id", "page", "start",
    "end", "sha256",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def _csv(answers: Sequence[Answer], accessed: date) -> str:
    """A row for each statement and each claim of a disagreement, times its citations.

    A cell that a spreadsheet may take for a formula (it begins with = + - @, their wide forms, a tab or the end of a
    line) gets an apostrophe before it, which spreadsheets take for "this is text".
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    for answer in answers:
        for claim, number in _claims(answer):
            writer.writerow(
                harmless(_CONTROL.sub("", cell)) for cell in _cells(answer.question, claim, answer.citation(number))
            )
    return file.getvalue()


def harmless(cell: str) -> str:
    """A cell of a table that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _claims(answer: Answer) -> Iterator[tuple[str, int]]:
    for statement in answer.statements:
        yield from ((statement.text, number) for number in statement.citations)
    for one in answer.disagreements:
        yield from ((f"{one.subject}: {claim.value}", claim.citation) for claim in one.claims)


def _cells(question: str, claim: str, citation: Citation) -> tuple[str, ...]:
    source = citation.source
    facts = (source.title, source.publisher or "", source.published or "", source.tier.value)
    place = (str(citation.page or ""), str(citation.start), str(citation.end), source.sha256)
    return (question, claim, citation.quote, *facts, web_address(source.url) or "", source.id, *place)


# --- Words around answers -------------------------------------------------------------------------------------------

_ENGLISH = {
    "answered": "Answered from {}.",
    "partly_answered": "Partly answered from {}.",
    "not_in_corpus": "Not in this corpus.",
    "read_as": "Read as: {}",
    "written_by": "Written by {}; each sentence was checked against its source.",
    "removed": "Left out, as their sources do not bear them out: {}.",
    "disagree": "Sources disagree: {}",
    "value": "Value",
    "as_of": "As of",
    "dated": "{} (as of {})",
    "also_at": "Also at {}.",
    "page": "p. {}",
    "more": "{} and {} more",
    "source": "Source",
    "tier": "Tier",
    "primary": "primary",
    "established": "established",
    "promotional": "promotional",
    "unverified": "unverified",
    "colophon": "Quoted from digests of the sources in the corpus of Shanghai QA (version {}), read on {}. "
    "The originals are the authority.",
    "title": "Answers about Shanghai’s technology ecosystem",
}
_CHINESE = {
    "answered": "依据{}作答。",
    "partly_answered": "依据{}作出部分回答。",
    "not_in_corpus": "语料库中没有答案。",
    "read_as": "理解为：{}",
    "written_by": "由 {} 撰写；每句均已对照来源核查。",
    "removed": "因来源不足以支持而删除：{}。",
    "disagree": "来源说法不一：{}",
    "value": "数值",
    "as_of": "截至",
    "dated": "{}（截至{}）",
    "also_at": "另见 {}。",
    "page": "第 {} 页",
    "more": "{} 等，另有 {} 处",
    "source": "来源",
    "tier": "等级",
    "primary": "一手",
    "established": "权威",
    "promotional": "宣传",
    "unverified": "未核实",
    "colophon": "引文摘自 Shanghai QA 语料库（版本 {}）中的来源摘要，读取日期：{}。以原文为准。",
    "title": "关于上海科技生态的回答",
}


def _say(name: str, language: str, *given: str) -> str:
    return (_CHINESE if language == "zh" else _ENGLISH)[name].format(*given)


def _standing(answer: Answer) -> list[str]:
    """What stands above the statements, a sentence each: what became of the question, who wrote, what to mind."""
    language = answer.language
    sources = _count(independent(answer.citations), "source", language)
    lines = [_say(answer.outcome.value, language, sources)]
    if answer.answerer != "extractive":
        lines.append(_say("written_by", language, answer.answerer))
    if answer.removed:
        lines.append(_say("removed", language, _count(answer.removed, "sentence", language)))
    return [*lines, *answer.missing, *answer.caveats]


def _count(number: int, noun: str, language: str) -> str:
    return f" {number} {_MEASURES[noun]}" if language == "zh" else count(number, noun)


_MEASURES = {"source": "个来源", "sentence": "句"}


def _direct(answer: Answer) -> str:
    """The direct answer, with the date that it holds for where it names none; "" if there is none."""
    as_of = answer.statements[0].as_of if answer.statements else None
    if not answer.direct_answer or not as_of or dates(answer.direct_answer):
        return answer.direct_answer or ""
    return _say("dated", answer.language, answer.direct_answer, _when(as_of, answer.language))


def _facts(citation: Citation, language: str) -> list[str]:
    """Publisher, date and tier of a source, and the page that is quoted, as far as they are known."""
    source = citation.source
    page = _say("page", language, str(citation.page)) if citation.page else ""
    known = [source.publisher, _when(source.published, language), _say(source.tier.value, language), page]
    return [fact for fact in known if fact]


_COPIES = 3  # addresses told of a source's copies


def _copies(also_at: Sequence[str], language: str = "en", form: str = "{}") -> str:
    """At which addresses a source's copies are, each put in `form`, and how many more there are; "" if at none."""
    addresses = [form.format(address) for each in also_at if (address := web_address(each))][:_COPIES]
    told, more = ", ".join(addresses), len(also_at) - len(addresses)
    return told and _say("also_at", language, _say("more", language, told, str(more)) if more else told)


def _colophon(answers: Sequence[Answer], accessed: date) -> str:
    """What was quoted, and when; "" where nothing is."""
    if not any(answer.citations for answer in answers):
        return ""
    language, versions = answers[0].language, dict.fromkeys(answer.corpus.version for answer in answers)
    return _say("colophon", language, ", ".join(versions), _when(accessed.isoformat(), language))


def _numbered(answers: Sequence[Answer]) -> list[tuple[Answer, dict[int, int]]]:
    """Each answer with the footnotes of its citations, by their numbers; footnotes count on from answer to answer."""
    notes = counter(1)
    return [(answer, {citation.number: next(notes) for citation in answer.citations}) for answer in answers]


# --- Markdown -------------------------------------------------------------------------------------------------------


def _markdown(answers: Sequence[Answer], accessed: date) -> str:
    """CommonMark with tables and footnotes; of what was said and quoted nothing is markup."""
    blocks: list[str] = []
    footnotes: list[str] = []
    for answer, notes in _numbered(answers):
        blocks += _answer_in_markdown(answer, notes)
        footnotes += [_footnote(notes[c.number], c, answer.language) for c in answer.citations]
    blocks += footnotes
    if colophon := _colophon(answers, accessed):
        blocks += ["---", in_markdown(colophon)]
    return "".join(f"{block}\n\n" for block in blocks).rstrip("\n") + "\n"


def _answer_in_markdown(answer: Answer, notes: Mapping[int, int]) -> Iterator[str]:
    yield f"# {in_markdown(answer.question)}"
    if answer.read_as:
        yield f"*{in_markdown(_say('read_as', answer.language, answer.read_as))}*"
    if direct := _direct(answer):
        yield f"**{in_markdown(direct)}**"
    yield "\n>\n".join(f"> {in_markdown(line)}" for line in _standing(answer))
    for statement in answer.statements:
        yield in_markdown(statement.text) + _marks(statement.citations, notes)
    for one in answer.disagreements:
        yield f"**{in_markdown(_say('disagree', answer.language, one.subject))}**"
        yield _table_in_markdown(one, answer, notes)


def _table_in_markdown(one: Disagreement, answer: Answer, notes: Mapping[int, int]) -> str:
    rows = [_row(_say(name, answer.language) for name in _COMPARED), _row("---" for _ in _COMPARED)]
    for value, as_of, source, tier, number in _compared(one, answer):
        value, as_of, source, tier = map(in_markdown, (value, as_of, source, tier))
        rows.append(_row([value, as_of, source + _marks([number], notes), tier]))
    return "\n".join(rows)


_COMPARED = ("value", "as_of", "source", "tier")


def _compared(one: Disagreement, answer: Answer) -> Iterator[tuple[str, str, str, str, int]]:
    """Value, date, source, tier and the number of the citation, for each claim."""
    for claim in one.claims:
        source = answer.citation(claim.citation).source
        as_of, tier = _when(claim.as_of, answer.language), _say(source.tier.value, answer.language)
        yield claim.value, as_of, source.publisher or source.title, tier, claim.citation


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _marks(numbers: Iterable[int], notes: Mapping[int, int]) -> str:
    return "".join(f"[^{notes[number]}]" for number in numbers)


def _footnote(note: int, citation: Citation, language: str) -> str:
    address = web_address(citation.source.url)
    facts = ", ".join(map(in_markdown, _facts(citation, language)))
    return (
        f"[^{note}]: “{in_markdown(citation.quote)}” *{in_markdown(citation.source.title)}*. {facts}."
        f"{f' <{address}>' if address else ''} {_copies(citation.source.also_at, language, '<{}>')}".rstrip()
    )


def in_markdown(text: str) -> str:
    """Text that Markdown shows as it is, on one line, with no link in it: not even where an address is spelled out."""
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", _SIGN.sub(r"\\\g<0>", _line(text)))


_SIGN = re.compile(
    r"[\\`*_\[\]<>|~]|&(?=#?\w+;)|^[#+=:-]"  # what CommonMark, tables and footnotes give a meaning
    r"|:(?=//)|(?<=\bwww)\.|(?<=\w)@(?=\w)",  # what makes a link where addresses become ones by themselves
    re.IGNORECASE,
)


# --- HTML -----------------------------------------------------------------------------------------------------------

_PAGE = """<!doctype html>
{% macro marks(numbers, notes) -%}
  {% for number in numbers %}<sup><a href="#note-{{ notes[number] }}">[{{ notes[number] }}]</a></sup>{% endfor %}
{%- endmacro -%}
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{{ title }}</title>
<style>
body { max-width: 42rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.55 Georgia, "Noto Serif CJK SC", serif; }
h1 { font-size: 1.35rem; line-height: 1.25; margin: 2.5rem 0 0.75rem; }
.direct { font-size: 1.2rem; font-weight: bold; }
.standing { border-left: 3px solid #888; padding-left: 0.8rem; font-size: 0.9rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
caption { text-align: left; font-weight: bold; padding: 0.3rem 0; }
th, td { border-bottom: 1px solid #bbb; padding: 0.25rem 0.6rem 0.25rem 0; text-align: left; vertical-align: top; }
.notes { font-size: 0.85rem; padding: 0.75rem 0 0 2rem; border-top: 1px solid #888; }
.notes li { margin-bottom: 0.6rem; overflow-wrap: anywhere; }
.colophon { font-size: 0.8rem; color: #555; }
a { color: #0b4f8a; }
@page { margin: 2cm; }
@media print {
  body { max-width: none; margin: 0; padding: 0; font-size: 10.5pt; }
  a { color: inherit; text-decoration: none; }
  h1, caption { break-after: avoid; }
  p, li, tr { break-inside: avoid; orphans: 3; widows: 3; }
  .colophon { color: inherit; }
}
</style>
</head>
<body>
{% for answer, notes in numbered %}
<article lang="{{ answer.language }}">
<h1>{{ answer.question }}</h1>
{% if answer.read_as %}<p><em>{{ say("read_as", answer.language, answer.read_as) }}</em></p>{% endif %}
{% if direct(answer) %}<p class="direct">{{ direct(answer) }}</p>{% endif %}
<div class="standing">{% for line in standing(answer) %}<p>{{ line }}</p>{% endfor %}</div>
{% for one in answer.statements %}<p>{{ one.text }}{{ marks(one.citations, notes) }}</p>
{% endfor %}
{% for one in answer.disagreements %}
<table><caption>{{ say("disagree", answer.language, one.subject) }}</caption>
<thead><tr>{% for name in columns %}<th scope="col">{{ say(name, answer.language) }}</th>{% endfor %}</tr></thead>
<tbody>
{% for value, as_of, source, tier, number in compared(one, answer) %}
<tr><td>{{ value }}</td><td>{{ as_of }}</td><td>{{ source }}{{ marks([number], notes) }}</td><td>{{ tier }}</td></tr>
{% endfor %}
</tbody></table>
{% endfor %}
</article>
{% endfor %}
{% if colophon %}
<ol class="notes">
{% for answer, notes in numbered %}{% for one in answer.citations %}
<li id="note-{{ notes[one.number] }}" value="{{ notes[one.number] }}"><q>{{ one.quote }}</q>
<cite>{{ one.source.title }}</cite>. {{ facts(one, answer.language) | join(", ") }}.
{% set address = web_address(one.source.url) %}
{% if address %}<a href="{{ address }}" rel="noopener noreferrer">{{ address }}</a>{% endif %}
 {{ copies(one.source.also_at, answer.language) }}</li>
{% endfor %}{% endfor %}
</ol>
<p class="colophon">{{ colophon }}</p>
{% endif %}
</body>
</html>
"""


def _html(answers: Sequence[Answer], accessed: date) -> str:
    """A page that needs nothing but itself; addresses are spelled out, so that they can be read on paper."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.globals |= {
        "say": _say, "direct": _direct, "standing": _standing, "compared": _compared, "columns": _COMPARED,
        "facts": _facts, "web_address": web_address, "copies": _copies,
    }  # fmt: skip
    language = answers[0].language if answers else "en"
    return environment.from_string(_PAGE).render(
        numbered=_numbered(answers),
        language=language,
        title=answers[0].question if len(answers) == 1 else _say("title", language),
        colophon=_colophon(answers, accessed),
    )


_ANSWERS: dict[Format, Callable[[Sequence[Answer], date], str]] = {
    Format.MARKDOWN: _markdown,
    Format.CSV: _csv,
    Format.HTML: _html,
}


# --- Text, dates, addresses -----------------------------------------------------------------------------------------

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def _written(text: str) -> str:
    """The text without control characters, and with "?" for half of a surrogate pair, which UTF-8 cannot hold."""
    return _CONTROL.sub("", text).encode("utf-8", "replace").decode()


def _line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _date(published: str | None) -> tuple[str, str, str]:
    """Year, month and day of YYYY, YYYY-MM or YYYY-MM-DD, "" for what it lacks; nothing of what is no such date."""
    match = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?", published or "")
    year, month, day_of_month = match.groups("") if match else ("", "", "")
    try:
        date(int(year or 1), int(month or 1), int(day_of_month or 1))
    except ValueError:
        return "", "", ""
    return year, month, day_of_month


def _when(published: str | None, language: str = "en") -> str:
    """A date as people write it, any other text as it is."""
    return day(published, language) if published and _date(published)[0] else published or ""


def web_address(url: str | None) -> str | None:
    """The address if it is one of http or https, with what no address may hold as %xx; else None."""
    if url is None or not re.match(r"https?://[^\s/?#\\]", url, re.IGNORECASE):
        return None
    return re.sub(r'[\x00-\x20\x7f-\xa0\s\\{}<>"^`|\ud800-\udfff]', lambda m: quote(m[0], errors="replace"), url)
