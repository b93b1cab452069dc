"""From two runs of one suite to what changed: by how much, on which cases, and whether it is more than chance."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, bootstrap

from evals.measures import MEASURES, Measure
from evals.record import Row, Run
from shanghai_qa.errors import ShanghaiQAError
from shanghai_qa.frame import count

ALL = "all"
_RESAMPLES = 2000
_LEVEL = 0.95
_IN_SLICES = ("passed", "lead", "false refusals", "false answers")


class ComparisonError(ShanghaiQAError):
    """Two runs that cannot be compared."""


@dataclass(frozen=True)
class Difference:
    """How a measure changed from A to B over the cases of a slice: over those of which it speaks in each.

    `n` counts these in B. [low, high] is the 95% interval of b - a by the paired bootstrap (Efron & Tibshirani, 1993):
    percentiles over 2,000 resamples of the cases, the same in both runs, seeded; over 200 for areas.
    """

    slice: str
    measure: Measure
    n: int
    a: float
    b: float
    low: float
    high: float

    @property
    def change(self) -> float:
        return self.b - self.a

    @property
    def real(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0

    @property
    def better(self) -> bool:
        return self.measure.worse_by(self.a, self.b) < 0


@dataclass(frozen=True)
class McNemar:
    """McNemar's test (1947), exact: of the cases that pass in one run alone, as many should in either by chance.

    `p` is two-sided, and 1 where no case changed.
    """

    broke: int
    mended: int

    @property
    def p(self) -> float:
        changed = self.broke + self.mended
        return float(binomtest(self.broke, changed, 0.5).pvalue) if changed else 1.0


@dataclass(frozen=True)
class Comparison:
    """From A to B over `cases` that both ran, `of` so many of A: `differences` over all and then by slice, with
    McNemar's test for each; measures that B gives no value to, with A's; cases that `broke` and that were
    `mended`; and what a reader of these numbers must know."""

    cases: int
    of: int
    differences: tuple[Difference, ...]
    tests: dict[str, McNemar]
    vanished: tuple[tuple[Measure, float], ...]
    broke: tuple[Row, ...]
    mended: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def test(self) -> McNemar:
        return self.tests[ALL]


def compare(a: Run, b: Run) -> Comparison:
    """What changed from A to B over the cases that both have.

    ComparisonError where they ran different suites, or have no case in common.
    """
    if a.about.suite != b.about.suite:
        raise ComparisonError(
            f"the runs are of different suites ({a.about.suite} and {b.about.suite}); run one of them again over the "
            "other's cases"
        )
    common = [row.id for row in a.rows if row.id in b.by_id]
    if not common:
        raise ComparisonError(f"the runs have no case in common: {a.about.selection} and {b.about.selection}")
    first, second = [a.by_id[id] for id in common], [b.by_id[id] for id in common]
    slices = b.only(common).slices
    differences, tests = list(_differences(ALL, first, second)), {ALL: _mcnemar(first, second)}
    for name in slices:
        own = [i for i, row in enumerate(second) if name in row.slices]
        one, other = [first[i] for i in own], [second[i] for i in own]
        differences += _differences(name, one, other, _IN_SLICES)
        tests[name] = _mcnemar(one, other)
    pairs = list(zip(first, second, strict=True))
    return Comparison(
        cases=len(common),
        of=len(a.rows),
        differences=tuple(differences),
        tests=tests,
        vanished=tuple((m, was.value) for m in MEASURES if (was := m.over(first)) and not m.over(second)),
        broke=tuple(new for old, new in pairs if old.passed and not new.passed),
        mended=tuple(new for old, new in pairs if new.passed and not old.passed),
        notes=tuple(_notes(a, b, len(common))),
    )


def _notes(a: Run, b: Run, common: int) -> Iterator[str]:
    if a.about.corpus != b.about.corpus:
        yield f"the corpora differ: A ran over {a.about.corpus}, B over {b.about.corpus}"
    if a.about.settings != b.about.settings:
        names = sorted({*a.about.settings, *b.about.settings})
        changed = [name for name in names if a.about.settings.get(name) != b.about.settings.get(name)]
        yield f"the settings differ in {', '.join(changed)}"
    if a.about.system != b.about.system:
        yield f"the answerers differ: A is {a.about.system}, B is {b.about.system}"
    if common < max(len(a.rows), len(b.rows)):
        yield f"compared over {count(common, 'case')} that both ran; A ran {len(a.rows)}, B {len(b.rows)}"


def _differences(
    slice: str, first: Sequence[Row], second: Sequence[Row], names: Sequence[str] | None = None
) -> Iterator[Difference]:
    for measure in MEASURES:
        if names is not None and measure.name not in names:
            continue
        a, b = measure.over(first), measure.over(second)
        if a and b:
            yield Difference(slice, measure, b.n, a.value, b.value, *_interval(measure, first, second))


def _interval(measure: Measure, first: Sequence[Row], second: Sequence[Row]) -> tuple[float, float]:
    """The 95% interval of the change by resampling the cases, the same for both runs."""
    if measure.summary is None:
        scores = [np.array([row.scores.get(measure.name, np.nan) for row in run]) for run in (first, second)]
        return _bootstrap(tuple(scores), lambda a, b, axis: _mean(b, axis) - _mean(a, axis), vectorized=True)
    rows = np.arange(len(first))

    def change(sample: NDArray[np.int64]) -> float:
        one, other = (measure.over([run[i] for i in sample]) for run in (first, second))
        return other.value - one.value if one and other else 0.0

    return _bootstrap((rows,), change, vectorized=False)


def _mean(scores: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Over the cases that have a score; 0 for a resample of which none has."""
    scored = np.sum(~np.isnan(scores), axis=axis)
    return cast(NDArray[np.float64], np.nansum(scores, axis=axis) / np.maximum(scored, 1))


def _bootstrap(
    data: tuple[NDArray[np.generic], ...], statistic: Callable[..., object], vectorized: bool
) -> tuple[float, float]:
    if len(data[0]) < 2:
        return float("-inf"), float("inf")
    found = bootstrap(
        data,
        statistic,
        paired=True,
        confidence_level=_LEVEL,
        n_resamples=_RESAMPLES if vectorized else _RESAMPLES // 10,
        vectorized=vectorized,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(found.low), float(found.high)


def _mcnemar(first: Sequence[Row], second: Sequence[Row]) -> McNemar:
    pairs = [(old.passed, new.passed) for old, new in zip(first, second, strict=True)]
    return McNemar(broke=pairs.count((True, False)), mended=pairs.count((False, True)))
