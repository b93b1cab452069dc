import json

import pytest

from shanghai_qa.values import Answer, Citation, CorpusInfo, Filters, Outcome, Source, Statement, Tier
from tests.samples import document


@pytest.mark.parametrize(
    ("filters", "admitted"),
    [
        (Filters(), True),
        (Filters(topics=("quantum", "ai")), True),
        (Filters(topics=("quantum",)), False),
        (Filters(places=("pudong",)), True),
        (Filters(places=("Xuhui",)), False),
        (Filters(tiers=(Tier.PRIMARY,)), True),
        (Filters(tiers=(Tier.UNVERIFIED,)), False),
        (Filters(year_from=2024, year_to=2024), True),
        (Filters(year_from=2025), False),
        (Filters(year_to=2023), False),
        (Filters(topics=("ai",), places=("Xuhui",)), False),
    ],
)
def test_a_document_must_match_every_field_of_the_filters(filters: Filters, admitted: bool) -> None:
    assert filters.admits(document()) is admitted


def test_a_document_without_a_date_is_left_out_where_years_are_asked_for() -> None:
    assert not Filters(year_to=2030).admits(document(published=None))
    assert Filters().admits(document(published=None))


def test_the_json_of_an_answer_has_every_field_in_the_documented_order() -> None:
    source = Source("ai/a", "A", None, None, "2024", Tier.PRIMARY, "00")
    answer = Answer(
        question="Q?",
        language="en",
        outcome=Outcome.ANSWERED,
        corpus=CorpusInfo("v", 1, 1),
        statements=(Statement("S.", (1,), "2024"),),
        citations=(Citation(1, "S.", 0, 2, "H", source),),
    )
    data = json.loads(answer.to_json())
    assert list(data) == [
        "id", "question", "read_as", "language", "outcome", "direct_answer", "statements", "citations", "disagreements",
        "caveats", "missing", "follow_ups", "answerer", "removed", "usage", "corpus", "elapsed_ms",
    ]  # fmt: skip
    assert data["outcome"] == "answered"
    assert data["statements"] == [{"text": "S.", "citations": [1], "as_of": "2024"}]
    assert data["citations"][0]["source"]["tier"] == "primary"
    assert data["missing"] == []
    assert data["id"] is None
