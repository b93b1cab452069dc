import doctest
import json
import random
import re

import pytest

from ingest.publish import load
from shanghai_qa import aliases
from shanghai_qa.aliases import bracketed, in_corpus_names, of
from shanghai_qa.data import lines
from shanghai_qa.settings import default_corpus
from shanghai_qa.values import Document
from tests.samples import document

THINGS = [line.split(" | ") for line in lines("aliases.txt")]


@pytest.fixture(scope="module")
def corpus() -> list[Document]:
    return load([default_corpus()])[0]


@pytest.fixture(scope="module")
def table(corpus: list[Document]) -> dict[str, str]:
    return of(corpus)


def spelt(name: str) -> str:
    return name.replace("-", " ").casefold()


# --- The curated file ------------------------------------------------------------------------------------------------


def test_each_line_has_a_main_name_and_others() -> None:
    assert all(len(names) > 1 and all(name and name == name.strip() for name in names) for names in THINGS)


def test_no_name_is_that_of_two_things() -> None:
    names = [spelt(name) for line in THINGS for name in line]
    assert sorted(names) == sorted(set(names))


def test_each_main_name_stands_in_the_corpus(corpus: list[Document]) -> None:
    text = "\n".join(document.text for document in corpus)
    mains = [names[0] for names in THINGS]
    assert [main for main in mains if not re.search(rf"(?<!\w){re.escape(main)}(?!\w)", text, re.IGNORECASE)] == []


def test_the_first_name_of_a_line_is_the_one_that_the_corpus_uses_most(table: dict[str, str]) -> None:
    for main, *others in THINGS:
        assert main not in table
        assert {table[other] for other in others} <= {main, *others}
        assert all(table[other] in (main, other) for other in others)


def test_each_other_name_is_rewritten_as_the_table_says(table: dict[str, str]) -> None:
    for name, main in table.items():
        assert in_corpus_names(f"What is {name}?", table) == f"What is {main}?"


# --- The table -------------------------------------------------------------------------------------------------------


def test_the_name_of_most_sentences_is_the_main_name() -> None:
    text = "The Shanghai Light Lab (SLL) opened. SLL grew. SLL has a ring.\n"
    assert of([document(text=text)]) == {"Shanghai Light Lab": "SLL"}
    text = "The Shanghai Light Lab (SLL) opened. The Shanghai Light Lab grew. It is the Shanghai Light Lab of old.\n"
    assert of([document(text=text)]) == {"SLL": "Shanghai Light Lab"}


def test_a_name_in_its_own_right_stays_with_what_holds_it_and_protects_it() -> None:
    first = "Qianfan has 648 satellites. Qianfan grows. Qianfan is Chinese."
    second = "Spacesail has 108 satellites. Spacesail grows."
    made = of([document(text=first), document(text=second)])
    assert made["Spacesail"] == "Spacesail"
    assert made["SpaceSail Constellation"] == "SpaceSail Constellation"
    assert made["Thousand Sails"] == "Qianfan"
    assert in_corpus_names("Are Thousand Sails and Spacesail fast?", made) == "Are Qianfan and Spacesail fast?"


def test_a_name_within_that_of_another_thing_is_none_in_its_own_right() -> None:
    text = "Research and development grew. The Lianqiu Lake R&D Centre opened."
    assert of([document(text=text)])["R&D"] == "research and development"


def test_what_the_documents_do_not_name_has_no_other_names() -> None:
    assert of([document(text="Nothing of it.")]) == {}
    assert of([]) == {}


def test_the_table_can_be_kept_as_json(table: dict[str, str]) -> None:
    assert json.loads(json.dumps(table)) == table


