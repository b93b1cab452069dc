"""Snapshots of vectors alone, which need no encoder: each is that of a passage, which has a document of its own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from shanghai_qa.contents import ContentsWriter
from shanghai_qa.embedding import Vectors
from shanghai_qa.store import FORMAT, Index, Manifest
from shanghai_qa.values import Passage, Span, Tier
from tests.samples import document

VERSION = "0123456789ab"


def random_vectors(rows: int, dimension: int, along: Callable[[int], float] = lambda row: 0) -> Vectors:
    """Of unit length; `along` tells which way the first axis draws each, by its row."""
    vectors = np.random.default_rng(7).normal(size=(rows, dimension)).astype(np.float32)
    vectors[:, 0] += [along(row) for row in range(rows)]
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def publish(
    index: Index, vectors: Vectors, tier: Callable[[int], Tier] = lambda row: Tier.PRIMARY, store: str | None = None
) -> Path:
    """Make `index` hold a passage for each of `vectors`, by row; returns the snapshot's folder."""

    def fill(folder: Path) -> None:
        writer = ContentsWriter(folder)
        for row in range(len(vectors)):
            one = document(id=f"ai/{row:04}", tier=tier(row), text="One.")
            writer.add(one, [Passage(f"{one.id}#0", one.id, "", 0, 4, (Span(0, 4),))])
        writer.close()
        np.save(folder / "texts.npy", np.repeat(np.arange(len(vectors), dtype=np.int32), 2))
        np.save(folder / "hashes.npy", np.arange(len(vectors), dtype=np.uint64))
        for name in ("vectors", "whole"):
            np.save(folder / f"{name}.npy", vectors)

    manifest = Manifest(
        format=FORMAT, version=VERSION, settings={}, encoder="made", store=store, documents=0, passages=0, sentences=0,
        files={},
    )  # fmt: skip
    with index.writing():
        return index.publish(manifest, fill)
