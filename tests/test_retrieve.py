import pytest

from shanghai_qa.retrieve import reciprocal_rank_fusion


def test_a_passage_found_by_two_legs_beats_one_found_by_one() -> None:
    fused = reciprocal_rank_fusion([["quantum", "smic"], ["smic", "talent"]])
    best, value = fused[0]
    assert best == "smic"
    assert value == pytest.approx(1 / 61 + 1 / 62)  # 2nd in one, 1st in the other, by hand


def test_ties_keep_the_order_of_first_appearance() -> None:
    assert [item for item, _ in reciprocal_rank_fusion([["a", "b"], ["b", "a"]])] == ["a", "b"]


def test_no_rankings_give_nothing() -> None:
    assert reciprocal_rank_fusion([]) == []
    assert reciprocal_rank_fusion([[], []]) == []
