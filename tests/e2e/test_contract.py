"""The contract of the doors: whoever asks the same is given the same `Answer`, but for how long it took.

Python's `Assistant.ask` is the reference. A door that has no place for a part of what is asked is asked without it, and
so is Python then; the table `DOORS` says which. Each is met as its users meet it: the program as a process, the server
over its socket, each protocol by a client that others wrote, the page in a browser.
"""

import asyncio
import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pandas  # type: ignore[import-untyped]
import pytest
from httpx_sse import connect_sse
from mcp import Client, StdioServerParameters, stdio_client
from openai import OpenAI
from playwright.sync_api import Locator, Page

from evals.cases import SLICES, load
from shanghai_qa.assistant import Assistant
from shanghai_qa.values import NO_FILTERS, Answer, Ask, Filters, Outcome, Tier, Turn
from shanghai_qa.words import has_chinese
from tests import test_mcp
from tests.e2e.program import PROGRAM, environment, run, without_time
from tests.web import conftest as web
from tests.web.test_page import answered as shown
from tests.web.test_page import ask as typed

pytestmark = pytest.mark.corpus

Json = dict[str, Any]

FILTERED = {
    "tesla-plant-money": Filters(topics=("vehicles", "talent")),
    "zh-grand-neobay": Filters(places=("Shanghai",)),
    "city-economy-2024": Filters(tiers=(Tier.ESTABLISHED,)),
    "premise-shanghai-first-startups": Filters(year_from=2020),
    "mother-fund-biomedicine-largest": Filters(topics=("capital",), year_to=2024),
    "undersea-drinking-water": Filters(documents=("computing/blackridge-lingang-undersea-operation",)),
}
"""Cases that are asked of some documents alone, by id."""
SEVERAL = {"follow-up": 5, "in-chinese": 5, "typo": 3, "disagreement": 9, "partly_answered": 5}


def _fifty() -> list[Ask]:
    """Of each slice of the suite one case at least and of some several, first those whose ids have the lowest hash."""
    cases = sorted(load(), key=lambda case: hashlib.sha256(case.id.encode()).digest())
    wanted = [case for case in cases if case.id in FILTERED]
    for name in SLICES:
        wanted += [case for case in cases if name in case.slices][: SEVERAL.get(name, 1)]
    chosen = list(dict.fromkeys([*wanted, *cases]))[:50]
    return [Ask(case.question, case.history, FILTERED.get(case.id, NO_FILTERS), case.id) for case in chosen]


FIFTY = _fifty()
NOTHING = Ask("")


# --- The doors


@dataclass(frozen=True)
class Site:
    """Where the doors are: an index, the address of the server over it, and a folder for files."""

    index: Path
    address: str
    folder: Path


def command_line(asks: Sequence[Ask], site: Site) -> list[Json]:
    def answered(number: int, ask: Ask) -> Json:
        history = site.folder / f"history-{number}.json"
        history.write_text(json.dumps([asdict(turn) for turn in ask.history]), encoding="utf-8")
        options: list[str | Path] = [*_options(ask.filters), "--history", history, "--index", site.index]
        ran = run("ask", "--json", *options, ask.question, cwd=site.folder)
        assert ran.status == (3 if ran.json["outcome"] == "not_in_corpus" else 0), ran.err
        return dict(ran.json)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(answered, range(len(asks)), asks))


def _options(filters: Filters) -> list[str]:
    several = {"topic": filters.topics, "place": filters.places, "tier": filters.tiers}
    years = {"from-year": filters.year_from, "to-year": filters.year_to}
    given = [f"--{name}={value}" for name, values in several.items() for value in values]
    return given + [f"--{name}={year}" for name, year in years.items() if year]


