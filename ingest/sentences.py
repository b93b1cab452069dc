"""Where the sections of a document and the sentences of a stretch of text begin and end.

Cleaned text goes in; spans come out, in order and without overlap, each without white space at its ends:
`text[span.start:span.end]` is the sentence. English and Chinese full stops both count.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shanghai_qa.values import Span

_HEADING = re.compile(r"^(#{1,6}) (.*)$", re.MULTILINE)
_LINE = re.compile(r"[^\n]+")
_MARKER = re.compile(r"(?:#{1,6} .*|\s*(?:[-*+•]|\d{1,3}[.)])\s+)?")  # a heading whole, or what opens a list item
_END = re.compile(r"""(?<![.!?。！？])([.!?。！？]++)["'”’)\]»」』）》】]*+""")
_CHINESE_END = re.compile("[。！？]")

_CLOSER = dict(zip("([（【《〈「『“‘", ")]）】》〉」』”’", strict=True))
_OPENER = {closer: opener for opener, closer in _CLOSER.items()}
_STRAIGHT_QUOTES = re.compile(
    r"""["][^"\n]*["]|(?<!\w)'(?=[^\W\d_])(?:[^'\n]|(?<=\w)'(?=\w)){1,200}'(?!\w)"""  # an apostrophe is none
)
_LONGEST_WHOLE = 200  # characters; in brackets or quotation marks further apart, sentences end as elsewhere
_WINDOW = 60  # characters before and after a full stop that decide on it


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# After these a full stop never ends a sentence,
_TITLES = _words(
    "Dr Mr Mrs Ms Messrs Prof St Mt Gen Col Capt Lt Sgt Sen Rep Gov Hon Rev Pres vs v cf approx ca c est e.g i.e viz "
    "incl esp"
)
# after these it ends none before a figure,
_COUNTED = _words(
    "No Nos no nos Art Sec Fig Figs Vol Vols Ch Eq Ref Refs p pp Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec"
)
# and after these, after initials and after letters with stops (U.S.) it ends one only before a word of `_OPENERS`.
_SUFFIXES = _words("Inc Ltd Co Cos Corp Corps Pte Pty Plc LLC Bros Jr Sr al etc Univ Dept Assn Bhd")
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]$")
_OPENERS = _words(
    "A An The This That These Those It Its They Their He She His Her We Our You There Here In On At By As For From "
    "With Within Without To Of Since After Before During Until Under Over Above Among Between Through Throughout "
    "Around About Across Along According Although Though However But And Or So Yet If When Where While Because Unless "
    "Once Both Each Every All Some Most Many Much Several Few Other Others Another Such No Not Neither Either Half "
    "One Two Three Four Five Six Seven Eight Nine Ten What Who Which How Why Also Then Now Today Later Earlier "
    "Meanwhile Moreover Furthermore Still Instead Despite Besides Thus Therefore Together Only Nearly Almost"
)
_WORD = re.compile(r"\w+")
_BEFORE_OPENING = re.compile(r"""["'“‘(\[（《「【『]*""")
_MAY_OPEN = frozenset("$€£¥+-−*@#~…")  # besides letters and digits
_CAMEL = re.compile(r"[a-z]{1,2}[A-Z]")  # iFlytek, eBay


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it, up to the next heading.

    `level` is the number of hash signs, and 0 with heading "" for text above the first heading. `start` is that of the
    heading's line; `body` is without white space at its ends, and empty where nothing stands there.
    """

    level: int
    heading: str
    start: int
    body: Span


def sections(text: str) -> tuple[Section, ...]:
    """The sections of a text in order; text above the first heading is one too, unless there is none."""
    headings = list(_HEADING.finditer(text))
    ends = [*(h.start() for h in headings), len(text)]
    above = _stripped(text, 0, ends[0])
    first = (Section(0, "", above.start, above),) if above.start < above.end else ()
    return first + tuple(
        Section(len(h[1]), h[2].strip(), h.start(), _stripped(text, h.end(), end))
        for h, end in zip(headings, ends[1:], strict=True)
    )


def sentences(text: str, start: int = 0, end: int | None = None) -> tuple[Span, ...]:
    """The sentences of `text[start:end]`, with offsets in `text`.

    A newline ends a sentence, a heading is none, and the mark that opens a list item belongs to none. A full stop ends
    none inside brackets or short quotations, after a title, or before a small letter; after "Inc.", "U.S." or an
    initial it does where the next word is one that opens sentences. Stretches without a letter or digit are left out.
    """
    return tuple(
        span
        for line in _LINE.finditer(text, start, len(text) if end is None else end)
        for span in _of_line(text, line.start(), line.end())
        if _WORD.search(text, span.start, span.end)
    )


def located(text: str) -> Iterator[tuple[Section, Span]]:
    """The sentences of a whole text, each with the section in which it stands."""
    for section in sections(text):
        for span in sentences(text, section.body.start, section.body.end):
            yield section, span


def enclosed(line: str) -> list[Span]:
    """What stands in matching brackets or quotation marks, these included; nested ones too, in no special order."""
    spans = [Span(*quoted.span()) for quoted in _STRAIGHT_QUOTES.finditer(line)]
    opened: dict[str, list[int]] = {opener: [] for opener in _CLOSER}
    for position, character in enumerate(line):
        if character in opened:
            opened[character].append(position)
        elif character in _OPENER and opened[_OPENER[character]]:
            spans.append(Span(opened[_OPENER[character]].pop(), position + 1))
    return spans


def _of_line(text: str, start: int, end: int) -> Iterator[Span]:
    line = text[start:end]
    begin = _MARKER.match(line).end()  # type: ignore[union-attr]  # it matches the empty string too
    whole = [span for span in enclosed(line) if span.end - span.start <= _LONGEST_WHOLE]
    inside = {position for span in whole for position in range(span.start + 1, span.end)}
    for mark in _END.finditer(line, begin):
        if mark.end() not in inside and _ends_sentence(line, begin, mark):
            yield _stripped(text, start + begin, start + mark.end())
            begin = mark.end()
    yield _stripped(text, start + begin, end)


def _ends_sentence(line: str, begin: int, mark: re.Match[str]) -> bool:
    """Whether the sentence that begins at `begin` ends with the mark: `line` is looked at no further than it takes."""
    after = line[mark.end() : mark.end() + _WINDOW]
    opening = _BEFORE_OPENING.sub("", after.lstrip(), count=1)
    if not opening:
        return True
    if not _CHINESE_END.search(mark[1]) and not after[0].isspace():
        return False  # 3.5, Trip.com
    if not (opening[0].isalnum() or opening[0] in _MAY_OPEN) or (opening[0].islower() and not _CAMEL.match(opening)):
        return False
    return mark[1] != "." or not _abbreviates(line[max(begin, mark.start() - _WINDOW) : mark.start()], opening)


def _abbreviates(before: str, opening: str) -> bool:
    """Whether the full stop after `before` belongs to an abbreviation rather than to the sentence."""
    words = before.split()
    word = words[-1].lstrip("\"'“‘([（/") if words else ""
    if word in _TITLES:
        return True
    if word in _COUNTED:
        return opening[0].isdigit()
    after_figure = len(words) > 1 and words[-2][-1].isdigit()  # "120,000 P." is a unit, "Benjamin L." an initial
    initial = len(word) == 1 and word.isupper() and not after_figure
    if word in _SUFFIXES or _DOTTED.search(word) or initial:
        following = _WORD.match(opening)
        return not following or following[0] not in _OPENERS
    return False


def _stripped(text: str, start: int, end: int) -> Span:
    """The stretch without white space at its ends; empty, at `end`, where there is nothing else."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)
