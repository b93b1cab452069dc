"""What a person sees of an ingest, on stderr: bars while it runs, a summary when it has ended."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from ingest.publish import Progress, Summary
from shanghai_qa.frame import count

_SHOWN = 10  # names of documents in a line of the summary


class Bars(Progress):
    """Bars for documents and passages, with the rate; use it as a context manager."""

    def __init__(self) -> None:
        self._bars = RichProgress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def step(self, message: str) -> None:
        self._bars.console.print(f"{escape(message)} …", highlight=False)

    def documents(self, total: int) -> None:
        self._start("Reading documents", total)

    def document(self) -> None:
        self._advance("Reading documents", 1)

    def left_out(self, endings: Mapping[str, int]) -> None:
        what = ", ".join(f"{number} {ending}" for ending, number in sorted(endings.items()))
        self._bars.console.print(f"Left out as no documents, by ending: {escape(what)}", highlight=False)

    def texts(self, total: int) -> None:
        self._start("Embedding sentences", total)

    def embedded(self, count: int) -> None:
        self._advance("Embedding sentences", count)

    def _start(self, name: str, total: int) -> None:
        self._tasks[name] = self._bars.add_task(name, total=total, rate="")

    def _advance(self, name: str, count: int) -> None:
        task = self._tasks[name]
        self._bars.advance(task, count)
        elapsed = self._bars.tasks[task].elapsed or 0
        if elapsed > 0:
            self._bars.update(task, rate=f"{self._bars.tasks[task].completed / elapsed:,.0f}/s")


def report(summary: Summary, folder: Path) -> None:
    """Say what was added, changed, removed, left as it was and refused, and why."""
    out = Console(stderr=True, highlight=False, soft_wrap=True)
    for name, ids in (("added", summary.added), ("changed", summary.changed), ("removed", summary.removed)):
        if ids:
            out.print(f"{name:>9}  {len(ids)}: {escape(_listed(ids))}")
    if summary.unchanged:
        out.print(f"  skipped  {len(summary.unchanged)}: unchanged since the last ingest")
    if summary.copies:
        copies = sorted(id for ids in summary.copies.values() for id in ids)
        out.print(f"   copies  {len(copies)} left out, named with what they are copies of: {escape(_listed(copies))}")
    if summary.cleaned:
        pieces = ", ".join(f"{number} × {why}" for why, number in sorted(summary.cleaned.items()))
        out.print(f"  cleaned  {escape(pieces)}; list them with: shanghai-qa index removed")
    if summary.untiered:
        out.print(f" untiered  {len(summary.untiered)} count as unverified: {escape(_listed(summary.untiered))}")
    for reason in summary.stale:
        out.print(f"   stale   {escape(reason)}; what was fetched before is used")
    for reason in summary.refused:
        out.print(f"  refused  {escape(reason)}")
    done = f"{_embedded(summary)} embedded" if summary.published else "nothing to do"
    out.print(f"{_holding(summary, folder)}; {done}, {summary.seconds:.1f} s")


def report_made_anew(summary: Summary, folder: Path) -> None:
    """Say what an index holds that was made of what was read before."""
    out = Console(stderr=True, highlight=False, soft_wrap=True)
    out.print(f"{_holding(summary, folder)}; {_embedded(summary)} embedded again")


def _holding(summary: Summary, folder: Path) -> str:
    total = len(summary.added) + len(summary.changed) + len(summary.unchanged)
    holds = f"{count(total, 'document')}, {count(summary.passages, 'passage')}"
    return f"Index {summary.version} at {escape(str(folder))}: {holds}"


def _embedded(summary: Summary) -> str:
    return count(summary.embedded, "passage")


def _listed(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:_SHOWN])
    return f"{shown}, …" if len(ids) > _SHOWN else shown