def batch(asks: Sequence[Ask], site: Site) -> list[Json]:
    text = _batch(asks, site, "answers.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.strip().split("\n")]


def _batch(asks: Sequence[Ask], site: Site, out: str) -> Path:
    lines = (json.dumps(asdict(ask), ensure_ascii=False) + "\n" for ask in asks)
    (site.folder / "asks.jsonl").write_text("".join(lines), encoding="utf-8")
    ran = run("batch", "asks.jsonl", "-o", out, "--index", site.index, cwd=site.folder)
    assert ran.status == 0, ran.err
    return site.folder / out


def rest(asks: Sequence[Ask], site: Site) -> list[Json]:
    with _http(site) as http:
        return [http.post("api/v1/ask", json=asdict(ask)).raise_for_status().json() for ask in asks]


def events(asks: Sequence[Ask], site: Site) -> list[Json]:
    def answered(http: httpx.Client, ask: Ask) -> Json:
        with connect_sse(http, "POST", "api/v1/ask", json=asdict(ask)) as source:
            *_, answer, done = source.iter_sse()
        assert (answer.event, done.event) == ("answer", "done")
        return dict(answer.json())

    with _http(site) as http:
        return [answered(http, ask) for ask in asks]


def _http(site: Site) -> httpx.Client:
    return httpx.Client(base_url=site.address, trust_env=False, timeout=60)


def chat(asks: Sequence[Ask], site: Site) -> list[Json]:
    with _openai(site) as openai:
        given = [openai.chat.completions.create(model="shanghai-qa", messages=_messages(ask)) for ask in asks]
    return [(one.model_extra or {})["answer"] for one in given]


def chat_in_chunks(asks: Sequence[Ask], site: Site) -> list[Json]:
    def answered(openai: OpenAI, ask: Ask) -> Json:
        chunks = openai.chat.completions.create(model="shanghai-qa", messages=_messages(ask), stream=True)
        (answer,) = [extra["answer"] for chunk in chunks if (extra := chunk.model_extra)]
        return dict(answer)

    with _openai(site) as openai:
        return [answered(openai, ask) for ask in asks]


def _openai(site: Site) -> OpenAI:
    return OpenAI(base_url=f"{site.address}v1", api_key="none", max_retries=0)


def _messages(ask: Ask) -> Any:
    return [*map(asdict, ask.history), {"role": "user", "content": ask.question}]


def mcp_over_stdio(asks: Sequence[Ask], site: Site) -> list[Json]:
    arguments = ["mcp", "--index", str(site.index)]
    program = StdioServerParameters(command=str(PROGRAM), args=arguments, env=environment(), cwd=site.folder)
    return asyncio.run(_called(stdio_client(program, errlog=sys.stderr), asks))


def mcp_over_http(asks: Sequence[Ask], site: Site) -> list[Json]:
    with test_mcp.served(site.index) as address:
        return asyncio.run(_called(address, asks))


async def _called(target: Any, asks: Sequence[Ask]) -> list[Json]:
    async with Client(target) as client:
        told = [
            {"question": asked["question"], "history": asked["history"], "sources": asked["filters"]}
            for asked in map(asdict, asks)
        ]
        return [test_mcp.data_of(await client.call_tool("ask", one)) for one in told]


def page(asks: Sequence[Ask], site: Site) -> list[Json]:
    """By the call of the page's script, to the server's queue; the turn that comes back carries the whole answer."""

    def answered(page: Page, number: int, ask: Ask) -> Json:
        asked = {**asdict(ask), "number": number, "key": f"k{number}"}
        page.evaluate("asked => window.shanghaiQAHears(asked)", json.loads(json.dumps(asked)))
        return _answer_in(page.locator(f"#now .turn[data-key=k{number}]:has(.answer:not(.working))"))

    with _page(site) as page:
        page.wait_for_function("'shanghaiQAHears' in window")
        return [answered(page, number, ask) for number, ask in enumerate(asks, start=1)]


def _answer_in(turn: Locator) -> Json:
    answer = turn.get_attribute("data-answer")
    assert answer, turn.inner_text()
    return dict(json.loads(answer))


@contextmanager
def _page(site: Site) -> Iterator[Page]:
    """The page in a browser of its own, since in one thread Playwright can be started only once at a time."""
    launched = contextmanager(inspect.unwrap(web.browser))
    with launched() as browser, web.opened(browser, site.address) as page:
        page.goto(site.address)
        page.wait_for_selector(".intro .chip")
        yield page


@dataclass(frozen=True)
class Door:
    """A way in, and the fields of an `Ask`, or of its filters, that it has no place for."""

    answers: Callable[[Sequence[Ask], Site], list[Json]]
    lacks: tuple[str, ...] = ()

    def told(self, ask: Ask) -> Ask:
        """What of `ask` gets in here."""
        if "documents" in self.lacks:
            ask = replace(ask, filters=replace(ask.filters, documents=()))
        return replace(ask, **{name: getattr(NOTHING, name) for name in ("id", "filters") if name in self.lacks})


DOORS = {
    "command line": Door(command_line, lacks=("id", "documents")),
    "batch": Door(batch, lacks=("filters",)),
    "REST": Door(rest),
    "server-sent events": Door(events),
    "chat completions": Door(chat, lacks=("id", "filters")),
    "chat completions in chunks": Door(chat_in_chunks, lacks=("id", "filters")),
    "MCP over stdio": Door(mcp_over_stdio, lacks=("id",)),
    "MCP over HTTP": Door(mcp_over_http, lacks=("id",)),
    "page": Door(page, lacks=("id", "documents")),
}


# --- The contract

Reference = Callable[[Ask], Answer]


@pytest.fixture(scope="module")
def reference(assistant: Assistant) -> Reference:
    return cache(lambda ask: assistant.ask(ask.question, history=ask.history, filters=ask.filters, id=ask.id))


@pytest.fixture(scope="module")
def address(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with web.serving(index, tmp_path_factory.mktemp("journal") / "journal.sqlite") as (address, _):
        yield address


@pytest.fixture
def site(index: Path, address: str, tmp_path: Path) -> Site:
    return Site(index, address, tmp_path)


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.web) if n == "page" else n for n in DOORS])
def test_every_door_gives_the_answer_of_python(name: str, site: Site, reference: Reference) -> None:
    asks = [DOORS[name].told(ask) for ask in FIFTY]
    given = DOORS[name].answers(asks, site)
    assert all(one["elapsed_ms"]["total"] > 0 for one in given)
    pairs = zip(asks, given, strict=True)
    differing = {ask.question: found for ask, one in pairs if (found := _differences(one, reference(ask)))}
    assert differing == {}


