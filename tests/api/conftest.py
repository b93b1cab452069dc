"""An assistant that does what it is told, behind the doors, and a way to read what they stream."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from shanghai_qa.api.app import mount
from shanghai_qa.assistant import Assistant
from shanghai_qa.catalogue import Catalogue
from shanghai_qa.current import Current
from shanghai_qa.errors import QuestionError, ShanghaiQAError
from shanghai_qa.journal import Journal
from shanghai_qa.prove import Check, check_citation, check_statements, source_of
from shanghai_qa.settings import ApiSettings
from shanghai_qa.values import (
    Answer,
    Ask,
    Citation,
    CorpusInfo,
    Filters,
    Hit,
    Outcome,
    Passage,
    Sentence,
    Span,
    Statement,
    Step,
    Tier,
)
from tests.samples import document
from tests.web.conftest import serving

TEXT = "# Berths\n\nThe port has 100 berths. It opened in 1999."
FIRST, SECOND = Span(10, 34), Span(35, 53)
PORT = document(id="trade/port", title="Berths", text=TEXT, topics=("trade",), tier=Tier.UNVERIFIED)
TOWN = document(id="ai/town", title="A town", text="# A town\n\nNothing.", published=None)


class Scripted:
    """Answers "Where?" with a refusal, "boom" and "bug" with errors, "slow" when told to, all else with two sentences.

    On "Who?" a model fails: it writes a sentence that is taken back.
    """

    def __init__(self) -> None:
        self.documents = (PORT, TOWN)
        self.passages = (Passage("trade/port#10", "trade/port", "", 10, 53, (FIRST, SECOND)),)
        self.info = CorpusInfo("v1", 2, 1)
        self.ingesting = False
        self.asked: list[Ask] = []
        self.go_on = threading.Event()
        self.ended = threading.Event()

    def stream(self, ask: Ask) -> Iterator[Step | Statement | Answer]:
        self.asked.append(ask)
        try:
            yield from self._events(ask)
        finally:
            self.ended.set()

    def _events(self, ask: Ask) -> Iterator[Step | Statement | Answer]:
        match ask.question:
            case " ":
                raise QuestionError("the question is empty")
            case "boom":
                raise ShanghaiQAError("no index at .index; build it with: shanghai-qa ingest")
            case "bug":
                raise KeyError("a secret")
        yield Step("search", "Searching 1 passage")
        if ask.question == "late bug":
            raise KeyError("a secret")
        if ask.question == "slow":
            self.go_on.wait(10)
        if ask.question == "Who?":
            yield Statement("The port has 900 berths.", (1,))
            yield Step("quotes", "Showing quotes only; m broke off.")
        answer = self.answer(ask)
        yield from answer.statements
        yield answer

    def answer(self, ask: Ask) -> Answer:
        if ask.question == "Where?":
            return Answer(ask.question, "en", Outcome.NOT_IN_CORPUS, self.info, ask.id, missing=("Nothing.",))
        quotes = [TEXT[span.start : span.end] for span in (FIRST, SECOND)]
        return Answer(
            question=ask.question,
            language="en",
            outcome=Outcome.ANSWERED,
            corpus=self.info,
            id=ask.id,
            direct_answer="100 berths",
            statements=tuple(Statement(quote, (n,), "2024-03-05") for n, quote in enumerate(quotes, start=1)),
            citations=tuple(
                Citation(n, quote, span.start, span.end, "", source_of(PORT))
                for n, (quote, span) in enumerate(zip(quotes, (FIRST, SECOND), strict=True), start=1)
            ),
            caveats=("Only an unverified source says this.",),
        )

    def search(self, query: str, *, filters: Filters, limit: int) -> tuple[Hit, ...]:
        sentences = tuple(Sentence(TEXT[s.start : s.end], s.start, s.end) for s in (FIRST, SECOND))
        return (Hit(1, TEXT[10:53], 10, 53, "", sentences, source_of(PORT)),)[:limit]

    def verify(self, answer: Answer) -> list[Check]:
        return [check_citation(citation, {PORT.id: PORT}) for citation in answer.citations]

    def faults(self, answer: Answer) -> list[str]:
        return check_statements(answer)


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


@pytest.fixture(scope="session")
def address(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the real server over the real corpus, without keys."""
    with serving(index, tmp_path_factory.mktemp("journal") / "journal.sqlite") as (address, _):
        yield address


NO_JOURNAL = Journal(Path("none"))


def opened_on(app: FastAPI, scripted: Scripted, access: ApiSettings, journal: Journal = NO_JOURNAL) -> None:
    """Open the doors of `app` to the scripted assistant."""
    assistant = cast(Assistant, scripted)
    mount(app, assistant, Current(assistant, Catalogue), journal, access)


Doors = Callable[..., TestClient]


@pytest.fixture
def doors(scripted: Scripted) -> Doors:
    """A client of the doors, with settings."""

    def opened(journal: Journal = NO_JOURNAL, **access: Any) -> TestClient:
        app = FastAPI(openapi_url=None)
        opened_on(app, scripted, ApiSettings(**access), journal)
        return TestClient(app)

    return opened


@pytest.fixture
def client(doors: Doors) -> TestClient:
    return doors()


def frames(text: str) -> list[tuple[str, Any]]:
    """The events of a stream: name, "" where it has none, and data."""
    found = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        data = fields["data"]
        found.append((fields.get("event", ""), data if data == "[DONE]" else json.loads(data)))
    return found
