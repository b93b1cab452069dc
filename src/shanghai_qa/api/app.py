"""An assistant in, the REST door out: questions, searches, sources and checks as JSON, errors as problem documents."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

from fastapi import Body, FastAPI, Query, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shanghai_qa import __version__
from shanghai_qa.api import chat, problems
from shanghai_qa.api.desk import Desk, while_there
from shanghai_qa.api.limits import Gate, Rate, path_of
from shanghai_qa.api.metrics import Metrics
from shanghai_qa.api.models import (
    EVENTS,
    EXAMPLE,
    REPLIES,
    Asking,
    Checkable,
    Found,
    Health,
    Listing,
    Ready,
    Searching,
    Sources,
    Verified,
    Whole,
)
from shanghai_qa.api.problems import Problem, documented
from shanghai_qa.api.replies import EVENT_STREAM, frame, json_reply, stream_reply
from shanghai_qa.assistant import Assistant, Event
from shanghai_qa.catalogue import Catalogue
from shanghai_qa.current import Current
from shanghai_qa.journal import Journal
from shanghai_qa.settings import ApiSettings
from shanghai_qa.values import Answer, Statement, Step

REST, CHAT, METRICS = "/api/v1", "/v1", "/metrics"
_FREE = ("/health", "/ready", "/openapi.json")
_ABOUT = """Answers about Shanghai's technology ecosystem, every sentence with a citation to check.

