import math

import pytest

from training.measures import auc, best_span, f1


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


def test_the_best_span_begins_in_the_passage_and_does_not_end_before_it_starts() -> None:
    start = [9.0, 0.0, 1.0, 4.0]
    end = [9.0, 0.0, 3.0, 1.0]
    assert best_span(start, end, 1) == (3, 3, 5.0)  # 2 to 2: 4, 3 to 3: 5, 3 to 2 is none


def test_an_answer_has_at_most_thirty_pieces() -> None:
    start, end = [0.0] * 40, [0.0] * 40
    start[1], end[31] = 5.0, 4.0  # 31 pieces
    assert best_span(start, end, 1)[:2] == (1, 1)
