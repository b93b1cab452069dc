"""The chain that joins the steps: a question in, a proven `Answer` out. A LangChain Runnable.

understand → embed → retrieve → read → weigh → prove. Every citation is checked before the answer leaves; one that does
not hold is a defect of ours and stops the answer rather than being shown.
"""

import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import run_in_executor

from shanghai_qa.direct import direct_answer
from shanghai_qa.disagree import Differing, disagreement
from shanghai_qa.embedding import Encoder
from shanghai_qa.errors import IndexUnusable, InputError, ShanghaiQAError
from shanghai_qa.features import Candidate
from shanghai_qa.frame import counted, day, frame, named
from shanghai_qa.prove import Check, check_citation, check_statements, source_of
from shanghai_qa.question import Question, understand
from shanghai_qa.read import Reading, join, read, speaks_of_all
from shanghai_qa.reader import Reader
from shanghai_qa.retrieve import Retrieved, retrieve
from shanghai_qa.settings import Settings, default_index
from shanghai_qa.store import Index, Snapshot
from shanghai_qa.suggest import Suggestion, about, suggest
from shanghai_qa.suggest import documents as suggested
from shanghai_qa.values import (
    NO_FILTERS,
    Answer,
    Ask,
    Citation,
    CitedContext,
    Claim,
    CorpusInfo,
    Disagreement,
    Document,
    Filters,
    Hit,
    Outcome,
    Passage,
    Sentence,
    Source,
    Statement,
    Step,
    Turn,
)
from shanghai_qa.voices import independent
from shanghai_qa.weigh import as_of, caveats, conflict, lead_caveat

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from shanghai_qa.write import Proven, Rewritten, Written

_log = logging.getLogger(__name__)
_PAUSE_S = 10.0  # before a snapshot that could not be opened is tried again

Event = Step | Statement | Answer
Place = tuple[str, int, int]
"""A document's id, and the offsets of a sentence in its text."""

_REMEMBERED = 10_000  # suggestions tried, over all filters
_NEAR = 0.4  # cosine of question and sentence; below it one has nothing to do with the other
_SURE = 0.7
"""Probability that a suggestion is answered, told without the reader, which would cost five times as much: of the 480
that ship 359 reach it, of which none is refused in full."""
_KEPT = 1000  # answers that a model wrote
_COMPARED = 30  # candidates looked through for other values than the lead's


@dataclass(frozen=True)
class Trace:
    """How a question went before anything was decided.

    `rankings` are the passages found, best first, by "vectors", by "words" (BM25) and "fused"; `reading` is of the
    first of the last.
    """

    rankings: Mapping[str, Sequence[Passage]]
    reading: Reading


