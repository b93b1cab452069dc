"""What a snapshot holds besides Chroma and BM25: documents, passages, vectors, and the facts that filters ask for.

All of it lies in files that are mapped into memory: a line or a row is read when somebody asks for it, so that opening
costs the same and takes no more memory whether there are a thousand passages or a million.

    documents.jsonl, passages.jsonl    one value a line; *.at.npy: int64, where each line begins, and the end of all
    ids.npy, id_rows.npy               hashes of the documents' ids in order, and the rows of these documents
    owners.npy                         int32, row of each passage's document
    first_passage.npy                  int64, row of each document's first passage, and the number of all
    first_text.npy                     int64, row in texts.npy of each passage's first text, and the number of all
    texts.npy                          int32, row in vectors.npy of each text: of a passage its head, then its sentences
    vectors.npy, hashes.npy            the vector of each text that is embedded, once, and a hash of the text
    whole.npy                          the vector of each passage
    facts.npy, places.json             what filters ask for, by document
"""

import hashlib
import json
import mmap
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from shanghai_qa.embedding import Vectors
from shanghai_qa.values import TOPICS, Context, Document, Filters, Passage, Span, Tier

T = TypeVar("T")
Rows = NDArray[np.int64]
Hashes = NDArray[np.uint64]

_KEPT = 4096  # values parsed and kept, of documents and of passages
_FACTS = np.dtype([("tier", "u1"), ("year", "i2"), ("topics", "u4"), ("published", "S10")])


class Lines(Sequence[T], Generic[T]):
    """The values on the lines of a file, each parsed when it is asked for; the last few thousand are kept."""

    def __init__(self, path: Path, parse: Callable[[Any], T]) -> None:
        self._starts: Rows = np.load(_starts_of(path), mmap_mode="r")
        self._parse = parse
        self._bytes: mmap.mmap | bytes = b""
        if len(self):
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._kept = lru_cache(maxsize=_KEPT)(self._read)

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, row: int) -> T: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[T]: ...
    def __getitem__(self, row: int | slice) -> T | Sequence[T]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        if not -len(self) <= row < len(self):
            raise IndexError(row)
        return self._kept(int(row) % len(self))

    def __iter__(self) -> Iterator[T]:
        whole = len(self) <= _KEPT
        return (self._kept(row) if whole else self._read(row) for row in range(len(self)))

    def _read(self, row: int) -> T:
        return self._parse(json.loads(self._bytes[self._starts[row] : self._starts[row + 1]]))


