import pytest

from shanghai_qa.direct import direct_answer
from shanghai_qa.reader import Said
from shanghai_qa.values import Span
from tests.samples import asked

QUANTUM = "According to the report, 17 research institutions and 32 startups work together in Quantum Valley."


@pytest.mark.parametrize(
    ("question", "sentence", "answer"),
    [
        ("How many startups are in Quantum Valley?", QUANTUM, "32 startups"),
        ("How many firms are in Quantum Valley?", QUANTUM, None),
        ("How many unicorns does Shenzhen have?", "Beijing counts: 115 unicorns in Beijing, more than Shenzhen.", None),
        ("What was SMIC's revenue in 2024?", "SMIC's 2025 revenue was US$9.33 billion, 16% above 2024.", None),
        (
            "What was SMIC's revenue in 2024?",
            "Revenue of SMIC was US$9 billion in 2025 and US$8 billion in 2024.",
            "US$8 billion",
        ),
        ("Who is the mayor of Shanghai?", "Li Zheng, deputy mayor of Shanghai, spoke.", None),
        ("When did the C919 first fly?", "Comac planned in 2008 that the C919 would first fly in 2014.", None),
        (
            "How much did Roche invest in it?",
            "Roche invested 300 million yuan in it, to be spent by 2030.",
            "300 million yuan",
        ),
        ("How many satellites does Qianfan have?", "15,000 satellites are planned for Qianfan.", None),
        (
            "When did the STAR Market open?",
            "As the plan had said, the STAR Market opened on 13 June 2019.",
            "13 June 2019",
        ),
        ("How many satellites does Qianfan have?", "Qianfan is planned to have 15,000 satellites.", None),
        ("How tall is the Shanghai Tower?", "The AI Tower in Shanghai is 200 metres tall.", None),
        ("When was the STAR Market launched?", "The STAR Market was launched on 13 June 2019.", "13 June 2019"),
        ("What share do they hold?", "Xuhui holds 37% of patents.", "37%"),
        ("What was its revenue?", "Revenue was US$8.03 billion in 2024.", "US$8.03 billion"),
        ("Who founded Fudan?", "Fudan was founded by the educator Ma Xiangbo.", "Ma Xiangbo"),
        ("Who founded AMEC?", "AMEC is listed on the STAR Market.", None),
        ("How deep is it?", "It lies 35 metres deep and 10 kilometres out.", None),
        ("How deep is it?", "It lies 35 metres deep.", "35 metres"),
        ("How many passengers fit in?", "156 to 168 passengers fit in.", "156 to 168 passengers"),
        ("Why is it so?", "Because of 35 things in 2024.", None),
    ],
)
def test_the_direct_answer_is_the_phrase_that_answers_or_none(question: str, sentence: str, answer: str | None) -> None:
    found = direct_answer(asked(question), sentence)
    assert (found.text if found else None) == answer


def test_what_the_question_says_itself_is_no_answer() -> None:
    found = direct_answer(
        asked("What happened on 13 June 2019 and when did trading start?"), "On 13 June 2019 it began."
    )
    assert found is None


def test_where_the_reader_points_at_something_else_that_is_counted_the_words_decide() -> None:
    astray = Said(answers=4.0, passage=3.0, span=Span(25, 27), exact=4.9)
    found = direct_answer(asked("How many startups are in Quantum Valley?"), QUANTUM, astray)
    assert found is not None
    assert found.text == "32 startups"


def test_who_did_it_is_somebody_however_surely_the_reader_points_at_something() -> None:
    sentence = "China completed a data centre powered by wind in October 2025."
    start = sentence.index("wind")
    surely = Said(answers=4.0, passage=3.0, span=Span(start, start + 4), exact=9.0)
    assert direct_answer(asked("Who built the data centre?"), sentence, surely) is None


def test_a_date_is_nobody() -> None:
    sentence = "StepFun was founded in April 2023 by former engineers."
    start = sentence.index("April")
    surely = Said(answers=4.0, passage=3.0, span=Span(start, start + 10), exact=9.0)
    assert direct_answer(asked("Who founded StepFun?"), sentence, surely) is None
