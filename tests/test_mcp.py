"""The tools as agents meet them: the official client, over stdio and over HTTP."""

import asyncio
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.types import CallToolResult, TextContent, Tool

from shanghai_qa.assistant import Assistant
from shanghai_qa.mcp import _checked
from shanghai_qa.prove import Check, Verdict, check_citation
from shanghai_qa.values import Answer, CorpusInfo, Filters, Tier, Turn
from tests.e2e.program import PROGRAM, environment, run, without_time
from tests.samples import document

pytestmark = pytest.mark.corpus

VALLEY = "How many startups are in Quantum Valley?"
REPORT = "report/port-to-tech-leader"
TALK = [{"role": "user", "content": "When was MiniMax founded?"}, {"role": "assistant", "content": "In 2021."}]
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "answer": ("ask", {"question": VALLEY}),
    "chinese": ("ask", {"question": "量子谷有多少初创企业？"}),
    "follow-up": ("ask", {"question": "Who founded it?", "history": TALK}),
    "refusal": ("ask", {"question": VALLEY, "sources": {"tiers": ["primary"]}}),
    "search": ("search", {"query": "Quantum Valley", "limit": 2}),
    "search of nothing": ("search", {"query": "x", "sources": {"places": ["Atlantis"]}}),
    "source": ("get_source", {"id": REPORT}),
    "found": ("verify_quote", {"quote": "32 startups", "source": REPORT}),
    "moved": ("verify_quote", {"quote": "32 startups", "source": REPORT, "start": 5}),
    "misattributed": ("verify_quote", {"quote": "TuringQ develops", "source": REPORT}),
    "missing": ("verify_quote", {"quote": "33 startups", "source": REPORT}),
    "no question": ("ask", {}),
    "blank": ("ask", {"question": " "}),
    "years": ("ask", {"question": "x", "sources": {"year_from": 2025, "year_to": 2020}}),
    "role": ("ask", {"question": "x", "history": [{"role": "judge", "content": "x"}]}),
    "limit": ("search", {"query": "x", "limit": 0}),
    "no source": ("get_source", {"id": "../x"}),
    "no tool": ("guess", {}),
}


async def collected(target: Any) -> tuple[list[Tool], dict[str, CallToolResult]]:
    async with Client(target) as client:
        tools = (await client.list_tools()).tools
        return tools, {name: await client.call_tool(*call) for name, call in CALLS.items()}


