"""The assistant for agents, over the Model Context Protocol. The only module that knows the library mcp.

Each tool returns two forms of one thing: `structuredContent`, the JSON that every other door speaks (`Answer`, `Hit`,
`Document`), and a text to read, with its marks. What the caller can mend comes back as a tool error of one line.
"""

import io
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, Self

import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import BaseModel, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from rich.console import Console

from shanghai_qa import __version__
from shanghai_qa.assistant import Assistant
from shanghai_qa.errors import ShanghaiQAError
from shanghai_qa.journal import Journal
from shanghai_qa.prove import Verdict, source_of
from shanghai_qa.terminal import show
from shanghai_qa.values import TOPICS, Answer, Citation, Document, Filters, Hit, Outcome, Tier, Turn
from shanghai_qa.web import ports

_INSTRUCTIONS = """Answers about Shanghai's technology ecosystem from a fixed corpus of dated sources.
Use `ask` first: it gives sentences with citations, or says that the corpus does not hold the answer; do not fill that
in. Pass an answer on with its caveats, tiers and disagreements, and with its figures as they stand there. Before you
quote a source yourself, check the quote with `verify_quote`."""

_PATH = "/mcp"
_WIDE = 10_000  # columns, so that no sentence is broken


class Said(BaseModel):
    """One message of the conversation before a question."""

    role: Literal["user", "assistant"]
    content: str


class Narrowing(BaseModel):
    """Which sources may answer; within a field one match is enough, and what is left out admits all."""

    topics: Annotated[list[str], Field(description=f"Any of: {', '.join(TOPICS)}.")] = []
    places: Annotated[list[str], Field(description="That the source speaks of, such as Zhangjiang or Lingang.")] = []
    tiers: Annotated[list[Tier], Field(description="Who stands behind the source, best first.")] = []
    year_from: Annotated[int | None, Field(description="Published in this year or later.")] = None
    year_to: Annotated[int | None, Field(description="Published in this year or before.")] = None
    documents: Annotated[list[str], Field(description="Ids of sources, as in citations.")] = []

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        self.filters()
        return self

    def filters(self) -> Filters:
        lists = {name: tuple(getattr(self, name)) for name in ("topics", "places", "tiers", "documents")}
        return Filters(**lists, year_from=self.year_from, year_to=self.year_to)


