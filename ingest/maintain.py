"""An index held against itself, mended from what is left of it, and carried from one machine to another.

What counts is the documents: passages, BM25, Chroma and the lexicon follow from them, and vectors are made again where
they are lost. So mending and importing are publishing, with the documents and the vectors that are sound.
"""

import contextlib
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ingest.embed import of_unit_length, texts_of
from ingest.publish import Progress, Summary, publish, sound_vectors
from ingest.split import split
from shanghai_qa.contents import Contents, as_document, text_hash
from shanghai_qa.embedding import Encoder, encoder_identity
from shanghai_qa.errors import IndexUnusable, InputError
from shanghai_qa.settings import IndexSettings, Settings
from shanghai_qa.store import Index, Manifest, ManifestDamaged, Snapshot, damaged, read_manifest
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
    manifest = _manifest(folder)
    bad = list(damaged(folder, manifest)) if manifest else ["manifest.json"]
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

    Where nothing says which is in use, the newest of which documents are left is. Without a manifest nothing says how
    it was made: the settings in force are taken, no vector is, and the new ones are kept beside it. IndexUnusable where
    the documents are lost.
    """
    with index.writing():
        folder = _mendable(index)
        manifest = _manifest(folder)
        bad = set(damaged(folder, manifest) if manifest else ("manifest.json", *_unreadable(folder)))
        if "documents.jsonl" in bad:
            raise IndexUnusable(f"the documents in {folder} are damaged; read them again with: shanghai-qa ingest")
        if "removed.jsonl" in bad:
            progress.step("removed.jsonl is lost: what was left out of the documents is known again after an ingest")
        if manifest is None:
            progress.step("manifest.json is lost: all is embedded again, with the settings in force")
        settings = _settings(manifest) if manifest else Settings.from_environment(os.environ)
        return publish(
            _Kept(folder, audited="removed.jsonl" not in bad),
            index,
            settings,
            manifest.store if manifest else None,
            rebuild=True,
            progress=progress,
            held=sound_vectors(folder, manifest, encoder_identity(settings.embedding_model)) if manifest else (),
        )


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
            settings = _settings(manifest)
            encoder = index.encoder_folder(manifest.encoder)
            if not encoder.exists():
                encoder.parent.mkdir(parents=True, exist_ok=True)
                (folder / "encoder").rename(encoder)
            held = sound_vectors(folder, manifest, manifest.encoder)
            return publish(_Kept(folder), index, settings, store, progress=progress, held=held)
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
    try:
        manifest = read_manifest(folder)
        wanted = replace(manifest, files={name: manifest.files[name] for name in _CARRIED})
        bad = [*damaged(folder, wanted), *_unreadable(folder)]
        own = encoder_identity(_settings(manifest).embedding_model)
    except (ManifestDamaged, ValueError, TypeError, KeyError) as error:
        raise InputError(f"manifest.json in {file} is damaged; export it again") from error
    except IndexUnusable as error:
        raise InputError(f"{file} is of another version of this program; export it again with this one") from error
    for name in bad:
        raise InputError(f"{name} in {file} is damaged; export it again")
    if manifest.encoder != own:  # and so no name that leads out of the index
        raise InputError(
            f"{file} holds vectors of {manifest.encoder!r}, this program makes those of {own!r}; ingest here"
        )
    with contextlib.suppress(IndexUnusable):
        if Encoder.open(folder / "encoder").identity == own:
            return manifest
    raise InputError(f"the encoder in {file} is damaged, or another than {own!r}; export it again")


class _Kept:
    """The documents in the folder of a snapshot, and what was left out of them."""

    def __init__(self, folder: Path, audited: bool = True) -> None:
        self._folder = folder
        self._audited = audited

    def documents(self) -> Iterator[Document]:
        return map(as_document, self._rows("documents.jsonl"))

    def audit(self) -> Iterator[Mapping[str, Any]]:
        return self._rows("removed.jsonl") if self._audited else iter(())

    def _rows(self, name: str) -> Iterator[Mapping[str, Any]]:
        with (self._folder / name).open(encoding="utf-8", newline="\n") as file:
            yield from map(json.loads, file)


def _settings(manifest: Manifest) -> IndexSettings:
    """Those that a snapshot was made with."""
    return IndexSettings.model_validate(manifest.settings)


def _in_use(index: Index) -> Path:
    """The folder of the snapshot in use."""
    name = index.current()
    if name is None:
        raise IndexUnusable(f"no index at {index.folder}; build it with: shanghai-qa ingest")
    return index.snapshots / name


def _manifest(folder: Path) -> Manifest | None:
    """What a snapshot says of itself; None where that is missing or damaged."""
    try:
        return read_manifest(folder)
    except (FileNotFoundError, ManifestDamaged):
        return None


def _mendable(index: Index) -> Path:
    """The folder of the snapshot in use, or where none is, of the newest that has documents, if any with a manifest."""
    with contextlib.suppress(IndexUnusable):
        if (folder := _in_use(index)).is_dir():
            return folder
    left = [folder for folder in index.folders() if (folder / "documents.jsonl").is_file()]
    if not left:
        raise IndexUnusable(f"nothing is left of the index at {index.folder}; run: shanghai-qa ingest")
    return max(left, key=lambda one: ((one / "manifest.json").is_file(), (one / "documents.jsonl").stat().st_mtime))


def _unreadable(folder: Path) -> Iterator[str]:
    """The files of a snapshot without a manifest, of those that are needed, that cannot be read to their end."""
    kept = _Kept(folder)
    for name, rows, least in (("documents.jsonl", kept.documents, 1), ("removed.jsonl", kept.audit, 0)):
        try:
            readable = sum(1 for _ in rows()) >= least
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            readable = False
        if not readable:
            yield name


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
        wrong = np.flatnonzero(~of_unit_length(contents.vectors[at : at + _BLOCK]))
        yield from (f"vector {at + int(n)} is not of unit length" for n in wrong)
    for at in range(0, len(contents.passages), _BLOCK):
        rows = range(at, min(at + _BLOCK, len(contents.passages)))
        others = [row for row in rows if not _is_mean(contents, row)]
        yield from (f"{contents.passages[row].id} has another vector than its sentences give" for row in others)
        yield from (f"{contents.passages[row].id} is not in Chroma as it was written" for row in snapshot.lost(rows))


def _is_mean(contents: Contents, row: int) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):  # of what is no number it is none
        mean = contents.sentence_vectors(row).sum(axis=0) + contents.head_vector(row)
        return float(mean @ contents.passage_vectors[row]) >= _THE_SAME * float(np.linalg.norm(mean))


def _other_vectors(contents: Contents, encoder: Encoder) -> Iterator[str]:
    """Passages whose texts the encoder puts elsewhere."""
    for passage, row in zip(contents.passages, range(len(contents.passages)), strict=True):
        made = encoder.encode(texts_of(contents.document_of(passage), passage))
        kept = np.vstack([contents.head_vector(row), contents.sentence_vectors(row)])
        if not float((made * kept).sum(axis=1).min()) >= _THE_SAME:
            yield f"{passage.id} has other vectors than its texts give"
