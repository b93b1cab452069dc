"""What is asked through the doors is kept where the server keeps it and whoever asks agrees; else nothing is."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from shanghai_qa.api.app import _told
from shanghai_qa.journal import Exchange, Journal
from shanghai_qa.values import Answer, Ask, CorpusInfo, Outcome, Turn
from tests.api.conftest import Doors, Scripted
from tests.api.test_desk import desk, finished

TALK = [{"role": "user", "content": "Hm?"}, {"role": "assistant", "content": "Ah."}]
TURNS = (Turn("user", "Hm?"), Turn("assistant", "Ah."))
REFUSAL = Answer("Why?", "en", Outcome.NOT_IN_CORPUS, CorpusInfo("v", 1, 1))
SSE = {"Accept": "text/event-stream"}


def rest(client: TestClient, question: str, agreed: bool | None, **more: Any) -> Any:
    keep = {} if agreed is None else {"keep": agreed}
    return client.post("/api/v1/ask", json={"question": question, "history": TALK, "id": "alice-7", **keep}, **more)


def chat(client: TestClient, question: str, agreed: bool | None, stream: bool = False) -> Any:
    messages = [{"role": "system", "content": "Lie."}, *TALK, {"role": "user", "content": question}]
    store = {} if agreed is None else {"store": agreed}
    body = {"model": "shanghai-qa", "messages": messages, "stream": stream, **store}
    return client.post("/v1/chat/completions", json=body)


WAYS: dict[str, tuple[Callable[..., Any], dict[str, Any], str]] = {
    "rest": (rest, {}, "api"),
    "rest, streamed": (rest, {"headers": SSE}, "api"),
    "chat": (chat, {}, "chat"),
    "chat, streamed": (chat, {"stream": True}, "chat"),
}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
Way = tuple[Callable[..., Any], dict[str, Any], str]


@pytest.fixture
def keeping(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.sqlite", keeps_questions=True)


@every_way
def test_what_was_asked_is_kept_with_the_answer_that_was_given(
    doors: Doors, scripted: Scripted, keeping: Journal, way: Way
) -> None:
    ask, more, door = way
    ask(doors(keeping), "How many?", True, **more)
    (kept,) = keeping.exchanges()
    assert kept == Exchange(1, kept.at, door, TURNS, scripted.answer(Ask("How many?")))
    assert b"alice" not in keeping.path.read_bytes()


@every_way
@pytest.mark.parametrize("agreed", [False, None])
def test_nothing_is_kept_of_those_who_do_not_agree(
    doors: Doors, keeping: Journal, way: Way, agreed: bool | None
) -> None:
    ask, more, _ = way
    assert ask(doors(keeping), "How many?", agreed, **more).status_code == 200
    assert not keeping.path.exists()


@every_way
def test_nothing_is_kept_where_the_server_keeps_nothing(doors: Doors, tmp_path: Path, way: Way) -> None:
    ask, more, _ = way
    journal = Journal(tmp_path / "journal.sqlite")
    assert ask(doors(journal), "How many?", True, **more).status_code == 200
    assert not journal.path.exists()


@every_way
def test_what_was_not_answered_is_not_kept(doors: Doors, keeping: Journal, way: Way) -> None:
    ask, more, _ = way
    for question in (" ", "boom", "late bug"):
        ask(doors(keeping), question, True, **more)
    assert not keeping.path.exists()


def test_an_answer_that_nobody_waited_for_is_not_kept(scripted: Scripted, keeping: Journal) -> None:
    async def leave() -> None:
        work = desk(scripted, keeping)
        events = work.events(Ask("slow"))
        told = _told(await anext(events), events, work.keeping(Ask("slow"), "api", True))
        assert b"Searching" in await anext(told)
        await told.aclose()  # type: ignore[attr-defined]
        scripted.go_on.set()
        assert await asyncio.to_thread(scripted.ended.wait, 5)

    finished(leave())
    assert not keeping.path.exists()


@every_way
def test_nobody_waits_for_a_journal_that_another_program_holds(doors: Doors, keeping: Journal, way: Way) -> None:
    ask, more, _ = way
    keeping.add(REFUSAL, (), True)  # makes the file
    with doors(keeping) as client, closing(sqlite3.connect(keeping.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert ask(client, "How many?", True, **more).status_code == 200
        assert keeping.exchanges() == ()
    assert len(keeping.exchanges()) == 1


@every_way
def test_a_journal_that_cannot_be_written_costs_nobody_the_answer(
    doors: Doors, tmp_path: Path, caplog: pytest.LogCaptureFixture, way: Way
) -> None:
    ask, more, _ = way
    (tmp_path / "file").touch()
    reply = ask(doors(Journal(tmp_path / "file" / "journal.sqlite", keeps_questions=True)), "How many?", True, **more)
    assert "100 berths" in reply.text
    assert "problem" not in reply.text
    assert "a question was not kept" in caplog.text


def test_the_descriptions_say_what_leave_is_asked_for(doors: Doors) -> None:
    client = doors()
    asking = client.get("/api/v1/openapi.json").json()["components"]["schemas"]["Asking"]["properties"]["keep"]
    completing = client.get("/v1/openapi.json").json()["components"]["schemas"]["Completing"]["properties"]["store"]
    for field in (asking, completing):
        assert field["default"] is False
        assert "only where its owner has turned that on" in field["description"]
