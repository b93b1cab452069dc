"""EPUB books: their chapters in reading order, and what the package says of the book."""

import posixpath
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import unquote
from zipfile import ZipFile

from lxml import etree

from ingest.formats.archive import opened
from ingest.formats.facts import said
from ingest.formats.file import File
from ingest.formats.markup import body, markdown
from ingest.loaded import Facts, Loaded
from shanghai_qa.errors import CorpusError

_PAGES = ("application/xhtml+xml", "text/html")
_NO_BOOK = "is a ZIP file, but no EPUB book; rename it to what it is"


def load(file: File) -> Iterator[tuple[str, Loaded]]:
    with opened(BytesIO(file.data), file.budget) as parts:
        package, path = _package(parts)
        names = dict.fromkeys(_chapters(package, posixpath.dirname(path)))
        if not names.keys().isdisjoint(_encrypted(parts)):
            raise CorpusError("is encrypted; save it without a password")
        chapters = [markdown(body(_text(parts, name))) for name in names]
        yield "", Loaded("\n\n".join(chapters), _facts(package))


def _package(parts: ZipFile) -> tuple[etree._Element, str]:
    """The package document and its path, which paths in it count from."""
    if "META-INF/container.xml" not in parts.namelist():
        raise CorpusError(_NO_BOOK)
    root = _xml(parts, "META-INF/container.xml").find(".//{*}rootfile[@full-path]")
    if root is None:
        raise CorpusError(_NO_BOOK)
    path = root.get("full-path")
    return _xml(parts, path), path


def _chapters(package: etree._Element, folder: str) -> Iterator[str]:
    """The paths of the pages to be read one after the other; the table of contents is none of them."""
    items = {item.get("id"): item for item in package.iterfind(".//{*}manifest/{*}item")}
    for entry in package.iterfind(".//{*}spine/{*}itemref"):
        item = items.get(entry.get("idref"))
        if item is not None and item.get("media-type") in _PAGES and "nav" not in item.get("properties", "").split():
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))


def _encrypted(parts: ZipFile) -> Iterator[str]:
    """The parts that only certain readers can open; fonts are often among them, and are not needed."""
    if "META-INF/encryption.xml" in parts.namelist():
        for reference in _xml(parts, "META-INF/encryption.xml").iterfind(".//{*}CipherReference"):
            yield unquote(reference.get("URI", ""))


def _facts(package: etree._Element) -> Facts:
    def all_of(name: str) -> list[str]:
        return ["".join(one.itertext()) for one in package.iterfind(f".//{{*}}metadata/{{*}}{name}")]

    def first_of(name: str) -> str | None:
        return next(iter(all_of(name)), None)

    return said(first_of("title"), first_of("publisher"), all_of("creator"), first_of("source"), first_of("date"))


def _xml(parts: ZipFile, name: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    return etree.fromstring(_read(parts, name), parser)


def _text(parts: ZipFile, name: str) -> str:
    from ingest.decode import decode

    return decode(_read(parts, name))


def _read(parts: ZipFile, name: str) -> bytes:
    try:
        data = parts.read(name)
    except KeyError as error:
        raise CorpusError(f"lacks its part {name!r}; save it anew") from error
    except RuntimeError as error:
        raise CorpusError("is encrypted; save it without a password") from error
    return data
