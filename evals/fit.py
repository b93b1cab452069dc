"""Choose the weights of reading on the dev part of a suite: `python -m evals.fit`.

`order` is fitted listwise: among the sentences of a question, those that lead well should have the largest share of a
softmax. `answers` is a logistic regression of whether the lead then answers. Both are drawn towards the weights in use
(L2), since a hundred cases are few. Prints what to put into `settings.Weights`; the test part is never read.
"""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

from evals.cases import Case, load, says_any, split
from evals.judge import answers
from shanghai_qa.assistant import Assistant
from shanghai_qa.features import Candidate, Features
from shanghai_qa.settings import Settings, Weights
from shanghai_qa.values import Ask

_NAMES = tuple(field.name for field in fields(Features))
Array = NDArray[np.float64]
_AT_LEAST = {"fresh": (0.1, 0.0), "tier": (0.2, 0.0)}
"""Least weight in `order` and in `answers`: newer and better placed sources win near ties, whatever the cases say."""
_PULL = 1.0  # strength of the L2 penalty; 0.1 to 10 were tried


def fit(assistant: Assistant, cases: Sequence[Case], settings: Settings) -> Weights:
    """The weights that the cases suggest, starting from those of `settings`."""
    read = [(case, assistant.trace(Ask(case.question, case.history)).reading.candidates) for case in cases]
    order = _fit_order(read, np.array(settings.weights.order))
    samples = [sample for case, candidates in read for sample in _samples(case, candidates, order)]
    leads, labels = np.array([x for x, _ in samples]), np.array([label for _, label in samples])
    found, bias = _fit_answers(leads, labels, settings.weights)
    return Weights(order=_rounded(order), answers=_rounded(found), bias=round(float(bias), 3))


def _samples(case: Case, candidates: Sequence[Candidate], order: Array) -> list[tuple[Array, bool]]:
    """The features of the lead and whether it answers; and, as if the documents that answer were not there, of the
    lead that would take its place, which does not: a near miss for each case that has an answer."""
    best = sorted(candidates, key=lambda c: -float(order @ c.features.array()))
    found = [(best[0].features.array(), answers(case, best[0].document.id, best[0].text))] if best else []
    others = [c for c in best if c.document.id not in case.must_cite and not says_any(c.text, case.leads)]
    return found + ([(others[0].features.array(), False)] if case.answerable and others else [])


def _fit_order(read: Sequence[tuple[Case, Sequence[Candidate]]], start: Array) -> Array:
    lists: list[tuple[Array, NDArray[np.bool_]]] = []
    for case, candidates in read:
        good = np.array([answers(case, c.document.id, c.text) for c in candidates])
        if good.any() and not good.all():
            lists.append((np.array([c.features.array() for c in candidates]), good))

    def loss(weights: Array) -> float:
        values = [(3 * x @ weights, good) for x, good in lists]
        missed = sum(logsumexp(v) - logsumexp(v[good]) for v, good in values)
        return float(missed + _PULL * np.sum((weights - start) ** 2))

    return np.array(minimize(loss, start, method="L-BFGS-B", bounds=_bounds(0)).x)


def _fit_answers(leads: Array, labels: NDArray[np.bool_], start: Weights) -> tuple[Array, float]:
    origin = np.array([*start.answers, start.bias])
    inputs = np.hstack([leads, np.ones((len(leads), 1))])

    def loss(weights: Array) -> float:
        p = expit(inputs @ weights)
        missed = -np.sum(np.log(np.where(labels, p, 1 - p) + 1e-12))
        return float(missed + _PULL / 3 * np.sum((weights - origin)[:-1] ** 2))

    found = np.array(minimize(loss, origin, method="L-BFGS-B", bounds=[*_bounds(1), (None, None)]).x)
    return found[:-1], float(found[-1])


def _bounds(which: int) -> list[tuple[float | None, None]]:
    return [(_AT_LEAST[name][which] if name in _AT_LEAST else None, None) for name in _NAMES]


def _rounded(weights: Array) -> tuple[float, ...]:
    return tuple(round(float(weight), 3) for weight in weights)


def main() -> None:
    settings = Settings()
    cases = [case for case in load() if split(case.id) == "dev"]
    weights = fit(Assistant.open(settings=settings), cases, settings)
    for name in ("order", "answers"):
        print(name, dict(zip(_NAMES, getattr(weights, name), strict=True)))
    print(repr(weights))


if __name__ == "__main__":
    main()
