"""From the lines of pages to a text that flows: paragraphs unwrapped, headings marked, what repeats on pages left out.

Lines know where they stand and how large they are, and that decides: a heading is larger than most of the text or
bold, a paragraph ends where the distance to the next line is larger than between lines, or at a full stop in a line
that stays short. Lengths are in points, and y grows upwards.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise, takewhile
from statistics import median

from ingest.clean import joint
from ingest.loaded import PAGE, Removed

_EDGE = 3  # lines at the top, and at the bottom, that may be running heads
_ENDED = re.compile(r"""[.!?:;。！？：；…]["'”’)\]」』）》]*$""")
_BULLET = re.compile(
    r"[-*•·▪◦●■□–—]\s|\(?\d{1,2}[.)]\s|[（(][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}、"
)
_BROKEN = re.compile(r"(?P<word>[^\W\d_]+)[-‐\xad]$")
_ROMAN = re.compile("[ivxlc]{1,7}")
_ROW = re.compile(r"(?:^|\s)[-–(]?[\d.,%)]+\s+[-–(]?[\d.,%)]+$")  # of a table: it ends in figures
_WORD = re.compile(r"[^\W_]+(?:[-‐][^\W_]+)*")
_END = 80  # characters
_LONGEST_HEADING = 150  # characters
_LARGER = 1.15  # times the usual size, from which on a line is a heading
_APART = 1.45  # times the usual distance, from which on lines are two paragraphs
_SHORT = 0.75  # of a full line, below which a line with a full stop ends a paragraph


@dataclass(frozen=True)
class Line:
    """A line of a page: where it begins and the size of its letters; `bold` where all of it is."""

    text: str
    left: float = 0.0
    y: float = 0.0
    size: float = 0.0
    bold: bool = False

    @property
    def end(self) -> str:
        """As much of its end as decides on what follows; patterns that end with a line are slow on a long one."""
        return self.text[-_END:]


Pages = Sequence[Sequence[Line]]


def flowing(pages: Pages) -> tuple[str, tuple[Removed, ...]]:
    """The text of pages, a `PAGE` mark before each, and the running heads and page numbers that were left out of it.

    Words that a hyphen breaks over two lines are whole again. A removed line stands where its page begins.
    """
    kept, heads = _without_heads(pages)
    text = "\n\n".join(_blocks(kept))
    line_of = [1 + breaks for breaks in accumulate(part.count("\n") for part in text.split(PAGE))]
    why = "stands at the edge of several pages"
    return text, tuple(Removed(line.text, why, line_of[number]) for number, line in heads)


# --- Running heads --------------------------------------------------------------------------------------------------


def _without_heads(pages: Pages) -> tuple[Pages, list[tuple[int, Line]]]:
    """The pages without running heads and page numbers, and those by number of page, which counts from 0."""
    enough = 2 if len(pages) <= 3 else 3
    seen: Counter[tuple[bool, str]] = Counter()
    for number, page in enumerate(pages):
        for top in (True, False):
            seen.update({(top, shape) for line in _edge(page, top) for shape in _shapes(line.text, number)})
    kept: list[Sequence[Line]] = []
    heads: list[tuple[int, Line]] = []
    for number, page in enumerate(pages):
        first, last = (
            _repeated(
                [max(seen[top, shape] for shape in _shapes(line.text, number)) for line in _edge(page, top)], enough
            )
            for top in (True, False)
        )
        end = max(first, len(page) - last)
        kept.append(page[first:end])
        heads += [(number, line) for line in (*page[:first], *page[end:])]
    return kept, heads


def _edge(page: Sequence[Line], top: bool) -> Sequence[Line]:
    """The lines that may be running heads, the outermost first."""
    return page[:_EDGE] if top else page[: -_EDGE - 1 : -1]


def _shapes(text: str, number: int) -> set[str]:
    """What a running head shares with others: all its words, or all but a figure that counts the pages."""
    shapes = {"\0roman" if _ROMAN.fullmatch(text) else text}
    for figure in re.finditer(r"\d{1,4}", text):
        shapes.add(f"{text[: figure.start()]}\0{int(figure[0]) - number}\0{text[figure.end() :]}")
    return shapes


def _repeated(times: Iterable[int], enough: int) -> int:
    """How many lines from the edge on are seen often enough, one after the other."""
    return sum(1 for _ in takewhile(lambda seen: seen >= enough, times))


