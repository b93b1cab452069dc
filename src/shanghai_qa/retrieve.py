"""From a question to the passages that may answer it: vectors and BM25, each filtered alike, fused by rank."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from shanghai_qa.embedding import Vectors
from shanghai_qa.settings import Settings
from shanghai_qa.store import Snapshot
from shanghai_qa.values import Filters

Item = TypeVar("Item", bound=Hashable)


@dataclass(frozen=True)
class Hit:
    """A passage by its row. `fused` orders the hits of one question and means nothing beyond.

    `similarity` is the cosine of question and passage, in [-1, 1]; `bm25` is 0 where they share no term.
    """

    row: int
    similarity: float
    bm25: float
    fused: float


def retrieve(
    snapshot: Snapshot, vector: Vectors, query: Sequence[str], filters: Filters, settings: Settings
) -> list[Hit]:
    """At most `settings.candidates` passages that `filters` admit, best first.

    `vector` is the question's, of unit length; `query` its terms. Each leg gives `settings.per_leg` at most.
    """
    near = dict(snapshot.nearest(vector, settings.per_leg, filters))
    matching = dict(snapshot.matching(query, settings.per_leg, filters))
    fused = reciprocal_rank_fusion([list(near), list(matching)])[: settings.candidates]
    vectors = snapshot.contents.passage_vectors
    return [
        Hit(row, near[row] if row in near else float(vectors[row] @ vector), matching.get(row, 0.0), value)
        for row, value in fused
    ]


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
