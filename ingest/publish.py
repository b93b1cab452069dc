"""From files and addresses to the index that readers see: gather → split → embed → publish, in one call."""

import contextlib
import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ingest.copies import Copies
from ingest.embed import Known, Pending, Texts, texts_of
from ingest.engine import Engine, Local
from ingest.gather import Gathered, gather
from ingest.loaded import Facts
from ingest.split import split
from ingest.spool import Spool
from shanghai_qa.contents import ContentsWriter, Hashes
from shanghai_qa.embedding import Encoder, Vectors, encoder_identity, prepare
from shanghai_qa.errors import CorpusError, IndexUnusable
from shanghai_qa.settings import IndexSettings
from shanghai_qa.store import (
    FORMAT,
    Index,
    Manifest,
    Snapshot,
    check_server,
    corpus_version,
    damaged,
    read_manifest,
)
from shanghai_qa.values import Document


@dataclass(frozen=True)
class Summary:
    """What an ingest did. Ids of documents, but `refused`, which holds why, each opening with the path.

    Those in `silent`, some of the others, hold no sentence, and so nothing that could be found. `copies` are left out,
    by the id of what they are copies of. `cleaned` counts what cleaning took out, by the reason, and `untiered` are
    those whose tier nobody gave. `stale` are the addresses of which what was fetched before is used, each with why.
    """

    version: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    refused: tuple[str, ...]
    passages: int
    embedded: int
    published: bool
    seconds: float
    silent: tuple[str, ...] = ()
    copies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cleaned: Mapping[str, int] = field(default_factory=dict)
    untiered: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()


class Progress:
    """Told how far an ingest is; this one says nothing."""

    def step(self, message: str) -> None:
        """What is being done now."""

    def documents(self, total: int) -> None:
        """So many documents will be read."""

    def document(self) -> None:
        """One more is read."""

    def left_out(self, endings: Mapping[str, int]) -> None:
        """How many files in folders are no documents, by the endings of their names."""

    def texts(self, total: int) -> None:
        """So many texts will be embedded."""

    def embedded(self, count: int) -> None:
        """So many more are."""


MakeEngine = Callable[[Encoder, Path], Engine]
"""Gives the engine of an ingest for an encoder and its folder."""


def this_machine(encoder: Encoder, folder: Path) -> Engine:
    """All cores of this machine, or its GPU."""
    return Local(encoder)


@dataclass(frozen=True)
class Reading:
    """How sources are read: what to take for facts that they do not give, and how; see `ingest.gather.gather`."""

    flags: Facts = field(default_factory=Facts)
    columns: Mapping[str, str] = field(default_factory=dict)
    allow_private: bool = False


def ingest(
    inputs: Sequence[Path | str],
    index: Index,
    settings: IndexSettings,
    store: str | None = None,
    rebuild: bool = False,
    progress: Progress = Progress(),  # noqa: B008  it holds nothing
    reading: Reading = Reading(),
    make_engine: MakeEngine = this_machine,
) -> Summary:
    """Make `index` hold exactly the documents of `inputs`, folders, files and addresses, without copies; see `publish`.

    What cannot be read is refused by name and the rest goes in. CorpusError where `inputs` hold no readable document:
    an index is never emptied by mistake.
    """
    started = time.perf_counter()
    refused, untiered, stale = list[str](), list[str](), list[str]()
    cleaned: Counter[str] = Counter()
    with index.writing(), Spool(index.folder / _SPOOL) as spool:
        copies = Copies()
        for one in _gathered(inputs, reading, refused.append, progress, index.folder / "fetched", stale.append):
            spool.add(one.document, one.removed)
            copies.add(one.document)
            cleaned.update(removed.why for removed in one.removed)
            if "tier" in one.assumed:
                untiered.append(one.document.id)
        if not spool:
            first = f" ({refused[0]})" if refused else ""
            named = ", ".join(map(str, inputs))
            raise CorpusError(f"no document can be read in {named}{first}; the index is as it was")
        spool.copies = copies.groups()
        summary = publish(spool, index, settings, store, rebuild, progress, make_engine=make_engine)
        return replace(
            summary,
            refused=tuple(refused),
            copies=spool.copies,
            cleaned=cleaned,
            untiered=tuple(untiered),
            stale=tuple(dict.fromkeys(stale)),
            seconds=time.perf_counter() - started,
        )


