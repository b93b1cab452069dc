"""What comes in and goes out over REST, where it is not one of `values` as it stands; with the examples of the docs."""

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from shanghai_qa import bear
from shanghai_qa.catalogue import LONGEST, PER_PAGE, Entry, Query, Sort
from shanghai_qa.prove import Check, Verdict, source_of
from shanghai_qa.values import (
    TOPICS,
    Answer,
    Ask,
    Citation,
    CorpusInfo,
    Filters,
    Hit,
    Outcome,
    Sentence,
    Source,
    Statement,
    Tier,
    Turn,
)

Topic = StrEnum("Topic", {topic: topic for topic in TOPICS})  # type: ignore[misc]  # choices that the docs list

LONGEST_HISTORY = 400
_LONGEST_FILTER = 100
_MOST_STATEMENTS = 50
_MOST_CITATIONS = 100
_MOST_COMPARED = 20_000
_MOST_HITS = 100

Year = Annotated[int, Field(ge=1, le=9999)]
Text = Annotated[str, Field(max_length=LONGEST)]


class _Strict(BaseModel):
    """A field of another name is an error, and none that is ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Narrowing(_Strict):
    """Which documents may answer; an empty field admits all, and every field must match. Years are of publication."""

    topics: list[Topic] = Field(default=[], max_length=_LONGEST_FILTER)
    places: list[Text] = Field(default=[], max_length=_LONGEST_FILTER, examples=[["Lingang"]])
    tiers: list[Tier] = Field(default=[], max_length=_LONGEST_FILTER)
    year_from: Year | None = None
    year_to: Year | None = None
    documents: list[Text] = Field(default=[], max_length=_LONGEST_FILTER, examples=[["report/port-to-tech-leader"]])

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        self.filters()
        return self

    def filters(self) -> Filters:
        return Filters(
            tuple(topic.value for topic in self.topics),
            tuple(self.places),
            tuple(self.tiers),
            self.year_from,
            self.year_to,
            tuple(self.documents),
        )


class Message(_Strict):
    """One message of the conversation so far."""

    role: Literal["user", "assistant"]
    content: str


class Asking(_Strict):
    """A question in its conversation, and which documents may answer. `id` comes back unchanged."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "How many startups are in Quantum Valley?"},
                {
                    "question": "And in 2024?",
                    "history": [{"role": "user", "content": "What was the revenue of SMIC in 2023?"}],
                    "filters": {"topics": ["semiconductors"], "tiers": ["primary", "established"]},
                    "id": "q-17",
                },
            ]
        }
    )

    question: str = Field(min_length=1, description="In English or Chinese.")
    history: list[Message] = Field(default=[], max_length=LONGEST_HISTORY, description="Oldest first.")
    filters: Narrowing = Narrowing()
    id: Text | None = None
    keep: bool = Field(
        default=False,
        description="Whether the server may keep the question, the conversation before it and the answer, so that "
        "answers get better. It keeps them only where its owner has turned that on, and nothing about who asked.",
    )

    def ask(self) -> Ask:
        history = tuple(Turn(message.role, message.content) for message in self.history)
        return Ask(self.question, history, self.filters.filters(), self.id)


class Searching(_Strict):
    """Words or a question, and how many passages are wanted."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"query": "undersea data centre", "limit": 3}]})

    query: str = Field(min_length=1)
    filters: Narrowing = Narrowing()
    limit: int = Field(default=10, ge=1, le=_MOST_HITS)


class Found(BaseModel):
    """Passages, the nearest first, whether or not they answer."""

    query: str
    corpus: CorpusInfo
    passages: list[Hit]


class Listing(_Strict):
    """Which documents, in which order, and which of their pages."""

    q: Text = Field(default="", description="Words that a document must hold, all of them.")
    topic: list[Topic] = Field(default=[], max_length=_LONGEST_FILTER)
    place: list[Text] = Field(default=[], max_length=_LONGEST_FILTER)
    tier: list[Tier] = Field(default=[], max_length=_LONGEST_FILTER)
    year_from: Year | None = None
    year_to: Year | None = None
    sort: Sort | None = Field(default=None, description="The best first if words are searched for, else the newest.")
    page: int = Field(default=1, ge=1, le=1_000_000)
    per_page: int = Field(default=PER_PAGE, ge=1, le=200)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        self.query()
        return self

    def query(self) -> Query:
        topics = tuple(topic.value for topic in self.topic)
        filters = Filters(topics, tuple(self.place), tuple(self.tier), self.year_from, self.year_to)
        return Query(self.q, filters, self.sort)


class Listed(BaseModel):
    """A source with what it is about. `characters` is the length of its text."""

    source: Source
    authors: tuple[str, ...]
    topics: tuple[str, ...]
    places: tuple[str, ...]
    characters: int

    @classmethod
    def of(cls, entry: Entry) -> Self:
        document = entry.document
        return cls(
            source=source_of(document),
            authors=document.authors,
            topics=document.topics,
            places=document.places,
            characters=len(document.text),
        )


class Sources(BaseModel):
    """A page of the documents that were asked for; `total` counts those of all pages."""

    total: int
    page: int
    per_page: int
    sources: list[Listed]

    @classmethod
    def of(cls, entries: list[Entry], page: int, per_page: int) -> Self:
        shown = entries[(page - 1) * per_page : page * per_page]
        return cls(total=len(entries), page=page, per_page=per_page, sources=[Listed.of(entry) for entry in shown])


class Numbered(BaseModel):
    """A sentence of a document, counted from 1; offsets count characters of `text`, end excluded."""

    number: int
    text: str
    start: int
    end: int


class Whole(Listed):
    """A source with its text and the sentences that can be cited."""

    text: str
    sentences: list[Numbered]

    @classmethod
    def of(cls, entry: Entry) -> Self:
        text = entry.document.text
        return cls(
            **Listed.of(entry).__dict__,
            text=text,
            sentences=[
                Numbered(number=n, text=text[span.start : span.end], start=span.start, end=span.end)
                for n, span in enumerate(entry.sentences, start=1)
            ],
        )


def _small(answer: Answer) -> Answer:
    """ValueError for more than takes seconds to check; what we answer is a fraction of that."""
    claims = [claim for one in answer.disagreements for claim in one.claims]
    cited = [number for statement in answer.statements for number in statement.citations]
    for most, name, given in (
        (_MOST_STATEMENTS, "statements", answer.statements),
        (_MOST_CITATIONS, "citations", answer.citations),
        (_MOST_CITATIONS, "claims", claims),
        (_MOST_STATEMENTS * _MOST_CITATIONS, "marks", cited),
    ):
        if len(given) > most:
            raise ValueError(f"an answer of at most {most:,} {name} is checked, got {len(given):,}")
    compared = _compared(answer)
    if compared > _MOST_COMPARED:
        limit = f"at most {_MOST_COMPARED:,} characters of its sentences and what each cites"
        raise ValueError(f"an answer of a model is checked that has {limit}, got {compared:,}")
    return answer


def _compared(answer: Answer) -> int:
    """How many characters of a model's sentences, and of what these cite, are compared; of quotes none."""
    if answer.answerer == "extractive":
        return 0
    length = {one.number: len(one.quote) for one in answer.citations if len(one.quote) <= 2 * bear.LONGEST}
    cited = (min(4 * bear.LONGEST, sum(length.get(number, 0) for number in one.citations)) for one in answer.statements)
    return sum(
        len(one.text) + of for one, of in zip(answer.statements, cited, strict=True) if len(one.text) <= bear.LONGEST
    )


