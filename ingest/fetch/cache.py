"""What was fetched, kept in a folder: for each address a file with the data and a small JSON that says what it is.

The JSON names its file by the content and is replaced in one atomic step, after the data is on disk: a process that is
killed leaves the old pair or the new one, never a mixture. What does not fit together counts as not there. An address
that redirects has the JSON of the one where that ended. What is used is marked with the time, and goes when it was not
for long. The folder also holds a lock for each host, so that ingests that share it take turns.
"""

import math
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
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
_KEPT_S = 90 * 24 * 3600  # since it was last used


@dataclass(frozen=True)
class Cache:
    """A folder, made when needed. CorpusError where it cannot be written to."""

    folder: Path

    def load(self, url: httpx.URL) -> Entry | None:
        """What is kept of the address itself; None where that is nothing or damaged."""
        entry = self._record(url)
        return entry if entry and entry.address == str(url) and self._is_whole(url, entry) else None

    def last(self, url: httpx.URL) -> Entry | None:
        """What is kept of the address, or of where it redirected to when it was last fetched."""
        entry = self._record(url)
        return self.load(httpx.URL(entry.address)) if entry else None

    def _record(self, url: httpx.URL) -> Entry | None:
        try:
            return _ENTRY.validate_json(self._at(url, ".json").read_bytes())
        except (OSError, ValueError):
            return None

    def _is_whole(self, url: httpx.URL, entry: Entry) -> bool:
        """Whether the data is as it was written; it is marked as used."""
        data = self.path(entry)
        try:
            for used in (data, self._at(url, ".json")):
                os.utime(used)
            return sha256(data.read_bytes()).hexdigest() == entry.sha256
        except OSError:
            return False

    def path(self, entry: Entry) -> Path:
        return self.folder / entry.file

    def store(self, url: httpx.URL, chunks: Iterable[bytes], ending: str, headers: httpx.Headers) -> Entry:
        """Keep what came from the address, in place of what was kept of it; an error of `chunks` leaves the old."""
        part, digest = self._at(url, ".part"), sha256()
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
                self._write(url, entry)
            finally:
                part.unlink(missing_ok=True)
            for old in data.parent.glob(f"{_key(str(url))}-*"):
                if old != data:
                    old.unlink(missing_ok=True)
        return entry

    def redirect(self, url: httpx.URL, to: str) -> None:
        """Keep that the address led to another one, of which something is kept."""
        entry = self._record(httpx.URL(to))
        if entry:
            with self._writing():
                self._at(url, ".json").parent.mkdir(parents=True, exist_ok=True)
                self._write(url, entry)

    def forget(self, url: httpx.URL) -> None:
        """Count what is kept of the address as not there: there is nothing any more."""
        with self._writing():
            self._at(url, ".json").unlink(missing_ok=True)

    def prune(self) -> None:
        """Remove what no run has used for 90 days."""
        with self._writing():
            for file in self.folder.glob("??/*"):
                with suppress(FileNotFoundError):  # another ingest may be at it
                    if time.time() - file.stat().st_mtime > _KEPT_S:
                        file.unlink()

    def _write(self, url: httpx.URL, entry: Entry) -> None:
        part = self._at(url, ".part")
        with part.open("wb") as file:
            file.write(_ENTRY.dump_json(entry, indent=1))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._at(url, ".json"))

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
                way_out = "run this again when that is done"
                raise AddressRefused(url, what, way_out, passing=True, wait_s=math.inf) from error

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
