from typing import Any

import pytest

from evals.measures import ABSTENTION_AUC, AURC, BY_NAME, MEASURES, Measure, Value, auc, risk_coverage, score
from evals.record import Row
from shanghai_qa.values import Answer, Citation, Outcome, Statement, Tier
from tests.evals.samples import OUTSIDE, answer, case, documents, row, source, trial

TEXT = "WAIC drew 350,000 visits. It closed in July."
DOCUMENTS = documents(ai__waic=TEXT)


def quoting(*spans: tuple[int, int], **facts: Any) -> Answer:
    """An answer of quotes from the text above that stand where they are said to."""
    cited = tuple(
        Citation(n, TEXT[a:b], a, b, "", source("ai/waic", text=TEXT)) for n, (a, b) in enumerate(spans, start=1)
    )
    return answer(*(c.quote for c in cited), citations=cited, **facts)


def value(name: str, case_: object = None, given: Answer | None = None, **facts: object) -> float | None:
    of = BY_NAME[name].score
    assert of is not None
    return of(trial(case_ or case(), given, documents=DOCUMENTS, **facts))  # type: ignore[arg-type]


FIRST, SECOND = (0, 25), (26, 44)


def test_every_measure_has_a_definition_and_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(MEASURES)
    assert all(measure.definition.endswith(".") for measure in MEASURES)


def test_a_crash_scores_the_worst_value_and_stays_in_the_mean() -> None:
    scores = score(trial(case(direct=("350,000 visits",), disagree=(("a",), ("b",)), tier=Tier.PRIMARY), None))
    worst = {
        "passed", "lead", "cited", "direct EM", "direct F1", "citation recall", "citation precision", "tier", "caveat",
        "disagreements found",
    }  # fmt: skip
    assert {name for name, of in scores.items() if of == 0} == worst
    assert scores["false refusals"] == 1
    assert BY_NAME["passed"].over([row("a"), row("b", passed=False)]) == Value(0.5, 2)


def test_measures_leave_out_the_trials_that_they_do_not_speak_of() -> None:
    assert score(trial(OUTSIDE, answer())) == {"passed": 1, "false answers": 0, "ms": 10.0}
    assert BY_NAME["lead"].over([row("a")]) is None


def test_no_rows_are_an_error_and_not_zero() -> None:
    for measure in MEASURES:
        with pytest.raises(ValueError, match="no cases"):
            measure.over([])


@pytest.mark.parametrize(
    ("given", "exact", "f1"),
    [
        ("350,000 visits", 1, 1.0),
        ("The 350,000 visits.", 1, 1.0),
        ("350,000", 0, 2 / 3),  # precision 1, recall 1/2
        ("350,000 visits in July", 0, 2 * 0.5 * 1 / 1.5),  # precision 2/4, recall 1
        ("July", 0, 0.0),
        (None, 0, 0.0),
    ],
)
def test_direct_answers_are_scored_as_squad_scores_them(given: str | None, exact: int, f1: float) -> None:
    expected = case(direct=("350,000 visits", "a third of a million"))
    assert value("direct EM", expected, answer("x", direct_answer=given)) == exact
    assert value("direct F1", expected, answer("x", direct_answer=given)) == pytest.approx(f1)


def test_a_direct_answer_counts_as_right_only_if_it_was_given() -> None:
    assert value("direct right", case(), answer("x", direct_answer="350,000 visits")) == 1
    assert value("direct right", case(), answer("x", direct_answer="July")) == 0
    assert value("direct right", OUTSIDE, answer("x", direct_answer="July")) == 0
    assert value("direct right", case(), answer("x")) is None


def test_citations_are_judged_as_alce_does_with_our_checker() -> None:
    whole = quoting(FIRST, SECOND)
    assert (value("citation recall", given=whole), value("citation precision", given=whole)) == (1, 1)
    # One more source under the first statement, which alone does not bear it out while the other does without it.
    padded = quoting(FIRST, SECOND, statements=(Statement(TEXT[0:25], (1, 2)), Statement(TEXT[26:44], (2,))))
    assert value("citation recall", given=padded) == 1
    assert value("citation precision", given=padded) == pytest.approx(2 / 3)
    # A statement that its source does not bear out: neither it nor its citation counts.
    crossed = quoting(FIRST, SECOND, statements=(Statement(TEXT[0:25], (2,)), Statement(TEXT[26:44], (2,))))
    assert (value("citation recall", given=crossed), value("citation precision", given=crossed)) == (0.5, 0.5)


def test_a_quote_that_stands_elsewhere_bears_nothing_out() -> None:
    moved = answer(TEXT[26:44])  # said to stand at 0
    assert value("citation recall", given=moved) == value("citation precision", given=moved) == 0


def test_a_refusal_of_what_the_corpus_holds_has_no_citation_score_but_zero() -> None:
    assert value("citation recall", given=answer()) == value("citation precision", given=answer()) == 0
    assert value("citation recall", OUTSIDE, answer()) is None


def test_a_sentence_that_a_model_wrote_is_judged_by_what_it_says() -> None:
    written = quoting(FIRST, answerer="openai:x", statements=(Statement("WAIC drew 350,000 visits in all.", (1,)),))
    invented = quoting(FIRST, answerer="openai:x", statements=(Statement("WAIC drew 400,000 visits.", (1,)),))
    assert (value("citation recall", given=written), value("verbatim", given=written)) == (1, 0)
    assert value("citation recall", given=invented) == 0
    assert value("verbatim", given=quoting(FIRST)) == 1


