"""Keys, rates, sizes, and what the doors tell Prometheus."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from shanghai_qa.api.app import is_door
from shanghai_qa.api.limits import Closed
from shanghai_qa.assistant import Assistant
from shanghai_qa.errors import SettingsError
from shanghai_qa.settings import ApiSettings, Settings
from tests.api.conftest import Doors, Scripted, opened_on
from tests.api.test_app import assert_problem

QUESTION = {"question": "How many?"}
CHAT = {"model": "shanghai-qa", "messages": [{"role": "user", "content": "How many?"}]}


@pytest.mark.parametrize("shown", [{"Authorization": "Bearer k2"}, {"authorization": "bearer k2"}, {"X-API-Key": "k2"}])
def test_either_key_opens_every_door(doors: Doors, shown: dict[str, str]) -> None:
    client = doors(keys=("k1", "k2"))
    assert client.post("/api/v1/ask", json=QUESTION, headers=shown).status_code == 200
    assert client.post("/v1/chat/completions", json=CHAT, headers=shown).status_code == 200
    assert client.get("/metrics", headers=shown).status_code == 200


@pytest.mark.parametrize(
    "shown", [{}, {"Authorization": "Bearer k3"}, {"Authorization": "Basic k1"}, {"X-API-Key": "é"}]
)
def test_without_a_key_nothing_is_read_and_nothing_told(
    doors: Doors, scripted: Scripted, shown: dict[str, str]
) -> None:
    client = doors(keys=("k1",))
    headers = {name.encode(): value.encode() for name, value in shown.items()}
    assert client.post("/api/v1/ask", content="{", headers=headers).headers["www-authenticate"] == "Bearer"
    for address in ("/api/v1/sources", "/api/v1/none", "/metrics"):
        assert_problem(client.get(address, headers=headers), 401)
    refused = client.post("/v1/chat/completions", json=CHAT, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")
    assert scripted.asked == []


def test_health_readiness_and_description_need_no_key(doors: Doors) -> None:
    client = doors(keys=("k1",), rate="1/hour")
    for address in ("/api/v1/health", "/api/v1/ready", "/api/v1/openapi.json", "/v1/openapi.json"):
        assert [client.get(address).status_code for _ in range(2)] == [200, 200]


def test_one_request_too_many_is_told_when_to_come_again(doors: Doors) -> None:
    client = doors(rate="2/minute", keys=("k1", "k2"))
    first, second = {"X-API-Key": "k1"}, {"X-API-Key": "k2"}
    assert [client.get("/api/v1/sources", headers=first).status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get("/v1/models", headers=first)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert client.get("/api/v1/sources", headers=second).status_code == 200


def test_keys_cannot_be_guessed_faster_than_the_rate(doors: Doors) -> None:
    client = doors(rate="2/minute", keys=("k1",))
    tried = [client.get("/metrics", headers={"X-API-Key": f"guess{n}"}).status_code for n in range(3)]
    assert tried == [401, 401, 429]


def test_a_body_may_be_as_large_as_the_limit_and_no_larger(doors: Doors) -> None:
    body = '{"question": "How many?"}'
    headers = {"Content-Type": "application/json"}
    fits, too_small = doors(max_body_bytes=len(body)), doors(max_body_bytes=len(body) - 1)
    assert fits.post("/api/v1/ask", content=body, headers=headers).status_code == 200
    assert_problem(too_small.post("/api/v1/ask", content=body, headers=headers), 413)

    def pieces() -> Iterator[bytes]:  # sent without its length
        yield body[:10].encode()
        yield body[10:].encode()

    assert fits.post("/api/v1/ask", content=pieces(), headers=headers).status_code == 200
    assert_problem(too_small.post("/api/v1/ask", content=pieces(), headers=headers), 413)
    assert too_small.post("/v1/chat/completions", content=pieces(), headers=headers).json()["error"]["message"]


def test_metrics_count_requests_by_route_and_answers_by_outcome(client: TestClient) -> None:
    for question in ("How many?", "Where?", " "):
        client.post("/api/v1/ask", json={"question": question})
    client.get("/api/v1/sources/trade/port")
    client.get("/api/v1/a/secret/path")
    client.post("/v1/chat/completions", json=CHAT)
    told = client.get("/metrics").text

    def value(of: str) -> float:
        (found,) = re.findall(rf"^{re.escape(of)} ([\d.]+)$", told, re.MULTILINE)
        return float(found)

    assert value('shanghai_qa_requests_total{method="POST",route="/api/v1/ask",status="200"}') == 2
    assert value('shanghai_qa_requests_total{method="POST",route="/api/v1/ask",status="422"}') == 1
    assert value('shanghai_qa_requests_total{method="GET",route="/api/v1/sources/{id:path}",status="200"}') == 1
    assert value('shanghai_qa_request_seconds_count{route="/api/v1/ask"}') == 3
    assert value('shanghai_qa_answers_total{outcome="answered"}') == 2
    assert value('shanghai_qa_answers_total{outcome="not_in_corpus"}') == 1
    assert value("shanghai_qa_in_hand") == 0
    assert "secret" not in told


def test_a_closed_page_lets_in_who_has_a_key_and_the_doors_see_to_themselves(scripted: Scripted) -> None:
    app, access = FastAPI(openapi_url=None), ApiSettings(keys=("k1",))
    app.add_middleware(Closed, access=access, is_door=is_door)
    app.get("/")(lambda: "the page")
    opened_on(app, scripted, access)
    client = TestClient(app)
    assert client.get("/").status_code == 403
    assert client.get("/api/v1").status_code == 403
    assert "shanghai-qa serve --public" in client.get("/metricsx").text
    assert client.get("/", headers={"X-API-Key": "k1"}).json() == "the page"
    assert client.get("/api/v1/health").status_code == 200
    assert client.get("/metrics").status_code == 401


def test_settings_come_from_variables_of_their_own() -> None:
    given = {"SHANGHAI_QA_API_KEYS": " k1, k2,", "SHANGHAI_QA_API_RATE": "5/second", "SHANGHAI_QA_API_AT_ONCE": "4"}
    assert ApiSettings.from_environment(given) == ApiSettings(keys=("k1", "k2"), rate="5/second", at_once=4)
    assert Settings.from_environment(given) == Settings()
    assert "k1" not in repr(ApiSettings.from_environment(given))
    with pytest.raises(SettingsError, match="SHANGHAI_QA_API_RATE is 'often'"):
        ApiSettings.from_environment({"SHANGHAI_QA_API_RATE": "often"})
    with pytest.raises(SettingsError, match="SHANGHAI_QA_API_KEY is not a setting; there are: SHANGHAI_QA_API_KEYS"):
        ApiSettings.from_environment({"SHANGHAI_QA_API_KEY": "k1"})


def test_the_scripted_assistant_offers_no_more_than_the_real_one() -> None:
    own = {"asked", "go_on", "ended", "answer"}
    assert {name for name in dir(Scripted()) if name[0] != "_"} - own <= set(dir(Assistant))
