"""A run as it is kept: one row a case, in the order of the suite, none dropped, and what the run was made with.

Runs are JSON files that need neither the index nor the suite to be read, compared and shown again.
"""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any, ClassVar, Self

import platformdirs
from pydantic import ConfigDict, TypeAdapter, ValidationError

from evals.cases import SLICES, Part, split
from evals.measures import MEASURES, Value
from shanghai_qa.errors import InputError
from shanghai_qa.settings import default_corpus


@dataclass(frozen=True, kw_only=True)
class Row:
    """One case, what was given, and the scores of the measures that speak of it.

    `faults` say why the case did not pass; `error` is set after a crash. `answerer` wrote what was said: where a model
    is asked and what it writes does not hold, or it cannot be reached, that is the default one. `retrieved` holds the
    first ten documents of each leg, `relevant` those that answer. `confidence` is the probability that the lead
    answers, whatever was then decided, and `lead_answers` whether that lead does; after a crash they are the worst
    there is.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: str
    scores: Mapping[str, float]
    confidence: float | None = None
    lead_answers: bool = False
    answerable: bool
    slices: tuple[str, ...]
    guarded: bool = False
    question: str = ""
    history: tuple[str, ...] = ()
    why: str = ""
    expected: str = ""
    outcome: str | None = None
    answerer: str | None = None
    direct_answer: str | None = None
    said: tuple[str, ...] = ()
    cited: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    error: str | None = None
    relevant: tuple[str, ...] = ()
    retrieved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.scores.get("passed") == 1


@dataclass(frozen=True, kw_only=True)
class About:
    """What a run was made of and with. `suite` is the fingerprint of the whole suite, of which `selection` was run.

    `commit` is that of the checkout, with "+" where files differ from it, None outside of one. `reason` is given when
    a run is accepted as the baseline.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    suite: str
    selection: str
    system: str
    settings: Mapping[str, Any]
    corpus: str
    documents: int
    version: str
    commit: str | None
    started: str
    seconds: float
    reason: str | None = None


@dataclass(frozen=True)
class Run:
    """`rows` are of the system under test, `others` those of other systems asked the same, by name."""

    about: About
    rows: tuple[Row, ...]
    others: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> dict[str, Row]:
        return {row.id: row for row in self.rows}

    @property
    def failures(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if not row.passed)

    @property
    def systems(self) -> dict[str, tuple[Row, ...]]:
        """All that were asked, by name, the system under test first."""
        return {self.about.system: self.rows, **self.others}

    def only(self, ids: Iterable[str]) -> Self:
        """The run with the rows of these cases alone."""
        wanted = set(ids)
        return replace(
            self,
            rows=tuple(row for row in self.rows if row.id in wanted),
            others={name: tuple(row for row in rows if row.id in wanted) for name, rows in self.others.items()},
        )

    def part(self, part: Part) -> Self:
        return self.only(row.id for row in self.rows if split(row.id) == part)

    def slice(self, name: str) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if name in row.slices)

    @cached_property
    def slices(self) -> tuple[str, ...]:
        """The names of all slices that have a row, in the order of `SLICES`."""
        found = {name for row in self.rows for name in row.slices}
        return tuple(name for name in SLICES if name in found)


def measure(rows: Sequence[Row]) -> dict[str, Value]:
    """Every measure that speaks of some of `rows`, by name, in the order of `MEASURES`. ValueError without rows."""
    values = {m.name: m.over(rows) for m in MEASURES}
    return {name: value for name, value in values.items() if value is not None}


_RUN = TypeAdapter(Run)


def _problem(run: Run) -> str | None:
    """What no run of ours can be; None for one that can."""
    ids = [row.id for row in run.rows]
    if not ids:
        return "it has no rows"
    if len(set(ids)) < len(ids):
        return f"it has the case {next(id for id in ids if ids.count(id) > 1)} twice"
    if uneven := [name for name, rows in run.others.items() if [row.id for row in rows] != ids]:
        return f"{uneven[0]} was asked other cases"
    wrong = (row.id for rows in run.systems.values() for row in rows if not all(map(_is_score, row.scores.items())))
    if (row := next(wrong, None)) is not None:
        return f"case {row} has a score that is none"
    try:
        datetime.fromisoformat(run.about.started)
    except ValueError:
        return f"it was started at {run.about.started!r}"
    return None


def _is_score(score: tuple[str, float]) -> bool:
    name, value = score
    return isfinite(value) and (0 <= value <= 1 or (name == "ms" and value >= 0))


def save(run: Run, path: Path) -> None:
    """Write a run as JSON, a line for each row, so that two of them can be told apart line by line."""
    data = _RUN.dump_python(run, mode="json", exclude_defaults=True)
    path.write_text(_lines(data) + "\n", encoding="utf-8")


def load(path: Path) -> Run:
    """A run that was saved; InputError if there is none or it is another file."""
    try:
        run = _RUN.validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{path}: is no run of evals: {where + ': ' if where else ''}{first['msg']}") from error
    if problem := _problem(run):
        raise InputError(f"{path}: is no run of evals: {problem}")
    return run


def default_runs() -> Path:
    """The folder where runs are kept: `.runs` of the checkout, else in the user's data folder."""
    checkout = default_corpus().parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / ".runs"
    return platformdirs.user_data_path("shanghai-qa", appauthor=False) / "runs"


def latest(folder: Path) -> Path:
    """The newest run in a folder; InputError if it has none."""
    found = sorted(folder.glob("*.json"))
    if not found:
        raise InputError(f"no run in {folder}; make one with: shanghai-qa eval run")
    return found[-1]


def new_path(folder: Path, run: Run) -> Path:
    """Where a run goes that is to be kept: its name begins with the time it was started, so that names sort by it."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.fromisoformat(run.about.started).strftime("%Y%m%d-%H%M%S")
    names = [f"{stamp}-{run.about.corpus}{'' if n == 1 else f'-{n}'}.json" for n in range(1, 1000)]
    return next(folder / name for name in names if not (folder / name).exists())


def now() -> str:
    """The time as it is kept, to the second, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def commit() -> str | None:
    """The checkout's commit, with "+" if files differ from it; None where there is no checkout or no git."""

    def git(*words: str) -> str:
        place = Path(__file__).parent
        environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
        done = subprocess.run(["git", *words], cwd=place, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _lines(data: Any, depth: int = 0) -> str:
    """JSON with objects and lists opened down to the rows, and each row on one line."""
    if isinstance(data, dict) and data and depth < 2 and any(isinstance(v, (dict, list)) for v in data.values()):
        inner = ",\n".join(f"{json.dumps(k, ensure_ascii=False)}: {_lines(v, depth + 1)}" for k, v in data.items())
        return "{\n" + inner + "\n}"
    if isinstance(data, list) and data and depth < 3:
        return "[\n" + ",\n".join(json.dumps(v, ensure_ascii=False) for v in data) + "\n]"
    return json.dumps(data, ensure_ascii=False)
