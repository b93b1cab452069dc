"""A web server on 127.0.0.1 that behaves as well or badly as a test wants, and an internet of such servers."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpcore

from ingest.fetch import Fetched, Limits, Web

Raw = Callable[[BaseHTTPRequestHandler], None]
"""Writes what it likes to `wfile`: the status line, the header and the body."""

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Page:
    """What a server answers, or an empty 304 to whoever names its ETag, else its date; after `after_s` seconds."""

    body: bytes | str = "<html><p>Zhangjiang is a science city in Pudong.</p></html>"
    type: str | None = HTML
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float = 0


@dataclass(frozen=True)
class Asked:
    path: str
    headers: Mapping[str, str]
    at: float
    """As `time.monotonic` counts."""


@dataclass
class Site:
    """A server while it runs. `pages` may be changed; a list is answered one by one, the last again and again."""

    port: int
    pages: dict[str, Page | Raw | Sequence[Page | Raw]]
    asked: list[Asked] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    """Connections that were open together, each from when it is accepted until its answer is sent."""

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order, but for robots.txt."""
        return [asked.path for asked in self.asked if asked.path != "/robots.txt"]


def redirect(to: str, status: int = 302) -> Page:
    return Page("", status=status, headers={"Location": to})


def raw(*pieces: bytes, between_s: float = 0, times: int = 1) -> Raw:
    """The pieces as they are, all of them so many times, until the other side has enough of it."""

    def write(handler: BaseHTTPRequestHandler) -> None:
        for piece in pieces * times:
            handler.wfile.write(piece)
            time.sleep(between_s)

    return write


def then_forever(head: bytes, piece: bytes, between_s: float = 0, at_most_s: float = 5) -> Raw:
    """The head, and the piece again and again until the other side has enough of it."""

    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(head)
        end = time.monotonic() + at_most_s
        while time.monotonic() < end:
            handler.wfile.write(piece)
            time.sleep(between_s)

    return write


@contextmanager
def serving(
    pages: Mapping[str, Page | Raw | Sequence[Page | Raw]] = MappingProxyType({}), tls: Any = None
) -> Iterator[Site]:
    """A site with these pages; any other path, robots.txt too, is not found. `tls` is an `ssl.SSLContext`."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def setup(self) -> None:
            with lock:
                site.at_once += 1
                site.most_at_once = max(site.most_at_once, site.at_once)
            self.counted = True
            super().setup()

        def finish(self) -> None:
            self.over()
            with suppress(OSError):
                super().finish()

        def over(self) -> None:
            with lock:
                site.at_once -= self.counted
                self.counted = False

        def do_GET(self) -> None:
            with lock:
                site.asked.append(Asked(self.path, dict(self.headers), time.monotonic()))
                page = site.pages.get(self.path, Page("not found", status=404))
                if isinstance(page, Sequence):
                    site.pages[self.path] = page[1:] or page
                    page = page[0]
            with suppress(OSError):  # the other side may have had enough of it
                self.answer(page) if isinstance(page, Page) else page(self)

        def answer(self, page: Page) -> None:
            time.sleep(page.after_s)
            etag, date = page.headers.get("ETag"), page.headers.get("Last-Modified")
            same = (etag and etag == self.headers.get("If-None-Match")) or (
                not etag and date and date == self.headers.get("If-Modified-Since")
            )
            body = b"" if same else page.body.encode() if isinstance(page.body, str) else page.body
            self.send_response(304 if same else page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if page.type:
                self.send_header("Content-Type", page.type)
            if not same:
                self.send_header("Content-Length", str(len(body)))
            self.over()
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        site = Site(server.server_address[1], dict(pages))
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join(5)


@dataclass
class Internet(httpcore.NetworkBackend):
    """A world of its own: `names` stand for addresses, one answer after the other, and at `addresses` stand sites.

    A numeric address stands for itself. `connected` are the addresses that were connected to, in order.
    """

    names: Mapping[str, list[list[str]]]
    addresses: dict[str, Site]
    connected: list[str] = field(default_factory=list)

    def resolve(self, host: str, port: int) -> Sequence[str]:
        answers = self.names.get(host)
        if answers is None:
            raise OSError(f"{host} is not known")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        self.connected.append(host)
        if host not in self.addresses:
            raise httpcore.ConnectError("nobody there")
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self.addresses[host].port, timeout)


QUICK = Limits(connect_s=2, read_s=5, total_s=10, max_bytes=200_000, attempts=2, retry_s=0.01, pause_s=0)
HASTY = replace(QUICK, read_s=0.4, total_s=0.8)  # for servers that are slow on purpose


@dataclass(frozen=True)
class Got:
    """What a fetch gave and told."""

    pages: list[Fetched]
    told: list[str]

    @property
    def texts(self) -> list[str]:
        return [page.data.read_text(encoding="utf-8") for page in self.pages]


def get(address: str, cache: Path, limits: Limits = QUICK, **world: Any) -> Got:
    """The pages that one address gives, with leave to ask private ones unless `world` says otherwise."""
    told: list[str] = []
    web = Web(cache, refuse=told.append, limits=limits, **{"allow_private": True, **world})
    return Got(list(web.fetch(address)), told)
