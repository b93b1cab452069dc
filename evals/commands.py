"""`shanghai-qa eval`: run a suite against the corpus and print what came out."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from evals.cases import Case, load, select
from evals.measures import Measures, Rate
from evals.run import Answers, Row, Run, run
from shanghai_qa.errors import InputError

FIRST_SUITE = Path(__file__).parent / "suites" / "first.yaml"

app = typer.Typer(help="Test the answers against suites of cases.", no_args_is_help=True)


@app.callback()
def evaluate() -> None:
    """Test the answers against suites of cases."""  # A callback keeps `run` a command while it is the only one.


@app.command("run")
def run_suite(
    suite: Annotated[Path, typer.Option(help="YAML file of cases.", exists=True, dir_okay=False)] = FIRST_SUITE,
    split: Annotated[Literal["dev", "test", "all"], typer.Option(help="Which part of the suite.")] = "all",
    case: Annotated[list[str] | None, typer.Option(help="Only the case of this id; may be repeated.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write rows, settings and measures here.")] = None,
    failures: Annotated[bool, typer.Option(help="List the cases that failed.")] = True,
    index: Annotated[Path | None, typer.Option(help="Folder of the index; by default the one in use.")] = None,
) -> None:
    """Ask every case of a suite and print how many passed, by kind; the cases that failed follow."""
    if json_out and not json_out.parent.is_dir():
        raise InputError(f"cannot write {json_out}: {json_out.parent} is no folder")
    chosen = select(load(suite), None if split == "all" else split, case or ())

    from shanghai_qa import Assistant  # here, so that --help need not load a model

    assistant = Assistant.open(index)
    done = _run_with_progress(assistant, chosen)
    if json_out:
        context = {
            "suite": {"path": suite.name, "sha256": hashlib.sha256(suite.read_bytes()).hexdigest(), "split": split},
            "settings": assistant.settings.model_dump(mode="json"),
            "corpus": assistant.info.version,
        }
        _write(json_out, context | done.to_dict())
    console = Console()
    console.print(table(done))
    if failures:
        for row in done.failures:
            console.print(describe_failure(row), markup=False, highlight=False, soft_wrap=True)


def table(done: Run) -> Table:
    """One line a kind and one for all, each rate as a percentage with the cases it rests on.

    passed; led: the first statement says what is asked; direct: a direct answer was given; refused and invented: false
    refusals and false answers; tier: of the first citation. A rate without cases is blank.
    """
    result = Table("kind", "passed", "led", "direct", "refused", "invented", "tier", box=SIMPLE_HEAD, pad_edge=False)
    for kind, measures in done.kinds.items():
        result.add_row(kind, *_cells(measures))
    result.add_section()
    result.add_row("all", *_cells(done.measures))
    return result


def describe_failure(row: Row) -> str:
    """What was asked, what was expected and with which sentence the answer led, a line each."""
    given = row.answer.statements[0].text if row.answer and row.answer.statements else "no statement"
    return (
        f"{row.case.id} ({row.case.kind}): {row.verdict.reason}\n"
        f"  asked     {row.case.question}\n"
        f"  expected  {_expected(row.case)}\n"
        f"  led with  {given}"
    )


def _expected(case: Case) -> str:
    if not case.answerable:
        return "a refusal"
    said = " and ".join(" or ".join(group) for group in case.must_say)
    return f"{said}, from {' or '.join(case.must_cite)}"


def _cells(measures: Measures) -> tuple[str, ...]:
    rates = (
        measures.passed, measures.led, measures.direct, measures.false_refusals, measures.false_answers,
        measures.tier_right,
    )  # fmt: skip
    return tuple(_percent(rate) for rate in rates)


def _percent(rate: Rate | None) -> str:
    return f"{rate.share:.0%} {rate.hits}/{rate.n}" if rate else ""


def _run_with_progress(assistant: Answers, cases: tuple[Case, ...]) -> Run:
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("asking", total=len(cases))
        return run(assistant, cases, on_done=lambda row: progress.advance(task))


def _write(path: Path, data: dict[str, Any]) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
