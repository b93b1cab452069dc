"""The real server over the real corpus, asked by the clients that people have.

That they are given the answers of every other door is tested in `tests.e2e.test_contract`.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from shanghai_qa.api.models import EXAMPLE
from shanghai_qa.assistant import Assistant
from shanghai_qa.web import ports
from tests.e2e.program import PROGRAM, environment, run
from tests.web.conftest import serving

pytestmark = pytest.mark.corpus

QUESTION = "How many startups are in Quantum Valley?"


@pytest.fixture
def http(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def openai(address: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{address}v1", api_key="none", max_retries=0) as client:
        yield client


def test_the_openai_client_reads_text_usage_and_chunks(openai: OpenAI) -> None:
    assert [model.id for model in openai.models.list()] == ["shanghai-qa"]
    whole = openai.chat.completions.create(
        model="shanghai-qa",
        messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}],
    )
    text = whole.choices[0].message.content
    assert text
    assert "32 startups" in text
    assert "- [1] Investigative report" in text
    assert whole.usage
    assert whole.usage.completion_tokens > 10
    chunks = openai.chat.completions.create(
        model="shanghai-qa",
        messages=[{"role": "user", "content": QUESTION}],
        stream=True,
        stream_options={"include_usage": True},
    )
    told = list(chunks)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in told if chunk.choices) == text
    assert told[-1].usage
    with pytest.raises(NotFoundError, match="there is 'shanghai-qa'"):
        openai.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": QUESTION}])
    with pytest.raises(BadRequestError, match="the question is empty"):
        openai.chat.completions.create(model="shanghai-qa", messages=[{"role": "user", "content": " "}], stream=True)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_curl_asks_and_is_told_of_faults(address: str) -> None:
    def curl(body: str) -> tuple[str, str]:
        command = ["curl", "-sS", "--noproxy", "*", f"{address}api/v1/ask", "--json", body, "-w", "\n%{http_code}"]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        text, _, status = said.rpartition("\n")
        return status, text

    status, text = curl(json.dumps({"question": QUESTION}))
    assert (status, json.loads(text)["direct_answer"]) == ("200", "32 startups")
    assert curl("{")[0] == "422"


def test_the_example_of_the_description_holds_in_the_corpus(http: httpx.Client) -> None:
    assert http.post("api/v1/verify", json=EXAMPLE).json()["holds"]
    told = http.post("api/v1/ask", json={"question": EXAMPLE["question"]}).json()
    changing = {"elapsed_ms", "corpus", "follow_ups"}
    assert {k: v for k, v in told.items() if k not in changing} == {
        k: v for k, v in EXAMPLE.items() if k not in changing
    }


def test_the_sources_of_an_answer_can_be_read(http: httpx.Client, assistant: Assistant) -> None:
    listed = http.get("api/v1/sources", params={"per_page": 1}).json()
    assert listed["total"] == assistant.info.documents
    for citation in http.post("api/v1/ask", json={"question": QUESTION}).json()["citations"]:
        source = http.get(f"api/v1/sources/{citation['source']['id']}").json()
        assert source["text"][citation["start"] : citation["end"]] == citation["quote"]
        places = [(one["start"], one["end"]) for one in source["sentences"]]
        assert (citation["start"], citation["end"]) in places
    (hit,) = http.post("api/v1/search", json={"query": "undersea data centre", "limit": 1}).json()["passages"]
    assert hit == json.loads(json.dumps(assistant.search("undersea data centre", limit=1)[0].to_dict()))


def test_an_address_that_others_reach_asks_for_a_key_or_for_leave(index: Path, tmp_path: Path) -> None:
    told = run("serve", "--host", "0.0.0.0", "--index", index, cwd=tmp_path).error
    expected = "0.0.0.0 can be reached from other machines; let all in with --public, or set --api-key"
    assert told == f"error: {expected}"


def test_help_says_what_an_address_that_others_reach_needs_and_how_often_they_may_ask(tmp_path: Path) -> None:
    told = " ".join(re.sub(r"[│╭╮╰╯─]", " ", run("serve", "--help", cwd=tmp_path).out).split())
    assert "one that others reach needs --public or a key" in told
    assert "60 requests a minute" in told
    assert "SHANGHAI_QA_API_RATE" in told


def test_with_a_key_alone_programs_are_served_there_and_the_page_is_not(index: Path, tmp_path: Path) -> None:
    with ports.listen("0.0.0.0", 0) as free:
        port = str(free.getsockname()[1])
    command = [str(PROGRAM), "serve", "--host", "0.0.0.0", "--port", port, "--api-key", "k1", "--index", str(index)]
    process = subprocess.Popen(command, stdout=-1, stderr=-1, text=True, cwd=tmp_path, env=environment())
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        told = "Requests of one client are limited to 60/minute; SHANGHAI_QA_API_RATE changes that\n"
        assert process.stderr.readline() == told
        assert f"127.0.0.1:{port}" in process.stdout.readline()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/", trust_env=False, timeout=60) as http:
            assert http.get("").status_code == 403
            assert http.get("health").status_code == 403
            assert http.get("api/v1/sources").status_code == 401
            assert http.get("api/v1/sources", headers={"X-API-Key": "k1"}).status_code == 200
            assert http.get("", headers={"X-API-Key": "k1"}).status_code == 200
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_while_there_is_no_index_programs_are_told_so(tmp_path: Path) -> None:
    with (
        serving(tmp_path / "index", tmp_path / "journal.sqlite") as (address, _),
        httpx.Client(base_url=address, trust_env=False) as http,
    ):
        assert http.get("api/v1/health").json() == {"status": "ok"}
        told = http.get("api/v1/ready")
        assert (told.status_code, told.headers["content-type"]) == (503, "application/problem+json")
        assert "build it with: shanghai-qa ingest" in told.json()["detail"]
        assert "error" in http.post("v1/chat/completions", json={}).json()
