"""The report of a run in a browser: filters, an opened case, the theme, and nothing asked of anybody."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from evals.record import Row
from evals.report import page as report
from tests.evals import samples
from tests.web.conftest import Screen

pytestmark = pytest.mark.web
PHONE = pytest.mark.parametrize("screen", [Screen(390, 844)], indirect=True)


def row(number: int, passed: bool) -> Row:
    document = "a-rather-long-name-of-a-document" * 3
    return samples.row(
        f"case-{number}", passed=passed, slices=("number" if number % 2 else "fact", "answered"),
        scores={"passed": float(passed), "ms": 10.0 + number}, confidence=number / 10, lead_answers=passed,
        outcome="answered", said=(f"Statement {number}.",), relevant=(document,),
        retrieved=dict.fromkeys(("vectors", "words", "fused"), (document, "ai/b")),
    )  # fmt: skip


@pytest.fixture
def opened(browser: Browser, screen: Screen, tmp_path: Path) -> Iterator[Page]:
    """The report of ten cases, of which 2, 5 and 8 fail and 2 broke; it must ask for nothing and report no error."""
    rows = tuple(row(number, number % 3 != 2) for number in range(10))
    before = tuple(row(number, number not in (5, 8)) for number in range(10))
    path = tmp_path / "report.html"
    path.write_text(
        report(replace(samples.run(*rows), others={"first passage": rows}), samples.run(*before)), encoding="utf-8"
    )
    context = browser.new_context(viewport={"width": screen.width, "height": screen.height}, color_scheme="light")
    page = context.new_page()
    page.set_default_timeout(15_000)
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    yield page
    context.close()
    assert {url for url in asked if not url.startswith("data:")} <= {path.as_uri()}
    assert errors == []


def ids(page: Page) -> list[str]:
    """Of the cases that are shown, in their order."""
    return [text.split()[0] for text in page.locator("ol.cases > li .name").all_text_contents()]


def test_filters_narrow_the_list_and_live_in_the_address(opened: Page) -> None:
    opened.get_by_label("Status").select_option("failed")
    expect(opened.locator("#count")).to_have_text("3 of 10 cases")
    opened.locator("select[name=slice]").select_option("fact")
    assert ids(opened) == ["case-2", "case-8"]
    opened.get_by_label("Order").select_option("sure")
    assert ids(opened) == ["case-8", "case-2"]
    assert opened.url.endswith("#status=failed&slice=fact&sort=sure")
    opened.reload()
    assert ids(opened) == ["case-8", "case-2"]
    opened.get_by_role("button", name="Clear", exact=True).click()
    expect(opened.locator("#count")).to_have_text("10 of 10 cases")


def test_a_search_that_finds_nothing_says_so_and_can_be_cleared(opened: Page) -> None:
    opened.get_by_label("Search").fill("statement 7")
    assert ids(opened) == ["case-7"]
    opened.get_by_label("Search").fill("statement 77")
    expect(opened.locator("#nothing")).to_be_visible()
    opened.get_by_role("button", name="Clear the filters").click()
    expect(opened.locator("#count")).to_have_text("10 of 10 cases")


def test_links_lead_to_the_cases_of_a_slice_and_to_those_that_broke(opened: Page) -> None:
    opened.get_by_role("link", name="1 broke").click()
    expect(opened.locator("#count")).to_have_text("1 of 10 cases")
    assert ids(opened) == ["case-2"]
    opened.locator("#slices").get_by_role("link", name="number").click()
    expect(opened.locator("#count")).to_have_text("5 of 10 cases")


def test_a_case_opens_by_keyboard_and_by_its_link(opened: Page) -> None:
    case = opened.locator("ol.cases > li").nth(2)
    case.locator("summary").first.focus()
    opened.keyboard.press("Enter")
    expect(case.get_by_text("does not say 32")).to_be_visible()
    case.locator(".copy").click()
    expect(case.locator(".copy")).to_have_text(re.compile("Copied|Selected"))
    case.get_by_role("link", name="Link to this case").click()
    assert opened.url.endswith("#case=case-2")
    opened.reload()
    expect(opened.get_by_text("does not say 32").first).to_be_visible()


def test_the_theme_can_be_turned_and_is_remembered(opened: Page) -> None:
    assert _brightness(opened) > 128
    opened.get_by_role("button", name="Dark colours").click()
    assert _brightness(opened) < 128
    opened.reload()
    assert _brightness(opened) < 128
    opened.get_by_role("button", name="Light colours").click()
    assert _brightness(opened) > 128


def test_the_curve_is_read_by_the_slider(opened: Page) -> None:
    opened.get_by_label("Read the curve").fill("0")  # the surest case, number 9, which passed
    expect(opened.locator("#reading")).to_have_text("From a confidence of 0.90 on: 10% answered, 0% of these wrong")


@PHONE
def test_a_phone_shows_everything_without_scrolling_sideways(opened: Page) -> None:
    opened.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert opened.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_without_scripts_everything_but_the_filters_is_there(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(report(samples.run(row(2, False))), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    expect(page.locator("#filters")).to_be_hidden()
    page.locator("ol.cases summary").first.click()
    expect(page.get_by_text("does not say 32")).to_be_visible()
    context.close()


def _brightness(page: Page) -> float:
    """The mean of red, green and blue behind the page, 0 to 255."""
    script = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    red, green, blue = page.evaluate(script)
    return float(red + green + blue) / 3
