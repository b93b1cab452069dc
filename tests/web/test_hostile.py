"""A corpus, a link and a browser's memory that try to run something or to speak with another host, in a real browser.

Every hostile text would, were it ever read as markup, leave an element with the attribute `data-pwned`, or run a
script that sets `window.pwned`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pybtex.database
import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from ingest.publish import build
from shanghai_qa.settings import Settings
from shanghai_qa.store import Index
from shanghai_qa.values import Document, Tier
from tests.e2e.program import with_encoder_of
from tests.samples import document
from tests.web.conftest import opened, serving
from tests.web.test_page import answered, ask, downloaded

pytestmark = [pytest.mark.web, pytest.mark.corpus]

IMAGE = "<img src=//evil.example/x data-pwned onerror=window.pwned=1>"
SCRIPT = "</script></title></textarea><script data-pwned>window.pwned=2</script>"
BROKEN_OUT = "\" autofocus data-pwned onfocus='window.pwned=3' x='><b data-pwned>"
TEMPLATE = "${window.pwned=4} {{window.pwned=5}} {% raw %} <%= 6 %> #{7}"
MARKDOWN = "![x](https://evil.example/x.png) [go](javascript:window.pwned=8) <https://evil.example>"
ENTITIES = "&lt;img data-pwned&gt; &#x3C;svg data-pwned onload=window.pwned=9&#x3E;"
UNSEEN = "\u202eright to left\u2066 no\u200bwidth\u200d\ufeff"
HOSTILE = f"{IMAGE} {SCRIPT} {BROKEN_OUT} {TEMPLATE} {MARKDOWN} {ENTITIES} {UNSEEN}"
RUNS = "javascript:window.pwned=10"

YARD = f"Lantern {IMAGE}"
QUESTION = "How many cranes does the Lantern yard run?"


def hostile(id: str, sentence: str, **facts: Any) -> Document:
    """A document whose every field is hostile; it says `sentence`."""
    text = f"# {SCRIPT}\n\n## {HOSTILE}\n\n{sentence}\n\n- {HOSTILE}\n"
    given = {"title": f"Lantern yard {HOSTILE}", "publisher": HOSTILE, "authors": (HOSTILE,), "url": RUNS}
    return document(id=id, text=text, places=(f"Yard {HOSTILE}", "Yangpu"), **(given | facts))


CORPUS = [
    hostile("yard/lantern", f"The Lantern yard in Yangpu runs 41 cranes {IMAGE} {TEMPLATE}."),
    hostile(
        f"yard/{BROKEN_OUT}?a=1#%3Cb",
        f"The Lantern yard runs 57 cranes {SCRIPT} {MARKDOWN}.",
        url="data:text/html,<script>window.pwned=11</script>",
        tier=Tier.UNVERIFIED,
    ),
    *(
        hostile(
            f"ai/{year}",
            f"Shanghai had {year - 2000} unicorns in {year} {IMAGE}.",
            url=f'https://a.example/"{year}',
            title=f"Unicorns {HOSTILE}",
        )
        for year in (2021, 2022, 2023)
    ),
    hostile("yard/opening", f"The Yangpu yard was opened on 1 May 2022 {IMAGE}.", published=None),
]


@pytest.fixture(scope="module")
def address(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the page over the hostile corpus."""
    folder = tmp_path_factory.mktemp("hostile")
    build(CORPUS, Index(with_encoder_of(index, folder / "index")), Settings())
    with serving(folder / "index", folder / "journal.sqlite") as (address, _):
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The conversation. The test fails if a dialog opens, or as all others do."""
    with opened(browser, address) as page:
        dialogs: list[str] = []

        def dismiss(dialog: Dialog) -> None:
            dialogs.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", dismiss)
        page.goto(address)
        page.wait_for_selector(".intro .chip")
        yield page
        assert dialogs == []


def assert_harmless(page: Page, title: str = "Shanghai QA") -> None:
    """Nothing ran, no element was made from a text, no link leads where it should not."""
    page.wait_for_timeout(100)  # for what would run late
    assert page.evaluate("window.pwned") is None
    assert page.title() == title
    assert page.evaluate(_MADE) == []


_MADE = """() => {
  const ours = "#past *, #now *, #side *, #panel *, .card *, .alone *";
  const loads = "img, script:not([src='/page/language.js']), iframe, object, embed, video, audio, form[action^=http]";
  const away = (link) => !/^https?:$/.test(new URL(link.getAttribute("href"), document.baseURI).protocol);
  return [...document.querySelectorAll("*")].filter((element) =>
    element.hasAttribute("data-pwned") ||
    [...element.attributes].some(({ name }) => /^on/.test(name)) ||
    (element.matches(ours) && element.matches(loads)) ||
    (element.matches("a[href]") && away(element))
  ).map((element) => element.outerHTML.slice(0, 200));
}"""


# --- The conversation


def test_an_answer_from_hostile_documents_is_text_wherever_it_is_shown(page: Page) -> None:
    page.get_by_label("Places").click()
    page.get_by_role("option").filter(has_text=IMAGE).click()
    page.keyboard.press("Escape")
    turn = ask(page, QUESTION)
    expect(turn.locator(".scope")).to_contain_text(IMAGE)
    expect(turn.locator(".said")).to_contain_text(f"41 cranes {IMAGE} {TEMPLATE}")
    expect(turn.locator(".said")).to_contain_text(f"57 cranes {SCRIPT} {MARKDOWN}")
    expect(turn.locator(".disagreement tbody tr")).to_have_count(2)
    expect(turn.locator(".sources .title").first).to_contain_text(ENTITIES)
    turn.locator(".said a.mark").first.hover()
    expect(turn.locator(".card:visible")).to_contain_text(BROKEN_OUT)
    assert_harmless(page)

    turn.locator(".said a.mark").first.click()
    panel = page.locator("#panel")
    expect(panel.locator("#quote")).to_contain_text(f"41 cranes {IMAGE} {TEMPLATE}")
    expect(panel.locator("h3").last).to_contain_text(MARKDOWN)
    expect(panel).to_contain_text("no address known")
    assert_harmless(page)
    page.get_by_role("button", name="Next cited passage").click()
    expect(panel.locator("#quote")).to_contain_text(f"57 cranes {SCRIPT}")
    assert_harmless(page)
    page.keyboard.press("Escape")

    page.reload()
    expect(page.locator("#past .said")).to_contain_text(f"41 cranes {IMAGE} {TEMPLATE}")
    assert_harmless(page)


def test_what_is_exported_from_hostile_documents_is_text(page: Page, address: str) -> None:
    turn = ask(page, QUESTION)
    sources = turn.locator(".sources li").count()
    assert len(pybtex.database.parse_string(downloaded(page, turn, "BibTeX"), "bibtex").entries) == sources
    saved = downloaded(page, turn, "HTML")
    page.route(f"{address}saved", lambda route: route.fulfill(body=saved, content_type="text/html"))
    page.goto(f"{address}saved")
    expect(page.locator("body")).to_contain_text(f"41 cranes {IMAGE} {TEMPLATE}")
    assert_harmless(page, page.title())


def test_a_hostile_question_is_text_also_when_it_is_kept(page: Page) -> None:
    ask(page, HOSTILE)
    ask(page, f"What does {SCRIPT} {TEMPLATE} cost in {IMAGE}?")
    assert_harmless(page)
    page.reload()
    expect(page.locator("#past .question").first).to_have_text(HOSTILE)
    expect(page.locator("#past-conversations .opens")).to_have_text(HOSTILE)
    page.get_by_role("searchbox").fill("onerror")
    expect(page.locator("#past-conversations .opens")).to_have_text(HOSTILE)
    assert_harmless(page)


@pytest.mark.parametrize("filters", [{"places": HOSTILE, "topics": HOSTILE}, {"tiers": HOSTILE, "year_from": HOSTILE}])
def test_a_hostile_link_does_no_more_than_ask(page: Page, address: str, filters: dict[str, str]) -> None:
    page.goto(f"{address}?{urlencode({'q': HOSTILE, 'corpus': SCRIPT, **filters})}")
    answered(page, HOSTILE)
    assert_harmless(page)


def test_a_hostile_conversation_that_a_browser_kept_is_text(page: Page) -> None:
    page.evaluate(_KEEP, _kept())
    page.reload()
    expect(page.locator("#past .turn")).to_have_count(3)  # the last is a question that was not answered
    expect(page.locator("#past .direct")).to_contain_text(ENTITIES)
    expect(page.locator("#past .turn").nth(1)).to_contain_text(f"looked for {HOSTILE}")
    expect(page.locator("#soon .question")).to_have_text(HOSTILE)
    expect(page.locator("#past-conversations .opens")).to_have_text(HOSTILE)
    assert_harmless(page)
    mark = page.locator("#past .said a.mark").first
    mark.scroll_into_view_if_needed()
    page.wait_for_timeout(100)  # a card goes away as the page scrolls
    mark.hover()
    expect(page.locator(".card:visible")).to_contain_text(MARKDOWN)
    assert_harmless(page)

    mark.click()
    expect(page.locator("#panel #quote")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#past .turn").first.get_by_role("button", name="Copy").click()
    expect(page.locator(".toast")).to_contain_text("Copied")
    page.locator("#past .chip").first.click()
    answered(page, HOSTILE)
    assert_harmless(page)


_KEEP = """(kept) => {
  localStorage.setItem("shanghai-qa.conversations", JSON.stringify(kept));
  localStorage.setItem("shanghai-qa.current", kept[0].id);
  sessionStorage.setItem("shanghai-qa.unsent", JSON.stringify({ question: kept[0].title, filters: {} }));
}"""


def _kept() -> list[dict[str, Any]]:
    """Conversations as the page keeps them, with markup wherever a text may stand."""
    common: dict[str, Any] = {
        **dict.fromkeys(("id", "question", "language", "answerer"), HOSTILE),
        "missing": [f"looked for {HOSTILE}"], "caveats": [HOSTILE], "follow_ups": [HOSTILE], "statements": [],
        "removed": 2, "corpus": {"version": IMAGE, "documents": 1, "passages": 1},
    }  # fmt: skip
    facts = {"title": HOSTILE, "publisher": HOSTILE, "url": RUNS, "published": IMAGE, "tier": "primary"}
    sources = [{"id": "yard/lantern", "sha256": CORPUS[0].sha256}, {"id": BROKEN_OUT, "sha256": IMAGE}]
    quoted = {"quote": HOSTILE, "start": 0, "end": 9, "section": HOSTILE}
    told = {
        "outcome": "answered", "read_as": HOSTILE, "direct_answer": HOSTILE,
        "citations": [{"number": n, **quoted, "source": facts | source} for n, source in enumerate(sources, start=1)],
        "statements": [{"text": HOSTILE, "citations": [1, 2], "as_of": IMAGE}],
        "disagreements": [
            {"subject": HOSTILE, "claims": [{"value": HOSTILE, "as_of": IMAGE, "citation": n} for n in (1, 2)]}
        ],
    }  # fmt: skip
    filters = {"places": [HOSTILE], "topics": [HOSTILE]}
    turns = [{"answer": common | one, "filters": filters} for one in (told, {"outcome": "not_in_corpus"})]
    return [{"id": IMAGE, "title": HOSTILE, "changed": 1, "turns": turns}]


def test_a_kept_conversation_of_another_shape_keeps_nobody_from_asking(page: Page) -> None:
    turns = [None, {}, {"answer": {"question": "?"}}]
    page.evaluate(_KEEP, [{"id": "a", "title": "Kept", "changed": 1, "turns": turns}])
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.wait_for_selector("#past-conversations li")
    expect(ask(page, QUESTION).locator(".direct")).to_contain_text("41 cranes")


# --- The pages beside it


def test_the_library_shows_hostile_documents_and_addresses_as_text(page: Page, address: str) -> None:
    page.goto(f"{address}sources?q=cranes")
    expect(page.locator(".rows h3")).to_have_count(2)
    expect(page.locator(".rows h3").first).to_contain_text(f"{IMAGE} {SCRIPT}")
    assert_harmless(page, "Sources · Shanghai QA")
    asked = ("q", "topic", "place", "tier", "sort", "year", "from", "to", "page")
    page.goto(f"{address}sources?{urlencode(dict.fromkeys(asked, HOSTILE))}")
    expect(page.get_by_role("searchbox")).to_have_value(HOSTILE[:200])
    expect(page.locator(".caveat").nth(1)).to_contain_text(IMAGE[:40])
    assert_harmless(page, "Sources · Shanghai QA")
    page.goto(f"{address}sources?{urlencode({'place': CORPUS[0].places[0]})}")
    expect(page.locator("ul.active")).to_contain_text(IMAGE)
    expect(page.locator(".rows > li")).to_have_count(len(CORPUS))
    assert_harmless(page, "Sources · Shanghai QA")


@pytest.mark.parametrize("shown", CORPUS[:3], ids=lambda document: document.id[:7])
def test_a_hostile_document_is_text_on_its_page(page: Page, address: str, shown: Document) -> None:
    page.goto(f"{address}source/{quote(shown.id)}")
    title = f"{' '.join(shown.title.split())} · Shanghai QA"
    expect(page.locator("main h1")).to_have_text(shown.title)
    page.locator("a.number").first.click()
    expect(page.locator("mark#quote")).to_contain_text(IMAGE if shown is not CORPUS[1] else SCRIPT)
    for summary in page.locator(".cite summary").all():
        summary.click()
    expect(page.locator(".about")).to_contain_text(MARKDOWN)
    assert_harmless(page, title)


def test_the_pictures_show_hostile_sentences_as_text(page: Page, address: str) -> None:
    page.goto(f"{address}explore")
    for summary in page.locator("main summary").all():
        summary.click()
    expect(page.locator("#unicorns svg title").first).to_contain_text(MARKDOWN)
    expect(page.locator("#events li a")).to_contain_text(IMAGE)
    page.locator(".tiles").get_by_role("link", name="Yangpu").click()
    expect(page.locator("#place-yangpu li").first).to_contain_text(IMAGE)
    assert_harmless(page, "Explore · Shanghai QA")
