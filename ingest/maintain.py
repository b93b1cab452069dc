"""An index held against itself, mended from what is left of it, and carried from one machine to another.

What counts is the documents: passages, BM25, Chroma and the lexicon follow from them, and vectors are made again where
they are lost. So mending and importing are publishing, with the documents and the vectors that are sound.
"""

import json
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ingest.embed import texts_of
from ingest.publish import Progress, Summary, publish
from ingest.split import split
from shanghai_qa.contents import Contents, Hashes, as_document, text_hash
from shanghai_qa.embedding import Encoder, Vectors
from shanghai_qa.errors import IndexUnusable, InputError
from shanghai_qa.settings import IndexSettings
from shanghai_qa.store import Index, Manifest, Snapshot, damaged, read_manifest
from shanghai_qa.values import Document

_CARRIED = ("documents.jsonl", "removed.jsonl", "hashes.npy", "vectors.npy")
_BLOCK = 1000  # rows looked at together
_THE_SAME = 0.9999  # cosine


def check(index: Index, embed: bool = False) -> Iterator[str]:
    """What is wrong with the snapshot in use, a line each; nothing where it is as it was written.

    Every file is read; every passage is cut from its document again, every text of it and its vector looked up, every
    vector looked at, here and in Chroma. `embed` makes every vector again, too. IndexUnusable where there is none.
    """
    folder = _in_use(index)
    bad = list(damaged(folder, read_manifest(folder)))
    yield from (f"{folder / file} is {'damaged' if (folder / file).exists() else 'missing'}" for file in bad)
    if bad:
        return
    snapshot = index.open()
    try:
        encoder = Encoder.open(index.encoder_folder(snapshot.manifest.encoder))
        yield from _wrong_passages(snapshot.contents, encoder)
        yield from _wrong_vectors(snapshot)
        if embed:
            yield from _other_vectors(snapshot.contents, encoder)
    finally:
        snapshot.close()


def repair(index: Index, progress: Progress) -> Summary:
    """Publish the documents of the snapshot in use anew, with such of its vectors as are sound.

    Where nothing says which is in use, the newest that is whole enough is. IndexUnusable where its documents are lost.
    """
    with index.writing():
        folder = _mendable(index)
        manifest = read_manifest(folder)
        bad = set(damaged(folder, manifest))
        if "documents.jsonl" in bad:
            raise IndexUnusable(f"the documents in {folder} are damaged; read them again with: shanghai-qa ingest")
        held = [] if bad & {"hashes.npy", "vectors.npy"} else [_vectors(folder)]
        settings = IndexSettings.model_validate(manifest.settings)
        return publish(_Kept(folder), index, settings, manifest.store, rebuild=True, progress=progress, held=held)


def export(index: Index, file: Path) -> Manifest:
    """Write what an index is made of to a tar file, whole or not at all: its documents, vectors and encoder.

    It is compressed where its name ends in .gz; vectors hardly become smaller.
    """
    snapshot = index.open()
    building = file.with_name(f".{file.name}.building")
    try:
        for name in damaged(snapshot.folder, snapshot.manifest):
            raise IndexUnusable(f"{snapshot.folder / name} is damaged; mend it with: shanghai-qa index repair")
        with tarfile.open(building, "w:gz" if file.suffix == ".gz" else "w") as tar:
            for name in ("manifest.json", *_CARRIED):
                tar.add(snapshot.folder / name, name)
            tar.add(index.encoder_folder(snapshot.manifest.encoder), "encoder")
        building.replace(file)
        return snapshot.manifest
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror or error}") from error
    finally:
        building.unlink(missing_ok=True)
        snapshot.close()


def import_(file: Path, index: Index, store: str | None, progress: Progress) -> Summary:
    """Make `index` hold what `export` wrote to a file. InputError for any other file, or one that is damaged."""
    with index.writing():
        folder = index.folder / "importing"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            _unpack(file, folder)
            manifest = _carried(file, folder)
            encoder = index.encoder_folder(manifest.encoder)
            if not encoder.exists():
                encoder.parent.mkdir(parents=True, exist_ok=True)
                (folder / "encoder").rename(encoder)
            settings = IndexSettings.model_validate(manifest.settings)
            return publish(_Kept(folder), index, settings, store, progress=progress, held=[_vectors(folder)])
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def removed(index: Index) -> Iterator[Mapping[str, Any]]:
    """What was left out of the documents of the snapshot in use, and which documents as copies: see `Corpus.audit`."""
    snapshot = index.open()
    try:
        yield from _Kept(snapshot.folder).audit()
    finally:
        snapshot.close()