@dataclass(frozen=True)
class Found:
    """What a search found, best first."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True)
class Checked:
    """What became of a quote: `found` at `start` to `end` of `source`, or where else it stands, in `detail`."""

    verdict: Verdict
    source: str
    start: int | None
    end: int | None
    detail: str


Question = Annotated[
    str, Field(description="One question in English or Chinese, as the user put it; it may lean on `history`.")
]
Source = Annotated[str, Field(description="Id of a source, such as report/port-to-tech-leader.")]
Sources = Annotated[Narrowing, Field(description="Which sources may answer; leave out to admit all.")]


def server(assistant: Assistant, journal: Journal) -> MCPServer:
    """The tools over an assistant, for any transport. What is asked goes to `journal`, if that keeps it."""
    made = _OneLine(
        "shanghai-qa", title="Shanghai QA", instructions=_INSTRUCTIONS, version=__version__, log_level="WARNING"
    )
    only_reads = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)

    @made.tool(title="Ask the corpus", annotations=only_reads)
    def ask(
        question: Question,
        history: Sequence[Said] = (),
        sources: Sources = Narrowing(),  # noqa: B008
    ) -> Annotated[CallToolResult, Answer]:
        """Answer a question about Shanghai's technology ecosystem: firms, chips, AI, quantum, policy, capital, talent.

        Every sentence is quoted from a source and cites it as [n], with exact offsets, date and tier. `outcome` is
        answered, partly_answered (see `missing`) or not_in_corpus, which is an answer, too: nothing was found, and
        nothing should be made up. `caveats` and `disagreements` belong to the answer.
        """
        turns = tuple(Turn(said.role, said.content) for said in history)
        answer = assistant.ask(question, history=turns, filters=sources.filters())
        journal.asked(answer, turns, "mcp")
        return _result(_shown(answer), answer.to_dict())

    @made.tool(title="Search the corpus", annotations=only_reads)
    def search(
        query: Annotated[str, Field(description="A question or some words, in English or Chinese.")],
        limit: Annotated[int, Field(ge=1, le=50)] = 5,
        sources: Sources = Narrowing(),  # noqa: B008
    ) -> Annotated[CallToolResult, Found]:
        """Find passages on a subject, best first, each with its source and the offsets of its sentences.

        For looking around; a passage that is found need not answer anything. For answers use `ask`.
        """
        hits = assistant.search(query, filters=sources.filters(), limit=limit)
        return _result("\n\n".join(map(_passage, hits)) or "Nothing was found.", asdict(Found(hits)))

    @made.tool(title="Read a source", annotations=only_reads)
    def get_source(id: Source) -> Annotated[CallToolResult, Document]:
        """Give one source whole: its text, in which all offsets count, and who published it, where, when and its tier.

        The text is a digest in our own words; the original is at `url`.
        """
        document = assistant.document(id)
        return _result(f"{_described(document)}\n\n{document.text}", asdict(document) | {"sha256": document.sha256})

    @made.tool(title="Check a quote", annotations=only_reads)
    def verify_quote(
        quote: Annotated[str, Field(min_length=1, description="The exact words, letter for letter.")],
        source: Source,
        start: Annotated[int | None, Field(ge=0, description="Where it is said to begin, if that is known.")] = None,
    ) -> Annotated[CallToolResult, Checked]:
        """Say whether a source holds a quote: found, moved (elsewhere in it), misattributed (in another) or missing."""
        checked = _checked(assistant, quote, assistant.document(source), start)
        place = f"{source} {checked.start}–{checked.end}" if checked.start is not None else source
        return _result(f"{checked.verdict}: {checked.detail or place}", asdict(checked))

    return made


class _OneLine(MCPServer):
    """Says in one line what a caller did wrong, and what the user can mend in the words of our errors."""

    async def call_tool(self, name: str, arguments: dict[str, Any], context: "Context[Any, Any] | None" = None) -> Any:
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError("; ".join(map(_wrong, error.__cause__.errors()))) from error
            if isinstance(error.__cause__, ShanghaiQAError):
                raise ToolError(" ".join(str(error.__cause__).split())) from error
            raise


def _wrong(error: ErrorDetails) -> str:
    return f"{'.'.join(map(str, error['loc']))}: {error['msg'].removeprefix('Value error, ')}"


def _result(text: str, data: dict[str, Any]) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=data)


def _shown(answer: Answer) -> str:
    out = io.StringIO()
    show(answer, Console(file=out, width=_WIDE, color_system=None, highlight=False))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def _passage(hit: Hit) -> str:
    facts = ", ".join(filter(None, (hit.source.title, hit.section, hit.source.published, hit.source.tier)))
    return f"{hit.rank}. {hit.source.id} {hit.start}–{hit.end} ({facts})\n{hit.text}"


def _described(document: Document) -> str:
    facts = filter(None, (document.title, document.publisher, document.published, document.tier, document.url))
    return f"{document.id}: {', '.join(facts)}"


def _checked(assistant: Assistant, quote: str, document: Document, start: int | None) -> Checked:
    at = document.text.find(quote) if start is None else start
    begin = max(at, 0)
    cited = Citation(1, quote, begin, begin + len(quote), "", source_of(document))
    (check,) = assistant.verify(Answer(quote, "en", Outcome.ANSWERED, assistant.info, citations=(cited,)))
    if check.verdict is Verdict.FOUND:
        return Checked(check.verdict, document.id, begin, begin + len(quote), "")
    return Checked(check.verdict, document.id, None, None, check.detail)


def serve_http(assistant: Assistant, journal: Journal, port: int) -> None:
    """Serve streamable HTTP on this machine alone until told to end; port 0 takes a free one. The address on stderr."""
    app = server(assistant, journal).streamable_http_app(streamable_http_path=_PATH, stateless_http=True)
    with ports.listen("127.0.0.1", port, "mcp --http") as sock:
        print(f"MCP is at {ports.address(sock).rstrip('/')}{_PATH}", file=sys.stderr, flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)).run(sockets=[sock])


def serve_stdio(assistant: Assistant, journal: Journal) -> None:
    """Serve whoever holds our standard input and output, until that is closed."""
    server(assistant, journal).run("stdio")
