"""The page over the real corpus, in a real browser."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.web, pytest.mark.corpus]

QUANTUM = "How many startups are in Quantum Valley?"
UNKNOWN = "What did a litre of milk cost in Oslo in 1931?"
PHONE = pytest.mark.parametrize("screen", [(390, 844)], indirect=True)


def ask(page: Page, question: str) -> None:
    """Ask, and wait for the whole answer."""
    page.fill("#box textarea", question)
    page.press("#box textarea", "Enter")
    expect(page.locator("#now .question")).to_have_text(question)
    expect(page.locator("#now .answer:not(.working)")).to_be_visible()


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def test_the_empty_page_says_what_it_is_and_how_many_documents_it_holds(page: Page) -> None:
    intro = page.locator(".intro")
    expect(intro).to_contain_text(re.compile(r"one of [\d,]+ documents"))
    expect(intro).to_contain_text("not a search of the web")
    assert page.locator(".intro .chip").count() >= 4


def test_an_answer_shows_its_figure_its_standing_and_its_marks(page: Page) -> None:
    ask(page, QUANTUM)
    expect(page.locator("#now .direct")).to_contain_text("32 startups")
    expect(page.locator("#now .outcome")).to_contain_text("Answered from")
    expect(page.locator("#now .caveat").first).to_contain_text("unverified")
    expect(page.locator("#now .said p").first.locator("a.mark")).to_have_text("[1]")
    expect(page.locator("#now .sources")).to_contain_text("unverified")
    expect(page.locator(".intro")).to_be_hidden()


def test_a_mark_opens_its_source_at_the_quoted_words_and_escape_closes_it(page: Page) -> None:
    ask(page, QUANTUM)
    mark = page.locator("#now .said a.mark").first
    mark.click()
    quote = page.locator("#panel #quote")
    expect(quote).to_contain_text("32 startups")
    expect(quote).to_be_in_viewport()
    header = page.locator("#panel header")
    expect(header).to_be_in_viewport()
    for said in ("unverified", "publisher not named", "2025", "no address known"):
        expect(header).to_contain_text(said)
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(mark).to_be_focused()


def test_the_keyboard_opens_a_mark_and_the_button_closes_the_panel(page: Page) -> None:
    ask(page, QUANTUM)
    page.locator("#now .said a.mark").first.focus()
    for _ in range(2):
        page.keyboard.press("Enter")
        expect(page.locator("#panel #quote")).to_be_visible()
        page.get_by_role("button", name="Close").click()
        expect(page.locator("#panel")).to_be_hidden()


def test_the_marks_of_an_earlier_answer_still_open(page: Page) -> None:
    ask(page, QUANTUM)
    ask(page, UNKNOWN)
    page.locator("#past a.mark").first.click()
    expect(page.locator("#panel #quote")).to_contain_text("32 startups")


def test_the_address_of_a_mark_is_a_page_with_the_quoted_words(page: Page, served: str) -> None:
    ask(page, QUANTUM)
    address = page.locator("#now a.mark").first.get_attribute("href")
    page.goto(f"{served}{address}")
    expect(page.locator("mark#quote")).to_contain_text("32 startups")
    expect(page.locator("h2")).to_be_visible()


def test_a_refusal_says_so_and_lists_no_sources(page: Page) -> None:
    ask(page, UNKNOWN)
    expect(page.locator("#now .outcome")).to_have_text("Not in this corpus")
    assert page.locator("#now .sources, #now a.cite").count() == 0


def test_markup_in_a_question_stays_text(page: Page) -> None:
    question = "<img src=x onerror=document.title='taken'> ![](https://evil.example/x) ${1+1} {{1}} *bold* startups?"
    ask(page, question)
    expect(page.locator("#now .question")).to_have_text(question)
    assert page.locator("#thread img").count() == 0
    assert page.title() == "Shanghai QA"


def test_a_chip_asks_its_question(page: Page) -> None:
    chip = page.locator(".intro .chip").first
    question = chip.inner_text()
    chip.click()
    expect(page.locator("#now .question")).to_have_text(question)
    expect(page.locator("#now .answer:not(.working)")).to_be_visible()


def test_a_new_conversation_begins_with_the_empty_page(page: Page) -> None:
    ask(page, QUANTUM)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".intro")).to_be_visible()
    assert page.locator(".turn").count() == 0


def test_filters_reach_the_answer_and_are_named_with_it(page: Page) -> None:
    page.get_by_role("button", name="Narrow the sources").click()
    page.get_by_label("primary").check()
    expect(page.locator("#filters > button")).to_contain_text("1 set")
    ask(page, QUANTUM)
    expect(page.locator("#now .scope")).to_contain_text("primary")
    expect(page.locator("#now")).not_to_contain_text("32 startups")


@PHONE
def test_a_phone_shows_everything_without_scrolling_sideways(page: Page) -> None:
    assert sideways(page) <= 0
    ask(page, QUANTUM)
    assert sideways(page) <= 0
    page.locator("#now .said a.mark").first.click()
    expect(page.locator("#panel #quote")).to_be_in_viewport()
    box = page.locator("#panel").bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, 390)
    assert sideways(page) <= 0
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_the_page_and_a_source_follow_the_system_in_light_and_dark(
    browser: Browser, served: str, scheme: str, dark: bool
) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    opened = context.new_page()
    for address in (served, f"{served}source/none"):
        opened.goto(address)
        opened.wait_for_selector(".wordmark")
        opened.wait_for_function(f"({_LIGHTNESS})() {'<' if dark else '>'} 128")
    context.close()


# The mean of red, green and blue behind the page, 0 to 255.
_LIGHTNESS = """() => {
  const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number);
  return (r + g + b) / 3;
}"""
