"""The index: snapshots that never change, and a pointer to the one in use. The only module that knows Chroma.

    <index>/CURRENT                name of the snapshot in use, replaced in one atomic step
    <index>/encoders/<identity>/   the embedding model as it runs (`embedding.prepare`)
    <index>/snapshots/<name>/      manifest.json, lexicon.json, bm25/, chroma/, and what `contents` lists

A snapshot is written aside, searched for vectors that it must hold, and only then pointed at; nobody writes to one that
anybody may read, since Chroma loses data for good when its writer is killed or when two processes write. Chroma writes
to its database even when it only reads, so each reader has a copy of that; a large graph beside it stays where it is.
Readers hold a shared lock on the snapshot that they read; `remove_unused` removes those that nobody holds. With a
Chroma server the vectors are a collection there, `corpus-<id>-<name>`, and the rest is the same; `id`, a file of the
index, tells its collections from those of other indices on that server.
"""

import contextlib
import hashlib
import json
import logging
import os
import re
import secrets
import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any, Self, cast
from urllib.parse import urlsplit

import numpy as np
import portalocker
from numpy.typing import NDArray

from shanghai_qa.contents import Contents, vars_of
from shanghai_qa.embedding import Vectors, sha256_of
from shanghai_qa.errors import IndexUnusable, ShanghaiQAError
from shanghai_qa.lexicon import Lexicon
from shanghai_qa.settings import IndexSettings
from shanghai_qa.values import NO_FILTERS, CorpusInfo, Document, Filters, Passage
from shanghai_qa.words import terms

FORMAT = 3
"""Changes whenever another program could not read the snapshot, or would read it wrongly: also with `words.terms`."""

_log = logging.getLogger(__name__)

_REBUILD = "build it again with: shanghai-qa ingest --rebuild"
_MEND = f"mend it with: shanghai-qa index repair, or {_REBUILD}"
_NAME = r"[0-9a-f]{12}(-\d+)?"  # of a snapshot; what else lies among them is not ours to remove
_ADD_BATCH = 1000
_THE_SAME = 0.9999  # cosine, from which two vectors differ by rounding alone
_FEW = 20_000  # passages that filters admit, up to which all are compared, in 10 ms; the graph is asked for the rest
_COMPARED = 64  # passages compared in the time that the graph takes for one of many neighbours (44 of 100,000)
_LARGE = 16_000_000  # bytes of a file from which opening looks at its size alone: `index check` reads it
_CHECKED = 1000  # passages that are searched for in a new snapshot, at most


@dataclass(frozen=True)
class Manifest:
    """What a snapshot was made of and with; `files` gives the SHA-256 and the size in bytes of each file beside it.

    `collection` is what holds its vectors on the server `store`.
    """

    format: int
    version: str
    settings: dict[str, Any]
    encoder: str
    store: str | None
    documents: int
    passages: int
    sentences: int
    files: dict[str, tuple[str, int]]
    collection: str | None = None


class ManifestDamaged(IndexUnusable):
    """What says how a snapshot was made cannot be read."""


