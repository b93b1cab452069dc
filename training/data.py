"""Questions about paragraphs, read from the public sets, with the sentences and stretches that answer.

Folders of `corpus.jsonl.gz` and `queries.jsonl.gz` go in; a `Collection` comes out, split by document: no document has
questions in both parts, whichever sets it occurs in. Sentences are those that ingest finds.
"""

import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ingest.sentences import sentences
from shanghai_qa.errors import InputError
from shanghai_qa.values import Span
from shanghai_qa.words import cuts_no_word

SETS = (
    "squad1-train-sentences",
    "squad2-train-10-articles",
    "squad2-train-unanswerable",
    "squadshifts-reddit",
    "squadshifts-wikipedia",
)
_UNTITLED = "Filtered_Reddit_Comments"  # one title for all of a set: it says nothing
_KEPT_PER_CENT = 6
_SALT = "kept-11"  # chosen so that each set has documents in both parts


@dataclass(frozen=True)
class Paragraph:
    """`key` is unique over all sets. `title` is "" where the set gives none that says anything."""

    key: str
    title: str
    text: str
    sentences: tuple[Span, ...]


@dataclass(frozen=True)
class Asked:
    """A question against one paragraph.

    `gold` are the indices of the paragraph's sentences that answer, in order; none: the paragraph does not answer.
    `spans` are the answers' characters in the paragraph, each within a gold sentence; none where a set does not say.
    """

    key: str
    of_set: str
    text: str
    paragraph: str
    gold: tuple[int, ...]
    spans: tuple[Span, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Collection:
    """`dropped` counts, for each set, the questions whose answer lies in no sentence of the paragraph."""

    paragraphs: dict[str, Paragraph]
    train: tuple[Asked, ...]
    kept: tuple[Asked, ...]
    dropped: Counter[str]


def load(folder: Path, sets: Sequence[str] = SETS) -> Collection:
    """The named sets under `folder`, in order. InputError where one is missing or no such set."""
    paragraphs: dict[str, Paragraph] = {}
    train, kept, dropped = list[Asked](), list[Asked](), Counter[str]()
    for name in sets:
        own = {row["id"]: _paragraph(name, row) for row in _rows(folder / name / "corpus.jsonl.gz")}
        paragraphs |= {paragraph.key: paragraph for paragraph in own.values()}
        for row in _rows(folder / name / "queries.jsonl.gz"):
            paragraph = own[(row["relevant_ids"] or row["near_ids"])[0]]
            asked = _asked(name, row, paragraph)
            if row["answerable"] and not asked.gold:
                dropped[name] += 1
            else:
                (kept if is_kept(paragraph) else train).append(asked)
    return Collection(paragraphs, tuple(train), tuple(kept), dropped)


def is_kept(paragraph: Paragraph) -> bool:
    """Whether its document is kept for validation."""
    return int(hashlib.sha256(f"{_SALT}:{document(paragraph)}".encode()).hexdigest(), 16) % 100 < _KEPT_PER_CENT


def document(paragraph: Paragraph) -> str:
    """The document that a paragraph is of: its title, else its text."""
    return paragraph.title.casefold() or paragraph.text


def occurrences(text: str, answer: str) -> list[Span]:
    """Where `answer` stands in `text` as whole words; where it does not, inside words too."""
    found = [Span(match.start(), match.end()) for match in re.finditer(re.escape(answer), text)] if answer else []
    return [span for span in found if cuts_no_word(text, span.start, span.end)] or found


def holding(spans: Sequence[Span], answer: Span) -> int | None:
    """The index of the sentence that holds all of `answer`."""
    return next((i for i, span in enumerate(spans) if span.start <= answer.start and answer.end <= span.end), None)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)
    except (OSError, EOFError, ValueError) as error:
        reason, names = getattr(error, "strerror", None) or error, ", ".join(SETS)
        raise InputError(f"{path} cannot be read ({reason}); DATA is the folder of the sets {names}") from error


def _paragraph(of_set: str, row: dict[str, Any]) -> Paragraph:
    title = "" if row["title"] == _UNTITLED else unquote(row["title"]).replace("_", " ")
    return Paragraph(f"{of_set}/{row['id']}", title, row["text"], sentences(row["text"]))


def _asked(of_set: str, row: dict[str, Any], paragraph: Paragraph) -> Asked:
    answers = tuple(dict.fromkeys(answer.strip() for answer in row["answers"]))
    if row.get("gold_sentences"):
        gold, spans = _by_sentence(row["gold_sentences"], paragraph), tuple[Span, ...]()
    else:
        starts = row.get("answer_start") or []
        given = [Span(at, at + len(answer)) for at, answer in zip(starts, row["answers"], strict=False)]
        gold, spans = _by_span([given] if given else [occurrences(paragraph.text, a) for a in answers], paragraph)
    text = " ".join(row["text"].split())
    return Asked(f"{of_set}/{row['id']}", of_set, text, paragraph.key, gold, spans, answers)


def _by_span(answers: Sequence[Sequence[Span]], paragraph: Paragraph) -> tuple[tuple[int, ...], tuple[Span, ...]]:
    """The sentences that hold most of the answers, each answer given by where it occurs, and the answers in them."""
    votes = Counter[int]()
    places: dict[int, list[Span]] = {}
    for spans in answers:
        held = [(at, span) for span in spans if (at := holding(paragraph.sentences, span)) is not None]
        votes.update({at for at, _ in held})
        for at, span in held:
            places.setdefault(at, []).append(span)
    most = max(votes.values(), default=0)
    gold = tuple(sorted(at for at, count in votes.items() if count == most))
    return gold, tuple(span for at in gold for span in dict.fromkeys(places[at]))


def _by_sentence(wanted: Iterable[str], paragraph: Paragraph) -> tuple[int, ...]:
    """The sentences that a given one lies in or that lie in it, by more than half of the shorter."""
    gold = set[int]()
    for sentence in wanted:
        at = paragraph.text.find(sentence)
        for i, span in enumerate(paragraph.sentences if at >= 0 else ()):
            shared = min(span.end, at + len(sentence)) - max(span.start, at)
            if 2 * shared > min(span.end - span.start, len(sentence)):
                gold.add(i)
    return tuple(sorted(gold))
