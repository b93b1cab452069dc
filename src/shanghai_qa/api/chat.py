"""A door that speaks OpenAI's chat completions, so that existing chat clients can ask: messages in, an answer out.

The last user message is the question, the messages before it are the conversation. The text cites as [1] and lists the
sources below, in Markdown, where of what is said and quoted nothing is markup; the whole `Answer` comes in the field
`answer`. Nobody here follows instructions: system messages, tools and temperatures are ignored, and what is ignored
among the messages is said in `notes`. What is streamed begins when the whole answer is proven, since nothing that was
sent can be taken back.
"""

import re
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any, Literal

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from shanghai_qa import __version__
from shanghai_qa.api import problems
from shanghai_qa.api.desk import Desk, while_there
from shanghai_qa.api.models import LONGEST_HISTORY
from shanghai_qa.api.problems import Problem
from shanghai_qa.api.replies import EVENT_STREAM, as_json, frame, json_reply, stream_reply
from shanghai_qa.assistant import Event
from shanghai_qa.export import in_markdown, web_address
from shanghai_qa.frame import day
from shanghai_qa.values import Answer, Ask, Citation, Disagreement, Statement, Turn

MODEL = "shanghai-qa"
_TYPES = {401: "authentication_error", 429: "rate_limit_error"}
_CODES = {401: "invalid_api_key", 404: "not_found", 429: "rate_limit_exceeded", 504: "timeout"}


class Part(BaseModel):
    """A piece of a message; only text can be read."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    role: Literal["user", "assistant", "system", "developer", "tool", "function"]
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    include_usage: bool = False


class Completing(BaseModel):
    """What a chat client sends; other fields are ignored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": MODEL,
                    "messages": [{"role": "user", "content": "How many startups are in Quantum Valley?"}],
                }
            ]
        }
    )

    model: str
    messages: list[ChatMessage] = Field(min_length=1, max_length=LONGEST_HISTORY + 1)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    store: bool | None = Field(
        default=False,
        description="Whether the server may keep the messages up to the question and the answer, so that answers get "
        "better. It keeps them only where its owner has turned that on, and nothing about who asked.",
    )
    n: Literal[1] | None = None

    def ask(self) -> Ask:
        """The question in its conversation; Problem if there is none, or another model is meant."""
        if self.model != MODEL:
            raise Problem(404, f"the model {self.model!r} does not exist; there is {MODEL!r}")
        last = max((n for n, message in enumerate(self.messages) if message.role == "user"), default=None)
        if last is None:
            raise Problem(422, "there is no user message, so there is no question", errors=(("body.messages", ""),))
        history = (Turn(m.role, m.text) for m in self.messages[:last] if m.role in ("user", "assistant"))
        return Ask(self.messages[last].text, tuple(history))

    def notes(self) -> list[str]:
        """What of the messages was not heeded, in words."""
        ignored = sorted({m.role for m in self.messages} - {"user", "assistant"})
        return [f"Messages of these roles are ignored: {', '.join(ignored)}."] if ignored else []

    def usage(self, said: str) -> dict[str, int]:
        asked = sum(_tokens(message.text) for message in self.messages)
        return {
            "prompt_tokens": asked,
            "completion_tokens": _tokens(said),
            "total_tokens": asked + _tokens(said),
        }


def application(desk: Desk) -> FastAPI:
    """The door, with addresses as OpenAI's below /v1."""
    app = FastAPI(
        title="Shanghai QA, chat completions",
        version=__version__,
        description=__doc__,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=_documented(401, 429),
    )
    problems.speak(app, respond)
    since = int(time.time())

    @app.post(
        "/chat/completions",
        responses={
            200: {
                "description": "A completion, or with `stream` its chunks as server-sent events, `[DONE]` the last.",
                "content": {
                    "application/json": {"schema": _COMPLETION},
                    EVENT_STREAM: {},
                },
            },
            **_documented(400, 404, 413, 422, 503, 504),
        },
    )
    async def complete(request: Request, completing: Completing) -> Response:
        """Answer the last user message."""
        ask, writing = completing.ask(), _Writing(completing)
        keep = desk.keeping(ask, "chat", bool(completing.store))
        if completing.stream:
            events = desk.events(ask)
            first = await while_there(request, anext(events))
            return stream_reply(writing.streamed(first, events, keep))
        answer = await while_there(request, desk.answer(ask))
        keep(answer)
        return json_reply(writing.whole(answer))

    @app.get("/models")
    async def models() -> dict[str, Any]:
        """The one model."""
        return {"object": "list", "data": [_model(since)]}

    @app.get("/models/{model}", responses=_documented(404))
    async def model(model: str) -> dict[str, Any]:
        """The one model, by its name."""
        if model != MODEL:
            raise Problem(404, f"the model {model!r} does not exist; there is {MODEL!r}")
        return _model(since)

    return app


def respond(problem: Problem) -> Response:
    """An error as OpenAI's clients read it; what is wrong with a request is 400 there."""
    status = 400 if problem.status == 422 else problem.status
    return Response(as_json(_error(problem)), status, problem.headers, "application/json")


def _error(problem: Problem) -> dict[str, Any]:
    of_client = "invalid_request_error" if problem.status < 500 else "server_error"
    return {
        "error": {
            "message": problem.detail,
            "type": _TYPES.get(problem.status, of_client),
            "param": problem.errors[0][0].removeprefix("body.") if problem.errors else None,
            "code": _CODES.get(problem.status),
        }
    }


