"""The library: its list, its pages of sources, and the panel that shows the same beside a conversation."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote, urlsplit

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, expect

from shanghai_qa.assistant import Assistant
from shanghai_qa.catalogue import Catalogue, Query, Sort, highlighted, looser
from shanghai_qa.current import Current
from shanghai_qa.prove import source_of
from shanghai_qa.settings import Settings
from shanghai_qa.values import Citation, Document, Filters, Passage, Span, Tier
from shanghai_qa.web import library
from shanghai_qa.web.library_phrases import LIBRARY
from shanghai_qa.web.pages import LANGUAGES, View
from shanghai_qa.web.render import source_address
from shanghai_qa.web.source_text import address, blocks, laid_out, original, telling, web_address
from tests.web.seen import Seen

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)> & \"quoted\" 'too' {{2}}"
OWN_SCRIPT = '<script type="module" src="/page/language.js"></script>'
SENTENCES = (
    "The port plans 100 berths (泊位) by 2030.",
    "It names <b>no</b> cost.",
    "The port opened in 1999.",
    "One crane is red.",
)


class Shelf:
    """An assistant of documents alone, of which each line that is no heading has its sentences at full stops."""

    def __init__(self, *documents: Document) -> None:
        self.documents = documents
        self.passages = tuple(_passage(document) for document in documents)

    def questions(self, id: str) -> tuple[str, ...]:
        return ("Where & when did the port open?",)


def _passage(document: Document) -> Passage:
    lines = re.finditer(r"^(?!#)(?:- )?(?P<said>.+)$", document.text, re.MULTILINE)
    found = [(line.start("said"), m) for line in lines for m in re.finditer(r"[^.]+\.?", line["said"])]
    spans = (Span(at + m.start() + len(m[0]) - len(m[0].lstrip()), at + m.end()) for at, m in found)
    return Passage(f"{document.id}#0", document.id, "", 0, len(document.text), tuple(spans))


def routes_of(assistant: Assistant, language: str) -> APIRouter:
    return library.router(assistant, Current(assistant, Catalogue), language)


def client(*documents: Document) -> TestClient:
    return client_of(cast(Assistant, Shelf(*documents)))


def client_of(assistant: Assistant) -> TestClient:
    app = FastAPI()
    for language in LANGUAGES:
        app.include_router(routes_of(assistant, language), prefix=View("", language).root)
    return TestClient(app)


def made(**facts: Any) -> Document:
    given: dict[str, Any] = {
        "id": "ai/a", "title": "A", "publisher": "Daily", "authors": (), "url": None, "published": "2024-03-05",
        "tier": Tier.PRIMARY, "topics": ("ai",), "places": ("Pudong",), "text": "# A\n\nSome text.",
    }  # fmt: skip
    return Document(**(given | facts))


@pytest.fixture
def shelf(document: Document) -> TestClient:
    """Four documents, of which one is from `conftest`."""
    return client(
        document,
        made(id="ai/café", title="The Café of chips", published="2025", text="# A\n\nSMIC made chips. Tea is hot."),
        made(id="ai/b", title="Aims", publisher=None, published=None, tier=Tier.UNVERIFIED, text="# A\n\nAI chips."),
        made(id="ai/c", title="Zeal", publisher="Archive", published="2019", topics=("quantum", "ai"), places=()),
    )


def titles(reply: Any) -> list[str]:
    return re.findall(r'<h3 lang="en"><a href="[^"]*">(.*?)</a>', reply.text)


# The text of a document


def span(document: Document, words: str) -> Span:
    return Span(start := document.text.index(words), start + len(words))


def marked(html: str) -> list[str]:
    return re.findall(r"<mark[^>]*>(.*?)</mark>", html, re.DOTALL)


def panel(document: Document, quoted: Span | None = None, caveat: str = "") -> str:
    return str(library.panel(document, quoted, caveat, View()))


def test_exactly_the_quoted_words_are_marked(document: Document) -> None:
    html = panel(document, span(document, SENTENCES[1]))
    assert '<mark id="quote">It names &lt;b&gt;no&lt;/b&gt; cost.</mark>' in html
    assert html.count("<mark") == 1


def test_a_quote_over_several_blocks_is_marked_in_each_and_anchored_in_the_first(document: Document) -> None:
    start = document.text.index("The port opened")
    html = panel(document, Span(start, len(document.text)))
    assert '<mark id="quote">The port opened in 1999.</mark>' in html
    assert "<mark>One crane is red.</mark>" in html
    assert html.count('id="quote"') == 1


def test_a_quote_that_cuts_through_sentences_is_marked_as_far_as_it_goes(document: Document) -> None:
    whole = span(document, "berths (泊位) by 2030. It names")
    pieces = [line.pieces for _, lines in laid_out(document, whole, _passage(document).sentences) for line in lines]
    assert [text for line in pieces for text, quoted in line if quoted] == ["berths (泊位) by 2030.", "It names"]


def test_a_source_without_a_quote_has_no_mark(document: Document) -> None:
    assert "<mark" not in panel(document)


def test_sentences_are_counted_over_the_whole_document(document: Document) -> None:
    laid = list(laid_out(document, None, _passage(document).sentences))
    assert [kind for kind, _ in laid] == ["heading", "paragraph", "item"]
    said = [(line.number, "".join(text for text, _ in line.pieces)) for _, lines in laid[1:] for line in lines]
    assert said == list(enumerate(SENTENCES, start=1))


def test_what_is_no_sentence_of_a_passage_is_shown_without_a_number() -> None:
    bare = made(text="Before. One sentence. After.")
    (_, lines), *_ = laid_out(bare, None, [span(bare, "One sentence.")])
    assert [(line.number, line.pieces[0][0].strip()) for line in lines] == [
        (None, "Before."), (1, "One sentence."), (None, "After."),
    ]  # fmt: skip


def test_blocks_are_headings_items_and_paragraphs_with_their_offsets() -> None:
    text = "# Title\n\n## Part\nOne line\nand another.\n\n \n- first\n- second\n  goes on\nLast."
    assert [(b.kind, text[b.start : b.end]) for b in blocks(text)] == [
        ("heading", "Title"),
        ("heading", "Part"),
        ("paragraph", "One line\nand another."),
        ("item", "first"),
        ("item", "second\n  goes on\nLast."),
    ]


def test_an_empty_text_has_no_blocks() -> None:
    assert list(blocks("")) == []


def test_the_title_of_a_document_is_not_repeated_in_its_text(document: Document) -> None:
    html = panel(document)
    assert '<h2 lang="en">The port plan</h2>' in html
    assert "<h3>The port plan</h3>" not in html


# The original


def test_an_original_opens_in_a_tab_of_its_own_that_cannot_reach_back(document: Document) -> None:
    html = panel(replace(document, title="A plan"))
    assert 'href="https://port.example/plan" target="_blank" rel="noopener noreferrer">Open the original</a>' in html


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "data:text/html,x", "ftp://a/b", "//a/b", "http://["])
def test_an_address_that_is_not_of_the_web_is_not_linked(url: str | None) -> None:
    assert web_address(url) is None
    assert original(made(url=url), None) is None
    assert "target=" not in panel(made(url=url))


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("MiniMax raised US$619 million in the January 2026 offering.", ("619 million", "MiniMax")),
        ("SMIC (中芯国际) held 5.3 percent of 1,087 startups in Zhangjiang Science City.",
         ("5.3 percent", "1,087 startups", "Zhangjiang Science City")),
        ("Nobody said so in March 2024.", ()),
    ],
)  # fmt: skip
def test_figures_and_names_are_what_another_account_likely_has_too(sentence: str, expected: tuple[str, ...]) -> None:
    assert telling(sentence) == expected


def test_the_publishers_own_name_tells_nothing() -> None:
    assert telling("Wang told China Daily of the Lingang Lab.", publisher="China Daily") == ("Lingang Lab",)


@pytest.mark.parametrize("url", ["https://a.example/b?c=d", "https://a.example/b#part"])
def test_the_original_opens_at_those_words_each_encoded_on_its_own(url: str) -> None:
    text = "It counts 1,087 two-tier R&D labs of Tsing-Hua & Co Park."
    opened = original(made(url=url, text=text), Span(0, len(text)))
    assert opened is not None
    directives = urlsplit(opened).fragment.partition(":~:")[2].split("&")
    assert opened.startswith(url)
    assert all(re.fullmatch(r"text=[\w.%~]+", directive) for directive in directives)
    assert unquote(directives[0]) == f"text={telling(text)[0]}"


# The page of a source


def test_a_source_is_a_page_with_the_quoted_words_marked(shelf: TestClient, document: Document) -> None:
    place = span(document, SENTENCES[2])
    reply = shelf.get(f"/source/trade/port-plan?start={place.start}&end={place.end}")
    assert '<mark id="quote">The port opened in 1999.</mark>' in reply.text
    assert reply.text.startswith("<!doctype html>")
    assert "<h1" in reply.text


def test_the_number_of_a_sentence_is_its_permanent_address(shelf: TestClient, document: Document) -> None:
    links = re.findall(r'class="number" href="([^"]+)"', shelf.get("/source/trade/port-plan").text)
    assert len(links) == len(SENTENCES)
    cited = Citation(1, SENTENCES[2], *_ends(span(document, SENTENCES[2])), "", source_of(document))
    assert unescape(links[2]) == f"/{source_address(cited)}"
    assert marked(shelf.get(unescape(links[2])).text) == ["The port opened in 1999."]


def _ends(place: Span) -> tuple[int, int]:
    return place.start, place.end


def test_the_panel_gets_the_source_without_the_page_around_it(shelf: TestClient) -> None:
    reply = shelf.get("/source/trade/port-plan?panel=true")
    assert reply.text.startswith("<article")
    assert "<mark" not in reply.text
    assert "BibTeX" not in reply.text


def test_a_document_that_has_changed_since_is_shown_without_a_mark(shelf: TestClient) -> None:
    reply = shelf.get("/source/trade/port-plan?start=0&end=5&sha=000000000000")
    assert "has changed since it was quoted" in reply.text
    assert "<mark" not in reply.text


@pytest.mark.parametrize("place", ["5&end=5", "9&end=2", "-3&end=4", "0&end=10000", "abc&end=4", "0&end=9999999999999"])
def test_a_place_that_the_document_does_not_have_is_named_as_such(shelf: TestClient, place: str) -> None:
    for panel in ("", "&panel=true"):
        reply = shelf.get(f"/source/trade/port-plan?start={place}{panel}")
        assert reply.status_code == 200
        assert "a place that this document does not have" in reply.text
        assert "<mark" not in reply.text


def test_an_unknown_source_is_a_plain_page_that_repeats_the_id_as_text(shelf: TestClient) -> None:
    reply = shelf.get("/source/<script>alert(1)</script>")
    assert reply.status_code == 404
    assert "No such source" in reply.text
    assert "<script" not in reply.text.replace(OWN_SCRIPT, "")


def test_a_document_without_an_address_says_so() -> None:
    text = Seen(panel(made(publisher=None, published=None))).spaced
    assert "no address known" in text
    assert "publisher not named no date" in text


def test_a_source_leads_to_its_topics_its_places_and_a_question_that_it_answers(shelf: TestClient) -> None:
    links = Seen(shelf.get("/zh/source/trade/port-plan").text).links
    assert {"/zh/sources?topic=trade", "/zh/sources?place=Lingang"} <= set(links)
    asked = next(link for link in links if "?q=" in link)
    assert unquote(asked) == "/zh/?q=Where & when did the port open?"


@pytest.mark.parametrize(("form", "begins"), [("bibtex", "@"), ("ris", "TY  - "), ("csl-json", "[")])
def test_a_reference_is_shown_and_can_be_loaded(shelf: TestClient, form: str, begins: str) -> None:
    page = shelf.get("/source/ai/caf%C3%A9")
    assert f'href="/source/ai/caf%C3%A9?cite={form}"' in page.text
    reply = shelf.get(f"/source/ai/caf%C3%A9?cite={form}")
    assert reply.text.lstrip("\ufeff").startswith(begins)
    assert re.fullmatch(r'attachment; filename="ai-caf\.(bib|ris|json)"', reply.headers["content-disposition"])


def test_an_unknown_form_of_reference_shows_the_page(shelf: TestClient) -> None:
    assert shelf.get("/source/ai/b?cite=word").text.startswith("<!doctype html>")


# The list


def test_the_newest_come_first_and_those_without_a_date_last(shelf: TestClient) -> None:
    assert titles(shelf.get("/sources")) == ["The Café of chips", "The port plan", "Zeal", "Aims"]
    assert titles(shelf.get("/sources?sort=oldest")) == ["Zeal", "The port plan", "The Café of chips", "Aims"]


def test_documents_can_be_sorted_by_title_publisher_and_tier(shelf: TestClient) -> None:
    assert titles(shelf.get("/sources?sort=title")) == ["Aims", "The Café of chips", "The port plan", "Zeal"]
    assert titles(shelf.get("/sources?sort=publisher")) == ["Zeal", "The Café of chips", "The port plan", "Aims"]
    assert titles(shelf.get("/sources?sort=tier"))[-1] == "Aims"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("cafe", ["The Café of chips"]),
        ("CHIP smic", ["The Café of chips"]),
        ("chip", ["The Café of chips", "Aims"]),  # in the title first
        ("ai", ["Aims"]),  # a short word is whole
        ("port authority", ["The port plan"]),
        ("泊", ["The port plan"]),
        ("chip tea nowhere", []),
        ("“crane”,", ["The port plan"]),
        ("?!", ["The Café of chips", "The port plan", "Zeal", "Aims"]),
    ],
)
def test_a_search_finds_what_holds_every_word(shelf: TestClient, words: str, found: list[str]) -> None:
    assert titles(shelf.get("/sources", params={"q": words})) == found


def test_a_hit_in_the_text_links_to_its_sentence_with_the_words_set_off(shelf: TestClient) -> None:
    html = shelf.get("/sources?q=opened").text
    assert "The port <b>opened</b> in 1999." in html
    link = re.findall(r'class="snippet" lang="en"><a href="([^"]+)', html)[0]
    assert marked(shelf.get(unescape(link)).text) == ["The port opened in 1999."]


def test_the_pieces_of_a_hit_are_the_whole_of_it() -> None:
    text = "Tea, (chips) and “teas”: café."
    assert "".join(piece for piece, _ in highlighted(text, ["tea", "chip", "cafe"])) == text
    assert [piece for piece, found in highlighted(text, ["chip", "cafe"]) if found] == ["chips", "café"]


def test_filters_narrow_the_list_and_can_be_taken_off_one_by_one(shelf: TestClient) -> None:
    reply = shelf.get("/sources?topic=ai&topic=trade&tier=primary&from=2020")
    assert titles(reply) == ["The Café of chips", "The port plan"]
    assert "2 of 4 documents" in reply.text
    chips = re.findall(r'<a class="chip" href="([^"]+)"', reply.text)
    assert "/sources?topic=trade&amp;tier=primary&amp;from=2020" in chips
    assert "/sources?topic=ai&amp;topic=trade&amp;tier=primary" in chips
    assert len(chips) == 4


def test_each_value_of_a_filter_says_how_many_it_leaves(shelf: TestClient) -> None:
    text = Seen(shelf.get("/sources?topic=ai").text).spaced
    assert "AI 3" in text  # is chosen itself, and yet counts what it leaves
    assert "Trade 1" in text
    assert "Pudong 2" in text
    assert "Lingang 0" in text


def test_years_may_come_in_either_order(shelf: TestClient) -> None:
    assert titles(shelf.get("/sources?from=2024&to=2019")) == ["The port plan", "Zeal"]


def test_a_search_keeps_the_filters_and_the_years_keep_the_search(shelf: TestClient) -> None:
    html = shelf.get("/sources?q=chip&topic=ai&year=2025&sort=title").text
    search, years = re.findall(r"<form.*?</form>", html, re.DOTALL)
    assert re.findall('hidden" name="(.*?)" value="(.*?)"', search) == [
        ("topic", "ai"), ("year", "2025"), ("sort", "title"),
    ]  # fmt: skip
    assert re.findall('hidden" name="(.*?)" value="(.*?)"', years) == [
        ("q", "chip"), ("topic", "ai"), ("sort", "title"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("year=abc", "“abc” is not a year"),
        ("from=²⁰²⁴", "“²⁰²⁴” is not a year"),
        ("topic=alchemy", "Topic: nothing here is called “alchemy”"),
        ("tier=gold&place=Atlantis", "Place: nothing here is called “Atlantis”"),
        ("sort=colour", "Sort by: nothing here is called “colour”"),
        ("page=999", "There is no page “999” of these results; this is page 1"),
        ("page=-1", "There is no page “-1”"),
        ("page=٣", "There is no page “٣”"),
        (f"q={'word ' * 99}", "Only the first 200 characters"),
    ],
)
def test_what_makes_no_sense_in_an_address_is_left_out_and_named(shelf: TestClient, query: str, said: str) -> None:
    reply = shelf.get(f"/sources?{query}")
    assert reply.status_code == 200
    assert said in Seen(reply.text).spaced
    if not query.startswith("q="):
        assert len(titles(reply)) == 4


def test_where_nothing_is_found_each_way_to_find_some_says_how_many(shelf: TestClient) -> None:
    text = Seen(shelf.get("/sources?q=tea+crane&topic=quantum").text).spaced
    assert "No document matches all of this" in text
    assert "Without the search 1" in text  # neither word alone is in a document on quantum
    text = Seen(shelf.get("/sources?q=tea+crane").text).spaced
    assert "Without “tea” 1 Without “crane” 1 All documents 4" in text
    assert "Any topic 1" in Seen(shelf.get("/sources?q=tea&topic=quantum").text).spaced


def test_a_search_in_chinese_that_finds_nothing_is_offered_in_english(shelf: TestClient) -> None:
    assert "用英文搜索：“SMIC” 1" in Seen(shelf.get("/zh/sources?q=中芯国际").text).spaced


def test_an_empty_library_is_a_page_too() -> None:
    assert "0 documents" in client().get("/sources").text


def test_pages_hold_fifty_and_link_to_each_other() -> None:
    many = client(*(made(id=f"ai/{n}", title=f"T{n:03}") for n in range(120)))
    second = many.get("/sources?sort=title&page=2")
    assert titles(second) == [f"T{n:03}" for n in range(50, 100)]
    assert "51–100 shown" in second.text
    assert 'rel="prev" href="/sources?sort=title"' in second.text
    assert 'rel="next" href="/sources?sort=title&amp;page=3"' in second.text
    assert len(titles(many.get("/sources?page=99"))) == 20


def test_the_other_language_shows_the_same_results(shelf: TestClient) -> None:
    here, there = shelf.get("/sources?q=chip&topic=ai"), shelf.get("/zh/sources?q=chip&topic=ai")
    assert titles(here) == titles(there)
    assert 'class="language" href="/zh/sources?q=chip&amp;topic=ai"' in here.text
    assert 'class="language" href="/sources?q=chip&amp;topic=ai"' in there.text
    assert "4 份文档中的 2 份" in there.text


def test_behind_a_proxy_every_address_begins_with_its_path(document: Document) -> None:
    app = FastAPI()
    app.include_router(routes_of(cast(Assistant, Shelf(document)), "zh"), prefix="/zh")
    inside = TestClient(app, root_path="/qa")
    for path in ("/zh/sources?q=port", "/zh/source/trade/port-plan"):
        links = [
            link for link in Seen(inside.get(path).text).links if not link.startswith(("#", "https://port.example"))
        ]
        assert [link for link in links if not link.startswith("/qa/")] == []


# Nothing becomes markup


def _safe(html: str) -> None:
    seen = Seen(html.replace(OWN_SCRIPT, ""))
    assert not {"img", "script"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert not [link for link in seen.links if link.lower().startswith(("javascript:", "data:"))]


def test_nothing_in_a_document_becomes_markup() -> None:
    evil = made(
        id=f"x/{EVIL}", title=EVIL, publisher=EVIL, authors=(EVIL,), url="javascript:alert(1)", published=EVIL,
        topics=(EVIL,), places=(EVIL,), text=f"# {EVIL}\n\n## {EVIL}\n{EVIL}\n\n- {EVIL}",
    )  # fmt: skip
    inside = client(replace(evil, published=None))
    for root in ("", "/zh"):
        for end in ("", f"?start=0&end={len(evil.text)}", f"?start=0&end={len(evil.text)}&panel=true"):
            reply = inside.get(f"{root}/source/{quote(evil.id)}{end}")
            assert reply.status_code == 200
            assert EVIL in unescape(reply.text)
            _safe(reply.text)
        _safe(inside.get(f"{root}/sources").text)
    _safe(panel(evil, None, EVIL))


@pytest.mark.parametrize("key", ["q", "topic", "place", "tier", "year", "from", "to", "sort", "page"])
def test_nothing_in_an_address_becomes_markup(shelf: TestClient, key: str) -> None:
    for root in ("", "/zh"):
        reply = shelf.get(f"{root}/sources", params={key: EVIL})
        assert reply.status_code == 200
        _safe(reply.text)


# Queries


def test_the_address_of_a_query_says_all_of_it() -> None:
    asked = Query("a b", Filters(("ai", "trade"), ("Pudong",), (Tier.PRIMARY,), 2020, 2024), Sort.TITLE, 3)
    assert asked.address == (
        "sources?q=a+b&topic=ai&topic=trade&place=Pudong&tier=primary&from=2020&to=2024&sort=title&page=3"
    )
    assert Query(filters=Filters(year_from=2020, year_to=2020)).address == "sources?year=2020"
    assert Query().address == "sources"


def test_a_value_that_is_taken_in_and_out_leaves_the_query_as_it_was() -> None:
    query = Query("a", Filters(topics=("ai",)), page=4)
    for name, value in (("topics", "trade"), ("places", "Pudong"), ("tiers", Tier.PRIMARY), ("years", "2024")):
        inside = query.toggled(name, value)
        assert inside != query
        assert inside.toggled(name, value) == replace(query, page=1)


def test_both_languages_name_every_sort_and_filter() -> None:
    for say in LIBRARY.values():
        assert set(say.sorts) == set(Sort)
        assert list(say.filter_names) == list(Catalogue((), ()).values)


# The corpus that ships


@pytest.fixture(scope="module")
def corpus(index: Path) -> Assistant:
    return Assistant.open(index, Settings())


@pytest.fixture(scope="module")
def pages_of(corpus: Assistant) -> TestClient:
    return client_of(corpus)


@pytest.fixture(scope="module")
def catalogue(corpus: Assistant) -> Catalogue:
    return Catalogue(corpus.documents, corpus.passages)


@pytest.mark.corpus
@pytest.mark.parametrize("root", ["", "/zh"])
def test_every_document_has_a_page_with_all_its_sentences(
    pages_of: TestClient, catalogue: Catalogue, root: str
) -> None:
    for document in catalogue.documents:
        reply = pages_of.get(f"{root}/{address(document)}")
        assert reply.status_code == 200, document.id
        numbers = re.findall(r'class="number"[^>]*>(\d+)<', reply.text)
        assert numbers == [str(n) for n, _ in enumerate(catalogue.entries[document.id].sentences, start=1)], document.id
        assert "<mark" not in reply.text
        for link in Seen(reply.text).links:
            assert link.startswith(("/", "#", "https://", "http://")), link


@pytest.mark.corpus
def test_every_sentence_is_marked_alone_by_its_address(corpus: Assistant, catalogue: Catalogue) -> None:
    for entry in catalogue.entries.values():
        for number, sentence in enumerate(entry.sentences, start=1):
            laid = laid_out(entry.document, sentence, entry.sentences)
            lines = [line for _, lines in laid for line in lines if line.quoted]
            assert [(line.number, line.pieces) for line in lines] == [
                (number, ((entry.document.text[sentence.start : sentence.end], True),))
            ], (entry.document.id, number)


@pytest.mark.corpus
def test_the_links_of_sentences_lead_to_them(pages_of: TestClient, catalogue: Catalogue) -> None:
    for entry in list(catalogue.entries.values())[::30]:
        for sentence in entry.sentences:
            html = pages_of.get(f"/{address(entry.document, sentence)}").text
            assert [_plain(words) for words in marked(html)] == [entry.document.text[sentence.start : sentence.end]]


def _plain(html: str) -> str:
    return Seen(html).spaced


_FILTERS = (
    Filters(),
    Filters(topics=("ai", "quantum")),
    Filters(places=("Zhangjiang", "Lingang"), tiers=(Tier.PRIMARY, Tier.UNVERIFIED)),
    Filters(year_from=2020, year_to=2023),
    Filters(topics=("policy",), places=("Pudong",), tiers=(Tier.ESTABLISHED,), year_from=2024),
    Filters(year_to=2019),
)


@pytest.mark.corpus
@pytest.mark.parametrize("filters", _FILTERS)
def test_the_list_holds_just_what_the_filters_admit(
    pages_of: TestClient, catalogue: Catalogue, filters: Filters
) -> None:
    admitted = {document.title for document in catalogue.documents if filters.admits(document)}
    for sort in (None, *Sort):
        query = Query(filters=filters, sort=sort)
        found = [entry.document for entry in catalogue.find(query)]
        assert {document.title for document in found} == admitted
        assert len(found) == catalogue.count(query)
        shown = titles(pages_of.get(f"/{query.address}"))
        assert [_plain(title) for title in shown] == [document.title for document in found][:50]


@pytest.mark.corpus
@pytest.mark.parametrize("filters", _FILTERS)
def test_the_count_beside_a_value_is_what_a_click_on_it_alone_gives(catalogue: Catalogue, filters: Filters) -> None:
    chosen: dict[str, Callable[[str], Filters]] = {
        "topics": lambda value: replace(filters, topics=(value,)),
        "places": lambda value: replace(filters, places=(value,)),
        "tiers": lambda value: replace(filters, tiers=(Tier(value),)),
        "years": lambda value: replace(filters, year_from=int(value), year_to=int(value)),
    }
    for name, narrowed in chosen.items():
        for facet in catalogue.facets(Query(filters=filters), name):
            assert facet.count == sum(map(narrowed(facet.value).admits, catalogue.documents)), (name, facet.value)


@pytest.mark.corpus
def test_what_is_looser_finds_no_less(catalogue: Catalogue) -> None:
    query = Query("quantum tea", Filters(topics=("ai",), year_from=2024))
    assert [(name, dropped) for name, dropped, _ in looser(query)] == [
        ("words", "quantum"), ("words", "tea"), ("topics", "ai"), ("years", "2024–"),
    ]  # fmt: skip
    assert all(catalogue.count(wider) >= catalogue.count(query) for _, _, wider in looser(query))


# In a browser

PHONE = pytest.mark.parametrize("window", [(390, 844)], indirect=True)


@pytest.fixture
def window(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Width and height in CSS pixels; parametrize it to change them."""
    return getattr(request, "param", (1440, 900))


