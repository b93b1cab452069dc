"""Word documents: headings, paragraphs, list items and tables in their order; not what was deleted in review."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from docx import Document
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from ingest.formats.archive import opened
from ingest.formats.facts import said
from ingest.formats.file import File
from ingest.loaded import PAGE, Loaded
from shanghai_qa.errors import CorpusError

_TEXT = {qn("w:t"): "", qn("w:tab"): "\t", qn("w:br"): " ", qn("w:cr"): " ", qn("w:noBreakHyphen"): "-"}


def load(file: File) -> Iterator[tuple[str, Loaded]]:
    """The text. The dates of a Word file are those of the file, not of what it holds, so none is taken from it."""
    with opened(BytesIO(file.data), file.budget) as parts:
        if "[Content_Types].xml" not in parts.namelist():
            raise CorpusError("is a ZIP file, but no Word document; rename it to what it is")
    document = Document(BytesIO(file.data))
    about = document.core_properties
    text = "\n\n".join(_blocks(document.element.body, document)).replace(PAGE, "")
    yield "", Loaded(text, said(title=about.title, authors=about.author))


def _blocks(body: Any, document: Any) -> Iterator[str]:
    """Paragraphs, and rows of tables as "| one | two |"; those within controls and tracked insertions too."""
    for element in body.iter(qn("w:p"), qn("w:tr")):
        if element.tag == qn("w:tr"):
            cells = (filter(None, map(_text, _own(cell, qn("w:p")))) for cell in _own(element, qn("w:tc")))
            row = " | ".join(map(" ".join, cells))
            if row.strip(" |"):
                yield f"| {row} |"
        elif not any(True for _ in element.iterancestors(qn("w:tc"))):
            text = _text(element)
            if text:
                yield _opening(Paragraph(element, document)) + text


def _text(paragraph: Any) -> str:
    """The words of a paragraph on one line; those of text boxes in it are paragraphs of their own."""
    return " ".join("".join(_TEXT[one.tag] or one.text or "" for one in _own(paragraph, *_TEXT)).split())


def _own(element: Any, *names: str) -> Iterator[Any]:
    """What of these names is in it and not in another of its kind within, such as a table in a cell."""
    return (one for one in element.iter(*names) if next(one.iterancestors(element.tag)) is element)


def _opening(paragraph: Paragraph) -> str:
    """What marks the paragraph in Markdown, by its style."""
    name = ((paragraph.style and paragraph.style.name) or "").lower()
    if name == "title":
        return "# "
    if name.startswith("heading ") and name[8:].isdigit():
        return "#" * min(int(name[8:]) or 1, 6) + " "
    numbered = paragraph._p.find(f"{qn('w:pPr')}/{qn('w:numPr')}") is not None
    return "- " if numbered or name.startswith("list") else ""
