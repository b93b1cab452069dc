"""The box by which a reader agrees to have their questions kept, over the real corpus, in a real browser."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from shanghai_qa.journal import NONE, Exchange, Journal
from shanghai_qa.values import Turn
from shanghai_qa.web.page_phrases import PAGE
from tests.web.conftest import EVERY, Screen, assert_accessible, opened, serving
from tests.web.test_page import DEPTH, QUANTUM, ask, sideways

pytestmark = [pytest.mark.web, pytest.mark.corpus]


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    return Journal(tmp_path_factory.mktemp("kept") / "journal.sqlite")


@pytest.fixture(scope="module")
def address(index: Path, keeping: Journal) -> Iterator[str]:
    """Of a server that keeps questions."""
    with serving(index, keeping.path, keeps_questions=True) as (address, _):
        yield address


@pytest.fixture
def there(browser: Browser, address: str, screen: Screen) -> Iterator[Page]:
    with opened(browser, address, screen) as page:
        page.goto(address)
        page.wait_for_selector(".intro .chip")
        yield page


def box(page: Page, language: str = "en") -> Locator:
    return page.get_by_role("checkbox", name=PAGE[language].consent["keep"])


def kept(journal: Journal, before: int) -> tuple[Exchange, ...]:
    """What was kept since there were `before`, once it is; nobody waits for the journal."""
    for _ in range(50):
        if len(journal.exchanges()) > before:
            break
        time.sleep(0.1)
    return journal.exchanges()[before:]


def test_a_page_of_a_server_that_keeps_nothing_has_no_box(page: Page) -> None:
    expect(page.locator("#past-conversations .none")).to_have_text(PAGE["en"].script["none_yet"])
    expect(page.locator("#composer input")).to_have_count(0)


def test_where_nothing_is_kept_there_are_no_votes(browser: Browser, index: Path) -> None:
    with serving(index, NONE) as (address, _), opened(browser, address) as page:
        page.goto(address)
        page.wait_for_selector(".intro .chip")
        ask(page, QUANTUM)
        expect(page.locator(".tools [data-do=share]")).to_be_visible()
        expect(page.locator(".votes")).to_be_hidden()


@pytest.mark.parametrize("screen", EVERY, indirect=True, ids=str)
def test_the_box_is_empty_fits_the_window_and_says_what_ticking_it_means(there: Page, screen: Screen) -> None:
    language = "zh" if screen.locale == "zh-CN" else "en"
    say, keep = PAGE[language].consent, box(there, language)
    expect(keep).not_to_be_checked()
    expect(keep).to_be_in_viewport(ratio=1)
    expect(keep).to_have_accessible_description(say["what_is_kept"])
    assert sideways(there) <= 0
    assert_accessible(there)
    keep.check()
    toast = there.locator(".toast")
    expect(toast).to_have_text(say["what_is_kept"])
    expect(toast).to_be_in_viewport(ratio=1)
    expect(there.locator("#box")).to_be_in_viewport(ratio=1)
    assert_accessible(there)


def test_what_a_reader_asks_is_kept_while_the_box_is_ticked(there: Page, keeping: Journal) -> None:
    before = len(keeping.exchanges())
    ask(there, QUANTUM)
    box(there).check()
    ask(there, DEPTH)
    (one,) = kept(keeping, before)
    assert (one.door, one.answer.question, one.answer.direct_answer) == ("page", DEPTH, "10 metres")
    assert one.history[0] == Turn("user", QUANTUM)
    box(there).uncheck()
    ask(there, QUANTUM)
    box(there).check()
    ask(there, "Who founded MiniMax?")
    assert [each.answer.question for each in kept(keeping, before + 1)] == ["Who founded MiniMax?"]


def test_a_ticked_box_stays_ticked_in_this_browser_and_in_both_languages_until_it_is_not(there: Page) -> None:
    box(there).check()
    there.reload()
    expect(box(there)).to_be_checked()
    other = there.context.new_page()
    other.goto(f"{there.url}zh/")
    expect(box(other, "zh")).to_be_checked()
    box(other, "zh").uncheck()
    expect(box(there)).not_to_be_checked()
    there.reload()
    expect(box(there)).not_to_be_checked()


def test_the_box_is_ticked_by_keyboard(there: Page) -> None:
    there.locator("#box textarea").focus()
    for _ in range(3):  # past the button that sends
        there.keyboard.press("Tab")
        if box(there).evaluate("(one) => one === document.activeElement"):
            break
    there.keyboard.press("Space")
    expect(box(there)).to_be_checked()
