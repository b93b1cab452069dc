"""How well the reader does on the kept documents, beside cosine, BM25 and their sum on the same questions."""

import math
import random
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from shanghai_qa.reader import best_span
from shanghai_qa.store import bm25_of, bm25_scores
from shanghai_qa.words import terms
from training import measures
from training.config import Config
from training.data import SETS, Collection
from training.epochs import Item, Items, example, plain
from training.inputs import Example, Reading, batch
from training.model import Reader
from training.near import open_encoder, vectors

Numbers = dict[str, float]

_AT_ONCE = 16
_AMONG_QUESTIONS, _BESIDE = 300, 4
_SHARES = {"answerable": 0.5, "unanswerable": 0.25, "near": 0.15, "exchanged": 0.1}


def chosen(collection: Collection, near: Mapping[str, Sequence[str]], config: Config) -> list[Item]:
    """About `config.validate_questions` items over kept documents, always the same; sets in equal parts if they can."""
    chance = random.Random(config.seed)
    items = Items(collection, collection.kept, near)
    count = {kind: round(share * config.validate_questions) for kind, share in _SHARES.items()}
    of_sets = [[plain(a) for a in items.answerable if a.of_set == name] for name in SETS]
    each = math.ceil(count["answerable"] / max(1, sum(map(bool, of_sets))))
    unanswerable = [plain(a) for a in items.unanswerable]
    return [
        *(item for own in of_sets for item in chance.sample(own, min(each, len(own)))),
        *chance.sample(unanswerable, min(count["unanswerable"], len(unanswerable))),
        *items.negatives("near", count["near"], chance),
        *items.negatives("exchanged", count["exchanged"], chance),
    ]


def validate(model: Reader, items: Sequence[Item], collection: Collection, reading: Reading, pool: Executor) -> Numbers:
    """Sentence accuracy and span F1 by set over answerable questions, AUC of answerability by kind of negative.

    The AUC is that of the head; `auc_sentence` and `auc_span` take the best sentence's or span's logit over "none".
    """
    examples = [example(item, collection, reading) for item in items]
    picked, said = list[int](), list[str]()
    likely: dict[str, list[float]] = {name: [] for name in ("auc", "auc_sentence", "auc_span")}
    for item, one, read in zip(items, examples, _read_all(model, examples, pool), strict=True):
        first, last, value = best_span(read.start, read.end, one.begin)
        said.append(reading.text(one, collection.paragraphs[item.paragraph], first, last))
        picked.append(int(read.sentences[1:].argmax()))
        likely["auc"].append(read.answerable)
        likely["auc_sentence"].append(float(read.sentences[1:].max() - read.sentences[0]))
        likely["auc_span"].append(value - float(read.start[0] + read.end[0]))
    numbers: Numbers = {"questions": len(items)}
    for name in SETS:
        own = [i for i, item in enumerate(items) if item.kind == "answerable" and item.asked.of_set == name]
        if own:
            numbers[f"sentence/{name}"] = float(np.mean([picked[i] in examples[i].gold for i in own]))
        spans = [measures.f1(said[i], items[i].asked.answers) for i in own if items[i].asked.answers]
        if spans:
            numbers[f"f1/{name}"] = float(np.mean(spans))
    for name, scores in likely.items():
        numbers |= _aucs(name, items, scores)
    return numbers | _means(numbers)


def among(
    model: Reader,
    items: Sequence[Item],
    near: Mapping[str, Sequence[str]],
    collection: Collection,
    reading: Reading,
    pool: Executor,
) -> Numbers:
    """How often a sentence that answers scores highest over a question's own passage and its near ones."""
    asked = [item for item in items if item.kind == "answerable" and near.get(item.asked.key)][:_AMONG_QUESTIONS]
    lists = [
        [item, *(Item("near", item.asked, item.question, key) for key in near[item.asked.key][:_BESIDE])]
        for item in asked
    ]
    examples = [[example(item, collection, reading) for item in group] for group in lists]
    read = iter(_read_all(model, [one for group in examples for one in group], pool))
    hits = []
    for group in examples:
        scores = [next(read).sentences for _ in group]
        best = [float((each[1:] - each[0]).max()) for each in scores]
        hits.append(best.index(max(best)) == 0 and int(scores[0][1:].argmax()) in group[0].gold)
    return {f"sentence_among_{1 + _BESIDE}": float(np.mean(hits))} if hits else {}


