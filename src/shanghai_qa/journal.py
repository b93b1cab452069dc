"""What readers said of answers, kept in one SQLite file.

Each call opens the file, does its work in one transaction and closes it again, so that a `Journal` serves any number of
threads and processes, and whoever is killed leaves behind either the whole entry or none. SQLite's own log is the
default one and not WAL, which needs memory that all processes share: the file may lie on a network's disk.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from shanghai_qa.errors import InputError, ShanghaiQAError
from shanghai_qa.values import Answer, Turn

_KIND = 0x53515A4A  # PRAGMA application_id: tells a journal from any other database
_FORMAT = 1  # PRAGMA user_version
_TABLE = """
CREATE TABLE entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, helpful INTEGER NOT NULL, reason TEXT NOT NULL,
    history TEXT NOT NULL, answer TEXT NOT NULL
)
"""  # AUTOINCREMENT: the number of an entry that was taken back is never given to another
_PATIENCE_S = 10.0  # for another process that writes
_LARGEST = 2**63 - 1  # that SQLite counts to
_NAMED = 10  # entries that an error names
_ELSEWHERE = "name another file with SHANGHAI_QA_JOURNAL"

_HISTORY = TypeAdapter(tuple[Turn, ...])
_ANSWER = TypeAdapter(Answer)


class JournalError(ShanghaiQAError):
    """A journal that cannot be read or written, or a file that is none."""


@dataclass(frozen=True)
class Entry:
    """What one reader said of one answer, which was given after `history`.

    `id` counts from 1 and is never given twice; `at` is the time in UTC, as ISO 8601, to the second. `reason` is in the
    reader's words, "" where none was given.
    """

    id: int
    at: str
    helpful: bool
    reason: str
    history: tuple[Turn, ...]
    answer: Answer

    @property
    def question(self) -> str:
        """As asked."""
        return self.answer.question


def _now() -> datetime:
    return datetime.now(UTC)


class Journal:
    """The journal in a file, which the first `add` makes, with its folder. JournalError where it cannot be used."""

    def __init__(self, path: Path, clock: Callable[[], datetime] = _now) -> None:
        self.path = path
        self._clock = clock

    def add(self, answer: Answer, history: tuple[Turn, ...], helpful: bool, reason: str = "") -> Entry:
        """Write down what a reader said; InputError if it holds characters that are no text."""
        at = self._clock().astimezone(UTC).isoformat(timespec="seconds")
        return self._write(Entry(0, at, helpful, reason.strip(), history, answer), None)

    def entries(self, helpful: bool | None = None) -> tuple[Entry, ...]:
        """All entries, or those that found the answer helpful or not, oldest first; none where nothing was said yet."""
        return self._read("WHERE ?1 IS NULL OR helpful = ?1 ORDER BY id", helpful)

    def entry(self, id: int) -> Entry:
        """The entry of that number; InputError if there is none."""
        found = self._read("WHERE id = ?", id) if abs(id) <= _LARGEST else ()
        if not found:
            raise InputError(f"no entry {id} in {self.path}; {self._what_there_is()}")
        return found[0]

    def remove(self, id: int) -> Entry:
        """Take an entry back, and return it, so that `restore` can undo this; InputError if there is none."""
        entry = self.entry(id)
        with self._opened("rw") as connection:
            connection.execute("DELETE FROM entry WHERE id = ?", (id,))
        return entry

    def restore(self, entry: Entry) -> Entry:
        """Put back what was removed, under its number; nothing changes where it stands."""
        return self._write(entry, entry.id)

    def _write(self, entry: Entry, id: int | None) -> Entry:
        history = json.dumps([asdict(turn) for turn in entry.history], ensure_ascii=False)
        row = (id, entry.at, entry.helpful, entry.reason, history, entry.answer.to_json())
        try:
            "".join(row[3:]).encode()
        except UnicodeEncodeError as error:
            raise InputError("the answer or the reason has characters that are no text; hand in others") from error
        self._make_folder()
        with self._opened("rwc") as connection:
            connection.execute("BEGIN IMMEDIATE")  # at once, so that of two first writers one makes the table
            if not self._begun(connection):
                self._begin(connection)
            given = connection.execute("INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?, ?, ?)", row).lastrowid
        return replace(entry, id=id or given or 0)

    def _read(self, which: str, *values: object) -> tuple[Entry, ...]:
        if not self.path.exists():
            return ()
        with self._opened("rw") as connection:  # not "ro": a reader may have to roll back what was left half written
            begun = self._begun(connection)
            rows = connection.execute(f"SELECT * FROM entry {which}", values).fetchall() if begun else []
        return tuple(self._entry(*row) for row in rows)

    def _entry(self, id: int, at: str, helpful: int, reason: str, history: str, answer: str) -> Entry:
        try:
            turns, given = _HISTORY.validate_json(history), _ANSWER.validate_json(answer)
        except ValidationError as error:
            raise JournalError(f"{self.path}: entry {id} cannot be read: {error.errors()[0]['msg']}") from error
        return Entry(id, at, bool(helpful), reason, turns, given)

    def _make_folder(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise JournalError(f"{self.path} cannot be written: {error.strerror}; {_ELSEWHERE}") from error

    @contextmanager
    def _opened(self, mode: str) -> Iterator[sqlite3.Connection]:
        """A connection that commits what was done, or nothing of it after an error. `mode` is that of SQLite's URIs."""
        address = f"{self.path.absolute().as_uri()}?mode={mode}"
        try:
            with (
                closing(sqlite3.connect(address, _PATIENCE_S, isolation_level=None, uri=True)) as connection,
                connection,
            ):
                yield connection
        except sqlite3.Error as error:
            raise JournalError(self._explained(error)) from error

    def _begun(self, connection: sqlite3.Connection) -> bool:
        """Whether the file holds a journal; False where it is empty, JournalError where it is of another program."""
        kind, format, tables = connection.execute(
            "SELECT * FROM pragma_application_id, pragma_user_version, (SELECT count(*) FROM sqlite_master)"
        ).fetchone()
        if kind == _KIND and format != _FORMAT:
            raise JournalError(f"{self.path} has format {format}, this version knows {_FORMAT}; use a newer version")
        if kind != _KIND and (kind or format or tables):
            raise JournalError(f"{self.path} is another program's database; {_ELSEWHERE}")
        return bool(kind == _KIND)

    def _begin(self, connection: sqlite3.Connection) -> None:
        connection.execute(_TABLE)
        connection.execute(f"PRAGMA application_id = {_KIND}")
        connection.execute(f"PRAGMA user_version = {_FORMAT}")

    def _explained(self, error: sqlite3.Error) -> str:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without what SQLite adds in detail
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return f"{self.path} is no journal ({error}); move it away, or {_ELSEWHERE}"
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return f"{self.path} is being written by another process; try again"
        return f"{self.path} cannot be used: {error}; make room there or give leave to write, or {_ELSEWHERE}"

    def _what_there_is(self) -> str:
        ids = [str(entry.id) for entry in self.entries()]
        some = [*ids[:_NAMED], "…", ids[-1]] if len(ids) > _NAMED + 1 else ids
        return f"there are: {', '.join(some)}" if ids else "nothing was said yet; say it with: shanghai-qa feedback"
