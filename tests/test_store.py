from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from shanghai_qa.embedding import Vectors
from shanghai_qa.errors import IndexUnusable
from shanghai_qa.store import Snapshot, _best, bm25_of, bm25_scores, check_vectors
from shanghai_qa.values import Passage, Span
from shanghai_qa.words import terms


class Graph:
    """Stands in for a snapshot of two passages at right angles, of which searching finds only row `finds`, if any."""

    def __init__(self, finds: int | None, holds: bool) -> None:
        passages = tuple(Passage(f"a#{n}", "a", "", n, n + 1, (Span(n, n + 1),)) for n in range(2))
        self.contents = SimpleNamespace(passages=passages, passage_vectors=np.eye(2, dtype=np.float32))
        self._finds = finds
        self._holds = holds

    def nearest(self, vector: Vectors, limit: int) -> list[tuple[int, float]]:
        if self._finds is None:
            return []
        return [(self._finds, float(self.contents.passage_vectors[self._finds] @ vector))]

    def lost(self, rows: Sequence[int]) -> list[int]:
        return [] if self._holds else [*rows]


def check(graph: Graph) -> None:
    check_vectors(cast(Snapshot, graph))


def test_a_passage_that_the_graph_misses_is_not_lost() -> None:
    check(Graph(finds=0, holds=False))
    check(Graph(finds=1, holds=True))


@pytest.mark.parametrize(("finds", "holds"), [(1, False), (None, True)])
def test_one_that_is_not_there_is_and_so_are_all_if_nothing_is_found(finds: int | None, holds: bool) -> None:
    with pytest.raises(IndexUnusable, match="Chroma lost a#0 while it was written; ingest again"):
        check(Graph(finds, holds))


def test_the_best_are_the_highest_and_of_equal_ones_the_first() -> None:
    scores = np.array([0, 2, 1, 2, 3, 1], dtype=np.float32)
    assert [_best(scores, limit).tolist() for limit in (1, 3, 4, 6, 9)] == [
        [4], [4, 1, 3], [4, 1, 3, 2], [4, 1, 3, 2, 5, 0], [4, 1, 3, 2, 5, 0]
    ]  # fmt: skip
    assert _best(scores[:0], 3).tolist() == []


def test_bm25_prefers_the_text_with_the_rarer_word_and_knows_nothing_of_unknown_ones() -> None:
    index = bm25_of(["labs in pudong", "labs in minhang", "labs"])
    assert bm25_scores(index, terms("labs of Minhang")).argmax() == 1
    assert bm25_scores(index, terms("Where is Xuhui?")).tolist() == [0, 0, 0]
    assert bm25_scores(index, terms("")).tolist() == [0, 0, 0]
