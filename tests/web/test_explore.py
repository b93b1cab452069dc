import html
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from shanghai_qa.assistant import Assistant
from shanghai_qa.explore import atlas
from shanghai_qa.journal import Journal
from shanghai_qa.settings import Settings
from shanghai_qa.values import Document, Passage, Span, Tier
from shanghai_qa.web.explore import explore_page
from shanghai_qa.web.pages import View
from shanghai_qa.web.server import build_app

HOSTILE = '<img src=x onerror="alert(1)">'


def made(texts: Sequence[str], **facts: object) -> tuple[list[Document], list[Passage]]:
    """A document for each text, which is one sentence of one passage."""
    given: dict[str, object] = {
        "title": HOSTILE, "publisher": HOSTILE, "authors": (), "url": None, "published": "2024",
        "tier": Tier.PRIMARY, "topics": ("ai",), "places": ("Pudong",),
    }  # fmt: skip
    documents = [Document(id=f"ai/{n}", text=text, **(given | facts)) for n, text in enumerate(texts)]  # type: ignore[arg-type]
    passages = [Passage(f"{d.id}#0", d.id, "", 0, len(d.text), (Span(0, len(d.text)),)) for d in documents]
    return documents, passages


def shown(texts: Sequence[str], language: str = "en", base: str = "", **facts: object) -> str:
    return explore_page(atlas(*made(texts, **facts)), View(base, language))


TEXTS = [
    *(f"Shanghai had {n}5 unicorns in 201{n}, {HOSTILE} says." for n in (1, 2, 3)),
    f"Pudong opened a {HOSTILE} on 1 May 2012.",
]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_hostile_text_is_escaped_everywhere(language: str) -> None:
    page = shown(TEXTS, language)
    assert "<img" not in page
    assert page.count("&lt;img") > 5
    assert 'id="unicorns"' in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_corpus_without_values_or_events_shows_the_rest(language: str) -> None:
    page = shown(["Nothing is said."], language, published=None)
    assert 'id="documents"' in page
    assert 'id="places"' in page
    assert 'id="series"' not in page
    assert 'id="events"' not in page


def test_addresses_begin_where_the_view_says() -> None:
    page = shown(TEXTS, "zh", "/behind")
    assert 'href="/behind/zh/source/ai/0?start=0&amp;end=' in page
    assert 'href="/behind/zh/?q=' in page
    assert 'href="/behind/zh/sources?topic=ai&amp;year=2024"' in page


def test_a_mark_says_its_value_date_kind_source_and_tier_in_words() -> None:
    given = ((45, 2011), (50, 2012), (90, 2012), (60, 2013))
    page = shown([f"Shanghai had {count} unicorns in {year}." for count, year in given], publisher="Hurun")
    assert "<title>2011: 45 · stated · Hurun, primary</title>" in page
    assert "<title>2012: 90 · stated; sources differ · Hurun, primary</title>" in page


@pytest.fixture(scope="module")
def client(index: Path, tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    journal = Journal(tmp_path_factory.mktemp("explore") / "journal.sqlite")
    return TestClient(build_app(Assistant.open(index, Settings()), journal))


def links(page: str) -> Iterator[str]:
    for found in re.findall(r'href="([^"]+)"', page):
        yield html.unescape(found)


@pytest.mark.corpus
@pytest.mark.parametrize("path", ["/explore", "/zh/explore"])
def test_every_link_leads_somewhere(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 200
    assert len(page.text.encode()) < 200_000
    ids = set(re.findall(r'id="([^"]+)"', page.text))
    for link in set(links(page.text)):
        parts = urlsplit(link)
        if link.startswith("#"):
            assert parts.fragment in ids
        elif "/source/" in parts.path:
            reply = client.get(link)
            assert reply.status_code == 200
            assert "<mark" in reply.text
        elif parts.path.endswith("/sources") and parts.query:
            assert client.get(link).status_code == 200
        elif "q=" in parts.query:
            assert parse_qs(parts.query)["q"][0]


@pytest.mark.corpus
def test_a_cell_counts_what_its_list_holds(client: TestClient) -> None:
    page = client.get("/explore").text
    counted = re.findall(r'<a href="/(sources\?topic=[^"]+)" title="[^"]*: (\d+) documents? ', page)
    assert len(counted) > 50
    for link, count in counted[::9]:
        reply = client.get(f"/{html.unescape(link)}").text
        assert len(set(re.findall(r'href="/source/([^"?]+)', reply))) == min(int(count), 50)
