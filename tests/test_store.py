import gc
import sqlite3
import weakref
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from shanghai_qa.embedding import Vectors
from shanghai_qa.errors import IndexUnusable
from shanghai_qa.store import Index, Snapshot, _best, bm25_of, bm25_scores, check_vectors
from shanghai_qa.values import Filters, Passage, Span, Tier
from shanghai_qa.words import terms
from tests.made_vectors import VERSION, publish, random_vectors

PRIMARY, REST = 1200, 400  # documents of a snapshot, of one passage each


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


@pytest.fixture(scope="module")
def opposed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """Random vectors: those of primary sources point away from the first axis, the others along it."""
    vectors = random_vectors(PRIMARY + REST, 16, along=lambda row: -6 if row < PRIMARY else 6)
    index = Index(tmp_path_factory.mktemp("opposed"))
    publish(index, vectors, lambda row: Tier.PRIMARY if row < PRIMARY else Tier.UNVERIFIED)
    snapshot = index.open()
    yield snapshot
    snapshot.close()


@pytest.mark.parametrize("limit", [1, 5, 20, PRIMARY + 1])
@pytest.mark.parametrize("tier", [Tier.PRIMARY, Tier.UNVERIFIED])
@pytest.mark.parametrize("few", [0, 300, 20_000])
def test_filters_admit_the_nearest_of_theirs_though_all_else_is_nearer(
    opposed: Snapshot, few: int, tier: Tier, limit: int
) -> None:
    question = np.eye(16, dtype=np.float32)[0]
    similarities = opposed.contents.passage_vectors @ question
    rows = range(PRIMARY) if tier is Tier.PRIMARY else range(PRIMARY, PRIMARY + REST)
    nearest = sorted(rows, key=lambda row: -similarities[row])[:limit]
    found = opposed.nearest(question, limit, Filters(tiers=(tier,)), few=few)
    assert [row for row, _ in found] == nearest
    assert [near for _, near in found] == pytest.approx(similarities[nearest], abs=1e-5)


def test_chromas_database_holds_no_room_that_it_does_not_need(opposed: Snapshot) -> None:
    """Each reader copies it."""
    path = opposed.folder / "chroma" / "chroma.sqlite3"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        assert database.execute("PRAGMA freelist_count").fetchone() == (0,)
    assert path.stat().st_size < 500_000  # 675,840 before it is compacted
    assert opposed.lost(range(PRIMARY + REST)) == []


def test_what_else_lies_among_the_snapshots_is_left_alone_and_harms_nothing(tmp_path: Path) -> None:
    index, vectors = Index(tmp_path), np.eye(3, dtype=np.float32)
    first = publish(index, vectors)
    for name in ("notes.txt", ".DS_Store", f".{VERSION}.building", f"{VERSION}-2"):
        (index.snapshots / name).write_text("Not ours.", encoding="utf-8")
    for name in (f"{VERSION}.bak", "Backup of 2031", ".cache", "0123456789abcdef"):
        (index.snapshots / name).mkdir()
        (index.snapshots / name / "manifest.json").write_text("{", encoding="utf-8")
    strays = set(index.snapshots.iterdir()) - {first}
    (index.snapshots / f".{VERSION}-7.building").mkdir()  # of an ingest that was killed
    second = publish(index, vectors)
    (index.snapshots / f".{VERSION}-8.building").mkdir()  # of one that came later, before one with nothing to do
    index.remove_unused()
    assert set(index.snapshots.iterdir()) == {*strays, second}
    assert index.folders() == [second]
    snapshot = index.open()
    assert snapshot.nearest(vectors[1], 1)[0][0] == 1
    snapshot.close()


def test_an_index_that_lacks_what_it_names_keeps_nothing_of_its_caller_alive(tmp_path: Path) -> None:
    """As a cycle of the error and the frames that it passed would: among them are snapshots, and their locks."""
    (tmp_path / "CURRENT").write_text(VERSION, encoding="utf-8")

    def fail() -> "weakref.ref[Index]":
        index = Index(tmp_path)
        with suppress(IndexUnusable):
            index.open()
        return weakref.ref(index)

    gc.disable()
    try:
        assert fail()() is None
    finally:
        gc.enable()


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