def baselines(items: Sequence[Item], collection: Collection, reading: Reading, cache: Path) -> Numbers:
    """What `validate` gives, for the cosine of question and sentence, BM25 of the same, and the sum of their z-scores.

    BM25 counts each sentence of the items' paragraphs as a document. A passage scores as its best sentence.
    """
    encoder = open_encoder(cache)
    examples = [example(item, collection, reading) for item in items]
    runs = [_texts(item, one, collection) for item, one in zip(items, examples, strict=True)]
    sentences = list(dict.fromkeys(text for run in runs for text in run))
    at = {text: i for i, text in enumerate(sentences)}
    of_sentences = vectors(encoder, sentences, cache)
    of_questions = vectors(encoder, [item.question for item in items], cache)
    index = bm25_of(sentences)
    cosine, bm25 = list[NDArray[np.float64]](), list[NDArray[np.float64]]()
    for item, run, vector in zip(items, runs, of_questions, strict=True):
        rows = [at[text] for text in run]
        cosine.append((of_sentences[rows] @ vector).astype(np.float64))
        bm25.append(bm25_scores(index, terms(item.question))[rows].astype(np.float64))
    both = [a + b for a, b in zip(_standard(cosine), _standard(bm25), strict=True)]
    numbers: Numbers = {}
    for name, scores in (("cosine", cosine), ("bm25", bm25), ("both", both)):
        mine: Numbers = {}
        for of_set in SETS:
            hits = [
                int(score.argmax()) in one.gold
                for item, one, score in zip(items, examples, scores, strict=True)
                if item.kind == "answerable" and item.asked.of_set == of_set
            ]
            if hits:
                mine[f"sentence/{of_set}"] = float(np.mean(hits))
        mine |= _aucs("auc", items, [float(score.max()) for score in scores])
        numbers |= {f"{name}:{key}": value for key, value in (mine | _means(mine)).items()}
    return numbers


@dataclass(frozen=True)
class _Read:
    """What the model says of an input; `sentences[0]`, `start[0]` and `end[0]` are for "none"."""

    sentences: NDArray[np.float32]
    start: NDArray[np.float32]
    end: NDArray[np.float32]
    answerable: float


def _read_all(model: Reader, examples: Sequence[Example], pool: Executor) -> list[_Read]:
    model.eval()
    order = sorted(range(len(examples)), key=lambda i: -len(examples[i].pieces))
    parts = [order[at : at + _AT_ONCE] for at in range(0, len(order), _AT_ONCE)]
    read = [one for some in pool.map(lambda rows: _read(model, [examples[i] for i in rows]), parts) for one in some]
    model.train()
    return [one for _, one in sorted(zip(order, read, strict=True), key=lambda pair: pair[0])]


def _read(model: Reader, examples: Sequence[Example]) -> list[_Read]:
    made = batch(examples)
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        scores = model(made.pieces, made.attended, made.types, made.pooling)
    return [
        _Read(
            scores.sentences[i, : e.sentences + 1].numpy(),
            scores.start[i, : len(e.pieces)].numpy(),
            scores.end[i, : len(e.pieces)].numpy(),
            float(scores.answerable[i]),
        )
        for i, e in enumerate(examples)
    ]


def _aucs(name: str, items: Sequence[Item], scores: Sequence[float]) -> Numbers:
    by_kind: dict[str, list[float]] = {kind: [] for kind in _SHARES}
    for item, score in zip(items, scores, strict=True):
        by_kind[item.kind].append(score)
    positive = by_kind.pop("answerable")
    numbers = {f"{name}/{kind}": measures.auc(positive, negative) for kind, negative in by_kind.items()}
    return numbers | {f"{name}/all": measures.auc(positive, [s for negative in by_kind.values() for s in negative])}


def _means(numbers: Numbers) -> Numbers:
    means = {}
    for name in ("sentence", "f1"):
        values = [value for key, value in numbers.items() if key.startswith(f"{name}/")]
        if values:
            means[name] = float(np.mean(values))
    return means


def _standard(scores: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    every = np.concatenate(scores)
    return [(score - every.mean()) / every.std() for score in scores]


def _texts(item: Item, one: Example, collection: Collection) -> list[str]:
    paragraph = collection.paragraphs[item.paragraph]
    spans = paragraph.sentences[one.first : one.first + one.sentences]
    return [paragraph.text[span.start : span.end] for span in spans]
