"""BM25 over texts, with the terms that the project's own retrieval compares."""

from collections.abc import Sequence

import bm25s
import numpy as np
from numpy.typing import NDArray

from shanghai_qa.words import terms


class Lexical:
    def __init__(self, texts: Sequence[str]) -> None:
        self._index = bm25s.BM25()
        self._index.index([terms(text) for text in texts], show_progress=False)
        self._size = len(texts)

    def scores(self, question: str) -> NDArray[np.float32]:
        """float32, shape (len(texts),), in the order given; 0 for all where no term is known."""
        known = [term for term in terms(question) if term in self._index.vocab_dict]
        scores: NDArray[np.float32] = self._index.get_scores(known) if known else np.zeros(self._size, np.float32)
        return scores
