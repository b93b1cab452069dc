"""An index whose vectors a Chroma server keeps gives the same answers as one with Chroma's files inside."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest

from shanghai_qa.settings import default_corpus
from tests.e2e.program import run, with_encoder_of, without_time

pytestmark = pytest.mark.corpus

QUESTIONS = ("How many startups are in Quantum Valley?", "Which quantum computers run in Shanghai?")
REPORT = default_corpus() / "report"
CORPUS = (REPORT, default_corpus() / "quantum")  # enough to answer from, and quick to embed
START_S = 30
_open = build_opener(ProxyHandler({})).open  # nothing between us and the server on this machine


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a Chroma server with nothing in it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    chroma = Path(sys.executable).with_name("chroma")
    process = subprocess.Popen(
        [chroma, "run", "--path", tmp_path / "server", "--host", "127.0.0.1", "--port", str(port)],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/api/v2/heartbeat", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(timeout=30)


def test_a_server_answers_like_files_keeps_one_collection_and_is_missed_in_one_line(
    index: Path, server: str, tmp_path: Path
) -> None:
    files, served = (with_encoder_of(index, tmp_path / name) for name in ("files", "served"))
    assert run("ingest", *CORPUS, "--index", files, cwd=tmp_path).status == 0
    assert run("ingest", *CORPUS, "--index", served, "--store", server, cwd=tmp_path).status == 0
    assert not list(served.rglob("chroma.sqlite3"))
    for question in QUESTIONS:
        assert _ask(question, served, tmp_path) == _ask(question, files, tmp_path)
    first = _collections(server)
    assert [name.partition("-")[0] for name in first] == ["corpus"]

    extra = tmp_path / "extra.txt"
    extra.write_text("The Lingang berth opened in 2031.\n", encoding="utf-8")
    assert run("ingest", *CORPUS, extra, "--index", served, "--store", server, cwd=tmp_path).status == 0
    second = _collections(server)
    assert len(second) == 1  # the old one is dropped
    assert second != first
    assert _ask("When did the Lingang berth open?", served, tmp_path)["outcome"] == "answered"


def test_a_server_that_is_down_is_named_in_one_line(index: Path, server: str, tmp_path: Path) -> None:
    served = with_encoder_of(index, tmp_path / "served")
    assert run("ingest", REPORT, "--index", served, "--store", server, cwd=tmp_path).status == 0
    manifest = next(served.glob("snapshots/*/manifest.json"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        dead = f"http://127.0.0.1:{free.getsockname()[1]}"
    data = json.loads(manifest.read_text(encoding="utf-8"))
    assert data["store"] == server
    manifest.write_text(json.dumps(data | {"store": dead}), encoding="utf-8")
    assert dead in run("ask", QUESTIONS[0], "--index", served, cwd=tmp_path).error
    new = with_encoder_of(index, tmp_path / "new")
    for wrong in (dead, "localhost:8000"):
        ran = run("ingest", REPORT, "--index", new, "--store", wrong, cwd=tmp_path)
        assert ran.status == 1
        assert wrong in ran.err.strip().splitlines()[-1]
        assert "Traceback" not in ran.err


def _ask(question: str, index: Path, cwd: Path) -> dict[str, Any]:
    return without_time(run("ask", "--json", question, "--index", index, cwd=cwd).json)


def _collections(server: str) -> list[str]:
    address = f"{server}/api/v2/tenants/default_tenant/databases/default_database/collections"
    with _open(address, timeout=10) as response:
        return sorted(collection["name"] for collection in json.load(response))


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        assert process.poll() is None, "the Chroma server ended by itself"
        try:
            with _open(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the Chroma server does not answer at {address} after {START_S} s")
