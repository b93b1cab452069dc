"""An assistant in, a web server out: the page at `/`, each source at `/source/<id>`, and `/health`."""

import contextlib
import logging
from dataclasses import asdict
from pathlib import Path
from socket import socket
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shanghai_qa.assistant import Assistant
from shanghai_qa.errors import ShanghaiQAError
from shanghai_qa.values import Document, Span
from shanghai_qa.web import ports, render
from shanghai_qa.web.page import mount_page

_HERE = Path(__file__).parent
_FILES = {"style.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}

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


def build_app(assistant: Assistant) -> FastAPI:
    """The whole server, ready to run."""
    app = FastAPI(title="Shanghai QA", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(_Guarded)

    @app.get("/health")
    def health() -> dict[str, Any]:
        return {"status": "ok", "corpus": asdict(assistant.info)}

    @app.get("/page/{name}")
    def file(name: str) -> FileResponse:
        if name not in _FILES:
            raise HTTPException(404)
        return FileResponse(_HERE / name, media_type=_FILES[name], headers={"Cache-Control": "no-cache"})

    @app.get("/source/{id:path}")
    def source(
        request: Request, id: str, start: int | None = None, end: int | None = None, sha: str = "", panel: bool = False
    ) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        try:
            document = assistant.document(id)
        except ShanghaiQAError:
            absent = render.plain_page("No such source", f"This corpus holds no source “{id}”.", root=root)
            return HTMLResponse(absent, status_code=404)
        quoted, notice = _quoted(document, start, end, sha)
        if panel:
            return HTMLResponse(render.source(document, quoted, notice))
        return HTMLResponse(render.source_page(document, quoted, notice, root=root))

    return mount_page(app, assistant)


def serve(assistant: Assistant, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, printing the address once it answers; ShanghaiQAError if the port is taken.

    Either signal ends it without a word, also while pages are open; a second one ends it at once.
    """
    with ports.listen(host, port) as sock:
        server = _Server(uvicorn.Config(build_app(assistant), log_level="warning", timeout_graceful_shutdown=1))
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[sock])


def _quoted(document: Document, start: int | None, end: int | None, sha: str) -> tuple[Span | None, str]:
    """The words asked for, or None and why they cannot be shown."""
    if start is None or end is None:
        return None, ""
    if not document.sha256.startswith(sha):
        return None, "This document has changed since it was quoted, so the quoted words are not marked."
    if not 0 <= start < end <= len(document.text):
        return None, "The address names a place that this document does not have."
    return Span(start, end), ""


class _Server(uvicorn.Server):
    """Says where it listens, once it does, and nothing when it is told to end."""

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


class _Guarded:
    """Adds the security headers to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self.app(scope, receive, guarded)
