"""The index: snapshots that never change, and a pointer to the one in use. The only module that knows Chroma.

    <index>/CURRENT                name of the snapshot in use, replaced in one atomic step
    <index>/encoders/<identity>/   the embedding model as it runs (`embedding.prepare`)
    <index>/snapshots/<name>/      manifest.json, documents, passages, vectors, lexicon, bm25/, chroma/

A snapshot is written aside, searched for vectors that it must hold, and only then pointed at; nobody writes to one that
anybody may read, since Chroma loses data for good when its writer is killed or when two processes write. Chroma writes
even when it only reads, so each reader opens a copy of `chroma/` of its own (10 MB, 10 ms). Readers hold a shared lock
on the snapshot that they read; `remove_unused` removes those that nobody holds. With a Chroma server the vectors are a
collection there, `corpus-<name>`, and the rest is the same.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Self, cast
from urllib.parse import urlsplit

import numpy as np
import portalocker
from numpy.typing import NDArray

from shanghai_qa.embedding import Vectors, sha256_of
from shanghai_qa.errors import IndexUnusable, ShanghaiQAError
from shanghai_qa.lexicon import Lexicon
from shanghai_qa.settings import IndexSettings
from shanghai_qa.values import NO_FILTERS, CorpusInfo, Document, Filters, Passage, Span, Tier
from shanghai_qa.words import terms

FORMAT = 2
"""Changes whenever another program could not read the snapshot, or would read it wrongly: also with `words.terms`."""

_REBUILD = "build it again with: shanghai-qa ingest --rebuild"
_ADD_BATCH = 1000
_THE_SAME = 0.9999  # cosine, from which two vectors differ by rounding alone


@dataclass(frozen=True)
class Contents:
    """What a snapshot holds.

    Row i of `head_vectors` is the title and heading of `passages[i]`; `sentence_vectors` lie in the order of passages,
    each of the sentence behind that title and heading.
    """

    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    head_vectors: Vectors
    sentence_vectors: Vectors

    @cached_property
    def passage_vectors(self) -> Vectors:
        """The mean of a passage's sentences and its title and heading: float32, rows of unit length."""
        if not self.passages:
            return self.head_vectors
        sums = np.add.reduceat(self.sentence_vectors, self.first_sentence[:-1]) + self.head_vectors
        return cast(Vectors, sums / np.linalg.norm(sums, axis=1, keepdims=True))

    @cached_property
    def by_id(self) -> dict[str, Document]:
        return {document.id: document for document in self.documents}

    @cached_property
    def rows(self) -> dict[str, int]:
        """Passage id → its row."""
        return {passage.id: row for row, passage in enumerate(self.passages)}

    @cached_property
    def first_sentence(self) -> NDArray[np.int64]:
        """Row of each passage's first sentence, and the number of all at the end: shape (passages + 1,)."""
        return np.cumsum([0, *(len(passage.sentences) for passage in self.passages)])

    @cached_property
    def rows_of(self) -> dict[str, list[int]]:
        """Document id → the rows of its passages; a document without a passage has none."""
        rows: dict[str, list[int]] = {}
        for row, passage in enumerate(self.passages):
            rows.setdefault(passage.document_id, []).append(row)
        return rows

    def document_of(self, passage: Passage) -> Document:
        return self.by_id[passage.document_id]

    def admitted(self, filters: Filters) -> list[int]:
        """The rows of the passages whose documents `filters` admit, in order."""
        named = [self.by_id[id] for id in dict.fromkeys(filters.documents) if id in self.by_id]
        pool = named if filters.documents else self.documents
        return sorted(row for document in pool if filters.admits(document) for row in self.rows_of.get(document.id, ()))


@dataclass(frozen=True)
class Manifest:
    """What a snapshot was made of and with; `files` gives the SHA-256 of each file beside it."""

    format: int
    version: str
    settings: dict[str, Any]
    encoder: str
    store: str | None
    documents: int
    passages: int
    sentences: int
    files: dict[str, str]


