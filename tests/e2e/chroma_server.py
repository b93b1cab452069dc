"""A Chroma server of a test's own, which can be stopped and started again at the same address."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

START_S = 30


class ChromaServer:
    """A server over the data in `folder`, stopped at first."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        chroma = Path(sys.executable).with_name("chroma")
        self._process = subprocess.Popen(
            [chroma, "run", "--path", self._folder, "--host", "127.0.0.1", "--port", str(self.port)],
            cwd=self._folder.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + START_S
        while not self._answers():
            assert self._process.poll() is None, "the Chroma server ended by itself"
            assert time.monotonic() < until, f"no Chroma server answers at {self.address} after {START_S} s"
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(timeout=30)

    @property
    def collections(self) -> list[str]:
        with closing(self.client()) as client:
            return sorted(collection.name for collection in client.list_collections())

    def client(self) -> Any:
        import chromadb
        from chromadb.config import Settings

        return chromadb.HttpClient("127.0.0.1", self.port, settings=Settings(anonymized_telemetry=False))

    def _answers(self) -> bool:
        try:
            self.client().close()
        except ValueError:
            return False
        return True


@contextmanager
def serving(folder: Path) -> Iterator[ChromaServer]:
    server = ChromaServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
