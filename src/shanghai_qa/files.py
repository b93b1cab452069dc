"""Questions, conversations and answers in files: JSON, JSON Lines, CSV and XLSX. InputError for what cannot be used."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shanghai_qa.errors import InputError
from shanghai_qa.values import Answer, Ask, Turn

LONGEST_CELL = 10_000_000  # characters; Python's own limit, 131,072, is shorter than a long conversation


@dataclass(frozen=True)
class Row:
    """One row of a file of questions: `ask`, or `error` in words where it cannot be one. `line` counts from 1."""

    line: int
    ask: Ask | None
    error: str | None
    id: str | None = None


def read_rows(path: Path) -> list[Row]:
    """The questions of a file, in order: a table with a column `question` if it ends in .csv or .xlsx, else JSON Lines.

    Of a workbook the first sheet counts, and its first row names the columns; a formula is taken for what it says.
    Further fields `id` and `history` are used, others ignored; blank lines are skipped. Case and the blanks around
    the name of a column do not matter. A row that cannot be used comes as one with an error. InputError if the file as
    a whole cannot be read.
    """
    if path.suffix.lower() == ".xlsx":
        return _rows_of_table(path, *_read_workbook(path))
    text = read_text(path)
    if path.suffix.lower() == ".csv":
        return _rows_of_table(path, *read_table(path, text, delimiter_of(text)))
    return [_row_of_line(number, line) for number, line in numbered(text)]


def read_history(path: Path) -> tuple[Turn, ...]:
    """The turns of a conversation: a JSON list, or JSON Lines, of {"role": "user" | "assistant", "content": …}."""
    text = read_text(path)
    try:
        found = parse_json(text) if text.lstrip().startswith("[") else [parse_json(line) for _, line in numbered(text)]
        return _turns(found)
    except ValueError as error:
        raise InputError(f"{path}: {error}; expected a list of objects with role and content") from error


def read_answers(path: Path) -> list[Answer | None]:
    """The answers saved in a file, one JSON object or JSON Lines of them; None for a row with an error instead.

    InputError, naming the line in JSON Lines, for what is neither; and where there is no answer at all.
    """
    if path.suffix.lower() in (".csv", ".xlsx"):
        advice = "verify reads JSON; write it with: shanghai-qa batch QUESTIONS -o answers.jsonl"
        raise InputError(f"{path} is a table; {advice}")
    text = read_text(path)
    try:
        found = [_answer(parse_json(text), str(path))]
    except ValueError:
        found = [_answer(_loads(line, f"{path}:{n}"), f"{path}:{n}") for n, line in numbered(text)]
    if not any(found):
        raise InputError(f"{path} holds no answer; save one with: shanghai-qa ask --json QUESTION > {path}")
    return found


def check_writable(*paths: Path | None) -> None:
    """InputError for a path that no file can be written to, told before the work and not after it; None is skipped."""
    for path in paths:
        if path and not path.parent.is_dir():
            raise InputError(f"cannot write {path}: {path.parent} is no folder")
        if path and path.is_dir():
            raise InputError(f"cannot write {path}: it is a folder")


def _rows_of_table(path: Path, names: list[str], rows: Iterable[tuple[int, dict[str, Any]]]) -> list[Row]:
    if "question" not in map(folded, names):
        how = "" if path.suffix.lower() == ".xlsx" else ", separated by commas, semicolons or tabs"
        expected = f"the first line names the columns{how}"
        raise InputError(f"{path}:1: no column named question; {expected}; found {_shown(names)}")
    return [_row(line, fields) for line, fields in rows]


def delimiter_of(text: str) -> str:
    """What separates the columns of a table, as the first line tells: a comma where it tells nothing."""
    with suppress(csv.Error):
        return csv.Sniffer().sniff(text.split("\n", 1)[0], ",;\t").delimiter
    return ","


def read_table(
    path: Path, text: str, delimiter: str = ",", missing: str | None = None
) -> tuple[list[str], Iterator[tuple[int, dict[str, Any]]]]:
    """The names of a table's columns, as they stand there, and its rows: line, and cells by `folded` name.

    `missing` stands for the cells that a row lacks; cells beyond the last column are under None. InputError, naming
    `path`, where the table cannot be read.
    """
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval=missing)
    with _readable(path, reader):
        names = list(reader.fieldnames or [])
    reader.fieldnames = [folded(name) for name in names]

    def rows() -> Iterator[tuple[int, dict[str, Any]]]:
        with _readable(path, reader):
            for cells in reader:
                yield reader.line_num, cells

    return names, rows()


def _read_workbook(path: Path) -> tuple[list[str], Iterator[tuple[int, dict[str, Any]]]]:
    """The same of the first sheet of a workbook; rows without any text are skipped."""
    from shanghai_qa.sheet import read_sheet  # only here, since it costs a tenth of a second

    names, *rows = read_sheet(path) or [()]
    keys = [folded(name) for name in names]
    cells = ((line, dict(zip(keys, row, strict=True))) for line, row in enumerate(rows, start=2) if any(row))
    return list(names), cells


def folded(name: str) -> str:
    """The name of a column as it is compared."""
    return name.strip().casefold()


@contextmanager
def _readable(path: Path, reader: "csv.DictReader[str]") -> Iterator[None]:
    try:
        yield
    except csv.Error as error:
        expected = f"expected cells of at most {LONGEST_CELL:,} characters, each quotation mark closed"
        raise InputError(f"{path}:{reader.line_num + 1}: {error}; {expected}") from error


def _shown(names: list[str]) -> str:
    return ", ".join(repr(name[:60]) for name in names[:10]) or "none"


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, each with its number. JSON may hold any other end of line than a line feed."""
    return ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())


