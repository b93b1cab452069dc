import random

import pytest

from tests.training.toys import asked, paragraph
from training.exchange import Exchanger, names

OPENED = paragraph("The Pudong Lab opened in 2019 with 40 staff.", "Labs")
MOVED = paragraph("In 2021 the Minhang Centre moved and hired 65 people.", "Labs")
ELSEWHERE = paragraph("The Xuhui Hall closed in 1999 with 7 people.", "Halls")
OTHERS = [
    asked("When did the Minhang Centre move?", MOVED, (0,)),
    asked("When did the Xuhui Hall close?", ELSEWHERE, (0,)),
]


def exchanged(question: str) -> str | None:
    own = asked(question, OPENED, (0,))
    exchanger = Exchanger([own, *OTHERS], {p.key: p for p in (OPENED, MOVED, ELSEWHERE)})
    return exchanger.exchanged(own, OPENED, random.Random(1))


@pytest.mark.parametrize(
    ("question", "then"),
    [
        ("What opened in 2019?", "What opened in 2021?"),
        ("What has 40 staff?", "What has 65 staff?"),
        ("When did the Pudong Lab open?", "When did the Minhang Centre open?"),
        ("when did the pudong lab open?", "when did the Minhang Centre open?"),
    ],
)
def test_what_the_paragraph_says_gives_way_to_another_of_its_kind_and_document(question: str, then: str) -> None:
    assert exchanged(question) == then


@pytest.mark.parametrize("question", ["Who came?", "What happened in 2015?", "Was it a lab?"])
def test_a_question_without_anything_that_the_paragraph_names_stays(question: str) -> None:
    assert exchanged(question) is None


def test_nothing_that_the_paragraph_mentions_is_put_in() -> None:
    both = paragraph("Labs opened in 2019 and 2021.", "Labs")
    own = asked("What opened in 2019?", both, (0,))
    assert Exchanger([own], {both.key: both}).exchanged(own, both, random.Random(1)) is None


def test_words_that_open_sentences_belong_to_no_name() -> None:
    assert names("The Pudong Lab is new. It rose. In May Ada Lee's team came.") == {"Pudong Lab", "Ada Lee"}
