"""The page as readers feel it: how soon it says something, what it weighs, and how it bears fifty of them at once.

Run with `make bench`, on an otherwise idle machine: the browser and the fifty share its cores with the server.
Prints tables and judges nothing.
"""

import asyncio
import itertools
import json
import random
import shutil
import statistics
import time
from collections.abc import Sequence
from typing import Any

import httpx
from playwright.sync_api import Page, Response, sync_playwright
from rich.console import Console
from rich.table import Table

from bench.server import served
from evals.cases import load

ASKED = 30  # questions in the browser
READERS = 50
EVERY_S = 5.0
FOR_S = 60.0
PATIENCE_S = 30.0

# When the question was sent, when a step and when a sentence could first be seen; in ms.
_WATCH = """() => {
  const seen = (window.seen = {});
  document.addEventListener("keydown", (event) => {
    const before = document.querySelector("#now .turn")?.dataset.key;
    if (event.key === "Enter") window.seen = { sent: performance.now(), before };
  }, true);
  const look = () => {
    const { seen } = window, at = performance.now();
    if (document.querySelector("#soon .step, #now .step")) seen.step ??= at;
    const turn = document.querySelector("#now .turn");
    if (turn && turn.dataset.key !== seen.before && turn.querySelector(".said p, .outcome")) seen.sentence ??= at;
    requestAnimationFrame(look);
  };
  look();
}"""


def main() -> None:
    console = Console()
    questions = [case.question for case in load() if not case.history]
    random.Random(7).shuffle(questions)
    with served() as address:
        console.print(as_table("In the browser, alone", in_the_browser(address, questions[:ASKED])))
        console.print(
            as_table(f"{READERS} readers, each asking every {EVERY_S:g} s", asyncio.run(crowd(address, questions)))
        )


def in_the_browser(address: str, questions: Sequence[str]) -> list[tuple[str, str]]:
    """What one reader feels; medians over the questions."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        received: list[Response] = []
        page.on("response", lambda response: received.append(response))
        started = time.perf_counter()
        page.goto(address)
        page.wait_for_selector("#box textarea:enabled")
        page.wait_for_selector("#past-conversations button")
        ready_s = time.perf_counter() - started
        page.wait_for_timeout(1_000)
        weights = [_weight(response) for response in received]
        page.evaluate(_WATCH)
        times = [_ask(page, question) for question in questions]
        browser.close()
    return [
        ("page ready to type in, first visit", f"{ready_s:.2f} s"),
        ("page weight, as sent", f"{sum(weights) / 1e6:.2f} MB in {len(weights)} answers"),
        ("first step seen (100 ms wanted)", f"{statistics.median(step for step, _ in times):.0f} ms"),
        ("first sentence seen (500 ms wanted)", f"{statistics.median(sentence for _, sentence in times):.0f} ms"),
    ]


def _weight(response: Response) -> int:
    try:
        sizes = response.request.sizes()
        return sizes["responseBodySize"] + sizes["responseHeadersSize"]
    except Exception:  # a stream that has not ended has no size
        return 0


def _ask(page: Page, question: str) -> tuple[float, float]:
    page.fill("#box textarea", question)
    page.press("#box textarea", "Enter")
    page.wait_for_function("window.seen.sentence && !document.querySelector('.answer.working')")
    seen: dict[str, float] = page.evaluate("window.seen")
    return seen["step"] - seen["sent"], seen["sentence"] - seen["sent"]


async def crowd(address: str, questions: Sequence[str]) -> list[tuple[str, str]]:
    """Readers who do what the page does: join the queue, hear of it until the answer is whole."""
    times: list[float] = []
    errors: list[str] = []
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_S, limits=limits, trust_env=False) as client:
        config = (await client.get("config")).json()
        event = next(
            one for one in config["dependencies"] if [one["targets"][0][1], one["backend_fn"]] == ["click", True]
        )
        end = time.perf_counter() + FOR_S

        async def reader(number: int) -> None:
            await asyncio.sleep(EVERY_S * number / READERS)
            for turn in itertools.count():
                begun = time.perf_counter()
                if begun > end:
                    return
                try:
                    await exchange(
                        client, event, f"reader{number}-{turn}", questions[(number * 37 + turn) % len(questions)]
                    )
                    times.append(time.perf_counter() - begun)
                except (httpx.HTTPError, RuntimeError, TimeoutError) as error:
                    errors.append(repr(error))
                await asyncio.sleep(max(0.0, EVERY_S - (time.perf_counter() - begun)))

        await asyncio.gather(*(reader(number) for number in range(READERS)))
    cuts = statistics.quantiles(times, n=100)
    return [
        ("answers", f"{len(times)}, {len(times) / FOR_S:.1f} a second"),
        ("errors", f"{len(errors)} {errors[:1] or ''}"),
        ("median", f"{statistics.median(times):.2f} s"),
        ("95th percentile (2 s wanted)", f"{cuts[94]:.2f} s"),
        ("longest", f"{max(times):.2f} s"),
    ]


async def exchange(client: httpx.AsyncClient, event: dict[str, Any], session: str, question: str) -> None:
    """One question from its sending to its whole answer; RuntimeError if the page would show a failure."""
    asked = {"question": question, "number": 1, "key": "k1", "history": [], "filters": {}}
    body = {
        "data": [],
        "event_data": asked,
        "fn_index": event["id"],
        "trigger_id": event["targets"][0][0],
        "session_hash": session,
    }
    joined = await client.post("gradio_api/queue/join", json=body)
    joined.raise_for_status()
    async with (
        asyncio.timeout(PATIENCE_S),
        client.stream("GET", f"gradio_api/queue/data?session_hash={session}") as stream,
    ):
        said = ""
        async for line in stream.aiter_lines():
            if not line.startswith("data:"):
                continue
            said += line
            message = json.loads(line.removeprefix("data:"))
            if message["msg"] == "process_completed":
                if not message["success"] or 'class=\\"answer failed' in said:
                    raise RuntimeError(f"no answer to {question!r}")
                return
    raise RuntimeError(f"the stream ended before the answer to {question!r}")


def as_table(title: str, rows: Sequence[tuple[str, str]]) -> Table:
    table = Table(title=title, box=None, show_header=False, title_justify="left", pad_edge=False)
    for row in rows:
        table.add_row(*row)
    return table


if __name__ == "__main__":
    main()
