"""The text of a document, cut for the page: headings, items and paragraphs, their sentences, the words to highlight."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from shanghai_qa.mentions import MONTHS, bare, counts, money, names, percents
from shanghai_qa.values import Document, Span
from shanghai_qa.words import fold

_BLOCKS = re.compile(
    r"^#+ (?P<heading>.+)$|^- (?P<item>.*\S.*(?:\n(?!#+ |- ).*\S.*)*)|^(?P<paragraph>.*\S.*(?:\n(?!#+ |- ).*\S.*)*)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """The stretch [start, end) of a text that shows as one element; `kind` is heading, item or paragraph."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Line:
    """A sentence in pieces, each with whether it is quoted.

    `number` counts the sentences of the document from 1, and `span` is its place; both are None where the line is no
    sentence of a passage, or goes on with one that began in the block before.
    """

    pieces: tuple[tuple[str, bool], ...]
    number: int | None = None
    span: Span | None = None

    @property
    def quoted(self) -> bool:
        return any(marked for _, marked in self.pieces)


def blocks(text: str) -> Iterator[Block]:
    """The headings (`#`), items (`-`) and paragraphs of `text`, in order, without their signs and the blank lines."""
    for match in _BLOCKS.finditer(text):
        kind = match.lastgroup or "paragraph"
        yield Block(kind, *match.span(kind))


def laid_out(
    document: Document, quoted: Span | None, sentences: Sequence[Span] = ()
) -> Iterator[tuple[str, tuple[Line, ...]]]:
    """The kind and the lines of each block but the title: a line a sentence, or one a block without `sentences`."""
    text = document.text
    for block in blocks(text):
        if text[block.start : block.end] != document.title:
            cut = () if block.kind == "heading" else sentences
            yield block.kind, tuple(_lines(text, block, cut, quoted))


def _lines(text: str, block: Block, sentences: Sequence[Span], quoted: Span | None) -> Iterator[Line]:
    at = block.start
    for number, sentence in enumerate(sentences, start=1):
        if common := _common(sentence, block):
            yield from _rest(text, at, common.start, quoted)
            place = (number, sentence) if common.start == sentence.start else ()
            yield Line(tuple(_pieces(text, common, quoted)), *place)
            at = common.end
    yield from _rest(text, at, block.end, quoted)


def _rest(text: str, start: int, end: int, quoted: Span | None) -> Iterator[Line]:
    """A line of what lies between two sentences, where that is more than a blank."""
    if text[start:end].strip():
        yield Line(tuple(_pieces(text, Span(start, end), quoted)))


def _pieces(text: str, line: Span, quoted: Span | None) -> Iterator[tuple[str, bool]]:
    marked = (quoted and _common(quoted, line)) or Span(line.end, line.end)
    for start, end, is_quoted in (
        (line.start, marked.start, False),
        (marked.start, marked.end, True),
        (marked.end, line.end, False),
    ):
        if start < end:
            yield text[start:end], is_quoted


def _common(one: Span, other: Span | Block) -> Span | None:
    start, end = max(one.start, other.start), min(one.end, other.end)
    return Span(start, end) if start < end else None


def address(document: Document, span: Span | None = None) -> str:
    """The permanent address of a document, or of words in this version of it, below the root."""
    return address_of(document.id, document.sha256, span)


def address_of(id: str, sha256: str, span: Span | None) -> str:
    """The same of a document that is known by its id and the hash of its text."""
    if span is None:
        return f"source/{quote(id)}"
    place = urlencode({"start": span.start, "end": span.end, "sha": sha256[:12]})
    return f"source/{quote(id)}?{place}#quote"


def web_address(url: str | None) -> str | None:
    """`url` if a browser may be sent there (http or https, with a host), else None."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def web_host(url: str | None) -> str:
    """Where `url` leads, for people; "" where a browser may not be sent there."""
    return urlsplit(web_address(url) or "").netloc


def original(document: Document, quoted: Span | None) -> str | None:
    """The address of the original, which browsers open at the words that it likely shares with what is quoted here.

    https://wicg.github.io/scroll-to-text-fragment: each `text=` is looked for by itself, and one that is not there
    changes nothing. The words are those of the quote, or else of the title.
    """
    url = web_address(document.url)
    if url is None:
        return None
    said = document.text[quoted.start : quoted.end] if quoted else document.title
    words = telling(said, document.publisher or "")
    directives = "&".join(f"text={_encoded(word)}" for word in words)
    return f"{url}{'' if '#' in url else '#'}:~:{directives}" if directives else url


def telling(sentence: str, publisher: str = "", limit: int = 3) -> tuple[str, ...]:
    """At most `limit` strings of a sentence that another account of the same likely has too: figures, then names.

    The publisher's own name stands all over the original, and is left out.

    >>> telling("Sacra estimates that Biren Technology (壁仞科技) made US$1.5 billion in 2024.", publisher="Sacra")
    ('1.5 billion', 'Biren Technology')
    """
    measured = [*money(sentence), *percents(sentence), *(m for m in counts(sentence) if m.key.partition(" ")[2])]
    figures = [_MONEY_SIGN.sub("", m.text) for m in sorted(measured, key=lambda m: m.start) if _DIGIT.search(m.text)]
    found = sorted((_name(m.text) for m in names(sentence)), key=len, reverse=True)
    others = [name for name in found if len(name) > 3 and fold(name) not in fold(publisher)]
    named = [name for name in others if not _NO_NAME.search(name)]
    return tuple(dict.fromkeys(figures[: limit - 1] + named))[:limit]


_DIGIT = re.compile(r"\d")
_MONEY_SIGN = re.compile(r"^[^\d]+")  # "US$8 billion" here is "$8 billion" there, and "8 billion" in both
_NO_NAME = re.compile(rf"^(?:Shanghai|China|Chinese|RMB .*)$|\b(?:{'|'.join(MONTHS)})\b", re.IGNORECASE)
_OPENING = re.compile(r"^(?:(?:In|On|As|At|By|From|For|The|An?|Its?|This) )+")


def _name(text: str) -> str:
    return bare(_OPENING.sub("", text)).strip("'’&- ")


def _encoded(word: str) -> str:
    return quote(word, safe="").replace("-", "%2D")
