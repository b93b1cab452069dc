"""Questions, conversations and answers in files: JSON, JSON Lines and CSV. What cannot be used is an `InputError`."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pydantic import TypeAdapter, ValidationError

from shanghai_qa.errors import InputError
from shanghai_qa.values import Answer, Ask, Turn

_COLUMNS = (
    "id", "question", "outcome", "direct_answer", "answer", "sources", "quotes", "urls", "tiers", "published",
    "caveats", "missing", "error",
)  # fmt: skip
_LONGEST_CELL = 10_000_000  # characters; Python's own limit, 131,072, is shorter than a long conversation


@dataclass(frozen=True)
class Row:
    """One row of a file of questions: `ask`, or `error` in words where it cannot be one. `line` counts from 1."""

    line: int
    ask: Ask | None
    error: str | None
    id: str | None = None


def read_rows(path: Path) -> list[Row]:
    """The questions of a file, in order: CSV with a column `question` if it ends in .csv, else JSON Lines.

    Further fields `id` and `history` are used, others ignored; blank lines are skipped. Case and the blanks around
    the name of a column do not matter. A row that cannot be used comes as one with an error. InputError if the file as
    a whole cannot be read.
    """
    text = read_text(path)
    if path.suffix.lower() == ".csv":
        return _rows_of_table(path, text)
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
    if path.suffix.lower() == ".csv":
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


@contextmanager
def writing(path: Path) -> Iterator[Callable[[Row, Answer | str], None]]:
    """Write answers, or errors in words, one row each as they come: CSV if `path` ends in .csv, else JSON Lines.

    Half of a surrogate pair, which UTF-8 lacks, is written as JSON escapes it. InputError where `path` cannot be
    written, also in the midst of it.
    """
    try:
        with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            yield _csv_writer(file) if path.suffix.lower() == ".csv" else _json_writer(file)
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename and str(error.filename) != str(path):
            raise
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def _json_writer(file: IO[str]) -> Callable[[Row, Answer | str], None]:
    def write(row: Row, given: Answer | str) -> None:
        data = given.to_dict() if isinstance(given, Answer) else _failed(row, given)
        file.write(json.dumps(data, ensure_ascii=False) + "\n")
        file.flush()

    return write


def _csv_writer(file: IO[str]) -> Callable[[Row, Answer | str], None]:
    writer = csv.DictWriter(file, _COLUMNS, restval="")
    writer.writeheader()

    def write(row: Row, given: Answer | str) -> None:
        fields = _fields(given) if isinstance(given, Answer) else _failed(row, given)
        writer.writerow({name: _harmless(value or "") for name, value in fields.items()})
        file.flush()

    return write


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
    }


def _failed(row: Row, error: str) -> dict[str, str | None]:
    return {"id": row.id, "question": row.ask.question if row.ask else None, "error": f"line {row.line}: {error}"}


def _lines(values: Iterable[str]) -> str:
    return "\n".join(values)


def _harmless(value: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _rows_of_table(path: Path, text: str) -> list[Row]:
    names, rows = read_table(path, text)
    if "question" not in map(folded, names):
        expected = "the first line names the columns, separated by commas"
        raise InputError(f"{path}:1: no column named question; {expected}; found {_shown(names)}")
    return [_row(line, fields) for line, fields in rows]


def read_table(
    path: Path, text: str, delimiter: str = ",", missing: str | None = None
) -> tuple[list[str], Iterator[tuple[int, dict[str, Any]]]]:
    """The names of a table's columns, as they stand there, and its rows: line, and cells by `folded` name.

    `missing` stands for the cells that a row lacks; cells beyond the last column are under None. InputError, naming
    `path`, where the table cannot be read.
    """
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval=missing)
    with _readable(path, reader):
        names = list(reader.fieldnames or [])
    reader.fieldnames = [folded(name) for name in names]

    def rows() -> Iterator[tuple[int, dict[str, Any]]]:
        with _readable(path, reader):
            for cells in reader:
                yield reader.line_num, cells

    return names, rows()


def folded(name: str) -> str:
    """The name of a column as it is compared."""
    return name.strip().casefold()


@contextmanager
def _readable(path: Path, reader: "csv.DictReader[str]") -> Iterator[None]:
    try:
        yield
    except csv.Error as error:
        expected = f"expected cells of at most {_LONGEST_CELL:,} characters, each quotation mark closed"
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


def _answer(data: Any, where: str) -> Answer | None:
    """None for a row that `batch` wrote of a question without an answer."""
    if isinstance(data, dict) and data.get("error") and "outcome" not in data:
        return None
    try:
        return _ANSWER.validate_python(data)
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