class LineWriter:
    """Writes what `Lines` reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")
        self._starts = NumberWriter(_starts_of(path), np.int64)
        self._starts.add([0])
        self._end = 0

    def add(self, value: Any) -> None:
        line = json.dumps(value, ensure_ascii=False).encode() + b"\n"
        self._file.write(line)
        self._end += len(line)
        self._starts.add([self._end])

    def close(self) -> None:
        self._file.close()
        self._starts.close()


class NumberWriter:
    """Writes a .npy file of unknown length, row by row; `shape` is that of a row, () for one number."""

    def __init__(self, path: Path, kind: Any, shape: tuple[int, ...] = ()) -> None:
        self._dtype = np.dtype(kind)
        self._shape = shape
        self._rows = 0
        self._file = path.open("wb")
        self._header()

    def add(self, rows: Any) -> None:
        """One more, or several: anything that makes an array of shape (n, *shape)."""
        array = np.ascontiguousarray(rows, self._dtype)
        self._file.write(array.tobytes())
        self._rows += len(array)

    def close(self) -> None:
        self._file.seek(0)
        self._header()
        self._file.close()

    def _header(self) -> None:
        # Padded by numpy to a length that does not change with the number of rows: room for 21 digits is kept.
        descr = np.lib.format.dtype_to_descr(self._dtype)
        fields = {"descr": descr, "fortran_order": False, "shape": (self._rows, *self._shape)}
        np.lib.format.write_array_header_1_0(self._file, fields)


def _starts_of(path: Path) -> Path:
    return path.with_suffix(".at.npy")


class ById(Mapping[str, Document]):
    """The documents by their ids."""

    def __init__(self, documents: Sequence[Document], hashes: Hashes, rows: Rows) -> None:
        self._documents = documents
        self._hashes = hashes
        self._rows = rows

    def __getitem__(self, id: str) -> Document:
        row = self.row(id)
        if row is None:
            raise KeyError(id)
        return self._documents[row]

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self.row(id) is not None

    def __iter__(self) -> Iterator[str]:
        return (document.id for document in self._documents)

    def __len__(self) -> int:
        return len(self._documents)

    def row(self, id: str) -> int | None:
        """The row of the document of that id."""
        hashed = text_hash(id)
        first, last = (int(np.searchsorted(self._hashes, np.uint64(hashed), side)) for side in ("left", "right"))
        return next((row for row in map(int, self._rows[first:last]) if self._documents[row].id == id), None)


class Contents:
    """What a snapshot's folder holds; see the module."""

    def __init__(self, folder: Path) -> None:
        def loaded(name: str) -> NDArray[Any]:
            array: NDArray[Any] = np.load(folder / f"{name}.npy", mmap_mode="r")
            return array

        self.documents: Sequence[Document] = Lines(folder / "documents.jsonl", as_document)
        self.passages: Sequence[Passage] = Lines(folder / "passages.jsonl", _as_passage)
        self.by_id = ById(self.documents, loaded("ids"), loaded("id_rows"))
        self.vectors: Vectors = loaded("vectors")
        self.hashes: Hashes = loaded("hashes")
        self.passage_vectors: Vectors = loaded("whole")
        self._owners = loaded("owners")
        self._first_passage = loaded("first_passage")
        self._first_text = loaded("first_text")
        self._texts = loaded("texts")
        self._facts = loaded("facts")
        self._places = {
            place: np.array(rows, np.int64) for place, rows in json.loads((folder / "places.json").read_text()).items()
        }
        self._masks = lru_cache(maxsize=16)(self._mask)

    def head_vector(self, row: int) -> Vectors:
        """That of a passage's title and heading: shape (dimension,)."""
        found: Vectors = self.vectors[self._texts[self._first_text[row]]]
        return found

    def sentence_vectors(self, row: int) -> Vectors:
        """Those of a passage's sentences, each behind title and heading: shape (sentences, dimension)."""
        found: Vectors = self.vectors[self._texts[self._first_text[row] + 1 : self._first_text[row + 1]]]
        return found

    def text_hashes(self, row: int) -> Hashes:
        """The hashes of a passage's texts: its title and heading, then its sentences."""
        found: Hashes = self.hashes[self._texts[self._first_text[row] : self._first_text[row + 1]]]
        return found

    @property
    def sentences(self) -> int:
        """How many the passages have together."""
        return len(self._texts) - len(self.passages)

    def document_of(self, passage: Passage) -> Document:
        return self.by_id[passage.document_id]

    def passages_of(self, document: int) -> range:
        """The rows of a document's passages, by the document's row."""
        return range(int(self._first_passage[document]), int(self._first_passage[document + 1]))

    def admitted(self, filters: Filters) -> NDArray[np.bool_]:
        """For each passage whether `filters` admit its document."""
        admitted: NDArray[np.bool_] = self._masks(filters)[self._owners]
        return admitted

    def admitted_documents(self, filters: Filters) -> int:
        """How many documents `filters` admit."""
        return int(self._masks(filters).sum())

    def newest(self, filters: Filters) -> str | None:
        """The latest date of publication among the documents that `filters` admit."""
        dates = self._facts["published"][self._masks(filters)]
        return max(dates, default=b"").decode() or None

    def _mask(self, filters: Filters) -> NDArray[np.bool_]:
        """For each document whether `filters.admits` it."""
        if filters.documents:
            rows = [row for row in map(self.by_id.row, filters.documents) if row is not None]
            mask = self._among([np.array(rows, np.int64)])
        else:
            mask = np.ones(len(self.documents), bool)
        if filters.topics:
            mask &= (self._facts["topics"] & _bits(filters.topics)) != 0
        if filters.places:
            mask &= self._among([self._places.get(place.casefold(), _NONE) for place in filters.places])
        if filters.tiers:
            mask &= np.isin(self._facts["tier"], [tier.rank for tier in filters.tiers])
        years = self._facts["year"]
        if filters.year_from is not None or filters.year_to is not None:
            mask &= years != 0
        if filters.year_from is not None:
            mask &= years >= filters.year_from
        if filters.year_to is not None:
            mask &= years <= filters.year_to
        return mask

    def _among(self, rows: Sequence[Rows]) -> NDArray[np.bool_]:
        mask = np.zeros(len(self.documents), bool)
        for some in rows:
            mask[some] = True
        return mask

    @cached_property
    def silent(self) -> tuple[str, ...]:
        """Ids of documents that have no passage, and so nothing that could be found."""
        none = np.flatnonzero(np.diff(self._first_passage) == 0)
        return tuple(self.documents[int(row)].id for row in none)