class Snapshot:
    """One snapshot, open for reading; `close` releases it, as does dropping the last reference to it."""

    def __init__(self, folder: Path, manifest: Manifest, contents: Contents, lock: IO[Any]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.contents = contents
        self._lock = lock
        self._vectors = _Collection.open(manifest.store or folder / "chroma", folder.name)
        self._bm25 = _load_bm25(folder / "bm25")
        self.lexicon = Lexicon(**json.loads((folder / "lexicon.json").read_text(encoding="utf-8")))

    @property
    def info(self) -> CorpusInfo:
        return CorpusInfo(self.manifest.version, self.manifest.documents, self.manifest.passages)

    def nearest(self, vector: Vectors, limit: int, filters: Filters = NO_FILTERS) -> list[tuple[int, float]]:
        """At most `limit` passages by cosine to `vector`, nearest first: (row, similarity in [-1, 1]).

        Where documents are named, all their passages are compared: a graph of the whole corpus finds few of them.
        """
        if filters.documents:
            rows = self.contents.admitted(filters)
            similarities = self.contents.passage_vectors[rows] @ vector
            best = np.argsort(-similarities, kind="stable")[:limit]
            return [(rows[i], float(similarities[i])) for i in best]
        found = self._vectors.nearest(vector, limit, filters)
        return [(self.contents.rows[passage_id], similarity) for passage_id, similarity in found]

    def holds(self, row: int, vector: Vectors) -> bool:
        """Whether Chroma gives `vector` for that passage; it may hold some that `nearest` does not come upon."""
        kept = self._vectors.vector(self.contents.passages[row].id)
        return kept is not None and float(kept @ vector) >= _THE_SAME

    def matching(self, query: Sequence[str], limit: int, filters: Filters = NO_FILTERS) -> list[tuple[int, float]]:
        """At most `limit` passages that share terms with `query`, by BM25, best first: (row, score above 0)."""
        scores = bm25_scores(self._bm25, query, self._admitted(filters))
        sharing = np.flatnonzero(scores > 0)
        best = sharing[np.argsort(-scores[sharing], kind="stable")[:limit]]
        return [(int(row), float(scores[row])) for row in best]

    def rarity(self, term: str) -> float:
        """Inverse document frequency over passages, ln((N + 1) / (n + 0.5)): higher is rarer, highest if unknown."""
        return float(np.log((self.manifest.passages + 1) / (self._document_frequency.get(term, 0) + 0.5)))

    @property
    def highest_rarity(self) -> float:
        """That of a term which no passage holds."""
        return float(np.log((self.manifest.passages + 1) / 0.5))

    def close(self) -> None:
        self._vectors.close()
        self._lock.close()

    @cached_property
    def _document_frequency(self) -> dict[str, int]:
        columns = np.diff(self._bm25.scores["indptr"])
        return {term: int(columns[column]) for term, column in self._bm25.vocab_dict.items() if column < len(columns)}

    def _admitted(self, filters: Filters) -> NDArray[np.float32] | None:
        if not filters:
            return None
        mask = np.zeros(len(self.contents.passages), dtype=np.float32)
        mask[self.contents.admitted(filters)] = 1
        return mask


class Index:
    """A folder of snapshots and the pointer to the one in use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def snapshots(self) -> Path:
        return self.folder / "snapshots"

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
        for _ in range(5):  # an ingest may replace and remove it between two of our steps
            name = self.current()
            if name is None:
                raise IndexUnusable(f"no index at {self.folder}; build it with: shanghai-qa ingest")
            try:
                return open_snapshot(self.snapshots / name)
            except FileNotFoundError as error:
                missing = error
                if self.current() == name:
                    break
        raise IndexUnusable(f"the index at {self.folder} lacks {missing.filename}; {_REBUILD}") from missing

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

    def publish(self, contents: Contents, manifest: Manifest) -> Path:
        """Write a snapshot aside, check it, then point at it; returns its folder. Call it inside `writing`."""
        self.snapshots.mkdir(parents=True, exist_ok=True)
        self._remove_leftovers()
        folder = self._unused_name(manifest.version)
        building = folder.with_name(f".{folder.name}.building")
        write_snapshot(building, folder.name, contents, manifest)
        building.rename(folder)
        snapshot = open_snapshot(folder)
        try:
            check_vectors(snapshot)
        finally:
            snapshot.close()
        self._point_at(folder.name)
        return folder

    def remove_unused(self) -> None:
        """Remove the snapshots that are neither in use nor read by anybody."""
        for folder in sorted(self.snapshots.glob("[!.]*")):
            if folder.name == self.current():
                continue
            with contextlib.suppress(portalocker.exceptions.LockException, FileNotFoundError):
                with portalocker.Lock(folder / "lock", "r+", timeout=0, flags=_EXCLUSIVE):
                    store = _server_of(folder)
                    (folder / "manifest.json").unlink()  # whoever opens it from now on finds it gone
                if store:
                    _Collection.drop(store, folder.name)
                shutil.rmtree(folder)

    def _remove_leftovers(self) -> None:
        for folder in self.snapshots.glob(".*.building"):
            shutil.rmtree(folder)
        for folder in self.snapshots.glob("[!.]*"):
            if not (folder / "manifest.json").is_file():
                shutil.rmtree(folder)

    def _unused_name(self, version: str) -> Path:
        names = [version, *(f"{version}-{n}" for n in range(2, 1000))]
        return next(self.snapshots / name for name in names if not (self.snapshots / name).exists())

    def _point_at(self, name: str) -> None:
        aside = self.folder / "CURRENT.new"
        with aside.open("w", encoding="utf-8") as file:
            file.write(name + "\n")
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self.folder / "CURRENT")


_EXCLUSIVE = portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING
_SHARED = portalocker.LockFlags.SHARED | portalocker.LockFlags.NON_BLOCKING


def open_snapshot(folder: Path) -> Snapshot:
    """Open what lies in `folder`. FileNotFoundError if a file is gone, IndexUnusable if one is damaged or too new."""
    lock = (folder / "lock").open("r")
    try:
        portalocker.lock(lock, _SHARED)
        manifest = read_manifest(folder)
        for name, sha256 in manifest.files.items():
            if sha256_of(folder / name) != sha256:
                raise IndexUnusable(f"{folder / name} is damaged; {_REBUILD}")
        return Snapshot(folder, manifest, _read_contents(folder), lock)
    except portalocker.exceptions.LockException as error:
        lock.close()
        raise FileNotFoundError(2, "being removed", str(folder)) from error
    except BaseException:
        lock.close()
        raise


def read_manifest(folder: Path) -> Manifest:
    try:
        data = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if data.get("format") != FORMAT:
            raise IndexUnusable(
                f"the index at {folder} has format {data.get('format')}, this program reads {FORMAT}; {_REBUILD}"
            )
        return Manifest(**data)
    except (ValueError, TypeError, AttributeError) as error:
        raise IndexUnusable(f"{folder / 'manifest.json'} is damaged; {_REBUILD}") from error


def _server_of(folder: Path) -> str | None:
    """The Chroma server that holds a snapshot's vectors, of whatever format it is; None where none is known to."""
    try:
        store: str | None = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["store"]
    except (ValueError, TypeError, KeyError):
        return None
    return store


def write_snapshot(folder: Path, name: str, contents: Contents, manifest: Manifest) -> None:
    """Write all of a snapshot to `folder`, which must not exist; `name` will be its name once it is whole."""
    folder.mkdir()
    (folder / "lock").touch()
    _write_lines(folder / "documents.jsonl", map(asdict, contents.documents))
    _write_lines(folder / "passages.jsonl", map(_passage_row, contents.passages))
    np.save(folder / "heads.npy", contents.head_vectors)
    np.save(folder / "sentences.npy", contents.sentence_vectors)
    (folder / "lexicon.json").write_text(_json(asdict(Lexicon.of(contents.documents))), encoding="utf-8")
    texts = [lexical_text(contents.document_of(p), p) for p in contents.passages]
    bm25_of(texts).save(folder / "bm25", show_progress=False)
    collection = _Collection.create(manifest.store or folder / "chroma", name, manifest)
    try:
        collection.add(contents)
    finally:
        collection.close()
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "lock")
    hashes = {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}
    full = asdict(manifest) | {"files": hashes}
    (folder / "manifest.json").write_text(json.dumps(full, indent=1, ensure_ascii=False), encoding="utf-8")


