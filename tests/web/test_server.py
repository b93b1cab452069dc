"""The server around the page: its addresses, its languages, its states, and what the page's script asks of it."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import Headers

from shanghai_qa.assistant import Assistant
from shanghai_qa.errors import ShanghaiQAError
from shanghai_qa.journal import NONE, Journal
from shanghai_qa.prove import source_of
from shanghai_qa.settings import ApiSettings
from shanghai_qa.store import Index
from shanghai_qa.values import Answer, Citation, CorpusInfo, Document, Filters, Outcome, Statement, Turn
from shanghai_qa.web import ports
from shanghai_qa.web.line import Line
from shanghai_qa.web.page import Asked, Page
from shanghai_qa.web.page_phrases import PAGE
from shanghai_qa.web.server import build_app, preferred
from tests.e2e.program import copy_of
from tests.web.conftest import serving

T = TypeVar("T")

NO_JOURNAL = Journal(Path("none"))
REFUSAL = Answer("Where?", "en", Outcome.NOT_IN_CORPUS, CorpusInfo("v1", 1, 3))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.sqlite")


@pytest.fixture
def client(assistant: Assistant, journal: Journal) -> TestClient:
    return TestClient(build_app(assistant, journal))


@pytest.mark.parametrize("prefix", ["", "/zh"])
def test_health_names_the_corpus(client: TestClient, prefix: str) -> None:
    corpus = {"version": "v1", "documents": 1, "passages": 3}
    assert client.get(f"{prefix}/health").json() == {"status": "ok", "ingesting": False, "corpus": corpus}


@pytest.mark.parametrize("prefix", ["", "/zh"])
def test_only_the_files_of_the_page_are_served(client: TestClient, prefix: str) -> None:
    assert client.get(f"{prefix}/page/style.css").headers["content-type"].startswith("text/css")
    assert "javascript" in client.get(f"{prefix}/page/chat.js").headers["content-type"]
    for outside in ("server.py", "../server.py", "%2e%2e/server.py"):
        assert client.get(f"{prefix}/page/{outside}").status_code == 404


def test_every_response_keeps_other_hosts_and_inline_handlers_out(client: TestClient) -> None:
    for address in ("/", "/zh/", "/health", "/source/none", "/sources", "/explore"):
        policy = client.get(address).headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "script-src-attr 'none'" in policy


def test_an_ingest_at_work_is_told_and_waited_out_by_none(tmp_path: Path) -> None:
    index = Index(tmp_path / "index")
    assert not index.is_being_written
    with index.writing():
        assert index.is_being_written
    assert not index.is_being_written


# --- Languages


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "de, zh;q=0.5", "zh"),
        ("", "en-GB,en;q=0.9,zh;q=0.1", "en"),
        ("language=en", "zh-CN", "en"),
        ("language=zh", "en", "zh"),
        ("language=<script>", "en", "en"),
    ],
)
def test_the_language_is_the_readers_choice_else_the_browsers(cookie: str, accepted: str, language: str) -> None:
    assert preferred(Headers({"cookie": cookie, "accept-language": accepted})) == language


def test_a_chinese_browser_is_led_to_the_chinese_page_with_its_question(client: TestClient) -> None:
    reply = client.get("/?q=%E4%B8%8A%E6%B5%B7", headers={"Accept-Language": "zh-CN"}, follow_redirects=False)
    assert reply.status_code == 307
    assert reply.headers["location"] == "/zh/?q=%E4%B8%8A%E6%B5%B7"
    assert client.get("/sources", headers={"Accept-Language": "zh-CN"}, follow_redirects=False).status_code == 200


# --- One exchange


def finished(work: Coroutine[Any, Any, T]) -> T:
    """What `work` comes to, in a thread of its own: Playwright's loop runs in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def turns_of(assistant: Assistant, question: str, line: Line | None = None) -> list[str]:
    return turns_in(Page(assistant, NO_JOURNAL, "en", line or Line()), Asked(question=question, number=1, key="k1"))


def turns_in(page: Page, asked: Asked) -> list[str]:
    async def collected() -> list[str]:
        return [str(shown) async for shown in page.exchange(asked, Filters())]

    return finished(collected())


