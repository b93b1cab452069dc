from dataclasses import replace

import pytest

from shanghai_qa.disagree import disagreement
from shanghai_qa.features import Candidate, Features
from shanghai_qa.values import Passage, Span, Tier
from tests.samples import asked, document

FEATURES = Features(0.8, 0.8, 1, 1, 0, 1, 1, 1, 1, 1, 1)


def candidate(text: str, id: str, tier: Tier = Tier.ESTABLISHED, value: float = 1.0) -> Candidate:
    source = document(id=id, tier=tier, text=text)
    passage = Passage(f"{id}#0", id, "", 0, len(text), (Span(0, len(text)),))
    return Candidate(source, passage, Span(0, len(text)), text, FEATURES, value)


DEPTH = asked("How deep is the Lingang data centre?")
TEN = candidate("The Lingang data centre lies 10 metres below the sea.", "a/ten", value=1.5)
DEEP = candidate("The Lingang data centre lies 35 metres below the sea.", "a/deep", Tier.PRIMARY)


def test_two_values_for_one_thing_are_a_disagreement_the_better_placed_first() -> None:
    found = disagreement(DEPTH, [TEN, DEEP])
    assert [one.value for one in found] == ["35 metres", "10 metres"]


@pytest.mark.parametrize(
    "other",
    [
        "The Lingang data centre lies 10 metres below the sea.",  # agrees
        "The Lingang data centre cost 35 billion yuan to build below the sea.",  # another unit
        "The Yangshan data centre lies 35 metres below the sea.",  # another subject
        "The Lingang data centre lay 35 metres below the sea in 2020.",  # another year
    ],
)
def test_agreement_and_other_units_subjects_and_years_are_none(other: str) -> None:
    assert disagreement(DEPTH, [TEN, candidate(other, "a/other")]) == ()


def test_one_document_does_not_disagree_with_itself_and_nothing_with_nothing() -> None:
    assert disagreement(DEPTH, [TEN, replace(DEEP, document=TEN.document)]) == ()
    assert disagreement(DEPTH, []) == ()


def test_two_documents_of_one_page_are_one_source_which_does_not_disagree_with_itself() -> None:
    def at(found: Candidate, **facts: object) -> Candidate:
        return replace(found, document=replace(found.document, **facts))  # type: ignore[arg-type]

    page = "https://port.example/depth"
    assert disagreement(DEPTH, [at(TEN, url=page), at(DEEP, url=f"{page}/#now")]) == ()
    assert disagreement(DEPTH, [TEN, at(DEEP, also_at=("a/ten",))]) == ()
    assert len(disagreement(DEPTH, [at(TEN, url=page), at(DEEP, url=f"{page}-2")])) == 2


def test_a_date_within_another_is_the_same_date_told_less_fully() -> None:
    question = asked("When was MiniMax founded?")
    full = candidate("MiniMax was founded in December 2021.", "a/full")
    same = candidate("MiniMax was founded in 2021.", "a/same")
    later = candidate("MiniMax was founded in 2022.", "a/later")
    assert disagreement(question, [full, same]) == ()
    assert {one.value for one in disagreement(question, [full, same, later])} == {"December 2021", "2022"}


@pytest.mark.parametrize(
    ("one", "other", "disagree"),
    [
        ("AgiBot shipped 5,168 robots in 2025.", "AgiBot shipped about 5,200 robots in 2025.", False),
        ("AgiBot shipped 5,168 robots in 2025.", "AgiBot shipped 6,000 robots in 2025.", True),
        ("AgiBot shipped 5,168 robots in 2025.", "AgiBot shipped 900 robots in the first half of 2025.", False),
        ("The maker shipped 5,168 robots in 2025.", "The maker shipped 6,000 robots in 2025.", False),  # whose?
    ],
)
def test_a_rounded_value_a_part_of_the_year_and_a_nameless_subject_are_no_disagreement(
    one: str, other: str, disagree: bool
) -> None:
    question = asked("How many robots did AgiBot ship in 2025?")
    assert bool(disagreement(question, [candidate(one, "a/one"), candidate(other, "a/other")])) is disagree