def _unpack(file: Path, folder: Path) -> None:
    try:
        with tarfile.open(file) as tar:
            tar.extractall(folder, filter="data")
    except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or "it is cut off, or no tar file, or one that leads out of its folder"
        raise InputError(f"{file} is no exported index: {why}; make one with: shanghai-qa index export") from error


def _carried(file: Path, folder: Path) -> Manifest:
    """The manifest of what was unpacked, once the rest is found to be as it was written."""
    if not (folder / "manifest.json").is_file():
        raise InputError(f"{file} is no exported index; make one with: shanghai-qa index export")
    manifest = read_manifest(folder)
    wanted = replace(manifest, files={name: manifest.files[name] for name in _CARRIED})
    for name in damaged(folder, wanted):
        raise InputError(f"{name} in {file} is damaged; export it again")
    Encoder.open(folder / "encoder")
    return manifest


class _Kept:
    """The documents in the folder of a snapshot, and what was left out of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def documents(self) -> Iterator[Document]:
        return map(as_document, self._rows("documents.jsonl"))

    def audit(self) -> Iterator[Mapping[str, Any]]:
        return self._rows("removed.jsonl")

    def _rows(self, name: str) -> Iterator[Mapping[str, Any]]:
        with (self._folder / name).open(encoding="utf-8", newline="\n") as file:
            yield from map(json.loads, file)


def _vectors(folder: Path) -> tuple[Hashes, Vectors]:
    return np.load(folder / "hashes.npy"), np.load(folder / "vectors.npy", mmap_mode="r")


def _in_use(index: Index) -> Path:
    """The folder of the snapshot in use."""
    name = index.current()
    if name is None:
        raise IndexUnusable(f"no index at {index.folder}; build it with: shanghai-qa ingest")
    return index.snapshots / name


def _mendable(index: Index) -> Path:
    """The folder of the snapshot in use, or of the newest that has a manifest where none is said to be."""
    try:
        folder = _in_use(index)
        read_manifest(folder)
        return folder
    except (IndexUnusable, FileNotFoundError):
        manifests = sorted(index.snapshots.glob("[!.]*/manifest.json"), key=lambda path: path.stat().st_mtime)
        if not manifests:
            raise IndexUnusable(f"nothing is left of the index at {index.folder}; run: shanghai-qa ingest") from None
        return manifests[-1].parent


# --- Checking --------------------------------------------------------------------------------------------------------


def _wrong_passages(contents: Contents, encoder: Encoder) -> Iterator[str]:
    """Passages that their documents do not give, and texts whose vector is another's."""
    for row, document in enumerate(contents.documents):
        kept = [contents.passages[at] for at in contents.passages_of(row)]
        if kept != list(split(document, encoder.tokens, encoder.max_tokens)):
            yield f"{document.id} has other passages than its text gives"
            continue
        for at, passage in zip(contents.passages_of(row), kept, strict=True):
            if contents.text_hashes(at).tolist() != [text_hash(text) for text in texts_of(document, passage)]:
                yield f"{passage.id} has vectors of other texts than its own"


def _wrong_vectors(snapshot: Snapshot) -> Iterator[str]:
    """Vectors that are not of unit length, passages whose vector is not the mean, or is another in Chroma."""
    contents = snapshot.contents
    for at in range(0, len(contents.vectors), _BLOCK):
        lengths = np.linalg.norm(contents.vectors[at : at + _BLOCK], axis=1)
        yield from (f"vector {at + int(n)} is not of unit length" for n in np.flatnonzero(np.abs(lengths - 1) > 1e-3))
    for at in range(0, len(contents.passages), _BLOCK):
        rows = range(at, min(at + _BLOCK, len(contents.passages)))
        for row in rows:
            mean = contents.sentence_vectors(row).sum(axis=0) + contents.head_vector(row)
            if float(mean @ contents.passage_vectors[row]) < _THE_SAME * float(np.linalg.norm(mean)):
                yield f"{contents.passages[row].id} has another vector than its sentences give"
        yield from (f"{contents.passages[row].id} is not in Chroma as it was written" for row in snapshot.lost(rows))


def _other_vectors(contents: Contents, encoder: Encoder) -> Iterator[str]:
    """Passages whose texts the encoder puts elsewhere."""
    for passage, row in zip(contents.passages, range(len(contents.passages)), strict=True):
        made = encoder.encode(texts_of(contents.document_of(passage), passage))
        kept = np.vstack([contents.head_vector(row), contents.sentence_vectors(row)])
        if float((made * kept).sum(axis=1).min()) < _THE_SAME:
            yield f"{passage.id} has other vectors than its texts give"
