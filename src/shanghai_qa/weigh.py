"""How far an answer can be trusted: as of when each sentence speaks, and who alone says so."""

from collections.abc import Iterable, Mapping, Sequence

from shanghai_qa.disagree import Differing
from shanghai_qa.mentions import dated
from shanghai_qa.values import Document, Tier


def as_of(text: str, document: Document) -> str | None:
    """The newest date in the sentence as YYYY, YYYY-MM or YYYY-MM-DD, else that of publication, else None.

    A date after publication is a plan's, and no source speaks as of then.
    """
    said = [mention.key for mention in dated(text)]
    if published := document.published:
        said = [date for date in said if date[: len(published)] <= published[: len(date)]]
    return max(said, default=document.published)


def caveats(cited: Iterable[Document], language: str = "en", voices: int | None = None) -> tuple[str, ...]:
    """What a reader must know of an answer that rests on these documents: none of them is better placed than that.

    `voices` is how many of them speak for themselves (`voices.independent`); None where all do.
    """
    tiers = [document.tier for document in {document.id: document for document in cited}.values()]
    if not tiers:
        return ()
    alone = (voices or len(tiers)) == 1
    words = _CAVEATS.get(language, _CAVEATS["en"])
    if all(tier is Tier.UNVERIFIED for tier in tiers):
        return (words["one unverified" if alone else "unverified"],)
    if all(tier is Tier.PROMOTIONAL for tier in tiers):
        return (words["one promotional" if alone else "promotional"],)
    if all(tier.rank >= Tier.PROMOTIONAL.rank for tier in tiers):
        return (words["neither"],)
    return ()


_CAVEATS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "one unverified": "Only an unverified source says this.",
        "unverified": "Only unverified sources say this.",
        "one promotional": "Only a promotional source says this.",
        "promotional": "Only promotional sources say this.",
        "neither": "Only promotional and unverified sources say this.",
        "lead unverified": "The first sentence comes from an unverified source.",
        "lead promotional": "The first sentence comes from a promotional source.",
        "disagree": "Sources disagree: {values}.",
    },
    "zh": {
        "one unverified": "只有一个未经核实的来源这样说。",
        "unverified": "只有未经核实的来源这样说。",
        "one promotional": "只有一个宣传性来源这样说。",
        "promotional": "只有宣传性来源这样说。",
        "neither": "只有宣传性和未经核实的来源这样说。",
        "lead unverified": "第一句话来自未经核实的来源。",
        "lead promotional": "第一句话来自宣传性来源。",
        "disagree": "来源说法不一：{values}。",
    },
}


def conflict(differing: Sequence[Differing], language: str = "en") -> tuple[str, ...]:
    """A word on sources that differ, with the values; nothing where none do."""
    values = " / ".join(one.value for one in differing)
    return (_CAVEATS[language]["disagree"].format(values=values),) if differing else ()


def lead_caveat(lead: Document, cited: Sequence[Document], language: str = "en") -> tuple[str, ...]:
    """A word on a lead that is unverified or promotional while better placed sources stand beside it."""
    weak = lead.tier.rank >= Tier.PROMOTIONAL.rank
    mixed = weak and any(document.tier.rank < Tier.PROMOTIONAL.rank for document in cited)
    return (_CAVEATS[language][f"lead {lead.tier}"],) if mixed else ()
