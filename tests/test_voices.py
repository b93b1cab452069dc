from dataclasses import replace

import pytest

from shanghai_qa.prove import source_of
from shanghai_qa.values import Citation, CitedContext
from shanghai_qa.voices import independent
from tests.samples import document


def cited(quote: str, id: str, **facts: object) -> Citation:
    return Citation(1, quote, 0, len(quote), "", source_of(document(id=id, **facts)))


GREW = "SMIC of Shanghai had revenue of US$8 billion in 2024."


@pytest.mark.parametrize(
    ("other", "facts", "sources"),
    [
        ("Hua Hong opened a plant in Wuxi.", {}, 2),
        ("SMIC of Shanghai had revenue of US$9 billion in 2024.", {}, 2),
        (GREW, {}, 1),  # word for word
        ("smic of shanghai had revenue of US$8 billion, in 2024", {}, 1),
        ("SMIC in Shanghai had revenue of US$8 billion in 2024.", {}, 2),  # nearly, by another publisher
        ("SMIC in Shanghai had revenue of US$8 billion in 2024.", {"publisher": "Port Daily"}, 1),
        ("SMIC in Shanghai had revenue of US$9 billion in 2024.", {"publisher": "Port Daily"}, 2),  # another figure
        ("Hua Hong opened a plant in Wuxi.", {"publisher": "Port Daily"}, 2),
        ("Hua Hong opened a plant in Wuxi.", {"url": "http://www.port.example/News/#top"}, 1),  # one page
        ("Hua Hong opened a plant in Wuxi.", {"url": "https://port.example/newest"}, 2),
        ("Hua Hong opened a plant in Wuxi.", {"also_at": ("https://port.example/news",)}, 1),  # its copy
        ("Hua Hong opened a plant in Wuxi.", {"also_at": ("ai/one",)}, 1),
    ],
)
def test_who_repeats_another_is_no_further_source(other: str, facts: dict[str, object], sources: int) -> None:
    one = cited(GREW, "ai/one", publisher="Port Daily", url="https://port.example/news")
    assert independent([one, cited(other, "ai/other", **facts)]) == sources
    assert independent([cited(other, "ai/other", **facts), one]) == sources


def test_sentences_of_one_document_and_ten_copies_are_one_source() -> None:
    one = [cited(GREW, "ai/one"), cited("SMIC has a plant in Pudong.", "ai/one")]
    copies = [cited(GREW, f"farm/{n}", url=f"https://farm.example/{n}") for n in range(10)]
    assert independent([*one, *copies]) == 1
    assert independent([*copies, cited("SMIC has a plant in Pudong.", "ai/two"), *one]) == 1
    assert independent([*one, cited("SMIC was founded in 2000.", "ai/two")]) == 2
    assert independent([]) == 0


def test_sentences_without_words_repeat_nothing() -> None:
    assert independent([cited("…", "ai/one"), cited("—", "ai/two")]) == 2


def test_nearly_the_same_sentence_is_known_in_chinese() -> None:
    one = cited("中芯国际二〇二四年实现销售收入80亿美元，同比增长27%。", "ai/one", publisher="港口日报")
    nearly = "中芯国际二〇二四年实现销售收入80亿美元，比上年增长27%。"
    assert independent([one, cited(nearly, "ai/two", publisher="港口日报")]) == 1
    assert independent([one, cited(nearly.replace("27", "28"), "ai/two", publisher="港口日报")]) == 2


def test_the_same_words_on_different_companies_repeat_nothing() -> None:
    def of(company: str) -> Citation:
        said = f"{company} makes chips."
        return replace(
            cited("The company was founded in 2000.", f"ai/{company}"),
            context=CitedContext(said, 0, len(said), company),
        )

    assert independent([of("SMIC"), of("Hejian")]) == 2
    assert independent([of("SMIC"), replace(of("SMIC"), source=of("Hejian").source)]) == 1
