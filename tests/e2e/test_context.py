"""A sentence that does not name its subject is found, shown with it and proven, from ingest to answer."""

from pathlib import Path

import pytest

from ingest.publish import ingest
from shanghai_qa.assistant import Assistant
from shanghai_qa.settings import Settings
from shanghai_qa.store import Index
from tests.e2e.program import with_encoder_of

pytestmark = pytest.mark.corpus

YARD = "Orbit Harbour Works built the Lingang crane yard in 2031."
TEXT = f"""# Yards

## Orbit
{YARD} It was founded in 1998 by Lin Wei. The company employs 4,200 people.

## Lantern
Lantern Robotics moved to Minhang in 2030. The company employs 77 people.
"""


@pytest.fixture
def yards(index: Path, tmp_path: Path) -> Assistant:
    folder = with_encoder_of(index, tmp_path / "index")
    (tmp_path / "yards.txt").write_text(TEXT, encoding="utf-8")
    ingest([tmp_path / "yards.txt"], Index(folder), Settings())
    return Assistant.open(folder, Settings())


def test_the_subject_stands_in_brackets_and_the_quote_as_it_is(yards: Assistant) -> None:
    answer = yards.ask("How many people does Orbit Harbour Works employ?")
    assert answer.statements[0].text == "The company [Orbit Harbour Works] employs 4,200 people."
    assert answer.direct_answer == "4,200 people"
    citation = answer.citations[0]
    assert citation.quote == "The company employs 4,200 people."
    assert citation.context
    assert (citation.context.text, citation.context.subject) == (YARD, "Orbit Harbour Works")
    assert [one.holds for one in yards.verify(answer)] == [True] * len(answer.citations)
    assert yards.faults(answer) == []


def test_the_subject_tells_two_like_sentences_apart(yards: Assistant) -> None:
    answer = yards.ask("How many people does Lantern Robotics employ?")
    assert answer.statements[0].text == "The company [Lantern Robotics] employs 77 people."
    assert "4,200" not in " ".join(one.text for one in answer.statements)


def test_who_and_when_are_found_by_the_subject_too(yards: Assistant) -> None:
    answer = yards.ask("When was Orbit Harbour Works founded?")
    assert answer.statements[0].text == "It [Orbit Harbour Works] was founded in 1998 by Lin Wei."
    assert answer.direct_answer == "1998"