def test_the_steps_come_before_the_answer(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shanghai_qa.web.page._SEEN_S", 0)
    *before, last = turns_of(assistant, "Where?")
    assert "Reading the question" in before[0]
    assert any("Searching 3 passages" in shown for shown in before)
    assert "Not in this corpus" in last


def test_an_error_of_the_user_is_shown_in_its_own_words(assistant: Assistant) -> None:
    assert "build it with: shanghai-qa ingest" in turns_of(assistant, "boom")[-1]


def test_any_other_error_is_logged_and_not_shown(assistant: Assistant, caplog: pytest.LogCaptureFixture) -> None:
    last = turns_of(assistant, "bug")[-1]
    assert "secret" not in last
    assert "Traceback" not in last
    assert "a secret" in caplog.text


def test_a_line_tells_each_how_many_are_ahead_and_serves_them_in_order() -> None:
    order: list[str] = []

    async def visitor(line: Line, name: str, stay: asyncio.Event, heard: list[int]) -> None:
        async with line.place() as place:
            async for ahead in place.waiting():
                heard.append(ahead)
            order.append(name)
            await stay.wait()

    async def all_of_them() -> list[list[int]]:
        line, stays = Line(width=2), [asyncio.Event() for _ in range(5)]
        heard: list[list[int]] = [[] for _ in stays]
        tasks = []
        for n, (stay, said) in enumerate(zip(stays, heard, strict=True)):
            tasks.append(asyncio.create_task(visitor(line, "abcde"[n], stay, said)))
            await asyncio.sleep(0)
        tasks[3].cancel()  # who gives up leaves the line
        for stay in stays:
            stay.set()
            await asyncio.sleep(0.01)
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), timeout=5)
        return heard

    heard = finished(all_of_them())
    assert order == ["a", "b", "c", "e"]
    assert heard[:3] == [[], [], [1]]
    assert heard[4][0] in (2, 3)
    assert heard[4] == sorted(heard[4], reverse=True)


def test_whoever_waits_is_told_how_many_are_ahead(assistant: Assistant) -> None:
    async def shown() -> list[str]:
        line = Line(width=1)
        page = Page(assistant, NO_JOURNAL, "en", line)
        said: list[str] = []

        async def ask() -> None:
            async for turn in page.exchange(Asked(question="Where?", number=1, key="k1"), Filters()):
                said.append(str(turn))

        async with line.place():
            waiting = asyncio.create_task(ask())
            await asyncio.sleep(0.05)
        await asyncio.wait_for(waiting, timeout=5)
        return said

    said = finished(shown())
    assert any("Busy: 1 question is ahead of yours." in turn for turn in said)
    assert "Not in this corpus" in said[-1]


# --- What is kept of it


def test_a_question_is_kept_of_a_reader_who_agrees_where_questions_are_kept(
    assistant: Assistant, tmp_path: Path
) -> None:
    for keeps, agrees in ((True, True), (True, False), (False, True), (False, False)):
        journal = Journal(tmp_path / f"{keeps}-{agrees}", keeps_questions=keeps)
        talk = [Turn("user", "Why?"), Turn("assistant", "So.")]
        asked = Asked(question="Where?", number=2, key="k1", history=talk, keep=agrees)
        assert "Not in this corpus" in turns_in(Page(assistant, journal, "en", Line()), asked)[-1]
        kept = [(one.door, one.history, one.answer) for one in journal.exchanges()]
        assert kept == ([("page", tuple(talk), REFUSAL)] if keeps and agrees else [])
        assert journal.path.exists() == (keeps and agrees)


