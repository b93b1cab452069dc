"""From a question to the passages that may answer it: vectors and BM25, each filtered alike, fused by rank."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from shanghai_qa.contents import Contents
from shanghai_qa.embedding import Vectors
from shanghai_qa.settings import Settings
from shanghai_qa.store import Snapshot
from shanghai_qa.values import Filters

Item = TypeVar("Item", bound=Hashable)


_HEAD = 0.5  # weight of title and heading beside the nearest sentence; 0.25 to 1 were alike on evals, 0 was worse


@dataclass(frozen=True)
class Hit:
    """A passage by its row. `fused` orders the hits of one question and means nothing beyond.

    `similarity`, in [-1, 1], is that of `similarity`; `bm25` is 0 where question and passage share no term.
    """

    row: int
    similarity: float
    bm25: float
    fused: float


@dataclass(frozen=True)
class Retrieved:
    """Rankings of passages by their rows, best first: `vectors` and `words` are the legs, `fused` joins them whole.

    `hits` are the first of `fused`, which are read.
    """

    vectors: tuple[int, ...]
    words: tuple[int, ...]
    fused: tuple[int, ...]
    hits: tuple[Hit, ...]


def retrieve(
    snapshot: Snapshot, vector: Vectors, query: Sequence[str], filters: Filters, settings: Settings
) -> Retrieved:
    """The passages that may answer, of those that `filters` admit; at most `settings.candidates` of them to be read.

    `vector` is the question's, of unit length; `query` its terms. Each leg gives `settings.per_leg` at most. Chroma
    finds the passages that are near as a whole; among them the order is that of `similarity`, which looks closer.
    """
    matching = dict(snapshot.matching(query, settings.per_leg, filters))
    near = [row for row, _ in snapshot.nearest(vector, settings.per_leg, filters)]
    close = {row: similarity(snapshot.contents, row, vector) for row in {*near, *matching}}
    nearest = sorted(near, key=lambda row: (-close[row], row))
    fused = reciprocal_rank_fusion([nearest, list(matching)])
    hits = [Hit(row, close[row], matching.get(row, 0.0), value) for row, value in fused[: settings.candidates]]
    return Retrieved(tuple(nearest), tuple(matching), tuple(row for row, _ in fused), tuple(hits))


def similarity(contents: Contents, row: int, vector: Vectors) -> float:
    """How near a passage is to a question, in [-1, 1]: its nearest sentence counts 2, its title and heading 1."""
    nearest = float((contents.sentence_vectors(row) @ vector).max())
    return (nearest + _HEAD * float(contents.head_vector(row) @ vector)) / (1 + _HEAD)


def reciprocal_rank_fusion(rankings: Sequence[Sequence[Item]], k: int = 60) -> list[tuple[Item, float]]:
    """Merge rankings, each best first and without repeats, into one, best first.

    fused(p) = sum of 1 / (k + rank of p) over the rankings that hold p; ranks count from 1.
    Cormack, Clarke & Buettcher, SIGIR 2009, doi:10.1145/1571941.1572114; k = 60 is theirs.
    Ties keep the order of first appearance. No rankings give [].
    """
    fused: dict[Item, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            fused[item] = fused.get(item, 0.0) + 1 / (k + rank)
    return sorted(fused.items(), key=lambda pair: -pair[1])
