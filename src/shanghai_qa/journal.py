"""What readers said of answers and, where that is turned on and they agree, what they asked; in one SQLite file.

Of whoever asked nothing is kept but the words: no name, no address, no mark that would tell two readers apart.

Each call opens the file, does its work in one transaction and closes it again, so that a `Journal` serves any number of
threads and processes, and whoever is killed leaves behind either the whole entry or none. SQLite's own log is the
default one and not WAL, which needs memory that all processes share: the file may lie on a network's disk.
"""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shanghai_qa.errors import InputError, ShanghaiQAError
from shanghai_qa.values import Answer, Turn

_log = logging.getLogger(__name__)

_KIND = 0x53515A4A  # PRAGMA application_id: tells a journal from any other database
_ADDED = {
    1: """
CREATE TABLE entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, helpful INTEGER NOT NULL, reason TEXT NOT NULL,
    history TEXT NOT NULL, answer TEXT NOT NULL
)
""",
    2: """
CREATE TABLE exchange (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, door TEXT NOT NULL, history TEXT NOT NULL,
    answer TEXT NOT NULL
)
""",
}
"""What each format added to the one before. AUTOINCREMENT: the number of an entry that was taken back is never given to
another."""
_FORMAT = max(_ADDED)  # PRAGMA user_version
_PATIENCE_S = 10.0  # for another process that writes
_LARGEST = 2**63 - 1  # that SQLite counts to
_NAMED = 10  # entries that an error names
_ELSEWHERE = "name another file with SHANGHAI_QA_JOURNAL"
NONE = Path("none")  # in place of a file: nothing at all is kept

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


@dataclass(frozen=True)
class Exchange:
    """A question that came in by a door, after `history`, and its answer.

    The doors are "cli", "batch", "mcp", "api", "chat" and "page"; at the last three, those who ask agreed to it.
    `id` and `at` are as those of an `Entry`, and counted apart from them.
    """

    id: int
    at: str
    door: str
    history: tuple[Turn, ...]
    answer: Answer


def _json(history: tuple[Turn, ...]) -> str:
    return json.dumps([asdict(turn) for turn in history], ensure_ascii=False)


def _now() -> datetime:
    return datetime.now(UTC)


