"""What the empty page offers is answered by the corpus that ships."""

from pathlib import Path

import pytest

from shanghai_qa.assistant import Assistant
from shanghai_qa.values import Outcome
from shanghai_qa.web.page_phrases import PAGE
from shanghai_qa.web.samples import SAMPLES

pytestmark = pytest.mark.corpus

OFFERED = [(language, group, q) for language, groups in SAMPLES.items() for group, of in groups.items() for q in of]


@pytest.fixture(scope="module")
def assistant(index: Path) -> Assistant:
    return Assistant.open(index)


@pytest.mark.parametrize(("language", "group", "question"), OFFERED)
def test_a_sample_is_answered(assistant: Assistant, language: str, group: str, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.outcome is not Outcome.NOT_IN_CORPUS
    assert answer.language == language
    if group == "disagree":
        assert len(answer.disagreements[0].claims) >= 2
    if group != "time":  # a year may be missing
        assert answer.outcome is Outcome.ANSWERED


def test_each_group_has_a_heading_and_a_question_in_both_languages() -> None:
    for language, groups in SAMPLES.items():
        assert set(groups) == set(PAGE[language].samples)
        assert all(groups.values())
