"""The values that every step and every door speaks in: frozen, typed, and free of any library.

Offsets count characters of `Document.text`, end excluded: `document.text[start:end]` is the text meant.
`Answer` is the same object in the browser, the terminal, Python and evaluations; its JSON form is `to_json`.
"""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any


class Tier(StrEnum):
    """Who stands behind the facts of a document, best first."""

    PRIMARY = "primary"
    ESTABLISHED = "established"
    PROMOTIONAL = "promotional"
    UNVERIFIED = "unverified"

    @property
    def rank(self) -> int:
        """0 for the best tier, 3 for the last."""
        return list(Tier).index(self)


TOPICS = (
    "semiconductors", "ai", "quantum", "computing", "startups", "capital", "talent", "policy", "districts", "biotech",
    "vehicles", "robotics", "aerospace", "research", "digital-economy", "trade",
)  # fmt: skip


class Outcome(StrEnum):
    ANSWERED = "answered"
    PARTLY_ANSWERED = "partly_answered"
    NOT_IN_CORPUS = "not_in_corpus"


@dataclass(frozen=True)
class Document:
    """One source, told in our own words.

    `id` is its path under the corpus without the ending. `text` is the body after the front matter, cleaned, and is
    what offsets count in. `published` is YYYY, YYYY-MM or YYYY-MM-DD. `pages` are the offsets at which the pages of a
    paged original begin, () where it has none; `also_at` the addresses, else ids, of its copies, which are not indexed.
    """

    id: str
    title: str
    publisher: str | None
    authors: tuple[str, ...]
    url: str | None
    published: str | None
    tier: Tier
    topics: tuple[str, ...]
    places: tuple[str, ...]
    text: str
    pages: tuple[int, ...] = ()
    also_at: tuple[str, ...] = ()

    @cached_property
    def sha256(self) -> str:
        """Hex SHA-256 of `text` in UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def year(self) -> int | None:
        return int(self.published[:4]) if self.published else None

    def page(self, offset: int) -> int | None:
        """The page, from 1, on which the character at `offset` stands; None where the original has none."""
        return bisect_right(self.pages, offset) or None


@dataclass(frozen=True)
class Span:
    """A stretch of a document's text, end excluded."""

    start: int
    end: int


@dataclass(frozen=True)
class Context:
    """The sentence that names what another speaks of: its place in the document, and the name, "" if none is told."""

    start: int
    end: int
    subject: str


@dataclass(frozen=True)
class Passage:
    """A section of one document, or whole sentences of it where the section is longer than the model reads.

    `id` says where it stands: `<document id>#<start>`. `heading` is the section's heading, or "" above the first.
    `sentences` lie in [start, end) in order and do not overlap. `contexts` has for each what it leans on, None where it
    can be understood by itself; it is () where all can.
    """

    id: str
    document_id: str
    heading: str
    start: int
    end: int
    sentences: tuple[Span, ...]
    contexts: tuple[Context | None, ...] = ()

    def context(self, n: int) -> Context | None:
        """What its sentence `n`, from 0, leans on."""
        return self.contexts[n] if self.contexts else None


