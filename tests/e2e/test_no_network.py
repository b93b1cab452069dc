"""Ingest, ask and serve work with the network cut off, and try nothing of it where it is there."""

import re
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from tests.e2e.program import PROGRAM, environment, run

pytestmark = pytest.mark.corpus

QUESTION = "How many startups are in Quantum Valley?"
START_S = 60

# Python reads this before anything else: each host that is looked up or connected to goes into a file.
WATCH = """
import os, sys

def note(event, args):
    if event in ("socket.connect", "socket.sendto"):
        host = args[1][0] if isinstance(args[1], tuple) else "localhost"  # else a socket file
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0]
    else:
        return
    with open(os.environ["NOTED"], "a") as file:
        print(event, host.decode() if isinstance(host, bytes) else host, file=file)

sys.addaudithook(note)
"""
HERE = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "None"}  # None: an address to listen on

# In an empty network namespace: loopback up, then the program. Asked inside it, since nobody outside can reach it.
INSIDE = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x49))  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING
os.execv(sys.argv[1], sys.argv[1:])
"""

FETCH = """
import sys
from urllib.request import ProxyHandler, build_opener
for path in ("", "health"):
    with build_opener(ProxyHandler({})).open(sys.argv[1] + path, timeout=30) as response:
        print(response.status, response.read().decode())
"""


class Watched:
    """An environment in which Python programs write down the hosts that they turn to."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
        self.noted = folder / "noted"
        self.noted.touch()
        self.environment = environment(PYTHONPATH=str(folder), NOTED=str(self.noted))

    @property
    def elsewhere(self) -> list[str]:
        """What was noted of other machines: "event host"."""
        lines = self.noted.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.split(" ", 1)[1] not in HERE]


@pytest.fixture(scope="module")
def cut_off() -> list[str]:
    """The beginning of a command line that runs the rest without a network, but for this machine itself."""
    if not sys.platform.startswith("linux") or not shutil.which("unshare"):
        pytest.skip("NO NETWORK NAMESPACE: this needs Linux and util-linux")
    prefix = ["unshare", "--map-root-user", "--net", sys.executable, "-c", INSIDE]
    tried = subprocess.run([*prefix, "/bin/true"], capture_output=True, text=True, timeout=30)
    if tried.returncode:
        pytest.skip(f"NO NETWORK NAMESPACE: this system permits none ({tried.stderr.strip()})")
    return prefix


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "berths.txt").write_text("Berths\n\nThe Lingang port has 418 berths in 2031.\n", encoding="utf-8")
    return folder


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "watch")


def test_ingest_and_ask_work_with_the_network_cut_off_and_do_not_try_it(
    cut_off: list[str], corpus: Path, watched: Watched, tmp_path: Path
) -> None:
    index = tmp_path / "index"  # with no encoder, so that the model is loaded and exported there too
    for arguments in (["ingest", corpus], ["ask", "How many berths does the Lingang port have?"]):
        done = subprocess.run(
            [*cut_off, PROGRAM, *arguments, "--index", index],
            cwd=tmp_path,
            env=watched.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
    assert "418 berths" in done.stdout
    assert watched.elsewhere == []


def test_the_page_is_served_with_the_network_cut_off(cut_off: list[str], index: Path, tmp_path: Path) -> None:
    with _serving([*cut_off, str(PROGRAM)], index, tmp_path, environment()) as (process, address):
        enter = ["nsenter", "--target", str(process.pid), "--user", "--net", "--preserve-credentials"]
        done = subprocess.run(
            [*enter, sys.executable, "-c", FETCH, address], capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 0, done.stderr
    assert "Shanghai QA" in done.stdout
    assert '"status":"ok"' in done.stdout.splitlines()[-1]


def test_where_there_is_a_network_none_of_it_is_tried(index: Path, watched: Watched, tmp_path: Path) -> None:
    env = watched.environment
    subprocess.run([sys.executable, "-c", "import socket; socket.getaddrinfo('10.1.2.3', 1)"], env=env, check=True)
    assert watched.elsewhere == ["socket.getaddrinfo 10.1.2.3"]  # the watch works
    watched.noted.write_text("", encoding="utf-8")
    assert run("ask", QUESTION, "--index", index, cwd=tmp_path, env=env).status == 0
    with _serving([str(PROGRAM)], index, tmp_path, env) as (_, address):
        subprocess.run([sys.executable, "-c", FETCH, address], check=True, capture_output=True, timeout=60)
    assert watched.elsewhere == []


@contextmanager
def _serving(
    program: list[str], index: Path, cwd: Path, env: dict[str, str]
) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A server of the page, with its process and its address, from when it answers."""
    process = subprocess.Popen(
        [*program, "serve", "--port", str(_free_port()), "--index", index],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = _first_line(process.stdout)
        found = re.search(r"http://127\.0\.0\.1:\d+/", said)
        assert found, f"the server said {said!r}"
        yield process, found.group()
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        finally:
            process.kill()
            process.communicate(timeout=15)


def _first_line(stream: IO[str]) -> str:
    ready, _, _ = select.select([stream], [], [], START_S)
    return stream.readline() if ready else ""


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
