"""What happens when work takes long: others wait their turn, patience ends, and who has left is not worked for."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, cast

import pytest

from shanghai_qa.api.desk import Desk, while_there
from shanghai_qa.api.metrics import Metrics
from shanghai_qa.api.problems import Problem
from shanghai_qa.assistant import Assistant
from shanghai_qa.journal import Journal
from shanghai_qa.settings import ApiSettings
from shanghai_qa.values import Ask, Step
from tests.api.conftest import NO_JOURNAL, Doors, Scripted
from tests.api.test_app import assert_problem


def desk(scripted: Scripted, journal: Journal = NO_JOURNAL, **access: Any) -> Desk:
    return Desk(cast(Assistant, scripted), journal, ApiSettings(**access), Metrics())


def finished(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, timeout=10))


def test_an_answer_that_takes_too_long_is_504(doors: Doors, scripted: Scripted) -> None:
    client = doors(timeout_s=0.05)
    problem = assert_problem(client.post("/api/v1/ask", json={"question": "slow"}), 504)
    assert problem["detail"] == "no answer within 0.05 seconds"
    scripted.go_on.set()
    assert scripted.ended.wait(5)


def test_who_waits_in_line_waits_no_longer_than_that_either(scripted: Scripted) -> None:
    async def both() -> None:
        one = desk(scripted, at_once=1, timeout_s=0.2)
        slow = asyncio.create_task(one.answer(Ask("slow")))
        await asyncio.sleep(0.05)
        with pytest.raises(Problem, match="no answer within"):
            await one.answer(Ask("How many?"))
        with pytest.raises(Problem):
            await slow
        assert [ask.question for ask in scripted.asked] == ["slow"]  # the other was never begun
        scripted.go_on.set()

    finished(both())


def test_only_so_many_are_answered_at_once_and_in_order(scripted: Scripted) -> None:
    async def all_of_them() -> None:
        two, order = desk(scripted, at_once=2), list[str]()

        async def ask(question: str) -> None:
            await two.answer(Ask(question))
            order.append(question)

        waiting = [asyncio.create_task(ask("slow")), asyncio.create_task(ask("slow"))]
        waiting += [asyncio.create_task(ask(question)) for question in ("a", "b")]
        await asyncio.sleep(0.1)
        assert len(scripted.asked) == 2
        scripted.go_on.set()
        await asyncio.gather(*waiting)
        assert order.index("a") < order.index("b")

    finished(all_of_them())


def test_a_stream_that_is_closed_ends_the_work(scripted: Scripted) -> None:
    async def leave() -> None:
        events = desk(scripted).events(Ask("slow"))
        assert isinstance(await anext(events), Step)
        await events.aclose()
        scripted.go_on.set()
        assert await asyncio.to_thread(scripted.ended.wait, 5)

    finished(leave())


def test_a_client_that_goes_away_is_not_waited_for() -> None:
    class Gone:
        async def receive(self) -> dict[str, str]:
            return {"type": "http.disconnect"}

    async def work() -> None:
        cancelled = False

        async def long() -> None:
            nonlocal cancelled
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled = True
                raise

        begun = time.monotonic()
        with pytest.raises(Problem, match="went away"):
            await while_there(Gone(), long())  # type: ignore[arg-type]
        assert cancelled
        assert time.monotonic() - begun < 5

    finished(work())
