"""A file of questions becomes a file of answers, one row each in order, which outlives whoever is killed over it.

JSON Lines and CSV grow by whole rows, each on the disk before the next is begun. XLSX, which cannot grow, is made at
the end from JSON Lines kept beside it until then. A later run over the same questions goes on behind the rows that it
finds, if they were asked and answered as they would be now, which hashes in a hidden file beside them tell; one torn by
a crash is done again.
"""

import csv
import hashlib
import io
import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import portalocker

from shanghai_qa.errors import InputError, ShanghaiQAError
from shanghai_qa.export import harmless
from shanghai_qa.files import LONGEST_CELL, Row, as_answer, numbered, parse_json
from shanghai_qa.sheet import cell_text, read_sheet, write_sheet
from shanghai_qa.store import Index, Snapshot
from shanghai_qa.values import Answer, Ask

COLUMNS = (
    "id", "question", "outcome", "direct_answer", "answer", "sources", "quotes", "urls", "tiers", "published",
    "caveats", "missing", "error", "answerer", "corpus",
)  # fmt: skip
"""Of a table of answers; `corpus` is its version. Several sources, quotes, … of an answer are lines of one cell."""

_PER_THREAD = 2  # rows that wait for each thread, so that none idles while a slow row is waited for


class Still(Index):
    """An index that is followed no further once it is open, so that all rows are answered from one snapshot."""

    _is_open = False

    def open(self) -> Snapshot:
        snapshot = super().open()
        self._is_open = True
        return snapshot

    def current(self) -> str | None:
        return None if self._is_open else super().current()


