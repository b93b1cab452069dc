"""IR collections in the common layout, run against an index of their own.

    corpus.jsonl[.gz]    a record a line: id, title (may be missing), text
    queries.jsonl[.gz]   a question a line: id, text and what is known of its answer: relevant_ids (records that
                         answer), gold_sentences (that answer), answers (strings, one of which has to be said),
                         answerable, and candidates (the only records that may be seen)

`_id` does for `id`, numbers do for ids, and other fields are ignored. A question without `answerable` is answerable if
anything is known of its answer. A line that cannot be used is an error; a record that is only named, or that holds no
sentence, is a note, since people run samples of corpora.
"""

import contextlib
import gzip
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

from evals.cases import says_any
from evals.check import Sources, sentences_of
from evals.measures import Value, auc
from evals.record import commit, now
from evals.retrieval import COLLECTION, per_question
from ingest.clean import clean
from ingest.progress import Bars
from ingest.publish import Summary, build
from shanghai_qa import __version__
from shanghai_qa.assistant import Assistant, Trace
from shanghai_qa.embedding import encoder_identity
from shanghai_qa.errors import InputError
from shanghai_qa.files import check_writable
from shanghai_qa.frame import count
from shanghai_qa.settings import Settings, default_index
from shanghai_qa.store import Index, read_manifest
from shanghai_qa.values import Ask, Document, Filters, Tier
from shanghai_qa.words import fold

_NAMES = dict(zip(map(str, COLLECTION), ("Hits@4", "Hits@10", "MRR@10", "MAP@10", "nDCG@10"), strict=True))
SELECTION = "sentence selection"
ABSTENTION = "abstention AUC"
_RANKED = 10  # records; no measure looks further
_MARK = "COLLECTION"
_UNREADABLE = (OSError, EOFError, zlib.error)

Tracer = Callable[[Ask], Trace]


class _Line(BaseModel):
    """What both files have. Texts may be numbers, and are then as these are written."""

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)

    id: str = Field(min_length=1, validation_alias=AliasChoices("id", "_id"))


class _Record(_Line):
    title: str | None = None
    text: str


_Strings = tuple[str, ...] | None


class _Asked(_Line):
    text: str = Field(pattern=r"\S")
    relevant_ids: _Strings = None
    gold_sentences: _Strings = None
    answers: _Strings = None
    answerable: bool | None = None
    candidates: _Strings = None


_WRONG = {"missing": "is missing", "string_pattern_mismatch": "is blank", "string_too_short": "is empty"}
_AnyLine = TypeVar("_AnyLine", bound=_Line)


@dataclass(frozen=True, kw_only=True)
class Query:
    """One question. `relevant` are the records of the corpus that answer it; `lost` says that it names only others.

    `gold` and `answers` are not blank. `candidates` are as given, and empty where all records may be seen.
    """

    id: str
    text: str
    relevant: tuple[str, ...] = ()
    gold: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    answerable: bool = True
    candidates: tuple[str, ...] = ()
    lost: bool = False

    @property
    def judged(self) -> bool:
        """Whether it can be told of a sentence that it answers."""
        return self.answerable and not self.lost and bool(self.relevant or self.gold or self.answers)

    def answered_by(self, document: str, sentence: str) -> bool:
        """Whether a sentence of that document answers: see `SELECTION` in `measure`."""
        if self.relevant and document not in self.relevant:
            return False
        if self.gold:
            said = _bare(sentence)
            return any(said.startswith(_bare(gold)) for gold in self.gold)
        return says_any(sentence, self.answers) if self.answers else True


