"""The commands that keep a corpus and its index: `corpus check`, `corpus list`, `corpus show` and `ingest`.

Results go to stdout, counts and errors to stderr. Errors are left to the program that takes these commands in.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shanghai_qa.errors import InputError
from shanghai_qa.frame import count
from shanghai_qa.values import TOPICS, Document, Filters, Tier

if TYPE_CHECKING:
    from ingest.publish import MakeEngine
    from shanghai_qa.store import Index

corpus = typer.Typer(no_args_is_help=True, help="Check, list and show the documents of a corpus.")

indexes = typer.Typer(no_args_is_help=True, help="Check, mend and carry the index, and list what was left out of it.")

IndexFolder = Annotated[
    Path | None,
    typer.Option(
        "--index", help="Folder of the index.", envvar="SHANGHAI_QA_INDEX", show_default="that of the install"
    ),
]
Store = Annotated[
    str | None,
    typer.Option(
        help="Address of a Chroma server to keep the vectors, as http://host:port.", envvar="SHANGHAI_QA_STORE"
    ),
]


class EngineName(StrEnum):
    LOCAL = "local"
    RAY = "ray"


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
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH or ADDRESS]...",
            help="Folders, files, and addresses of pages, sitemaps and feeds.",
            show_default="the corpus that ships",
        ),
    ] = None,
    index: IndexFolder = None,
    store: Store = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Take nothing from the index there is.")] = False,
    tier: Annotated[Tier | None, typer.Option(help="Who stands behind those that do not say.")] = None,
    publisher: Annotated[str | None, typer.Option(help="Of those that name none.")] = None,
    published: Annotated[str | None, typer.Option(help="YYYY, YYYY-MM or YYYY-MM-DD, of those without a date.")] = None,
    topic: Annotated[
        list[str] | None,
        typer.Option(help="Of those that name none; may be repeated.", callback=_known_topics),
    ] = None,
    place: Annotated[list[str] | None, typer.Option(help="Of those that name none; may be repeated.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=NAME", help="The column or key of CSV and JSON Lines that holds a field."),
    ] = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Fetch from addresses of this machine and private networks, too.")
    ] = False,
    engine: Annotated[EngineName, typer.Option(help="What embeds: this machine, or a Ray cluster.")] = EngineName.LOCAL,
    ray_address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="The cluster.", show_default="one of this machine alone")
    ] = None,
) -> None:
    """Make the index hold exactly the documents of PATH and ADDRESS, and nothing else.

    Readers go on with the index there was until the new one is whole. Exit status 1 if a document was refused.
    """
    from ingest.formats.facts import is_address, is_date
    from ingest.loaded import Facts
    from ingest.progress import Bars, report
    from ingest.publish import Reading, this_machine
    from ingest.publish import ingest as run
    from shanghai_qa.settings import Settings

    if published and not is_date(published):
        raise typer.BadParameter(f"{published!r}: expected YYYY, YYYY-MM or YYYY-MM-DD", param_hint="--published")
    facts = Facts(
        publisher=publisher, published=published, tier=tier, topics=tuple(topic or ()), places=tuple(place or ())
    )
    reading = Reading(facts, _columns(column or []), allow_private)
    make_engine = _on_ray(ray_address) if engine is EngineName.RAY else this_machine
    into = _index(index)
    given: list[Path | str] = [one if is_address(one) else Path(one) for one in inputs or []] or [_shipped()]
    with Bars() as bars, _naming(into.folder):
        summary = run(given, into, Settings.from_environment(os.environ), store, rebuild, bars, reading, make_engine)
    report(summary, into.folder)
    if summary.refused:
        raise typer.Exit(1)


def _on_ray(address: str | None) -> "MakeEngine":
    from ingest.engine import Ray

    return lambda encoder, folder: Ray(folder, address)


def _columns(pairs: list[str]) -> dict[str, str]:
    from ingest.formats.records import KNOWN

    named: dict[str, str] = dict(pair.partition("=")[::2] for pair in pairs)
    for field, name in named.items():
        if field not in KNOWN or not name:
            expected = f"expected FIELD=NAME, with one of {', '.join(KNOWN)}"
            raise typer.BadParameter(f"{field}={name}: {expected}", param_hint="--column")
    return named


@indexes.command("check")
def check_index(
    index: IndexFolder = None,
    embed: Annotated[bool, typer.Option("--embed", help="Embed every text again, too, and compare.")] = False,
) -> None:
    """Hold every passage and vector against the documents; exit status 1 if anything is not as it was written."""
    from ingest.maintain import check

    place = _index(index)
    wrong = 0
    for line in check(place, embed):
        typer.echo(line)
        wrong += 1
    typer.echo(f"{place.folder}: {count(wrong, 'problem')}", err=True)
    if wrong:
        typer.echo("mend it with: shanghai-qa index repair", err=True)
        raise typer.Exit(1)


@indexes.command()
def repair(index: IndexFolder = None) -> None:
    """Make the index anew from its documents, with those of its vectors that are sound; readers go on meanwhile."""
    from ingest.maintain import repair as run
    from ingest.progress import Bars, report_made_anew

    place = _index(index)
    with Bars() as bars, _naming(place.folder):
        summary = run(place, bars)
    report_made_anew(summary, place.folder)


@indexes.command("export")
def export_index(
    file: Annotated[Path, typer.Argument(help="Where it goes; compressed if it ends in .gz.")],
    index: IndexFolder = None,
) -> None:
    """Write the index to one file, to be imported on another machine."""
    from ingest.maintain import export

    manifest = export(_index(index), file)
    what = f"{count(manifest.documents, 'document')}, {count(manifest.passages, 'passage')}"
    typer.echo(f"{what} of {manifest.version} in {file}", err=True)


@indexes.command("import")
def import_index(
    file: Annotated[Path, typer.Argument(help="What `index export` wrote.")],
    index: IndexFolder = None,
    store: Store = None,
) -> None:
    """Make the index hold what another machine exported; nothing is embedded again."""
    from ingest.maintain import import_
    from ingest.progress import Bars, report_made_anew

    place = _index(index)
    with Bars() as bars, _naming(place.folder):
        summary = import_(file, place, store, bars)
    report_made_anew(summary, place.folder)


@indexes.command()
def removed(
    index: IndexFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines.")] = False,
) -> None:
    """List what cleaning took out of which document, and which documents were left out as copies."""
    from ingest.maintain import removed as rows

    for row in rows(_index(index)):
        if as_json:
            typer.echo(json.dumps(row, ensure_ascii=False))
        elif "copy_of" in row:
            typer.echo(f"{row['document']}: a copy of {row['copy_of']}")
        else:
            typer.echo(f"{row['document']}:{row['line']}: {row['why']}: {' '.join(row['text'].split())}")


def _index(folder: Path | None) -> "Index":
    from shanghai_qa.settings import default_index
    from shanghai_qa.store import Index

    place = Index(folder or default_index(os.environ))
    if place.folder.is_file():
        raise InputError(f"{place.folder} is a file; expected a folder for the index: choose another with --index")
    return place
