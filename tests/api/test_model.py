"""A chat model behind the doors: what it wrote and what is taken back, as clients of either door see it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from langchain_core.language_models import FakeListChatModel

from shanghai_qa.api.app import mount
from shanghai_qa.assistant import Assistant
from shanghai_qa.catalogue import Catalogue
from shanghai_qa.current import Current
from shanghai_qa.settings import ApiSettings, Settings
from shanghai_qa.web.server import build_app
from tests.api.conftest import NO_JOURNAL, frames
from tests.model_server import Model, Reply, serving

pytestmark = pytest.mark.corpus

VALLEY = "How many startups are in Quantum Valley?"
TRUTH = "Quantum Valley holds 32 startups [1]."
HOLDS = Reply(f"{TRUTH} It also holds 99 banks [1].")
BREAKS_OFF = Reply(f"{TRUTH} It is also home to 17 research", broken_after=60)
TAKEN_BACK = "Quantum Valley holds 32 startups."


@pytest.fixture
def model() -> Iterator[Model]:
    with serving() as model:
        yield model


@pytest.fixture
def client(index: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    assistant = Assistant.open(index, Settings(model="openai:m", model_base_url=model.url))
    app = FastAPI(openapi_url=None)
    mount(app, assistant, Current(assistant, Catalogue), NO_JOURNAL, ApiSettings())
    return TestClient(app)


def completed(client: TestClient, stream: bool) -> Any:
    body = {"model": "shanghai-qa", "messages": [{"role": "user", "content": VALLEY}], "stream": stream}
    return client.post("/v1/chat/completions", json=body)


def events(client: TestClient) -> list[tuple[str, Any]]:
    return frames(client.post("/api/v1/ask", json={"question": VALLEY}, headers={"Accept": "text/event-stream"}).text)


def said(told: list[tuple[str, Any]]) -> list[str]:
    """What stands in the end of the sentences that were told: a step "quotes" takes back those before it."""
    sentences: list[str] = []
    for name, data in told:
        if name == "statement":
            sentences.append(data["text"])
        elif name == "step" and data["name"] == "quotes":
            sentences.clear()
    return sentences


@pytest.mark.parametrize("reply", [HOLDS, BREAKS_OFF], ids=["holds", "breaks off"])
def test_what_is_not_taken_back_of_a_stream_is_the_answer(client: TestClient, model: Model, reply: Reply) -> None:
    model.plays(reply)
    *told, (_, answer), (last, _) = events(client)
    assert last == "done"
    assert said(told) == [one["text"] for one in answer["statements"]]


def test_a_model_that_fails_is_taken_back_with_the_reason(client: TestClient, model: Model) -> None:
    model.plays(BREAKS_OFF)
    told = events(client)
    names = [data["name"] if name == "step" else name for name, data in told]
    assert names[:5] == ["search", "read", "write", "statement", "quotes"]
    assert told[3][1]["text"] == TAKEN_BACK
    assert told[4][1]["message"] == "Showing quotes only; openai:m broke off."
    assert TAKEN_BACK not in said(told)


@pytest.mark.parametrize("reply", [HOLDS, BREAKS_OFF], ids=["holds", "breaks off"])
def test_chat_clients_are_sent_no_sentence_that_the_answer_does_not_have(
    client: TestClient, model: Model, reply: Reply
) -> None:
    model.plays(reply)
    *chunks, (_, done) = frames(completed(client, stream=True).text)
    assert done == "[DONE]"
    text = "".join(choice["delta"].get("content", "") for _, chunk in chunks for choice in chunk["choices"])
    answer = next(chunk["answer"] for _, chunk in chunks if "answer" in chunk)
    sentences, _, sources = text.partition("Sources:")
    assert answer["statements"]
    for one in answer["statements"]:
        assert one["text"] in sentences
        sentences = sentences.replace(one["text"], "")
    assert not re.search(r"startups|banks|home to", sentences)
    assert sources.count("\n- [") == len(answer["citations"])
    model.plays(reply)
    assert json.loads(completed(client, stream=False).text)["choices"][0]["message"]["content"] == text


@pytest.mark.parametrize("rewrites", [False, True])
def test_a_model_that_never_answers_costs_no_client_the_quotes(
    index: Path, model: Model, monkeypatch: pytest.MonkeyPatch, rewrites: bool
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    settings = Settings(model="openai:m", model_base_url=model.url, model_rewrites=rewrites)
    model.plays(Reply(silent_s=30))
    client = TestClient(build_app(Assistant.open(index, settings), NO_JOURNAL, ApiSettings(timeout_s=8)))
    history = [{"role": "user", "content": "What is Quantum Valley?"}, {"role": "assistant", "content": "A place."}]
    reply = client.post("/api/v1/ask", json={"question": VALLEY, "history": history if rewrites else []})
    assert reply.status_code == 200, reply.text
    answer = reply.json()
    assert (answer["answerer"], answer["direct_answer"]) == ("extractive", "32 startups")
    assert "Showing quotes only; openai:m did not answer in time." in answer["caveats"]
    assert len(model.asked) == 1 + rewrites


def test_a_model_that_was_handed_in_stays_when_it_is_given_less_time(index: Path) -> None:
    model = FakeListChatModel(responses=["Quantum Valley holds 32 startups [1]."])
    app = build_app(Assistant.open(index, Settings(), model), NO_JOURNAL, ApiSettings(timeout_s=20))
    statements = TestClient(app).post("/api/v1/ask", json={"question": VALLEY}).json()["statements"]
    assert [one["text"] for one in statements] == ["Quantum Valley holds 32 startups."]
