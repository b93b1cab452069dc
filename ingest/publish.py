"""From files, or documents, to the index that readers see: load → split → embed → publish, in one call."""

import contextlib
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.documents import find, read_document
from ingest.embed import Known, count_new, embed, known
from ingest.split import split
from shanghai_qa.embedding import Encoder, encoder_identity, prepare
from shanghai_qa.errors import CorpusError, IndexUnusable
from shanghai_qa.settings import IndexSettings
from shanghai_qa.store import FORMAT, Contents, Index, Manifest, Snapshot, check_server, corpus_version
from shanghai_qa.values import Document, Passage


@dataclass(frozen=True)
class Summary:
    """What an ingest did. Ids of documents, but `refused`, which holds why, each opening with the path.

    Those in `silent`, some of the others, hold no sentence, and so nothing that could be found.
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


class Progress:
    """Told how far an ingest is; this one says nothing."""

    def step(self, message: str) -> None:
        """What is being done now."""

    def documents(self, total: int) -> None:
        """So many documents will be read."""

    def document(self) -> None:
        """One more is read."""

    def passages(self, total: int) -> None:
        """So many passages will be embedded, or found embedded already."""

    def embedded(self, count: int) -> None:
        """So many more are."""


def ingest(
    paths: Sequence[Path],
    index: Index,
    settings: IndexSettings,
    store: str | None = None,
    rebuild: bool = False,
    progress: Progress = Progress(),  # noqa: B008  it holds nothing
) -> Summary:
    """Make `index` hold exactly the documents of `paths`; see `build`.

    Documents that cannot be read are refused by name and the rest goes in. CorpusError where `paths` hold no readable
    document: an index is never emptied by mistake.
    """
    started = time.perf_counter()
    documents, refused = load(paths, progress)
    if not documents:
        first = f" ({refused[0]})" if refused else ""
        raise CorpusError(f"no document can be read in {', '.join(map(str, paths))}{first}; the index is as it was")
    summary = build(documents, index, settings, store, rebuild, progress)
    return replace(summary, refused=tuple(refused), seconds=time.perf_counter() - started)


def build(
    documents: Sequence[Document],
    index: Index,
    settings: IndexSettings,
    store: str | None = None,
    rebuild: bool = False,
    progress: Progress = Progress(),  # noqa: B008  it holds nothing
) -> Summary:
    """Make `index` hold exactly `documents`, each id once, and point readers at it when it is whole.

    Vectors of unchanged passages are taken from the snapshot in use unless `rebuild`; where nothing changed, nothing is
    written. `store` is the address of a Chroma server. CorpusError where no document holds a sentence.
    """
    started = time.perf_counter()
    with index.writing():
        if store:
            check_server(store)
        before = None if rebuild else _previous(index)
        try:
            encoder = _encoder(index, settings, rebuild, progress)
            identity = encoder.identity
            version = corpus_version(documents, settings, identity)
            summary = _compare(before.contents.documents if before else (), documents, version)
            if before and (before.manifest.version, before.manifest.store) == (version, store):
                return _done(summary, before.contents, started)
            have = known(before.contents) if before and before.manifest.encoder == identity else {}
            contents, embedded = _contents(documents, encoder, have, progress)
            progress.step("Publishing")
            index.publish(contents, _manifest(version, settings, identity, store, contents))
        finally:
            if before:
                before.close()
        index.remove_unused()
    return replace(_done(summary, contents, started), embedded=embedded, published=True)


def load(paths: Iterable[Path], progress: Progress = Progress()) -> tuple[list[Document], list[str]]:  # noqa: B008
    """The documents of `paths` by id, and why others were refused. CorpusError where a path does not exist."""
    documents: list[Document] = []
    refused: list[str] = []
    found = find(paths, refused.append)
    progress.documents(len(found))
    for id, path in found:
        try:
            documents.append(read_document(path, id))
        except CorpusError as error:
            refused.append(str(error))
        progress.document()
    return documents, refused


def _previous(index: Index) -> Snapshot | None:
    try:
        return index.open()
    except IndexUnusable:  # none, or of another format, or damaged: all is embedded anew
        return None


def _encoder(index: Index, settings: IndexSettings, rebuild: bool, progress: Progress) -> Encoder:
    """The encoder of the settings' model, made where it is missing or damaged, or for `rebuild`."""
    folder = index.encoder_folder(encoder_identity(settings.embedding_model))
    threads = os.cpu_count() or 1
    if not rebuild:
        with contextlib.suppress(IndexUnusable):
            return Encoder.open(folder, threads)
    progress.step("Preparing the embedding model")
    shutil.rmtree(folder, ignore_errors=True)
    prepare(settings.embedding_model, folder)
    return Encoder.open(folder, threads)


def _contents(documents: Sequence[Document], encoder: Encoder, have: Known, progress: Progress) -> tuple[Contents, int]:
    passages: list[Passage] = []
    for document in documents:
        passages += split(document, encoder.tokens, encoder.max_tokens)
    if not passages:
        raise CorpusError(f"{_some(documents)} hold no sentence; the index is as it was")
    new = count_new(documents, passages, have)
    progress.passages(len(passages))
    return embed(documents, passages, encoder, have, progress.embedded), new


def _some(documents: Sequence[Document]) -> str:
    more = f" and {len(documents) - 3} more" if len(documents) > 3 else ""
    return ", ".join(document.id for document in documents[:3]) + more


def _compare(before: Iterable[Document], documents: Iterable[Document], version: str) -> Summary:
    old, new = {d.id: d for d in before}, {d.id: d for d in documents}
    both = [id for id in new if id in old]
    return Summary(
        version=version,
        added=tuple(id for id in new if id not in old),
        changed=tuple(id for id in both if new[id] != old[id]),
        removed=tuple(id for id in old if id not in new),
        unchanged=tuple(id for id in both if new[id] == old[id]),
        refused=(),
        passages=0,
        embedded=0,
        published=False,
        seconds=0.0,
    )


def _done(summary: Summary, contents: Contents, started: float) -> Summary:
    silent = tuple(document.id for document in contents.documents if document.id not in contents.rows_of)
    return replace(summary, silent=silent, passages=len(contents.passages), seconds=time.perf_counter() - started)


def _manifest(version: str, settings: IndexSettings, identity: str, store: str | None, contents: Contents) -> Manifest:
    return Manifest(
        format=FORMAT,
        version=version,
        settings=settings.model_dump(include=set(IndexSettings.model_fields)),
        encoder=identity,
        store=store,
        documents=len(contents.documents),
        passages=len(contents.passages),
        sentences=len(contents.sentence_vectors),
        files={},
    )
