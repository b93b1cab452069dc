"""The library, the pages of sources and the pictures over the real corpus, in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pybtex.database
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from shanghai_qa.web.explore_phrases import EXPLORE
from shanghai_qa.web.library_phrases import LIBRARY
from shanghai_qa.web.pages import FRAME
from tests.web.conftest import EVERY, PHONE, Screen, assert_accessible, opened
from tests.web.test_page import answered, sideways

pytestmark = [pytest.mark.web, pytest.mark.corpus]

SOURCE = "source/report/port-to-tech-leader"


@pytest.fixture
def page(browser: Browser, served: str, screen: Screen) -> Iterator[Page]:
    """A blank page. The test fails if it asks anything of another host or writes an error to the console."""
    with opened(browser, served, screen) as page:
        yield page


# --- On every screen


@pytest.mark.parametrize("screen", EVERY, indirect=True, ids=str)
def test_every_page_fits_its_window_and_is_accessible(page: Page, served: str, screen: Screen) -> None:
    language = "zh" if screen.locale == "zh-CN" else "en"
    root = f"{served}zh/" if language == "zh" else served
    page.route(f"{root}source/none", _found_for_the_console)

    page.goto(f"{root}sources")
    expect(page.locator("h1")).to_have_text(LIBRARY[language].title)
    _assert_well_shown(page, screen, language)

    page.goto(f"{root}{SOURCE}")
    expect(page.locator("mark")).to_have_count(0)
    _assert_well_shown(page, screen, language)
    page.goto(page.locator("a.number").nth(12).evaluate("(link) => link.href"))
    expect(page.locator("mark#quote")).to_be_in_viewport(ratio=1)
    _assert_well_shown(page, screen, language)

    page.goto(f"{root}explore")
    expect(page.locator("h1")).to_have_text(EXPLORE[language].title)
    assert sideways(page) <= 0
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    _assert_well_shown(page, screen, language)

    page.goto(f"{root}source/none")
    expect(page.locator("h1")).to_have_text(LIBRARY[language].absent)
    _assert_well_shown(page, screen, language)


def _found_for_the_console(route: Route) -> None:
    """Let a page that is a 404 by as a 200: of the former the browser complains itself."""
    reply = route.fetch()
    assert reply.status == 404
    route.fulfill(response=reply, status=200)


def _assert_well_shown(page: Page, screen: Screen, language: str) -> None:
    assert page.evaluate("document.documentElement.lang") == language
    light = page.evaluate(_LIGHTNESS)
    assert light < 128 if screen.dark else light > 128
    assert sideways(page) <= 0
    _assert_top_bar_within(page, language)
    assert_accessible(page)


# The mean of red, green and blue behind the page, 0 to 255.
_LIGHTNESS = """() => {
  const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number);
  return (r + g + b) / 3;
}"""


def _assert_top_bar_within(page: Page, language: str) -> None:
    frame, other = FRAME[language], {"en": "中文", "zh": "English"}[language]
    links = page.locator(".top a")
    expect(links).to_have_text(["Shanghai QA", frame.ask, frame.sources, frame.explore, other])
    page.evaluate("window.scrollTo(0, 0)")
    assert [link.inner_text() for link in links.all() if link.evaluate(_CUT)] == []


# Whether a part of a link is outside of the window, or covered.
_CUT = """(link) => {
  const { left, right, top, bottom } = link.getBoundingClientRect(), middle = (top + bottom) / 2;
  const within = left >= 0 && right <= window.innerWidth && top >= 0 && bottom <= window.innerHeight;
  const covered = [left + 2, right - 2].some((x) => !link.contains(document.elementFromPoint(x, middle)));
  return !within || covered || right - left < 10;
}"""


@pytest.mark.parametrize("screen", [PHONE, Screen(PHONE.width, PHONE.height, locale="zh-CN")], indirect=True, ids=str)
def test_the_conversation_has_the_same_links_at_its_top(page: Page, served: str, screen: Screen) -> None:
    page.goto(served)
    page.wait_for_selector(".intro .chip")
    _assert_top_bar_within(page, screen.locale[:2])


# --- The library


def test_a_reader_searches_filters_and_sorts(page: Page, served: str) -> None:
    page.goto(f"{served}sources")
    page.get_by_role("searchbox").fill("quantum")
    page.keyboard.press("Enter")
    for name, chosen in (("tiers", "primary"), ("topics", "Quantum")):
        page.locator(f"[aria-labelledby=by-{name}] a", has_text=re.compile(rf"^\s*{chosen}")).click()
    active = page.locator("ul.active .chip")
    expect(active).to_have_text([re.compile(name) for name in ("“quantum”", "primary", "Quantum")])
    rows = page.locator(".rows > li")
    held = rows.count()
    expect(page.locator("#count")).to_have_text(re.compile(rf"^{held} of \d+ documents$"))
    expect(page.locator(".rows .tier")).to_have_text(["primary"] * held)
    expect(page.locator(".rows .about", has=page.get_by_role("link", name="Quantum", exact=True))).to_have_count(held)

    page.get_by_role("link", name="Oldest").click()
    years = [int(re.findall(r"\d{4}", meta)[-1]) for meta in page.locator(".rows .meta").all_inner_texts()]
    assert years == sorted(years)
    assert len(years) == held > 1


def test_an_empty_result_offers_ways_out_that_hold_what_they_promise(page: Page, served: str) -> None:
    page.goto(f"{served}sources?q=zeppelin+quantum&tier=primary")
    expect(page.locator(".nothing")).to_contain_text("No document matches all of this")
    way = page.get_by_role("link", name=re.compile("^Without “zeppelin”"))
    promised = way.locator(".count").inner_text()
    way.click()
    expect(page.locator("#count")).to_have_text(re.compile(rf"^{promised} of"))
    expect(page.locator(".rows > li")).to_have_count(min(int(promised), 50))


def test_a_document_is_opened_and_each_sentence_has_an_address(page: Page, served: str) -> None:
    page.goto(f"{served}sources?q=port")
    title = page.locator(".rows h3 a").first.inner_text()
    page.locator(".rows h3 a").first.click()
    expect(page.locator("h1")).to_have_text(title)
    line = page.locator(".numbered p", has=page.locator("a.number")).last
    said = line.locator("span").inner_text()
    line.locator("a.number").click()
    quote = page.locator("mark#quote")
    expect(quote).to_have_text(said)
    expect(quote).to_be_in_viewport(ratio=1)
    address = page.url
    assert set(parse_qs(urlsplit(address).query)) == {"start", "end", "sha"}
    page.goto("about:blank")
    page.goto(address)
    expect(quote).to_have_text(said)
    expect(quote).to_be_in_viewport(ratio=1)


def test_a_reference_is_loaded_as_bibtex(page: Page, served: str) -> None:
    page.goto(f"{served}{SOURCE}")
    page.locator(".cite summary", has_text="BibTeX").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download BibTeX").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    (entry,) = pybtex.database.parse_string(text, "bibtex").entries.values()
    assert re.sub(r"[{}]", "", entry.fields["title"]) == page.locator("h1").inner_text()


def test_a_question_that_a_document_answers_is_answered_from_it(page: Page, served: str) -> None:
    page.goto(f"{served}{SOURCE}")
    link = page.locator(".answers a").first
    title, question = page.locator("h1").inner_text(), link.inner_text()
    link.click()
    turn = answered(page, question)
    expect(turn.locator(".sources .title").first).to_have_text(title)
    expect(page).to_have_url(served)  # another visit does not ask again


def test_a_topic_leads_to_the_documents_on_it(page: Page, served: str) -> None:
    page.goto(f"{served}{SOURCE}")
    title, tag = page.locator("h1").inner_text(), page.locator(".about .tag").first
    topic = tag.inner_text()
    tag.click()
    expect(page.locator("ul.active .chip")).to_contain_text([topic])
    expect(page.locator("[aria-labelledby=by-topics] [aria-current]")).to_contain_text([topic])
    page.get_by_role("searchbox").fill(title)
    page.keyboard.press("Enter")
    expect(page.locator(".rows h3")).to_have_text([title])


# --- The pictures


@pytest.mark.parametrize("screen", [Screen(), PHONE], indirect=True, ids=str)
def test_each_series_leads_to_the_sentence_that_holds_its_value(page: Page, served: str) -> None:
    page.goto(f"{served}explore")
    for at in range(page.locator(".chart").count()):
        mark = page.locator(".chart").nth(at).locator("svg a").last
        value = re.match(r"[^:]*: (.*?) · ", mark.locator("title").text_content() or "")
        assert value
        mark.click()
        _assert_quoted(page, value[1])
        page.go_back()


def test_a_tile_of_the_map_shows_what_is_said_there_and_asks_on(page: Page, served: str) -> None:
    page.goto(f"{served}explore")
    shown = page.locator(".telling:visible")
    expect(shown).to_have_count(1)
    page.locator(".tiles").get_by_role("link", name=re.compile("^Yangpu")).click()
    expect(shown).to_have_count(1)
    expect(shown.locator("h3")).to_contain_text("Yangpu")
    expect(shown).to_be_in_viewport()
    question = shown.locator("a.ask").inner_text()
    shown.locator("a.ask").click()
    expect(answered(page, question).locator(".said")).to_contain_text("Yangpu")


def test_an_event_leads_to_its_sentence(page: Page, served: str) -> None:
    page.goto(f"{served}explore")
    event = page.locator("#events li a").last
    said = event.inner_text()
    event.click()
    _assert_quoted(page, said)


def test_a_point_is_reached_and_opened_by_keyboard(page: Page, served: str) -> None:
    page.goto(f"{served}explore")
    page.get_by_role("link", name="Measures", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    mark = page.locator(".chart svg a").first
    expect(mark).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("mark#quote")).to_be_in_viewport(ratio=1)


def _assert_quoted(page: Page, words: str) -> None:
    quote = page.locator("mark#quote")
    expect(quote).to_contain_text(words)
    expect(quote).to_be_in_viewport(ratio=1)


# --- Without scripts


def test_sources_and_pictures_need_no_script(browser: Browser, served: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{served}sources")
    page.get_by_role("searchbox").fill("quantum")
    page.get_by_role("button", name="Search").click()
    page.locator(".rows .snippet a").first.click()
    expect(page.locator("mark#quote")).to_be_in_viewport(ratio=1)
    page.locator("a.number").first.click()
    expect(page.locator(".quoted .number")).to_have_text("1")

    page.get_by_role("link", name="Explore", exact=True).click()
    page.locator("#series summary").first.click()
    row = page.locator("#series tbody a").first
    said = row.inner_text()
    row.click()
    _assert_quoted(page, said)
    page.go_back()
    page.locator(".tiles").get_by_role("link", name=re.compile("^Yangpu")).click()
    expect(page.locator("#place-yangpu")).to_be_visible()
    context.close()
