"""A page that is being served takes up new documents without a restart."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from ingest.publish import build
from shanghai_qa.settings import Settings
from shanghai_qa.store import Index
from tests.e2e.program import with_encoder_of
from tests.samples import document
from tests.web.conftest import opened, serving

pytestmark = [pytest.mark.corpus, pytest.mark.web]

YARD = document(
    id="trade/yard", title="The yard", topics=("trade",), places=("Lingang",), published="2031",
    text="# The yard\n\n## Cranes\nThe Lingang crane yard runs 418 cranes in 2031.",
)  # fmt: skip
FERRY = document(
    id="vehicles/ferry", title="The ferry", topics=("vehicles",), places=("Hengsha",), published="2032",
    text="# The ferry\n\n## Riders\nThe Hengsha ferry carried 77,000 riders in 2032.",
)  # fmt: skip


def test_what_is_ingested_while_a_page_is_served_is_there_when_it_is_loaded_again(
    browser: Browser, index: Path, tmp_path: Path
) -> None:
    folder = with_encoder_of(index, tmp_path / "index")
    build([YARD], Index(folder), Settings())
    with serving(folder, tmp_path / "journal") as (address, _), opened(browser, address) as page:
        page.goto(address)
        expect(page.locator(".intro")).to_contain_text("1 document")
        build([YARD, FERRY], Index(folder), Settings())
        page.reload()
        expect(page.locator(".intro")).to_contain_text("2 documents")
        page.locator("#places input").click()
        expect(page.get_by_role("option", name="Hengsha")).to_be_visible()
        page.locator("#box textarea").fill("How many riders did the Hengsha ferry carry?")
        page.keyboard.press("Enter")
        expect(page.locator(".turn .direct")).to_contain_text("77,000 riders")
        page.goto(f"{address}sources")
        expect(page.locator(".rows > li")).to_have_count(2)
