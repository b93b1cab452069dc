import pytest

from evals.compare import Comparison, ComparisonError, Difference, McNemar, compare
from evals.measures import BY_NAME
from evals.record import Row
from tests.evals.samples import row, run


def rows(passed: str) -> list[Row]:
    """A row for each letter: "+" passed, "-" did not."""
    return [row(f"c{n}", passed=letter == "+") for n, letter in enumerate(passed)]


def overall(comparison: Comparison, name: str = "passed") -> Difference:
    (found,) = [d for d in comparison.differences if (d.slice, d.measure.name) == ("all", name)]
    return found


def test_what_broke_and_what_was_mended_is_named() -> None:
    found = compare(run(*rows("++-")), run(*rows("+-+")))
    assert [r.id for r in found.broke] == ["c1"]
    assert [r.id for r in found.mended] == ["c2"]
    assert (found.test.broke, found.test.mended, found.test.p) == (1, 1, 1.0)
    assert overall(found).change == 0


def test_mcnemar_is_the_exact_binomial_test() -> None:
    assert McNemar(broke=0, mended=5).p == pytest.approx(2 / 2**5)
    assert McNemar(broke=1, mended=3).p == pytest.approx(2 * (1 + 4) / 2**4)
    assert McNemar(broke=0, mended=0).p == 1.0


def test_a_clear_change_is_real_and_one_case_of_many_is_not() -> None:
    clear = overall(compare(run(*rows("-" * 20 + "+" * 20)), run(*rows("+" * 40))))
    assert (clear.a, clear.b, clear.n) == (0.5, 1.0, 40)
    assert clear.low < 0.5 < clear.high
    assert clear.real
    assert clear.better
    one = overall(compare(run(*rows("-" + "+" * 39)), run(*rows("+" * 40))))
    assert (one.low, one.real) == (0.0, False)


def test_the_interval_is_that_of_the_paired_changes() -> None:
    # Changes: 10 times 1 and 30 times 0; mean 1/4, standard error sqrt(.25 * .75 / 40) = 0.0685
    found = overall(compare(run(*rows("-" * 10 + "+" * 30)), run(*rows("+" * 40))))
    assert found.low == pytest.approx(0.25 - 1.96 * 0.0685, abs=0.03)
    assert found.high == pytest.approx(0.25 + 1.96 * 0.0685, abs=0.03)


def test_the_same_runs_give_the_same_interval_each_time() -> None:
    one = compare(run(*rows("+-" * 10)), run(*rows("-+" * 10)))
    assert one.differences == compare(run(*rows("+-" * 10)), run(*rows("-+" * 10))).differences


def test_slices_are_compared_apart() -> None:
    a = run(row("a", slices=("number",)), row("b", slices=("list",)))
    b = run(row("a", slices=("number",)), row("b", slices=("list",), passed=False))
    changes = {d.slice: d.change for d in compare(a, b).differences}
    assert changes == {"all": -0.5, "number": 0, "list": -1}
    assert compare(a, b).tests["list"].broke == 1


def test_measures_of_a_whole_set_are_compared_too() -> None:
    a = run(row("a", confidence=0.9, lead_answers=True), row("b", confidence=0.1))
    b = run(row("a", confidence=0.1, lead_answers=True), row("b", confidence=0.9))
    worse = overall(compare(a, b), "AURC")
    assert (worse.a, worse.b, worse.better) == ((0 + 1 / 2) / 2, (1 + 1 / 2) / 2, False)


def test_a_measure_is_compared_as_each_run_has_it() -> None:
    a = run(row("a", scores={"passed": 1, "direct right": 1}), row("b", scores={"passed": 1}))
    b = run(row("a", scores={"passed": 1, "direct right": 1}), row("b", scores={"passed": 1, "direct right": 0}))
    found = overall(compare(a, b), "direct right")
    assert (found.n, found.a, found.b) == (2, 1, 0.5)  # a wrong direct answer more
    assert compare(a, b).vanished == ()
    assert compare(b, run(row("a"), row("b"))).vanished == ((BY_NAME["direct right"], 0.5),)


def test_different_suites_are_refused_and_different_corpora_told() -> None:
    with pytest.raises(ComparisonError, match="different suites"):
        compare(run(row("a")), run(row("a"), suite="s2"))
    with pytest.raises(ComparisonError, match="no case in common"):
        compare(run(row("a")), run(row("b")))
    (note,) = compare(run(row("a")), run(row("a"), corpus="v2")).notes
    assert note == "the corpora differ: A ran over v1, B over v2"


def test_other_settings_and_fewer_cases_are_told() -> None:
    notes = compare(run(row("a"), row("b")), run(row("a"), settings={"margin": 1, "x": 2}, system="openai:x")).notes
    assert notes == (
        "the settings differ in margin, x",
        "the answerers differ: A is default, B is openai:x",
        "compared over 1 case that both ran; A ran 2, B 1",
    )
