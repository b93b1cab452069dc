"""Whether a run may go out: no measure fell by more than its tolerance, and no guarded case broke."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from evals.compare import ALL, Comparison, ComparisonError, compare
from evals.measures import MEASURES, Measure
from evals.record import Row, Run, load, save
from shanghai_qa.errors import InputError

BASELINE = Path(__file__).parent / "baseline.json"
"""The run that others are held against."""

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Fall:
    """A measure that is worse than in the baseline by more than its tolerance; `now` is None where it has no value."""

    measure: Measure
    before: float
    now: float | None

    def __str__(self) -> str:
        if self.now is None:
            return f"{self.measure.name} has no value any more; it was {self.before:.3f}"
        before, now = (f"{value:.3f}" for value in (self.before, self.now))
        word = "rose" if self.measure.better == "lower" else "fell"
        return f"{self.measure.name} {word} from {before} to {now} (tolerance {self.measure.tolerance})"


@dataclass(frozen=True)
class Judgement:
    """What the gate found. It is open where nothing fell and nothing guarded broke."""

    falls: tuple[Fall, ...]
    guarded: tuple[Row, ...]
    comparison: Comparison

    @property
    def open(self) -> bool:
        return not self.falls and not self.guarded


def judge(baseline: Run, run: Run) -> Judgement:
    """Hold a run against the baseline, over the cases that it ran. ComparisonError if the baseline lacks any of them.

    Fewer cases than the baseline has are fine: one part, or a slice. The suite must be the same.
    """
    check_suite(baseline, run.about.suite)
    if lacking := [row.id for row in run.rows if row.id not in baseline.by_id]:
        raise ComparisonError(f"the baseline lacks {', '.join(lacking[:5])}; accept a run of the whole suite first")
    comparison = compare(baseline, run)
    gone = (Fall(measure, before, None) for measure, before in comparison.vanished if measure.tolerance is not None)
    return Judgement(
        falls=(*_falls(comparison), *gone),
        guarded=tuple(row for row in comparison.broke if row.guarded),
        comparison=comparison,
    )


def check_suite(baseline: Run, suite: str) -> None:
    """ComparisonError unless the baseline is of the suite with this fingerprint."""
    if baseline.about.suite != suite:
        raise ComparisonError(
            f"the baseline is of suite {baseline.about.suite} and this is {suite}; if cases were changed on purpose, "
            "run the whole suite and make it the baseline with: shanghai-qa eval accept --reason '…'"
        )


def _falls(comparison: Comparison) -> Iterator[Fall]:
    for difference in comparison.differences:
        tolerance = difference.measure.tolerance
        if difference.slice != ALL or tolerance is None:
            continue
        if difference.measure.worse_by(difference.a, difference.b) > tolerance + _ROUNDING:
            yield Fall(difference.measure, difference.a, difference.b)


def read_baseline(path: Path | None = None) -> Run:
    """The baseline at `path`, or the one that ships; InputError if there is none."""
    path = path or BASELINE
    if not path.is_file():
        raise InputError(f"no baseline at {path}; make one with: shanghai-qa eval accept --reason '…'")
    return load(path)


def accept(run: Run, reason: str, cases: int, path: Path = BASELINE) -> None:
    """Make a run of all `cases` of its suite the baseline; InputError for a run of a part, or without a reason.

    What was said is left out: the baseline holds the scores of each case, a line each.
    """
    if not reason.strip():
        raise InputError("say why this run becomes the baseline: --reason '…'")
    if len(run.rows) < cases:
        raise InputError(f"the run has {len(run.rows)} of the suite's {cases} cases; accept a run of the whole suite")
    kept = tuple(_kept(row) for row in run.rows)
    save(Run(replace(run.about, reason=reason.strip()), kept), path)


def _kept(row: Row) -> Row:
    gated = {m.name for m in MEASURES if m.tolerance is not None}
    return Row(
        id=row.id,
        scores={name: value for name, value in row.scores.items() if name in gated},
        confidence=row.confidence,
        lead_answers=row.lead_answers,
        answerable=row.answerable,
        slices=row.slices,
        guarded=row.guarded,
    )
