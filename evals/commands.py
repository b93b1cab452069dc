"""`shanghai-qa eval`: run a suite, compare runs, hold them against the baseline, and show them.

Tables and reports go to stdout, progress and notes to stderr. A closed gate is exit status 1.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from evals.cases import SUITES, Kind, fingerprint, load, schema, select
from shanghai_qa.errors import InputError
from shanghai_qa.files import check_writable
from shanghai_qa.frame import count

if TYPE_CHECKING:
    from collections.abc import Callable

    from evals.record import Run

app = typer.Typer(help="Test the answers against suites of cases, and compare runs.", no_args_is_help=True)

Suite = Annotated[
    Path, typer.Option(help="YAML file of cases, or a folder of them.", exists=True, show_default="the one that ships")
]
Split = Annotated[
    Literal["dev", "test", "all"], typer.Option(help="Choose by dev, report on test; which part of the cases.")
]
Slice = Annotated[list[str] | None, typer.Option(help="Only this kind, outcome, tier or topic; may be repeated.")]
Ids = Annotated[list[str] | None, typer.Option("--case", help="Only the case of this id; may be repeated.")]
IndexPath = Annotated[
    Path | None, typer.Option("--index", help="Folder of the index.", show_default="that of the install")
]
Junit = Annotated[Path | None, typer.Option(help="Write the cases here as JUnit XML, for a CI server.")]
JournalPath = Annotated[
    Path | None, typer.Option("--journal", help="What readers said.", show_default="that of the install")
]
RunName = Annotated[str, typer.Argument(help='A file written by `eval run`, or "last" or "baseline".')]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Keep the run here, too.")]
Baseline = Annotated[
    Path | None, typer.Option(help="File of the baseline.", show_default="evals/baseline.json of the install")
]


@app.command("run")
def run_suite(
    suite: Suite = SUITES,
    split: Split = "all",
    slice: Slice = None,
    case: Ids = None,
    baselines: Annotated[bool, typer.Option(help="Ask the baselines too, for the same table.")] = True,
    failures: Annotated[bool, typer.Option(help="List the cases that did not pass.")] = True,
    out: Out = None,
    junit: Junit = None,
    collection: Annotated[
        Path | None,
        typer.Option(help="Run a folder of corpus.jsonl and queries.jsonl instead, over an index of its own."),
    ] = None,
    index: IndexPath = None,
) -> None:
    """Ask every case and print which did not pass, the measures by slice, and all of them beside baselines."""
    if collection:
        if split != "all" or slice or case or junit or suite != SUITES:
            raise InputError(
                "a collection is run whole and by itself: leave out all other options but --out and --index"
            )
        from evals.collection import run_collection

        run_collection(collection, index, out)
        return
    check_writable(out, junit)
    done = _run(suite, split, slice, case, index, baselines)
    from evals import junit as xml
    from evals import terminal

    _keep(done, out)
    terminal.print_run(done, failures)
    if junit:
        xml.write(done, junit)


@app.command()
def compare(a: RunName, b: RunName) -> None:
    """Say what changed from run A to run B, on which cases, and whether it is more than chance."""
    from evals import terminal
    from evals.compare import compare

    terminal.print_comparison(compare(_named(a), _named(b)))


@app.command()
def gate(
    run: Annotated[
        str | None, typer.Argument(help='A file written by `eval run`, or "last".', show_default="a new run")
    ] = None,
    suite: Suite = SUITES,
    split: Split = "all",
    baseline: Baseline = None,
    junit: Annotated[Path | None, typer.Option(help="Write what closes the gate here as JUnit XML.")] = None,
    out: Out = None,
    index: IndexPath = None,
) -> None:
    """Hold a run against the baseline: exit status 1 when a measure fell too far or a guarded case broke."""
    check_writable(junit, out)
    from evals import junit as xml
    from evals import terminal
    from evals.gate import check_suite, judge, read_baseline

    before = read_baseline(baseline)
    if run:
        if suite != SUITES or out:
            raise InputError("a run that is there has its suite and its file: leave out --suite and --out")
        done = _part(_named(run), split)
    else:
        check_suite(before, fingerprint(load(suite)))
        done = _run(suite, split, None, None, index, with_baselines=False)
        _keep(done, out)
    judgement = judge(before, done)
    terminal.print_judgement(judgement, done)
    if junit:
        xml.write(done, junit, judgement)
    if not judgement.open:
        raise typer.Exit(1)


@app.command()
def report(
    run: RunName = "last",
    baseline: Baseline = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the page goes.")] = Path("report.html"),
) -> None:
    """Write one HTML page that shows a run: measures against the baseline, slices, curves and every case."""
    check_writable(out)
    from evals.gate import BASELINE, read_baseline
    from evals.report import page

    text = page(_named(run), read_baseline(baseline) if baseline or BASELINE.is_file() else None)
    out.write_text(text, encoding="utf-8")
    typer.echo(f"wrote {out}", err=True)


@app.command()
def accept(
    reason: Annotated[str, typer.Option(help="Why this run becomes the baseline; kept with it.")],
    run: RunName = "last",
    suite: Suite = SUITES,
    baseline: Baseline = None,
) -> None:
    """Make a run of the whole suite the baseline that `gate` and `report` hold others against."""
    from evals import gate

    if suite != SUITES and not baseline:
        raise InputError("say where the baseline of your suite lies: --baseline FILE; the one that ships is of ours")
    check_writable(baseline)
    chosen = _named(run)
    cases = load(suite)
    if chosen.about.suite != fingerprint(cases):
        raise InputError("the run is of other cases than the suite has now; run it again with: shanghai-qa eval run")
    gate.accept(chosen, reason, len(cases), baseline or gate.BASELINE)
    typer.echo(f"wrote {baseline or gate.BASELINE}", err=True)


@app.command()
def check(suite: Suite = SUITES) -> None:
    """Refuse cases whose expectations no sentence of the corpus can meet, and say how wide the suite is."""
    from evals.check import check, coverage, sentences_of
    from ingest.publish import load as load_documents
    from shanghai_qa.settings import default_corpus

    cases = load(suite)
    sources = sentences_of(load_documents([default_corpus(os.environ)])[0])
    check(cases, sources)
    answerable = sum(case.answerable for case in cases)
    typer.echo(f"{count(len(cases), 'case')}, {answerable} of them answerable")
    if answerable:
        wide = coverage(cases, sources)
        typer.echo(
            f"these rest on {len(wide.documents)} of {count(len(sources), 'document')}; "
            f"{wide.echoing:.0%} echo the sentence that answers"
        )


@app.command()
def promote(
    entries: Annotated[
        list[int] | None, typer.Argument(metavar="ID", help="Numbers of entries.", show_default="list them")
    ] = None,
    list_them: Annotated[bool, typer.Option("--list", help="List what readers found not helpful.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Put the drafts at the end of this suite.")] = None,
    journal: JournalPath = None,
) -> None:
    """Turn what readers said of answers into draft cases; without numbers, list what they found not helpful.

    A draft says what is to be filled in; until then `eval check` refuses it.
    """
    from evals import drafts
    from shanghai_qa.journal import Journal
    from shanghai_qa.settings import default_journal

    if out and not entries:
        raise typer.BadParameter("say which entries go there", param_hint="ID")
    kept = Journal(journal or default_journal(os.environ))
    if list_them or not entries:
        unhelpful = kept.entries(helpful=False)
        for line in drafts.listing(unhelpful):
            typer.echo(line)
        if not unhelpful:
            typer.echo(f"nothing in {kept.path} was found not helpful", err=True)
        return
    chosen = [kept.entry(id) for id in dict.fromkeys(entries)]
    if out is None:
        typer.echo("\n".join(drafts.drafts(chosen)), nl=False)
        return
    check_writable(out)
    drafts.promote(chosen, out)
    typer.echo(f"{count(len(chosen), 'draft')} put into {out}; fill in what is missing there", err=True)


@app.command("import")
def import_cases(
    questions: Annotated[Path, typer.Argument(help="A table (.csv, .tsv) or JSON Lines.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The suite that they become, in YAML.")],
    map: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=COLUMN", help="Take a field of a case from this column; may be repeated."),
    ] = None,
    kind: Annotated[Kind | None, typer.Option(help="Of rows that give none.", show_default="guessed")] = None,
    prefix: Annotated[str, typer.Option(help="Put before every id, such as ours-.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Write over a suite that stands there.")] = False,
) -> None:
    """Make a suite of your own file of questions. Bad rows are reported and the rest goes on; exit status 1 if any.

    Columns with the name of a field need no mapping (`eval schema` explains fields),
    nor do answer or answers for must_say, source or sources for must_cite,
    and answerable, true or false, for outcome. Only the question is needed.

    In a table, "a | b" are alternatives, of which one will do, and "a && b" have
    both to be said. In JSON, alternatives are a list; a list of lists has each
    to be said; and must_say under its own name is as in a suite.
    """
    if out.exists() and not force:
        raise InputError(f"{out} exists; write over it with --force, or name another file")
    if out.exists() and questions.exists() and out.samefile(questions):
        raise InputError(f"{out} holds the questions; write the suite to another file")
    check_writable(out)
    from evals import importing, writing
    from evals.check import sentences_of
    from ingest.publish import load as load_documents
    from shanghai_qa.settings import default_corpus

    taken = [case.id for case in writing.neighbours(out)]
    found = importing.read_cases(questions, _columns(map or []), kind, prefix, taken)
    for problem in found.problems:
        typer.echo(f"{questions}:{problem}", err=True)
    if found.unused:
        typer.echo(f"not used: {', '.join(found.unused)}", err=True)
    if not found.cases:
        raise InputError(f"{questions}: no row makes a case, so nothing is written")
    doubts = importing.doubts(found.cases, sentences_of(load_documents([default_corpus(os.environ)])[0]))
    writing.create(out, [writing.as_yaml(case) for case in found.cases])
    for doubt in doubts:
        typer.echo(doubt, err=True)
    typer.echo(
        f"{count(len(found.cases), 'case')} in {out}, {count(len(found.problems), 'bad row')} left out", err=True
    )
    if doubts:
        typer.echo(f"{len(doubts)} of them no answer from the corpus could pass, as said above; mend them", err=True)
    if found.problems:
        raise typer.Exit(1)


def _columns(mapped: Sequence[str]) -> dict[str, str]:
    from evals.importing import COMMON, FIELDS

    parted = [one.partition("=") for one in mapped]
    fields = {COMMON.get(field.strip(), field.strip()): column for field, _, column in parted}
    for field, column in fields.items():
        if field not in FIELDS or not column:
            there = f"expected FIELD=COLUMN, where fields are {', '.join((*FIELDS, *COMMON))}"
            raise typer.BadParameter(f"{field}={column}: {there}", param_hint="--map")
    return fields


@app.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of suites, which editors read to complete and check them."""
    typer.echo(json.dumps(schema(), indent=2, ensure_ascii=False))


