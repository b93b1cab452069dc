"""Who may come in, how often, and with how much: what is asked of a request before any route sees it."""

import hmac
import math
import time
from collections.abc import Callable, Sequence
from hashlib import sha256

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shanghai_qa.api import problems
from shanghai_qa.api.metrics import Metrics
from shanghai_qa.api.problems import Problem
from shanghai_qa.settings import ApiSettings

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}  # any other is "other" in the metrics


class Rate:
    """How often each client may come: a window that moves, kept in this process. Safe to use from several threads."""

    def __init__(self, rate: str | None) -> None:
        self._item: RateLimitItem | None = parse(rate) if rate else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def count(self, client: str) -> None:
        """Count one more request of a client; Problem 429 if it is one too many."""
        if self._item and not self._limiter.hit(self._item, client):
            wait_s = max(1, math.ceil(self._limiter.get_window_stats(self._item, client).reset_time - time.time()))
            raise Problem(
                429,
                f"more requests than {self._item}; try again in {wait_s} seconds",
                headers={"Retry-After": str(wait_s)},
            )


class Gate:
    """Stands before an application: key, rate and size are asked of each request, and each is counted and timed.

    `free` are paths below the application's root that ask for no key and count against no rate. What is refused, and
    what fails, is said by `respond`; a failure is logged, and nothing of it shown.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: ApiSettings,
        rate: Rate,
        metrics: Metrics,
        respond: Callable[[Problem], Response] = problems.respond,
        free: Sequence[str] = (),
    ) -> None:
        self._app = app
        self._access = access
        self._rate = rate
        self._metrics = metrics
        self._respond = respond
        self._free = free

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), problems.CLIENT_GONE  # if nothing is ever sent

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            self._ask_for_key_and_count(scope)
            await self._app(scope, self._bounded(Headers(scope=scope), receive), noting)
        except Exception as error:
            problem = problems.problem_of(error)
            if status == problems.CLIENT_GONE:
                await self._respond(problem)(scope, receive, noting)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.served(_route(scope), method, status, time.perf_counter() - begun)

    def _ask_for_key_and_count(self, scope: Scope) -> None:
        if path_of(scope) in self._free:
            return
        key = shown_key(Headers(scope=scope), self._access.keys)
        host = scope["client"][0] if scope.get("client") else ""
        self._rate.count(sha256(key.encode()).hexdigest() if key else host)  # also who guesses keys
        if self._access.keys and key is None:
            raise Problem(
                401,
                "a key is needed: send it as Authorization: Bearer KEY or as X-API-Key: KEY",
                headers={"WWW-Authenticate": "Bearer"},
            )

    def _bounded(self, headers: Headers, receive: Receive) -> Receive:
        """`receive`, until the body is larger than admitted; a body that says so itself is not read at all."""
        most, length = self._access.max_body_bytes, headers.get("content-length", "")
        too_large = HTTPException(413, f"the body has more than {most:,} bytes")
        if length.isdecimal() and int(length) > most:
            raise problems.problem_of(too_large)
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise too_large
            return message

        return counted


def shown_key(headers: Headers, keys: Sequence[str]) -> str | None:
    """The one of `keys` that a request shows, as a bearer token or in X-API-Key; None if it shows none of them.

    Takes as long whichever it is.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    given = token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
    same = [key for key in keys if hmac.compare_digest(key.encode(), given.encode())]
    return same[0] if same else None


class Closed:
    """Keeps whoever shows no key from all but those paths of which `is_door` says that they see to it themselves."""

    def __init__(self, app: ASGIApp, access: ApiSettings, is_door: Callable[[Scope], bool]) -> None:
        self._app = app
        self._access = access
        self._is_door = is_door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._is_door(scope) or self._is_known(scope):
            await self._app(scope, receive, send)
        else:
            said = "The page is closed here; its owner opens it with: shanghai-qa serve --public"
            await PlainTextResponse(said, status_code=403)(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        return shown_key(Headers(scope=scope), self._access.keys) is not None


def path_of(scope: Scope) -> str:
    """The path of a request below the root of the application that handles it."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _route(scope: Scope) -> str:
    """The template of the route that a request took, "none" where it took none."""
    path = getattr(scope.get("route"), "path", None)
    return f"{scope.get('root_path', '')}{path}" if path else "none"
