"""A real HTTP server on loopback that speaks OpenAI's chat API, streamed or not, and plays a model as it is told to."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Offered = list[str]
"""The sentences of a prompt, by their numbers from 1."""


@dataclass(frozen=True)
class Reply:
    """What the server sends to one request.

    `text` may depend on the sentences offered. Sent in pieces of a few characters; `broken_after` so many characters
    the connection is closed, and before the first the server is silent for `silent_s`.
    """

    text: str | Callable[[Offered], str] = ""
    status: int = 200
    finish: str = "stop"
    broken_after: int | None = None
    silent_s: float = 0
    slow_s: float = 0


@dataclass
class Model:
    """The model played: `replies` one a request, the last for all that follow; `asked` are the requests it had."""

    url: str
    replies: Sequence[Reply] = (Reply(),)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def plays(self, *replies: Reply) -> None:
        self.replies, self.asked = replies, []

    @property
    def prompt(self) -> str:
        """All that it was last told."""
        return "\n".join(message["content"] for message in self.asked[-1]["messages"])


def offered(request: dict[str, Any]) -> Offered:
    lines = request["messages"][-1]["content"].splitlines()
    return [one["sentence"] for line in lines if line.startswith("{") and "sentence" in (one := json.loads(line))]


@contextmanager
def serving() -> Iterator[Model]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        model = Model(f"http://127.0.0.1:{server.server_address[1]}/v1")
        server.model = model  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield model
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        model: Model = self.server.model  # type: ignore[attr-defined]
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = model.replies[min(len(model.asked), len(model.replies) - 1)]
        model.asked.append(request)
        time.sleep(reply.silent_s)
        text = reply.text if isinstance(reply.text, str) else reply.text(offered(request))
        try:
            if reply.status != 200:
                self._error(reply.status)
            elif request.get("stream"):
                self._streamed(reply, text)
            else:
                self._whole(reply, text)
        except (BrokenPipeError, ConnectionResetError):
            pass  # whoever asked has gone

    def _error(self, status: int) -> None:
        body = json.dumps({"error": {"message": f"played status {status}", "type": "played"}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("retry-after-ms", "10")
        self.end_headers()
        self.wfile.write(body)

    def _whole(self, reply: Reply, text: str) -> None:
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reply.finish}
        body = json.dumps({**_FRAME, "object": "chat.completion", "choices": [choice], "usage": _usage(text)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _streamed(self, reply: Reply, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for at in range(0, len(text), 7):
            if reply.broken_after is not None and at >= reply.broken_after:
                return
            self._event([{"index": 0, "delta": {"content": text[at : at + 7]}, "finish_reason": None}])
            time.sleep(reply.slow_s)
        self._event([{"index": 0, "delta": {}, "finish_reason": reply.finish}])
        self._event([], _usage(text))
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, choices: list[dict[str, Any]], usage: dict[str, int] | None = None) -> None:
        body = {**_FRAME, "object": "chat.completion.chunk", "choices": choices, "usage": usage}
        self.wfile.write(f"data: {json.dumps(body)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        pass


_FRAME = {"id": "1", "created": 0, "model": "m"}


def _usage(text: str) -> dict[str, int]:
    return {"prompt_tokens": 100, "completion_tokens": len(text.split()), "total_tokens": 100 + len(text.split())}
