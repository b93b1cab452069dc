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
from shanghai_qa.errors import InputError, QuestionError, SettingsError, ShanghaiQAError
from shanghai_qa.export import Format
from shanghai_qa.frame import count
from shanghai_qa.values import TOPICS, Answer, Filters, Outcome, Tier

if TYPE_CHECKING:
    from shanghai_qa.assistant import Assistant
    from shanghai_qa.journal import Journal

NOT_IN_CORPUS = 3
_JOBS = 2  # questions answered at once; of 60 on two busy cores 1 took 5.9 s, 2 5.0 and 4 4.5

app = typer.Typer(
    name="shanghai-qa",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Answers about Shanghai's technology ecosystem, every sentence with a citation that you can open and check.",
)

journals = typer.Typer(help="Show, export and prune what readers said and, where that is turned on, asked.")
app.add_typer(journals, name="journal", no_args_is_help=True)

Topic = StrEnum("Topic", {topic: topic for topic in TOPICS})  # type: ignore[misc]  # choices that --help lists
_PUBLIC_RATE = "60/minute"  # of one client, where other machines reach the server and nothing else is set
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
        help="File that keeps what readers said; none to keep nothing.",
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
    own = {command.callback.__name__ for command in app.registered_commands if command.callback}
    if not set(sys.argv[1:2]) & (own | {"journal"}):
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
    journal: JournalPath = None,
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
    _journal(journal).asked(answer, turns, "cli")
    if answer.outcome is Outcome.NOT_IN_CORPUS:
        raise typer.Exit(NOT_IN_CORPUS)