def answered(rows: Iterable[Row], answer: Callable[[Ask], Answer], threads: int) -> Iterator[Answer | str]:
    """What comes of each row, in order, with at most `threads` at work: an answer, or in words why there is none."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Answer | str]] = deque()
        try:
            for row in rows:
                waiting.append(pool.submit(_outcome, row, answer))
                if len(waiting) >= threads * _PER_THREAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _outcome(row: Row, answer: Callable[[Ask], Answer]) -> Answer | str:
    if row.ask is None:
        return str(row.error)
    try:
        return answer(row.ask)
    except ShanghaiQAError as error:
        return str(error)


@dataclass(frozen=True)
class Kept:
    """What a file of answers holds of one row; `corpus` is the version that answered, "" under an error."""

    id: str
    question: str
    corpus: str
    failed: bool


@dataclass(frozen=True)
class Output:
    """A file of answers: `kept` are the rows that it held before, and `write` adds the next.

    A row is on the disk when `write` returns.
    """

    kept: Sequence[Kept]
    write: Callable[[Row, Answer | str], None]


@contextmanager
def writing(path: Path, rows: Sequence[Row], corpus: str, answerer: str, anew: bool = False) -> Iterator[Output]:
    """The file of the answers to `rows` from that version of the corpus: CSV or XLSX by its ending, else JSON Lines.

    `answerer` says in whatever form what answers: all besides a row and the corpus that the answer depends on. What
    the file holds is kept, unless `anew`. InputError, and nothing changes, where that are not answers to the first of
    `rows` by that answerer from that corpus, and where another batch writes there; also where `path` cannot be written,
    even in the midst of it. Half of a surrogate pair, which UTF-8 lacks, is written as JSON escapes it.
    """
    sheet = path.suffix.lower() == ".xlsx"
    place = path.with_name(f"{path.name}.part.jsonl") if sheet else path
    form = _Table() if path.suffix.lower() == ".csv" else _JsonLines()
    asked = _Asked(path, [_hash(row, answerer) for row in rows])
    try:
        if sheet and path.exists() and not (place.exists() or anew):
            kept = _kept_in_sheet(path, rows, corpus)
            asked.check(len(kept))
            yield Output(kept, _nothing_left)
            return
        with _growing(place, form, rows, corpus, asked, anew) as output:
            yield output
            if sheet:
                write_sheet(path, "answers", [COLUMNS, *map(_cells, form.records(place.read_text(encoding="utf-8")))])
                place.unlink()
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename and Path(error.filename).parent != path.parent:
            raise
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


@contextmanager
def _growing(
    place: Path, form: "_Form", rows: Sequence[Row], corpus: str, asked: "_Asked", anew: bool
) -> Iterator[Output]:
    regular = place.is_file() or not place.exists()  # else a device or a pipe, which holds nothing
    with place.open("a+b" if regular else "wb") as file:
        if regular:
            _lock(file, place)
            file.seek(0)
        data = file.read() if regular and not anew else b""
        begins = form.begins.encode()
        if not (data.startswith(begins) or begins.startswith(data)):
            raise InputError(f"{place} holds something else than answers; {_ELSEWHERE}")
        data = data[: form.whole(data)]
        kept: list[Kept] = []
        if data:
            kept = _checked(place, _kept(place, form, data), [_as_kept(form, row) for row in rows], corpus)
            asked.check(len(kept))
        if regular:
            file.truncate(len(data))
            asked.write()

        def add(text: str) -> None:
            file.write(text.encode("utf-8", "backslashreplace"))
            file.flush()
            if regular:
                os.fsync(file.fileno())

        if not data:
            add(form.head)
        yield Output(kept, lambda row, given: add(form.line(row, given)))


def _lock(file: IO[bytes], place: Path) -> None:
    """Hold a file until it is closed; InputError where another batch does."""
    try:
        portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
    except portalocker.exceptions.LockException as error:
        raise InputError(f"another batch writes to {place}; wait until it has ended, or name another file") from error


def _kept(place: Path, form: "_Form", data: bytes) -> list[Kept]:
    try:
        return [_kept_of(record) for record in form.records(data.decode("utf-8"))]
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise InputError(f"{place} holds something else than answers; {_ELSEWHERE}") from error


def _kept_of(record: dict[str, Any]) -> Kept:
    corpus = record.get("corpus") or ""
    version = corpus["version"] if isinstance(corpus, dict) else corpus
    return Kept(record["id"] or "", record["question"] or "", version, bool(record.get("error")))


def _as_kept(form: "_Form", row: Row) -> Kept:
    """A row as it is read back once it is written."""
    text = form.head + form.line(row, "?")
    (record,) = form.records(text.encode("utf-8", "backslashreplace").decode())
    return _kept_of(record)


def _kept_in_sheet(path: Path, rows: Sequence[Row], corpus: str) -> list[Kept]:
    """What a finished workbook holds; it must be all of `rows`."""
    names, *cells = read_sheet(path) or [()]
    if names != COLUMNS:
        raise InputError(f"{path} holds something else than answers; {_ELSEWHERE}")
    kept = [_kept_of(dict(zip(COLUMNS, row, strict=True))) for row in cells]
    wanted = [Kept(cell_text(row.id or ""), cell_text(row.ask.question if row.ask else ""), "", False) for row in rows]
    if len(kept) < len(wanted):
        raise InputError(f"{path} holds answers to {len(kept)} of {len(wanted)} questions; {_ELSEWHERE}")
    return _checked(path, kept, wanted, corpus)


def _checked(place: Path, kept: list[Kept], wanted: Sequence[Kept], corpus: str) -> list[Kept]:
    """`kept`, if it is of the first of the rows `wanted`, and of that corpus."""
    for number, one in enumerate(kept, start=1):
        if number > len(wanted) or (one.id, one.question) != (wanted[number - 1].id, wanted[number - 1].question):
            raise InputError(f"{place} holds answers to other questions, first in row {number}; {_ELSEWHERE}")
        if one.corpus not in ("", corpus):
            raise InputError(f"{place} was answered from another version of the corpus, {one.corpus}; {_ELSEWHERE}")
    return kept


class _Asked:
    """What tells how each row of the file at `path` was asked and answered: a hidden file of hashes, a line a row."""

    def __init__(self, path: Path, hashes: Sequence[str]) -> None:
        self._path, self._hashes = path, hashes
        self._beside = path.with_name(f".{path.name}.asked")

    def check(self, count: int) -> None:
        """InputError where one of the first `count` rows was asked or answered otherwise; without the file none was."""
        if not self._beside.is_file():
            return
        pairs = zip(self._hashes[:count], self._beside.read_text(encoding="utf-8").split(), strict=False)
        for number, (now, then) in enumerate(pairs, start=1):
            if now != then:
                why = f"first in row {number}: history, filters, settings or model differ"
                raise InputError(f"{self._path} was answered otherwise, {why}; {_ELSEWHERE}")

    def write(self) -> None:
        new = self._beside.with_name(f"{self._beside.name}.new")
        new.write_text("".join(f"{one}\n" for one in self._hashes), encoding="utf-8")
        new.replace(self._beside)


def _hash(row: Row, answerer: str) -> str:
    """Of all that an answer depends on besides the corpus; the same in every run."""
    asked = json.dumps([row.ask and asdict(row.ask), answerer])
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


_ELSEWHERE = "name another file, or write it anew with --anew"


def _nothing_left(row: Row, given: Answer | str) -> None:
    raise AssertionError("a finished file takes no further row")


class _Form(Protocol):
    """How rows stand in a file that grows."""

    head: str
    """What comes before the first row."""
    begins: str
    """What every file of answers begins with."""

    def line(self, row: Row, given: Answer | str) -> str:
        """One row."""

    def whole(self, data: bytes) -> int:
        """The length of what is whole: the rest was torn."""

    def records(self, text: str) -> list[dict[str, Any]]:
        """The rows of a text; ValueError, KeyError, TypeError or AttributeError for what is none."""


class _JsonLines:
    head = ""
    begins = '{"id": '

    def line(self, row: Row, given: Answer | str) -> str:
        data = given.to_dict() if isinstance(given, Answer) else _failed(row, given)
        return json.dumps(data, ensure_ascii=False) + "\n"

    def whole(self, data: bytes) -> int:
        return data.rfind(b"\n") + 1

    def records(self, text: str) -> list[dict[str, Any]]:
        return [parse_json(line) for _, line in numbered(text)]


class _Table:
    head = begins = ",".join(COLUMNS) + "\r\n"

    def line(self, row: Row, given: Answer | str) -> str:
        fields = _fields(given) if isinstance(given, Answer) else _failed(row, given)
        text = io.StringIO(newline="")
        csv.writer(text).writerow(harmless(fields.get(name) or "") for name in COLUMNS)
        return text.getvalue()

    def whole(self, data: bytes) -> int:
        """Up to the last end of line that no quotation marks enclose."""
        end = len(data)
        while (end := data.rfind(b"\r\n", 0, end)) >= 0:
            if data.count(b'"', 0, end) % 2 == 0:
                return end + 2
        return 0

    def records(self, text: str) -> list[dict[str, Any]]:
        csv.field_size_limit(LONGEST_CELL)
        return list(csv.DictReader(io.StringIO(text, newline="")))


def _cells(record: dict[str, Any]) -> list[str]:
    """A row of JSON Lines as the cells of a table."""
    answer = as_answer(record)
    fields = record if answer is None else _fields(answer)
    return [fields.get(name) or "" for name in COLUMNS]


def _fields(answer: Answer) -> dict[str, str | None]:
    sources = [citation.source for citation in answer.citations]
    marked = (f"{s.text} {''.join(f'[{n}]' for n in s.citations)}" for s in answer.statements)
    return {
        "id": answer.id,
        "question": answer.question,
        "outcome": answer.outcome,
        "direct_answer": answer.direct_answer,
        "answer": " ".join(marked),
        "sources": _lines(source.id for source in sources),
        "quotes": _lines(citation.quote for citation in answer.citations),
        "urls": _lines(source.url or "" for source in sources),
        "tiers": _lines(source.tier for source in sources),
        "published": _lines(source.published or "" for source in sources),
        "caveats": _lines(answer.caveats),
        "missing": _lines(answer.missing),
        "answerer": answer.answerer,
        "corpus": answer.corpus.version,
    }


def _failed(row: Row, error: str) -> dict[str, str | None]:
    return {"id": row.id, "question": row.ask.question if row.ask else None, "error": f"line {row.line}: {error}"}


def _lines(values: Iterable[str]) -> str:
    return "\n".join(values)
