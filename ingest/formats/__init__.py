"""From the bytes of a file to the texts in it, whatever its format: one module for each, all of them hold `load`.

A name and bytes go in, texts come out with what the file says of its source and what was left out of it. A file that
cannot be read gives a `CorpusError` that says what is wrong, and never any other exception; nothing is written to disk
and nothing is fetched. How long a file may take, and how much memory, is up to the caller: see `apart`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from io import SEEK_END, BytesIO
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import BinaryIO

from ingest.formats.file import Digest, File, Record, refusing
from ingest.loaded import Facts, Loaded
from shanghai_qa.errors import CorpusError

ENDINGS = {
    ".md": "markdown", ".markdown": "markdown", ".txt": "text", ".html": "html", ".htm": "html", ".xhtml": "html",
    ".pdf": "pdf", ".docx": "docx", ".epub": "epub", ".csv": "records", ".tsv": "records", ".jsonl": "records",
    ".ndjson": "records", ".zip": "archive",
}  # fmt: skip
"""The endings of documents, and the module that loads each."""

_NAMES = {"pdf": "a PDF", "html": "HTML", "zip": "a ZIP file"}
_ZIPS = ("docx", "epub", "archive")
_MAGIC = {
    re.compile(rb"\s*%PDF-"): "pdf",
    re.compile(rb"PK(\x03\x04|\x05\x06)"): "zip",
    re.compile(rb"\s*(<!doctype html|<html[\s>])", re.IGNORECASE): "html",
    re.compile(rb"\xd0\xcf\x11\xe0"): "an encrypted or an old Office file",
    re.compile(rb"\x1f\x8b|BZh|7z\xbc\xaf|Rar!|\xfd7zXZ"): "a packed file that is no ZIP",
    re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|II\*\x00|MM\x00\*"): "an image",
    re.compile(rb"\{\\rtf"): "RTF",
}


def load(
    name: str,
    data: bytes | BinaryIO,
    *,
    given: Facts = Facts(),  # noqa: B008  it is frozen
    columns: Mapping[str, str] = MappingProxyType({}),
    declared: str | None = None,
    refuse: Callable[[str], None] = refusing,
) -> Iterator[tuple[str, Loaded]]:
    """The texts of a file: ("", its text), or those of a container with a key each, its path or number in there.

    `data` is what is in it, or the file itself, open and at its beginning: of records, and of members of a ZIP, no more
    than a few are in memory then. The other parameters are the fields of `File`. Texts are as found, not cleaned; one
    with front matter is a `Digest`. The facts of each are those of its front matter or columns, else `given`, else its
    own. `CorpusError` where the file cannot be read, and for a member or record that cannot, unless `refuse` takes note
    of that.
    """
    stream = BytesIO(data) if isinstance(data, bytes) else data
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    yield from load_file(File(name, stream, size, given, columns, declared, refuse))


def load_file(file: File) -> Iterator[tuple[str, Loaded]]:
    """`load`, for containers to call again."""
    try:
        kind = _kind(file)
        for key, loaded in import_module(f"{__name__}.{kind}").load(file):
            yield key, loaded if kind == "archive" else _with_facts(file, loaded)
    except CorpusError:
        raise
    except MemoryError as error:
        raise CorpusError("takes too much memory to read; split it") from error
    except Exception as error:  # libraries that meet a broken file raise whatever they stumble over
        raise CorpusError(f"is damaged or not what its name says ({_reason(error)}); save it anew") from error


def is_document(name: str) -> bool:
    """Whether a name in a folder or ZIP is that of a document: README.md and sidecars are none."""
    path = PurePosixPath(name.lower())
    return path.suffix in ENDINGS and path.name != "readme.md"


def _kind(file: File) -> str:
    """The module that loads the file: its ending says so, and its first bytes do not contradict."""
    kind = ENDINGS.get(PurePosixPath(file.name).suffix.lower())
    if kind is None:
        raise CorpusError(f"is not a document; expected a name that ends in {', '.join(ENDINGS)}")
    if not file.size:
        raise CorpusError("is empty; expected a document")
    content = next((found for magic, found in _MAGIC.items() if magic.match(file.head)), None)
    if content is None and kind == "pdf" and b"%PDF-" not in file.head[:1024]:
        raise CorpusError("is no PDF by its content; rename it to what it is")
    if content is None and kind in _ZIPS:
        raise CorpusError("is no ZIP file by its content, as its name says; rename it, or save it anew")
    if content not in (None, kind) and not (content == "zip" and kind in _ZIPS):
        raise CorpusError(f"is {_NAMES.get(content or '', content)} by its content; rename it to what it is")
    return kind


def _with_facts(file: File, loaded: Loaded) -> Loaded:
    """The text with all facts that there are."""
    own = loaded.facts
    return replace(loaded, facts=own.over(file.given) if isinstance(loaded, Digest | Record) else file.given.over(own))


def _reason(error: Exception) -> str:
    """What a library says, on one line and not longer than one."""
    text = " ".join(f"{type(error).__name__}: {error}".encode("utf-8", "replace").decode().split())
    return text if len(text) <= 100 else text[:99] + "…"
