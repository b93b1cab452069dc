"""An assistant in, a web server out: the conversation, the library and the pictures in each language."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable
from dataclasses import asdict
from http.cookies import SimpleCookie
from pathlib import Path
from socket import socket
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shanghai_qa.api import app as api
from shanghai_qa.api.limits import Closed
from shanghai_qa.assistant import Assistant
from shanghai_qa.catalogue import Catalogue
from shanghai_qa.current import Current
from shanghai_qa.errors import IndexUnusable, ShanghaiQAError
from shanghai_qa.explore import atlas as make_atlas
from shanghai_qa.journal import Journal
from shanghai_qa.settings import ApiSettings
from shanghai_qa.web import actions, explore, library, ports
from shanghai_qa.web.line import Line
from shanghai_qa.web.page import mount_page
from shanghai_qa.web.pages import LANGUAGES, View, notice

_ALL = ApiSettings()
_FILES = Path(__file__).with_name("static")

# Gradio needs inline scripts and eval; inline event handlers and anything from elsewhere stay out.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; script-src-attr 'none'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def build_app(assistant: Assistant, journal: Journal, access: ApiSettings = _ALL, page_open: bool = True) -> FastAPI:
    """The whole server, ready to run. What readers say of answers and agree to have kept goes to `journal`.

    `access` says whom the doors for programs serve; unless `page_open`, the page serves nobody else.
    """
    app = FastAPI(title="Shanghai QA", docs_url=None, redoc_url=None, openapi_url=None)
    assistant = _in_time(assistant, access)
    catalogue, atlas = Current(assistant, Catalogue), Current(assistant, make_atlas)
    app.add_middleware(_Bounded, gate=api.mount(app, assistant, catalogue, journal, access))
    if not page_open:
        app.add_middleware(Closed, access=access, is_door=api.is_door)
    app.add_middleware(_Guarded)
    app.add_exception_handler(ShanghaiQAError, _told)
    line = Line()

    def health() -> dict[str, Any]:
        return {"status": "ok", "ingesting": assistant.ingesting, "corpus": asdict(assistant.info)}

    for language in LANGUAGES:
        prefix = View("", language).root
        app.get(f"{prefix}/health")(health)
        app.mount(f"{prefix}/page", StaticFiles(directory=_FILES))
        app.include_router(actions.router(assistant, journal, language), prefix=prefix)
        app.include_router(library.router(assistant, catalogue, language), prefix=prefix)
        app.include_router(explore.router(atlas, language), prefix=prefix)
    for language in reversed(LANGUAGES):  # what is mounted at the root would take all that follows it
        mount_page(app, assistant, journal, language, line)
    return app


def _in_time(assistant: Assistant, access: ApiSettings) -> Assistant:
    """The assistant with a model that gives up while a client of the doors still waits, so that quotes can follow."""
    settings = assistant.settings
    most_s = access.timeout_s / 2
    return assistant if settings.model_timeout_s <= most_s else assistant.with_settings(model_timeout_s=most_s)


def _told(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=400)


def serve(
    opened: Callable[[], Assistant],
    journal: Journal,
    host: str,
    port: int,
    access: ApiSettings = _ALL,
    page_open: bool = True,
) -> None:
    """Serve until SIGTERM or SIGINT, printing the address once it answers; ShanghaiQAError if the port is taken.

    While there is no index to open, a page says so; it gives way as soon as there is one. Either signal ends it without
    a word, also while pages are open; a second one ends it at once.
    """
    with ports.listen(host, port) as sock, contextlib.suppress(KeyboardInterrupt):
        assistant = _awaited(opened, sock)
        if assistant:
            _Server(build_app(assistant, journal, access, page_open)).run(sockets=[sock])


def _awaited(opened: Callable[[], Assistant], sock: socket) -> Assistant | None:
    """The assistant, as soon as it can be opened; None if the server is told to end before."""
    try:
        return opened()
    except IndexUnusable as error:
        print(f"{error}; the page waits for it", file=sys.stderr, flush=True)
        waiting = _Waiting(opened, str(error))
        waiting.run(sockets=[sock.dup()])
        return waiting.assistant


class _Server(uvicorn.Server):
    """Says where it listens, once it does, and nothing when it is told to end."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        for sock in sockets or ():
            print(f"Shanghai QA is at {ports.address(sock)}", flush=True)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit  # uvicorn's own would raise the signal again, once all has ended
        self.should_exit = True

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        # An open page holds a stream that never ends; uvicorn logs a traceback for each that it cuts off.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)


class _Waiting(_Server):
    """Tells each visitor what is missing, and ends once the assistant can be opened."""

    def __init__(self, opened: Callable[[], Assistant], missing: str) -> None:
        super().__init__(_Guarded(self._say))
        self.assistant: Assistant | None = None
        self._opened = opened
        self._missing = missing

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:  # each second
            try:
                self.assistant = await asyncio.to_thread(self._opened)
                return True
            except IndexUnusable as error:
                self._missing = str(error)
        return await super().on_tick(counter)

    async def _say(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (told := api.not_ready(scope, self._missing)):
            await told(scope, receive, send)
        elif scope["type"] == "http":
            language = preferred(Headers(scope=scope))
            title, sentence = _NO_INDEX[language]
            shown = notice(
                View(scope.get("root_path", ""), language), "", title, sentence.format(missing=self._missing)
            )
            again = {"Retry-After": "5", "Refresh": "5"}
            await HTMLResponse(shown, status_code=503, headers=again)(scope, receive, send)


class _Bounded:
    """Leads through a gate whatever sends us anything, but for the doors, which have gates, and Gradio's queue."""

    def __init__(self, app: ASGIApp, gate: Callable[[ASGIApp], ASGIApp]) -> None:
        self._app = app
        self._gated = gate(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sends = scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS")
        free = not sends or api.is_door(scope) or "/gradio_api/" in scope["path"]
        await (self._app if free else self._gated)(scope, receive, send)


_NO_INDEX = {
    "en": ("The documents are not ready yet", "{missing}. This page looks again every five seconds."),
    "zh": ("文档尚未就绪", "{missing}。本页每五秒重试一次。"),
}


class _Guarded:
    """Adds the security headers to every response, and sends who comes to the root to the page in their language."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await (_to_chinese(scope) or self.app)(scope, receive, guarded)


def _to_chinese(scope: Scope) -> ASGIApp | None:
    """Where a visit to the English root is better led to; None for everything else."""
    root = scope.get("root_path", "")
    if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != f"{root}/":
        return None
    if preferred(Headers(scope=scope)) != "zh":
        return None
    query = scope["query_string"].decode("latin-1")
    address = f"{View(root, 'zh').root}/" + (f"?{query}" if query else "")
    return RedirectResponse(address, status_code=307, headers={"Vary": "Accept-Language, Cookie"})


def preferred(headers: Headers) -> str:
    """The language that a visitor chose here before, else the first of the browser's that we speak, else "en"."""
    chosen = SimpleCookie(headers.get("cookie", "")).get("language")
    if chosen and chosen.value in LANGUAGES:
        return chosen.value
    wanted = (one.split(";")[0].strip()[:2].lower() for one in headers.get("accept-language", "").split(","))
    return next((language for language in wanted if language in LANGUAGES), "en")