def _named(name: str) -> "Run":
    from evals import record
    from evals.gate import read_baseline

    if name == "baseline":
        return read_baseline()
    return record.load(record.latest(record.default_runs()) if name == "last" else Path(name))


def _part(run: "Run", split: str) -> "Run":
    return run if split == "all" else run.part(split)  # type: ignore[arg-type]


def _run(
    suite: Path,
    split: str,
    slices: Sequence[str] | None,
    ids: Sequence[str] | None,
    index: Path | None,
    with_baselines: bool,
) -> "Run":
    cases = load(suite)
    chosen = select(cases, None if split == "all" else split, slices or (), ids or ())  # type: ignore[arg-type]
    selection = " ".join(filter(None, [split, *(slices or ()), *(ids or ())]))

    from evals.run import evaluate
    from shanghai_qa import Assistant  # here, so that --help need not load a model

    with _progress() as on_asked:
        return evaluate(Assistant.open(index), chosen, fingerprint(cases), selection, with_baselines, on_asked)


@contextmanager
def _progress() -> Iterator["Callable[[int, int], None]"]:
    """A bar on stderr, told how many of how many were asked."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("asking", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _keep(run: "Run", copy: Path | None) -> None:
    """Save a run where the last one is looked for, and a copy where it is wanted."""
    from evals import record

    path = record.new_path(record.default_runs(), run)
    for each in filter(None, (path, copy)):
        record.save(run, each)
    typer.echo(f"kept as {copy or path}", err=True)
