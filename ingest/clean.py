"""What happens to a document's body between the file and `Document.text`, the text that offsets count in.

A body goes in as written; out comes text in NFC with one line for each paragraph, heading and list item, so that a
sentence is one unbroken stretch. Markdown stays as it is: text is quoted literally. Only white space, invisible
characters and composition change, and cleaning twice is cleaning once. `PAGE` marks keep their places in between.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import accumulate

from ingest.loaded import PAGE

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)  # control, zero-width and direction characters, halves of surrogate pairs; tab and line ends stay
_NEWLINE = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_BLANK = re.compile(r"[^\S\n]+")

_CHINESE = re.compile("[\u3001-\u3029\u3030-\u303f\u3400-\u9fff\uf900-\ufaff\uff01-\uffee\U00020000-\U0003134f]")
_UNJOINABLE = re.compile(r"#{1,6}(\s|$)|\||[-*_=]{3,}$")  # heading, table row, rule: nothing is joined to these
_BULLET = re.compile(r"([-*+•]|1[.)])(\s|$)")
_NUMBERED = re.compile(r"\d{1,3}[.)](\s|$)")


def clean(body: str) -> str:
    """The body as kept: NFC, invisible characters gone, paragraphs unwrapped, no two blank lines in a row.

    Lines wrapped within a paragraph or list item are joined by one space, or by none between two Chinese characters.
    The non-blank characters are those of `normalise(body)`, in order. `clean(clean(body)) == clean(body)`. The text is
    that of the body without its `PAGE` marks, each of which comes to stand right before the non-blank character that it
    stood before; those before none are gone, a page without text being no place to point at.
    """
    text = _unwrapped(normalise(body.replace(PAGE, "")))
    return "".join(_marked(text, body.split(PAGE))) if PAGE in body else text


def without_pages(text: str) -> tuple[str, tuple[int, ...]]:
    """A cleaned text without its `PAGE` marks, and where they stood: the offset of each page's first character."""
    *pages, last = text.split(PAGE)
    return "".join([*pages, last]), tuple(accumulate(map(len, pages)))


def _marked(text: str, pages: list[str]) -> Iterator[str]:
    """The characters of a cleaned text with the marks that part the bodies of `pages`.

    Places are counted in non-blank characters of the canonical decomposition: composing may swallow characters, and
    may do so across a mark.
    """
    marks = list(accumulate(map(_weight, pages)))[-2::-1]  # non-blanks before each, the first mark last
    seen = 0
    for character in text:
        weight = _weight(character)
        while weight and marks and marks[-1] < seen + weight:
            marks.pop()
            yield PAGE
        seen += weight
        yield character


def _weight(text: str) -> int:
    """How many non-blank characters its decomposition has."""
    return len("".join(unicodedata.normalize("NFD", _INVISIBLE.sub("", text)).split()))


def _unwrapped(body: str) -> str:
    paragraphs: list[list[str]] = []
    for row in body.split("\n"):
        line = _BLANK.sub(" ", row).strip()
        if paragraphs and _continues(paragraphs[-1][0], line):
            paragraphs[-1].append(joint(paragraphs[-1][-1], line) + line)
        elif line or (paragraphs and paragraphs[-1][0]):
            paragraphs.append([line])
    return "\n".join(map("".join, paragraphs)).strip("\n")


def normalise(text: str) -> str:
    """The same characters in NFC, without the invisible ones, every line end as a newline; blanks as they were."""
    return unicodedata.normalize("NFC", _NEWLINE.sub("\n", _INVISIBLE.sub("", text)))


def _continues(opening: str, line: str) -> bool:
    """Whether `line` belongs to the paragraph or list item that the line `opening` begins.

    As in CommonMark, a number other than 1 opens a list item after another item only: "grew to\\n12. In 2025" is prose.
    """
    if not opening or not line or _UNJOINABLE.match(opening) or _UNJOINABLE.match(line) or _BULLET.match(line):
        return False
    in_list = _BULLET.match(opening) or _NUMBERED.match(opening)
    return not (in_list and _NUMBERED.match(line))


def joint(previous: str, line: str) -> str:
    """What stands between two lines of a paragraph, neither of them empty: a blank, but not in Chinese."""
    return "" if _CHINESE.match(previous[-1]) and _CHINESE.match(line) else " "
