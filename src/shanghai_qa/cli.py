"""The command line: parse, call one function, print. Answers on stdout, everything else on stderr.

Exit status: 0 answered, 1 error, 2 wrong use, 3 not in the corpus.
"""

import errno
import os
import sys
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from shanghai_qa import __version__
from shanghai_qa.errors import InputError, QuestionError, ShanghaiQAError
from shanghai_qa.export import Format
from shanghai_qa.frame import count
from shanghai_qa.values import TOPICS, Answer, Filters, Outcome, Tier

if TYPE_CHECKING:
    from shanghai_qa.assistant import Assistant

NOT_IN_CORPUS = 3

app = typer.Typer(
    name="shanghai-qa",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Answers about Shanghai's technology ecosystem, every sentence with a citation that you can open and check.",
)

Topic = StrEnum("Topic", {topic: topic for topic in TOPICS})  # type: ignore[misc]  # choices that --help lists
_DASH = Path("-")  # standard input or output
IndexPath = Annotated[
    Path | None,
    typer.Option(
        "--index", help="Folder of the index.", envvar="SHANGHAI_QA_INDEX", show_default="that of the install"
    ),
]
JournalPath = Annotated[
    Path | None,
    typer.Option(
        "--journal",
        help="File that keeps what readers said.",
        envvar="SHANGHAI_QA_JOURNAL",
        show_default="that of the install",
    ),
]
Model = Annotated[
    str | None,
    typer.Option("--model", help='A chat model that writes the answer, as "provider:name"; else the corpus speaks.'),
]


def main() -> None:
    """Run the program; an error that the user can mend is one line on stderr, without a traceback."""
    if not set(sys.argv[1:2]) & {command.callback.__name__ for command in app.registered_commands if command.callback}:
        for entry in sorted(entry_points(group="shanghai_qa.commands"), key=lambda entry: entry.name):
            _take_in(entry.name, entry.load())  # not for our own commands, which need none of them
    try:
        app()
    except ShanghaiQAError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2 if isinstance(error, QuestionError) else 1)
    except BrokenPipeError:
        _give_up_stdout()
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        _fail(f"{_place(error)}{error.strerror or error}")
    except RecursionError:
        _fail("what was handed in is nested too deeply to be read; hand in something flatter")


def _fail(message: str) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    sys.exit(1)


def _place(error: OSError) -> str:
    """Where the system met it, as "path: ", or "" if it does not say; commands name the files that they write."""
    if error.filename is not None:
        return f"{error.filename}: "
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
        _give_up_stdout()
        return "standard output: "
    return ""


