"""What a chat model writes, held against what it cites: by hand, and through a real HTTP server that speaks its API."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shanghai_qa.assistant import Assistant
from shanghai_qa.errors import SettingsError
from shanghai_qa.prove import check_statements, unsupported
from shanghai_qa.settings import Settings
from shanghai_qa.values import Answer, Outcome
from shanghai_qa.write import check
from tests.test_disagree import candidate

QUOTE = "According to the report, 17 research institutions and 32 startups work together in Quantum Valley."
OFFERED = [candidate(QUOTE, "a/report"), candidate("The STAR Market was launched on 13 June 2019.", "a/star")]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("32 startups work in Quantum Valley.", []),
        ("33 startups work in Quantum Valley.", ["the figure 33"]),
        ("In 2024, 32 startups worked in Quantum Valley.", ["the date 2024"]),
        ("32 startups of Hangzhou work in Quantum Valley.", ["the name Hangzhou"]),
        ("32 startups do not work together in Quantum Valley.", ["a denial"]),
        ("Bananas ripen quickly when kept warm.", ["its meaning"]),
    ],
)
def test_a_sentence_may_say_only_what_its_quotes_say(text: str, wrong: list[str]) -> None:
    assert unsupported(text, [QUOTE]) == wrong


def test_a_date_may_be_told_less_fully_than_in_the_quote_but_not_more() -> None:
    quote = "The market was launched on 13 June 2019."
    assert unsupported("The market was launched in June 2019.", [quote]) == []
    assert unsupported(quote, ["The market was launched in June 2019."]) == ["the date 13 June 2019"]


def test_marks_are_taken_off_and_sentences_without_good_ones_are_removed_and_counted() -> None:
    written = check(
        "32 startups work in Quantum Valley [1]. The STAR Market was launched on 13 June 2019.[2] It is large. "
        "The market was launched in 2019 [7]. 17 institutions work together in Quantum Valley [1, 2].",
        OFFERED,
    )
    assert [(text, [c.document.id for c in cites]) for text, cites in written.sentences] == [
        ("32 startups work in Quantum Valley.", ["a/report"]),
        ("The STAR Market was launched on 13 June 2019.", ["a/star"]),
        ("17 institutions work together in Quantum Valley.", ["a/report", "a/star"]),
    ]
    assert written.removed == 2


@pytest.mark.parametrize("reply", ["", "NOTHING", "NOTHING.", "  "])
def test_a_model_that_says_nothing_wrote_nothing(reply: str) -> None:
    written = check(reply, OFFERED)
    assert (written.sentences, written.removed) == ((), 0)


class Server(ThreadingHTTPServer):
    """Speaks the chat API on loopback: answers each request with `reply`, or an error where that is None."""

    reply: str | None = None
    asked: str = ""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked = request["messages"][-1]["content"]
        message = {"role": "assistant", "content": self.server.reply}
        body = {"id": "1", "object": "chat.completion", "created": 0, "model": "m",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}  # fmt: skip
        self.send_response(500 if self.server.reply is None else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture(scope="module")
def with_model(index: Path, server: Server) -> Iterator[Assistant]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", "none")
        address = f"http://127.0.0.1:{server.server_address[1]}/v1"
        yield Assistant.open(index, Settings(model="openai:m", model_base_url=address))


VALLEY = "How many startups are in Quantum Valley?"


def ask(assistant: Assistant, server: Server, reply: str | None, question: str = VALLEY) -> Answer:
    server.reply = reply
    return assistant.ask(question)


@pytest.mark.corpus
def test_what_a_model_writes_is_cited_by_quotes_that_hold(with_model: Assistant, server: Server) -> None:
    answer = ask(with_model, server, "Quantum Valley holds 32 startups [1]. It also holds 99 banks [1].")
    assert answer.answerer == "openai:m"
    assert [statement.text for statement in answer.statements] == ["Quantum Valley holds 32 startups."]
    assert (answer.removed, answer.direct_answer) == (1, "32 startups")
    assert answer.citations[0].source.id == "report/port-to-tech-leader"
    assert all(one.holds for one in with_model.verify(answer))
    assert check_statements(answer) == []
    assert '"number": 1' in server.asked


@pytest.mark.corpus
def test_where_nothing_of_it_holds_the_default_answer_is_given(with_model: Assistant, server: Server) -> None:
    answer = ask(with_model, server, "Quantum Valley holds 99 startups [1].")
    assert (answer.answerer, answer.removed) == ("extractive", 1)
    assert answer.statements[0].text == answer.citations[0].quote
    assert answer.direct_answer == "32 startups"


@pytest.mark.corpus
def test_a_model_that_fails_costs_no_answer_and_is_named(with_model: Assistant, server: Server) -> None:
    answer = ask(with_model, server, None)
    assert (answer.answerer, answer.outcome) == ("extractive", Outcome.ANSWERED)
    assert answer.caveats[-1] == "Showing quotes only; openai:m did not answer."


@pytest.mark.corpus
def test_a_model_is_not_asked_what_the_corpus_does_not_hold(with_model: Assistant, server: Server) -> None:
    server.asked = ""
    answer = ask(with_model, server, "Paris has 2 million people [1].", "What is the population of Paris?")
    assert answer.outcome is Outcome.NOT_IN_CORPUS
    assert server.asked == ""


@pytest.mark.corpus
def test_a_model_that_cannot_be_opened_is_named(index: Path) -> None:
    with pytest.raises(SettingsError, match="'nobody:m' cannot be opened"):
        Assistant.open(index, Settings(model="nobody:m"))