def load(paths: Sequence[Path], progress: Progress = Progress()) -> tuple[list[Document], list[str]]:  # noqa: B008
    """The documents of files and folders, and why others were refused. CorpusError where a path does not exist."""
    refused: list[str] = []
    found = _gathered(paths, Reading(), refused.append, progress, Path("unused"))
    return sorted((one.document for one in found), key=lambda document: document.id), refused


def _gathered(
    inputs: Sequence[Path | str],
    reading: Reading,
    refuse: Callable[[str], None],
    progress: Progress,
    cache: Path,
    note: Callable[[str], None] = lambda _: None,
) -> Iterator[Gathered]:
    return gather(
        inputs,
        reading.flags,
        refuse,
        progress,
        cache=cache,
        allow_private=reading.allow_private,
        columns=reading.columns,
        note=note,
    )


def build(
    documents: Iterable[Document],
    index: Index,
    settings: IndexSettings,
    store: str | None = None,
    rebuild: bool = False,
    progress: Progress = Progress(),  # noqa: B008  it holds nothing
) -> Summary:
    """Make `index` hold exactly `documents`, each id once, and point readers at it when it is whole; see `publish`."""
    started = time.perf_counter()
    with index.writing(), Spool(index.folder / _SPOOL) as spool:
        for document in documents:
            spool.add(document)
        summary = publish(spool, index, settings, store, rebuild, progress)
    return replace(summary, seconds=time.perf_counter() - started)


_SPOOL = "gathering.sqlite"


class Corpus(Protocol):
    """Documents, each id once, and what is known of others."""

    def documents(self) -> Iterator[Document]:
        """All of them by id; each call begins anew."""

    def audit(self) -> Iterator[Mapping[str, Any]]:
        """What was left out of which document, or which as a copy, as JSON-ready values."""


def publish(
    corpus: Corpus,
    index: Index,
    settings: IndexSettings,
    store: str | None = None,
    rebuild: bool = False,
    progress: Progress = Progress(),  # noqa: B008  it holds nothing
    held: Sequence[tuple[Hashes, Vectors]] | None = None,
    make_engine: MakeEngine = this_machine,
) -> Summary:
    """Make `index` hold exactly `corpus`, and point readers at it when it is whole. Call it inside `index.writing`.

    Vectors of unchanged passages are taken from the snapshot in use unless `rebuild`, and in any case from `held` and
    from what an ingest that was killed had made. `rebuild` makes the encoder anew, too, unless `held` is given, even if
    it holds none. Where nothing changed, nothing is written. `store` is the address of a Chroma server. CorpusError
    where no document holds a sentence. `make_engine` gives what embeds.
    """
    if store:
        check_server(store)
    before = None if rebuild else _previous(index)
    try:
        encoder = _encoder(index, settings, rebuild and held is None, progress)
        held = [*(held or ())]
        identity = encoder.identity
        version = corpus_version(corpus.documents(), settings, identity)
        summary = _compare(before.contents.documents if before else (), corpus.documents(), version)
        unchanged = before and (before.manifest.version, before.manifest.store) == (version, store)
        if before and unchanged and index.owns(before.manifest) and _is_audited(before.manifest, corpus):
            return replace(summary, passages=len(before.contents.passages), silent=before.contents.silent)
        if before and before.manifest.encoder == identity:
            held.append((before.contents.hashes, before.contents.vectors))
        elif not (before or rebuild):
            held += _vectors_in_use(index, identity)
        with Pending(index.folder / "pending" / identity, encoder.dimension) as pending:
            engine = make_engine(encoder, index.encoder_folder(identity))
            filling = _Filling(corpus, encoder, engine, Known(*held, pending.held()), pending, progress)
            index.publish(_manifest(version, settings, identity, store), filling.fill)
            pending.remove()
    finally:
        if before:
            before.close()
        index.remove_unused()
    return replace(summary, passages=filling.passages, silent=filling.silent, embedded=filling.embedded, published=True)


class _Filling:
    """Writes the contents of a snapshot to a folder, and counts."""

    def __init__(
        self, corpus: Corpus, encoder: Encoder, engine: Engine, known: Known, pending: Pending, progress: Progress
    ) -> None:
        self._corpus = corpus
        self._encoder = encoder
        self._engine = engine
        self._known = known
        self._pending = pending
        self._progress = progress
        self.passages = self.embedded = 0
        self.silent: tuple[str, ...] = ()

    def fill(self, folder: Path) -> None:
        """CorpusError where no document holds a sentence."""
        contents, texts, silent = ContentsWriter(folder), Texts(folder), list[str]()
        for document in self._corpus.documents():
            passages = split(document, self._encoder.tokens, self._encoder.max_tokens)
            contents.add(document, passages)
            for passage in passages:
                texts.add(texts_of(document, passage))
            if not passages:
                silent.append(document.id)
        contents.close()
        self.passages, self.silent = contents.passages, tuple(silent)
        if not self.passages:
            raise CorpusError(f"{_some(self.silent)} hold no sentence; the index is as it was")
        with (folder / _AUDIT).open("wb") as file:
            file.writelines(_audited(self._corpus))
        self.embedded = texts.embed(self._engine, self._encoder.dimension, self._known, self._pending, self._told)

    def _told(self, total: int, more: int) -> None:
        if more:
            self._progress.embedded(more)
        else:
            self._progress.texts(total)


