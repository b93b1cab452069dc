import pytest

from training.schedule import Schedule

SCHEDULE = Schedule(warmup_steps=4, decay_from=10, decay_steps=5)


def test_rates_rise_stay_and_fall_to_nothing() -> None:
    assert [SCHEDULE.factor(step) for step in (0, 3, 9)] == pytest.approx([0.25, 1, 1])
    assert [SCHEDULE.factor(step) for step in range(10, 16)] == pytest.approx([1, 0.8, 0.6, 0.4, 0.2, 0])
    assert SCHEDULE.end == 15


def test_without_warm_up_rates_are_full_at_once() -> None:
    assert Schedule(0, 10, 5).factor(0) == 1


def test_the_decay_can_begin_earlier() -> None:
    assert SCHEDULE.finish(6, 2) == Schedule(4, 6, 2)


def test_a_decay_that_has_begun_stays_as_it_is() -> None:
    assert SCHEDULE.finish(12, 50) == SCHEDULE
