import pytest

from shanghai_qa.values import Document, Tier
from shanghai_qa.weigh import as_of, caveats, lead_caveat
from tests.samples import document


@pytest.mark.parametrize(
    ("text", "published", "date"),
    [
        ("It opened on 13 June 2019.", "2024", "2019-06-13"),
        ("It grew from 2019 to March 2021.", None, "2021-03"),
        ("It is large.", "2024-03", "2024-03"),
        ("It is large.", None, None),
        ("The plan runs from 2021 to 2025.", "2023-04", "2021"),
        ("The plan of 2026 to 2030 came in February 2026.", "2026-02-11", "2026-02"),
    ],
)
def test_a_sentence_speaks_as_of_its_newest_date_else_of_publication(
    text: str, published: str | None, date: str | None
) -> None:
    assert as_of(text, document(published=published)) == date


def of_tier(*tiers: Tier) -> list[Document]:
    return [document(id=f"ai/{n}", tier=tier) for n, tier in enumerate(tiers)]


@pytest.mark.parametrize(
    ("tiers", "said"),
    [
        ([], ()),
        ([Tier.UNVERIFIED], ("Only an unverified source says this.",)),
        ([Tier.UNVERIFIED, Tier.UNVERIFIED], ("Only unverified sources say this.",)),
        ([Tier.PROMOTIONAL], ("Only a promotional source says this.",)),
        ([Tier.PROMOTIONAL, Tier.UNVERIFIED], ("Only promotional and unverified sources say this.",)),
        ([Tier.PRIMARY, Tier.UNVERIFIED], ()),
    ],
)
def test_an_answer_on_weak_sources_alone_says_so(tiers: list[Tier], said: tuple[str, ...]) -> None:
    assert caveats(of_tier(*tiers)) == said


def test_two_sentences_of_one_unverified_document_are_one_source() -> None:
    (one,) = of_tier(Tier.UNVERIFIED)
    assert caveats([one, one]) == ("Only an unverified source says this.",)


def test_unverified_documents_that_repeat_each_other_are_one_source() -> None:
    two = of_tier(Tier.UNVERIFIED, Tier.UNVERIFIED)
    assert caveats(two, voices=1) == ("Only an unverified source says this.",)
    assert caveats(two, voices=2) == ("Only unverified sources say this.",)
    assert caveats(of_tier(Tier.PROMOTIONAL, Tier.PROMOTIONAL), "zh", 1) == ("只有一个宣传性来源这样说。",)


def test_a_weak_lead_beside_better_sources_is_named() -> None:
    lead, advert, better = of_tier(Tier.UNVERIFIED, Tier.PROMOTIONAL, Tier.PRIMARY)
    assert lead_caveat(lead, [lead, better]) == ("The first sentence comes from an unverified source.",)
    assert lead_caveat(advert, [advert, better]) == ("The first sentence comes from a promotional source.",)
    assert lead_caveat(better, [better, lead]) == ()
    assert caveats([lead], "zh") == ("只有一个未经核实的来源这样说。",)