_AUDIT = "removed.jsonl"


def _audited(corpus: Corpus) -> Iterator[bytes]:
    """What was left out, as it stands in a snapshot."""
    return (f"{json.dumps(one, ensure_ascii=False)}\n".encode() for one in corpus.audit())


def _is_audited(manifest: Manifest, corpus: Corpus) -> bool:
    """Whether a snapshot tells the same of what was left out."""
    digest = sha256()
    for line in _audited(corpus):
        digest.update(line)
    return _AUDIT in manifest.files and manifest.files[_AUDIT][0] == digest.hexdigest()


def _previous(index: Index) -> Snapshot | None:
    try:
        return index.open()
    except IndexUnusable:  # none, or of another format, or damaged, or its Chroma server is down
        return None


def _vectors_in_use(index: Index, encoder: str) -> list[tuple[Hashes, Vectors]]:
    """Those of the snapshot in use, which cannot be opened, as far as they can be had."""
    with contextlib.suppress(IndexUnusable, OSError):
        if name := index.current():
            return sound_vectors(index.snapshots / name, read_manifest(index.snapshots / name), encoder)
    return []


def sound_vectors(folder: Path, manifest: Manifest, encoder: str) -> list[tuple[Hashes, Vectors]]:
    """The vectors in a folder, if `encoder` made them and they are as they were written."""
    if manifest.encoder != encoder or {"hashes.npy", "vectors.npy"} & set(damaged(folder, manifest)):
        return []
    return [(np.load(folder / "hashes.npy"), np.load(folder / "vectors.npy", mmap_mode="r"))]


def _encoder(index: Index, settings: IndexSettings, rebuild: bool, progress: Progress) -> Encoder:
    """The encoder of the settings' model, made where it is missing or damaged, or for `rebuild`."""
    folder = index.encoder_folder(encoder_identity(settings.embedding_model))
    if not rebuild:
        with contextlib.suppress(IndexUnusable):
            return Encoder.open(folder, gpu=True)
    progress.step("Preparing the embedding model")
    shutil.rmtree(folder, ignore_errors=True)
    prepare(settings.embedding_model, folder)
    return Encoder.open(folder, gpu=True)


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
    return ", ".join(ids[:3]) + more


def _compare(before: Iterable[Document], documents: Iterable[Document], version: str) -> Summary:
    """What is new, gone and other in `documents` against `before`; both come by id."""
    added, changed, removed, unchanged = list[str](), list[str](), list[str](), list[str]()
    for old, new in _side_by_side(iter(before), iter(documents)):
        if old is None and new:
            added.append(new.id)
        elif new is None and old:
            removed.append(old.id)
        elif new:
            (unchanged if old == new else changed).append(new.id)
    return Summary(
        version=version,
        added=tuple(added),
        changed=tuple(changed),
        removed=tuple(removed),
        unchanged=tuple(unchanged),
        refused=(),
        passages=0,
        embedded=0,
        published=False,
        seconds=0.0,
    )


def _side_by_side(
    before: Iterator[Document], after: Iterator[Document]
) -> Iterator[tuple[Document | None, Document | None]]:
    """Two streams by id, joined by id."""
    old, new = next(before, None), next(after, None)
    while old or new:
        if new is None or (old and old.id < new.id):
            yield old, None
            old = next(before, None)
        elif old is None or new.id < old.id:
            yield None, new
            new = next(after, None)
        else:
            yield old, new
            old, new = next(before, None), next(after, None)


def _manifest(version: str, settings: IndexSettings, identity: str, store: str | None) -> Manifest:
    return Manifest(
        format=FORMAT,
        version=version,
        settings=settings.model_dump(include=set(IndexSettings.model_fields)),
        encoder=identity,
        store=store,
        documents=0,
        passages=0,
        sentences=0,
        files={},
    )
