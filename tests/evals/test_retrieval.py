from math import log2

import pytest

from evals.retrieval import COLLECTION, SUITE, per_question

RELEVANT = {"q1": ["a"], "q2": ["b", "c"], "q3": ["d"]}
FOUND = {"q1": ["x", "a"], "q2": ["c", "x", "y", "z", "u", "b"]}  # q3 found nothing


def test_the_measures_agree_with_hand_arithmetic() -> None:
    values = per_question(SUITE, RELEVANT, FOUND)
    assert values["Success@5"] == {"q1": 1, "q2": 1, "q3": 0}
    assert values["R@10"] == {"q1": 1, "q2": 1, "q3": 0}
    assert values["RR@10"] == {"q1": 1 / 2, "q2": 1, "q3": 0}
    ideal = 1 + 1 / log2(3)  # both at the top
    assert values["nDCG@10"] == pytest.approx({"q1": 1 / log2(3), "q2": (1 + 1 / log2(7)) / ideal, "q3": 0})


def test_collections_are_measured_as_multi_hop_rag_is() -> None:
    values = per_question(COLLECTION, RELEVANT, FOUND)
    assert values["Success@4"] == {"q1": 1, "q2": 1, "q3": 0}
    assert values["AP@10"] == pytest.approx({"q1": 1 / 2, "q2": (1 / 1 + 2 / 6) / 2, "q3": 0})


def test_documents_beyond_the_cut_do_not_count() -> None:
    values = per_question(SUITE, {"q": ["late"]}, {"q": [*"abcdefghij", "late"]})
    assert [values[name]["q"] for name in ("Success@5", "R@10", "RR@10", "nDCG@10")] == [0, 0, 0, 0]


def test_the_order_found_decides_and_not_the_names() -> None:
    assert per_question(SUITE, {"q": ["a"]}, {"q": ["z", "a"]})["RR@10"] == {"q": 0.5}
    assert per_question(SUITE, {"q": ["z"]}, {"q": ["z", "a"]})["RR@10"] == {"q": 1.0}


def test_no_questions_give_nothing() -> None:
    assert per_question(SUITE, {}, {})["R@10"] == {}