@dataclass(frozen=True)
class Collection:
    """`documents` and `queries`, at least one of each and each id once; `notes` say what is odd, in words."""

    documents: tuple[Document, ...]
    queries: tuple[Query, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Row:
    """What came of one question.

    `ranking` are the first ten records; `lead` is the sentence that reading puts first, from the record `lead_id`,
    whatever abstention makes of it. `right` says whether that answers, and is None where this cannot be told.
    `confidence` and `elapsed_ms` are None after a crash, and `error` then says which.
    """

    id: str
    answerable: bool
    ranking: tuple[str, ...] = ()
    lead: str | None = None
    lead_id: str | None = None
    right: bool | None = None
    confidence: float | None = None
    error: str | None = None
    elapsed_ms: float | None = None


@dataclass(frozen=True)
class Measured:
    """Measure → value, or None where no question can be measured by it; `why_not` then says so."""

    values: Mapping[str, Value | None]
    why_not: Mapping[str, str] = field(default_factory=dict)


def run_collection(folder: Path, index: Path | None, out: Path | None) -> None:
    """Index the collection in `folder`, ask its questions, and print the measures; notes go to stderr.

    The index is a temporary one, or lies in the folder `index` and is kept: what has not changed is then taken from it
    the next time. `out` takes the measures and a row a question, as JSON. InputError where anything cannot be used.
    """
    check_writable(out)
    settings = Settings.from_environment(os.environ)
    collection = read_collection(folder)
    _tell(collection.notes)
    with _index_at(index) as place:
        _lend_encoder(place, settings)
        with Bars() as bars:
            summary = build(collection.documents, place, settings, progress=bars)
        assistant = Assistant.open(place.folder, settings)
        rows = ask(assistant.trace, collection.queries)
        sentences = read_manifest(place.snapshots / (place.current() or "")).sentences
        del assistant  # before its index goes
    measured = measure(collection.queries, rows)
    _tell(_told(collection, summary, rows))
    console = Console()
    console.print(table(measured))
    console.print(facts(len(collection.documents), summary, sentences, rows))
    if out:
        _write(out, folder, settings, summary, measured, rows)
        print(f"kept as {out}", file=sys.stderr)


# --- Reading ---------------------------------------------------------------------------------------------------------


def read_collection(folder: Path) -> Collection:
    """The collection in a folder. InputError names the file, and the line, that cannot be used."""
    records = _read(_file(folder, "corpus.jsonl"), _Record)
    asked = _read(_file(folder, "queries.jsonl"), _Asked)
    queries = tuple(_query(each, records) for each in asked.values())
    return Collection(
        tuple(map(_document, records.values())), queries, tuple(_odd(list(asked.values()), queries, records))
    )


def _file(folder: Path, name: str) -> Path:
    found = [path for path in (folder / name, folder / f"{name}.gz") if path.is_file()]
    if not found:
        raise InputError(f"{folder} holds neither {name} nor {name}.gz; expected a collection")
    return found[0]


def _read(path: Path, kind: type[_AnyLine]) -> dict[str, _AnyLine]:
    """The lines of a file by id, in order; at least one."""
    found: dict[str, _AnyLine] = {}
    at: dict[str, int] = {}
    for number, text in _lines(path):
        line = _parsed(f"{path}:{number}", text, kind)
        if line.id in found:
            raise InputError(f"{path}:{number}: the id {line.id!r} is that of line {at[line.id]} already")
        found[line.id], at[line.id] = line, number
    if not found:
        raise InputError(f"{path}: is empty; expected a line of JSON for each")
    return found


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers from 1."""
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                text = line.removeprefix(b"\xef\xbb\xbf").strip()
                if text:
                    yield number, text
    except _UNREADABLE as error:
        raise InputError(f"{path}: cannot be read: {error}") from error


def _parsed(where: str, text: bytes, kind: type[_AnyLine]) -> _AnyLine:
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:
            raise InputError(f"{where}: is no JSON object: {first['msg']}") from error
        name = ".".join(map(str, first["loc"]))
        said = _WRONG.get(first["type"], f"cannot be used: {first['msg']}")
        raise InputError(f"{where}: {name} {said}") from error


def _document(record: _Record) -> Document:
    """A record as plain text is read: nobody is known to stand behind it, as behind all the others."""
    title = " ".join(clean(record.title or "").split())
    return Document(record.id, title, None, (), None, None, Tier.UNVERIFIED, (), (), clean(record.text))


def _query(asked: _Asked, records: Mapping[str, object]) -> Query:
    given = dict.fromkeys(asked.relevant_ids or ())
    relevant = tuple(id for id in given if id in records)
    gold = tuple(text for text in asked.gold_sentences or () if _bare(text))
    answers = tuple(text for text in asked.answers or () if text.strip())
    known = bool(given or gold or answers)
    return Query(
        id=asked.id,
        text=asked.text,
        relevant=relevant,
        gold=gold,
        answers=answers,
        answerable=known if asked.answerable is None else asked.answerable,
        candidates=tuple(asked.candidates or ()),
        lost=bool(given) and not relevant,
    )


def _odd(asked: Sequence[_Asked], queries: Sequence[Query], records: Mapping[str, object]) -> Iterator[str]:
    for name in ("relevant_ids", "candidates"):
        unknown = sum(id not in records for each in asked for id in getattr(each, name) or ())
        if unknown:
            yield f"{count(unknown, 'id')} in {name} of the questions: no such record in the corpus"
    if lost := sum(query.lost for query in queries):
        yield f"{count(lost, 'question')} with no relevant record in the corpus, in none of the measures"
    if unjudged := sum(query.answerable and not query.lost and not query.judged for query in queries):
        yield f"{count(unjudged, 'answerable question')} of which nothing more is known, not in {SELECTION}"


# --- Index -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _index_at(folder: Path | None) -> Iterator[Index]:
    """The index in a folder that is kept, or in one that is not. InputError for a folder with the index of a corpus."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="shanghai-qa-", ignore_cleanup_errors=True) as temporary:
            yield Index(Path(temporary))
        return
    place = Index(folder)
    mark = folder / _MARK
    if folder.is_file() or (not mark.is_file() and (place.current() or place.snapshots.exists())):
        raise InputError(f"{folder} is not the index of a collection and stays as it is; choose another with --index")
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text("The index of a collection, made by: shanghai-qa eval run --collection\n", encoding="utf-8")
    yield place


def _lend_encoder(place: Index, settings: Settings) -> None:
    """Copy the encoder from the index in use, where it is there: half a minute to make. `build` tests it."""
    identity = encoder_identity(settings.embedding_model)
    theirs, ours = (index.encoder_folder(identity) for index in (Index(default_index(os.environ)), place))
    if not ours.exists() and (theirs / "encoder.json").is_file():
        with contextlib.suppress(OSError):
            shutil.copytree(theirs, ours)


# --- Asking ----------------------------------------------------------------------------------------------------------


def ask(trace: Tracer, queries: Sequence[Query], clock: Callable[[], float] = time.perf_counter) -> tuple[Row, ...]:
    """A row for each question, in their order; an exception is kept in its row. `clock` counts seconds."""
    asking = track(queries, "Asking questions", console=Console(stderr=True))
    return tuple(_ask(trace, query, clock) for query in asking)


def _ask(trace: Tracer, query: Query, clock: Callable[[], float]) -> Row:
    row = Row(id=query.id, answerable=query.answerable, right=False if query.judged else None)
    started = clock()
    try:
        traced = trace(Ask(query.text, filters=Filters(documents=query.candidates), id=query.id))
    except Exception as error:
        return replace(row, error=f"{type(error).__name__}: {error}")
    row = replace(row, elapsed_ms=round((clock() - started) * 1000, 2))
    row = replace(row, ranking=_ranked(traced)[:_RANKED], confidence=traced.reading.confidence)
    if not traced.reading.candidates:
        return row
    lead = traced.reading.candidates[0]
    right = query.answered_by(lead.document.id, lead.text) if query.judged else None
    return replace(row, lead=lead.text, lead_id=lead.document.id, right=right)


def _ranked(traced: Trace) -> tuple[str, ...]:
    """The records found, best first: each where its best sentence stands, then where its first passage does.

    By passages alone, the order before reading, nDCG@10 was lower on all five collections that were tried, of 694 to
    8,767 paragraphs of Wikipedia or Reddit and 500 to 1,000 questions: 0.62 to 0.88, instead of 0.67 to 0.91.
    """
    read = (candidate.document.id for candidate in traced.reading.candidates)
    return tuple(dict.fromkeys([*read, *(passage.document_id for passage in traced.rankings["fused"])]))


# --- Measuring -------------------------------------------------------------------------------------------------------


def measure(queries: Sequence[Query], rows: Sequence[Row]) -> Measured:
    """All measures; `rows` belong to `queries`, one by one. A crash counts as the worst there is.

    Those of retrieval are over the questions with a relevant record. `SELECTION` is the share of the answerable
    questions whose lead answers: it stands in a relevant record, if any is known; and it opens with a gold sentence,
    compared by letters and digits alone, or where none is known says one of the answers, if any is. `ABSTENTION` is
    the area under the ROC curve of the confidence, which should tell the answerable questions from the others.
    """
    pairs = list(zip(queries, rows, strict=True))
    relevant = {query.id: query.relevant for query in queries if query.relevant}
    ranked = per_question(COLLECTION, relevant, {row.id: row.ranking for row in rows})
    values: dict[str, Value | None] = {name: _mean(list(ranked[key].values())) for key, name in _NAMES.items()}
    values[SELECTION] = _mean([float(row.right) for row in rows if row.right is not None])
    sure = [(_confidence(row), query.answerable) for query, row in pairs if not query.lost]
    values[ABSTENTION] = auc([each for each, _ in sure], [label for _, label in sure])
    why_not = dict.fromkeys(_NAMES.values(), "no question names a record of the corpus")
    why_not[SELECTION] = "of no question is it known what answers"
    every = "every query is answerable" if any(label for _, label in sure) else "no query is answerable"
    return Measured(values, why_not | {ABSTENTION: every})


def _mean(values: Sequence[float]) -> Value | None:
    return Value(statistics.fmean(values), len(values)) if values else None


def _confidence(row: Row) -> float:
    """That of the row; after a crash the one that is worst: sure of what has no answer, unsure of what has."""
    return float(not row.answerable) if row.confidence is None else row.confidence


def _bare(sentence: str) -> str:
    """What is compared of sentences that came through different hands: letters and digits, in one case."""
    return re.sub(r"[\W_]", "", fold(sentence))


def unreachable(collection: Collection) -> tuple[int, int]:
    """Of how many questions that say how they are answered, in relevant records, does no sentence of these answer."""
    asked = [query for query in collection.queries if query.judged and query.relevant and (query.gold or query.answers)]
    needed = {id for query in asked for id in query.relevant}
    sources = sentences_of(document for document in collection.documents if document.id in needed)
    return sum(not _reachable(query, sources) for query in asked), len(asked)


def _reachable(query: Query, sources: Sources) -> bool:
    return any(query.answered_by(id, sentence) for id in query.relevant for sentence in sources[id])


# --- Showing ---------------------------------------------------------------------------------------------------------


def table(measured: Measured) -> Table:
    """A line a measure, with the number of questions that it rests on, or why it rests on none."""
    made = Table("measure", box=SIMPLE_HEAD, pad_edge=False)
    made.add_column("value", justify="right")
    made.add_column("n", justify="right")
    for name, value in measured.values.items():
        if value:
            made.add_row(name, f"{value.value:.3f}", f"{value.n:,}")
        else:
            made.add_row(name, f"not measured: {measured.why_not[name]}", "")
    return made


def facts(records: int, summary: Summary, sentences: int, rows: Sequence[Row]) -> Table:
    """What was indexed and how long it took."""
    made = Table.grid(padding=(0, 2))
    made.add_column()
    made.add_column(justify="right")
    made.add_row("records", f"{records:,}")
    made.add_row("passages", f"{summary.passages:,}")
    made.add_row("sentences", f"{sentences:,}")
    made.add_row("indexed in", f"{summary.seconds:,.1f} s")
    if took := [row.elapsed_ms for row in rows if row.elapsed_ms is not None]:
        made.add_row("a question, median", f"{statistics.median(took):,.1f} ms")
    return made


def _told(collection: Collection, summary: Summary, rows: Sequence[Row]) -> Iterator[str]:
    if summary.silent:
        yield f"{count(len(summary.silent), 'record')} without a sentence, which cannot be found"
    never, n = unreachable(collection)
    if never:
        yield f"{never:,} of {count(n, 'question')} answered by no single sentence of their records: never right"
    if crashed := [row for row in rows if row.error]:
        yield f"{count(len(crashed), 'question')} crashed and counted as wrong; {crashed[0].id}: {crashed[0].error}"


def _tell(notes: Sequence[str] | Iterator[str]) -> None:
    for note in notes:
        print(f"note: {note}", file=sys.stderr)


def _write(
    path: Path, folder: Path, settings: Settings, summary: Summary, measured: Measured, rows: Sequence[Row]
) -> None:
    """One JSON object: what was run and with what, the measures, and a row a question, each on a line."""
    about: dict[str, Any] = {
        "collection": folder.name,
        "corpus": summary.version,
        "settings": settings.model_dump(mode="json"),
        "version": __version__,
        "commit": commit(),
        "written": now(),
        "measures": {name: value and asdict(value) for name, value in measured.values.items()},
    }
    head = json.dumps(about, ensure_ascii=False, indent=1).removesuffix("\n}")
    lines = ",\n".join(json.dumps(asdict(row), ensure_ascii=False) for row in rows)
    path.write_text(f'{head},\n "rows": [\n{lines}\n]}}\n', encoding="utf-8")
