import random
import time

import pytest

from evals.cleaning import ROUNDS_OF_FURNITURE, Round, boilerplate_cases, measure
from ingest.boilerplate import without_boilerplate
from ingest.loaded import Removed
from shanghai_qa.settings import default_corpus

PAGE = """Skip to content
Home
News
About us
Contact

# Salt caverns
Home > Energy > Storage

A cavern holds compressed air. Read more about it in the city's plan.
Share on Facebook

## Technology
Losses are a third.
- Pumps
- Services

We use cookies to improve your experience. By continuing you agree to our use of cookies.
© 2025 Salt Weekly. All rights reserved."""

CLEAN_PAGE = """
# Salt caverns

A cavern holds compressed air. Read more about it in the city's plan.

## Technology
Losses are a third.
- Pumps
- Services
"""


def test_lines_of_the_page_go_and_lines_of_the_text_stay() -> None:
    text, removed = without_boilerplate(PAGE)
    assert text == CLEAN_PAGE
    assert removed[0] == Removed("Skip to content", "a line of the page around the text", 1)
    assert removed[1] == Removed("Home", "a menu", 2)
    assert [one.line for one in removed] == [1, 2, 3, 4, 5, 8, 11, 18, 19]


@pytest.mark.parametrize(
    "line",
    [
        "Accept all cookies",
        "首页 > 新闻 > 正文",
        "登录 | 注册",
        "沪ICP备12345678号-1",
        "责任编辑：张三",
        "分享到：微信 微博",
        "[Home](/) | [About us](/about)",
        "Related articles",
        "  Advertisement  ",
        "5 min read",
    ],
)
def test_a_line_known_as_a_whole_goes(line: str) -> None:
    text = f"One.\n{line}\nTwo."
    assert without_boilerplate(text) == ("One.\nTwo.", (Removed(line.strip(), *_told(text)),))


def _told(text: str) -> tuple[str, int]:
    (removed,) = without_boilerplate(text)[1]
    return removed.why, 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The court fined a shop for setting cookies without consent.",
        "We use cookies, the firm's lawyer told the court, only after consent.",
        "© is the sign that was missing on 41 photos.",
        "Copyright law protects software for 50 years.",
        "## Technology\nLasers cut the wafers.",
        "Technology\nLasers cut the wafers.",
        "- WeChat\n- Weibo\n- QQ",
        "- English\n- 中文\n- 日本語",
        "SMIC\nHua Hong\nAMEC",
        "Shanghai | Suzhou | Hangzhou",
        "| Home | Price |\n| --- | --- |\n| Flat | 7 million |",
        "来源：新华社",
        "主办：上海市经济和信息化委员会\n承办：上海市储能行业协会",
        "备案号为沪ICP备12345678号的网站于2012年上线。",
        "\U000f0000Home",
    ],
)
def test_text_about_such_things_stays(text: str) -> None:
    assert without_boilerplate(text) == (text, ())


@pytest.mark.parametrize("round", ROUNDS_OF_FURNITURE)
def test_precision_and_recall_are_at_least_98_percent_in_every_round(round: Round) -> None:
    measured = measure(boilerplate_cases(round), without_boilerplate)
    for right, taken, due in (measured.characters, measured.fragments):
        assert right / taken >= 0.98, measured
        assert right / due >= 0.98, measured


def test_the_measure_rests_on_enough_cases() -> None:
    cases = [case for round in ROUNDS_OF_FURNITURE for case in boilerplate_cases(round)]
    assert sum(bool(case.goes) for case in cases) > 200
    assert sum(not case.goes for case in cases) > 200


def test_the_corpus_loses_nothing() -> None:
    for path in default_corpus().rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert without_boilerplate(text) == (text, ()), path


def test_cleaning_twice_is_cleaning_once() -> None:
    dice = random.Random(1)
    pieces = [
        "Home",
        "News",
        "About us",
        "Foo bar",
        "Read more",
        "",
        "Technology",
        "SMIC grew.",
        "- Contact",
        "EN | ZH",
    ]
    for _ in range(5000):
        soup = "\n".join(dice.choices(pieces, k=dice.randrange(14)))
        text, removed = without_boilerplate(soup)
        assert without_boilerplate(text) == (text, ()), soup
        assert all(soup.split("\n")[one.line - 1].strip() == one.text for one in removed)


@pytest.mark.parametrize(
    "text",
    ["Home\n" * 2_000_000, "We use cookies " * 700_000, "The fab opened in March.\n" * 400_000],
    ids=["a menu", "one line", "text"],
)
def test_ten_megabytes_take_seconds(text: str) -> None:
    started = time.process_time()
    without_boilerplate(text)
    assert time.process_time() - started < 20
