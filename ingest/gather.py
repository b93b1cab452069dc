"""From folders, files and addresses to documents, one after the other, in an order that is always the same.

Inputs go in; out come documents with what cleaning took out of them. Whatever is not a short text is read in other
processes, a few files ahead, on as many processors as there are: a file that hangs, kills its reader or eats memory is
refused by name and the rest goes on. No more than these few files are in memory at a time.
"""

import os
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

from ingest.clean import clean, without_pages
from ingest.documents import base_of, document, flaw_of_name, id_of, printable
from ingest.formats import ENDINGS, is_document, load
from ingest.formats.apart import Apart, BrokenOff
from ingest.formats.facts import is_address, opening
from ingest.formats.file import FIELDS, MAX_LINE, Digest, LineError
from ingest.formats.front import SIDECAR, sidecar
from ingest.loaded import PAGE, Facts, Loaded, Removed
from shanghai_qa.errors import CorpusError, InputError
from shanghai_qa.values import Document

if TYPE_CHECKING:
    from ingest.fetch import Fetched, Web

_SHORT = 200_000  # bytes of Markdown or plain text, which are read here
_SECONDS = 10.0  # for a file of up to a megabyte, or for one member or record of it
_SECONDS_PER_MB = 5.0  # more for each megabyte more, as a long report takes its time,
_MOST_SECONDS = 60.0  # up to this
_LONGEST_SLUG = 100  # characters
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{2,30})""", re.IGNORECASE)
_QUEUED = 64  # files that may wait for one before them
_MOST_PROCESSES = 16


@dataclass(frozen=True)
class Gathered:
    """A document, what cleaning took out of its text, and the names of the facts that nobody gave: "tier"."""

    document: Document
    removed: tuple[Removed, ...]
    assumed: frozenset[str]


class Progress(Protocol):
    """Told how far the gathering is."""

    def documents(self, total: int) -> None:
        """So many files and addresses will be read; those that an address lists come on top."""

    def document(self) -> None:
        """One more is read."""

    def left_out(self, endings: Mapping[str, int]) -> None:
        """How many files in folders are no documents, by the endings of their names."""


def gather(
    inputs: Sequence[Path | str],
    flags: Facts,
    refuse: Callable[[str], None],
    progress: Progress,
    *,
    cache: Path,
    allow_private: bool = False,
    columns: Mapping[str, str] | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> Iterator[Gathered]:
    """The documents of `inputs`: in the order in which these are given, within a folder by id; each id, and file, once.

    An input is a folder, a file, or an address with http or https. Facts of a source are those of its sidecar
    `<file>.meta.yaml`, else of its front matter or the columns of its record, else `flags`, else what it says of
    itself; a title may be its first line or its name. `columns` says which column or key of CSV and JSON Lines holds
    which field. `cache` is the folder that addresses are fetched into, from private networks only if `allow_private`.

    `refuse` is told what is left out and why, opening with the path, and `note` of which address what was fetched
    before is used, and why. CorpusError where a path does not exist, InputError for a field that there is not.
    """
    for unknown in set(columns or ()).difference(FIELDS):
        raise InputError(f"{unknown!r} is no field of a record; expected {', '.join(FIELDS)}")
    sources = _Sources(inputs, flags, columns or {}, cache, allow_private, note)
    sources.count(progress)
    holders: dict[str, str] = {}
    for told in _in_order(sources.jobs()):
        if told is None:
            progress.document()
        elif isinstance(told, str):
            refuse(told)
        elif (id := told.gathered.document.id) in holders:
            way_out = "leave one of them out" if is_address(told.where) else "rename one of them"
            refuse(f"{told.where} has the id {id!r} that {holders[id]} has already; {way_out}")
        else:
            holders[id] = told.where
            yield told.gathered


# --- What there is to read ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """A file to read: where it lies, what messages call it, its name with an ending, and what is known of it."""

    path: Path
    where: str
    name: str
    id: str
    size: int
    given: Facts = field(default_factory=Facts)
    columns: Mapping[str, str] = field(default_factory=dict)
    declared: str | None = None

    @property
    def seconds(self) -> float:
        return min(_SECONDS + _SECONDS_PER_MB * max(self.size / 1e6 - 1, 0), _MOST_SECONDS)

    @property
    def is_short(self) -> bool:
        return self.size <= _SHORT and ENDINGS[_ending(self.name)] in ("markdown", "text")


@dataclass(frozen=True)
class _Sources:
    """What `gather` was given; `refused` is what could not be taken of it and is yet to be told."""

    inputs: Sequence[Path | str]
    flags: Facts
    columns: Mapping[str, str]
    cache: Path
    allow_private: bool
    note: Callable[[str], None]
    refused: list[str] = field(default_factory=list)

    def count(self, progress: Progress) -> None:
        """Tell how much there is; CorpusError where an input does not exist."""
        total = 0
        others: Counter[str] = Counter()
        for given in self.inputs:
            if _is_address(given) or Path(given).is_file():
                total += 1
            elif Path(given).is_dir():
                for path in map(Path, _walk(str(given), lambda _: None)):
                    if is_document(path.name):
                        total += 1
                    elif _ending(path.name) not in ENDINGS and not path.name.endswith(SIDECAR):
                        others[_ending(path.name) or "none"] += 1
            else:
                raise CorpusError(f"{printable(given)} does not exist; expected a document, a folder or an address")
        progress.documents(total)
        if others:
            progress.left_out(others)

    def jobs(self) -> Iterator[Job | str]:
        """What there is to read, and between that why some cannot be."""
        for job in self._jobs():
            yield from self._told()
            if job:
                yield job
        yield from self._told()

    def _told(self) -> Sequence[str]:
        told = tuple(self.refused)
        self.refused.clear()
        return told

    def _jobs(self) -> Iterator[Job | None]:
        web: Web | None = None
        fetched = set[str]()
        seen: set[str] | None = set() if _overlap(self.inputs) else None
        for given in self.inputs:
            if _is_address(given):
                web = web or self._web()
                for page in web.fetch(str(given)):
                    if page.address not in fetched:  # named by itself and listed, too
                        fetched.add(page.address)
                        yield self._fetched(page)
                continue
            for path, base in self._files(Path(given)):
                if seen is not None:
                    real = os.path.realpath(path)
                    if real in seen:
                        continue
                    seen.add(real)
                yield self._job(path, base)
        if web:
            web.close()

    def _web(self) -> "Web":
        from ingest.fetch import Web

        return Web(self.cache, allow_private=self.allow_private, refuse=self.refused.append, note=self.note)

    def _files(self, given: Path) -> Iterator[tuple[Path, Path]]:
        """The documents at a path, each with the folder that its id counts from."""
        if given.is_dir():
            for path in map(Path, _walk(str(given), self.refused.append)):
                if is_document(path.name):
                    yield path, given
        elif _ending(given.name) in ENDINGS:
            yield given, base_of(given)
        else:
            self.refused.append(
                f"{printable(given)} is not a document; expected a name that ends in {', '.join(ENDINGS)}"
            )

    def _job(self, path: Path, base: Path) -> Job | None:
        """The job of reading a file, unless that is refused."""
        where, id = printable(path), id_of(path, base)
        try:
            size = path.stat().st_size
        except OSError as error:
            self.refused.append(f"{where}: cannot be read ({error.strerror}); expected a file that opens")
        else:
            flaw = flaw_of_name(id)
            if not flaw:
                return Job(path, where, path.name, id, size, self.flags, self.columns)
            self.refused.append(f"{where} {flaw}; rename it")
        return None

    def _fetched(self, page: "Fetched") -> Job:
        """The job of reading what was fetched, the ending of whose file says what it is."""
        charset = _CHARSET.search(page.content_type or "")
        return Job(
            path=page.data,
            where=page.address,
            name=page.data.name,
            id=id_of_address(page.address),
            size=page.data.stat().st_size,
            given=self.flags.over(Facts(url=page.address)),
            columns=self.columns,
            declared=charset[1] if charset else None,
        )


def id_of_address(address: str) -> str:
    """The id of what was fetched: its host and path, and its query, in signs that an id may have.

    Where these do not tell all of the address, a hash of it stands behind them. http and https count as one, and so do
    addresses with and without a slash at the end.
    """
    parts = urlsplit(address)
    host = parts.netloc.lower().replace(":", "-")
    names = [unquote(name) for name in parts.path.split("/")]
    if parts.query:
        names[-1] += f"-{unquote(parts.query)}"
    slugs = (re.sub(r"[^\w.-]+", "-", normalize("NFC", name)).strip("-.")[:_LONGEST_SLUG] for name in names)
    id = "/".join(filter(None, [host, *slugs]))
    told = host + unquote(address.removeprefix(f"{parts.scheme}://{parts.netloc}")).removesuffix("/")
    return id if told == id else f"{id}-{sha256(told.encode()).hexdigest()[:8]}"


def _is_address(given: Path | str) -> bool:
    return isinstance(given, str) and is_address(given)


def _overlap(inputs: Sequence[Path | str]) -> bool:
    """Whether a file may be met twice."""
    paths = [Path(given).resolve() for given in inputs if not _is_address(given)]
    all_of_them = set(paths)
    return len(all_of_them) < len(paths) or any(not all_of_them.isdisjoint(path.parents) for path in paths)


def _walk(folder: str, refuse: Callable[[str], None]) -> Iterator[str]:
    """The files below a folder by id; neither what is hidden nor what a link to a folder leads to."""

    def place(entry: os.DirEntry[str]) -> str:
        return normalize("NFC", f"{entry.name}/" if entry.is_dir() else PurePosixPath(entry.name).stem)

    try:
        with os.scandir(folder) as found:
            shown = [entry for entry in found if not entry.name.startswith(".")]
    except OSError as error:
        refuse(f"{printable(folder)} cannot be read ({error.strerror}); expected a folder that opens")
        return
    for entry in sorted(shown, key=lambda entry: (place(entry), entry.name)):
        if entry.is_dir():
            if not entry.is_symlink():
                yield from _walk(entry.path, refuse)
        elif entry.is_file():
            yield entry.path


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


# --- Reading --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """A document, and where it was read, as messages call that."""

    where: str
    gathered: Gathered


Message = Told | str
"""A document, or what was refused and why."""


def _in_order(jobs: Iterable[Job | str]) -> Iterator[Message | None]:
    """What the jobs tell, one after the other, and None at the end of each; a message among them keeps its place."""
    with Apart(read, min(_processors(), _MOST_PROCESSES)) as apart:
        queue: deque[tuple[Job | str, Iterator[Message | BrokenOff] | None]] = deque()
        for job in jobs:
            queue.append((job, None if isinstance(job, str) or job.is_short else apart.give(job)))
            while queue and (queue[0][1] is None or apart.is_full or len(queue) > _QUEUED):
                yield from _told(*queue.popleft())
        while queue:
            yield from _told(*queue.popleft())


def _told(job: Job | str, values: Iterator[Message | BrokenOff] | None) -> Iterator[Message | None]:
    """What a job tells, here unless it is being done elsewhere."""
    if isinstance(job, str):
        yield job
        return
    for value in _here(job) if values is None else values:
        yield f"{job.where}: {value.why}" if isinstance(value, BrokenOff) else value
    yield None


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _here(job: Job) -> Iterator[Message]:
    told: list[Message] = []
    read(job, told.append)
    yield from told


def read(job: Job, tell: Callable[[Message], None]) -> None:
    """Tell the documents of a file, and what was refused of it."""

    def refuse(why: str) -> None:
        tell(job.where + why)

    try:
        beside = _sidecar(job.path)
        with job.path.open("rb") as data:
            texts = load(job.name, data, given=job.given, columns=job.columns, declared=job.declared, refuse=refuse)
            for key, loaded in texts:
                place = f"/{key}" if key else ""
                try:
                    tell(Told(job.where + place, _gathered(job.id + place, loaded, beside)))
                except CorpusError as error:
                    refuse(f"{place}: {error}")
    except LineError as error:
        refuse(f":{error.line}: {error}")
    except CorpusError as error:
        refuse(f": {error}")
    except OSError as error:
        refuse(f": cannot be read ({error.strerror}); expected a file that opens")


def _sidecar(path: Path) -> Facts:
    beside = path.with_name(path.name + SIDECAR)
    return sidecar(beside.read_bytes(), beside.name) if beside.is_file() else Facts()


def _gathered(id: str, loaded: Loaded, beside: Facts) -> Gathered:
    """The document of a text; CorpusError where nothing is left of it, or a line is too long to be one."""
    _check_lines(loaded.text)
    found, removed = _of_the_document(loaded)
    text, pages = without_pages(clean(found))
    _check_lines(text)
    if not text:
        raise CorpusError("holds no text; expected a document, and of a scan one that went through text recognition")
    facts = beside.over(loaded.facts).over(Facts(title=opening(found.replace(PAGE, ""))))
    assumed = frozenset() if facts.tier else frozenset({"tier"})
    return Gathered(document(id, facts, text, pages), (*loaded.removed, *removed), assumed)


def _of_the_document(loaded: Loaded) -> tuple[str, tuple[Removed, ...]]:
    """The text without what others put into it, and that: of what has front matter, no line is taken for a menu."""
    from ingest.boilerplate import without_boilerplate
    from ingest.injected import without_injected

    text, lines = (loaded.text, ()) if isinstance(loaded, Digest) else without_boilerplate(loaded.text)
    found, fragments = without_injected(text)
    gone = {one.line for one in lines}
    kept = [line for line in range(1, loaded.text.count("\n") + 2) if line not in gone] if fragments else []
    return found, (*lines, *(replace(one, line=kept[one.line - 1]) for one in fragments))


def _check_lines(text: str) -> None:
    longest = max(map(len, text.split("\n")))
    if longest > MAX_LINE:
        raise CorpusError(f"has a paragraph of {longest:,} characters; expected at most {MAX_LINE:,}: break it")