def lexical_text(document: Document, passage: Passage) -> str:
    """What BM25 reads of a passage: its words, and those that say what it is about and who says it."""
    return "\n".join(
        filter(None, [document.title, passage.heading, document.publisher, document.text[passage.start : passage.end]])
    )


def corpus_version(documents: Sequence[Document], settings: IndexSettings, encoder: str) -> str:
    """12 hex digits that change with any document, with how they are indexed, and with nothing else."""
    digest = hashlib.sha256(
        json.dumps(
            [FORMAT, settings.model_dump(include=set(IndexSettings.model_fields)), encoder], sort_keys=True
        ).encode()
    )
    for document in sorted(documents, key=lambda d: d.id):
        digest.update(json.dumps(asdict(document), sort_keys=True, ensure_ascii=False).encode())
    return digest.hexdigest()[:12]


class _Collection:
    """The passages' vectors in Chroma, embedded (a folder) or on a server (an address)."""

    def __init__(self, client: Any, collection: Any, own: "tempfile.TemporaryDirectory[str] | None" = None) -> None:
        self._collection = collection
        self._release = weakref.finalize(self, _release, client, own)

    @classmethod
    def create(cls, location: Path | str, name: str, manifest: Manifest) -> Self:
        client = _client(location)
        with contextlib.suppress(Exception):  # left by an ingest that was killed
            client.delete_collection(_collection_name(name))
        collection = client.create_collection(
            _collection_name(name),
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
        return cls(client, collection)

    @classmethod
    def open(cls, location: Path | str, name: str) -> Self:
        """Open it for reading. Chroma writes to its folder even then, so each reader has a copy of its own."""
        import chromadb.errors

        own = None
        if isinstance(location, Path):
            own = tempfile.TemporaryDirectory(prefix="shanghai-qa-", ignore_cleanup_errors=True)
            shutil.copytree(location, own.name, dirs_exist_ok=True)
        try:
            client = _client(Path(own.name) if own else location)
            return cls(client, client.get_collection(_collection_name(name), embedding_function=None), own)
        except (chromadb.errors.ChromaError, ValueError) as error:
            raise IndexUnusable(f"Chroma at {location} lacks {_collection_name(name)}; {_REBUILD}") from error

    @classmethod
    def drop(cls, location: str, name: str) -> None:
        client = _client(location)
        with contextlib.suppress(Exception):  # gone already
            client.delete_collection(_collection_name(name))
        client.close()

    def add(self, contents: Contents) -> None:
        for at in range(0, len(contents.passages), _ADD_BATCH):
            passages = contents.passages[at : at + _ADD_BATCH]
            self._collection.add(
                ids=[passage.id for passage in passages],
                embeddings=contents.passage_vectors[at : at + _ADD_BATCH],
                metadatas=[_metadata(contents.document_of(passage)) for passage in passages],
            )
        self._collection.query(query_embeddings=[contents.passage_vectors[0]], n_results=1)  # saves HNSW's files

    def nearest(self, vector: Vectors, limit: int, filters: Filters) -> list[tuple[str, float]]:
        import chromadb.errors

        try:
            found = self._collection.query(
                query_embeddings=[vector], n_results=limit, where=where(filters), include=["distances"]
            )
        except chromadb.errors.ChromaError as error:
            raise IndexUnusable(f"Chroma cannot be searched ({error}); {_REBUILD}") from error
        pairs = zip(found["ids"][0], found["distances"][0], strict=True)
        return [(passage_id, 1.0 - float(distance)) for passage_id, distance in pairs]

    def vector(self, passage_id: str) -> Vectors | None:
        """What is kept for a passage, of unit length; None where nothing can be had."""
        import chromadb.errors

        try:
            kept = self._collection.get(ids=[passage_id], include=["embeddings"])["embeddings"]
        except chromadb.errors.ChromaError:
            return None
        return cast(Vectors, kept[0]) if len(kept) else None

    def close(self) -> None:
        self._release()


def _release(client: Any, own: "tempfile.TemporaryDirectory[str] | None") -> None:
    client.close()
    if own:
        own.cleanup()


def where(filters: Filters) -> dict[str, Any] | None:
    """`filters` in Chroma's words, but for the documents named; None where they admit all."""
    clauses: list[dict[str, Any]] = []
    if filters.topics:
        clauses.append(_any_of("topics", filters.topics))
    if filters.places:
        clauses.append(_any_of("places", [place.casefold() for place in filters.places]))
    if filters.tiers:
        clauses.append({"tier": {"$in": [tier.value for tier in filters.tiers]}})
    if filters.year_from is not None:
        clauses.append({"year": {"$gte": filters.year_from}})
    if filters.year_to is not None:
        clauses.append({"year": {"$lte": filters.year_to}})
    if not clauses:
        return None
    return clauses[0] if len(clauses) == 1 else {"$and": clauses}


def _any_of(field: str, values: Sequence[str]) -> dict[str, Any]:
    clauses = [{field: {"$contains": value}} for value in values]
    return clauses[0] if len(clauses) == 1 else {"$or": clauses}


def _metadata(document: Document) -> dict[str, Any]:
    fields: dict[str, Any] = {"document": document.id, "tier": document.tier.value}
    if document.topics:
        fields["topics"] = list(document.topics)
    if document.places:
        fields["places"] = [place.casefold() for place in document.places]
    if document.year is not None:
        fields["year"] = document.year
    return fields


def _collection_name(snapshot: str) -> str:
    return f"corpus-{snapshot}"


def _client(location: Path | str) -> Any:
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if isinstance(location, Path):
        return chromadb.PersistentClient(location, settings=settings)
    address = urlsplit(location)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ShanghaiQAError(f"the store {location!r} is not an address; expected http://host:port")
    port = address.port or (443 if address.scheme == "https" else 8000)
    try:
        return chromadb.HttpClient(address.hostname, port, ssl=address.scheme == "https", settings=settings)
    except (ValueError, OSError) as error:
        raise ShanghaiQAError(f"no Chroma server answers at {location}; start it or leave --store out") from error


def check_server(address: str) -> None:
    """ShanghaiQAError unless a Chroma server answers there."""
    _client(address).close()


def check_vectors(snapshot: Snapshot) -> None:
    """Search for every 20th passage by its own vector: each must be found, or at least be there as it was written.

    IndexUnusable names one that is not. Chroma's graph leads to fewer of the passages the more there are: of 110,000,
    2 in 1,500 were there and not found.
    """
    vectors = snapshot.contents.passage_vectors
    for row in range(0, len(vectors), 20):
        found = snapshot.nearest(vectors[row], 1)
        if not found or (found[0][1] < _THE_SAME and not snapshot.holds(row, vectors[row])):
            raise IndexUnusable(f"Chroma lost {snapshot.contents.passages[row].id} while it was written; ingest again")


def bm25_of(texts: Sequence[str]) -> Any:
    """An index of texts by their terms (bm25s, Lucene's variant, its k1 and b)."""
    import bm25s

    index = bm25s.BM25(method="lucene")
    index.index([terms(text) or [""] for text in texts], show_progress=False)
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

    return bm25s.BM25.load(folder, show_progress=False)


def _write_lines(path: Path, rows: Iterator[Any]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_json(row) + "\n" for row in rows)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _passage_row(passage: Passage) -> dict[str, Any]:
    return asdict(passage) | {"sentences": [[span.start, span.end] for span in passage.sentences]}


def _read_contents(folder: Path) -> Contents:
    documents = tuple(_document(json.loads(line)) for line in _lines(folder / "documents.jsonl"))
    passages = tuple(_passage(json.loads(line)) for line in _lines(folder / "passages.jsonl"))
    return Contents(
        documents,
        passages,
        cast(Vectors, np.load(folder / "heads.npy", mmap_mode="r")),
        cast(Vectors, np.load(folder / "sentences.npy", mmap_mode="r")),
    )


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        yield from file


def _document(row: dict[str, Any]) -> Document:
    lists = {name: tuple(row[name]) for name in ("authors", "topics", "places")}
    return Document(**(row | lists | {"tier": Tier(row["tier"])}))


def _passage(row: dict[str, Any]) -> Passage:
    return Passage(**(row | {"sentences": tuple(Span(*span) for span in row["sentences"])}))