class Snapshot:
    """One snapshot, open for reading; `close` releases it, as does dropping the last reference to it."""

    def __init__(self, folder: Path, manifest: Manifest, contents: Contents, lock: IO[Any]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.contents = contents
        self._lock = lock
        self._graph = _Collection.open(manifest.store or folder / "chroma", _collection_name(manifest, folder.name))
        self._bm25 = _load_bm25(folder / "bm25")
        self.lexicon = Lexicon(**json.loads((folder / "lexicon.json").read_text(encoding="utf-8")))

    @property
    def info(self) -> CorpusInfo:
        return CorpusInfo(self.manifest.version, self.manifest.documents, self.manifest.passages)

    def nearest(
        self, vector: Vectors, limit: int, filters: Filters = NO_FILTERS, few: int = _FEW
    ) -> list[tuple[int, float]]:
        """At most `limit` passages by cosine to `vector`, nearest first: (row, similarity in [-1, 1]).

        Chroma is never asked to filter, which takes it time in proportion to all passages. Where few are admitted, up
        to `few`, they are compared one by one, else the graph is asked for so many that enough of them are admitted;
        where they are not, as for a question about what the filters leave out, for four times as many, as long as that
        takes less time than to compare all.
        """
        if not filters:
            return self._graph.nearest(vector, limit)
        admitted = self.contents.admitted(filters)
        rows = np.flatnonzero(admitted)
        if len(rows) > few:
            first = wanted = -(-3 * limit * len(admitted) // (2 * len(rows))) + limit
            while wanted == first or wanted * _COMPARED < len(rows):
                found = [(row, near) for row, near in self._graph.nearest(vector, wanted) if admitted[row]]
                if len(found) >= limit:
                    return found[:limit]
                wanted *= 4
        similarities = _similarities(self.contents.passage_vectors, rows, vector)
        return [(int(rows[i]), float(similarities[i])) for i in _best(similarities, limit)]

    def lost(self, rows: Sequence[int]) -> list[int]:
        """Those of `rows` for which Chroma gives another vector than was written, or none.

        It may hold some that `nearest` does not come upon.
        """
        kept, vectors = self._graph.vectors(rows), self.contents.passage_vectors
        return [row for row in rows if not (row in kept and float(kept[row] @ vectors[row]) >= _THE_SAME)]

    def matching(self, query: Sequence[str], limit: int, filters: Filters = NO_FILTERS) -> list[tuple[int, float]]:
        """At most `limit` passages that share terms with `query`, by BM25, best first: (row, score above 0)."""
        mask = self.contents.admitted(filters).astype(np.float32) if filters else None
        scores = bm25_scores(self._bm25, query, mask)
        return [(int(row), float(scores[row])) for row in _best(scores, limit) if scores[row] > 0]

    def rarity(self, term: str) -> float:
        """Inverse document frequency over passages, ln((N + 1) / (n + 0.5)): higher is rarer, highest if unknown."""
        return float(np.log((self.manifest.passages + 1) / (self._frequency(term) + 0.5)))

    @property
    def highest_rarity(self) -> float:
        """That of a term which no passage holds."""
        return float(np.log((self.manifest.passages + 1) / 0.5))

    def close(self) -> None:
        self._graph.close()
        self._lock.close()

    def _frequency(self, term: str) -> int:
        """How many passages hold `term`."""
        column, starts = self._bm25.vocab_dict.get(term), self._bm25.scores["indptr"]
        return 0 if column is None or column + 1 >= len(starts) else int(starts[column + 1] - starts[column])


def _similarities(vectors: Vectors, rows: NDArray[np.int64], vector: Vectors) -> Vectors:
    """The cosines of some rows of `vectors` to `vector`, read a few thousand at a time."""
    parts = [vectors[rows[at : at + 4096]] @ vector for at in range(0, len(rows), 4096)]
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def _best(scores: Vectors, limit: int) -> NDArray[np.int64]:
    """The places of the `limit` highest scores, best first; of equal ones the first."""
    if len(scores) > limit:
        least = np.partition(scores, -limit)[-limit]
        some = np.flatnonzero(scores >= least)
    else:
        some = np.arange(len(scores))
    return some[np.argsort(-scores[some], kind="stable")[:limit]]


class Index:
    """A folder of snapshots and the pointer to the one in use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def snapshots(self) -> Path:
        return self.folder / "snapshots"

    def folders(self) -> list[Path]:
        """Those of the snapshots that there are, sound or not."""
        return self._folders(_NAME)

    def encoder_folder(self, identity: str) -> Path:
        return self.folder / "encoders" / identity

    def current(self) -> str | None:
        """Name of the snapshot in use, or None where there is no index."""
        try:
            return (self.folder / "CURRENT").read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise IndexUnusable(f"{self.folder / 'CURRENT'} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise IndexUnusable(f"{self.folder / 'CURRENT'} is damaged; {_REBUILD}") from error

    def open(self) -> Snapshot:
        """The snapshot in use, with a shared lock on it. IndexUnusable if there is none, or it cannot be trusted."""
        tries = 5  # an ingest may replace and remove it between two of our steps
        while True:
            name = self.current()
            if name is None:
                raise IndexUnusable(f"no index at {self.folder}; build it with: shanghai-qa ingest")
            try:
                return open_snapshot(self.snapshots / name)
            except FileNotFoundError as error:
                tries -= 1
                if not tries or self.current() == name:
                    raise IndexUnusable(f"the index at {self.folder} lacks {error.filename}; {_MEND}") from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the right to write; ShanghaiQAError if another process does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with portalocker.Lock(self.folder / "lock", "w", timeout=1, flags=_EXCLUSIVE):
                yield
        except portalocker.exceptions.LockException as error:
            raise ShanghaiQAError(f"another ingest is writing to {self.folder}; wait until it has ended") from error

    @property
    def is_being_written(self) -> bool:
        """Whether an ingest is at work. It asks by a lock held for an instant, which a beginning ingest waits out."""
        try:
            with portalocker.Lock(self.folder / "lock", "r", timeout=0, flags=_SHARED):
                return False
        except FileNotFoundError:
            return False
        except portalocker.exceptions.LockException:
            return True

    def publish(self, manifest: Manifest, fill: Callable[[Path], None]) -> Path:
        """Write a snapshot aside, check it, then point at it; returns its folder. Call it inside `writing`.

        `fill` writes what `contents` lists; the rest is made of that, and so are the counts of the manifest.
        """
        self.snapshots.mkdir(parents=True, exist_ok=True)
        self._remove_unfinished()
        self._drop_unused(self._remove_unread())
        folder = self._unused_name(manifest.version)
        if manifest.store:
            manifest = replace(manifest, collection=self._own_prefix() + folder.name)
        building = folder.with_name(f".{folder.name}.building")
        building.mkdir()
        try:
            fill(building)
            _complete(building, folder.name, manifest)
        except BaseException:
            shutil.rmtree(building)
            raise
        building.rename(folder)
        snapshot = open_snapshot(folder)
        try:
            check_vectors(snapshot)
        finally:
            snapshot.close()
        for name in damaged(folder, snapshot.manifest):
            raise IndexUnusable(f"{folder / name} changed while it was read; ingest again")
        self._point_at(folder.name)
        return folder

    def remove_unused(self) -> None:
        """Remove what killed ingests left, the snapshots neither in use nor read, and what none of them has on servers.

        No whole snapshot is removed where the one in use is not known or has no manifest: then it may be all that is
        left. Call it inside `writing`.
        """
        self._remove_unfinished()
        if in_use := self._manifest_in_use():
            self._drop_unused({in_use.store, *self._remove_unread()})

    def _remove_unread(self) -> set[str | None]:
        """Remove such snapshots; returns the servers on which they had something."""
        stores = set[str | None]()
        for folder in self.folders() if self._manifest_in_use() else ():
            if folder.name == self.current():
                continue
            try:
                with portalocker.Lock(folder / "lock", "r+", timeout=0, flags=_EXCLUSIVE):
                    stores.add(_server_of(folder))
                    (folder / "manifest.json").unlink(missing_ok=True)  # whoever opens it from now on finds it gone
            except portalocker.exceptions.LockException:
                continue
            except FileNotFoundError:
                pass  # without a lock nobody can open it
            shutil.rmtree(folder)
        return stores

    def _drop_unused(self, stores: Iterable[str | None]) -> None:
        """Drop the collections of this index on servers that no snapshot has; a failure is logged, and no more."""
        for store in filter(None, stores):
            prefix = self._own_prefix()
            try:
                _Collection.drop(store, prefix, {prefix + folder.name for folder in self.folders()})
            except Exception as error:  # the index itself is whole
                _log.warning("collections %s* that nobody needs may be left on %s: %s", prefix, _shown(store), error)

    def _manifest_in_use(self) -> Manifest | None:
        try:
            name = self.current()
            return read_manifest(self.snapshots / name) if name else None
        except (IndexUnusable, OSError):
            return None

    def _folders(self, names: str) -> list[Path]:
        return sorted(path for path in self.snapshots.glob("*") if path.is_dir() and re.fullmatch(names, path.name))

    def _remove_unfinished(self) -> None:
        for folder in self._folders(rf"\.{_NAME}\.building"):
            shutil.rmtree(folder)

    def owns(self, manifest: Manifest) -> bool:
        """Whether a snapshot's vectors are this index's own: not so on a server in a copy of an index's folder."""
        return manifest.store is None or (manifest.collection or "").startswith(self._own_prefix())

    def _own_prefix(self) -> str:
        """What the names of its collections on a server begin with; a copy of the folder has another, by the inode."""
        path = self.folder / "id"
        with contextlib.suppress(OSError, ValueError):
            own, inode = path.read_text(encoding="utf-8").split()
            if int(inode) == path.stat().st_ino:
                return f"corpus-{own}-"
        own = secrets.token_hex(4)
        _write_whole(path, lambda inode: f"{own} {inode}\n")
        return f"corpus-{own}-"

    def _unused_name(self, version: str) -> Path:
        names = [version, *(f"{version}-{n}" for n in range(2, 1000))]
        return next(self.snapshots / name for name in names if not (self.snapshots / name).exists())

    def _point_at(self, name: str) -> None:
        _write_whole(self.folder / "CURRENT", lambda inode: f"{name}\n")


def _write_whole(path: Path, text: Callable[[int], str]) -> None:
    """Replace a file in one step; `text` gives what it holds, by its inode."""
    aside = path.with_name(f"{path.name}.new")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text(os.fstat(file.fileno()).st_ino))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


_EXCLUSIVE = portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING
_SHARED = portalocker.LockFlags.SHARED | portalocker.LockFlags.NON_BLOCKING


def open_snapshot(folder: Path) -> Snapshot:
    """Open what lies in `folder`. FileNotFoundError if a file is gone, IndexUnusable if one is damaged or too new."""
    lock = (folder / "lock").open("r")
    try:
        portalocker.lock(lock, _SHARED)
        manifest = read_manifest(folder)
        for name in damaged(folder, manifest, _LARGE):
            what = "damaged" if (folder / name).exists() else "missing"
            raise IndexUnusable(f"{folder / name} is {what}; {_MEND}")
        return Snapshot(folder, manifest, Contents(folder), lock)
    except portalocker.exceptions.LockException as error:
        lock.close()
        raise FileNotFoundError(2, "being removed", str(folder)) from error
    except BaseException:
        lock.close()
        raise


def damaged(folder: Path, manifest: Manifest, large: float = float("inf")) -> Iterator[str]:
    """The files of a snapshot that are not as they were written; of those larger than `large` only the size is seen."""
    for name, (sha256, size) in manifest.files.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != size or (size <= large and sha256_of(path) != sha256):
            yield name


def read_manifest(folder: Path) -> Manifest:
    """What `folder` says of itself. FileNotFoundError or ManifestDamaged; IndexUnusable if it is of another format."""
    try:
        data = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if data.get("format") != FORMAT:
            raise IndexUnusable(
                f"the index at {folder} has format {data.get('format')}, this program reads {FORMAT}; {_REBUILD}"
            )
        return Manifest(**data)
    except (ValueError, TypeError, AttributeError) as error:
        raise ManifestDamaged(f"{folder / 'manifest.json'} is damaged; {_MEND}") from error


def _server_of(folder: Path) -> str | None:
    """The Chroma server that holds a snapshot's vectors, of whatever format it is; None where none is known to."""
    try:
        store: str | None = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["store"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return store


def _complete(folder: Path, name: str, manifest: Manifest) -> None:
    """Make of the contents in `folder` all that a snapshot needs; `name` will be its name once it is whole."""
    (folder / "lock").touch()
    contents = Contents(folder)
    lexicon = asdict(Lexicon.of(contents.documents))
    (folder / "lexicon.json").write_text(json.dumps(lexicon, ensure_ascii=False), encoding="utf-8")
    passages = ((contents.documents[row], contents.passages[at]) for row, at in _each(contents))
    bm25_of(lexical_text(document, passage) for document, passage in passages).save(
        folder / "bm25", show_progress=False
    )
    counted = replace(
        manifest,
        documents=len(contents.documents),
        passages=len(contents.passages),
        sentences=contents.sentences,
    )
    collection = _collection_name(manifest, name)
    _Collection.write(manifest.store or folder / "chroma", collection, counted, contents.passage_vectors)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "lock")
    hashes = {path.relative_to(folder).as_posix(): (sha256_of(path), path.stat().st_size) for path in files}
    full = json.dumps(asdict(replace(counted, files=hashes)), indent=1, ensure_ascii=False)
    (folder / "manifest.json").write_text(full, encoding="utf-8")
    for path in (*files, folder / "manifest.json"):  # on the disk, before anything points here
        with path.open("r+b") as file:
            os.fsync(file.fileno())


def _each(contents: Contents) -> Iterator[tuple[int, int]]:
    """The rows of each passage's document and of itself, in order."""
    for document in range(len(contents.documents)):
        for passage in contents.passages_of(document):
            yield document, passage


def lexical_text(document: Document, passage: Passage) -> str:
    """What BM25 reads of a passage: its words, and those that say what it is about and who says it."""
    return "\n".join(
        filter(None, [document.title, passage.heading, document.publisher, document.text[passage.start : passage.end]])
    )


def corpus_version(documents: Iterable[Document], settings: IndexSettings, encoder: str) -> str:
    """12 hex digits that change with any of `documents`, which come by id, how they are indexed, and nothing else."""
    digest = hashlib.sha256(
        json.dumps(
            [FORMAT, settings.model_dump(include=set(IndexSettings.model_fields)), encoder], sort_keys=True
        ).encode()
    )
    for document in documents:
        digest.update(json.dumps(vars_of(document), sort_keys=True, ensure_ascii=False).encode())
    return digest.hexdigest()[:12]


class _Collection:
    """The passages' vectors in Chroma by their rows, embedded (a folder) or on a server (an address)."""

    def __init__(
        self,
        client: Any,
        collection: Any,
        location: Path | str,
        own: "tempfile.TemporaryDirectory[str] | None" = None,
    ) -> None:
        self._collection = collection
        self._location = location
        self._release = weakref.finalize(self, _release, client, own)

    @classmethod
    def write(cls, location: Path | str, name: str, manifest: Manifest, vectors: Vectors) -> None:
        """Keep `vectors` there. ShanghaiQAError where Chroma cannot."""
        import chromadb.errors

        try:
            with _reached(location):
                collection = cls._create(location, name, manifest)
                try:
                    collection._add(vectors)
                finally:
                    collection.close()
            if isinstance(location, Path):
                _compact(location / "chroma.sqlite3")
        except (chromadb.errors.ChromaError, sqlite3.Error) as error:
            raise ShanghaiQAError(
                f"Chroma cannot write to {location} ({error}); make room there, and ingest again"
            ) from error

    @classmethod
    def _create(cls, location: Path | str, name: str, manifest: Manifest) -> Self:
        client = _client(location)
        with contextlib.suppress(Exception):  # left by an ingest that was killed
            client.delete_collection(name)
        collection = client.create_collection(
            name,
            embedding_function=None,
            configuration={
                "hnsw": {
                    "space": "cosine",
                    "ef_search": 200,
                    "batch_size": min(100, max(2, manifest.passages)),
                    "sync_threshold": max(2, manifest.passages),  # saved once, when all are in
                }
            },
            metadata={"version": manifest.version, "encoder": manifest.encoder},
        )
        return cls(client, collection, location)

    @classmethod
    def open(cls, location: Path | str, name: str) -> Self:
        """Open it for reading. Chroma writes to its database even then, so each reader has a copy of that.

        Beside it lies the graph. Chroma writes to that only as long as it holds fewer vectors than it was to be saved
        with, which is so with one vector; a large one is read where it is.
        """
        import chromadb.errors

        own = None
        if isinstance(location, Path):
            own = tempfile.TemporaryDirectory(prefix="shanghai-qa-", ignore_cleanup_errors=True)
            for path in location.resolve().iterdir():
                if not path.is_dir():
                    shutil.copy(path, own.name)
                elif sum(file.stat().st_size for file in path.iterdir()) < _LARGE:
                    shutil.copytree(path, Path(own.name) / path.name)
                else:
                    (Path(own.name) / path.name).symlink_to(path, target_is_directory=True)
        try:
            client = _client(Path(own.name) if own else location)
            with _reached(location):
                return cls(client, client.get_collection(name, embedding_function=None), location, own)
        except (chromadb.errors.ChromaError, ValueError) as error:
            raise IndexUnusable(f"Chroma at {location} lacks {name}; {_REBUILD}") from error

    @classmethod
    def drop(cls, location: str, prefix: str, wanted: Collection[str]) -> None:
        """Drop the collections on a server whose names begin with `prefix`, but for those that are `wanted`."""
        with contextlib.closing(_client(location)) as client, _reached(location):
            for name in [collection.name for collection in client.list_collections()]:
                if name.startswith(prefix) and name not in wanted:
                    client.delete_collection(name)

    def _add(self, vectors: Vectors) -> None:
        for at in range(0, len(vectors), _ADD_BATCH):
            some = np.array(vectors[at : at + _ADD_BATCH])
            self._collection.add(ids=[str(row) for row in range(at, at + len(some))], embeddings=some)
        self._collection.query(query_embeddings=[np.array(vectors[0])], n_results=1)  # saves HNSW's files

    def nearest(self, vector: Vectors, limit: int) -> list[tuple[int, float]]:
        import chromadb.errors

        try:
            with _reached(self._location):
                found = self._collection.query(query_embeddings=[vector], n_results=limit, include=["distances"])
        except chromadb.errors.ChromaError as error:
            raise IndexUnusable(f"Chroma cannot be searched ({error}); {_REBUILD}") from error
        pairs = zip(found["ids"][0], found["distances"][0], strict=True)
        return [(int(row), 1.0 - float(distance)) for row, distance in pairs]

    def vectors(self, rows: Sequence[int]) -> dict[int, Vectors]:
        """What is kept for some passages, of unit length; nothing where nothing can be had."""
        import chromadb.errors

        try:
            with _reached(self._location):
                kept = self._collection.get(ids=[str(row) for row in rows], include=["embeddings"])
        except chromadb.errors.ChromaError:
            return {}
        return dict(zip(map(int, kept["ids"]), kept["embeddings"], strict=True))

    def close(self) -> None:
        self._release()


def _release(client: Any, own: "tempfile.TemporaryDirectory[str] | None") -> None:
    client.close()
    if own:
        own.cleanup()


def _collection_name(manifest: Manifest, snapshot: str) -> str:
    return manifest.collection or f"corpus-{snapshot}"


def _compact(database: Path) -> None:
    """Give back the room that Chroma's queue had in its database, nine tenths of it: each reader copies the rest."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("VACUUM")


@contextlib.contextmanager
def _reached(location: Path | str) -> Iterator[None]:
    """IndexUnusable where the server at `location` is down, or ends in mid-use."""
    import httpx

    try:
        yield
    except httpx.HTTPError as error:
        raise _down(location) from error


def _down(location: Path | str) -> IndexUnusable:
    return IndexUnusable(f"no Chroma server answers at {location}; start it, or ingest again without --store")


def _client(location: Path | str) -> Any:
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if isinstance(location, Path):
        return chromadb.PersistentClient(location, settings=settings)
    host, port, ssl = _address(location)
    try:
        with _reached(location):
            return chromadb.HttpClient(host, port, ssl=ssl, settings=settings)
    except (ValueError, OSError) as error:
        raise _down(location) from error


def _address(location: str) -> tuple[str, int, bool]:
    """Host and port, and whether it is spoken to by TLS. IndexUnusable where `location` holds more, or less."""
    try:
        address = urlsplit(location)
        port = address.port
    except ValueError:
        address, port = urlsplit(""), None
    more = address.username or address.password or address.path.strip("/") or address.query or address.fragment
    if address.scheme not in ("http", "https") or not address.hostname or more:
        without = "; a user, a path, a tenant or a database cannot be given" if more and address.hostname else ""
        raise IndexUnusable(f"the store {_shown(location)!r} is not an address; expected http://host:port{without}")
    return address.hostname, port or (443 if address.scheme == "https" else 8000), address.scheme == "https"


def _shown(location: str) -> str:
    """An address as it may be shown: without a user, a password or a query, which may be one."""
    return location.rpartition("@")[2].partition("?")[0]


def check_server(address: str) -> None:
    """IndexUnusable unless a Chroma server answers there."""
    _client(address).close()


def check_vectors(snapshot: Snapshot) -> None:
    """Search for every 20th passage, a thousand at most, by its own vector: each must be found, or at least be there.

    IndexUnusable names one that is not. Chroma's graph leads to fewer of the passages the more there are: of 110,000,
    2 in 1,500 were there and not found.
    """
    vectors = snapshot.contents.passage_vectors
    for row in range(0, len(vectors), max(20, len(vectors) // _CHECKED)):
        found = snapshot.nearest(vectors[row], 1)
        if not found or (not found[0][1] >= _THE_SAME and snapshot.lost([row])):
            raise IndexUnusable(f"Chroma lost {snapshot.contents.passages[row].id} while it was written; ingest again")


def bm25_of(texts: Iterable[str]) -> Any:
    """An index of texts by their terms (bm25s, Lucene's variant, its k1 and b)."""
    import bm25s
    from bm25s.tokenization import Tokenized

    vocabulary: dict[str, int] = {}
    ids = [[vocabulary.setdefault(term, len(vocabulary)) for term in terms(text) or [""]] for text in texts]
    index = bm25s.BM25(method="lucene")
    index.index(Tokenized(ids=ids, vocab=vocabulary), show_progress=False)
    return index


def bm25_scores(index: Any, query: Sequence[str], mask: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """How well each text of an index has the terms of `query`: shape (texts,), 0 without a common one.

    `mask`, of that shape, is what each is multiplied with.
    """
    known = [term for term in query if term in index.vocab_dict]
    if not known:
        return np.zeros(index.scores["num_docs"], dtype=np.float32)
    return cast(NDArray[np.float32], index.get_scores(known, weight_mask=mask))


def _load_bm25(folder: Path) -> Any:
    import bm25s

    return bm25s.BM25.load(folder, mmap=True, show_progress=False)
