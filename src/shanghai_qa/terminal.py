"""An answer as text for a terminal, and the progress bars of long commands (on stderr)."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from shanghai_qa.frame import count
from shanghai_qa.values import Answer, Citation, Disagreement, Outcome, Tier

_COPIES = 3  # told of a source
_TIER_STYLES = {Tier.PRIMARY: "green", Tier.ESTABLISHED: "cyan", Tier.PROMOTIONAL: "yellow", Tier.UNVERIFIED: "red"}


def show(answer: Answer, console: Console | None = None) -> None:
    """Print an answer: direct answer, sentences with marks, what to mind, and the numbered sources."""
    out = console or Console(highlight=False, soft_wrap=False)
    if answer.read_as:
        out.print(f"[dim]Read as: {escape(answer.read_as)}[/dim]")
    if answer.outcome is Outcome.NOT_IN_CORPUS:
        out.print("[bold]Not in this corpus.[/bold]")
        for line in answer.missing:
            out.print(escape(line))
    if answer.direct_answer:
        out.print(f"[bold]{escape(answer.direct_answer)}[/bold]\n")
    for statement in answer.statements:
        marks = "".join(f"[{number}]" for number in statement.citations)
        out.print(f"{escape(statement.text)} [bold blue]{escape(marks)}[/bold blue]")
    if answer.statements:
        for line in answer.missing:
            out.print(f"[yellow]Partly answered:[/yellow] {escape(line)}")
    if answer.answerer != "extractive":
        removed = f"; {count(answer.removed, 'sentence')} that failed the check removed" if answer.removed else ""
        tokens = f"; {sum(answer.usage.values()):,} tokens" if answer.usage else ""
        out.print(f"[dim]Written by {escape(answer.answerer)}{removed}{tokens}[/dim]")
    for caveat in answer.caveats:
        out.print(f"[yellow]! {escape(caveat)}[/yellow]")
    for disagreement in answer.disagreements:
        out.print(_table(disagreement, answer))
    if answer.citations:
        out.print("\n[bold]Sources[/bold]")
    for citation in answer.citations:
        out.print(_source(citation), soft_wrap=True)  # an address stays in one piece
    for question in answer.follow_ups:
        out.print(f"[dim]Ask also: {escape(question)}[/dim]")


def progress() -> Progress:
    """A bar with count and time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _source(citation: Citation) -> str:
    source = citation.source
    facts = ", ".join(filter(None, [source.publisher, source.published]))
    tier = f"[{_TIER_STYLES[source.tier]}]{source.tier}[/]"
    lines = [
        f"[bold blue]{escape(f'[{citation.number}]')}[/] {escape(source.title)}",
        f"{escape(facts)} · {tier}".lstrip(" ·"),
    ]
    lines += [escape(source.url)] if source.url else []
    lines += [f"also at: {escape(_some(source.also_at))}"] if source.also_at else []
    if citation.context:
        lines.append(f"[dim]after: {escape(citation.context.text)}[/dim]")
    page = f", page {citation.page}" if citation.page else ""
    lines.append(f"[dim]{escape(source.id)}{page}, characters {citation.start}–{citation.end}[/dim]")
    return "\n    ".join(lines)


def _some(also_at: Sequence[str]) -> str:
    more = f" and {len(also_at) - _COPIES} more" if len(also_at) > _COPIES else ""
    return ", ".join(also_at[:_COPIES]) + more


def _table(disagreement: Disagreement, answer: Answer) -> Table:
    table = Table("Value", "As of", "Source", "Tier", box=SIMPLE_HEAD)
    for claim in disagreement.claims:
        source = answer.citation(claim.citation).source
        table.add_row(
            escape(claim.value),
            claim.as_of or "",
            f"{escape(f'[{claim.citation}]')} {escape(source.title)}",
            source.tier,
        )
    return table