@contextmanager
def served(index: Path) -> Iterator[str]:
    """The address of an MCP server over HTTP, in a process of its own."""
    process = subprocess.Popen(
        [PROGRAM, "mcp", "--http", "--port", "0", "--index", index],
        env=environment(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr
        (address,) = re.findall(r"^MCP is at (http://127\.0\.0\.1:\d+/mcp)$", process.stderr.readline())
        yield address
    finally:
        process.terminate()
        assert process.stderr
        process.stderr.close()
        process.wait(timeout=30)


@pytest.fixture(scope="module", params=["stdio", "http"])
def heard(index: Path, request: pytest.FixtureRequest) -> tuple[list[Tool], dict[str, CallToolResult]]:
    """The tools, and what became of each of CALLS."""
    if request.param == "stdio":
        parameters = StdioServerParameters(
            command=str(PROGRAM), args=["mcp", "--index", str(index)], env=environment(), cwd=index
        )
        return asyncio.run(collected(stdio_client(parameters, errlog=sys.stderr)))
    with served(index) as address:
        return asyncio.run(collected(address))


@pytest.fixture
def results(heard: tuple[list[Tool], dict[str, CallToolResult]]) -> dict[str, CallToolResult]:
    return heard[1]


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def data_of(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def test_a_quote_is_checked_without_reading_every_document() -> None:
    class Held:  # an assistant that cannot list its documents
        info = CorpusInfo("v", 1, 1)

        def verify(self, answer: Answer) -> list[Check]:
            return [check_citation(one, {"ai/a": document(text="32 labs.")}) for one in answer.citations]

    checked = _checked(cast(Assistant, Held()), "labs", document(text="32 labs."), None)
    assert (checked.verdict, checked.start, checked.end) == (Verdict.FOUND, 3, 7)


def test_an_agent_is_told_what_each_tool_takes_and_gives(heard: tuple[list[Tool], dict[str, CallToolResult]]) -> None:
    tools = {tool.name: tool for tool in heard[0]}
    assert set(tools) == {"ask", "search", "get_source", "verify_quote"}
    for tool in tools.values():
        assert tool.description
        assert tool.output_schema
        assert tool.annotations
        assert tool.annotations.read_only_hint
    assert "not_in_corpus" in (tools["ask"].description or "")
    assert {"question", "statements", "citations"} <= set((tools["ask"].output_schema or {})["properties"])


def test_an_answer_is_the_one_of_every_other_door(results: dict[str, CallToolResult], assistant: Assistant) -> None:
    turns = tuple(Turn(**turn) for turn in TALK)
    expected = {
        "answer": assistant.ask(VALLEY),
        "chinese": assistant.ask("量子谷有多少初创企业？"),
        "follow-up": assistant.ask("Who founded it?", history=turns),
        "refusal": assistant.ask(VALLEY, filters=Filters(tiers=(Tier.PRIMARY,))),
    }
    for name, answer in expected.items():
        assert without_time(data_of(results[name])) == without_time(answer.to_dict() | _lists(answer.to_dict()))


def _lists(value: Any) -> Any:
    """The same with JSON's lists for tuples."""
    if isinstance(value, dict):
        return {name: _lists(one) for name, one in value.items()}
    return [_lists(one) for one in value] if isinstance(value, (list, tuple)) else value


def test_an_answer_is_a_text_with_marks_and_sources(results: dict[str, CallToolResult]) -> None:
    text = text_of(results["answer"])
    assert text.startswith("32 startups\n")
    assert "in Quantum Valley. [1]\n! Only an unverified source says this.\n" in text
    assert f"{REPORT}, characters 760–887" in text
    assert "\x1b" not in text
    assert text_of(results["follow-up"]).startswith("Read as: Who founded MiniMax?\n")
    assert text_of(results["refusal"]).startswith("Not in this corpus.\nNothing in the ")


def test_a_search_gives_passages_with_their_places(results: dict[str, CallToolResult], assistant: Assistant) -> None:
    hits = data_of(results["search"])["hits"]
    assert hits == [_lists(hit.to_dict()) for hit in assistant.search("Quantum Valley", limit=2)]
    assert all(hit["text"] in text_of(results["search"]) for hit in hits)
    assert data_of(results["search of nothing"]) == {"hits": []}
    assert text_of(results["search of nothing"]) == "Nothing was found."


def test_a_source_is_given_whole(results: dict[str, CallToolResult], assistant: Assistant) -> None:
    document = assistant.document(REPORT)
    given = data_of(results["source"])
    assert (given["text"], given["tier"], given["sha256"]) == (document.text, "unverified", document.sha256)
    assert document.text in text_of(results["source"])


def test_a_quote_is_looked_up(results: dict[str, CallToolResult], assistant: Assistant) -> None:
    for verdict in ("found", "moved", "misattributed", "missing"):
        assert data_of(results[verdict])["verdict"] == verdict
        assert text_of(results[verdict]).startswith(f"{verdict}: ")
    found = data_of(results["found"])
    assert assistant.document(REPORT).text[found["start"] : found["end"]] == "32 startups"
    assert data_of(results["moved"])["detail"] == f"it stands at {found['start']}–{found['end']}"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("no question", "question: Field required"),
        ("blank", "the question is empty; ask one, for example: "),
        ("years", "sources: the years end before they begin: 2025 to 2020"),
        ("role", "history.0.role: Input should be 'user' or 'assistant'"),
        ("limit", "limit: Input should be greater than or equal to 1"),
        ("no source", "no document '../x' in this corpus"),
        ("no tool", "Unknown tool: guess"),
    ],
)
def test_a_mistake_is_a_tool_error_of_one_line(results: dict[str, CallToolResult], call: str, told: str) -> None:
    assert results[call].is_error
    assert text_of(results[call]).startswith(told)
    assert "\n" not in text_of(results[call])


def test_without_an_index_it_says_so_and_ends(tmp_path: Path) -> None:
    assert "no index at none" in run("mcp", "--index", "none", cwd=tmp_path).error


def test_a_port_in_use_is_one_line_that_names_the_command_that_takes_another(index: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = run("mcp", "--http", "--port", str(port), "--index", index, cwd=tmp_path).error
    assert error == f"error: port {port} is in use; choose another with: shanghai-qa mcp --http --port {port + 1}"
