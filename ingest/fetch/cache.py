"""What was fetched, kept in a folder: for each address a file with the data and a small JSON that says what it is.

The JSON names its file by the content and is replaced in one atomic step, after the data is on disk: a process that is
killed leaves the old pair or the new one, never a mixture. What does not fit together counts as not there. The folder
also holds a lock for each host, so that ingests that share it take turns.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx
import portalocker
from pydantic import TypeAdapter

from ingest.fetch.limits import AddressRefused, Limits
from shanghai_qa.errors import CorpusError


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is kept of one address; the fields of the answer's header as the server sent them."""

    address: str
    file: str  # its path under the folder of the cache
    sha256: str
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None

    @property
    def conditions(self) -> dict[str, str]:
        """Header fields of a request that asks for something else than this."""
        fields = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in fields.items() if value and value.isascii()}


_ENTRY = TypeAdapter(Entry)


@dataclass(frozen=True)
class Cache:
    """A folder, made when needed. CorpusError where it cannot be written to."""

    folder: Path

    def load(self, url: httpx.URL) -> Entry | None:
        """What is kept of the address; None where that is nothing or damaged."""
        try:
            entry = _ENTRY.validate_json(self._at(url, ".json").read_bytes())
            whole = sha256(self.path(entry).read_bytes()).hexdigest() == entry.sha256
        except (OSError, ValueError):
            return None
        return entry if whole and entry.address == str(url) else None

    def path(self, entry: Entry) -> Path:
        return self.folder / entry.file

    def store(self, url: httpx.URL, chunks: Iterable[bytes], ending: str, headers: httpx.Headers) -> Entry:
        """Keep what came from the address, in place of what was kept of it; an error of `chunks` leaves the old."""
        part, record, digest = self._at(url, ".part"), self._at(url, ".json"), sha256()
        with self._writing():
            part.parent.mkdir(parents=True, exist_ok=True)
            try:
                with part.open("wb") as file:
                    for chunk in chunks:
                        digest.update(chunk)
                        file.write(chunk)
                    file.flush()
                    os.fsync(file.fileno())
                data = self._at(url, f"-{digest.hexdigest()[:16]}{ending}")
                entry = Entry(
                    address=str(url),
                    file=data.relative_to(self.folder).as_posix(),
                    sha256=digest.hexdigest(),
                    content_type=headers.get("content-type"),
                    etag=headers.get("etag"),
                    last_modified=headers.get("last-modified"),
                )
                part.replace(data)
                with part.open("wb") as file:
                    file.write(_ENTRY.dump_json(entry, indent=1))
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(record)
            finally:
                part.unlink(missing_ok=True)
            for old in data.parent.glob(f"{record.stem}-*"):
                if old != data:
                    old.unlink(missing_ok=True)
        return entry

    @contextmanager
    def turn(self, url: httpx.URL, pause_s: float, limits: Limits) -> Iterator[None]:
        """The sole right to ask the host of the address, at the earliest `pause_s` after it was last asked."""
        lock = self.folder / f"{_key(url.host)}.lock"
        with self._writing():
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                with portalocker.Lock(lock, "a", timeout=limits.turn_s, check_interval=0.05) as file:
                    last = lock.stat()
                    if last.st_size:  # it is empty until the first request is over
                        time.sleep(min(pause_s, max(0, last.st_mtime + pause_s - time.time())))
                    try:
                        yield
                    finally:
                        file.truncate(0)
                        file.write(f"{url.host}\n")
                        file.flush()
            except portalocker.LockException as error:
                what = f"another ingest has been asking {url.host} for {limits.turn_s:g} s"
                raise AddressRefused(url, what, "run this again when that is done") from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            what = f"the folder {self.folder} for fetched files cannot be written to ({error.strerror or error})"
            raise CorpusError(f"{what}; make room there, or allow it") from error

    def _at(self, url: httpx.URL, ending: str) -> Path:
        key = _key(str(url))
        return self.folder / key[:2] / f"{key}{ending}"


def _key(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:32]