def test_refusals_and_answers_are_counted_apart_and_a_crash_is_the_wrong_one() -> None:
    assert [value("false refusals", given=given) for given in (answer(), answer("x"), None)] == [1, 0, 1]
    assert [value("false answers", OUTSIDE, given) for given in (answer(), answer("x"), None)] == [0, 1, 1]


def test_disagreements_are_found_or_false() -> None:
    differing = case(disagree=(("350,000",), ("305,000",)))
    shown, hidden = answer("x", values=("350,000", "305,000")), answer("x")
    assert [value("disagreements found", differing, given) for given in (shown, hidden)] == [1, 0]
    assert value("false disagreements", differing, shown) is None
    assert [value("false disagreements", case(), given) for given in (shown, hidden)] == [1, 0]
    assert value("false disagreements", case(), answer()) is None


@pytest.mark.parametrize(
    ("tier", "caveats", "right"),
    [
        (Tier.UNVERIFIED, ("Only an unverified source says this.",), 1),
        (Tier.UNVERIFIED, ("只有一个未经核实的来源这样说。",), 1),
        (Tier.UNVERIFIED, ("Sources disagree: 1 / 2.",), 0),
        (Tier.UNVERIFIED, (), 0),
        (Tier.PROMOTIONAL, ("Only a promotional source says this.",), 1),
        (Tier.PRIMARY, (), 1),
        (Tier.PRIMARY, ("Sources disagree: 1 / 2.",), 1),
        (Tier.PRIMARY, ("Only promotional sources say this.",), 0),
    ],
)
def test_a_caveat_is_right_where_the_tier_calls_for_it(tier: Tier, caveats: tuple[str, ...], right: int) -> None:
    assert value("caveat", case(tier=tier), answer("x", tier=tier, caveats=caveats)) == right


def test_the_tier_is_that_of_the_first_citation() -> None:
    wanted = case(tier=Tier.PRIMARY)
    assert value("tier", wanted, answer("x")) == 1
    assert value("tier", wanted, answer("x", tier=Tier.UNVERIFIED)) == 0
    assert value("tier", wanted, answer()) == 0
    assert value("tier", case(), answer("x")) is None


def sure(confidence: float | None, right: bool, answerable: bool = True) -> Row:
    return row("a", confidence=confidence, lead_answers=right, answerable=answerable)


def test_risk_and_coverage_agree_with_hand_arithmetic() -> None:
    rows = [sure(0.9, True), sure(0.2, False), sure(0.6, False), sure(0.4, True), sure(None, False)]
    points = [(p.confidence, p.coverage, p.risk) for p in risk_coverage(rows)]
    assert points == [(0.9, 1 / 4, 0.0), (0.6, 2 / 4, 1 / 2), (0.4, 3 / 4, 1 / 3), (0.2, 1.0, 2 / 4)]
    assert AURC.over(rows) == Value(pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4), 4)  # type: ignore[arg-type]


def test_equal_confidences_share_a_risk_whatever_their_order() -> None:
    one, other = [sure(0.5, True), sure(0.5, False)], [sure(0.5, False), sure(0.5, True)]
    assert [p.risk for p in risk_coverage(one)] == [p.risk for p in risk_coverage(other)] == [0.5, 0.5]


def test_nothing_sure_gives_no_curve_and_no_area() -> None:
    assert risk_coverage([row("a")]) == []
    assert AURC.over([row("a")]) is None


def test_the_auc_counts_pairs_and_ties_half() -> None:
    # pairs of (answerable, not): 0.9>0.5, 0.9>0.1, 0.5=0.5, 0.5>0.1 → 3.5 of 4
    assert auc([0.9, 0.5, 0.5, 0.1], [True, True, False, False]) == Value(3.5 / 4, 4)
    assert auc([0.9, 0.5], [True, True]) is None
    assert auc([], []) is None
    rows = [sure(0.9, True), sure(0.1, False, answerable=False)]
    assert ABSTENTION_AUC.over(rows) == Value(1.0, 2)


def test_latency_is_a_percentile_over_all_rows() -> None:
    rows = [row(str(ms), scores={"ms": float(ms)}) for ms in range(1, 102)]
    assert BY_NAME["latency p50"].over(rows) == Value(51.0, 101)
    assert BY_NAME["latency p95"].over(rows) == Value(96.0, 101)


def test_determinism_is_measured_only_where_a_case_was_asked_twice() -> None:
    assert value("deterministic", given=answer("x")) is None
    assert value("deterministic", given=answer("x"), repeats=False) == 0


def test_worse_is_up_or_down_as_the_measure_says() -> None:
    lower = Measure(name="m", definition="", group="g", better="lower")
    assert lower.worse_by(0.1, 0.3) == pytest.approx(0.2)
    assert BY_NAME["passed"].worse_by(0.1, 0.3) == pytest.approx(-0.2)


def test_half_an_answer_passes_where_half_is_expected() -> None:
    half = case(outcome=Outcome.PARTLY_ANSWERED)
    assert value("passed", half, answer("350,000 came.", outcome=Outcome.PARTLY_ANSWERED)) == 1
