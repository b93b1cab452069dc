"""From an evaluator's own file of questions to cases: a table or JSON Lines, each column taken for a field of a case.

A column goes to the field of its name, to the one that `COMMON` has for a common name, or to the one that it is mapped
to; others are left alone. Rows that make no case are told with their line, and the rest goes on.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import starmap
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from evals.cases import Case, Kind
from evals.check import Sources, problems
from evals.writing import case_id, kind_of
from shanghai_qa.errors import InputError
from shanghai_qa.files import delimiter_of, folded, numbered, parse_json, read_table, read_text
from shanghai_qa.values import Outcome

FIELDS = tuple(field.name for field in fields(Case))
COMMON = {
    "answer": "must_say", "answers": "must_say", "source": "must_cite", "sources": "must_cite", "answerable": "outcome",
}  # fmt: skip
ONE_OF, AND = "|", "&&"  # in cells of a table

_GROUPS = frozenset({"must_say", "disagree"})
_LISTS = frozenset({"must_lead", "must_not_say", "direct", "must_cite"})
_WORDS = frozenset({"kind", "tier", "outcome"})
_OUTCOMES = {
    **{outcome.value: outcome for outcome in Outcome},
    **dict.fromkeys(("true", "yes", "1"), Outcome.ANSWERED),
    **dict.fromkeys(("false", "no", "0"), Outcome.NOT_IN_CORPUS),
}
_CASE = TypeAdapter(Case)


@dataclass(frozen=True)
class Imported:
    """What a file of questions holds, in its order.

    `problems` are the rows that make no case, each as "line: why"; `unused` the columns that no field takes.
    """

    cases: tuple[Case, ...]
    problems: tuple[str, ...]
    unused: tuple[str, ...]


@dataclass(frozen=True)
class _Row:
    """What the columns of one row hold, by their names in lower case, or why it cannot be read."""

    line: int
    cells: Mapping[str, Any]
    problem: str | None = None


def read_cases(
    path: Path,
    columns: Mapping[str, str] | None = None,
    kind: Kind | None = None,
    prefix: str = "",
    taken: Iterable[str] = (),
) -> Imported:
    """The cases of a table (.csv, .tsv) or of JSON Lines.

    `columns` maps fields to columns, and goes before their names. `kind` is that of rows that give none, else it is
    guessed; `prefix` is put before each id; no id is among `taken`. InputError where the file cannot be read, has no
    column for the question or lacks one that is mapped.
    """
    ending = path.suffix.lower()
    if ending not in (".csv", ".tsv", ".jsonl", ".ndjson"):
        raise InputError(f"{path}: a file of questions ends in .csv, .tsv or .jsonl")
    text = read_text(path)
    is_table = ending in (".csv", ".tsv")
    rows = list(_rows_of_table(path, text) if is_table else starmap(_row_of_line, numbered(text)))
    names = dict.fromkeys(name for row in rows for name in row.cells)
    mapped = {field: folded(column) for field, column in (columns or {}).items()}
    _check_columns(path, names, mapped)
    chosen = [_chosen(row.cells, mapped) for row in rows]  # of each row: objects need not have the same names
    used = {column for one in chosen for column in one.values()}
    given = [_given(row, one, is_table) for row, one in zip(rows, chosen, strict=True)]
    ids = _Ids(prefix, {*taken}, {one["id"] for one in given if isinstance(one, dict) and "id" in one})
    made = [_case(one, f"line {row.line} of {path.name}", kind, ids) for row, one in zip(rows, given, strict=True)]
    return Imported(
        cases=tuple(one for one in made if isinstance(one, Case)),
        problems=tuple(f"{row.line}: {one}" for row, one in zip(rows, made, strict=True) if isinstance(one, str)),
        unused=tuple(name for name in names if name and name not in used),
    )


def doubts(cases: Iterable[Case], sources: Sources) -> tuple[str, ...]:
    """The cases that no answer over these documents could pass, each with the reasons."""
    found = ((case, list(problems(case, sources))) for case in cases)
    return tuple("\n".join(f"{case.id}: {problem}" for problem in told) for case, told in found if told)


# --- From a file to rows ---------------------------------------------------------------------------------------------


def _rows_of_table(path: Path, text: str) -> Iterator[_Row]:
    for line, cells in read_table(path, text, delimiter_of(text), missing="")[1]:
        spare = cells.pop(None, None)  # type: ignore[call-overload]  # where csv puts what no column is for
        if any(cell.strip() for cell in cells.values()):
            yield _Row(line, cells, "has more cells than there are columns" if spare else None)


def _row_of_line(number: int, line: str) -> _Row:
    try:
        found = parse_json(line, parse_int=str, parse_float=str)  # a number is said as it is written
    except ValueError as error:
        return _Row(number, {}, f"not JSON: {error}")
    if not isinstance(found, dict):
        return _Row(number, {}, 'not an object such as {"question": "…"}')
    return _Row(number, {folded(name): value for name, value in found.items()})


# --- From rows to cases ----------------------------------------------------------------------------------------------


def _check_columns(path: Path, names: Collection[str], mapped: Mapping[str, str]) -> None:
    there = f"the columns are: {', '.join(repr(name[:60]) for name in [*names][:20]) or 'none'}"
    if lacking := [column for column in mapped.values() if column not in names]:
        raise InputError(f"{path}: no column named {lacking[0]!r}; {there}")
    if names and "question" not in {*names, *mapped}:
        raise InputError(f"{path}: no column for the question; name it with --map question=COLUMN; {there}")


def _chosen(names: Collection[str], mapped: Mapping[str, str]) -> dict[str, str]:
    """Field → column: the one mapped to it, else that of its name, else the first of a common name."""
    left = [name for name in names if name not in mapped.values()]
    common = {COMMON[name]: name for name in reversed(left) if name in COMMON}
    return {**common, **{name: name for name in left if name in FIELDS}, **mapped}


def _given(row: _Row, chosen: Mapping[str, str], is_table: bool) -> dict[str, Any] | str:
    """The fields of a case that a row holds, or why it holds none."""
    if row.problem:
        return row.problem
    try:
        found = {field: _value(field, column, row.cells.get(column), is_table) for field, column in chosen.items()}
        shown = json.dumps(found, ensure_ascii=False)
    except ValueError as error:
        return str(error)
    except RecursionError:
        return "is nested too deeply"
    if any("\ud800" <= letter <= "\udfff" for letter in shown):
        return "has characters that are no text"
    return {field: value for field, value in found.items() if value not in (None, "", [])}


def _value(field: str, column: str, cell: Any, is_table: bool) -> Any:
    if field in _GROUPS | _LISTS:
        parts = _of_cell(field, cell) if is_table else _of_json(field, column, cell)
        return _without_blanks(parts)
    if isinstance(cell, str):
        cell = folded(cell) if field in _WORDS else cell.strip()
    if field == "id" and not isinstance(cell, str | None):
        raise ValueError(f"id is {json.dumps(cell)[:60]}; expected a word")
    if field == "outcome" and cell not in (None, ""):
        return _outcome(cell)
    return _loaded(cell) if field == "history" and isinstance(cell, str) and cell else cell


def _of_cell(field: str, cell: str) -> list[Any]:
    groups = [group.split(ONE_OF) for group in (cell.split(AND) if field in _GROUPS else [cell])]
    return groups if field in _GROUPS else groups[0]


def _of_json(field: str, column: str, value: Any) -> Any:
    """A plain string is a list of one. Answers under a name of their own are alternatives, as such files mean them."""
    if isinstance(value, str):
        return [value]
    alternatives = field == "must_say" != column and isinstance(value, list) and all(isinstance(v, str) for v in value)
    return [value] if alternatives else value


def _without_blanks(value: Any) -> Any:
    if isinstance(value, list):
        return [one for one in map(_without_blanks, value) if one not in ("", [])]
    return value.strip() if isinstance(value, str) else value


def _outcome(cell: Any) -> Outcome:
    known = _OUTCOMES.get(str(cell).casefold())
    if known is None:
        raise ValueError(f"outcome is {cell!r}; expected {', '.join(Outcome)}, true or false")
    return known


def _loaded(history: str) -> Any:
    try:
        return json.loads(history)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its history is not JSON: {error}") from error


class _Ids:
    """Gives each case an id of its own; those that rows ask for are not given to others."""

    def __init__(self, prefix: str, taken: set[str], asked_for: set[str]) -> None:
        self._prefix = prefix
        self._taken = taken
        self._spoken_for = taken | {prefix + id for id in asked_for}

    def give(self, asked_for: str | None, question: str) -> str:
        """ValueError where the id that is asked for is taken."""
        id = self._prefix + asked_for if asked_for else case_id(question, self._spoken_for, self._prefix)
        if id in self._taken:
            raise ValueError(f"another case has the id {id}; give it another, or all of them a --prefix")
        self._taken.add(id)
        self._spoken_for.add(id)
        return id


def _case(given: dict[str, Any] | str, origin: str, kind: Kind | None, ids: _Ids) -> Case | str:
    """The case of these fields, or why they make none."""
    if isinstance(given, str):
        return given
    question = given.get("question")
    if not isinstance(question, str):
        return "no question"
    guessed = kind or kind_of(question, given.get("history", ()))
    try:
        case = _CASE.validate_python(
            {"outcome": Outcome.ANSWERED, "kind": guessed, "why": origin, **given, "id": "new"}
        )
        if strange := [turn.role for turn in case.history if turn.role not in ("user", "assistant")]:
            return f"history: role is {strange[0]!r}; expected user or assistant"
        return replace(case, id=ids.give(given.get("id"), question))
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except ValueError as error:
        return str(error)