class _Writing:
    """One completion as it is written: its chunks and its whole have the same number and say the same."""

    def __init__(self, completing: Completing) -> None:
        self._completing = completing
        self._facts = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": MODEL}

    def whole(self, answer: Answer) -> dict[str, Any]:
        said = written(answer)
        choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
        return {
            **self._facts,
            "object": "chat.completion",
            "choices": [choice],
            "usage": self._completing.usage(said),
            **self._extra(answer),
        }

    async def streamed(
        self, first: Event, events: AsyncGenerator[Event, None], keep: Callable[[Answer], None]
    ) -> AsyncIterator[bytes]:
        """The chunks: a role at once; when the answer is there its text, the whole of it, and perhaps the usage.

        No sentence goes out before: a model that fails takes back what it wrote, and a chat client cannot.
        """
        async with aclosing(events):
            try:
                yield self._chunk({"role": "assistant", "content": ""})
                async for event in _all(first, events):
                    if isinstance(event, Answer):
                        for piece in pieces(event):
                            yield self._chunk({"content": piece})
                        yield self._chunk({}, "stop", self._extra(event))
                        if self._completing.stream_options and self._completing.stream_options.include_usage:
                            yield self._counted(written(event))
                        keep(event)
                yield b"data: [DONE]\n\n"
            except Exception as error:
                yield frame(_error(problems.problem_of(error)))

    def _chunk(self, delta: dict[str, str], finish: str | None = None, extra: dict[str, Any] | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return frame({**self._facts, "object": "chat.completion.chunk", "choices": [choice], **(extra or {})})

    def _counted(self, said: str) -> bytes:
        usage = self._completing.usage(said)
        return frame({**self._facts, "object": "chat.completion.chunk", "choices": [], "usage": usage})

    def _extra(self, answer: Answer) -> dict[str, Any]:
        return {"answer": answer.to_dict(), "notes": self._completing.notes()}


async def _all(first: Event, rest: AsyncIterator[Event]) -> AsyncIterator[Event]:
    yield first
    async for event in rest:
        yield event


# --- The answer as text


def written(answer: Answer) -> str:
    """The sentences with their marks, then what is to be minded, then the sources."""
    return "".join(pieces(answer))


def pieces(answer: Answer) -> Iterator[str]:
    """The same, sentence by sentence."""
    for at, statement in enumerate(answer.statements):
        yield (" " if at else "") + marked(statement)
    yield below(answer)


def marked(statement: Statement) -> str:
    return in_markdown(statement.text) + " " + "".join(f"[{number}]" for number in statement.citations)


def below(answer: Answer) -> str:
    """What stands below the sentences, a blank line before each block; a refusal is all of it."""
    say = _PHRASES[answer.language]
    differing = [_differing(one, say["differ"]) for one in answer.disagreements]
    minded = [*map(in_markdown, (*answer.missing, *answer.caveats)), *differing]
    sources = [f"- [{citation.number}] {_source(citation, answer.language)}" for citation in answer.citations]
    blocks = ["\n".join(minded), "\n".join([say["sources"], *sources]) if sources else ""]
    return ("\n\n" if answer.statements else "") + "\n\n".join(filter(None, blocks))


def _differing(one: Disagreement, says: str) -> str:
    claims = (
        f"{in_markdown(claim.value)} [{claim.citation}]{f' ({in_markdown(claim.as_of)})' if claim.as_of else ''}"
        for claim in one.claims
    )
    return says.format(in_markdown(one.subject)) + "; ".join(claims)


def _source(citation: Citation, language: str) -> str:
    source = citation.source
    published = day(source.published, language) if source.published else None
    facts = [source.title, source.publisher, published, _PHRASES[language][source.tier]]
    address = web_address(source.url)
    return ", ".join([*map(in_markdown, filter(None, facts)), *([f"<{address}>"] if address else [])])


_PHRASES = {
    "en": {
        "sources": "Sources:",
        "differ": "Sources differ on {}: ",
        "primary": "primary",
        "established": "established",
        "promotional": "promotional",
        "unverified": "unverified",
    },
    "zh": {
        "sources": "来源：",
        "differ": "各来源说法不一（{}）：",
        "primary": "一手",
        "established": "权威",
        "promotional": "宣传",
        "unverified": "未核实",
    },
}

_TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+|[^\w\s]")


def _tokens(text: str) -> int:
    """Words, Chinese characters and signs; there is no model whose tokens could be counted."""
    return len(_TOKEN.findall(text))


# --- Shapes


def _model(since: int) -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": since, "owned_by": MODEL}


_COMPLETION = {
    "type": "object",
    "required": ["id", "object", "created", "model", "choices", "usage", "answer", "notes"],
    "properties": {
        "id": {"type": "string"},
        "object": {"const": "chat.completion"},
        "created": {"type": "integer"},
        "model": {"type": "string"},
        "choices": {"type": "array", "items": {"type": "object"}},
        "usage": {"type": "object"},
        "answer": {"type": "object", "description": "The whole answer, as /api/v1/ask gives it."},
        "notes": {"type": "array", "items": {"type": "string"}},
    },
}


def _documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of errors with these statuses, in OpenAI's shape."""
    error = {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "object", "required": ["message", "type", "param", "code"]}},
    }
    shown = {status: problems.documented(status)[status] for status in statuses}
    return {
        status: {
            "description": said["description"],
            "content": {
                "application/json": {
                    "schema": error,
                    "example": _error(Problem(status, said["content"][problems.MEDIA_TYPE]["example"]["detail"])),
                }
            },
        }
        for status, said in shown.items()
    }
