"""The order in which candidates are put that answer about as well."""

from shanghai_qa.features import Candidate, Features
from shanghai_qa.read import _better_placed_first, _newest_first
from shanghai_qa.values import Passage, Span, Tier
from tests.samples import asked, document

FEATURES = Features(0.8, 0.8, 1, 1, 0, 1, 1, 1, 1, 1, 1)
LISTED = asked("How many firms are listed on the STAR Market?")


def candidate(text: str, id: str, tier: Tier = Tier.ESTABLISHED, value: float = 1.0) -> Candidate:
    passage = Passage(f"{id}#0", id, "", 0, len(text), (Span(0, len(text)),))
    source = document(id=id, tier=tier, text=text)
    return Candidate(source, passage, Span(0, len(text)), text, FEATURES, value)


OLD = candidate("In 2021, 311 firms were listed on the STAR Market.", "a/old", value=2.0)
NEW = candidate("In 2025, 589 firms were listed on the STAR Market.", "a/new")


def lead(candidates: list[Candidate]) -> str:
    return candidates[0].document.id


def test_the_newest_of_those_that_measure_the_same_leads_where_no_year_is_asked_for() -> None:
    assert lead(_newest_first(LISTED, [OLD, NEW])) == "a/new"
    assert _newest_first(LISTED, [OLD, NEW])[1:] == [OLD]
    assert lead(_newest_first(asked("How many firms were listed on the STAR Market in 2021?"), [OLD, NEW])) == "a/old"


def test_what_is_newer_but_something_else_does_not_lead() -> None:
    for text, tier in (
        ("In 2025, 589 firms were listed on the STAR Market.", Tier.UNVERIFIED),
        ("In 2025 the STAR Market was worth 5 trillion yuan.", Tier.ESTABLISHED),
        ("In 2025, 589 firms planned to be listed on the STAR Market.", Tier.ESTABLISHED),
        ("In 2025, 589 firms were listed in London.", Tier.ESTABLISHED),
        ("In 2025, 12 firms were newly listed on the STAR Market.", Tier.ESTABLISHED),
    ):
        assert lead(_newest_first(LISTED, [OLD, candidate(text, "a/other", tier)])) == "a/old"


def test_an_unverified_source_does_not_lead_where_a_better_one_says_the_same() -> None:
    claim = candidate("In 2025, 589 firms were listed on the STAR Market.", "a/claim", Tier.UNVERIFIED, value=1.5)
    assert lead(_better_placed_first(LISTED, [claim, NEW])) == "a/new"
    assert lead(_better_placed_first(LISTED, [claim, OLD])) == "a/claim"
