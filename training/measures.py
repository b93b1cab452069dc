"""How good scores are: answerability, sentences, spans."""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

from evals.measures import auc as evals_auc
from evals.measures import overlap

_ARTICLES = re.compile(r"\b(a|an|the)\b")


@dataclass(frozen=True)
class Measure:
    """A share in [0, 1] of `n` questions about so many `documents`.

    Of an AUC these are the questions that a passage does not answer, each compared with all that one does.
    """

    value: float
    n: int
    documents: int


Measures = dict[str, Measure]


def auc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """How often a positive scores above a negative, ties counted half; nan where either is missing."""
    found = evals_auc([*positive, *negative], [True] * len(positive) + [False] * len(negative))
    return found.value if found else float("nan")


def f1(said: str, answers: Sequence[str]) -> float:
    """The best overlap of words with any answer, in [0, 1], as SQuAD's own script counts it."""
    return max((overlap(normalised(said), normalised(answer)) for answer in answers), default=0.0)


def normalised(text: str) -> list[str]:
    """Words in small letters without punctuation and articles."""
    bare = "".join(c for c in text.lower() if c not in string.punctuation)
    return _ARTICLES.sub(" ", bare).split()
