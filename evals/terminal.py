"""Runs, comparisons and judgements as tables for a terminal."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from evals.compare import ALL, Comparison, Difference
from evals.gate import Judgement
from evals.measures import BY_NAME, Measure, Value
from evals.record import Row, Run, measure
from shanghai_qa.frame import count

_WIDE = 140
_OF_SLICES = ("passed", "lead", "direct right", "false refusals", "false answers", "tier")


def print_run(run: Run, failures: bool = True) -> None:
    """What did not pass, then the slices, then all measures beside those of the other systems."""
    console = _console()
    if failures:
        for row in run.failures:
            _plain(console, describe(row))
    console.print(slices(run))
    console.print(systems(run))
    by_default = sum(row.answerer == "extractive" for row in run.rows if row.outcome != "not_in_corpus")
    if by_default and run.about.system != "default":
        why = "it could not be asked, or what it wrote did not hold"
        _plain(console, f"note: {count(by_default, 'answer')} not written by {run.about.system}: {why}")


def print_comparison(comparison: Comparison) -> None:
    console = _console()
    for note in comparison.notes:
        _plain(console, f"note: {note}")
    console.print(differences(comparison))
    test = comparison.test
    _plain(console, f"passed: {test.mended} mended, {test.broke} broke, McNemar p = {test.p:.3g}")
    for word, rows in (("broke", comparison.broke), ("mended", comparison.mended)):
        for row in rows:
            _plain(console, f"{word:6}  {row.id}" + (f": {'; '.join(row.faults)}" if row.faults else ""))


def print_judgement(judgement: Judgement, run: Run) -> None:
    """The measures of the run, what the gate found, and the cases behind it."""
    console = _console()
    console.print(systems(run))
    for note in judgement.comparison.notes:
        _plain(console, f"note: {note}")
    for fall in judgement.falls:
        _plain(console, f"worse   {fall}")
    for row in judgement.guarded:
        _plain(console, f"guarded {row.id}: {'; '.join(row.faults)}")
    for row in judgement.comparison.broke:
        if row not in judgement.guarded:
            _plain(console, f"broke   {row.id}: {'; '.join(row.faults)}")
    for row in judgement.comparison.mended:
        _plain(console, f"mended  {row.id}")
    over = f"over {judgement.comparison.cases} of the baseline's {count(judgement.comparison.of, 'case')}"
    _plain(console, f"the gate is {'open' if judgement.open else 'closed'}, {over}")


def systems(run: Run) -> Table:
    """A line a measure, a column a system; a measure that speaks of no case is left out, one that a system lacks is
    blank."""
    measured = {name: measure(rows) for name, rows in run.systems.items()}
    table = _table("measure", *measured, "cases")
    own = measured[run.about.system]
    group = ""
    for name, value in own.items():
        if BY_NAME[name].group != group and group:
            table.add_section()
        group = BY_NAME[name].group
        cells = [shown(BY_NAME[name], values.get(name)) for values in measured.values()]
        table.add_row(name, *cells, str(value.n))
    return table


def slices(run: Run) -> Table:
    """A line a slice and one for all, each share with the cases it rests on; blank where it speaks of none."""
    table = _table("slice", "cases", *_OF_SLICES)
    for name in run.slices:
        table.add_row(name, *_cells(run.slice(name)))
    table.add_section()
    table.add_row(ALL, *_cells(run.rows))
    return table


def differences(comparison: Comparison) -> Table:
    table = _table("slice", "measure", "n", "A", "B", "change", "95% interval", "", "McNemar p")
    slice = ALL
    for each in comparison.differences:
        if each.slice == ALL or each.change or each.measure.name == "passed":
            if each.slice != slice:
                table.add_section()
            slice = each.slice
            p = f"{comparison.tests[each.slice].p:.3g}" if each.measure.name == "passed" else ""
            table.add_row(each.slice, each.measure.name, str(each.n), *_changed(each), p)
    return table


def describe(row: Row) -> str:
    """What was asked, what was expected and with which sentence the answer led, a line each."""
    return (
        f"{row.id} ({row.slices[0]}): {'; '.join(row.faults)}\n"
        f"  asked     {row.question}\n"
        f"  expected  {row.expected}\n"
        f"  led with  {row.said[0] if row.said else 'no statement'}"
    )


def shown(measure: Measure, value: Value | None) -> str:
    """A value as people read it: shares with two or three digits, milliseconds without; "" for none."""
    if value is None:
        return ""
    return f"{value.value:.0f} ms" if measure.unit == "ms" else f"{value.value:.3f}"


def _table(*columns: str) -> Table:
    """A table whose first column is text and whose others are figures; where it is too narrow, headings break."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left", no_wrap=not number)
    return table


def _console() -> Console:
    """Standard output; where that is no terminal, wide enough for every table."""
    console = Console(emoji=False)
    return console if console.is_terminal else Console(width=_WIDE, emoji=False)


def _changed(each: Difference) -> tuple[str, ...]:
    digits = 0 if each.measure.unit == "ms" else 3
    timed = each.measure.unit == "ms"  # of which the machine's load is a part that no resampling of cases knows
    verdict = "" if timed or not each.change else ("better" if each.better else "worse") + ("" if each.real else "?")
    interval = f"{each.low:+.{digits}f} to {each.high:+.{digits}f}" if each.n > 1 else "one case"
    return f"{each.a:.{digits}f}", f"{each.b:.{digits}f}", f"{each.change:+.{digits}f}", interval, verdict


def _cells(rows: Sequence[Row]) -> tuple[str, ...]:
    values = measure(rows)
    return (str(len(rows)), *(_percent(values.get(name)) for name in _OF_SLICES))


def _percent(value: Value | None) -> str:
    return f"{value.value:.0%} of {value.n}" if value else ""


def _plain(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
