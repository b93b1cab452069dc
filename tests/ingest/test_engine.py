"""Texts become vectors on all cores, in their order, and never far ahead of whoever takes them."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from ingest.engine import Local, Ray
from shanghai_qa.embedding import Encoder, Vectors, encoder_identity
from shanghai_qa.errors import IndexUnusable, SettingsError
from shanghai_qa.settings import MINILM

BATCHES = [[str(n), str(n + 0.5)] for n in range(20)]


def encoder(before: Callable[[str], object] = lambda text: None) -> Encoder:
    """Its vector of a text is the number that the text is; `before` is called with the first text of each batch."""

    def run(texts: Sequence[str]) -> Vectors:
        before(texts[0])
        return np.array([[float(text)] for text in texts], dtype=np.float32)

    return Encoder(run, None, "toy", "toy", dimension=1, max_tokens=8)


def numbers(vectors: Sequence[Vectors]) -> list[list[float]]:
    return [some[:, 0].tolist() for some in vectors]


def test_vectors_come_in_the_order_of_the_texts_though_later_ones_are_made_sooner() -> None:
    slow_to_begin = encoder(lambda text: time.sleep(0.2 if text == "0" else 0))
    assert numbers([*Local(slow_to_begin, 4).encode(BATCHES)]) == [[n, n + 0.5] for n in range(20)]


def test_no_batches_give_no_vectors() -> None:
    assert [*Local(encoder(), 4).encode([])] == []


def test_all_workers_are_at_work_at_the_same_time() -> None:
    three = threading.Barrier(3, timeout=10)
    assert len([*Local(encoder(lambda text: three.wait()), 3).encode(BATCHES[:18])]) == 18


def test_few_batches_are_read_before_the_first_vectors_are_taken() -> None:
    read: list[str] = []

    def batches() -> Iterator[list[str]]:
        for n in range(10_000):
            read.append(str(n))
            yield [str(n)]

    vectors = Local(encoder(), 2).encode(batches())
    assert read == []
    next(vectors)
    assert len(read) == 5  # two for each worker, and the one that was given
    next(vectors)
    assert len(read) == 6
    vectors.close()


def test_an_error_of_the_model_reaches_whoever_takes_the_vectors_and_ends_the_work() -> None:
    def fail(text: str) -> None:
        if text == "3":
            raise IndexUnusable("the model is damaged")

    threads = threading.active_count()
    vectors = Local(encoder(fail), 2).encode(BATCHES)
    assert numbers([next(vectors) for _ in range(3)]) == [[0, 0.5], [1, 1.5], [2, 2.5]]
    with pytest.raises(IndexUnusable, match="the model is damaged"):
        next(vectors)
    assert threading.active_count() == threads


def test_work_that_nobody_waits_for_is_not_done() -> None:
    threads, begun = threading.active_count(), list[str]()
    vectors = Local(encoder(begun.append), 1).encode(BATCHES)
    next(vectors)
    vectors.close()
    assert threading.active_count() == threads
    assert len(begun) <= 3


@pytest.mark.corpus
def test_many_workers_make_the_vectors_of_one(index: Path) -> None:
    real = Encoder.open(index / "encoders" / encoder_identity(MINILM), gpu=True)
    texts = [f"The {n} plants of Shanghai {'make chips ' * (n % 40)}." for n in range(100)]
    batches = [texts[at : at + 16] for at in range(0, 100, 16)]
    together = np.concatenate([*Local(real, 3).encode(batches)])
    assert np.abs(together - np.concatenate([real.encode([text]) for text in texts])).max() < 1e-6


def test_where_ray_is_not_installed_the_way_to_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SettingsError, match=r"Ray is not installed; .*shanghai-qa\[ray\]"):
        Ray(tmp_path)