def _row_of_line(number: int, line: str) -> Row:
    try:
        fields = parse_json(line)
    except ValueError as error:
        return Row(number, None, f"not JSON: {error}")
    if not isinstance(fields, dict):
        return Row(number, None, 'not an object such as {"question": "…"}')
    return _row(number, fields)


def _row(number: int, fields: dict[str, Any]) -> Row:
    question, id, history = fields.get("question"), fields.get("id"), fields.get("history") or []
    id = None if id is None or id == "" else str(id)
    if not isinstance(question, str) or not question.strip():
        return Row(number, None, "no question", id)
    try:
        return Row(
            number, Ask(question, _turns(parse_json(history) if isinstance(history, str) else history), id=id), None, id
        )
    except ValueError as error:
        return Row(number, None, f"its history cannot be used: {error}", id)


def _turns(found: Any) -> tuple[Turn, ...]:
    if not isinstance(found, list):
        raise ValueError("not a list of turns")
    for turn in found:
        good = (
            isinstance(turn, dict)
            and turn.get("role") in ("user", "assistant")
            and isinstance(turn.get("content"), str)
        )
        if not good:
            raise ValueError(f"{json.dumps(turn, ensure_ascii=False)[:80]} is not a turn")
    return tuple(Turn(turn["role"], turn["content"]) for turn in found)


_ANSWER = TypeAdapter(Answer)


def as_answer(data: Any) -> Answer | None:
    """A row of saved answers; None for one that says why there is none. ValidationError for neither."""
    if isinstance(data, dict) and data.get("error") and "outcome" not in data:
        return None
    return _ANSWER.validate_python(data)


def _answer(data: Any, where: str) -> Answer | None:
    try:
        return as_answer(data)
    except ValidationError as error:
        first = error.errors()[0]
        part = ".".join(map(str, first["loc"])) or "the whole"
        raise InputError(f"{where} is not a saved answer: {part}: {first['msg']}") from error


def _loads(line: str, where: str) -> Any:
    try:
        return parse_json(line)
    except ValueError as error:
        raise InputError(f"{where}: not JSON: {error}") from error


def parse_json(text: str, **options: Any) -> Any:
    """What JSON says, by the `options` of `json.loads`; ValueError if it is none, or nested too deeply to be read."""
    try:
        return json.loads(text, **options)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, without a byte order mark; InputError names the file that is none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text in UTF-8; save it as UTF-8") from error
