"""REST: each route gives what the assistant gives, and each error is a problem document."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from shanghai_qa.api.models import EXAMPLE
from shanghai_qa.prove import check_statements
from shanghai_qa.values import Answer, Ask, Filters, Tier, Turn
from tests.api.conftest import PORT, TEXT, Scripted, frames


def assert_problem(reply: Any, status: int) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = reply.json()
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert problem["title"]
    assert "Traceback" not in reply.text
    return problem


def test_an_answer_comes_as_the_assistant_gives_it(client: TestClient, scripted: Scripted) -> None:
    reply = client.post("/api/v1/ask", json={"question": "How many?", "id": "q-1"})
    assert reply.text == scripted.answer(Ask("How many?", id="q-1")).to_json()


def test_history_and_filters_reach_the_assistant(client: TestClient, scripted: Scripted) -> None:
    filters = {"topics": ["trade"], "tiers": ["primary"], "year_from": 2020, "places": ["Lingang"], "documents": ["a"]}
    history = [{"role": "user", "content": "Hm?"}, {"role": "assistant", "content": "Ah."}]
    client.post("/api/v1/ask", json={"question": "How many?", "history": history, "filters": filters})
    wanted = Filters(("trade",), ("Lingang",), (Tier.PRIMARY,), 2020, None, ("a",))
    assert scripted.asked == [Ask("How many?", (Turn("user", "Hm?"), Turn("assistant", "Ah.")), wanted)]


def test_a_stream_tells_steps_and_sentences_then_the_whole_answer(client: TestClient, scripted: Scripted) -> None:
    reply = client.post("/api/v1/ask", json={"question": "How many?"}, headers={"Accept": "text/event-stream"})
    assert reply.headers["content-type"].startswith("text/event-stream")
    told = frames(reply.text)
    assert [name for name, _ in told] == ["step", "statement", "statement", "answer", "done"]
    assert told[0][1] == {"name": "search", "message": "Searching 1 passage"}
    assert told[1][1] == {"text": "The port has 100 berths.", "citations": [1], "as_of": "2024-03-05"}
    assert told[3][1] == json.loads(scripted.answer(Ask("How many?")).to_json())


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize(("question", "status"), [(" ", 422), ("boom", 503), ("bug", 500)])
def test_what_goes_wrong_at_once_is_a_status(client: TestClient, accept: str, question: str, status: int) -> None:
    reply = client.post("/api/v1/ask", json={"question": question}, headers={"Accept": accept})
    assert "secret" not in assert_problem(reply, status)["detail"]


def test_what_goes_wrong_later_ends_the_stream(client: TestClient) -> None:
    reply = client.post("/api/v1/ask", json={"question": "late bug"}, headers={"Accept": "text/event-stream"})
    name, problem = frames(reply.text)[-1]
    assert (name, problem["status"]) == ("problem", 500)
    assert "secret" not in reply.text


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ('{"question": ', "body"),
        ("[1]", "body"),
        ("{}", "body.question"),
        ('{"question": ""}', "body.question"),
        ('{"question": "\\ud800"}', "body.question"),
        ('{"question": "?", "queston": "?"}', "body.queston"),
        ('{"question": "?", "\\ud800": "?"}', "body"),
        ('{"question": "?", "filters": {"topics": ["alchemy"]}}', "body.filters.topics.0"),
        ('{"question": "?", "filters": {"year_from": 2024, "year_to": 2020}}', "body.filters"),
        ('{"question": "?", "filters": {"year_from": NaN}}', "body.filters.year_from"),
        ('{"question": "?", "history": [{"role": "system", "content": ""}]}', "body.history.0.role"),
    ],
)
def test_a_fault_is_named_by_its_place(client: TestClient, body: str, at: str) -> None:
    reply = client.post("/api/v1/ask", content=body, headers={"Content-Type": "application/json"})
    assert assert_problem(reply, 422)["errors"][0]["at"] == at


@pytest.mark.parametrize("body", ["[" * 100_000, '{"question": %s}' % ("1" * 10_000), b'{"question": "\xff"}'])
def test_what_json_cannot_be_is_refused(client: TestClient, body: str | bytes) -> None:
    reply = client.post("/api/v1/ask", content=body, headers={"Content-Type": "application/json"})
    assert_problem(reply, 400)


def test_addresses_and_methods_that_do_not_exist(client: TestClient) -> None:
    for address in ("/api/v1/none", "/api/v1/", "/api/v1/ask/"):
        assert_problem(client.get(address), 404)
    assert assert_problem(client.get("/api/v1/ask"), 405)
    assert client.get("/api/v1/ask").headers["allow"] == "POST"


def test_a_search_gives_passages_with_their_sentences(client: TestClient) -> None:
    found = client.post("/api/v1/search", json={"query": "berths", "limit": 3}).json()
    assert (found["query"], found["corpus"]["version"]) == ("berths", "v1")
    (hit,) = found["passages"]
    assert (hit["rank"], hit["source"]["id"]) == (1, "trade/port")
    assert [TEXT[one["start"] : one["end"]] for one in hit["sentences"]] == [one["text"] for one in hit["sentences"]]
    assert_problem(client.post("/api/v1/search", json={"query": "berths", "limit": 0}), 422)


def test_sources_are_searched_narrowed_and_paged(client: TestClient) -> None:
    def ids(query: str) -> list[str]:
        return [one["source"]["id"] for one in client.get(f"/api/v1/sources?{query}").json()["sources"]]

    assert ids("sort=title") == ["ai/town", "trade/port"]
    assert ids("q=1999") == ["trade/port"]
    assert ids("topic=trade&topic=ai&tier=primary") == ["ai/town"]
    assert ids("year_from=2024&year_to=2024") == ["trade/port"]
    assert ids("sort=title&per_page=1&page=2") == ["trade/port"]
    assert ids("page=9") == []
    assert client.get("/api/v1/sources?per_page=1").json()["total"] == 2
    assert_problem(client.get("/api/v1/sources?topc=ai"), 422)
    assert_problem(client.get("/api/v1/sources?year_from=2024&year_to=2020"), 422)


def test_a_source_has_its_text_and_numbered_sentences(client: TestClient) -> None:
    found = client.get("/api/v1/sources/trade/port").json()
    assert (found["text"], found["source"]["sha256"]) == (TEXT, PORT.sha256)
    assert found["sentences"][1] == {"number": 2, "text": "It opened in 1999.", "start": 35, "end": 53}
    assert assert_problem(client.get("/api/v1/sources/trade/none"), 404)["detail"].startswith("no document")


def test_an_answer_is_verified_and_a_changed_one_fails(client: TestClient, scripted: Scripted) -> None:
    answer = json.loads(scripted.answer(Ask("How many?")).to_json())
    good = client.post("/api/v1/verify", json=answer).json()
    assert good["holds"]
    assert [one["verdict"] for one in good["citations"]] == ["found", "found"]
    answer["citations"][0]["quote"] = "The port has 900 berths."
    bad = client.post("/api/v1/verify", json=answer).json()
    assert (bad["holds"], bad["citations"][0]["verdict"]) == (False, "missing")
    assert bad["faults"] == ["statement 1 is not what it cites"]


@pytest.mark.parametrize(
    ("part", "most", "said"),
    [
        ("statements", 50, "an answer of at most 50 statements is checked, got 51"),
        ("citations", 100, "an answer of at most 100 citations is checked, got 101"),
        ("disagreements", 50, "an answer of at most 100 claims is checked, got 102"),
        ("statements.0.citations", 4999, "an answer of at most 5,000 marks is checked, got 5,001"),
    ],
)
def test_what_would_take_long_to_check_is_refused(
    client: TestClient, scripted: Scripted, part: str, most: int, said: str
) -> None:
    answer = json.loads(scripted.answer(Ask("How many?")).to_json())
    answer["citations"][0]["context"] = {"text": "It.", "start": 0, "end": 3, "subject": ""}
    answer["disagreements"] = [{"subject": "s", "claims": [{"value": "1", "as_of": None, "citation": 1}] * 2}]
    *above, last = part.split(".")
    place = answer
    for name in above:
        place = place[int(name) if name.isdecimal() else name]
    whole = place[last]

    def grown(to: int) -> Any:
        return "x" * to if isinstance(whole, str) else (whole * to)[: max(to, 1)]

    place[last] = grown(most)
    assert client.post("/api/v1/verify", json=answer).status_code == 200
    place[last] = grown(most + 1)
    problem = assert_problem(client.post("/api/v1/verify", json=answer), 422)
    assert problem["errors"] == [{"at": "body", "message": said}]


@pytest.mark.parametrize(
    ("statements", "cited", "status"), [(1, 9, 200), (6, 4, 200), (6, 9, 200), (7, 4, 422)], ids=str
)
def test_a_models_sentences_are_compared_with_so_much_and_no_more(
    client: TestClient, scripted: Scripted, statements: int, cited: int, status: int
) -> None:
    answer = json.loads(scripted.answer(Ask("How many?")).to_json())
    answer["answerer"] = "openai:m"
    answer["citations"] = [{**answer["citations"][0], "number": n, "quote": "x" * 600} for n in range(1, cited + 1)]
    answer["statements"] = [{"text": "y" * 600, "citations": [*range(1, cited + 1)], "as_of": None}] * statements
    assert client.post("/api/v1/verify", json=answer).status_code == status
    answer["answerer"] = "extractive"
    assert client.post("/api/v1/verify", json=answer).status_code == 200


def test_health_and_readiness(client: TestClient) -> None:
    assert client.get("/api/v1/health").json() == {"status": "ok"}
    corpus = {"version": "v1", "documents": 2, "passages": 1}
    assert client.get("/api/v1/ready").json() == {"status": "ready", "corpus": corpus, "ingesting": False}


def test_the_description_documents_each_error_and_its_example_holds(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()
    assert described["servers"] == [{"url": "/api/v1"}]
    for path, operations in described["paths"].items():
        for operation in operations.values():
            for status, said in operation["responses"].items():
                assert status == "200" or list(said["content"]) == ["application/problem+json"], (path, status)
                assert status == "200" or said["content"]["application/problem+json"]["example"], (path, status)
    paths = described["paths"]
    for operation in (operation for operations in paths.values() for operation in operations.values()):
        reply = operation["responses"]["200"]["content"]["application/json"]
        schema = {**reply["schema"], "components": described["components"]}
        Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(reply["example"])
    assert paths["/ask"]["post"]["responses"]["200"]["content"]["application/json"]["example"] == EXAMPLE
    assert paths["/verify"]["post"]["requestBody"]["content"]["application/json"]["example"] == EXAMPLE
    assert "Problem" in described["components"]["schemas"]
    assert check_statements(TypeAdapter(Answer).validate_python(EXAMPLE)) == []
