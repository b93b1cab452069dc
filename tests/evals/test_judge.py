import pytest

from evals.judge import expectation, faults
from shanghai_qa.values import Answer, Outcome
from tests.evals.samples import OUTSIDE, answer, case

NUMBER = case(
    must_say=(("350,000", "350 thousand"), ("2025",)), must_lead=("350,000",), must_not_say=("177,000",),
    must_cite=("ai/waic", "ai/news"),
)  # fmt: skip


def test_an_answer_that_says_and_cites_what_it_must_has_no_fault() -> None:
    assert faults(NUMBER, answer("WAIC drew 350,000 visits.", "It closed in July 2025.")) == ()


def test_an_answer_may_pass_without_leading_with_the_point() -> None:
    assert faults(NUMBER, answer("WAIC closed in July 2025.", "It drew 350 thousand visits.")) == ()


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (answer("WAIC drew many visits in 2025."), "does not say 350,000 or 350 thousand"),
        (answer("WAIC drew 350,000 visits in 2025, after 177,000."), "says 177,000"),
        (answer("WAIC drew 350,000 visits in 2025.", source_id="ai/blog"), "cites none of ai/waic, ai/news"),
        (answer(), "refused, although the corpus holds the answer"),
    ],
)
def test_a_failed_answer_says_why(given: Answer, fault: str) -> None:
    assert faults(NUMBER, given) == (fault,)


def test_every_fault_of_an_answer_is_told() -> None:
    assert faults(NUMBER, answer("WAIC drew 177,000 visits.", source_id="ai/blog")) == (
        "does not say 350,000 or 350 thousand",
        "does not say 2025",
        "says 177,000",
        "cites none of ai/waic, ai/news",
    )


def test_where_no_document_is_named_any_will_do() -> None:
    assert faults(case(must_cite=()), answer("WAIC drew 350,000.", source_id="ai/blog")) == ()
    assert faults(case(must_cite=()), answer("WAIC drew 350,000.", citations=())) == ("cites nothing",)


def test_a_question_outside_the_corpus_passes_only_when_it_is_refused_without_sources() -> None:
    assert faults(OUTSIDE, answer()) == ()
    assert faults(OUTSIDE, answer("Paris is large.")) == ("answered, although the corpus does not hold the answer",)
    assert faults(OUTSIDE, answer(citations=answer("Words.").citations)) == ("cites sources under a refusal",)


def test_half_an_answer_has_to_say_that_it_is_half() -> None:
    half = case(outcome=Outcome.PARTLY_ANSWERED)
    assert faults(half, answer("WAIC drew 350,000.")) == ("does not say that a part is missing",)
    assert faults(half, answer("WAIC drew 350,000.", outcome=Outcome.PARTLY_ANSWERED)) == ()
    assert faults(case(), answer("WAIC drew 350,000.", outcome=Outcome.PARTLY_ANSWERED)) == ()


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (("350,000 visits", "305,000"), True),
        (("305,000", "350,000 visits", "400,000"), True),
        (("350,000", "400,000"), False),
        ((), False),
    ],
)
def test_values_on_which_sources_disagree_have_to_be_shown_side_by_side(values: tuple[str, ...], shown: bool) -> None:
    differing = case(disagree=(("350,000",), ("305,000 visits", "305 thousand")))
    wanted = () if shown else ("does not show 350,000 against 305,000 visits",)
    assert faults(differing, answer("WAIC drew 350,000 visits.", values=values)) == wanted


def test_a_draft_passes_with_no_answer() -> None:
    assert faults(case(must_say=()), answer("WAIC drew 350,000.")) == ("the case is a draft: it lacks must_say",)


def test_what_is_expected_is_told_in_words() -> None:
    assert expectation(NUMBER) == "350,000 or 350 thousand and 2025, from ai/waic or ai/news"
    assert expectation(OUTSIDE) == "a refusal"
    both = case(outcome=Outcome.PARTLY_ANSWERED, disagree=(("350,000",), ("305,000",)))
    assert expectation(both) == (
        "350,000, from ai/waic, and a word on what is missing, with 350,000 against 305,000 side by side"
    )
