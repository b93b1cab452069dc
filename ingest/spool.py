"""Where documents wait, on disk and by id, until all of them have come and what is a copy of which is known."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ingest.loaded import Removed
from shanghai_qa.contents import as_document, vars_of
from shanghai_qa.errors import InputError
from shanghai_qa.values import Document

_TABLES = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
CREATE TABLE document (id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE removed (document TEXT NOT NULL, body TEXT NOT NULL);
"""


class Spool:
    """A file of its own, which goes with it; use it as a context manager. InputError where it cannot be written.

    `copies` are the ids of those that are left out, by the id of the one of which they are copies.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.copies: Mapping[str, tuple[str, ...]] = {}
        self.forget()
        with self._told():
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.executescript(_TABLES)

    def forget(self) -> None:
        """Remove the file; what one that was killed left behind, too."""
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        self.forget()

    def add(self, document: Document, removed: Collection[Removed] = ()) -> None:
        """One more; its id must be new."""
        with self._told():
            body = json.dumps(vars_of(document), ensure_ascii=False)
            self._database.execute("INSERT INTO document VALUES (?, ?)", (document.id, body))
            rows = ((document.id, json.dumps(asdict(one), ensure_ascii=False)) for one in removed)
            self._database.executemany("INSERT INTO removed VALUES (?, ?)", rows)

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM document").fetchone()[0])

    def documents(self) -> Iterator[Document]:
        """All by id, but for copies; what has some names them by address, else id."""
        left_out = {id for ids in self.copies.values() for id in ids}
        for (body,) in self._database.execute("SELECT body FROM document ORDER BY id"):
            document = as_document(json.loads(body))
            if document.id in self.copies:
                others = map(self._document, sorted(self.copies[document.id]))
                yield replace(document, also_at=tuple(other.url or other.id for other in others))
            elif document.id not in left_out:
                yield document

    def audit(self) -> Iterator[Mapping[str, Any]]:
        """What cleaning took out of which document, by id, then which is a copy of which."""
        for id, body in self._database.execute("SELECT document, body FROM removed ORDER BY document, rowid"):
            yield {"document": id, **json.loads(body)}
        for kept, ids in sorted(self.copies.items()):
            yield from ({"document": id, "copy_of": kept} for id in sorted(ids))

    def _document(self, id: str) -> Document:
        (body,) = self._database.execute("SELECT body FROM document WHERE id = ?", (id,)).fetchone()
        return as_document(json.loads(body))

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise InputError(f"{self._path} cannot be written: {error}; make room there, or leave to write") from error