# --- Brackets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("at the World AI Conference (WAIC) of", [("World AI Conference", "WAIC")]),
        ("The Great Knowledge Community (大创智, GKC) in", [("Great Knowledge Community", "GKC")]),
        ("the Bank of Old Towns (BOT)", [("Bank of Old Towns", "BOT")]),
        ("the Department of Defense (DOD, 国防部)", [("Department of Defense", "DOD")]),
        ("the Micro-Fabrication Equipment (MFE) and Micro-Fabrication Equipment (ME)",
         [("Micro-Fabrication Equipment", "MFE"), ("Micro-Fabrication Equipment", "ME")]),
        ("of Special Economic Zones (SEZs)", [("Special Economic Zones", "SEZs")]),
        ("The Shanghai High repetition rate XFEL and Extreme light facility (上海, SHINE)", []),
        ("the Shanghai Foundation Model Innovation Center (模速空间, SMC)", []),
        ("its AI data centre (AIDC) and international standards (IFRS)", []),
        ("science, technology, engineering and mathematics (STEM)", []),
        ("cost over 10 billion yuan (almost US$1.4 billion) in Zhangjiang Hi-Tech Park (Zhangjiang)", []),
        ("in China (IC) and of Cars (OC)", []),
        ("(WAIC)", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_bracket_abbreviates_the_words_whose_first_letters_it_has(text: str, pairs: list[tuple[str, str]]) -> None:
    assert bracketed([document(text=text), document(text=text)]) == pairs


def test_the_brackets_of_the_corpus_give_its_abbreviations(corpus: list[Document]) -> None:
    found = {short: name for name, short in bracketed(corpus)}
    assert found["SSRF"] == "Shanghai Synchrotron Radiation Facility"
    assert found["USTC"] == "University of Science and Technology of China"
    assert found["BIS"] == "Bureau of Industry and Security"
    assert not found.keys() & {"SHINE", "SMC", "GOI", "EDA", "INFLY", "AIGC", "IFRS", "STEM", "HLMC"}


# --- Rewriting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "rewritten"),
    [
        ("What is rednote worth?", "What is Xiaohongshu worth?"),
        ("What is RedNote's value?", "What is Xiaohongshu's value?"),
        ("What is PDD’s revenue?", "What is PDD Holdings' revenue?"),
        ("How many are on the Star-board?", "How many are on the STAR Market?"),
        ("Is it on the Sci-Tech Innovation Board?", "Is it on the STAR Market?"),
        ("Semiconductor Manufacturing International Corp., Ltd. grew", "SMIC grew"),
        ("Where is Lin-gang?", "Where is Lingang?"),
        ("Does the U.S. list SJTU?", "Does the United States list Shanghai Jiao Tong University?"),
        ("How fast is Jiuzhang 3?", "How fast is Jiuzhang 3.0?"),
        ("e-CNY wallets?", "digital yuan wallets?"),
        ("E-CNY wallets?", "Digital yuan wallets?"),
        ("Is the Shanghai SSE old?", "Is the Shanghai Stock Exchange old?"),
        ("Who leads SJTU University?", "Who leads Shanghai Jiao Tong University?"),
        ("", ""),
    ],
)
def test_other_names_become_the_main_name(asked: str, rewritten: str, table: dict[str, str]) -> None:
    assert in_corpus_names(asked, table) == rewritten


@pytest.mark.parametrize(
    ("asked", "rewritten"),
    [
        ("What is RedNote (Xiaohongshu) worth?", "What is Xiaohongshu worth?"),
        ("What is Xiaohongshu (RedNote) worth?", "What is Xiaohongshu worth?"),
        ("Who runs RedNote, in Chinese Xiaohongshu, now?", "Who runs Xiaohongshu now?"),
        ("Who runs RedNote / Xiaohongshu?", "Who runs Xiaohongshu?"),
        ("Who runs WAIC, short for World Artificial Intelligence Conference, now?", "Who runs WAIC now?"),
        ("Was RedNote (also known as Xiaohongshu) RedNote in 2014?", "Was Xiaohongshu Xiaohongshu in 2014?"),
    ],
)  # fmt: skip
def test_two_names_side_by_side_become_one(asked: str, rewritten: str, table: dict[str, str]) -> None:
    assert in_corpus_names(asked, table) == rewritten


@pytest.mark.parametrize(
    "asked",
    [
        "Is RedNote the same as Xiaohongshu?",
        "Why is RedNote also called Xiaohongshu?",
        "Is SMIC short for Semiconductor Manufacturing International Corporation?",
        "Does Meta own Facebook?",
        "Who is AMD's rival in Shanghai?",
        "Who founded Ctrip?",
        "Who owns Pinduoduo?",
        "Will semiconductor exports grow?",
        "Does Shanghai have a big fund?",
        "What does SHINE write about SHINE?",
        "What is a pdd, and what a sec?",
        "How fast is Jiuzhang 3.5?",
        "How is Fudan ranked in the U.S. News & World Report?",
        "How big is the Lianqiu Lake R&D Center?",
        "What did USTC, the University of Science and Technology of China, build?",
        "What did Zhou Bowen ask at the World AI Conference?",
        "How many firms has the STAR Market?",
    ],
)
def test_what_another_name_would_ask_differently_stays(asked: str, table: dict[str, str]) -> None:
    assert in_corpus_names(asked, table) == asked


def test_rewriting_twice_changes_no_more_than_once(table: dict[str, str]) -> None:
    names = sorted({*table, *table.values()})
    pieces = names + sorted({word for name in names for word in name.split()})
    chance = random.Random(7)
    for _ in range(1000):
        text = chance.choice([" ", ", ", " (", " or ", "'s ", "-"]).join(chance.choices(pieces, k=3))
        once = in_corpus_names(text, table)
        assert in_corpus_names(once, table) == once


def test_an_empty_table_changes_nothing() -> None:
    assert in_corpus_names("What is RedNote?", {}) == "What is RedNote?"


def test_the_example_of_the_module_runs() -> None:
    result = doctest.testmod(aliases)
    assert (result.attempted, result.failed) == (1, 0)


def test_letters_whose_capitals_are_others_name_nothing() -> None:
    assert in_corpus_names("Is SMİC listed?", {"smic": "SMIC"}) == "Is SMİC listed?"
