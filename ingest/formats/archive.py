"""ZIP files: each member that is a document is loaded like a file. Nothing of a ZIP is ever written to disk."""

import stat
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from io import BufferedReader, BytesIO, RawIOBase
from itertools import pairwise
from pathlib import PurePosixPath
from typing import BinaryIO, cast
from zipfile import ZipFile, ZipInfo

from ingest.formats import is_document, load_file
from ingest.formats.file import BREAK, MAX_DEPTH, MAX_RATIO, Budget, File, LineError, TooSlow
from ingest.formats.front import SIDECAR, sidecar
from ingest.loaded import Facts, Loaded
from shanghai_qa.errors import CorpusError

_SMALL = 1_000_000  # bytes; whatever unpacks to no more is no bomb
_LONGEST_SIDECAR = 1_000_000  # bytes


def load(file: File) -> Iterator[tuple[str, Loaded]]:
    """The documents by path; hidden members, README.md and what is no document are left out, as in folders.

    A member that cannot be read is refused and the rest goes on.
    """
    if file.depth >= MAX_DEPTH:
        raise CorpusError(f"lies in ZIP files {MAX_DEPTH} deep; unpack them")
    with opened(BytesIO(file.data) if file.depth else file.stream, file.budget) as members:
        read = False
        for info in sorted(members.infolist(), key=lambda info: info.filename):
            if info.is_dir() or not is_document(info.filename) or _is_hidden(info.filename):
                continue
            read = True
            try:
                yield from _member(file, members, info)
            except LineError as error:
                file.refuse(f"/{_shown(info)}:{error.line}: {error}")
            except (CorpusError, TooSlow) as error:
                file.refuse(f"/{_shown(info)}: {error}")
        if not read:
            raise CorpusError("holds no document")


def opened(stream: BinaryIO, budget: Budget) -> ZipFile:
    """A ZIP file, all of whose members together may be unpacked; what they take is spent of the budget."""
    pieces = iter(partial(stream.read, _SMALL), b"")
    if sum(piece.count(b"PK\x01\x02") for piece in pieces) > budget.members:  # before all of them become objects
        budget.spend(budget.members + 1, 0)
    try:
        members = ZipFile(stream)
    except Exception as error:  # zipfile raises more than BadZipFile over a file that is damaged
        raise CorpusError("is a damaged or cut off ZIP file; save it anew") from error
    infos = sorted(members.infolist(), key=lambda info: info.header_offset)
    budget.spend(len(infos), sum(info.file_size for info in infos))
    if any(a.header_offset + a.compress_size > b.header_offset for a, b in pairwise(infos)):
        raise CorpusError("has members that overlap, as a ZIP bomb does; pack it anew")
    for info in infos:
        if info.file_size > max(_SMALL, MAX_RATIO * info.compress_size):
            raise CorpusError(f"has a member {_shown(info)} that is packed as tightly as in a ZIP bomb; pack it anew")
    return members


def _is_hidden(name: str) -> bool:
    return any(part == "__MACOSX" or (part[:1] == "." and part[1:2] not in ("", ".")) for part in name.split("/"))


def _member(file: File, members: ZipFile, info: ZipInfo) -> Iterator[tuple[str, Loaded]]:
    sidecar = _sidecar(members, info)
    name = PurePosixPath(info.filename)

    def refuse(why: str) -> None:
        file.refuse(f"/{_shown(info)}{why}")

    with _opened(members, info) as stream:
        inner = replace(
            file, name=name.name, stream=stream, size=info.file_size, depth=file.depth + 1, refuse=refuse, declared=None
        )
        for key, loaded in load_file(inner):
            path = str(name.with_suffix(""))
            yield f"{path}/{key}" if key else path, replace(loaded, facts=sidecar.over(loaded.facts))


def _opened(members: ZipFile, info: ZipInfo) -> BinaryIO:
    """A member to be unpacked; CorpusError where its name leads elsewhere or it cannot be."""
    written = info.orig_filename
    if "\\" in written or BREAK.search(written):
        raise CorpusError("has a backslash or a line break in its name; rename it")
    if written.startswith("/") or ".." in written.split("/") or written[1:2] == ":":
        raise CorpusError("has a name that leads out of its ZIP file; rename it")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise CorpusError("is a link; pack what it points at")
    if info.flag_bits & 1:
        raise CorpusError("is encrypted; pack it without a password")
    try:
        return BufferedReader(cast(RawIOBase, members.open(info)))
    except MemoryError:
        raise
    except Exception as error:  # of zipfile, and of the library of each way of packing
        raise CorpusError("is damaged and cannot be unpacked; pack it anew") from error


def _sidecar(members: ZipFile, info: ZipInfo) -> Facts:
    """What a sidecar beside the member says of it."""
    try:
        beside = members.getinfo(info.filename + SIDECAR)
    except KeyError:
        return Facts()
    if beside.file_size > _LONGEST_SIDECAR:
        raise CorpusError("has a sidecar of more than 1 MB; write a shorter one")
    try:
        with _opened(members, beside) as stream:
            return sidecar(stream.read(), beside.filename)
    except (CorpusError, MemoryError):
        raise
    except Exception as error:  # as in `_opened`
        raise CorpusError("has a sidecar that is damaged; pack it anew") from error


def _shown(info: ZipInfo) -> str:
    return BREAK.sub("?", info.orig_filename[:200].encode("utf-8", "replace").decode())
