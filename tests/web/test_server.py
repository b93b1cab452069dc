import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from shanghai_qa.assistant import Assistant
from shanghai_qa.errors import ShanghaiQAError
from shanghai_qa.values import Document, Filters, Tier
from shanghai_qa.web import ports
from shanghai_qa.web.page import Conversation, exchange, filters_of
from shanghai_qa.web.server import build_app


@pytest.fixture
def client(assistant: Assistant) -> TestClient:
    return TestClient(build_app(assistant))


def test_health_names_the_corpus(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok", "corpus": {"version": "v1", "documents": 1, "passages": 3}}


def test_a_source_is_a_page_with_the_quoted_words_marked(client: TestClient, document: Document) -> None:
    start = document.text.index("The port opened")
    reply = client.get(f"/source/trade/port-plan?start={start}&end={start + 24}")
    assert '<mark id="quote">The port opened in 1999.</mark>' in reply.text
    assert reply.text.startswith("<!doctype html>")


def test_the_panel_gets_the_same_source_without_the_page_around_it(client: TestClient) -> None:
    reply = client.get("/source/trade/port-plan?panel=true")
    assert reply.text.startswith("<article")
    assert "<mark" not in reply.text


def test_a_document_that_has_changed_since_is_shown_without_a_mark(client: TestClient) -> None:
    reply = client.get("/source/trade/port-plan?start=0&end=5&sha=000000000000")
    assert "has changed since it was quoted" in reply.text
    assert "<mark" not in reply.text


@pytest.mark.parametrize(("start", "end"), [(5, 5), (9, 2), (-3, 4), (0, 10_000)])
def test_a_place_that_the_document_does_not_have_is_named_as_such(client: TestClient, start: int, end: int) -> None:
    reply = client.get(f"/source/trade/port-plan?start={start}&end={end}")
    assert reply.status_code == 200
    assert "a place that this document does not have" in reply.text


def test_an_unknown_source_is_a_plain_page_that_repeats_the_id_as_text(client: TestClient) -> None:
    reply = client.get("/source/<script>alert(1)</script>")
    assert reply.status_code == 404
    assert "No such source" in reply.text
    assert "<script" not in reply.text


def test_only_the_files_of_the_page_are_served(client: TestClient) -> None:
    assert client.get("/page/style.css").headers["content-type"].startswith("text/css")
    assert client.get("/page/page.js").status_code == 200
    assert client.get("/page/server.py").status_code == 404


def test_every_response_keeps_other_hosts_and_inline_handlers_out(client: TestClient) -> None:
    for address in ("/", "/health", "/source/none"):
        policy = client.get(address).headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "script-src-attr 'none'" in policy


def test_the_steps_come_before_the_answer(assistant: Assistant) -> None:
    *before, (last, after) = exchange(assistant, "Where?", Conversation(), Filters())
    assert any("Searching 3 passages" in shown for shown, _ in before)
    assert "Not in this corpus" in last
    assert after is not None
    assert [turn.role for turn in after.turns] == ["user", "assistant"]


def test_an_error_of_the_user_is_shown_in_its_own_words(assistant: Assistant) -> None:
    *_, (last, after) = exchange(assistant, "boom", Conversation(), Filters())
    assert "build it with: shanghai-qa ingest" in last
    assert after is not None
    assert after.turns == ()


def test_any_other_error_is_logged_and_not_shown(assistant: Assistant, caplog: pytest.LogCaptureFixture) -> None:
    *_, (last, _) = exchange(assistant, "bug", Conversation(), Filters())
    assert "secret" not in last
    assert "Traceback" not in last
    assert "a secret" in caplog.text


def test_the_fields_of_the_page_become_filters() -> None:
    assert filters_of([], [], [], "", "") == Filters()
    assert filters_of(["ai"], ["Xuhui"], ["primary"], "2020", "") == Filters(
        topics=("ai",), places=("Xuhui",), tiers=(Tier.PRIMARY,), year_from=2020
    )


def test_years_may_come_in_either_order() -> None:
    assert filters_of([], [], [], "2024", "2020") == Filters(year_from=2020, year_to=2024)


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
from conftest import OneDocument
from shanghai_qa.values import Document, Tier
from shanghai_qa.web.server import serve
document = Document("a/b", "A", None, (), None, None, Tier.PRIMARY, (), (), "Text.")
serve(OneDocument(document), "127.0.0.1", 0)
"""


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_the_server_says_when_it_is_ready_and_ends_when_told(told: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(Path(__file__).parent)],
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