# --- Paragraphs -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Usual:
    """What is usual in a text: the size of letters, the distance of lines, the characters of a full line, bold type."""

    size: float
    distance: float
    full: float
    sizes: tuple[float, ...]  # of headings, the largest first
    bold: bool

    @staticmethod
    def of(pages: Pages) -> "_Usual":
        lines = [line for page in pages for line in page]
        weights: Counter[float] = Counter()
        for line in lines:
            weights[_rounded(line.size)] += len(line.text)
        size = max(weights, key=lambda one: (weights[one], one), default=0.0)
        distances = [a.y - b.y for page in pages for a, b in pairwise(page) if 0 < a.y - b.y < 3 * size]
        lengths = sorted(len(line.text) for line in lines if _rounded(line.size) == size)
        sizes = {_rounded(line.size) for line in lines if line.size >= _LARGER * size}
        full = lengths[len(lengths) * 9 // 10] if lengths else 0
        distance = median(distances) if distances else 1.2 * size
        bold = 3 * sum(len(line.text) for line in lines if line.bold) > sum(weights.values())
        return _Usual(size, distance, full, tuple(sorted(sizes, reverse=True)), bold)

    def heading(self, line: Line) -> int:
        """The level of the heading that the line is, or 0."""
        if len(line.text) > _LONGEST_HEADING or not re.search(r"[^\W\d_]", line.text):
            return 0
        if line.size >= _LARGER * self.size > 0:
            return min(1 + self.sizes.index(_rounded(line.size)), 4)
        return min(1 + len(self.sizes), 5) if line.bold and not self.bold and not _ENDED.search(line.end) else 0

    def goes_on(self, line: Line, following: Line, same_page: bool) -> bool:
        """Whether the paragraph or heading of a line goes on in the next."""
        if self.heading(line) != self.heading(following) or _BULLET.match(following.text):
            return False
        if _ROW.search(line.end) or _ROW.search(following.end):
            return False
        if abs(line.size - following.size) > 0.1 * max(line.size, following.size):
            return False
        distance = line.y - following.y
        ended = bool(_ENDED.search(line.end))
        if not same_page or not 0 < distance < 10 * self.distance:  # another page or column
            return not ended and not self.heading(line)
        usual = self.distance * max(1.0, line.size / self.size) if self.size else self.distance
        indented = following.left - line.left > 0.8 * line.size > 0
        return distance <= _APART * usual and not (ended and (indented or len(line.text) < _SHORT * self.full))


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _blocks(pages: Pages) -> Iterator[str]:
    """The paragraphs and headings of pages in order, with the marks of the pages."""
    usual, words = _Usual.of(pages), _vocabulary(pages)
    parts: list[str] = []
    above: Line | None = None
    marks = ""
    for page in pages:
        marks += PAGE
        for place, line in enumerate(page):
            if above and usual.goes_on(above, line, same_page=place > 0):
                _join(parts, above, marks, line.text, words)
            else:
                if parts:
                    yield "".join(parts)
                level = usual.heading(line)
                parts = [marks, "#" * level + " " if level else "", line.text]
            above, marks = line, ""
    yield "".join(parts) + marks


def _join(parts: list[str], above: Line, marks: str, text: str, words: frozenset[str]) -> None:
    """Add a line to the parts of a paragraph, which end with the line above it.

    A hyphen at the end of that goes, unless the word is written with it elsewhere or consists of two words of the text.
    """
    broken, rest = _BROKEN.search(above.end), _WORD.match(text)
    if not broken or not rest or not text[0].islower():
        parts.append(joint(above.text, text) + marks + text)
        return
    halves = broken["word"].casefold(), rest[0].casefold()
    if "-".join(halves) not in words and ("".join(halves) in words or not words.issuperset(halves)):
        parts[-1] = parts[-1][:-1]
    parts.append(marks + text)


def _vocabulary(pages: Pages) -> frozenset[str]:
    """The words that stand whole on a line, in small letters."""
    words: set[str] = set()
    broken = False
    for line in (line for page in pages for line in page):
        found = _WORD.findall(line.text.casefold())
        begin, broken = int(broken), bool(_BROKEN.search(line.end))
        words.update(found[begin : len(found) - broken])
    return frozenset(words)