class Journal:
    """The journal in a file, which the first write makes, with its folder, for its owner alone to read.

    JournalError where it cannot be used, and at each use but `asked` where its path is `NONE`, under which nothing is
    kept. What is asked is kept only with `keeps_questions`, and what is removed is wiped from the file. A journal of an
    older format is read as it is, and brought up to this one by the first write, in the same transaction.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime] = _now, *, keeps_questions: bool = False) -> None:
        self.path = path
        self.keeps_votes = path != NONE
        self.keeps_questions = keeps_questions and self.keeps_votes
        self._clock = clock

    def add(self, answer: Answer, history: tuple[Turn, ...], helpful: bool, reason: str = "") -> Entry:
        """Write down what a reader said; InputError if it holds characters that are no text."""
        return self._write(Entry(0, self._at(), helpful, reason.strip(), history, answer), None)

    def asked(self, answer: Answer, history: tuple[Turn, ...], door: str) -> Exchange | None:
        """Keep a question and its answer, of someone who agreed to it; None, and nothing kept, unless turned on.

        The answer goes in without its id, which is the asker's own. A journal that cannot be written is logged, and
        costs nobody the answer.
        """
        if not self.keeps_questions:
            return None
        made = Exchange(0, self._at(), door, history, replace(answer, id=None))
        row = (made.at, door, _json(history), made.answer.to_json())
        try:
            return replace(made, id=self._insert("exchange", None, *row))
        except ShanghaiQAError as error:
            _log.warning("a question was not kept: %s", error)
            return None

    def exchanges(self) -> tuple[Exchange, ...]:
        """All questions that were kept, oldest first."""
        return tuple(
            Exchange(id, at, door, *self._parsed(f"question {id}", history, answer))
            for id, at, door, history, answer in self._rows("exchange", 2, "ORDER BY id")
        )

    def prune(self, days: int) -> int:
        """Remove all that is more than `days` old, votes and questions; how many they were.

        ValueError for less than 0 days.
        """
        if days < 0:
            raise ValueError(f"days must be at least 0, got {days}")
        if not self._is_there():
            return 0
        before = self._at(timedelta(days=days))
        with self._opened("rw") as connection:
            connection.execute("BEGIN IMMEDIATE")
            tables = ("entry", "exchange")[: self._format(connection)]
            return sum(connection.execute(f"DELETE FROM {name} WHERE at < ?", (before,)).rowcount for name in tables)

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

    def _at(self, ago: timedelta = timedelta()) -> str:
        return (self._clock() - ago).astimezone(UTC).isoformat(timespec="seconds")

    def _write(self, entry: Entry, id: int | None) -> Entry:
        row = (entry.at, entry.helpful, entry.reason, _json(entry.history), entry.answer.to_json())
        return replace(entry, id=self._insert("entry", id, *row))

    def _insert(self, table: str, id: int | None, *row: str | bool) -> int:
        """The number of the new row; nothing changes where `id` stands."""
        try:
            "".join(map(str, row)).encode()
        except UnicodeEncodeError as error:
            raise InputError("the answer or what was said has characters that are no text; hand in others") from error
        self._make_file()
        places = ", ".join("?" * (len(row) + 1))
        with self._opened("rwc") as connection:
            connection.execute("BEGIN IMMEDIATE")  # at once, so that of two first writers one makes the tables
            self._bring_up(connection)
            given = connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", (id, *row)).lastrowid
        return id or given or 0

    def _read(self, which: str, *values: object) -> tuple[Entry, ...]:
        return tuple(
            Entry(id, at, bool(helpful), reason, *self._parsed(f"entry {id}", history, answer))
            for id, at, helpful, reason, history, answer in self._rows("entry", 1, which, *values)
        )

    def _rows(self, table: str, since: int, which: str, *values: object) -> list[tuple[Any, ...]]:
        """Those of a table that there is `since` a format."""
        if not self._is_there():
            return []
        with self._opened("rw") as connection:  # not "ro": a reader may have to roll back what was left half written
            if self._format(connection) < since:
                return []
            return connection.execute(f"SELECT * FROM {table} {which}", values).fetchall()

    def _parsed(self, name: str, history: str, answer: str) -> tuple[tuple[Turn, ...], Answer]:
        try:
            return _HISTORY.validate_json(history), _ANSWER.validate_json(answer)
        except ValidationError as error:
            raise JournalError(f"{self.path}: {name} cannot be read: {error.errors()[0]['msg']}") from error

    def _is_there(self) -> bool:
        if not self.keeps_votes:
            raise JournalError(f"nothing is kept, since the journal is {str(NONE)!r}; {_ELSEWHERE}")
        return self.path.exists()

    def _make_file(self) -> None:
        if self._is_there():
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch(mode=0o600)
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
                connection.execute("PRAGMA secure_delete = ON")
                yield connection
        except sqlite3.Error as error:
            raise JournalError(self._explained(error)) from error

    def _format(self, connection: sqlite3.Connection) -> int:
        """The format of the journal in the file, 0 where it is empty; JournalError where it is of another program."""
        kind, format, tables = connection.execute(
            "SELECT * FROM pragma_application_id, pragma_user_version, (SELECT count(*) FROM sqlite_master)"
        ).fetchone()
        if kind == _KIND and not 1 <= format <= _FORMAT:
            raise JournalError(f"{self.path} has format {format}, this version knows {_FORMAT}; use a newer version")
        if kind != _KIND and (kind or format or tables):
            raise JournalError(f"{self.path} is another program's database; {_ELSEWHERE}")
        return int(format)

    def _bring_up(self, connection: sqlite3.Connection) -> None:
        """Make it a journal of this format; all that it holds stays."""
        for format in range(self._format(connection) + 1, _FORMAT + 1):
            connection.execute(_ADDED[format])
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
