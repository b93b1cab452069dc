"""Sitemaps and feeds: from their XML to the addresses that they list, in their order.

No entity is resolved and nothing is loaded from elsewhere; what is not well-formed ends with an error after the
addresses that stand before it.
"""

import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urljoin

from lxml import etree

from ingest.fetch.kinds import HEAD_BYTES, LISTING, ZIPPED, kind

_ENTRIES = ("sitemap", "url", "item", "entry")  # of a sitemap index, a sitemap, RSS and Atom
_ADDRESSES = ("loc", "link", "guid")  # in an entry and of its namespace, the best first
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_PIECE = 65536  # bytes that are parsed together


class Unreadable(Exception):
    """What is wrong with a sitemap or feed."""


@dataclass(frozen=True)
class Link:
    """An address as it is written, which may count from the address of its list."""

    address: str
    of_sitemap: bool  # which names pages of its own host alone
    is_sitemap: bool


def links(file: Path, max_bytes: int) -> Iterator[Link]:
    """What the sitemap or feed in a file lists; Unreadable where it stops making sense.

    No tree is made of it: what it holds beside addresses takes no memory, however much that is.
    """
    data = _unzipped(file, max_bytes) if file.suffix == ZIPPED else file.read_bytes()
    entries = _Entries()
    parser = etree.XMLParser(target=entries, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    text = BytesIO(data.lstrip(b" \t\r\n"))
    try:
        while piece := text.read(_PIECE):
            parser.feed(piece)
            yield from entries.taken()
        parser.close()
    except etree.XMLSyntaxError as error:
        yield from entries.taken()
        raise Unreadable(f"it is not well-formed XML ({error.msg})") from error


@dataclass
class _Element:
    """One that is open: `best` is the address in it, should it be an entry, and how good that is, lowest first."""

    tag: str
    base: str
    attributes: Mapping[str, str]
    best: tuple[int, str] = (len(_ADDRESSES), "")

    @property
    def namespace(self) -> str:
        return self.tag.rpartition("}")[0]

    @property
    def name(self) -> str:
        return self.tag.rpartition("}")[2]


class _Entries:
    """Told of elements as a parser meets them, it keeps the links of entries, and of the rest what is open."""

    def __init__(self) -> None:
        self._links: list[Link] = []
        self._open: list[_Element] = []
        self._words: list[str] = []  # since the last tag

    def taken(self) -> list[Link]:
        """The links since this was last asked for."""
        links, self._links = self._links, []
        return links

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        base = self._open[-1].base if self._open else ""
        if _BASE in attributes:
            base = _joined(base, attributes[_BASE])
        self._open.append(_Element(tag, base, attributes))
        self._words.clear()

    def data(self, text: str) -> None:
        self._words.append(text)

    def end(self, tag: str) -> None:
        element = self._open.pop()
        if element.name in _ENTRIES and element.best[1]:
            self._links.append(Link(element.best[1], element.name in ("sitemap", "url"), element.name == "sitemap"))
        elif element.name in _ADDRESSES and self._open and self._open[-1].namespace == element.namespace:
            entry, rank = self._open[-1], _ADDRESSES.index(element.name)
            if rank < entry.best[0] and (address := _address(element, "".join(self._words))):
                entry.best = rank, _joined(element.base, address)
        self._words.clear()

    def close(self) -> None:
        """Nothing is left to be told of."""


def _address(element: _Element, text: str) -> str | None:
    """The address of a page in an element of an entry, if there is one."""
    address = (element.attributes.get("href") or text).strip()
    page = element.attributes.get("rel", "alternate") == "alternate"
    if element.name == "guid":
        page = element.attributes.get("isPermaLink") != "false" and address.startswith(("http://", "https://"))
    return address if page else None


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:  # of an address that is none
        return address


def _unzipped(file: Path, max_bytes: int) -> bytes:
    try:
        with gzip.open(file) as stream:
            data = stream.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable("its gzip is damaged") from error
    if len(data) > max_bytes:
        raise Unreadable(f"it unpacks to more than {max_bytes / 1e6:g} MB")
    if kind(None, "", data[:HEAD_BYTES]) != LISTING:
        raise Unreadable("it is a file packed with gzip, but not a sitemap or feed")
    return data
