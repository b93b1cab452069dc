"""Choose the weights of reading on the dev part of a suite: `python -m evals.fit`.

`order` is fitted listwise: among the sentences of a question, those that lead well should have the largest share of a
softmax; it is drawn towards the weights in use (L2), since a few hundred cases are few. `answers` is a logistic
regression of whether the corpus answers the question, on what is found. Prints what to put into `settings`, with the
reader or without, and how many questions each threshold would answer; the test part is never read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

from evals.cases import Case, load, says_any, split
from evals.judge import answers
from shanghai_qa.assistant import Assistant
from shanghai_qa.features import SHARPNESS, Candidate, Features, standing
from shanghai_qa.settings import Settings, Weights
from shanghai_qa.values import Ask

_NAMES = tuple(field.name for field in fields(Features))
Array = NDArray[np.float64]
_AT_LEAST = {"fresh": 0.1, "tier": 0.2}
"""Least weight in `order`: newer and better placed sources win near ties, whatever the cases say."""
_AGAINST = frozenset({"gap"})  # what speaks against a sentence; of all else, no weight is below 0
_PULL = 1.0  # strength of the L2 penalty on `order`; 0.1 to 10 were tried
_SHRINK = 3.0  # the same on `answers`, whose inputs are standardised
_NEAR_MISS = 0.3  # weight of a case whose answer is taken away, beside one that has none; 0 to 1 were tried
_PARTS = 5  # of the cases, each judged by weights fitted to the others


@dataclass(frozen=True)
class Sample:
    """What reading found for a case, and whether the corpus answers it; `weight` is less than 1 for a made-up case."""

    told: Array
    answers: bool
    weight: float


@dataclass(frozen=True)
class Fit:
    """The weights, and (threshold, share of answerable cases answered, share of others answered), cross-validated."""

    weights: Weights
    thresholds: tuple[tuple[float, float, float], ...]


def fit(assistant: Assistant, cases: Sequence[Case], settings: Settings) -> Fit:
    """What the cases suggest; `order` starts from that of `settings`."""
    read = [(case, assistant.trace(Ask(case.question, case.history)).reading.candidates) for case in cases]
    order = _fit_order(read, np.array(settings.weights.order))
    samples = [made for case, candidates in read if (made := _samples(case, candidates, order))]
    found, bias = _fit_answers([sample for made in samples for sample in made])
    weights = Weights(order=_rounded(order), answers=_rounded(found), bias=round(bias, 3))
    return Fit(weights, _thresholds(samples))


def _samples(case: Case, candidates: Sequence[Candidate], order: Array) -> list[Sample]:
    """The case itself and, if it has an answer, what would be found if the documents that answer were not there."""
    values = {id(c): float(order @ c.features.array()) for c in candidates}
    best = sorted(candidates, key=lambda c: -values[id(c)])
    others = [c for c in best if c.document.id not in case.must_cite and not says_any(c.text, case.leads)]

    def sample(led: Sequence[Candidate], answerable: bool, weight: float) -> list[Sample]:
        told = [standing(led[0].features.array(), [values[id(c)] for c in led])] if led else []
        return [Sample(one, answerable, weight) for one in told]

    return sample(best, case.answerable, 1.0) + (sample(others, False, _NEAR_MISS) if case.answerable else [])


def _fit_order(read: Sequence[tuple[Case, Sequence[Candidate]]], start: Array) -> Array:
    lists: list[tuple[Array, NDArray[np.bool_]]] = []
    for case, candidates in read:
        good = np.array([answers(case, c.document.id, c.text) for c in candidates])
        if good.any() and not good.all():
            lists.append((np.array([c.features.array() for c in candidates]), good))

    def loss(weights: Array) -> float:
        values = [(SHARPNESS * x @ weights, good) for x, good in lists]
        missed = sum(logsumexp(v) - logsumexp(v[good]) for v, good in values)
        return float(missed + _PULL * np.sum((weights - start) ** 2))

    bounds = [(_AT_LEAST.get(name, low), high) for name, (low, high) in zip(_NAMES, _bounds(_NAMES), strict=True)]
    return np.array(minimize(loss, start, method="L-BFGS-B", bounds=bounds).x)


def _fit_answers(samples: Sequence[Sample]) -> tuple[Array, float]:
    inputs = np.array([sample.told for sample in samples])
    labels, weight = np.array([s.answers for s in samples]), np.array([s.weight for s in samples])
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-9
    standard = np.hstack([(inputs - mean) / spread, np.ones((len(inputs), 1))])

    def loss(weights: Array) -> float:
        p = expit(standard @ weights)
        missed = -np.sum(weight * np.log(np.where(labels, p, 1 - p) + 1e-12))
        return float(missed + _SHRINK * np.sum(weights[:-1] ** 2))

    bounds = [*_bounds((*_NAMES, "share")), (None, None)]
    found = np.array(minimize(loss, np.zeros(standard.shape[1]), method="L-BFGS-B", bounds=bounds).x)
    weights = np.where(inputs.std(axis=0) > 0, found[:-1] / spread, 0.0)
    return weights, float(found[-1] - weights @ mean)


def _bounds(names: Sequence[str]) -> list[tuple[float | None, float | None]]:
    return [(None, 0.0) if name in _AGAINST else (0.0, None) for name in names]


def _thresholds(samples: Sequence[Sequence[Sample]]) -> tuple[tuple[float, float, float], ...]:
    likely, labels = list[float](), list[bool]()
    for part in range(_PARTS):
        weights, bias = _fit_answers([s for n, made in enumerate(samples) if n % _PARTS != part for s in made])
        own = [made[0] for n, made in enumerate(samples) if n % _PARTS == part]
        likely += [float(expit(weights @ s.told + bias)) for s in own]
        labels += [s.answers for s in own]
    p, answerable = np.array(likely), np.array(labels)
    return tuple(
        (round(at, 2), float((p[answerable] >= at).mean()), float((p[~answerable] >= at).mean()))
        for at in np.arange(0.3, 0.9, 0.05)
    )


def _rounded(weights: Array) -> tuple[float, ...]:
    return tuple(round(float(weight), 3) for weight in weights)


def main(
    reader: Annotated[str, typer.Option(help="What reads the passages, as in the settings: own or none.")] = "own",
) -> None:
    """Print the weights that the dev part of the suite suggests."""
    settings = Settings(reader=reader)
    cases = [case for case in load() if split(case.id) == "dev"]
    found = fit(Assistant.open(settings=settings), cases, settings)
    for name, names in (("order", _NAMES), ("answers", (*_NAMES, "share"))):
        print(name, dict(zip(names, getattr(found.weights, name), strict=True)))
    print(repr(found.weights))
    for threshold, answered, falsely in found.thresholds:
        print(f"from {threshold:.2f}: answers {answered:.2f} of what the corpus answers, {falsely:.2f} of the rest")


if __name__ == "__main__":
    typer.run(main)
