"""Documents and assistants for the page's tests, and a browser that fails a test when the page misbehaves."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from shanghai_qa.assistant import Assistant
from shanghai_qa.errors import InputError, ShanghaiQAError
from shanghai_qa.values import Answer, Ask, CorpusInfo, Document, Outcome, Statement, Step, Tier

TEXT = """# The port plan

## Targets
The port plans 100 berths (泊位) by 2030. It names <b>no</b> cost.
The port opened in 1999.

- One crane is red.
"""


@pytest.fixture
def document() -> Document:
    return Document(
        id="trade/port-plan",
        title="The port plan",
        publisher="Port Authority",
        authors=("Li Hua",),
        url="https://port.example/plan",
        published="2024-03-05",
        tier=Tier.PRIMARY,
        topics=("trade",),
        places=("Lingang",),
        text=TEXT,
    )


class OneDocument:
    """An assistant that holds one document and finds nothing; on "boom" it raises a user's error, on "bug" another."""

    def __init__(self, document: Document) -> None:
        self.documents = (document,)
        self.info = CorpusInfo("v1", 1, 3)

    def document(self, id: str) -> Document:
        if id != self.documents[0].id:
            raise InputError(f"no document {id}")
        return self.documents[0]

    def stream(self, ask: Ask) -> Iterator[Step | Statement | Answer]:
        yield Step("search", "Searching 3 passages …")
        if ask.question == "boom":
            raise ShanghaiQAError("no index at .index; build it with: shanghai-qa ingest")
        if ask.question == "bug":
            raise KeyError("a secret")
        yield Answer(ask.question, "en", Outcome.NOT_IN_CORPUS, self.info)


@pytest.fixture
def assistant(document: Document) -> Assistant:
    return cast(Assistant, OneDocument(document))


_SERVE = """
import sys
from pathlib import Path
from shanghai_qa.assistant import Assistant
from shanghai_qa.web.server import serve
serve(Assistant.open(Path(sys.argv[1])), "127.0.0.1", 0)
"""


@pytest.fixture(scope="session")
def served(index: Path) -> Iterator[str]:
    """The address of the page over the real corpus; afterwards the server must end promptly when told to."""
    process = subprocess.Popen([sys.executable, "-c", _SERVE, str(index)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", said)
        assert found, f"the server said {said!r}"
        yield found.group()
        process.terminate()
        process.wait(timeout=5)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = _chromium(playwright)
        if path is None:
            message = "no Chromium: install the system's chromium, or run: playwright install chromium"
            pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
        running = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield running
        running.close()


_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def _chromium(playwright: Playwright) -> str | None:
    own = playwright.chromium.executable_path
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), own if Path(own).exists() else None)


@pytest.fixture
def screen(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Width and height of the window in CSS pixels; parametrize it to change them."""
    return getattr(request, "param", (1280, 900))


@pytest.fixture
def page(browser: Browser, served: str, screen: tuple[int, int]) -> Iterator[Page]:
    """The page, opened. The test fails if it asks anything of another host or writes an error to the console."""
    context = browser.new_context(viewport={"width": screen[0], "height": screen[1]})
    opened = context.new_page()
    opened.set_default_timeout(15_000)
    elsewhere: list[str] = []
    errors: list[str] = []
    opened.on("request", lambda r: None if r.url.startswith((served, "data:", "blob:")) else elsewhere.append(r.url))
    opened.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda e: errors.append(str(e)))
    opened.goto(served)
    opened.wait_for_selector(".intro .chip")
    yield opened
    context.close()
    assert elsewhere == []
    assert errors == []
