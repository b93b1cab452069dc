import pytest

from evals.cases import Case
from evals.measures import Rate, Verdict, crash, judge, measure, measure_kinds
from shanghai_qa.values import Answer, Citation, CorpusInfo, Outcome, Source, Statement, Tier

CORPUS = CorpusInfo("v1", documents=1, passages=1)
NUMBER = Case(
    id="waic-visits", question="How many visits?", kind="number", answerable=True, why="a number",
    must_say=(("350,000", "350 thousand"), ("2025",)), must_lead=("350,000",), must_not_say=("177,000",),
    must_cite=("ai/waic", "ai/news"), tier=Tier.PRIMARY,
)  # fmt: skip
OUTSIDE = Case(id="paris", question="How many live in Paris?", kind="outside", answerable=False, why="outside")


def answer(*sentences: str, source: str = "ai/waic", direct: str | None = None) -> Answer:
    """Each sentence a statement that cites `source`, a primary one; without sentences, a refusal."""
    cited = Source(source, "WAIC", None, None, None, Tier.PRIMARY, "0" * 64)
    return Answer(
        question="How many visits?", language="en", corpus=CORPUS, direct_answer=direct,
        outcome=Outcome.ANSWERED if sentences else Outcome.NOT_IN_CORPUS,
        statements=tuple(Statement(text, (1,)) for text in sentences),
        citations=(Citation(1, sentences[0], 0, len(sentences[0]), "", cited),) if sentences else (),
    )  # fmt: skip


def test_an_answer_that_says_and_cites_what_it_must_passes() -> None:
    verdict = judge(NUMBER, answer("WAIC drew 350,000 visits.", "It closed in July 2025.", direct="350,000 visits"))
    assert verdict == Verdict(passed=True, outcome_right=True, led=True, cited=True, direct=True, tier_right=True)


def test_an_answer_may_pass_without_leading_with_the_point() -> None:
    verdict = judge(NUMBER, answer("WAIC closed in July 2025.", "It drew 350 thousand visits."))
    assert (verdict.passed, verdict.led, verdict.direct) == (True, False, False)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (answer("WAIC drew many visits in 2025."), "does not say 350,000 or 350 thousand"),
        (answer("WAIC drew 350,000 visits in 2025, after 177,000."), "says 177,000"),
        (answer("WAIC drew 350,000 visits in 2025.", source="ai/blog"), "cites none of ai/waic, ai/news"),
        (answer(), "refused, although the corpus holds the answer"),
    ],
)
def test_a_failed_answer_says_why(given: Answer, reason: str) -> None:
    verdict = judge(NUMBER, given)
    assert (verdict.passed, verdict.reason) == (False, reason)


def test_every_fault_of_an_answer_is_told() -> None:
    verdict = judge(NUMBER, answer("WAIC drew 177,000 visits.", source="ai/blog"))
    assert verdict.reason == (
        "does not say 350,000 or 350 thousand; does not say 2025; says 177,000; cites none of ai/waic, ai/news"
    )
    assert (verdict.outcome_right, verdict.cited) == (True, False)


def test_a_question_outside_the_corpus_passes_only_when_it_is_refused() -> None:
    assert judge(OUTSIDE, answer()) == Verdict(passed=True, outcome_right=True)
    assert judge(OUTSIDE, answer("Paris has two million inhabitants.")).passed is False


def test_a_refusal_that_lists_sources_fails() -> None:
    refusal = answer()
    with_sources = Answer(
        question=refusal.question, language="en", outcome=Outcome.NOT_IN_CORPUS, corpus=CORPUS,
        citations=answer("Words.").citations,
    )  # fmt: skip
    verdict = judge(OUTSIDE, with_sources)
    assert (verdict.passed, verdict.outcome_right, verdict.reason) == (False, True, "cites sources under a refusal")


def test_the_rates_count_every_case_once_crashes_too() -> None:
    judged = [
        (NUMBER, judge(NUMBER, answer("WAIC drew 350,000 visits in 2025.", direct="350,000"))),
        (NUMBER, judge(NUMBER, answer())),
        (NUMBER, crash(RuntimeError("no model"))),
        (OUTSIDE, judge(OUTSIDE, answer())),
        (OUTSIDE, judge(OUTSIDE, answer("Paris is large."))),
    ]
    measures = measure(judged)
    assert measures.passed == Rate(2, 5)
    assert measures.answerable == Rate(1, 3)
    assert measures.led == Rate(1, 3)
    assert measures.direct == Rate(1, 3)
    assert measures.false_refusals == Rate(1, 3)  # the crash is none
    assert measures.unanswerable == Rate(1, 2)
    assert measures.false_answers == Rate(1, 2)
    assert measures.tier_right == Rate(1, 3)
    assert measures.passed.share == pytest.approx(0.4)


def test_a_rate_without_cases_is_none_and_not_zero() -> None:
    measures = measure([(OUTSIDE, judge(OUTSIDE, answer()))])
    assert (measures.answerable, measures.led, measures.false_refusals, measures.tier_right) == (None,) * 4
    assert measures.passed == measures.unanswerable == Rate(1, 1)


def test_kinds_are_measured_apart_and_only_those_that_occur() -> None:
    judged = [(OUTSIDE, judge(OUTSIDE, answer())), (NUMBER, judge(NUMBER, answer()))]
    kinds = measure_kinds(judged)
    assert list(kinds) == ["number", "outside"]
    assert kinds["number"].passed == Rate(0, 1)
    assert kinds["outside"].passed == Rate(1, 1)


def test_an_empty_set_is_an_error() -> None:
    with pytest.raises(ValueError, match="no cases"):
        measure([])


def test_a_crash_fails_with_the_words_of_its_exception() -> None:
    assert crash(KeyError("x")) == Verdict(passed=False, crashed=True, reason="crashed: KeyError: 'x'")
