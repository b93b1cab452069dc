"""The commands that keep a corpus and its index: `corpus check`, `corpus list`, `corpus show` and `ingest`.

Results go to stdout, counts and errors to stderr. Errors are left to the program that takes these commands in.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from shanghai_qa.errors import InputError
from shanghai_qa.frame import count
from shanghai_qa.values import TOPICS, Document, Filters, Tier

corpus = typer.Typer(no_args_is_help=True, help="Check, list and show the documents of a corpus.")

Corpus = Annotated[
    Path | None, typer.Option("--corpus", help="A folder of documents.", show_default="the corpus that ships")
]


@corpus.command()
def check(
    path: Annotated[
        Path | None, typer.Argument(help="A folder or a document.", show_default="the corpus that ships")
    ] = None,
) -> None:
    """Hold documents against the rules of the corpus; exit status 1 if any is broken.

    Each problem is one line: path:line: what is wrong; what is expected. A file that cannot have an id has no line.
    """
    from ingest.check import check as problems_in
    from ingest.documents import find

    problems: list[object] = []
    found = find([path or _shipped()], problems.append)
    problems += problems_in(found)
    for problem in problems:
        typer.echo(problem)
    typer.echo(f"{count(len(found), 'document')}, {count(len(problems), 'problem')}", err=True)
    if problems:
        raise typer.Exit(1)


def _known_topics(names: list[str] | None) -> list[str] | None:
    for name in names or []:
        if name not in TOPICS:
            raise typer.BadParameter(f"{name!r} is not a topic; expected one of {', '.join(TOPICS)}")
    return names


@corpus.command("list")
def list_(
    topic: Annotated[
        list[str] | None, typer.Option(help="Only of this topic; may be repeated.", callback=_known_topics)
    ] = None,
    tier: Annotated[list[Tier] | None, typer.Option(help="Only of this tier; may be repeated.")] = None,
    place: Annotated[list[str] | None, typer.Option(help="Only about this place; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines, with all that is known of each source.")] = False,
    corpus: Corpus = None,
) -> None:
    """List the documents: id, title, publisher, date and tier."""
    filters = Filters(topics=tuple(topic or ()), tiers=tuple(tier or ()), places=tuple(place or ()))
    documents = [document for document in _documents(corpus) if filters.admits(document)]
    if as_json:
        for document in documents:
            typer.echo(json.dumps(_facts(document), ensure_ascii=False))
    else:
        _print_table(documents)
    typer.echo(count(len(documents), "document"), err=True)


@corpus.command()
def show(
    id: Annotated[str, typer.Argument(help="The id of a document, as `corpus list` gives it.")],
    corpus: Corpus = None,
) -> None:
    """Show a document: what is known of its source, then its text."""
    from ingest.documents import find, read_document

    found = dict(find([corpus or _shipped()]))
    if id not in found:
        raise InputError(_unknown(id, list(found)))
    document = read_document(found[id], id)
    for name, value in _facts(document).items():
        shown = ", ".join(value) if isinstance(value, tuple) else value
        typer.echo(f"{name}: {shown or '-'}")
    typer.echo(f"\n{document.text}")


def _shipped() -> Path:
    from shanghai_qa.settings import default_corpus

    return default_corpus(os.environ)


def _documents(corpus: Path | None) -> Iterable[Document]:
    from ingest.documents import find, read_document

    return (read_document(path, id) for id, path in find([corpus or _shipped()]))


def _facts(document: Document) -> dict[str, Any]:
    """All of a document but its text, and the hash of that."""
    facts = asdict(document)
    del facts["text"]
    return facts | {"sha256": document.sha256}


def _print_table(documents: Iterable[Document]) -> None:
    """A table as wide as the terminal; where there is none, wide enough to break no line."""
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(Column("id", overflow="fold"), "title", "publisher", "published", "tier", box=None, pad_edge=False)
    for document in documents:
        facts = (document.id, document.title, document.publisher, document.published, document.tier)
        table.add_row(*(fact or "-" for fact in facts))
    width = None if sys.stdout.isatty() else 10_000
    Console(width=width, markup=False, highlight=False, emoji=False).print(table)


def _unknown(id: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(id, known, n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else "`shanghai-qa corpus list` names all"
    return f"there is no document {id!r}; {hint}"


@contextmanager
def _naming(folder: Path) -> Iterator[None]:
    """An error of the system that names no file, as a full disk does, is one of writing the index."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename is not None:
            raise
        raise InputError(f"the index at {folder} cannot be written: {error.strerror or error}") from error


def ingest(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Folders and documents.", show_default="the corpus that ships"),
    ] = None,
    index: Annotated[
        Path | None,
        typer.Option(help="Folder of the index.", envvar="SHANGHAI_QA_INDEX", show_default="that of the install"),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            help="Address of a Chroma server to keep the vectors, as http://host:port.", envvar="SHANGHAI_QA_STORE"
        ),
    ] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Take nothing from the index there is.")] = False,
) -> None:
    """Make the index hold exactly the documents of PATH, and nothing else.

    Readers go on with the index there was until the new one is whole. Exit status 1 if a document was refused.
    """
    from ingest.progress import Bars, report
    from ingest.publish import ingest as run
    from shanghai_qa.settings import Settings, default_index
    from shanghai_qa.store import Index

    place = Index(index or default_index(os.environ))
    if place.folder.is_file():
        raise InputError(f"{place.folder} is a file; expected a folder for the index: choose another with --index")
    with Bars() as bars, _naming(place.folder):
        summary = run(paths or [_shipped()], place, Settings.from_environment(os.environ), store, rebuild, bars)
    report(summary, place.folder)
    if summary.refused:
        raise typer.Exit(1)