class Assistant(Runnable[str | Ask, Any]):
    """Answers questions from one index, and follows the index when a newer snapshot is published.

    `invoke`, `batch` and their async forms give an `Answer` for a question or an `Ask`; `stream` gives `Step`s, then
    the answer's `Statement`s, then the whole `Answer`. A chat model's sentences come as each is proven; should it fail
    after that, a `Step` "quotes" takes them back, and the statements begin anew. Safe to use from several threads.

    >>> assistant = Assistant.open()
    >>> answer = assistant.ask("How many startups are in Quantum Valley?")
    >>> answer.direct_answer
    '32 startups'
    >>> cited = answer.citations[0]
    >>> cited.quote == assistant.document(cited.source.id).text[cited.start : cited.end]
    True
    """

    def __init__(self, index: Index, settings: Settings, model: "BaseChatModel | str | None" = None) -> None:
        if model is not None:  # in place of the one that the settings name
            settings = _changed(settings, model=model if isinstance(model, str) else None)
        self._index = index
        self.settings = settings
        self._handed_in = None if isinstance(model, str) else model
        self._model = self._handed_in or _model_of(settings)
        self._answerer = settings.model or (_name_of(self._model) if self._model else "extractive")
        self._reader = None if settings.reader == "none" else _reader(settings.reader)
        self._plain = _changed(settings, reader="none")
        self._opening = threading.Lock()
        self._refused: tuple[str | None, float] = (None, 0.0)  # a snapshot that could not be opened, and for how long
        self._kept: dict[tuple[Ask, str, Settings], Written] = {}  # what the model wrote, by all that it depends on
        self._put: dict[tuple[Ask, str], Rewritten] = {}  # questions as the model put them in full
        self._tried: dict[tuple[str, Filters, str], str | None] = {}  # snapshot, filters, suggestion → what leads
        self._open(index.open())

    @classmethod
    def open(
        cls, index: Path | None = None, settings: Settings | None = None, model: "BaseChatModel | str | None" = None
    ) -> Self:
        """The assistant over the index at `index`, or the default one, with `settings`, or those of the environment.

        A chat model writes the answers, each of its sentences held against what it cites: `model`, one of LangChain's
        or its name as "provider:name", else the one that the settings name, if any. IndexUnusable if there is no index
        there, or it was built with other settings than these; SettingsError if the model cannot be opened.

        >>> from langchain_core.language_models import FakeListChatModel
        >>> wrote = FakeListChatModel(responses=["Quantum Valley holds 32 startups [1]. It also holds 99 banks [1]."])
        >>> answer = Assistant.open(model=wrote).ask("How many startups are in Quantum Valley?")
        >>> [statement.text for statement in answer.statements], answer.removed
        (['Quantum Valley holds 32 startups.'], 1)
        """
        return cls(
            Index(default_index(os.environ) if index is None else index),
            Settings.from_environment(os.environ) if settings is None else settings,
            model,
        )

    def with_settings(self, **changes: Any) -> "Assistant":
        """Another assistant over the same index, with these settings changed; pydantic's error for a bad one.

        A chat model that was handed in stays, unless `model` is among the changes, as `open` takes it; None for none.
        """
        model = changes.pop("model", self._handed_in or self.settings.model)
        return Assistant(self._index, _changed(self.settings, model=None, **changes), model)

    def ask(
        self, question: str, *, history: Sequence[Turn] = (), filters: Filters = NO_FILTERS, id: str | None = None
    ) -> Answer:
        """What the corpus says. QuestionError if the question is blank or too long."""
        return self.invoke(Ask(question, tuple(history), filters, id))

    async def aask(
        self, question: str, *, history: Sequence[Turn] = (), filters: Filters = NO_FILTERS, id: str | None = None
    ) -> Answer:
        """The same, in a thread.

        >>> import asyncio
        >>> assistant = Assistant.open()
        >>> questions = ["When was MiniMax founded?", "When was the STAR Market launched?"]
        >>> async def both():
        ...     return await asyncio.gather(*map(assistant.aask, questions))
        >>> [answer.direct_answer for answer in asyncio.run(both())]
        ['December 2021', '13 June 2019']
        """
        return cast(Answer, await self.ainvoke(Ask(question, tuple(history), filters, id)))

    def invoke(self, input: str | Ask, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:
        """The answer to a question, or to an `Ask`."""
        return cast(Answer, self._call_with_config(self._answer, input, config, **kwargs))

    def stream(self, input: str | Ask, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Event]:
        """What is being done, then the sentences, then the whole answer, which is always the last."""
        yield from self._transform_stream_with_config(iter([input]), self._stream_each, config, **kwargs)

    async def astream(
        self, input: str | Ask, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Event]:
        """The same, in a thread."""
        events = self.stream(input, config, **kwargs)
        while (event := await run_in_executor(config, next, events, None)) is not None:
            yield event

    def _stream_each(self, inputs: Iterator[str | Ask]) -> Iterator[Event]:
        for one in inputs:
            yield from self._events(_ask(one))

    @property
    def info(self) -> CorpusInfo:
        return self._follow()[0].info

    @property
    def updated(self) -> date:
        """The day on which the corpus in use was read in."""
        return date.fromtimestamp((self._follow()[0].folder / "manifest.json").stat().st_mtime)

    @property
    def ingesting(self) -> bool:
        """Whether a newer version of the corpus is being made."""
        return self._index.is_being_written

    @property
    def documents(self) -> Sequence[Document]:
        """All documents of the corpus, by id; each is read when it is asked for."""
        return self._follow()[0].contents.documents

    @property
    def passages(self) -> Sequence[Passage]:
        """All passages of the corpus, those of a document in the order of its text."""
        return self._follow()[0].contents.passages

    def search(self, query: str, *, filters: Filters = NO_FILTERS, limit: int = 10) -> tuple[Hit, ...]:
        """The passages nearest to a question or some words, best first, whether or not they answer it.

        At most `limit`, and no more than the settings let retrieval find. QuestionError if `query` is blank or too
        long.

        >>> hit = Assistant.open().search("undersea data centre", limit=3)[0]
        >>> hit.rank, hit.source.id
        (1, 'computing/blackridge-lingang-undersea-operation')
        """
        if limit < 1:
            raise ValueError(f"limit must be at least 1, got {limit}")
        snapshot, encoder = self._follow()
        question = self._understand(Ask(query), snapshot, encoder)
        vector = encoder.encode([question.text])[0]
        found = retrieve(snapshot, vector, question.terms, filters, self.settings).fused[:limit]
        passages = [snapshot.contents.passages[row] for row in found]
        return tuple(_hit(rank, one, snapshot.contents.document_of(one)) for rank, one in enumerate(passages, start=1))

    def document(self, id: str) -> Document:
        """The document of that id; InputError if the corpus has none."""
        found = self._follow()[0].contents.by_id.get(id)
        if found is None:
            raise InputError(f"no document {id!r} in this corpus; see: shanghai-qa corpus list")
        return found

    def source(self, id: str) -> Source:
        """Who published the document of that id, where, when and its tier; InputError if the corpus has none.

        >>> Assistant.open().source("report/port-to-tech-leader").tier
        <Tier.UNVERIFIED: 'unverified'>
        """
        return source_of(self.document(id))

    def questions(self, id: str, limit: int = 5) -> tuple[str, ...]:
        """At most `limit` questions that the corpus answers from the document of that id; none where it has none."""
        snapshot, encoder = self._follow()
        proven = (s.question for s in about(id) if self._lead_of(s, NO_FILTERS, snapshot, encoder))
        return tuple(islice(proven, limit))

    def verify(self, answer: Answer) -> list[Check]:
        """What became of each citation of an answer, in their order."""
        documents = self._follow()[0].contents.by_id
        return [check_citation(citation, documents) for citation in answer.citations]

    def faults(self, answer: Answer) -> list[str]:
        """What else is wrong with an answer, in words: see `prove.check_statements`."""
        return check_statements(answer, self._follow()[0].contents.by_id)

    def trace(self, asked: Ask) -> Trace:
        """What retrieval and reading find, before anything is decided: for those who measure and tune."""
        snapshot, encoder = self._follow()
        found, reading = self._found(asked, snapshot, encoder)
        legs = {"vectors": found.vectors, "words": found.words, "fused": found.fused}
        passages = snapshot.contents.passages
        return Trace({leg: [passages[row] for row in rows] for leg, rows in legs.items()}, reading)

    def _open(self, snapshot: Snapshot) -> None:
        built_with = snapshot.manifest.settings
        wanted = self.settings.model_dump(include=set(built_with))
        if built_with != wanted:
            name = next(name for name in built_with if built_with[name] != wanted.get(name))
            raise IndexUnusable(
                f"the index at {self._index.folder} was built with {name} {built_with[name]!r}, and the settings say "
                f"{wanted.get(name)!r}; build it again with: shanghai-qa ingest"
            )
        encoder = Encoder.open(self._index.encoder_folder(snapshot.manifest.encoder))
        self._now = (snapshot, encoder)

    def _follow(self) -> tuple[Snapshot, Encoder]:
        """The snapshot that is now in use.

        While that cannot be opened we stay with the one that we have; it is logged, and tried again after a pause.
        """
        name = None
        try:
            name = self._index.current()
            if name and name != self._now[0].folder.name:
                with self._opening:
                    refused, until = self._refused
                    if name != self._now[0].folder.name and (name != refused or time.monotonic() >= until):
                        self._open(self._index.open())
        except (OSError, ShanghaiQAError) as error:
            self._refused = (name, time.monotonic() + _PAUSE_S)
            _log.warning("staying with the index that is open: %s", str(error))  # its traceback would keep that open
        return self._now

    def _answer(self, asked: str | Ask) -> Answer:
        *_, answer = self._events(_ask(asked))
        return cast(Answer, answer)

    def _events(self, asked: Ask) -> Iterator[Event]:
        clock = _Clock()
        snapshot, encoder = self._follow()
        question, took = self._put_in_full(asked, self._understand(asked, snapshot, encoder), snapshot, encoder)
        clock.lap("understand")
        yield Step("search", frame("searching", question.language).format(count=snapshot.info.passages))
        vector = encoder.encode([question.text])[0]
        clock.lap("embed")
        hits = retrieve(snapshot, vector, question.terms, asked.filters, self.settings).hits
        clock.lap("retrieve")
        yield Step("read", frame("reading", question.language).format(count=len(hits)))
        reading = read(snapshot, question, vector, hits, self.settings, self._reader)
        question, reading = self._by_parts(question, reading, asked.filters, snapshot, encoder)
        clock.lap("read")
        answered = self._answers(reading)
        written: Written | None = None
        if answered and self._model:
            yield Step("write", frame("writing", question.language).format(model=self._answerer))
            written = yield from self._written(asked, question, reading, snapshot, encoder, took)
            clock.lap("write")
        answer = _compose(asked, question, reading, snapshot, answered, written, self._answerer)
        if written and not written.trouble and (wrong := _faults(answer, snapshot.contents.by_id)):
            _log.error("what %s wrote failed our own check: %s", self._answerer, "; ".join(wrong))
            written = replace(written, sentences=(), trouble="model_unproven")
            answer = _compose(asked, question, reading, snapshot, answered, written, self._answerer)
        if written and written.trouble:
            trouble = frame(written.trouble, question.language).format(model=self._answerer)
            answer = replace(answer, caveats=(*answer.caveats, trouble))
            yield Step("quotes", trouble)
        answer = replace(
            answer,
            usage=_added(took.usage, answer.usage),
            follow_ups=self._follow_ups(asked, question, answer, snapshot, encoder),
        )
        clock.lap("weigh")
        if wrong := _faults(answer, snapshot.contents.by_id):
            raise AssertionError(f"an answer failed its own check ({'; '.join(wrong)}): {answer.question!r}")
        clock.lap("prove")
        if not written or written.trouble:
            yield from answer.statements
        yield replace(answer, elapsed_ms={"total": clock.total(), **clock.laps})

    def _understand(self, asked: Ask, snapshot: Snapshot, encoder: Encoder) -> Question:
        longest = self.settings.max_question_chars
        return understand(asked.question, asked.history, snapshot.lexicon, longest, encoder.is_word)

    def _found(self, asked: Ask, snapshot: Snapshot, encoder: Encoder) -> tuple[Retrieved, Reading]:
        """What is retrieved for a question, and what reading makes of it."""
        question = self._understand(asked, snapshot, encoder)
        retrieved, reading = self._read(question, asked.filters, snapshot, encoder)
        return retrieved, self._by_parts(question, reading, asked.filters, snapshot, encoder)[1]

    def _by_parts(
        self, question: Question, reading: Reading, filters: Filters, snapshot: Snapshot, encoder: Encoder
    ) -> tuple[Question, Reading]:
        """What a question that asks several things at once is led by, and what its parts together give.

        As it is where it asks one thing, where one sentence tells of all that it compares, and where no part by itself
        is answered.
        """
        if self._answers(reading) and question.sides and speaks_of_all(reading.chosen[0], question.sides):
            return question, reading
        parts = [(part, self._read(part, filters, snapshot, encoder)[1]) for part in question.parts]
        led = next((part for part, read in parts if self._answers(read)), None)
        if led is None:
            return question, reading
        return replace(led, read_as=question.read_as), join(parts, self.settings)

    def _read(
        self, question: Question, filters: Filters, snapshot: Snapshot, encoder: Encoder, closely: bool = True
    ) -> tuple[Retrieved, Reading]:
        """The same of a question that is understood, taken as one; without the reader unless `closely`."""
        settings, reader = (self.settings, self._reader) if closely else (self._plain, None)
        vector = encoder.encode([question.text])[0]
        retrieved = retrieve(snapshot, vector, question.terms, filters, settings)
        return retrieved, read(snapshot, question, vector, retrieved.hits, settings, reader)

    def _put_in_full(
        self, asked: Ask, question: Question, snapshot: Snapshot, encoder: Encoder
    ) -> tuple[Question, "_Took"]:
        """The question as the model puts it, where the settings want that of a follow-up or a Chinese one."""
        if not (self._model and self.settings.model_rewrites and (asked.history or question.language == "zh")):
            return question, _Took()
        from shanghai_qa.write import Rewritten, rewrite

        key = (replace(asked, id=None), snapshot.info.version)
        put, started = self._put.get(key), time.monotonic()
        usage: Mapping[str, int] | None = None
        if put is None:
            try:
                put = rewrite(asked, question, self._model, self.settings)
                usage = put.usage
            except Exception as error:  # as in `_written`
                _log.warning("%s could not be asked: %s", self._answerer, error)
                put = Rewritten(None)
            else:
                self._put = {**(self._put if len(self._put) < _KEPT else {}), key: put}
        took = _Took(time.monotonic() - started, usage)
        if put.question is None or put.question == asked.question:
            return question, took
        in_full = self._understand(Ask(put.question), snapshot, encoder)
        return replace(in_full, asked=asked.question, read_as=put.question, language=question.language), took

    def _written(
        self, asked: Ask, question: Question, reading: Reading, snapshot: Snapshot, encoder: Encoder, took: "_Took"
    ) -> "Generator[Statement, None, Written]":
        """What the model wrote, each sentence as a statement once it is proven; kept, unless there was trouble.

        It has the time that putting the question in full has left; what is kept takes no tokens again.
        """
        from shanghai_qa.write import Written, write

        assert self._model is not None
        key = (replace(asked, id=None), snapshot.info.version, self.settings)
        offered = [*reading.chosen, *(c for c in reading.candidates if c not in reading.chosen)]
        number: dict[Place, int] = {}
        kept = self._kept.get(key)
        written = kept and replace(kept, usage=kept.usage and dict.fromkeys(kept.usage, 0))
        left = self.settings.model_copy(update={"model_timeout_s": self.settings.model_timeout_s - took.seconds})
        try:
            events: Iterable[Proven | Written] = (
                (*written.sentences, written)
                if written
                else write(question, offered, self._model, encoder.encode, left)
            )
            for one in events:
                if isinstance(one, Written):
                    written = one
                    continue
                text, cites = one
                for candidate in cites:
                    number.setdefault(_place(candidate), len(number) + 1)
                yield _statement(text, cites, number)
        except Exception as error:  # each provider's library raises its own, and a reader gets an answer all the same
            _log.warning("%s could not be asked: %s", self._answerer, error)
            return Written(trouble="model_slow" if isinstance(error, TimeoutError) else "no_model")
        assert written is not None
        if not kept and not written.trouble:
            if len(self._kept) >= _KEPT:
                self._kept = {}
            self._kept[key] = written
        return written

    def _answers(self, reading: Reading) -> bool:
        return bool(reading.chosen) and reading.confidence >= self.settings.answer_above

    def _lead_of(self, suggestion: Suggestion, filters: Filters, snapshot: Snapshot, encoder: Encoder) -> str | None:
        """The sentence that surely answers a suggestion from its document, or None; remembered."""
        key = (snapshot.folder.name, filters, suggestion.question)
        if key in (tried := self._tried):
            return tried[key]
        tried_as = self._understand(Ask(suggestion.question), snapshot, encoder)
        reading = self._read(tried_as, filters, snapshot, encoder, closely=False)[1]
        sure = reading.confidence >= max(_SURE, self.settings.answer_above) and not reading.missing
        lead = reading.chosen[0] if sure else None
        text = lead.text if lead and lead.document.id == suggestion.document else None
        if len(tried) > _REMEMBERED:
            self._tried = {}
        self._tried[key] = text
        return text

    def _follow_ups(
        self, asked: Ask, question: Question, answer: Answer, snapshot: Snapshot, encoder: Encoder
    ) -> tuple[str, ...]:
        def lead_of(suggestion: Suggestion) -> str | None:
            return self._lead_of(suggestion, asked.filters, snapshot, encoder)

        documents = snapshot.contents.by_id
        held = (document for id in suggested() if (document := documents.get(id)))
        admitted = {document.id: document for document in held if asked.filters.admits(document)}
        cited = [documents[citation.source.id] for citation in answer.citations]
        said = [*(one.text for one in answer.statements), *(one.quote for one in answer.citations)]
        earlier = [turn.content for turn in asked.history if turn.role == "user"]
        return suggest(question, cited, said, admitted, lead_of, earlier)


def _model_of(settings: Settings) -> "BaseChatModel | None":
    if settings.model is None:
        return None
    from shanghai_qa.write import open_model  # only here, since it costs a third of a second

    return open_model(settings)


def _name_of(model: "BaseChatModel") -> str:
    """A chat model as "provider:name", as far as it says."""
    told = model._get_ls_params()  # what LangChain's own traces name it by
    return ":".join(filter(None, (told.get("ls_provider"), told.get("ls_model_name"))))


def _changed(settings: Settings, **changes: Any) -> Settings:
    """`settings` with some changed; what was not set follows the change."""
    return Settings.model_validate({**settings.model_dump(exclude_unset=True), **changes})


@cache
def _reader(named: str) -> Reader:
    """The reader of that name in the settings, which all assistants of the process share."""
    return Reader.open() if named == "own" else Reader.open(Path(named))


def _ask(given: str | Ask) -> Ask:
    return Ask(given) if isinstance(given, str) else given


def _compose(
    asked: Ask,
    question: Question,
    reading: Reading,
    snapshot: Snapshot,
    answers: bool,
    written: "Written | None",
    answerer: str,
) -> Answer:
    """The answer that a reading gives: if it `answers`, what a model wrote or else its sentences; else a refusal."""
    language = question.language
    common: dict[str, Any] = {
        "id": asked.id, "question": asked.question, "read_as": question.read_as, "language": language,
        "corpus": snapshot.info, "removed": written.removed if written else 0,
        "usage": written.usage if written else None,
    }  # fmt: skip
    if not answers:
        looked_for = _looked_for(asked, question, reading, snapshot)
        return Answer(outcome=Outcome.NOT_IN_CORPUS, missing=looked_for, **common)
    quoted = tuple((candidate.full, (candidate,)) for candidate in reading.chosen)
    said = written.sentences if written and written.sentences else quoted
    differing = disagreement(question, reading.candidates[:_COMPARED])
    cited = _each_once([*(c for _, cites in said for c in cites), *(d.candidate for d in differing)])
    number = {_place(candidate): n for n, candidate in enumerate(cited, start=1)}
    lead = direct_answer(question, said[0][0], said[0][1][0].said_in_full if said is quoted else None)
    documents = [candidate.document for _, cites in said for candidate in cites]
    citations = tuple(_citation(number[_place(candidate)], candidate) for candidate in cited)
    warnings = caveats([c.document for c in cited], language, independent(citations))
    return Answer(
        outcome=Outcome.PARTLY_ANSWERED if reading.missing else Outcome.ANSWERED,
        direct_answer=lead.text if lead else None,
        statements=tuple(_statement(text, cites, number) for text, cites in said),
        citations=citations,
        disagreements=_disagreements(question, differing, number),
        caveats=conflict(differing, language) + (warnings or lead_caveat(documents[0], documents, language)),
        missing=tuple(_missing(part, language) for part in reading.missing),
        answerer=answerer if said is not quoted else "extractive",
        **common,
    )


def _missing(part: str, language: str) -> str:
    """What an answer says of a question or a subject on which it has nothing."""
    return frame("unanswered" if part.endswith("?") else "nothing_on", language).format(part=part)


def _looked_for(asked: Ask, question: Question, reading: Reading, snapshot: Snapshot) -> tuple[str, ...]:
    """What a refusal says: what was looked for and in how many documents, where they end, and which is nearest."""
    if question.dangling:
        return (frame("dangling", question.language),)
    admitted = snapshot.contents.admitted_documents(asked.filters)
    name = "looked_for" if not asked.filters else "looked_for_filtered" if admitted else "none_admitted"
    looked_for = frame(name, question.language).format(
        question=question.read_as or question.asked,
        documents=counted("document", admitted, question.language),
        passages=counted("passage", snapshot.info.passages, question.language),
    )
    return (looked_for, *_newest(question, snapshot.contents.newest(asked.filters)), *_nearest(question, reading))


def _newest(question: Question, newest: str | None) -> Iterator[str]:
    """When the newest of the documents is of, where today is asked for or a year that lies behind them all."""
    if newest and (question.now or max(question.years, default="") > newest[:4]):
        yield frame("newest", question.language).format(date=day(newest, question.language))


def _nearest(question: Question, reading: Reading) -> Iterator[str]:
    """Which document speaks of something near to what was asked, if any does."""
    best = next(iter(reading.candidates), None)
    if best and best.features.cosine >= _NEAR:
        yield frame("nearest", question.language).format(document=named(best.document, question.language))


def _each_once(candidates: Sequence[Candidate]) -> list[Candidate]:
    first: dict[Place, Candidate] = {}
    for candidate in candidates:
        first.setdefault(_place(candidate), candidate)
    return list(first.values())


def _place(candidate: Candidate) -> Place:
    return candidate.document.id, candidate.span.start, candidate.span.end


def _statement(text: str, cites: Sequence[Candidate], number: Mapping[Place, int]) -> Statement:
    return Statement(text, tuple(number[_place(c)] for c in cites), as_of(text, cites[0].document))


def _citation(number: int, candidate: Candidate) -> Citation:
    document, span, lean = candidate.document, candidate.span, candidate.context
    return Citation(
        number=number,
        quote=candidate.text,
        start=span.start,
        end=span.end,
        section=candidate.passage.heading,
        source=source_of(document),
        page=document.page(span.start),
        context=CitedContext(document.text[lean.start : lean.end], **vars(lean)) if lean else None,
    )


def _hit(rank: int, passage: Passage, document: Document) -> Hit:
    sentences = tuple(Sentence(document.text[s.start : s.end], s.start, s.end) for s in passage.sentences)
    text = document.text[passage.start : passage.end]
    return Hit(rank, text, passage.start, passage.end, passage.heading, sentences, source_of(document))


def _disagreements(
    question: Question, differing: Sequence[Differing], number: Mapping[Place, int]
) -> tuple[Disagreement, ...]:
    if not differing:
        return ()
    claims = tuple(
        Claim(d.value, as_of(d.candidate.text, d.candidate.document), number[_place(d.candidate)]) for d in differing
    )
    return (Disagreement((question.read_as or question.asked).strip(" ?？"), claims),)


def _faults(answer: Answer, documents: Mapping[str, Document]) -> list[str]:
    checks = [check_citation(citation, documents) for citation in answer.citations]
    return [f"citation {c.number} is {c.verdict}" for c in checks if not c.holds] + check_statements(answer, documents)


@dataclass(frozen=True)
class _Took:
    """What putting a question in full took of a model's time and tokens."""

    seconds: float = 0.0
    usage: Mapping[str, int] | None = None


def _added(one: Mapping[str, int] | None, other: Mapping[str, int] | None) -> Mapping[str, int] | None:
    if one is None or other is None:
        return one or other
    return {name: one[name] + other[name] for name in one}


class _Clock:
    def __init__(self) -> None:
        self._started = self._last = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = _ms(now - self._last)
        self._last = now

    def total(self) -> float:
        return _ms(time.perf_counter() - self._started)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