def _give_up_stdout() -> None:
    """Let what is left to print vanish; Python would try to print it at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _take_in(name: str, commands: Callable[..., Any] | typer.Typer) -> None:
    if isinstance(commands, typer.Typer):
        app.add_typer(commands, name=name)
    else:
        app.command(name)(commands)


@app.callback(invoke_without_command=True)
def options(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    if version:
        typer.echo(f"shanghai-qa {__version__}")
        raise typer.Exit


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="In English or Chinese.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer object instead of text.")] = False,
    topic: Annotated[list[Topic] | None, typer.Option(help="Only documents on this topic; may be repeated.")] = None,
    place: Annotated[list[str] | None, typer.Option(help="Only documents that speak of this place.")] = None,
    tier: Annotated[list[Tier] | None, typer.Option(help="Only sources of this tier.")] = None,
    from_year: Annotated[int | None, typer.Option(min=1, help="Only sources published in this year or later.")] = None,
    to_year: Annotated[int | None, typer.Option(min=1, help="Only sources published in this year or before.")] = None,
    history: Annotated[
        Path | None, typer.Option(help='The conversation so far: JSON, a list of {"role", "content"}.')
    ] = None,
    model: Model = None,
    index: IndexPath = None,
) -> None:
    """Answer one question, with numbered sources. Exit status 3 if the corpus does not say."""
    from shanghai_qa.files import read_history

    try:
        filters = Filters(tuple(topic or ()), tuple(place or ()), tuple(tier or ()), from_year, to_year)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=["--from-year", "--to-year"]) from error
    turns = read_history(history) if history else ()
    answer = _assistant(index, model).ask(question, history=turns, filters=filters)
    if as_json:
        typer.echo(answer.to_json(indent=2))
    else:
        from shanghai_qa.terminal import show

        show(answer)
    if answer.outcome is Outcome.NOT_IN_CORPUS:
        raise typer.Exit(NOT_IN_CORPUS)


@app.command()
def batch(
    questions: Annotated[Path, typer.Argument(help="JSON Lines, or CSV with a column named question.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the answers go: .jsonl, or .csv for a table.")],
    model: Model = None,
    index: IndexPath = None,
) -> None:
    """Answer a file of questions, in order. Bad rows are reported and the rest goes on; exit status 1 if any."""
    from shanghai_qa.files import read_rows, writing
    from shanghai_qa.terminal import progress

    rows = read_rows(questions)
    if out.exists() and out.resolve() == questions.resolve():
        raise ShanghaiQAError(f"{out} holds the questions; write the answers to another file")
    assistant = _assistant(index, model)
    bad = 0
    with writing(out) as write, progress() as bar:
        for row in bar.track(rows, description="Answering"):
            given = _answered(assistant, row)
            write(row, given)
            if isinstance(given, str):
                bad += 1
                typer.echo(f"{questions}:{row.line}: {given}", err=True)
    typer.echo(f"{len(rows) - bad} answered, {bad} bad, in {out}", err=True)
    if bad:
        raise typer.Exit(1)


def _answered(assistant: "Assistant", row: Any) -> Answer | str:
    if row.ask is None:
        return str(row.error)
    try:
        return assistant.invoke(row.ask)
    except ShanghaiQAError as error:
        return str(error)


@app.command()
def verify(
    answer: Annotated[Path, typer.Argument(help="A saved answer (ask --json), or JSON Lines of them (batch).")],
    index: IndexPath = None,
) -> None:
    """Check each citation of saved answers: found, moved, misattributed or missing. Exit status 1 if one fails.

    Rows that hold an error instead of an answer, as `batch` writes them, are skipped and counted.
    """
    from shanghai_qa.files import read_answers

    rows = read_answers(answer)
    answers = [(n, one) for n, one in enumerate(rows, start=1) if one]
    assistant = _assistant(index)
    held = wrong = 0
    for n, one in answers:
        where = f"answer {n}, " if len(rows) > 1 else ""
        for check, citation in zip(assistant.verify(one), one.citations, strict=True):
            held, wrong = held + check.holds, wrong + (not check.holds)
            detail = f" ({check.detail})" if check.detail else ""
            typer.echo(
                f"{where}[{check.number}] {check.verdict}{detail}: {citation.source.id} {citation.start}–{citation.end}"
            )
        for problem in assistant.faults(one):
            wrong += 1
            typer.echo(f"{where}{problem}")
    if len(answers) < len(rows):
        typer.echo(f"{count(len(rows) - len(answers), 'row')} without an answer skipped", err=True)
    typer.echo(f"{held} found as cited, {wrong} wrong, in {count(len(answers), 'answer')}", err=True)
    if wrong:
        raise typer.Exit(1)


@app.command()
def export(
    form: Annotated[Format, typer.Option("--format", "-f", help="What to make of the answers.")],
    answers: Annotated[
        Path, typer.Argument(help="A saved answer (ask --json), or JSON Lines of them (batch); - for standard input.")
    ] = _DASH,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where it goes; - for standard output.")] = _DASH,
    accessed: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day on which the sources were read.", show_default="today"),
    ] = None,
    index: IndexPath = None,
) -> None:
    """Turn saved answers into a text with footnotes, a page to print, a table, or the references of their sources.

    Rows that hold an error instead of an answer, as `batch` writes them, are skipped and counted.
    """
    from shanghai_qa.export import export as exported
    from shanghai_qa.files import check_writable, read_answers

    if out != _DASH:
        check_writable(out)
        if out.exists() and answers != _DASH and out.samefile(answers):
            raise InputError(f"{out} holds the answers; write to another file")
    rows = read_answers(Path("/dev/stdin") if answers == _DASH else answers)
    given = [one for one in rows if one]
    documents = _assistant(index).documents if form.is_bibliography else ()
    day = accessed.date() if accessed else date.today()
    text = exported(given, form, {document.id: document for document in documents}, day)
    if out == _DASH:
        typer.echo(text, nl=False)
    else:
        _write(out, text)
    if len(given) < len(rows):
        typer.echo(f"{count(len(rows) - len(given), 'row')} without an answer skipped", err=True)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


@app.command()
def feedback(
    answer: Annotated[Path, typer.Argument(help="A saved answer (ask --json).")],
    helpful: Annotated[bool, typer.Option("--helpful/--not-helpful", help="Whether it helped.")],
    reason: Annotated[str, typer.Option(help="What is right or wrong about it, in your words.")] = "",
    history: Annotated[
        Path | None, typer.Option(help='The conversation before it: JSON, a list of {"role", "content"}.')
    ] = None,
    journal: JournalPath = None,
) -> None:
    """Write down what a reader said of an answer, and print the entry's number; `eval promote` makes it a case."""
    from shanghai_qa.files import read_answers, read_history
    from shanghai_qa.journal import Journal
    from shanghai_qa.settings import default_journal

    turns = read_history(history) if history else ()
    answers = [one for one in read_answers(answer) if one]
    if len(answers) > 1:
        raise InputError(f"{answer} holds {len(answers)} answers; put the one that is meant into a file of its own")
    path = journal or default_journal(os.environ)
    entry = Journal(path).add(answers[0], turns, helpful, reason)
    typer.echo(entry.id)
    typer.echo(f"written down in {path}", err=True)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 7860,
    model: Model = None,
    index: IndexPath = None,
    journal: JournalPath = None,
) -> None:
    """Open the page in which readers ask and check; without an index it waits for one."""
    from shanghai_qa.journal import Journal
    from shanghai_qa.settings import default_journal
    from shanghai_qa.web.ports import check_port

    check_port(host, port)
    typer.echo("Starting the page …", err=True)
    from shanghai_qa.web.server import serve as run

    run(lambda: _assistant(index, model), Journal(journal or default_journal(os.environ)), host, port)


def _assistant(index: Path | None, model: str | None = None) -> "Assistant":
    from shanghai_qa.assistant import Assistant
    from shanghai_qa.settings import Settings

    settings = Settings.from_environment(os.environ)
    return Assistant.open(index, settings.model_copy(update={"model": model}) if model else settings)


if __name__ == "__main__":
    main()