def _differences(given: Json, answer: Answer) -> Json:
    """The fields in which an answer is not the reference, each with what was given and what is wanted."""
    wanted, given = without_time(_as_json(answer)), without_time(given)
    lacking = object()
    pairs = {name: (given.get(name, lacking), wanted.get(name, lacking)) for name in dict.fromkeys([*wanted, *given])}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _as_json(answer: Answer) -> Json:
    return dict(json.loads(answer.to_json()))


def test_the_fifty_are_of_every_sort(reference: Reference) -> None:
    ids = {ask.id for ask in FIFTY}
    assert len(ids) == 50
    assert ids >= {*FILTERED}
    assert {name for case in load() if case.id in ids for name in case.slices} == {*SLICES}
    assert sum(bool(ask.history) for ask in FIFTY) >= 5
    assert sum(has_chinese(ask.question) for ask in FIFTY) >= 5
    answers = [reference(ask) for ask in FIFTY]
    outcomes = [answer.outcome for answer in answers]
    assert outcomes.count(Outcome.ANSWERED) >= 20
    assert outcomes.count(Outcome.PARTLY_ANSWERED) >= 2
    assert outcomes.count(Outcome.NOT_IN_CORPUS) >= 8
    assert sum(bool(answer.disagreements) for answer in answers) >= 3
    assert sum(bool(answer.caveats) for answer in answers) >= 5
    assert sum(answer.read_as is not None for answer in answers) >= 5


