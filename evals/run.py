"""From an assistant and cases to a run: one row a case, in their order, none dropped."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Protocol

from evals.cases import Case, Kind, split
from evals.measures import Judged, Measures, Verdict, crash, judge, measure, measure_kinds
from shanghai_qa.values import Answer, Turn


class Answers(Protocol):
    """What is evaluated: the assistant, or a fake of it."""

    def ask(self, question: str, *, history: Sequence[Turn] = (), id: str | None = None) -> Answer:
        """The answer to `question`, as the last turn of `history`, with `id` unchanged."""


@dataclass(frozen=True)
class Row:
    """One case, its answer (None after a crash) and the verdict; `elapsed_s` is the time that the question took."""

    case: Case
    answer: Answer | None
    verdict: Verdict
    elapsed_s: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "case": asdict(self.case),
            "split": split(self.case),
            "verdict": asdict(self.verdict),
            "elapsed_s": self.elapsed_s,
            "answer": self.answer.to_dict() if self.answer else None,
        }


@dataclass(frozen=True)
class Run:
    """Rows in the order of the cases. The measures raise ValueError on a run without rows."""

    rows: tuple[Row, ...]

    @cached_property
    def measures(self) -> Measures:
        return measure(self._judged)

    @cached_property
    def kinds(self) -> Mapping[Kind, Measures]:
        return measure_kinds(self._judged)

    @property
    def failures(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if not row.verdict.passed)

    @property
    def _judged(self) -> list[Judged]:
        return [(row.case, row.verdict) for row in self.rows]

    def to_dict(self) -> dict[str, Any]:
        """The run as JSON-ready values."""
        return {
            "measures": asdict(self.measures),
            "kinds": {kind: asdict(measures) for kind, measures in self.kinds.items()},
            "rows": [row.to_dict() for row in self.rows],
        }


def run(
    assistant: Answers,
    cases: Iterable[Case],
    on_done: Callable[[Row], object] = lambda row: None,
    clock: Callable[[], float] = time.perf_counter,
) -> Run:
    """Ask every case once and judge the answer; `on_done` is told of each row as it is made.

    An exception of the assistant fails its case, and the run goes on. `clock` counts seconds.
    """

    def one(case: Case) -> Row:
        row = _ask(assistant, case, clock)
        on_done(row)
        return row

    return Run(tuple(one(case) for case in cases))


def _ask(assistant: Answers, case: Case, clock: Callable[[], float]) -> Row:
    started = clock()
    try:
        answer = assistant.ask(case.question, history=case.history, id=case.id)
    except Exception as error:
        return Row(case, None, crash(error), clock() - started)
    return Row(case, answer, judge(case, answer), clock() - started)