@pytest.fixture
def opened(browser: Browser, served: str, window: tuple[int, int]) -> Iterator[Page]:
    """The list. The test fails if a page writes an error to the console."""
    context = browser.new_context(viewport={"width": window[0], "height": window[1]})
    page = context.new_page()
    page.set_default_timeout(15_000)
    errors: list[str] = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{served}sources")
    yield page
    context.close()
    assert errors == []


@pytest.mark.web
@pytest.mark.corpus
def test_a_reader_searches_narrows_and_opens_a_sentence(opened: Page) -> None:
    opened.get_by_role("searchbox").fill("quantum")
    opened.keyboard.press("Enter")
    expect(opened.locator("#count")).to_have_text(re.compile(r"^\d+ of 335 documents$"))
    opened.get_by_role("link", name=re.compile(r"^Quantum \d+$")).click()
    expect(opened.get_by_role("link", name="Remove Quantum")).to_be_visible()
    opened.locator(".rows .snippet a").first.click()
    quote = opened.locator("mark#quote")
    expect(quote).to_be_in_viewport(ratio=1)
    opened.get_by_role("link", name="Link to sentence 1", exact=True).click()
    expect(opened.locator(".quoted .number")).to_have_text("1")
    expect(quote).to_be_in_viewport(ratio=1)


@pytest.mark.web
@pytest.mark.corpus
@PHONE
def test_a_phone_shows_the_library_without_scrolling_sideways(opened: Page, served: str) -> None:
    for path in ("sources", "zh/sources?q=chip", "source/report/port-to-tech-leader", "sources?q=nowhere&year=x"):
        opened.goto(f"{served}{path}")
        for summary in opened.locator("main summary:visible").all():
            summary.click()
        assert opened.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, path
