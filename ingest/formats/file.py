"""What every loader of a format is handed, and the limits that all of them keep to."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ingest.loaded import Facts, Loaded
from shanghai_qa.errors import CorpusError

MAX_BYTES = 200_000_000  # of a file, or of a member of a ZIP when unpacked
MAX_UNPACKED = 2_000_000_000  # bytes of all members of a ZIP together, of ZIPs within it too
MAX_MEMBERS = 100_000
MAX_DEPTH = 3  # ZIP in ZIP in ZIP
MAX_RATIO = 200  # unpacked to packed; text packs ten to one, logs fifty to one, bombs a thousand to one
MAX_RECORD = 10_000_000  # characters of one record of CSV or JSON Lines
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


def check_size(size: int) -> None:
    """CorpusError for a file of too many bytes."""
    if size > MAX_BYTES:
        raise CorpusError(f"has {size / 1e6:,.0f} MB; expected at most {MAX_BYTES / 1e6:.0f} MB: split it")


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


@dataclass(frozen=True)
class File:
    """A file to load.

    `name` with its ending. `given` are facts from outside, which go before what the file says of itself but not before
    front matter. `columns` says which column or key of a record holds which field, where names do not tell. `declared`
    is the encoding that its server named. `refuse` is told where in the file a member or record is left out, and why,
    as "/path: why" or ":line: why"; CorpusError where the file is to be given up for that.
    """

    name: str
    data: bytes
    given: Facts = field(default_factory=Facts)
    columns: Mapping[str, str] = field(default_factory=dict)
    declared: str | None = None
    refuse: Callable[[str], None] = refusing
    budget: Budget = field(default_factory=Budget)
    depth: int = 0

    def text(self, declared: str | None = None) -> str:
        """The bytes as text; CorpusError where they are none."""
        from ingest.decode import decode

        return decode(self.data, self.declared or declared)
