"""From a run and its differences to tables of measures: each cell a number, the cases behind it, and its change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evals.cases import SLICE_GROUPS
from evals.compare import ALL, Comparison, Difference
from evals.measures import BY_NAME, MEASURES, Measure, Value
from evals.record import Row, Run, measure

Changes = Mapping[tuple[str, str], Difference]
"""(slice, name of a measure) → how it changed."""

_CARDS = ("passed", "lead", "false refusals", "false answers", "direct right", "citation precision")
OF_SLICES = ("passed", "lead", "false refusals", "false answers")


@dataclass(frozen=True)
class Change:
    """How a number moved: `arrow` says where to, `word` whether that is good; one that is not `real` may be chance."""

    arrow: str
    amount: str
    word: str
    real: bool


@dataclass(frozen=True)
class Cell:
    """A measure over `n` rows; `text` is "" and `n` 0 where it speaks of none."""

    text: str = ""
    n: int = 0
    value: float = 0
    change: Change | None = None


@dataclass(frozen=True)
class Line:
    """A measure of the run and, in their order, of the other systems."""

    measure: Measure
    cell: Cell
    others: tuple[Cell, ...]


@dataclass(frozen=True)
class Slice:
    """A slice with a cell for each of `OF_SLICES`."""

    name: str
    cases: int
    cells: tuple[Cell, ...]


def changes(comparison: Comparison | None) -> Changes:
    return {(d.slice, d.measure.name): d for d in comparison.differences} if comparison else {}


def cards(run: Run, moved: Changes) -> list[tuple[Measure, Cell]]:
    """The few numbers to look at first."""
    return [(BY_NAME[name], cell) for name in _CARDS if (cell := _cell(BY_NAME[name], run.rows, moved)).n]


def groups(run: Run, moved: Changes) -> dict[str, list[Line]]:
    """The measures that speak of the run, by their groups."""
    others = [measure(rows) for rows in run.others.values()]
    found: dict[str, list[Line]] = {}
    for each in MEASURES:
        cell = _cell(each, run.rows, moved)
        if cell.n:
            beside = tuple(_plain(each, values.get(each.name)) for values in others)
            found.setdefault(each.group, []).append(Line(each, cell, beside))
    return found


def slices(run: Run, moved: Changes) -> dict[str, list[Slice]]:
    """The slices of the run by what they tell apart, the largest first."""
    found: dict[str, list[Slice]] = {}
    for group, names in SLICE_GROUPS.items():
        own = [_slice(name, run.slice(name), moved) for name in names if name in run.slices]
        if own:
            found[group] = sorted(own, key=lambda slice: -slice.cases)
    return found


def number(measure: Measure, value: float) -> str:
    """Means over cases as percentages; areas, ranks and the like, which are no shares of cases, as decimals."""
    if measure.unit == "ms":
        return f"{value:.0f} ms"
    return f"{value:.1%}" if measure.score else f"{value:.3f}"


def _slice(name: str, rows: Sequence[Row], moved: Changes) -> Slice:
    return Slice(name, len(rows), tuple(_cell(BY_NAME[each], rows, moved, name) for each in OF_SLICES))


def _cell(measure: Measure, rows: Sequence[Row], moved: Changes, slice: str = ALL) -> Cell:
    difference = moved.get((slice, measure.name))
    return _plain(measure, measure.over(rows), _change(difference) if difference else None)


def _plain(measure: Measure, value: Value | None, change: Change | None = None) -> Cell:
    return Cell(number(measure, value.value), value.n, value.value, change) if value else Cell()


def _change(difference: Difference) -> Change:
    """In percentage points where the number is a percentage; what rounds to nothing is no change."""
    amount, none = (number(difference.measure, abs(each)).rstrip("%") for each in (difference.change, 0.0))
    if amount == none:
        return Change("=", "", "no change", real=True)
    arrow = "▲" if difference.change > 0 else "▼"
    return Change(arrow, amount, "better" if difference.better else "worse", difference.real)