@pytest.mark.parametrize("part", ["history", "filters"])
def test_what_is_handed_in_beside_a_question_decides_its_answer(reference: Reference, part: str) -> None:
    """Else a door could drop it, and none would notice."""
    asks = [ask for ask in FIFTY if getattr(ask, part)]
    assert len(asks) >= 5
    for ask in asks:
        without = replace(ask, **{part: getattr(NOTHING, part)})
        assert _differences(_as_json(reference(ask)), reference(without)), ask.id


@pytest.mark.web
def test_what_a_reader_types_is_asked_with_the_conversation_before_it_and_the_filters(
    site: Site, reference: Reference
) -> None:
    with _page(site) as page:
        given = [_answer_in(typed(page, question)) for question in ("When was MiniMax founded?", "Who founded it?")]
        page.get_by_label("primary").check()
        given.append(_answer_in(typed(page, "How many people work there?")))
    first = Ask("When was MiniMax founded?")
    second = Ask("Who founded it?", _turns(reference(first)))
    third = Ask(
        "How many people work there?", second.history + _turns(reference(second)), Filters(tiers=(Tier.PRIMARY,))
    )
    for one, ask in zip(given, (first, second, third), strict=True):
        assert _differences(one, reference(ask)) == {}


def _turns(answer: Answer) -> tuple[Turn, Turn]:
    said = " ".join(statement.text for statement in answer.statements)
    return Turn("user", answer.question), Turn("assistant", said)


@pytest.mark.web
def test_a_question_that_is_sent_the_moment_an_answer_appears_is_answered(site: Site) -> None:
    with _page(site) as page:
        page.evaluate(_AT_ONCE, "Who founded it?")
        page.fill("#box textarea", "When was MiniMax founded?")
        page.press("#box textarea", "Enter")
        shown(page, "Who founded it?")


_AT_ONCE = """question => new MutationObserver((changes, observer) => {
  const left = document.querySelector("#now .turn[data-answer]") ? window.shanghaiQA.submitted(question) : question;
  if (!left) observer.disconnect();
}).observe(document.body, { childList: true, subtree: true })"""


def test_another_program_reads_the_table_of_a_batch_cell_for_cell(site: Site, reference: Reference) -> None:
    odd = {"=1+1": "'=1+1", "-x?": "'-x?", '"海", or\r\n=x; y?': '"海", or\r\n=x; y?'}
    asks = [*map(DOORS["batch"].told, FIFTY[:20]), *map(Ask, odd)]
    table = pandas.read_csv(_batch(asks, site, "answers.csv"), dtype=str, keep_default_na=False)
    wanted = [_cells(reference(ask)) | {"question": odd.get(ask.question, ask.question)} for ask in asks]
    assert list(table.columns) == list(wanted[0])
    for row, cells in zip(table.to_dict("records"), wanted, strict=True):
        assert row == cells | {name: f"'{cell}" for name, cell in cells.items() if cell.startswith("\n")}


def _cells(answer: Answer) -> dict[str, str]:
    sources = [citation.source for citation in answer.citations]
    columns = {
        "id": answer.id,
        "question": answer.question,
        "outcome": answer.outcome,
        "direct_answer": answer.direct_answer,
        "answer": " ".join(f"{one.text} {''.join(f'[{n}]' for n in one.citations)}" for one in answer.statements),
        "sources": "\n".join(source.id for source in sources),
        "quotes": "\n".join(citation.quote for citation in answer.citations),
        "urls": "\n".join(source.url or "" for source in sources),
        "tiers": "\n".join(source.tier for source in sources),
        "published": "\n".join(source.published or "" for source in sources),
        "caveats": "\n".join(answer.caveats),
        "missing": "\n".join(answer.missing),
        "error": None,
        "answerer": answer.answerer,
        "corpus": answer.corpus.version,
    }
    return {name: value or "" for name, value in columns.items()}
