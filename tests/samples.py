"""Made-up documents and questions that unit tests share."""

from shanghai_qa.lexicon import Lexicon
from shanghai_qa.question import Question, understand
from shanghai_qa.values import Document, Tier, Turn


def document(**facts: object) -> Document:
    given: dict[str, object] = {
        "id": "ai/a", "title": "A", "publisher": None, "authors": (), "url": None, "published": "2024-03-05",
        "tier": Tier.PRIMARY, "topics": ("ai",), "places": ("Pudong",), "text": "x",
    }  # fmt: skip
    return Document(**(given | facts))  # type: ignore[arg-type]


TEXT = """# Makers

## Chips
SMIC (中芯国际) of Shanghai had revenue of US$8 billion in 2024. The plant of Hua Hong (华虹) lies in Lingang.
Zhang Rujing founded SMIC in 2000. VeriSilicon was founded in 2001.
"""
LEXICON = Lexicon.of([document(title="Makers", text=TEXT)])


def asked(text: str, *history: str) -> Question:
    return understand(text, [Turn("user", one) for one in history], LEXICON, 200)