_NONE: Rows = np.empty(0, np.int64)


class ContentsWriter:
    """Writes the documents and passages of a folder, in rows as they come; the vectors' files are `ingest.embed`'s."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._documents = LineWriter(folder / "documents.jsonl")
        self._passages = LineWriter(folder / "passages.jsonl")
        self._owners = NumberWriter(folder / "owners.npy", np.int32)
        self._first_passage = NumberWriter(folder / "first_passage.npy", np.int64)
        self._first_text = NumberWriter(folder / "first_text.npy", np.int64)
        self._facts = NumberWriter(folder / "facts.npy", _FACTS)
        self._places: dict[str, list[int]] = {}
        self._ids = array("Q")
        self.documents = self.passages = self.texts = 0

    def add(self, document: Document, passages: Sequence[Passage]) -> None:
        for place in {place.casefold() for place in document.places}:
            self._places.setdefault(place, []).append(self.documents)
        facts = (document.tier.rank, document.year or 0, _bits(document.topics), (document.published or "").encode())
        self._facts.add(np.array([facts], _FACTS))
        self._ids.append(text_hash(document.id))
        self._documents.add(vars_of(document))
        self._first_passage.add([self.passages])
        for passage in passages:
            self._passages.add(_passage_row(passage))
            self._owners.add([self.documents])
            self._first_text.add([self.texts])
            self.texts += 1 + len(passage.sentences)
        self.passages += len(passages)
        self.documents += 1

    def close(self) -> None:
        self._first_passage.add([self.passages])
        self._first_text.add([self.texts])
        for writer in (
            self._documents, self._passages, self._owners, self._first_passage, self._first_text, self._facts,
        ):  # fmt: skip
            writer.close()
        ids = np.array(self._ids, np.uint64)
        by_hash = np.argsort(ids, kind="stable")
        np.save(self._folder / "ids.npy", ids[by_hash])
        np.save(self._folder / "id_rows.npy", by_hash)
        (self._folder / "places.json").write_text(json.dumps(self._places), encoding="utf-8")


def text_hash(text: str) -> int:
    """64 bits of a text: that two of 10 million have the same is less likely than 1 in 300,000."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def vars_of(document: Document) -> dict[str, Any]:
    """A document as JSON-ready values."""
    return {name: getattr(document, name) for name in Document.__dataclass_fields__}


def as_document(row: Mapping[str, Any]) -> Document:
    """The document that `vars_of` gave, from its JSON."""
    lists = {name: tuple(row[name]) for name in ("authors", "topics", "places", "pages", "also_at")}
    return Document(**{**row, **lists, "tier": Tier(row["tier"])})


def _passage_row(passage: Passage) -> dict[str, Any]:
    sentences = [[span.start, span.end] for span in passage.sentences]
    contexts = [context and [context.start, context.end, context.subject] for context in passage.contexts]
    return {**vars(passage), "sentences": sentences, "contexts": contexts}


def _as_passage(row: Mapping[str, Any]) -> Passage:
    sentences = tuple(Span(*span) for span in row["sentences"])
    contexts = tuple(context and Context(*context) for context in row["contexts"])
    return Passage(**{**row, "sentences": sentences, "contexts": contexts})


def _bits(topics: Iterable[str]) -> int:
    return sum(1 << TOPICS.index(topic) for topic in set(topics) & set(TOPICS))
