"""The conversation over the real corpus, in a real browser."""

import csv
import json
import re
import signal
import socket
import time
from pathlib import Path

import pybtex.database
import pytest
import rispy
from playwright.sync_api import Browser, Locator, Page, Route, expect

from shanghai_qa.journal import Journal
from shanghai_qa.store import Index
from shanghai_qa.web.page_phrases import PAGE
from tests.web.conftest import EVERY, PHONE, Screen, assert_accessible, opened, serving

pytestmark = [pytest.mark.web, pytest.mark.corpus]

QUANTUM = "How many startups are in Quantum Valley?"
DEPTH = "How deep is the Lingang undersea data centre?"
DEPTH_ZH = "临港海底数据中心有多深？"
UNKNOWN = "What did a litre of milk cost in Oslo in 1931?"
EVIL = "<img src=x onerror=document.title='taken'> ![](https://evil.example/x) ${1+1} {{1}} *bold* startups?"


def ask(page: Page, question: str) -> Locator:
    """Ask, wait for the whole answer, and give its turn."""
    page.fill("#box textarea", question)
    page.press("#box textarea", "Enter")
    return answered(page, question)


def answered(page: Page, question: str) -> Locator:
    turn = page.locator("#now .turn")
    expect(turn.locator(".question")).to_have_text(question)
    expect(turn.locator(".answer:not(.working)")).to_be_visible()
    return turn


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def downloaded(page: Page, turn: Locator, name: str) -> str:
    turn.locator(".tools summary").click()
    with page.expect_download() as download:
        turn.get_by_role("button", name=name, exact=True).click()
    return Path(download.value.path()).read_text(encoding="utf-8")


# --- On every screen