@dataclass(frozen=True)
class Filters:
    """Which documents may answer; an empty field admits all.

    Within a field one match is enough, and every field must match. `places` compares without regard to case. Years
    are those of publication, both ends included; where a bound is set, documents without a date are left out.
    `documents` are ids.
    """

    topics: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    tiers: tuple[Tier, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    documents: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("topics", "places", "tiers", "documents"):
            if isinstance(getattr(self, name), str):
                raise ValueError(f"{name} is a list, got {getattr(self, name)!r}")
        if self.year_from is not None and self.year_to is not None and self.year_from > self.year_to:
            raise ValueError(f"the years end before they begin: {self.year_from} to {self.year_to}")

    def __bool__(self) -> bool:
        return self != NO_FILTERS

    def admits(self, document: Document) -> bool:
        if self.documents and document.id not in self.documents:
            return False
        if self.topics and not set(self.topics) & set(document.topics):
            return False
        if self.places and not {p.casefold() for p in self.places} & {p.casefold() for p in document.places}:
            return False
        if self.tiers and document.tier not in self.tiers:
            return False
        if self.year_from is None and self.year_to is None:
            return True
        year = document.year
        return year is not None and (self.year_from or year) <= year <= (self.year_to or year)


NO_FILTERS = Filters()


@dataclass(frozen=True)
class Turn:
    """One message of a conversation; `role` is "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True)
class Ask:
    """A question put to the assistant, with what it may depend on. `id` is the caller's, and comes back unchanged."""

    question: str
    history: tuple[Turn, ...] = ()
    filters: Filters = NO_FILTERS
    id: str | None = None


@dataclass(frozen=True)
class Step:
    """What the assistant is doing, for those who watch: `name` is fixed for each step, `message` is for people."""

    name: str
    message: str


@dataclass(frozen=True)
class Source:
    """What a reader needs to find and judge a document. `sha256` is of the document's text, `also_at` as there."""

    id: str
    title: str
    publisher: str | None
    url: str | None
    published: str | None
    tier: Tier
    sha256: str
    also_at: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sentence:
    """One sentence of a document and its place there: `document.text[start:end] == text`."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class CitedContext:
    """The sentence before a quote that names what the quote speaks of, and that name, "" if none is told."""

    text: str
    start: int
    end: int
    subject: str


@dataclass(frozen=True)
class Citation:
    """The exact words of one document: `document.text[start:end] == quote`. Numbers count from 1 in an answer.

    `page`, from 1, is where the quote begins in a paged original. `context` is the sentence of the same document that
    names what the quote speaks of, where the quote itself does not.
    """

    number: int
    quote: str
    start: int
    end: int
    section: str
    source: Source
    page: int | None = None
    context: CitedContext | None = None


@dataclass(frozen=True)
class Hit:
    """A passage that a search found: whole sentences of one document, each of which can be quoted by itself.

    `rank` counts from 1 for the best. `section` is the heading above the passage, "" above the first.
    """

    rank: int
    text: str
    start: int
    end: int
    section: str
    sentences: tuple[Sentence, ...]
    source: Source

    def to_dict(self) -> dict[str, Any]:
        """The hit as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True)
class Statement:
    """One sentence of an answer; `citations` are numbers of the answer's citations, never empty."""

    text: str
    citations: tuple[int, ...]
    as_of: str | None = None


@dataclass(frozen=True)
class Claim:
    """One source's value for what a disagreement is about; `citation` is a number."""

    value: str
    as_of: str | None
    citation: int


@dataclass(frozen=True)
class Disagreement:
    """Different values for the same thing, the better placed source first; at least two claims."""

    subject: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class CorpusInfo:
    """Which corpus answered: `version` names its snapshot."""

    version: str
    documents: int
    passages: int


@dataclass(frozen=True)
class Answer:
    """What the corpus says, sentence by sentence, with proof.

    Each number in a statement or claim is the `number` of one of `citations`. Under `not_in_corpus` there are neither
    statements nor citations, and `missing` says what was looked for. In the default mode each statement is the quote
    of its first citation. `usage` are the tokens that a chat model took, as "input_tokens" and "output_tokens"; None
    where none wrote or its server does not say. `elapsed_ms` is the only field that differs between two runs over one
    index.
    """

    question: str
    language: str
    outcome: Outcome
    corpus: CorpusInfo
    id: str | None = None
    read_as: str | None = None
    direct_answer: str | None = None
    statements: tuple[Statement, ...] = ()
    citations: tuple[Citation, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    caveats: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    follow_ups: tuple[str, ...] = ()
    answerer: str = "extractive"
    removed: int = 0
    usage: Mapping[str, int] | None = None
    elapsed_ms: Mapping[str, float] = field(default_factory=dict)

    def citation(self, number: int) -> Citation:
        """The citation of that number; KeyError if there is none."""
        return {c.number: c for c in self.citations}[number]

    def unlisted(self) -> list[int]:
        """Numbers that statements or claims cite and no citation has, in order."""
        cited = {number for statement in self.statements for number in statement.citations}
        cited |= {claim.citation for one in self.disagreements for claim in one.claims}
        return sorted(cited - {citation.number for citation in self.citations})

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready values, in the documented order of fields."""
        data = asdict(self)
        return {name: data[name] for name in _FIELD_ORDER}

    def to_json(self, indent: int | None = None) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)


_FIELD_ORDER = (
    "id", "question", "read_as", "language", "outcome", "direct_answer", "statements", "citations", "disagreements",
    "caveats", "missing", "follow_ups", "answerer", "removed", "usage", "corpus", "elapsed_ms",
)  # fmt: skip
