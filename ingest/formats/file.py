"""What every loader of a format is handed, and the limits that all of them keep to."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO

from ingest.loaded import Facts, Loaded
from shanghai_qa.errors import CorpusError

MAX_BYTES = 200_000_000  # of a file that is read whole, as all are but records and ZIPs, or of such a member of a ZIP
MAX_UNPACKED = 2_000_000_000  # bytes of all members of a ZIP together, of ZIPs within it too
MAX_MEMBERS = 100_000
MAX_DEPTH = 3  # ZIP in ZIP in ZIP
MAX_RATIO = 200  # unpacked to packed; text packs ten to one, logs fifty to one, bombs a thousand to one
MAX_RECORD = 10_000_000  # characters of one record of CSV or JSON Lines
_HEAD = 4096  # bytes
_BLOCK = 8_000_000  # bytes that are decoded together
_TELLING = 200_000  # bytes that tell their encoding; fewer at the end go with the block before
FIELDS = ("text", "title", "url", "published", "publisher", "authors", "tier", "topics", "places", "id")
"""What a record of CSV or JSON Lines may hold."""

BREAK = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What no name may hold: it ends a line, or moves what is printed."""

MAX_LINE = 1_000_000  # characters; a novel has fewer


class LineError(CorpusError):
    """What is wrong on one line of a file; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class TooSlow(BaseException):
    """Raised in whatever a loader is doing when its time is over; no `except Exception` of a library swallows it."""


def refusing(message: str) -> None:
    """Refuse by giving up."""
    raise CorpusError(message)


@dataclass
class Budget:
    """What may still be unpacked of a ZIP and of all ZIPs in it."""

    members: int = MAX_MEMBERS
    bytes: int = MAX_UNPACKED

    def spend(self, members: int, unpacked: int) -> None:
        """CorpusError where it is not enough."""
        self.members -= members
        self.bytes -= unpacked
        if self.members < 0:
            raise CorpusError(f"holds more than {MAX_MEMBERS:,} members; split it")
        if self.bytes < 0:
            raise CorpusError(f"unpacks to more than {MAX_UNPACKED / 1e9:.0f} GB; split it")


class Digest(Loaded):
    """A text with front matter: its facts go before those from outside, and somebody wrote it without boilerplate."""


class Record(Loaded):
    """A text with columns beside it: its facts go before those from outside."""


@dataclass(frozen=True)
class File:
    """A file to load.

    `name` with its ending. `stream` is at its beginning and gives `size` bytes. `given` are facts from outside, which
    go before what the file says of itself but not before front matter and columns. `columns` says which column or key
    of a record holds which field, where names do not tell. `declared` is the encoding that its server named. `refuse`
    is told where in the file a member or record is left out, and why, as "/path: why" or ":line: why"; CorpusError
    where the file is to be given up for that.
    """

    name: str
    stream: BinaryIO
    size: int
    given: Facts = field(default_factory=Facts)
    columns: Mapping[str, str] = field(default_factory=dict)
    declared: str | None = None
    refuse: Callable[[str], None] = refusing
    budget: Budget = field(default_factory=Budget)
    depth: int = 0

    @cached_property
    def head(self) -> bytes:
        """The first bytes, which say what it is."""
        head = self.stream.read(_HEAD)
        self.stream.seek(0)
        return head

    @cached_property
    def data(self) -> bytes:
        """All of it, for what cannot be read in parts; CorpusError where it is too large for that."""
        if self.size > MAX_BYTES:
            raise CorpusError(f"has {self.size / 1e6:,.0f} MB; expected at most {MAX_BYTES / 1e6:.0f} MB: split it")
        return self.stream.read()

    def text(self, declared: str | None = None) -> str:
        """The bytes as text; CorpusError where they are none."""
        from ingest.decode import decode

        return decode(self.data, self.declared or declared)

    def texts(self) -> Iterator[str]:
        """The bytes as text, of whole lines, some megabytes at a time; CorpusError where they are none.

        UTF-16 and UTF-32, whose lines cannot be told by their bytes, are read whole.
        """
        from ingest.decode import decode

        if b"\0" in self.head:
            yield self.text()
            return
        held = self._lines()
        while more := self._lines():
            if len(more) < _TELLING:
                held += more
            else:
                yield decode(held, self.declared)
                held = more
        yield decode(held, self.declared)

    def _lines(self) -> bytes:
        return b"".join(self.stream.readlines(_BLOCK))