@pytest.mark.parametrize("screen", EVERY, indirect=True, ids=str)
def test_a_reader_asks_checks_and_asks_on(page: Page, screen: Screen) -> None:
    chinese = screen.locale == "zh-CN"
    say = PAGE["zh" if chinese else "en"]
    expect(page.locator("h1")).to_be_attached()
    assert page.evaluate("document.documentElement.lang") == ("zh" if chinese else "en")
    light = page.evaluate(_LIGHTNESS)
    assert light < 128 if screen.dark else light > 128
    assert sideways(page) <= 0
    assert_accessible(page)

    turn = ask(page, DEPTH_ZH if chinese else DEPTH)
    expect(turn.locator(".direct")).to_contain_text("10 metres")
    expect(turn.locator(".outcome")).to_contain_text("来源说法不一" if chinese else "Sources disagree")
    rows = turn.locator(".disagreement tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("10 metres")
    expect(rows.last).to_contain_text("35 metres")
    assert sideways(page) <= 0
    assert_accessible(page)

    turn.locator(".said a.mark").first.click()
    quote = page.locator("#panel #quote")
    expect(quote).to_contain_text("10 metres")
    expect(quote).to_be_in_viewport()
    assert_accessible(page)
    page.get_by_role("button", name=say.script["next"]).click()
    expect(quote).to_contain_text("35 metres")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()

    turn = ask(page, "How much did it cost?")
    expect(turn.locator(".read-as")).to_contain_text("undersea data centre")
    turn = ask(page, UNKNOWN)
    expect(turn.locator(".outcome")).to_have_text("Not in this corpus")
    assert turn.locator(".sources, a.cite").count() == 0
    assert sideways(page) <= 0
    assert_accessible(page)

    if screen.width < 900:
        page.get_by_role("button", name=say.script["menu"]).click()
    kept = page.locator("#past-conversations .opens")
    expect(kept).to_have_text(DEPTH_ZH if chinese else DEPTH)
    expect(page.locator("#filters")).to_be_visible()
    assert_accessible(page)


# The mean of red, green and blue behind the page, 0 to 255.
_LIGHTNESS = """() => {
  const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number);
  return (r + g + b) / 3;
}"""


# --- The beginning


def test_the_empty_page_says_what_it_is_what_it_holds_and_what_to_ask(page: Page) -> None:
    intro = page.locator(".intro")
    expect(intro).to_contain_text(re.compile(r"quoted from one of [\d,]+ documents"))
    expect(intro).to_contain_text("not a search of the web")
    expect(intro.locator(".holds")).to_contain_text(
        re.compile(r"newest of \d+ \w+ \d{4} · last updated on \d+ \w+ \d{4}")
    )
    shares = [int(share.rstrip("%")) for share in intro.locator(".legend b").all_inner_texts()]
    assert len(shares) == 4
    assert 98 <= sum(shares) <= 102
    assert intro.locator(".chips").count() == 5


def test_a_chip_asks_its_question(page: Page) -> None:
    chip = page.locator(".intro .chip").first
    question = chip.inner_text()
    chip.click()
    answered(page, question)
    expect(page.locator(".intro")).to_be_hidden()


def test_a_browser_that_speaks_chinese_gets_the_chinese_page_and_may_change_it(browser: Browser, served: str) -> None:
    with opened(browser, served, Screen(locale="zh-CN")) as page:
        page.goto(served)
        expect(page.locator(".intro h2")).to_contain_text("上海")
        page.click("a.language")
        expect(page.locator(".intro h2")).to_contain_text("Shanghai")
        page.goto(served)
        expect(page.locator(".intro h2")).to_contain_text("Shanghai")


# --- An answer


def test_an_answer_shows_its_figure_its_standing_and_its_marks(page: Page) -> None:
    turn = ask(page, QUANTUM)
    expect(turn.locator(".direct")).to_contain_text("32 startups")
    expect(turn.locator(".outcome")).to_have_text("Only an unverified source says this")
    expect(turn.locator(".said p").first.locator("a.mark")).to_have_text("[1]")
    expect(turn.locator(".sources")).to_contain_text("unverified")
    assert not re.search(r"\d+ ?%", turn.locator(".standing").inner_text())


def test_steps_then_sentences_stream_in_and_no_half_mark_shows(page: Page) -> None:
    page.evaluate(_WATCH)
    ask(page, DEPTH)
    seen: list[str] = page.evaluate("window.seen")
    assert "Reading the question" in seen[0]
    assert any("Searching" in said or "Reading the" in said for said in seen)
    for said in seen:
        assert re.sub(r"\[\d+\]", "", said).count("[") == 0


_WATCH = """() => {
  window.seen = [];
  new MutationObserver(() => {
    const text = [...document.querySelectorAll("#soon .answer, #now .answer")].map((one) => one.textContent).join(" ");
    if (text && window.seen.at(-1) !== text) window.seen.push(text);
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_a_mark_shows_a_card_with_the_words_the_source_and_its_tier(page: Page, by: str) -> None:
    turn = ask(page, QUANTUM)
    mark = turn.locator(".said a.mark").first
    if by == "pointer":
        mark.hover()
    else:
        page.keyboard.press("Tab")
        mark.focus()
    card = turn.locator(".card:visible")
    expect(card).to_contain_text("32 startups")
    expect(card.locator(".tier")).to_have_text("unverified")
    expect(card).to_be_in_viewport(ratio=1)
    assert mark.get_attribute("aria-describedby") == card.get_attribute("id")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()


def test_a_mark_opens_its_source_at_the_quoted_words_and_escape_closes_it(page: Page) -> None:
    turn = ask(page, QUANTUM)
    mark = turn.locator(".said a.mark").first
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


def test_the_panel_walks_through_the_cited_passages_and_can_be_widened(page: Page) -> None:
    turn = ask(page, DEPTH)
    count = turn.locator(".sources .mark").count()
    turn.locator(".said a.mark").first.click()
    place, onward = page.locator("#panel .place"), page.get_by_role("button", name="Next cited passage")
    for number in range(1, count + 1):
        expect(place).to_have_text(f"{number} of {count}")
        if number < count:
            onward.click()
    expect(onward).to_be_disabled()
    before = page.locator("#panel").bounding_box()
    page.locator("#panel .grip").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    after = page.locator("#panel").bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] == before["width"] + 72


def test_the_original_is_opened_at_words_that_may_stand_there(page: Page) -> None:
    turn = ask(page, DEPTH)
    turn.locator(".said a.mark").first.click()
    original = page.locator("#panel a.original")
    assert re.match(r"https?://[^#]+#:~:text=", original.get_attribute("href") or "")
    assert original.get_attribute("rel") == "noopener noreferrer"


def test_the_address_of_a_mark_is_a_page_with_the_quoted_words(page: Page, served: str) -> None:
    turn = ask(page, QUANTUM)
    address = turn.locator("a.mark").first.get_attribute("href")
    page.goto(f"{served}{address}")
    expect(page.locator("mark#quote")).to_contain_text("32 startups")
    expect(page.locator("h1")).to_be_visible()


def test_a_completed_follow_up_can_be_edited(page: Page) -> None:
    ask(page, DEPTH)
    turn = ask(page, "How much did it cost?")
    expect(turn.locator(".read-as")).to_contain_text("Read as:")
    turn.locator(".pen").click()
    box = page.locator("#box textarea")
    expect(box).to_be_focused()
    assert "undersea data centre" in box.input_value()


def test_markup_in_a_question_stays_text(page: Page) -> None:
    turn = ask(page, EVIL)
    expect(turn.locator(".question")).to_have_text(EVIL)
    assert page.locator("#chat img").count() == 0
    page.reload()
    expect(page.locator("#past .question")).to_have_text(EVIL)
    expect(page.locator("#past-conversations .opens")).to_have_text(EVIL)
    assert page.locator("#chat img, #side li img").count() == 0
    assert page.title() == "Shanghai QA"


# --- What can be done with an answer


def test_copying_keeps_the_marks_and_the_sources(page: Page) -> None:
    turn = ask(page, QUANTUM)
    turn.get_by_role("button", name="Copy").click()
    expect(page.locator(".toast")).to_contain_text("Copied")
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert re.search(r"32 startups.* \[1\]", copied)
    assert re.search(r"^\[1\] .*unverified", copied, re.MULTILINE)


def test_a_shared_link_asks_the_same_with_the_same_filters(page: Page, browser: Browser, served: str) -> None:
    page.get_by_label("established").check()
    turn = ask(page, DEPTH)
    turn.get_by_role("button", name="Share").click()
    expect(page.locator(".toast")).to_contain_text("Link copied")
    link: str = page.evaluate("navigator.clipboard.readText()")
    with opened(browser, served) as other:
        other.goto(link)
        shared = answered(other, DEPTH)
        expect(shared.locator(".scope")).to_contain_text("established")
        assert shared.locator(".said").inner_text() == turn.locator(".said").inner_text()
        other.goto(re.sub(r"corpus=\w+", "corpus=another", link))
        expect(other.locator(".toast")).to_contain_text("another version")


def test_an_answer_is_exported_as_references_that_programs_read(page: Page) -> None:
    turn = ask(page, DEPTH)
    sources = turn.locator(".sources li").count()
    assert len(pybtex.database.parse_string(downloaded(page, turn, "BibTeX"), "bibtex").entries) == sources
    assert len(rispy.loads(downloaded(page, turn, "RIS"))) == sources
    assert len(json.loads(downloaded(page, turn, "CSL-JSON"))) == sources
    assert "[^1]" in downloaded(page, turn, "Markdown")
    assert len(list(csv.DictReader(downloaded(page, turn, "CSV").splitlines()))) >= sources


def test_a_vote_against_asks_for_a_reason_says_what_is_kept_and_can_be_undone(page: Page, journal: Path) -> None:
    before = len(Journal(journal).entries())
    ask(page, DEPTH)
    turn = ask(page, "How much did it cost?")
    turn.get_by_role("button", name="Not helpful").click()
    form = turn.locator(".reasons")
    expect(form).to_contain_text("nothing about you")
    form.get_by_label("The source is doubtful").check()
    form.get_by_role("textbox").fill("It <b>names</b> no cost.")
    form.get_by_role("button", name="Send").click()
    expect(turn.locator(".note.vote")).to_contain_text("Noted")
    entry = Journal(journal).entries()[-1]
    assert (entry.helpful, entry.reason) == (False, "The source is doubtful: It <b>names</b> no cost.")
    assert entry.question == "How much did it cost?"
    assert entry.history[0].content == DEPTH
    turn.get_by_role("button", name="Undo").click()
    expect(turn.locator(".note.vote")).to_contain_text("Taken back")
    assert len(Journal(journal).entries()) == before


def test_an_answer_has_one_vote_which_is_shown_after_a_reload_and_taken_back_by_another_press(
    page: Page, journal: Path
) -> None:
    before = len(Journal(journal).entries())
    turn = ask(page, QUANTUM)
    turn.get_by_role("button", name="Helpful", exact=True).click()
    expect(turn.locator(".note.vote")).to_contain_text("Noted as helpful")
    assert Journal(journal).entries()[-1].helpful
    turn.get_by_role("button", name="Not helpful").click()
    turn.locator(".reasons").get_by_role("button", name="Send").click()
    expect(turn.locator(".note.vote")).to_have_text(re.compile("Noted\\."))
    assert [entry.helpful for entry in Journal(journal).entries()[before:]] == [False]
    page.reload()
    against = page.locator("#past").get_by_role("button", name="Not helpful")
    expect(against).to_have_attribute("aria-pressed", "true")
    against.click()
    expect(against).to_have_attribute("aria-pressed", "false")
    assert len(Journal(journal).entries()) == before


def test_a_form_that_is_open_can_be_sent_when_the_next_question_was_asked(page: Page, journal: Path) -> None:
    before = len(Journal(journal).entries())
    turn = ask(page, QUANTUM)
    turn.get_by_role("button", name="Not helpful").click()
    ask(page, DEPTH)
    earlier = page.locator("#past .turn")
    earlier.get_by_role("button", name="Send").click()
    expect(earlier.locator(".note.vote")).to_contain_text("Noted")
    entry = Journal(journal).entries()[-1]
    assert (entry.question, entry.history, len(Journal(journal).entries())) == (QUANTUM, (), before + 1)


# --- Conversations


def test_a_conversation_is_kept_over_a_reload_and_goes_on(page: Page) -> None:
    ask(page, DEPTH)
    ask(page, UNKNOWN)
    page.reload()
    expect(page.locator("#past .turn")).to_have_count(2)
    expect(page.locator("#past .direct")).to_contain_text("10 metres")
    page.locator("#past a.mark").first.click()
    expect(page.locator("#panel #quote")).to_contain_text("10 metres")
    page.keyboard.press("Escape")
    ask(page, QUANTUM)
    page.reload()
    expect(page.locator("#past .turn")).to_have_count(3)


def test_conversations_are_begun_found_renamed_deleted_and_brought_back(page: Page) -> None:
    kept = page.locator("#past-conversations .opens")
    ask(page, QUANTUM)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".intro")).to_be_visible()
    expect(page.locator(".turn:visible")).to_have_count(0)
    ask(page, DEPTH)
    expect(kept).to_have_text([DEPTH, QUANTUM])

    page.get_by_role("searchbox").fill("quantum valley")
    expect(kept).to_have_text([QUANTUM])
    page.get_by_role("searchbox").fill("zeppelin")
    expect(page.locator("#past-conversations .none")).to_be_visible()
    page.get_by_role("searchbox").fill("")

    _menu(page, QUANTUM, "Rename")
    page.locator("#past-conversations li input").fill("Startups")
    page.keyboard.press("Enter")
    expect(kept).to_have_text([DEPTH, "Startups"])

    kept.nth(1).click()
    expect(page.locator("#past .question")).to_have_text(QUANTUM)
    _menu(page, "Startups", "Delete")
    expect(kept).to_have_text([DEPTH])
    expect(page.locator(".intro")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(kept).to_have_count(2)
    expect(page.locator("#past .question")).to_have_text(QUANTUM)

    with page.expect_download() as download:
        _menu(page, "Startups", "Export")
    assert "32 startups" in Path(download.value.path()).read_text(encoding="utf-8")


def _menu(page: Page, title: str, action: str) -> None:
    line = page.locator("#past-conversations li", has=page.locator(".opens", has_text=title))
    line.locator("summary").click()
    line.get_by_role("button", name=action, exact=True).click()


def test_two_windows_on_one_conversation_lose_no_turn(page: Page) -> None:
    ask(page, QUANTUM)
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator("#past .turn")).to_have_count(1)
    ask(other, DEPTH)
    ask(page, UNKNOWN)
    page.reload()
    expect(page.locator("#past .question")).to_have_text([QUANTUM, DEPTH, UNKNOWN])


def test_a_question_asked_at_once_after_a_reload_is_answered_below_the_others(page: Page) -> None:
    ask(page, QUANTUM)
    page.route("**/turns", _slowly)
    page.reload()
    page.fill("#box textarea", DEPTH)
    page.press("#box textarea", "Enter")
    answered(page, DEPTH)
    expect(page.locator("#past .question")).to_have_text(QUANTUM)
    expect(page.locator("#now .direct")).to_be_visible()


def _slowly(route: Route) -> None:
    time.sleep(0.7)
    route.continue_()


def test_a_reload_in_the_midst_of_an_answer_keeps_the_question(page: Page) -> None:
    page.evaluate("window.shanghaiQAHears = () => {}")
    page.fill("#box textarea", DEPTH)
    page.press("#box textarea", "Enter")
    page.reload()
    expect(page.locator("#soon .question")).to_have_text(DEPTH)
    page.get_by_role("button", name="Try again").click()
    answered(page, DEPTH)


def test_a_question_sent_before_the_script_is_there_is_asked_once_it_is(browser: Browser, served: str) -> None:
    held: list[Route] = []
    with opened(browser, served) as page:
        page.route("**/page/chat.js", lambda route: held.append(route))
        page.goto(served, wait_until="commit")
        page.fill("#box textarea", QUANTUM)
        page.press("#box textarea", "Enter")
        assert held
        for route in held:
            route.continue_()
        answered(page, QUANTUM)


def test_without_storage_the_page_answers_all_the_same(browser: Browser, served: str) -> None:
    with opened(browser, served) as page:
        page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('off') } })")
        page.goto(served)
        page.wait_for_selector(".intro .chip")
        ask(page, QUANTUM)
        expect(page.locator("#past-conversations .opens")).to_have_text([QUANTUM])


def test_back_closes_a_sheet_on_a_phone(browser: Browser, served: str) -> None:
    with opened(browser, served, PHONE) as page:
        page.goto(served)
        page.wait_for_selector(".intro .chip")
        ask(page, DEPTH).locator(".said a.mark").first.click()
        expect(page.locator("#panel #quote")).to_be_visible()
        page.go_back()
        expect(page.locator("#panel")).to_be_hidden()
        page.get_by_role("button", name="Conversations and filters").click()
        expect(page.locator("#side")).to_be_visible()
        page.go_back()
        expect(page.locator("#side")).to_be_hidden()
        expect(page.locator("#now .direct")).to_be_visible()


def test_a_new_conversation_does_not_inherit_the_subject_of_the_last(page: Page) -> None:
    ask(page, DEPTH)
    page.get_by_role("button", name="New conversation").click()
    turn = ask(page, "How much did it cost?")
    assert turn.locator(".read-as").count() == 0


# --- Filters


def test_filters_reach_the_answer_and_are_named_with_it(page: Page) -> None:
    page.get_by_label("primary").check()
    turn = ask(page, QUANTUM)
    expect(turn.locator(".scope")).to_contain_text("primary")
    expect(turn).not_to_contain_text("32 startups")


def test_filters_that_admit_nothing_say_so_and_can_be_left_out(page: Page) -> None:
    page.get_by_label("unverified").check()
    _choose(page, "Places", "Berlin")
    turn = ask(page, QUANTUM)
    expect(turn).to_contain_text("No document of this corpus matches the filters.")
    turn.get_by_role("button", name="Ask without the filters").click()
    expect(page.locator("#now .direct")).to_contain_text("32 startups")


def _choose(page: Page, field: str, value: str) -> None:
    box = page.get_by_label(field)
    box.click()
    options = page.get_by_role("option")
    wanted = options.filter(has_text=value)
    (wanted if wanted.count() else options.last).first.click()
    page.keyboard.press("Escape")


# --- By keyboard alone


def test_everything_on_the_way_can_be_done_by_keyboard(page: Page) -> None:
    page.locator("h1 a").focus()
    page.keyboard.press("/")
    box = page.locator("#box textarea")
    expect(box).to_be_focused()
    page.keyboard.type("How deep is the Lingang")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("undersea data centre?")
    assert box.input_value().count("\n") == 1
    page.keyboard.press("Enter")
    expect(page.locator("#now .direct")).to_contain_text("10 metres")
    marks = page.locator("#now .said a.mark")
    marks.first.focus()
    page.keyboard.press("ArrowRight")
    expect(marks.nth(1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(marks.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#panel #quote")).to_be_visible()
    page.keyboard.press("Escape")
    expect(marks.first).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Sources disagree")).to_be_attached()


# --- When something is wrong


def test_a_lost_connection_keeps_the_question_and_asks_it_again(browser: Browser, index: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with serving(index, tmp_path / "journal.sqlite", port) as (address, process):
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(address)
        ask(page, QUANTUM)
        process.send_signal(signal.SIGKILL)
        process.wait()
        page.fill("#box textarea", DEPTH)
        page.press("#box textarea", "Enter")
        state = page.locator("#soon .outcome")
        expect(state).to_have_text("The connection is lost. Your question is kept.", timeout=20_000)
        with serving(index, tmp_path / "journal.sqlite", port):
            expect(state).not_to_have_text("The connection is lost. Your question is kept.", timeout=20_000)
            page.get_by_role("button", name="Try again").click()
            answered(page, DEPTH)
            expect(page.locator("#past .question")).to_have_text(QUANTUM)
            page.reload()
            expect(page.locator("#past .question")).to_have_text([QUANTUM, DEPTH])
            context.close()
        process.terminate()


def test_a_reader_is_told_while_the_documents_are_being_renewed(browser: Browser, served: str, index: Path) -> None:
    with Index(index).writing(), opened(browser, served) as page:
        page.goto(served)
        expect(page.locator("#renewing")).to_contain_text("being renewed")
        ask(page, QUANTUM)
    with opened(browser, served) as page:
        page.goto(served)
        page.wait_for_selector(".intro .chip")
        expect(page.locator("#renewing")).to_have_count(0)


def test_stopping_gives_the_question_back(page: Page) -> None:
    page.evaluate("window.shanghaiQAHears = () => {}")
    page.fill("#box textarea", DEPTH)
    page.press("#box textarea", "Enter")
    expect(page.locator("#soon .step")).to_be_visible()
    page.evaluate("window.shanghaiQA.stopped()")
    expect(page.locator("#box textarea")).to_have_value(DEPTH)
    expect(page.locator("#soon")).to_have_count(0)


def test_the_page_answers_while_others_ask(browser: Browser, served: str) -> None:
    with opened(browser, served) as first, opened(browser, served, PHONE) as second:
        for page in (first, second):
            page.goto(served)
            page.wait_for_selector(".intro .chip")
            page.fill("#box textarea", DEPTH)
        for page in (first, second):
            page.press("#box textarea", "Enter")
        for page in (first, second):
            answered(page, DEPTH)


def test_what_a_browser_kept_in_another_shape_does_no_harm(browser: Browser, served: str) -> None:
    with opened(browser, served) as page:
        page.goto(served)
        page.evaluate("localStorage.setItem('shanghai-qa.conversations', '[{\"id\": 3}, 7, null]')")
        page.reload()
        page.wait_for_selector(".intro .chip")
        ask(page, QUANTUM)
        expect(page.locator("#past-conversations .opens")).to_have_text([QUANTUM])
