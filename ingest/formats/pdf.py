"""PDF: the lines of its pages as pypdf finds them, with where they stand; `layout` makes paragraphs of them."""

import logging
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from pypdf import PageObject, PasswordType, PdfReader

from ingest.clean import normalise
from ingest.formats.facts import said
from ingest.formats.file import File
from ingest.formats.layout import Line, flowing
from ingest.loaded import PAGE, Loaded
from shanghai_qa.errors import CorpusError

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it reports each flaw of a file that it can read all the same

_DRAWN = re.compile("[\u2f00-\u2fdf\ufb00-\ufb06]")  # radicals and ligatures, drawn for what they stand for,
_RADICALS = str.maketrans(
    "⺟⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳",  # and those for which Unicode gives no character
    "母民虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟",
)
_HAN = "\u3400-\u9fff"
_SPACED = re.compile(
    rf"(?<![{_HAN}])(?:[{_HAN}] ){{2,}}[{_HAN}](?![{_HAN}])|(?<=[{_HAN}]) (?=[)）])|(?<=[(（]) (?=[{_HAN}])"
)
_BOLD = re.compile("bold|black|heavy", re.IGNORECASE)
_NO_TITLE = re.compile(
    r"untitled.*|about:blank|https?://.*|microsoft word.*|powerpoint.*"
    r"|.*\.(docx?|pdf|indd|qxd|xlsx?|pptx?|tex|dvi|rtf|html?)",
    re.IGNORECASE,
)


def load(file: File) -> Iterator[tuple[str, Loaded]]:
    """The text of all pages. The date of a PDF is that of the file, not of what it holds, so none is taken from it."""
    reader = PdfReader(BytesIO(file.data))
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise CorpusError("is encrypted; save it without a password")
    text, removed = flowing([list(_lines(page)) for page in reader.pages])
    about = reader.metadata
    title = about and about.title
    facts = said(title=None if _NO_TITLE.fullmatch(title or "") else title, authors=about and about.author)
    yield "", Loaded(text, facts, removed)


def _lines(page: PageObject) -> Iterator[Line]:
    """The lines of text on a page in the order in which the page draws them, none of them blank."""
    rows: list[list[Line]] = [[]]

    def visit(text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float) -> None:
        """Take note of a piece of text: the matrices say where it begins and how large its font is drawn."""
        x, y = tm[4] * cm[0] + tm[5] * cm[2] + cm[4], tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        scale = math.sqrt(abs((tm[0] * tm[3] - tm[1] * tm[2]) * (cm[0] * cm[3] - cm[1] * cm[2])))
        bold = bool(font and _BOLD.search(str(font.get("/BaseFont"))))
        first, *others = (Line(part, float(x), float(y), float(size) * scale, bold) for part in text.split("\n"))
        rows[-1].append(first)
        rows.extend([other] for other in others)

    page.extract_text(visitor_text=visit)
    for row in rows:
        text = _written("".join(piece.text for piece in row))
        if text:
            drawn = [piece for piece in row if piece.text.strip()]
            longest = max(drawn, key=lambda piece: len(piece.text))
            yield Line(text, drawn[0].left, longest.y, longest.size, all(piece.bold for piece in drawn))


def _written(drawn: str) -> str:
    """A line as drawn, as it would be written: Chinese that was spread over the line without blanks, for example.

    A soft hyphen at its end has become a hard one.
    """
    text = re.sub(r"\xad\s*$", "-", drawn).replace(PAGE, "").translate(_RADICALS)
    text = normalise(_DRAWN.sub(lambda one: unicodedata.normalize("NFKC", one[0]), text))
    return _SPACED.sub(lambda one: one[0].replace(" ", ""), " ".join(text.split()))
