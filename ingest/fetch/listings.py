"""Sitemaps and feeds: from their XML to the addresses that they list, in their order.

No entity is resolved and nothing is loaded from elsewhere; what is not well-formed ends with an error after the
addresses that stand before it.
"""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urljoin

from lxml import etree

from ingest.fetch.kinds import HEAD_BYTES, LISTING, ZIPPED, kind

_ENTRIES = ("{*}sitemap", "{*}url", "{*}item", "{*}entry")  # of a sitemap index, a sitemap, RSS and Atom
_ADDRESSES = ("loc", "link", "guid")  # in an entry and of its namespace, the best first


class Unreadable(Exception):
    """What is wrong with a sitemap or feed."""


@dataclass(frozen=True)
class Link:
    """An address as it is written, which may count from the address of its list."""

    address: str
    of_sitemap: bool  # which names pages of its own host alone
    is_sitemap: bool


def links(file: Path, max_bytes: int) -> Iterator[Link]:
    """What the sitemap or feed in a file lists; Unreadable where it stops making sense."""
    data = _unzipped(file, max_bytes) if file.suffix == ZIPPED else file.read_bytes()
    try:
        for _, entry in etree.iterparse(
            BytesIO(data.lstrip(b" \t\r\n")),
            tag=_ENTRIES,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        ):
            name = etree.QName(entry)
            address = _address(entry, name.namespace)
            if address:
                yield Link(address, name.localname in ("sitemap", "url"), name.localname == "sitemap")
            entry.clear()
            for done in entry.itersiblings(entry.tag, preceding=True):
                entry.getparent().remove(done)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"it is not well-formed XML ({error.msg})") from error


def _address(entry: etree._Element, namespace: str | None) -> str | None:
    for name in _ADDRESSES:
        for found in entry.iterchildren(etree.QName(namespace, name)):
            address: str = (found.get("href") or found.text or "").strip()
            page = found.get("rel", "alternate") == "alternate" and found.get("isPermaLink") != "false"
            if address and page and (name != "guid" or address.startswith(("http://", "https://"))):
                with suppress(ValueError):  # of an address that is none
                    return urljoin(found.base or "", address)
                return address
    return None


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