def test_nine_billion_is_the_same_more_or_less_exactly() -> None:
    question = asked("What was SMIC's revenue in 2025?")
    exact = candidate("SMIC's revenue for 2025 was US$9,326.8 million.", "a/exact")
    rounded = candidate("SMIC's revenue for 2025 was US$9.33 billion.", "a/rounded")
    assert disagreement(question, [exact, rounded]) == ()


TALL = ("The Lantern tower is 231 metres tall, Yicai wrote in May 2025.", "The Lantern tower is 200 metres tall.")


def shown(question: str, *texts: str, values: tuple[float, ...] = (1.0, 0.8)) -> list[str]:
    found = [candidate(text, f"ai/{n}", value=value) for n, (text, value) in enumerate(zip(texts, values, strict=True))]
    return [d.value for d in disagreement(asked(question), found)]


def test_sentences_that_answer_alike_with_other_numbers_of_one_unit_differ() -> None:
    assert shown("What is the Lantern tower's height?", *TALL) == ["231 metres", "200 metres"]


FUND = "How big is the Lantern fund?"
EARNED = "What did Lantern earn?"


@pytest.mark.parametrize(
    ("question", "lead", "other"),
    [
        ("What is the Moon tower's height?", *TALL),
        ("What is the Lantern tower's height?", TALL[0], "The Lantern tower cost 200 dollars."),
        (FUND, "The Lantern fund grew from 10 to 15 staff.", "The Lantern fund has 10 staff."),
        (FUND, "The Lantern fund had 10 staff in 2020.", "The Lantern fund had 12 staff in 2024."),
        (FUND, "The Lantern fund has 12 staff.", "The Lantern fund plans 20 staff."),
        (EARNED, "Lantern earned 5.4 billion yuan.", "Lantern earned over 5 billion yuan."),
        (EARNED, "Lantern earned US$740 million.", "Lantern earned over 5 billion yuan (US$682 million)."),
    ],
)
def test_other_subjects_units_years_bounds_and_changes_are_no_disagreement(
    question: str, lead: str, other: str
) -> None:
    assert shown(question, lead, other) == []


def test_a_sentence_that_answers_far_worse_does_not_disagree() -> None:
    assert shown("What is the Lantern tower's height?", *TALL, values=(1.0, 0.1)) == []


def test_a_day_and_another_of_the_same_month_differ() -> None:
    asked_when = asked("When did the Lingang data centre open?")
    first = candidate("The Lingang data centre opened on 5 May 2025.", "a/first", value=1.5)
    second = candidate("The Lingang data centre opened on 15 May 2025.", "a/second")
    assert [one.value for one in disagreement(asked_when, [first, second])] == ["5 May 2025", "15 May 2025"]


def test_what_else_a_sentence_tells_of_another_time_does_not_hide_a_disagreement() -> None:
    gdp = asked("What was Shanghai's GDP of 2024 in US dollars?")
    one = candidate("Shanghai's GDP was 5.39 trillion yuan (about US$740.7 billion) in 2024.", "a/one", value=1.5)
    two = candidate(
        "Shanghai's GDP was 5.39 trillion yuan (US$760 billion) in 2024 and grew in the first three quarters of 2025.",
        "a/two",
    )
    assert [found.value for found in disagreement(gdp, [one, two])] == ["US$740.7 billion", "US$760 billion"]


def test_a_quarter_and_a_year_and_a_plan_and_a_fact_are_no_disagreement() -> None:
    sales = asked("What were SMIC's sales in 2024?")
    year = candidate("SMIC had sales of US$8 billion in 2024.", "a/year", value=1.5)
    for other in (
        "In the fourth quarter of 2024, SMIC had sales of US$2 billion and won customers.",
        "SMIC planned to have sales of US$9 billion in 2024.",
    ):
        assert disagreement(sales, [year, candidate(other, "a/other")]) == ()
