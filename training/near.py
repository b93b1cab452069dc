"""Near passages: those that search ranks high for a question and that do not answer it.

`near` gives, for each answerable question, paragraphs that BM25 or the project's embedding finds and that hold neither
the answer nor, where only its sentence is known, most of what that sentence says beyond the question. Slow, so kept in
a folder under the hash of the questions, paragraphs, constants and weights that it depends on (not of code: whoever
changes how it searches empties the folder).
"""

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from pathlib import Path

import numpy as np

from shanghai_qa.embedding import Encoder, Vectors, encoder_identity, prepare
from shanghai_qa.settings import MINILM
from shanghai_qa.store import bm25_of, bm25_scores
from shanghai_qa.words import terms
from training.data import Asked, Collection, Paragraph

_log = logging.getLogger(__name__)
_SEARCHED = 15  # paragraphs that each kind of search gives
_NEAR = 8  # paragraphs kept for a question
_HELD = 0.5  # share of what the answering sentence adds to the question; a passage that holds it may answer
_WORD = re.compile(r"\w{3,}")
_AT_ONCE = 2_000


def near(part: Sequence[Asked], collection: Collection, cache: Path) -> dict[str, tuple[str, ...]]:
    """Keys of near paragraphs by key of question, nearest first, from `part` (training or kept) alone."""
    asked = [a for a in part if a.gold]
    paragraphs = _distinct(collection.paragraphs[key] for key in dict.fromkeys(a.paragraph for a in part))
    path = cache / f"near-{_depends_on(asked, paragraphs, collection)}.json"
    if not path.is_file():
        _write(path, _search(asked, paragraphs, collection, cache))
    return {key: tuple(keys) for key, keys in json.loads(path.read_text(encoding="utf-8")).items()}


def open_encoder(cache: Path, threads: int = 1) -> Encoder:
    """The project's encoder, made in `cache` if it is not there."""
    prepare(MINILM, cache / "encoder")
    return Encoder.open(cache / "encoder", threads)


def vectors(encoder: Encoder, texts: Sequence[str], cache: Path) -> Vectors:
    """`encoder.encode(texts)`, kept under the texts' hash; what was done is not lost when it is interrupted."""
    parts = list[Vectors]()
    for at in range(0, len(texts), _AT_ONCE):
        chunk = texts[at : at + _AT_ONCE]
        path = cache / f"vectors-{_digest([encoder.identity, *chunk])}.npy"
        if not path.is_file():
            _log.info("embedding texts %d to %d of %d", at, at + len(chunk), len(texts))
            unfinished = path.with_suffix(".new.npy")
            np.save(unfinished, encoder.encode(chunk))
            unfinished.replace(path)
        parts.append(np.load(path))
    return np.concatenate(parts)


def may_answer(asked: Asked, own: Paragraph, other: Paragraph) -> bool:
    """Whether `other` holds an answer's words, or half of what the gold sentences say beyond the question."""
    if asked.answers:
        text = other.text.casefold()
        return any(answer.casefold() in text for answer in asked.answers)
    spans = [own.sentences[i] for i in asked.gold]
    said = {word for span in spans for word in _words(own.text[span.start : span.end])} - _words(asked.text)
    return len(said & _words(other.text)) >= _HELD * len(said)


def _search(
    asked: Sequence[Asked], paragraphs: Sequence[Paragraph], collection: Collection, cache: Path
) -> dict[str, list[str]]:
    encoder = open_encoder(cache)
    of_paragraphs = vectors(encoder, [f"{p.title}\n{p.text}" for p in paragraphs], cache)
    of_questions = vectors(encoder, [a.text for a in asked], cache)
    by_words = bm25_of([f"{p.title} {p.text}" for p in paragraphs])
    found = {}
    for a, vector in zip(asked, of_questions, strict=True):
        similar = np.argsort(-(of_paragraphs @ vector), kind="stable")[:_SEARCHED]
        alike = np.argsort(-bm25_scores(by_words, terms(a.text)), kind="stable")[:_SEARCHED]
        own = collection.paragraphs[a.paragraph]
        ranked = dict.fromkeys(int(i) for pair in zip(similar, alike, strict=True) for i in pair)
        others = (paragraphs[i] for i in ranked if paragraphs[i].text != own.text)
        found[a.key] = [p.key for p in others if not may_answer(a, own, p)][:_NEAR]
    return found


def _depends_on(asked: Sequence[Asked], paragraphs: Sequence[Paragraph], collection: Collection) -> str:
    constants = (_SEARCHED, _NEAR, _HELD, _WORD.pattern, encoder_identity(MINILM))
    questions = [(a.key, a.text, a.answers, a.gold, astuple(collection.paragraphs[a.paragraph])) for a in asked]
    return _digest([json.dumps([constants, questions, [astuple(p) for p in paragraphs]])])


def _distinct(paragraphs: Iterable[Paragraph]) -> list[Paragraph]:
    return list({p.text: p for p in paragraphs}.values())


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _write(path: Path, value: object) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(value), encoding="utf-8")
    unfinished.replace(path)
