from typing import cast

import numpy as np
import pytest

from shanghai_qa.embedding import Vectors
from shanghai_qa.errors import IndexUnusable
from shanghai_qa.store import Contents, Snapshot, bm25_of, bm25_scores, check_vectors, where
from shanghai_qa.values import Filters, Passage, Span, Tier
from shanghai_qa.words import terms
from tests.samples import document


class Graph:
    """Stands in for a snapshot of two passages at right angles, of which searching finds only row `finds`, if any."""

    def __init__(self, finds: int | None, holds: bool) -> None:
        passages = tuple(Passage(f"a#{n}", "a", "", n, n + 1, (Span(n, n + 1),)) for n in range(2))
        vectors = np.eye(2, dtype=np.float32)
        self.contents = Contents((document(id="a", text="xy"),), passages, vectors, vectors)
        self._finds = finds
        self._holds = holds

    def nearest(self, vector: Vectors, limit: int) -> list[tuple[int, float]]:
        return (
            [] if self._finds is None else [(self._finds, float(self.contents.passage_vectors[self._finds] @ vector))]
        )

    def holds(self, row: int, vector: Vectors) -> bool:
        return self._holds


def check(graph: Graph) -> None:
    check_vectors(cast(Snapshot, graph))


def test_a_passage_that_the_graph_misses_is_not_lost() -> None:
    check(Graph(finds=0, holds=False))
    check(Graph(finds=1, holds=True))


@pytest.mark.parametrize(("finds", "holds"), [(1, False), (None, True)])
def test_one_that_is_not_there_is_and_so_are_all_if_nothing_is_found(finds: int | None, holds: bool) -> None:
    with pytest.raises(IndexUnusable, match="Chroma lost a#0 while it was written; ingest again"):
        check(Graph(finds, holds))


def test_filters_in_chromas_words() -> None:
    assert where(Filters()) is None
    assert where(Filters(topics=("ai",))) == {"topics": {"$contains": "ai"}}
    assert where(Filters(places=("Pudong", "Xuhui"))) == {
        "$or": [{"places": {"$contains": "pudong"}}, {"places": {"$contains": "xuhui"}}]
    }
    assert where(Filters(tiers=(Tier.PRIMARY,), year_from=2020, year_to=2024)) == {
        "$and": [{"tier": {"$in": ["primary"]}}, {"year": {"$gte": 2020}}, {"year": {"$lte": 2024}}]
    }


def test_bm25_prefers_the_text_with_the_rarer_word_and_knows_nothing_of_unknown_ones() -> None:
    index = bm25_of(["labs in pudong", "labs in minhang", "labs"])
    assert bm25_scores(index, terms("labs of Minhang")).argmax() == 1
    assert bm25_scores(index, terms("Where is Xuhui?")).tolist() == [0, 0, 0]
    assert bm25_scores(index, terms("")).tolist() == [0, 0, 0]
