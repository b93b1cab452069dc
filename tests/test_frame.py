import pytest

from shanghai_qa.assistant import _nearest, _newest
from shanghai_qa.features import Candidate, Features
from shanghai_qa.frame import day, named
from shanghai_qa.read import Reading
from shanghai_qa.values import Passage, Span
from tests.samples import asked, document


@pytest.mark.parametrize(
    ("published", "english", "chinese"),
    [
        ("2026-03-10", "10 March 2026", "2026年3月10日"),
        ("2026-03", "March 2026", "2026年3月"),
        ("2026", "2026", "2026年"),
    ],
)
def test_a_date_is_written_as_exactly_as_it_is_known(published: str, english: str, chinese: str) -> None:
    assert day(published, "en") == english
    assert day(published, "zh") == chinese


def test_a_document_is_named_with_what_is_known_of_its_origin() -> None:
    known = document(title="SMIC in 2024", publisher="SMIC", published="2025-02-11")
    assert named(known, "en") == '"SMIC in 2024" (SMIC, 11 February 2025)'
    assert named(known, "zh") == "《SMIC in 2024》（SMIC，2025年2月11日）"
    assert named(document(title="SMIC", publisher="SMIC", published=None), "en") == '"SMIC" (SMIC)'
    assert named(document(title="SMIC", publisher=None, published=None), "en") == '"SMIC"'


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What is the price of SMIC today?", ["The newest source is of 17 March 2026."]),
        ("What was SMIC's revenue in 2031?", ["The newest source is of 17 March 2026."]),
        ("What was SMIC's revenue in 2026?", []),
        ("What was SMIC's revenue in 1995?", []),
        ("Who founded SMIC?", []),
    ],
)
def test_a_refusal_of_what_is_newer_than_all_sources_says_when_they_end(question: str, said: list[str]) -> None:
    assert list(_newest(asked(question), "2026-03-17")) == said


def test_where_no_source_is_dated_none_is_the_newest() -> None:
    assert list(_newest(asked("What is the price of SMIC today?"), None)) == []


def reading(*cosines: float) -> Reading:
    text = "SMIC is large."
    passage = Passage("ai/a#0", "ai/a", "", 0, len(text), (Span(0, len(text)),))
    candidates = [
        Candidate(
            document(title=f"Document {n}", publisher="SMIC", text=text),
            passage,
            Span(0, len(text)),
            text,
            Features(cosine, cosine, 1, 1, 0, 1, 1, 1, 1, 1, 1),
            1.0,
        )
        for n, cosine in enumerate(cosines, start=1)
    ]
    return Reading(tuple(candidates), (), 0.0, ())


def test_a_refusal_names_the_nearest_document_where_one_is_near() -> None:
    question = asked("How large is SMIC?")
    assert list(_nearest(question, reading(0.6, 0.9))) == ['Nearest is "Document 1" (SMIC, 5 March 2024).']
    assert list(_nearest(question, reading(0.1, 0.9))) == []
    assert list(_nearest(question, reading())) == []
