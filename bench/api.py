"""The doors for programs under load: a hundred clients, each asking again as soon as it has its answer.

Run with `.venv/bin/python -m bench.api`, on an otherwise idle machine: the clients share its cores with the server.
Prints a table and judges nothing.
"""

import asyncio
import itertools
import random
import statistics
import time
from collections.abc import Sequence

import httpx
from rich.console import Console
from rich.table import Table

from bench.server import served
from evals.cases import load

CLIENTS = 100
FOR_S = 60.0
PATIENCE_S = 90.0
ALONE = 50  # questions of one client, before the others come


def main() -> None:
    questions = [case.question for case in load() if not case.history]
    random.Random(7).shuffle(questions)
    with served() as address:
        console = Console()
        console.print(shown("One client", asyncio.run(crowd(address, questions, clients=1, most=ALONE))))
        console.print(shown(f"{CLIENTS} clients at once", asyncio.run(crowd(address, questions, clients=CLIENTS))))


async def crowd(
    address: str, questions: Sequence[str], clients: int, most: int | None = None
) -> tuple[float, list[float], list[str]]:
    """Seconds that it took; seconds of each answer; what went wrong. Ends after FOR_S, or `most` questions of each."""
    times: list[float] = []
    errors: list[str] = []
    limits = httpx.Limits(max_connections=None)
    begun = time.perf_counter()
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_S, limits=limits, trust_env=False) as http:

        async def client(number: int) -> None:
            for turn in itertools.count():
                asked = time.perf_counter()
                if asked - begun > FOR_S or turn == most:
                    return
                question = questions[(number * 37 + turn) % len(questions)]
                try:
                    (await http.post("api/v1/ask", json={"question": question})).raise_for_status()
                    times.append(time.perf_counter() - asked)
                except httpx.HTTPError as error:
                    errors.append(repr(error))

        await asyncio.gather(*map(client, range(clients)))
    return time.perf_counter() - begun, times, errors


def shown(title: str, measured: tuple[float, list[float], list[str]]) -> Table:
    took_s, times, errors = measured
    cuts = statistics.quantiles(times, n=100)
    table = Table(title=title, box=None, show_header=False, title_justify="left", pad_edge=False)
    table.add_row("answers", f"{len(times)}, {len(times) / took_s:.1f} a second")
    table.add_row("errors", f"{len(errors)} {errors[:1] or ''}")
    table.add_row("median", f"{statistics.median(times):.2f} s")
    table.add_row("95th percentile", f"{cuts[94]:.2f} s")
    table.add_row("99th percentile", f"{cuts[98]:.2f} s")
    table.add_row("longest", f"{max(times):.2f} s")
    return table


if __name__ == "__main__":
    main()
