"""From rows to the geometry of the report's two charts: paths, bars and ticks in the units of the drawing."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

import numpy as np

from evals.measures import Point, risk_coverage
from evals.record import Row

_STEPS = (1, 2, 5, 10)


@dataclass(frozen=True)
class Plot:
    """The drawing and the rectangle in it that the axes span; y grows downwards. Values run from 0 to the maxima."""

    x_max: float
    y_max: float
    width: int = 440
    height: int = 300
    left: int = 52
    top: int = 14
    right: int = 428
    bottom: int = 252

    def x(self, value: float) -> float:
        return round(self.left + (self.right - self.left) * value / self.x_max, 1)

    def y(self, value: float) -> float:
        return round(self.bottom - (self.bottom - self.top) * value / self.y_max, 1)


@dataclass(frozen=True)
class Curve:
    """Risk against coverage. `used` is where the system stands: what it answered, and how much of it was wrong.

    `others` is the baseline's path, "" without one; `table` has about ten of the points, for those who read,
    and `start` is the point at which reading begins.
    """

    plot: Plot
    path: str
    others: str
    points: tuple[Point, ...]
    table: tuple[Point, ...]
    used: Point | None
    start: int
    x_ticks: tuple[float, ...]
    y_ticks: tuple[float, ...]


@dataclass(frozen=True)
class Bar:
    """How many questions took from `low` to `high` ms; the last bar takes in all that took longer."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Times:
    """A histogram of the times of all rows that have one; `bars` are equally wide."""

    plot: Plot
    bars: tuple[Bar, ...]
    p50: float
    p95: float
    slowest: float
    x_ticks: tuple[float, ...]
    y_ticks: tuple[float, ...]


def curve(rows: Sequence[Row], baseline: Sequence[Row] = ()) -> Curve | None:
    """None where no row has a confidence."""
    points = risk_coverage(rows)
    if not points:
        return None
    before = risk_coverage(baseline)
    used = _used(rows)
    y_ticks = _ticks(max(point.risk for point in (*points, *before, *([used] if used else []))), 5)
    plot = Plot(1, y_ticks[-1])
    tenths = {min(bisect_left([p.coverage for p in points], n / 10), len(points) - 1) for n in range(1, 11)}
    return Curve(
        plot=plot,
        path=_path(plot, points),
        others=_path(plot, before),
        points=tuple(points),
        table=tuple(points[i] for i in sorted(tenths)),
        used=used,
        start=round((used.coverage if used else 1) * len(points)) - 1,
        x_ticks=(0, 0.2, 0.4, 0.6, 0.8, 1),
        y_ticks=y_ticks,
    )


def times(rows: Sequence[Row]) -> Times | None:
    """None where no row has a time."""
    found = np.array([row.scores["ms"] for row in rows if "ms" in row.scores])
    if not len(found):
        return None
    p50, p95 = (float(value) for value in np.percentile(found, (50, 95)))
    x_ticks = _ticks(min(float(found.max()), 1.6 * p95) or 1, 5)
    edges = np.linspace(0, x_ticks[-1], 25)
    counts, _ = np.histogram(np.minimum(found, edges[-1]), edges)
    y_ticks = _ticks(float(counts.max()), 4)
    return Times(
        plot=Plot(x_ticks[-1], y_ticks[-1]),
        bars=tuple(Bar(float(edges[i]), float(edges[i + 1]), int(count)) for i, count in enumerate(counts)),
        p50=p50,
        p95=p95,
        slowest=float(found.max()),
        x_ticks=x_ticks,
        y_ticks=y_ticks,
    )


def _used(rows: Sequence[Row]) -> Point | None:
    """Where the system stands, of the rows that the curve counts; None if it answered nothing."""
    sure = [row for row in rows if row.confidence is not None]
    answered = [row for row in sure if row.outcome not in (None, "not_in_corpus")]
    if not answered:
        return None
    wrong = sum(not row.lead_answers for row in answered)
    return Point(min(row.confidence or 0 for row in answered), len(answered) / len(sure), wrong / len(answered))


def _path(plot: Plot, points: Sequence[Point]) -> str:
    return "".join(f"{'L' if i else 'M'}{plot.x(p.coverage)} {plot.y(p.risk)}" for i, p in enumerate(points))


def _ticks(most: float, about: int) -> tuple[float, ...]:
    """Round numbers from 0 to the first that is no less than `most`, about so many steps."""
    rough = (most or 1) / about
    scale = 10.0 ** np.floor(log10(rough))
    step = next(scale * n for n in _STEPS if scale * n >= rough * 0.999)
    return tuple(float(round(step * i, 10)) for i in range(max(1, ceil(most / step - 1e-9)) + 1))