def test_what_was_not_answered_is_not_kept(assistant: Assistant, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite", keeps_questions=True)
    for question in ("boom", "bug"):
        turns_in(Page(assistant, journal, "en", Line()), Asked(question=question, number=1, key="k1", keep=True))
    assert not journal.path.exists()


@pytest.mark.parametrize(("prefix", "language"), [("", "en"), ("/zh", "zh")])
def test_only_a_server_that_keeps_questions_speaks_of_it(
    assistant: Assistant, tmp_path: Path, prefix: str, language: str
) -> None:
    for keeps in (False, True):
        journal = Journal(tmp_path / "journal.sqlite", keeps_questions=keeps)
        shown = TestClient(build_app(assistant, journal)).get(f"{prefix}/").text
        assert (PAGE[language].consent["keep"] in shown) == keeps


# --- What the script asks for


def test_turns_are_drawn_again_from_what_the_browser_kept(client: TestClient) -> None:
    kept = {"answer": REFUSAL.to_dict(), "filters": {"topics": ["ai"]}}
    shown = client.post("/turns", json=[kept, kept]).text
    assert shown.count("Not in this corpus") == 2
    assert 'data-turn="2"' in shown
    assert "Only sources that match: AI" in shown
    assert "语料库中没有答案" not in client.post("/zh/turns", json=[kept]).text  # the answer keeps its own language


def test_what_a_browser_made_up_is_refused_without_harm(client: TestClient) -> None:
    assert client.post("/turns", json=[{"answer": {"question": "?"}}]).status_code == 422
    assert client.post("/turns", json=[{"answer": REFUSAL.to_dict()}] * 201).status_code == 422
    assert client.post("/export/docx", json=[]).status_code == 422
    assert client.post("/feedback", json={"answer": REFUSAL.to_dict(), "helpful": "perhaps"}).status_code == 422
    evil = {**REFUSAL.to_dict(), "question": "<script>alert(1)</script>", "missing": ["<img src=x>"]}
    shown = client.post("/turns", json=[{"answer": evil}]).text
    assert "<script" not in shown
    assert "<img" not in shown


def test_a_statement_without_its_citation_is_refused(client: TestClient) -> None:
    broken = {**REFUSAL.to_dict(), "outcome": "answered", "statements": [{"text": "S.", "citations": [1]}]}
    reply = client.post("/turns", json=[{"answer": broken}])
    assert reply.status_code == 422
    assert "has no citation 1" in reply.json()["detail"][0]["msg"]


def test_answers_are_exported_as_a_file(client: TestClient) -> None:
    reply = client.post("/export/markdown", json=[REFUSAL.to_dict()])
    assert reply.headers["content-disposition"] == 'attachment; filename="shanghai-qa.md"'
    assert "Where?" in reply.text


def test_a_vote_is_kept_and_taken_back_only_by_who_gave_it(client: TestClient, journal: Journal) -> None:
    vote = {"answer": REFUSAL.to_dict(), "history": [{"role": "user", "content": "?"}], "helpful": False, "reason": "x"}
    given = client.post("/feedback", json=vote).json()
    (entry,) = journal.entries()
    assert (entry.id, entry.reason, entry.history, entry.question) == (given["id"], "x", (Turn("user", "?"),), "Where?")
    assert client.delete(f"/feedback/{given['id']}?undo=guess").status_code == 403
    assert len(journal.entries()) == 1
    assert client.delete(f"/feedback/{given['id']}?undo={given['undo']}").status_code == 204
    assert journal.entries() == ()
    assert client.delete(f"/feedback/{given['id']}?undo={given['undo']}").status_code == 400


def test_a_vote_is_kept_on_nothing_but_what_the_documents_say(
    assistant: Assistant, document: Document, client: TestClient, journal: Journal
) -> None:
    quote = document.text[:20]
    true = replace(
        REFUSAL,
        outcome=Outcome.ANSWERED,
        statements=(Statement(quote, (1,)),),
        citations=(Citation(1, quote, 0, len(quote), "", source_of(document)),),
    )
    false = replace(true, citations=(replace(true.citations[0], quote="Buy now."),))
    beside = replace(true, statements=(Statement("Buy now.", (1,)),))
    long = replace(true, statements=(Statement("x" * 2001, (1,)),))
    given = [
        client.post("/feedback", json={"answer": answer.to_dict(), "helpful": True})
        for answer in (true, false, beside, long)
    ]
    assert [reply.status_code for reply in given] == [200, 422, 422, 422]
    assert "do not hold what this answer cites" in given[1].json()["detail"]
    assert [entry.answer for entry in journal.entries()] == [true]


@pytest.mark.parametrize("address", ["/turns", "/zh/turns", "/export/markdown", "/feedback"])
def test_what_is_sent_to_the_page_is_held_to_the_size_and_rate_of_the_doors(
    assistant: Assistant, journal: Journal, address: str
) -> None:
    access = ApiSettings(keys=("k1",), rate="3/minute", max_body_bytes=1000)
    client = TestClient(build_app(assistant, journal, access))
    assert client.post(address, content=b"[" + b" " * 1000 + b"]").status_code == 413

    def pieces() -> Iterator[bytes]:  # sent without its length
        yield b"[" + b" " * 600
        yield b" " * 600 + b"]"

    headers = {"Content-Type": "application/json"}
    assert client.post(address, content=pieces(), headers=headers).status_code == 413
    assert client.delete("/feedback/1?undo=x").status_code == 403
    refused = client.post(address, json=[])
    assert (refused.status_code, refused.json()["status"]) == (429, 429)
    assert client.get("/health").status_code == 200
    asked = client.post("/gradio_api/queue/join", json={"data": ["x" * 1000], "fn_index": 0, "session_hash": "s"})
    assert asked.status_code not in (413, 429)


@pytest.mark.parametrize("prefix", ["", "/zh"])
def test_a_server_without_a_journal_shows_no_votes_and_takes_none(assistant: Assistant, prefix: str) -> None:
    client = TestClient(build_app(assistant, Journal(NONE, keeps_questions=True)))
    assert ".votes { display: none }" in client.get(f"{prefix}/").text
    reply = client.post(f"{prefix}/feedback", json={"answer": REFUSAL.to_dict(), "helpful": True})
    assert (reply.status_code, "nothing is kept" in reply.json()["detail"]) == (400, True)


def test_a_server_with_a_journal_shows_votes(client: TestClient) -> None:
    assert ".votes { display: none }" not in client.get("/").text


def test_a_journal_that_cannot_be_written_is_said_in_one_line(assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    client = TestClient(build_app(assistant, Journal(tmp_path / "file" / "journal.sqlite")))
    reply = client.post("/feedback", json={"answer": REFUSAL.to_dict(), "helpful": True})
    assert reply.status_code == 400
    assert "SHANGHAI_QA_JOURNAL" in reply.json()["detail"]


def test_a_port_in_use_is_one_line_that_offers_the_next() -> None:
    with ports.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ShanghaiQAError) as error:
            ports.check_port("127.0.0.1", port)
    assert str(error.value) == f"port {port} is in use; choose another with: shanghai-qa serve --port {port + 1}"


def test_a_free_port_stays_free() -> None:
    with ports.listen("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
    ports.check_port("127.0.0.1", port)
    ports.check_port("127.0.0.1", port)


def test_a_port_that_cannot_be_is_named() -> None:
    with pytest.raises(ShanghaiQAError, match="between 0 and 65535, got 70000"):
        ports.check_port("127.0.0.1", 70_000)


def test_the_address_is_one_that_a_browser_here_can_open() -> None:
    with ports.listen("0.0.0.0", 0) as sock:
        assert ports.address(sock) == f"http://127.0.0.1:{sock.getsockname()[1]}/"


def test_checking_a_port_loads_nothing_heavy() -> None:
    code = "import sys, shanghai_qa.web.ports; sys.exit(bool({'gradio', 'fastapi', 'uvicorn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


_SERVE = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from conftest import OneDocument
from shanghai_qa.journal import Journal
from shanghai_qa.values import Document, Tier
from shanghai_qa.web.server import serve
document = Document("a/b", "A", None, (), None, None, Tier.PRIMARY, (), (), "Text.")
serve(lambda: OneDocument(document), Journal(Path(sys.argv[2])), "127.0.0.1", 0)
"""


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_the_server_says_when_it_is_ready_and_ends_when_told(told: signal.Signals, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(Path(__file__).parent), str(tmp_path / "journal.sqlite")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "http://127.0.0.1:" in process.stdout.readline()
        process.send_signal(told)
        _, errors = process.communicate(timeout=5)
    finally:
        process.kill()
    assert "Traceback" not in errors


@pytest.mark.corpus
def test_without_an_index_a_page_says_so_until_there_is_one(index: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with serving(folder, tmp_path / "journal.sqlite") as (address, _):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(address)
        assert error.value.code == 503
        assert error.value.headers["Refresh"] == "5"
        shown = error.value.read().decode()
        assert f"no index at {folder}; build it with: shanghai-qa ingest" in shown
        request = urllib.request.Request(address, headers={"Accept-Language": "zh"})
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(request)
        assert "文档尚未就绪" in error.value.read().decode()
        copy_of(index, tmp_path / "aside").rename(folder)
        for _ in range(60):
            time.sleep(0.5)
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}health") as reply:
                assert json.load(reply)["status"] == "ok"
                return
        pytest.fail("the page did not come")
