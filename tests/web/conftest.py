"""Documents and assistants for the page's tests, and a browser that fails a test when the page misbehaves."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from shanghai_qa.assistant import Assistant
from shanghai_qa.errors import InputError, ShanghaiQAError
from shanghai_qa.prove import Check, check_citation, check_statements
from shanghai_qa.settings import Settings
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


@dataclass(frozen=True)
class Screen:
    """A window: its size in CSS pixels, and what the browser says of its reader."""

    width: int = 1440
    height: int = 900
    dark: bool = False
    locale: str = "en-GB"

    def __str__(self) -> str:
        return f"{self.width}-{'dark' if self.dark else 'light'}-{self.locale[:2]}"


PHONE = Screen(390, 844)
EVERY = [
    Screen(width, height, dark, locale)
    for width, height in ((1440, 900), (390, 844))
    for dark in (False, True)
    for locale in ("en-GB", "zh-CN")
]


class OneDocument:
    """An assistant that holds one document and finds nothing; on "boom" it raises a user's error, on "bug" another."""

    def __init__(self, document: Document) -> None:
        self.documents = (document,)
        self.info = CorpusInfo("v1", 1, 3)
        self.passages = ()
        self.ingesting = False
        self.updated = date(2026, 3, 17)
        self.settings = Settings()

    def document(self, id: str) -> Document:
        if id != self.documents[0].id:
            raise InputError(f"no document {id}")
        return self.documents[0]

    def verify(self, answer: Answer) -> list[Check]:
        return [check_citation(citation, {one.id: one for one in self.documents}) for citation in answer.citations]

    def faults(self, answer: Answer) -> list[str]:
        return check_statements(answer)

    def questions(self, id: str) -> tuple[str, ...]:
        return ("When did the port open?",)

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
from shanghai_qa.journal import Journal
from shanghai_qa.web.server import serve
journal = Journal(Path(sys.argv[2]), keeps_questions=sys.argv[4] == "True")
serve(lambda: Assistant.open(Path(sys.argv[1])), journal, "127.0.0.1", int(sys.argv[3]))
"""


@contextmanager
def serving(
    index: Path, journal: Path, port: int = 0, keeps_questions: bool = False
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of the page and the process that serves it, which must end promptly when told to."""
    command = [sys.executable, "-c", _SERVE, str(index), str(journal), str(port), str(keeps_questions)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", said)
        assert found, f"the server said {said!r}"
        yield found.group(), process
        process.terminate()
        process.wait(timeout=20)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page over the real corpus keeps what readers say."""
    return tmp_path_factory.mktemp("journal") / "journal.sqlite"


@pytest.fixture(scope="session")
def served(index: Path, journal: Path) -> Iterator[str]:
    """The address of the page over the real corpus."""
    with serving(index, journal) as (address, _):
        yield address


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
def screen(request: pytest.FixtureRequest) -> Screen:
    """The window; parametrize it to change it."""
    return getattr(request, "param", Screen())


@pytest.fixture
def page(browser: Browser, served: str, screen: Screen) -> Iterator[Page]:
    """The page, opened. The test fails if it asks anything of another host or writes an error to the console."""
    with opened(browser, served, screen) as page:
        page.goto(served)
        page.wait_for_selector(".intro .chip")
        yield page


@contextmanager
def opened(browser: Browser, served: str, screen: Screen = Screen()) -> Iterator[Page]:
    """A page of a browser of its own, which may speak with `served` alone and must not complain."""
    context = browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        color_scheme="dark" if screen.dark else "light",
        locale=screen.locale,
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    elsewhere: list[str] = []
    errors: list[str] = []
    page.on("request", lambda r: None if r.url.startswith((served, "data:", "blob:")) else elsewhere.append(r.url))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" and not _LEFT.match(m.text) else None)
    page.on("pageerror", lambda e: None if _LEFT.match(str(e)) else errors.append(str(e)))
    yield page
    context.close()
    assert elsewhere == []
    assert errors == []


_LEFT = re.compile("AbortError|.*Connection errored out")  # what Gradio says of its streams when a page is left


def assert_accessible(page: Page) -> None:
    """axe finds nothing serious or critical on the page as it stands."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    bad = [(v["id"], [node["html"] for node in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")]
    assert bad == []
