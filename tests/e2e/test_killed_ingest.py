"""An ingest may be killed at any instant: readers go on as before, and the next ingest completes the work.

Here twenty kills; `bench/kills.py` makes two hundred.
"""

import random
from pathlib import Path

import numpy as np
import pytest

from ingest.maintain import check
from shanghai_qa.settings import default_corpus
from shanghai_qa.store import Index
from tests.e2e.killing import kill, undisturbed
from tests.e2e.program import run, snapshot_of

pytestmark = pytest.mark.corpus

KILLS = 20
DOCUMENTS = 10  # of each corpus
QUESTION = "How many startups are in Quantum Valley?"
ALWAYS = "report/port-to-tech-leader"


@pytest.fixture
def corpora(tmp_path: Path) -> list[Path]:
    """Two folders of real documents that share only the one that answers the question."""
    return two_corpora(tmp_path, DOCUMENTS)


def two_corpora(folder: Path, documents: int) -> list[Path]:
    source = default_corpus()
    paths = sorted(path for path in source.glob("*/*.md") if path != (source / ALWAYS).with_suffix(".md"))
    random.Random(11).shuffle(paths)
    folders = []
    for n in range(2):
        folders.append(folder / f"corpus{n}")
        for path in [(source / ALWAYS).with_suffix(".md"), *paths[n * documents : (n + 1) * documents]]:
            link = folders[-1] / path.relative_to(source)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    return folders


def test_a_reader_is_answered_throughout_and_the_last_ingest_leaves_what_an_undisturbed_one_does(
    index: Path, corpora: list[Path], tmp_path: Path
) -> None:
    answers, (first, second), took_s = undisturbed(corpora, QUESTION, index, tmp_path)
    assert answers[0]["outcome"] == "answered"
    assert answers[0]["corpus"] != answers[1]["corpus"]
    told = kill(corpora, QUESTION, answers, first, took_s, KILLS, seed=2026)
    assert told.wrong == []
    assert told.kills == KILLS
    assert told.answers > KILLS
    assert_same(first, second)
    assert list(check(Index(first), embed=True)) == []
    left = {path.name for path in first.iterdir()} - {"pending"}  # which one of the other corpus goes on with
    assert left == {"CURRENT", "encoders", "lock", "snapshots"}  # what else the killed ones left is gone
    assert run("ingest", corpora[1], "--index", first, cwd=tmp_path).status == 0
    assert len(list((first / "snapshots").iterdir())) == 1  # nobody reads the others any more


def assert_same(one: Path, other: Path) -> None:
    """Two indices hold the same; vectors may differ by rounding, since texts were embedded in other company."""
    a, b = snapshot_of(one), snapshot_of(other)
    names = sorted(path.name for path in b.iterdir() if path.is_file() and path.name not in ("manifest.json", "lock"))
    assert sorted(path.name for path in a.iterdir() if path.name in names) == names
    for name in names:
        if name in ("vectors.npy", "whole.npy"):
            assert np.allclose(np.load(a / name), np.load(b / name), atol=1e-5), name
        else:
            assert (a / name).read_bytes() == (b / name).read_bytes(), name
