"""Work for the assistant, which is synchronous, in; what it gives out, a few at a time and each in good time."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.requests import Request

from shanghai_qa.api.metrics import Metrics
from shanghai_qa.api.problems import CLIENT_GONE, Problem
from shanghai_qa.assistant import Assistant, Event
from shanghai_qa.journal import Journal
from shanghai_qa.settings import ApiSettings
from shanghai_qa.values import Answer, Ask

T = TypeVar("T")


class Desk:
    """Serves first come, first served, `at_once` at a time; a piece of work that nobody waits for is not begun."""

    def __init__(self, assistant: Assistant, journal: Journal, access: ApiSettings, metrics: Metrics) -> None:
        self._assistant = assistant
        self._journal = journal
        self._metrics = metrics
        self._timeout_s = access.timeout_s
        self._threads = ThreadPoolExecutor(access.at_once, thread_name_prefix="shanghai-qa-api")

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` gives; Problem 504 if it takes too long."""
        with self._metrics.in_hand.track_inprogress():
            return await self._in_time(asyncio.wrap_future(self._threads.submit(work)), self._deadline())

    async def answer(self, ask: Ask) -> Answer:
        """The answer; Problem 504 if it takes too long."""
        events = self.events(ask)
        try:
            async for event in events:
                if isinstance(event, Answer):
                    return event
        finally:
            await events.aclose()
        raise AssertionError("the assistant ended without an answer")

    async def events(self, ask: Ask) -> AsyncGenerator[Event, None]:
        """What `Assistant.stream` gives, as it comes. To close it ends the work at the next event."""
        given: asyncio.Queue[Event | Exception] = asyncio.Queue()
        loop, left = asyncio.get_running_loop(), threading.Event()

        def work() -> None:
            try:
                for event in self._assistant.stream(ask):
                    if left.is_set():
                        return
                    loop.call_soon_threadsafe(given.put_nowait, event)
            except Exception as error:
                if not left.is_set():
                    loop.call_soon_threadsafe(given.put_nowait, error)

        deadline, working = self._deadline(), self._threads.submit(work)
        try:
            with self._metrics.in_hand.track_inprogress():
                while True:
                    event = await self._in_time(given.get(), deadline)
                    if isinstance(event, Exception):
                        raise event
                    if isinstance(event, Answer):
                        self._metrics.answered(event)
                        yield event
                        return
                    yield event
        finally:
            left.set()
            working.cancel()

    def keeping(self, ask: Ask, door: str, agreed: bool) -> Callable[[Answer], None]:
        """What is to be called with the answer once it was given: it keeps it, if whoever asked `agreed` to that.

        Nobody waits for the journal, nor does an answer depend on it.
        """

        def keep(answer: Answer) -> None:
            if agreed:
                asyncio.get_running_loop().run_in_executor(None, self._journal.asked, answer, ask.history, door)

        return keep

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._timeout_s

    async def _in_time(self, awaited: Awaitable[T], deadline: float) -> T:
        try:
            async with asyncio.timeout_at(deadline) as patience:
                return await awaited
        except TimeoutError as error:
            if not patience.expired():
                raise
            raise Problem(504, f"no answer within {self._timeout_s:g} seconds") from error


async def while_there(request: Request, awaited: Awaitable[T]) -> T:
    """What `awaited` gives, which is cancelled as soon as the client is gone: then nobody reads Problem 499."""
    working, gone = asyncio.ensure_future(awaited), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Problem(CLIENT_GONE, "the client went away")
    finally:
        gone.cancel()
        if working.cancel():
            await asyncio.wait({working})


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