@app.command()
def batch(
    questions: Annotated[Path, typer.Argument(help="CSV or XLSX with a column named question, else JSON Lines.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the answers go: .csv, .xlsx, else JSON Lines.")],
    anew: Annotated[bool, typer.Option("--anew", help="Replace the answers that are there.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, max=64, help="Questions answered at once.")] = _JOBS,
    model: Model = None,
    index: IndexPath = None,
    journal: JournalPath = None,
) -> None:
    """Answer a file of questions, in order; where answers to its first rows are there, go on behind them.

    Bad rows are reported and the rest goes on; exit status 1 if any.
    """
    from shanghai_qa.assistant import Assistant
    from shanghai_qa.batch import Still, answered, writing
    from shanghai_qa.files import read_rows
    from shanghai_qa.settings import Settings, default_index
    from shanghai_qa.terminal import progress

    rows = read_rows(questions)
    if out.exists() and out.resolve() == questions.resolve():
        raise ShanghaiQAError(f"{out} holds the questions; write the answers to another file")
    settings, still = Settings.from_environment(os.environ), Still(index or default_index(os.environ))
    assistant, kept = Assistant(still, settings, model or None), _journal(journal)
    answerer = assistant.settings.model_dump_json()
    with writing(out, rows, assistant.info.version, answerer, anew) as output, progress() as bar:
        done, bad = len(output.kept), sum(one.failed for one in output.kept)
        if done:
            typer.echo(f"{done} of {len(rows)} rows stand in {out} already; --anew answers them again", err=True)
        left = rows[done:]
        given = answered(left, assistant.invoke, jobs)
        track = bar.track(given, total=len(rows), completed=done, description="Answering") if left else ()
        for row, one in zip(left, track, strict=True):
            output.write(row, one)
            if isinstance(one, Answer):
                kept.asked(one, row.ask.history if row.ask else (), "batch")
            else:
                bad += 1
                typer.echo(f"{questions}:{row.line}: {one}", err=True)
    typer.echo(f"{len(rows) - bad} answered, {bad} bad, in {out}", err=True)
    if bad:
        raise typer.Exit(1)


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
    from shanghai_qa.files import read_answers

    _check_out(out, answers, "holds the answers")
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


def _check_out(out: Path, source: Path, what: str) -> None:
    """InputError where no file can be written to `out`, or it is the one that is read, of which that is said."""
    from shanghai_qa.files import check_writable

    if out == _DASH:
        return
    check_writable(out)
    if out.exists() and source.exists() and out.samefile(source):
        raise InputError(f"{out} {what}; write to another file")


def _write(path: Path, text: str) -> None:
    """Write a file, whole or not at all; what is none, such as a pipe, is written to as it stands."""
    whole = path.is_file() or not path.exists()
    file = path.resolve() if whole else path
    aside = file.with_name(f".{file.name}.new") if whole else file
    try:
        if whole:
            aside.touch(file.stat().st_mode & 0o777 if file.exists() else 0o666)
        aside.write_text(text, encoding="utf-8", newline="")
        if whole:
            aside.replace(file)
    except OSError as error:
        if whole:
            aside.unlink(missing_ok=True)
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

    turns = read_history(history) if history else ()
    answers = [one for one in read_answers(answer) if one]
    if len(answers) > 1:
        raise InputError(f"{answer} holds {len(answers)} answers; put the one that is meant into a file of its own")
    kept = _journal(journal)
    typer.echo(kept.add(answers[0], turns, helpful, reason).id)
    typer.echo(f"written down in {kept.path}", err=True)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address; one that others reach needs --public or a key.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 7860,
    model: Model = None,
    index: IndexPath = None,
    journal: JournalPath = None,
    public: Annotated[
        bool, typer.Option("--public", help="Open the page to all who reach this address, with a key or without.")
    ] = False,
    api_key: Annotated[
        list[str] | None,
        typer.Option(help="A key that programs must show; may be repeated. Also in SHANGHAI_QA_API_KEYS."),
    ] = None,
) -> None:
    """Open the page in which readers ask and check, and the doors for programs; without an index they wait for one.

    An address that other machines reach needs --public, which opens the page to all, or a key, without which it is
    closed; programs must show a key wherever there is one. There each client may make 60 requests a minute, questions
    on the page aside, unless SHANGHAI_QA_API_RATE says how many.
    """
    from shanghai_qa.settings import ApiSettings
    from shanghai_qa.web.ports import check_port, is_loopback

    access, alone = ApiSettings.from_environment(os.environ), is_loopback(host)
    access = access.model_copy(update={"keys": (*access.keys, *filter(None, api_key or ()))})
    if not (alone or public or access.keys):
        raise ShanghaiQAError(f"{host} can be reached from other machines; let all in with --public, or set --api-key")
    if not alone and access.rate is None:
        access = access.model_copy(update={"rate": _PUBLIC_RATE})
        typer.echo(f"Requests of one client are limited to {_PUBLIC_RATE}; SHANGHAI_QA_API_RATE changes that", err=True)
    check_port(host, port)
    typer.echo("Starting the page …", err=True)
    from shanghai_qa.web.server import serve as run

    kept = _journal(journal)
    run(lambda: _assistant(index, model), kept, host, port, access, page_open=alone or public)


@app.command()
def mcp(
    http: Annotated[bool, typer.Option("--http", help="Streamable HTTP on 127.0.0.1 instead of stdio.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Its port; 0 takes a free one.")] = 7861,
    model: Model = None,
    index: IndexPath = None,
    journal: JournalPath = None,
) -> None:
    """Serve agents over the Model Context Protocol: ask, search, get_source and verify_quote."""
    try:
        from shanghai_qa.mcp import serve_http, serve_stdio
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mcp":
            raise
        raise SettingsError("agents need the library mcp; install it with: pip install 'shanghai-qa[mcp]'") from error
    assistant, kept = _assistant(index, model), _journal(journal)
    if http:
        serve_http(assistant, kept, port)
    else:
        serve_stdio(assistant, kept)


@journals.command("show")
def journal_show(
    limit: Annotated[int, typer.Option(min=1, help="How many of each, the newest.")] = 20, journal: JournalPath = None
) -> None:
    """List the newest votes and questions, a line each."""
    kept = _journal(journal)
    votes, questions = kept.entries(), kept.exchanges()
    for vote in votes[-limit:]:
        said = "helpful" if vote.helpful else "not helpful"
        typer.echo(f"vote {vote.id}  {vote.at}  {said}: {_line(vote.reason or vote.question)}")
    for one in questions[-limit:]:
        typer.echo(f"question {one.id}  {one.at}  {one.door}, {one.answer.outcome}: {_line(one.answer.question)}")
    on = "are kept" if kept.keeps_questions else "are not kept (SHANGHAI_QA_KEEP_QUESTIONS=yes turns that on)"
    what = f"{count(len(votes), 'vote')} and {count(len(questions), 'question')}"
    typer.echo(f"{what} in {kept.path}; questions {on}", err=True)


@journals.command("export")
def journal_export(
    out: Annotated[Path, typer.Option("--out", "-o", help="Where it goes; - for standard output.")] = _DASH,
    journal: JournalPath = None,
) -> None:
    """Write all of it as JSON Lines, votes before questions."""
    import json
    from dataclasses import asdict

    kept = _journal(journal)
    _check_out(out, kept.path, "is the journal")
    rows = [("vote", asdict(one)) for one in kept.entries()] + [("question", asdict(one)) for one in kept.exchanges()]
    text = "".join(json.dumps({"kind": kind} | row, ensure_ascii=False) + "\n" for kind, row in rows)
    if out == _DASH:
        typer.echo(text, nl=False)
    else:
        _write(out, text)


@journals.command("prune")
def journal_prune(
    older_than: Annotated[int, typer.Option("--older-than", min=0, max=100_000, metavar="DAYS", help="Age in days.")],
    journal: JournalPath = None,
) -> None:
    """Remove votes and questions that are older than so many days, for good."""
    kept = _journal(journal)
    typer.echo(f"{kept.prune(older_than)} removed from {kept.path}", err=True)


def _line(text: str) -> str:
    return " ".join(text.split())


def _journal(path: Path | None) -> "Journal":
    from shanghai_qa.journal import Journal
    from shanghai_qa.settings import default_journal, keeps_questions

    return Journal(path or default_journal(os.environ), keeps_questions=keeps_questions(os.environ))


def _assistant(index: Path | None, model: str | None = None) -> "Assistant":
    from shanghai_qa.assistant import Assistant

    return Assistant.open(index, model=model or None)


if __name__ == "__main__":
    main()