Where the server has keys, send one as `Authorization: Bearer KEY` or `X-API-Key: KEY`; health, readiness and this
description need none. Every error is a problem document (RFC 9457). Nothing that is asked is kept, unless whoever asks
says so with `keep`, and the server keeps any."""
_STREAMED = """The answer; with `Accept: text/event-stream` its steps and sentences as they come, then the whole, then
`done`. A step named `quotes` takes back the sentences before it: the chat model that wrote them failed, and quotes
follow in their place. A `problem` in place of any of these ends the stream."""


def mount(
    app: FastAPI, assistant: Assistant, catalogue: Current[Catalogue], journal: Journal, access: ApiSettings
) -> Callable[[ASGIApp], Gate]:
    """Open the doors on `app`: REST under /api/v1, chat completions under /v1, and /metrics.

    What is asked goes to `journal`, if that keeps it and whoever asks agrees. Gives a gate for what else takes in
    anything: with the size and the rate of the doors, counted with them, but without keys.
    """
    metrics = Metrics()
    desk = Desk(assistant, journal, access, metrics)
    gate = partial(Gate, access=access, rate=Rate(access.rate), metrics=metrics)
    rest, talk = _rest(assistant, catalogue, desk), chat.application(desk)
    rest.add_middleware(gate, free=_FREE)
    talk.add_middleware(gate, respond=chat.respond, free=_FREE)
    app.add_middleware(_Doors, rest=rest, chat=talk, metrics=gate(metrics))
    return partial(gate, access=access.model_copy(update={"keys": ()}))


def is_door(scope: Scope) -> bool:
    """Whether a request is for one of the doors, which ask for keys themselves."""
    if scope["type"] != "http":
        return False
    path = path_of(scope)
    return path == METRICS or path.startswith((f"{REST}/", f"{CHAT}/"))


class _Doors:
    """Leads what is for the doors to them. No mounts: those do not take an address that has a line break."""

    def __init__(self, app: ASGIApp, *, rest: ASGIApp, chat: ASGIApp, metrics: ASGIApp) -> None:
        self._app = app
        self._mounted = {REST: rest, CHAT: chat}
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_door(scope):
            await self._app(scope, receive, send)
        elif (path := path_of(scope)) == METRICS:
            await self._metrics(scope, receive, send)
        else:
            root = REST if path.startswith(f"{REST}/") else CHAT
            below = {**scope, "root_path": scope.get("root_path", "") + root}
            await self._mounted[root](below, receive, send)


def not_ready(scope: Scope, missing: str) -> Response | None:
    """What a program is told while there is no index; None where `scope` leads to none of the doors."""
    if not is_door(scope):
        return None
    path = path_of(scope)
    if path == f"{REST}/health":
        return json_reply(Health().model_dump())
    problem = Problem(503, missing, headers={"Retry-After": "5"})
    return chat.respond(problem) if path.startswith(f"{CHAT}/") else problems.respond(problem)


def _rest(assistant: Assistant, catalogue: Current[Catalogue], desk: Desk) -> FastAPI:
    app = FastAPI(
        title="Shanghai QA",
        version=__version__,
        description=_ABOUT,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=documented(401, 429),
    )
    problems.speak(app)

    @app.post(
        "/ask",
        response_model=Answer,
        responses={
            200: {
                "description": _STREAMED,
                "content": {
                    EVENT_STREAM: {"example": EVENTS},
                },
            },
            **documented(400, 413, 422, 503, 504),
        },
    )
    async def ask(request: Request, asking: Asking) -> Response:
        """Answer one question. `not_in_corpus` is an answer, too."""
        asked = asking.ask()
        keep = desk.keeping(asked, "api", asking.keep)
        if EVENT_STREAM in request.headers.get("accept", ""):
            events = desk.events(asked)
            first = await while_there(request, anext(events))  # what is wrong with the question is told as a status
            return stream_reply(_told(first, events, keep))
        answer = await while_there(request, desk.answer(asked))
        keep(answer)
        return json_reply(answer.to_dict())

    @app.post("/search", response_model=Found, responses=documented(400, 413, 422, 503, 504))
    async def search(request: Request, searching: Searching) -> Response:
        """The passages nearest to a question or some words, each with its sentences and its source."""

        def work() -> dict[str, Any]:
            hits = assistant.search(searching.query, filters=searching.filters.filters(), limit=searching.limit)
            return {
                "query": searching.query,
                "corpus": asdict(assistant.info),
                "passages": [hit.to_dict() for hit in hits],
            }

        return json_reply(await while_there(request, desk.run(work)))

    @app.get("/sources", responses=documented(422))
    def sources(listing: Annotated[Listing, Query()]) -> Sources:
        """The documents that answers rest on."""
        return Sources.of(catalogue().find(listing.query()), listing.page, listing.per_page)

    @app.get("/sources/{id:path}", responses=documented(404, 422))
    def source(id: str) -> Whole:
        """One document: its text and its sentences, with their places in the text."""
        entry = catalogue().entries.get(id)
        if entry is None:
            raise Problem(404, f"no document {id!r} in this corpus")
        return Whole.of(entry)

    @app.post("/verify", response_model=Verified, responses=documented(400, 413, 422, 504))
    async def verify(request: Request, answer: Annotated[Checkable, Body()]) -> Response:
        """Hold a saved answer against the documents as they are now."""

        def work() -> Verified:
            return Verified.of(assistant.verify(answer), assistant.faults(answer))

        return json_reply((await while_there(request, desk.run(work))).model_dump(mode="json"))

    @app.get("/health")
    async def health() -> Health:
        """Whether the server answers."""
        return Health()

    @app.get("/ready", responses=documented(503))
    def ready() -> Ready:
        """Whether there is an index to answer from."""
        return Ready(corpus=assistant.info, ingesting=assistant.ingesting)

    _describe(app)
    return app


async def _told(
    first: Event, events: AsyncGenerator[Event, None], keep: Callable[[Answer], None]
) -> AsyncIterator[bytes]:
    """The events as a stream; what goes wrong on the way is told as a `problem`, which ends it."""
    async with aclosing(events):
        try:
            yield _framed(first)
            async for event in events:
                yield _framed(event)
                if isinstance(event, Answer):
                    keep(event)
            yield frame({}, "done")
        except Exception as error:
            yield frame(problems.problem_of(error).to_dict(), "problem")


def _framed(event: Event) -> bytes:
    match event:
        case Step():
            return frame(asdict(event), "step")
        case Statement():
            return frame(asdict(event), "statement")
        case Answer():
            return frame(event.to_dict(), "answer")


def _describe(app: FastAPI) -> None:
    """Have the description of `app` hold what FastAPI cannot know: the schema of problems, and whole examples.

    FastAPI leaves out of an example each field that is null.
    """
    plain = app.openapi

    def described() -> dict[str, Any]:
        schema = plain()
        schema["components"]["schemas"]["Problem"] = problems.SCHEMA
        paths = schema["paths"]
        for path, example in {"/ask": EXAMPLE, **REPLIES}.items():
            (operation,) = paths[path].values()
            operation["responses"]["200"]["content"]["application/json"]["example"] = example
        paths["/verify"]["post"]["requestBody"]["content"]["application/json"]["example"] = EXAMPLE
        return schema

    app.openapi = described  # type: ignore[method-assign]
