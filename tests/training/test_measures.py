import math

import pytest

from training.measures import auc, f1


def test_auc_counts_pairs_in_the_right_order_and_ties_half() -> None:
    assert auc([3, 1], [2, 1]) == pytest.approx((1 + 1 + 0 + 0.5) / 4)
    assert auc([2], [1]) == 1
    assert math.isnan(auc([], [1]))


def test_f1_is_that_of_the_best_answer_without_articles_and_punctuation() -> None:
    assert f1("The Pudong lab!", ["pudong lab"]) == 1
    assert f1("in Pudong", ["Pudong", "Minhang"]) == pytest.approx(2 / 3)  # precision 1/2, recall 1
    assert f1("Xuhui", ["Pudong"]) == 0
    assert f1("the", ["a"]) == 1  # nothing said, nothing wanted
    assert f1("Pudong", []) == 0
