"""The documents that a corpus is written in, Markdown and plain text in UTF-8: finding them, and reading one.

A folder or file goes in, documents come out, each with an id, a cleaned text and typed facts about its source. What is
wrong with a file is a `Problem` with its line, and never any other error than `CorpusError`. Documents of other kinds,
and all that ingest does with a text, are in `gather`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from ingest.clean import clean, normalise
from ingest.formats import is_document
from ingest.formats.facts import is_address as is_address
from ingest.formats.facts import opening
from ingest.formats.file import BREAK, refusing
from ingest.formats.markdown import split
from ingest.loaded import PAGE, Facts
from shanghai_qa.errors import CorpusError
from shanghai_qa.values import Document, Tier

ENDINGS = (".md", ".txt")


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file, where (lines count from 1), and what is expected there."""

    path: Path
    line: int
    what: str
    expected: str

    def __str__(self) -> str:
        return f"{printable(self.path)}:{self.line}: {self.what}; {self.expected}"


@dataclass(frozen=True)
class Reading:
    """A file as read: `document` is None exactly where there are problems.

    `lacks` is what a corpus asks of it and ingest does not: front matter, and all keys in it. `body` is the text below
    the front matter, normalised but not unwrapped; it begins on line `body_line` of the file. `lines` says on which
    line each key of the front matter stands.
    """

    path: Path
    document: Document | None
    problems: tuple[Problem, ...] = ()
    lacks: tuple[Problem, ...] = ()
    body: str = ""
    body_line: int = 1
    lines: dict[str, int] = field(default_factory=dict)


def find(paths: Iterable[Path], refuse: Callable[[str], None] | None = None) -> list[tuple[str, Path]]:
    """The documents in folders and files, as (id, path) sorted by id; no file twice.

    In a folder that is every *.md and *.txt that is neither hidden nor a README.md, and its id is its path under that
    folder without the ending. A file given by name has the path under the nearest folder named "corpus" as its id, or
    else its bare name. A path that does not exist or is neither is a CorpusError.

    A file whose name is not UTF-8, and the later of two with one id, are left out after `refuse` was told why, opening
    with the path; None raises that as a CorpusError.
    """
    tell = refuse or refusing
    files: dict[Path, tuple[Path, Path]] = {}
    for given in paths:
        for path, base in _files(given):
            files.setdefault(path.resolve(), (path, base))
    found: dict[str, Path] = {}
    for path, base in files.values():
        id = id_of(path, base)
        if flaw := flaw_of_name(id):
            tell(f"{printable(path)} {flaw}; rename it")
        elif id in found:
            holder = printable(found[id])
            tell(f"{printable(path)} has the id {id!r} that {holder} has already; rename one of them")
        else:
            found[id] = path
    return sorted(found.items())


def read_document(path: Path, id: str) -> Document:
    """The document in a file; CorpusError, as `path:line: what is wrong; what is expected`, with its first problem."""
    reading = read(path, id)
    if reading.document is None:
        raise CorpusError(str(reading.problems[0]))
    return reading.document


def read(path: Path, id: str) -> Reading:
    """A file with all that is wrong with it, in the order of its lines."""
    try:
        text = normalise(path.read_bytes().decode("utf-8-sig")).replace(PAGE, "")
    except OSError as error:
        return _unreadable(path, f"the file cannot be read ({error.strerror})", "expected a file that opens")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return _unreadable(path, "the file is not text in UTF-8", "save it as UTF-8", line)
    if not text.strip():
        return _unreadable(path, "the file is empty", "expected a document")
    return _read_markdown(path, id, text) if path.suffix.lower() == ".md" else _read_plain(path, id, text)


def _files(given: Path) -> Iterator[tuple[Path, Path]]:
    """The documents at a path, each with the folder that its id counts from."""
    if given.is_file():
        if given.suffix.lower() not in ENDINGS:
            raise CorpusError(f"{printable(given)} is not a document; expected a name that ends in .md or .txt")
        yield given, base_of(given)
        return
    if not given.is_dir():
        raise CorpusError(f"{printable(given)} does not exist; expected a document or a folder of documents")
    for path in sorted(given.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(given).parts)
        if path.suffix.lower() in ENDINGS and is_document(path.name) and path.is_file() and not hidden:
            yield path, given


def base_of(path: Path) -> Path:
    """The folder that the id of a file given by name counts from: the nearest named "corpus", else its own."""
    return next((folder for folder in path.absolute().parents if folder.name == "corpus"), path.parent)


def id_of(path: Path, base: Path) -> str:
    """The id of a document: its path below a folder, without its ending, composed."""
    return normalize("NFC", path.absolute().relative_to(base.absolute()).with_suffix("").as_posix())


def document(id: str, facts: Facts, text: str, pages: tuple[int, ...] = ()) -> Document:
    """The document of a cleaned text: `unverified` where nobody vouches for it, titled by its id if by nobody else."""
    return Document(
        id=id,
        title=facts.title or PurePosixPath(id).name,
        publisher=facts.publisher,
        authors=facts.authors,
        url=facts.url,
        published=facts.published,
        tier=facts.tier or Tier.UNVERIFIED,
        topics=facts.topics,
        places=facts.places,
        text=text,
        pages=pages,
    )


def _read_plain(path: Path, id: str, text: str) -> Reading:
    return Reading(path, document(id, Facts(title=opening(text)), clean(text)), body=text)


def _read_markdown(path: Path, id: str, text: str) -> Reading:
    parts = split(text)
    if parts.front is None:
        lack = Problem(path, 1, "the front matter is missing", "expected --- alone on the first line")
        return replace(_read_plain(path, id, text), lacks=(lack,))
    cleaned, wrong = clean(parts.body), list(parts.front.wrong)
    if not cleaned and parts.ends:
        wrong.append((text.count("\n") + 1, "there is no text", "expected a body below the front matter"))
    facts = parts.front.facts.over(Facts(title=opening(parts.body)))
    problems, lacks = (tuple(Problem(path, *each) for each in sorted(some)) for some in (wrong, parts.front.missing))
    found = None if problems else document(id, facts, cleaned)
    return Reading(path, found, problems, lacks, parts.body, parts.line, parts.front.lines)


def _unreadable(path: Path, what: str, expected: str, line: int = 1) -> Reading:
    return Reading(path, None, (Problem(path, line, what, expected),))


def flaw_of_name(id: str) -> str | None:
    """What keeps it from being an id, if anything does."""
    if id.encode("utf-8", "replace").decode() != id:
        return "has a name that is not UTF-8"
    return None if printable(id) == id else "has a name that is not one line"


def printable(path: Path | str) -> str:
    """The path with "?" for what no encoding can print, as in file names of another encoding, and for line breaks."""
    return BREAK.sub("?", str(path).encode("utf-8", "replace").decode())