Checkable = Annotated[Answer, AfterValidator(_small)]
"""An answer that can be checked soon, however it was made up."""


class Checked(BaseModel):
    """What became of one citation; `detail` says in words where the quote stands, or what else is not as cited."""

    number: int
    verdict: Verdict
    detail: str
    holds: bool


class Verified(BaseModel):
    """Whether an answer holds: each citation as it was checked, and what else is wrong, in words."""

    holds: bool
    citations: list[Checked]
    faults: list[str]

    @classmethod
    def of(cls, checks: Iterable[Check], faults: list[str]) -> Self:
        checked = [Checked(number=c.number, verdict=c.verdict, detail=c.detail, holds=c.holds) for c in checks]
        return cls(holds=all(one.holds for one in checked) and not faults, citations=checked, faults=faults)


class Health(BaseModel):
    """The server answers."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """Questions are answered, from this corpus."""

    status: Literal["ready"] = "ready"
    corpus: CorpusInfo
    ingesting: bool


EVENTS = """event: step
data: {"name": "search", "message": "Searching 1,087 passages"}

event: statement
data: {"text": "Quantum Valley houses 32 startups.", "citations": [1], "as_of": null}

event: answer
data: {"id": null, "question": "How many startups are in Quantum Valley?", "…": "as in JSON"}

event: done
data: {}
"""

_QUOTE = (
    "According to the report, 17 research institutions and 32 startups work together on next-generation computing in "
    "Quantum Valley."
)
_SOURCE = Source(
    id="report/port-to-tech-leader",
    title="Investigative report: Shanghai from industrial port to global tech leader",
    publisher=None,
    url=None,
    published="2025",
    tier=Tier.UNVERIFIED,
    sha256="a495347f49111bb6dde3c0dbad31e31f5eecb709396e12ac0d4c8d87da959435",
)
_CORPUS = CorpusInfo("cd7be8a2a40b", 335, 945)
_CITED = Citation(1, _QUOTE, 760, 887, "Quantum Valley in Zhangjiang", _SOURCE)
EXAMPLE: dict[str, Any] = json.loads(
    Answer(
        question="How many startups are in Quantum Valley?",
        language="en",
        outcome=Outcome.ANSWERED,
        direct_answer="32 startups",
        statements=(Statement(_QUOTE, (1,), "2025"),),
        citations=(_CITED,),
        caveats=("Only an unverified source says this.",),
        corpus=_CORPUS,
        elapsed_ms={"total": 98.2},
    ).to_json()
)
_TOPICS = ("policy", "quantum", "semiconductors", "ai", "startups", "talent", "districts")
_PLACES = ("Shanghai", "Pudong", "Zhangjiang", "Xuhui", "Putuo", "Yangpu")
_LISTED = Listed(source=_SOURCE, authors=(), topics=_TOPICS, places=_PLACES, characters=3_812)
_SENTENCE = Sentence(_QUOTE, _CITED.start, _CITED.end)
_HIT = Hit(1, _QUOTE, _CITED.start, _CITED.end, _CITED.section, (_SENTENCE,), _SOURCE)
REPLIES: dict[str, Any] = {
    path: reply.model_dump(mode="json")
    for path, reply in {
        "/search": Found(query="Quantum Valley", corpus=_CORPUS, passages=[_HIT]),
        "/sources": Sources(total=1, page=1, per_page=PER_PAGE, sources=[_LISTED]),
        "/sources/{id}": Whole(
            **_LISTED.__dict__ | {"characters": len(_QUOTE)},
            text=_QUOTE,
            sentences=[Numbered(number=1, text=_QUOTE, start=0, end=len(_QUOTE))],
        ),
        "/verify": Verified(
            holds=True, citations=[Checked(number=1, verdict=Verdict.FOUND, detail="", holds=True)], faults=[]
        ),
        "/health": Health(),
        "/ready": Ready(corpus=_CORPUS, ingesting=False),
    }.items()
}
"""An example of what each route but /ask replies with, by its path."""
