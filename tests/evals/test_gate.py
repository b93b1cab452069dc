from pathlib import Path

import pytest

from evals.compare import ComparisonError
from evals.gate import accept, judge, read_baseline
from evals.record import Run
from shanghai_qa.errors import InputError
from tests.evals.samples import row, run

BEFORE = run(*(row(f"c{n}") for n in range(100)))


def broken(*numbers: int, **facts: object) -> Run:
    return run(*(row(f"c{n}", passed=n not in numbers, **facts) for n in range(100)))


def test_a_run_like_the_baseline_goes_through() -> None:
    assert judge(BEFORE, BEFORE).open


def test_a_fall_within_tolerance_goes_through_and_a_larger_one_does_not() -> None:
    assert judge(BEFORE, broken(1, 2)).open
    closed = judge(BEFORE, broken(1, 2, 3))
    assert not closed.open
    assert [str(fall) for fall in closed.falls] == ["passed fell from 1.000 to 0.970 (tolerance 0.02)"]
    assert [r.id for r in closed.comparison.broke] == ["c1", "c2", "c3"]


def test_one_guarded_case_that_breaks_closes_the_gate() -> None:
    closed = judge(BEFORE, broken(7, guarded=True))
    assert (closed.falls, [r.id for r in closed.guarded], closed.open) == ((), ["c7"], False)


def test_a_guarded_case_that_never_passed_does_not_close_it() -> None:
    assert judge(broken(7), broken(7, guarded=True)).open


def test_a_measure_that_rises_where_lower_is_better_closes_it() -> None:
    before = run(row("a", scores={"passed": 1, "false answers": 0}))
    (fall,) = judge(before, run(row("a", scores={"passed": 1, "false answers": 1}))).falls
    assert str(fall) == "false answers rose from 0.000 to 1.000 (tolerance 0.03)"


def test_a_measure_that_has_no_value_any_more_closes_it() -> None:
    before = run(row("a", scores={"passed": 1, "direct right": 1}))
    (fall,) = judge(before, run(row("a"))).falls
    assert str(fall) == "direct right has no value any more; it was 1.000"


def test_slices_and_times_close_nothing() -> None:
    before = run(*(row(f"c{n}", slices=("list",) if n else ("number",)) for n in range(99)))
    after = run(*(row(f"c{n}", passed=n > 0, slices=r.slices) for n, r in enumerate(before.rows)))
    assert judge(before, after).open


def test_a_part_of_the_suite_is_held_against_that_part() -> None:
    half = run(*(row(f"c{n}", passed=n > 1) for n in range(50)))
    (fall,) = judge(BEFORE, half).falls
    assert (fall.before, fall.now) == (1.0, 0.96)


def test_another_suite_and_unknown_cases_are_refused_with_the_way_out() -> None:
    with pytest.raises(ComparisonError, match="make it the baseline with: shanghai-qa eval accept"):
        judge(BEFORE, run(row("c1"), suite="s2"))
    with pytest.raises(ComparisonError, match="the baseline lacks new"):
        judge(BEFORE, run(row("new")))


def test_the_baseline_keeps_scores_and_the_reason_and_no_answers(tmp_path: Path) -> None:
    done = run(row("a", said=("SMIC was founded.",), scores={"passed": 1, "ms": 12}, guarded=True))
    accept(done, " a better reader ", cases=1, path=tmp_path / "baseline.json")
    kept = read_baseline(tmp_path / "baseline.json")
    assert kept.about.reason == "a better reader"
    assert (kept.rows[0].scores, kept.rows[0].said, kept.rows[0].guarded) == ({"passed": 1}, (), True)
    assert judge(kept, done).open


def test_a_part_of_the_suite_or_no_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    with pytest.raises(InputError, match="1 of the suite's 2 cases"):
        accept(run(row("a")), "why not", cases=2, path=path)
    with pytest.raises(InputError, match="say why"):
        accept(run(row("a")), " ", cases=1, path=path)
    assert not path.exists()
    with pytest.raises(InputError, match="no baseline at"):
        read_baseline(path)
