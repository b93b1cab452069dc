"""How well a way to read does on the kept documents: the reader, and beside it cosine, BM25 and their sum."""

import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from shanghai_qa.reader import best_span
from shanghai_qa.store import bm25_of, bm25_scores
from shanghai_qa.words import terms
from training import measures
from training.config import Config
from training.data import Asked, Collection, document
from training.epochs import Item, Items, example, plain
from training.inputs import Example, Reading
from training.measures import Measure, Measures
from training.near import open_encoder, vectors
from training.outputs import Forward, read_all

_SHARES = {"answerable": 0.5, "unanswerable": 0.25, "near": 0.15, "exchanged": 0.1}
_BESIDE = 4  # near passages that compete with a question's own
_One = TypeVar("_One")


@dataclass(frozen=True)
class Said:
    """What is said of an item: a score for each sentence read and one of the passage, and the answer in words.

    `gold` are the sentences, of those read, that answer. `words` is None for what gives no words.
    """

    gold: tuple[int, ...]
    sentences: NDArray[np.float64]
    passage: float
    words: str | None = None

    @property
    def hit(self) -> bool:
        return int(self.sentences.argmax()) in self.gold


Says = Callable[[Sequence[Item]], list[Said]]


def chosen(
    collection: Collection, near: Mapping[str, Sequence[str]], config: Config, count: int | None = None
) -> list[Item]:
    """Items over kept documents, always the same: all that there are, or about `count`, half of them answerable.

    Fewer are spread evenly over sets, and in each over its documents, as far as these go.
    """
    chance = random.Random(config.seed)
    items = Items(collection, collection.kept, near)
    answerable, unanswerable = (even(asked, collection, chance) for asked in (items.answerable, items.unanswerable))
    made = {
        "answerable": map(plain, answerable),
        "unanswerable": map(plain, unanswerable),
        "near": filter(None, (items.negative("near", asked, chance) for asked in answerable)),
        "exchanged": filter(None, (items.negative("exchanged", asked, chance) for asked in answerable)),
    }
    wanted = {kind: None if count is None else round(share * count) for kind, share in _SHARES.items()}
    return [item for kind, found in made.items() for item in islice(found, wanted[kind])]


def even(asked: Sequence[Asked], collection: Collection, chance: random.Random) -> list[Asked]:
    """All of them, sets by turns and within a set its documents by turns, until they run out."""
    sets: dict[str, dict[str, list[Asked]]] = {}
    for a in chance.sample(asked, len(asked)):
        sets.setdefault(a.of_set, {}).setdefault(document(collection.paragraphs[a.paragraph]), []).append(a)
    return _by_turns([_by_turns(list(documents.values())) for documents in sets.values()])


def measured(
    says: Says,
    items: Sequence[Item],
    near: Mapping[str, Sequence[str]],
    collection: Collection,
    most_among: int | None = None,
) -> Measures:
    """All measures: over `items`, and over the near passages of the first `most_among` of them, or all."""
    return validate(says(items), items, collection) | among(says, items, near, collection, most_among)


def validate(said: Sequence[Said], items: Sequence[Item], collection: Collection) -> Measures:
    """How often the best sentence answers and how far the words do, by set and as the mean over the sets.

    Beside them the AUC of answerability by kind of negative, and over all of them.
    """
    answered = [(item, one) for item, one in zip(items, said, strict=True) if item.kind == "answerable"]
    spans = [(item, one.words) for item, one in answered if one.words is not None and item.asked.answers]
    return {
        **_by_set("sentence", [(item, one.hit) for item, one in answered], collection),
        **_by_set("f1", [(item, measures.f1(words, item.asked.answers)) for item, words in spans], collection),
        **_aucs(items, [one.passage for one in said], collection),
    }


def among(
    says: Says,
    items: Sequence[Item],
    near: Mapping[str, Sequence[str]],
    collection: Collection,
    most: int | None = None,
) -> Measures:
    """How often a sentence that answers scores highest over a question's own passage and its nearest others."""
    asked = [item for item in items if item.kind == "answerable" and near.get(item.asked.key)][:most]
    if not asked:
        return {}
    groups = [
        [item, *(Item("near", item.asked, item.question, key) for key in near[item.asked.key][:_BESIDE])]
        for item in asked
    ]
    said = iter(says([item for group in groups for item in group]))
    hits = []
    for group in groups:
        own, *others = [next(said) for _ in group]
        hits.append(own.hit and own.sentences.max() > max(other.sentences.max() for other in others))
    return {"among": _measure(float(np.mean(hits)), asked, collection)}


def reader(forward: Forward, collection: Collection, reading: Reading, pool: Executor) -> Says:
    """What a model says. The passage's score is that of its own head."""

    def says(items: Sequence[Item]) -> list[Said]:
        examples = [example(item, collection, reading) for item in items]
        found = []
        for item, one, read in zip(items, examples, read_all(forward, examples, pool), strict=True):
            first, last, _ = best_span(read.start, read.end, one.begin)
            words = reading.text(one, collection.paragraphs[item.paragraph], first, last)
            found.append(Said(one.gold, read.sentences.astype(np.float64), read.answerable, words))
        return found

    return says


class Baselines:
    """What each sentence that the reader reads would score without it; a passage scores as its best sentence."""

    def __init__(self, collection: Collection, reading: Reading, cache: Path) -> None:
        self._collection, self._reading, self._cache = collection, reading, cache
        self._encoder = open_encoder(cache)
        paragraphs = [collection.paragraphs[key] for key in dict.fromkeys(a.paragraph for a in collection.kept)]
        texts = list(dict.fromkeys(p.text[span.start : span.end] for p in paragraphs for span in p.sentences))
        self._row = {text: row for row, text in enumerate(texts)}
        self._vectors = vectors(self._encoder, texts, cache)
        self._index = bm25_of(texts)

    def all(self) -> dict[str, Says]:
        return {"cosine": self.cosine, "bm25": self.bm25, "sum": self.sum}

    def cosine(self, items: Sequence[Item]) -> list[Said]:
        """Of question and sentence, by the model that training starts from."""
        examples, rows = self._read(items)
        asked = list(dict.fromkeys(item.question for item in items))
        of_questions = dict(zip(asked, vectors(self._encoder, asked, self._cache), strict=True))
        scores = [self._vectors[run] @ of_questions[item.question] for item, run in zip(items, rows, strict=True)]
        return _said(examples, scores)

    def bm25(self, items: Sequence[Item]) -> list[Said]:
        """Each sentence of the kept documents counts as a document."""
        examples, rows = self._read(items)
        every = (bm25_scores(self._index, terms(item.question)) for item in items)
        return _said(examples, [scores[run] for scores, run in zip(every, rows, strict=True)])

    def sum(self, items: Sequence[Item]) -> list[Said]:
        """Of both z-scores, over all sentences of `items`."""
        examples, _ = self._read(items)
        both = zip(_standard(self.cosine(items)), _standard(self.bm25(items)), strict=True)
        return _said(examples, [one + other for one, other in both])

    def _read(self, items: Sequence[Item]) -> tuple[list[Example], list[list[int]]]:
        examples = [example(item, self._collection, self._reading) for item in items]
        rows = []
        for item, one in zip(items, examples, strict=True):
            paragraph = self._collection.paragraphs[item.paragraph]
            spans = paragraph.sentences[one.first : one.first + one.sentences]
            rows.append([self._row[paragraph.text[span.start : span.end]] for span in spans])
        return examples, rows


def _said(examples: Sequence[Example], scores: Sequence[NDArray[np.floating]]) -> list[Said]:
    exact = [each.astype(np.float64) for each in scores]
    return [Said(one.gold, each, float(each.max())) for one, each in zip(examples, exact, strict=True)]


def _standard(said: Sequence[Said]) -> list[NDArray[np.float64]]:
    every = np.concatenate([one.sentences for one in said])
    return [(one.sentences - every.mean()) / every.std() for one in said]


def _by_set(name: str, values: Sequence[tuple[Item, float]], collection: Collection) -> Measures:
    sets: dict[str, list[tuple[Item, float]]] = {}
    for item, value in values:
        sets.setdefault(item.asked.of_set, []).append((item, value))
    means = {of_set: float(np.mean([value for _, value in own])) for of_set, own in sorted(sets.items())}
    found = {
        f"{name}/{of_set}": _measure(mean, [item for item, _ in sets[of_set]], collection)
        for of_set, mean in means.items()
    }
    if found:
        found[name] = _measure(float(np.mean(list(means.values()))), [item for item, _ in values], collection)
    return found


def _aucs(items: Sequence[Item], scores: Sequence[float], collection: Collection) -> Measures:
    by_kind: dict[str, list[tuple[Item, float]]] = {kind: [] for kind in _SHARES}
    for item, score in zip(items, scores, strict=True):
        by_kind[item.kind].append((item, score))
    positive = [score for _, score in by_kind.pop("answerable")]
    by_kind["all"] = [one for kind in list(by_kind.values()) for one in kind]
    return {
        f"auc/{kind}": _measure(
            measures.auc(positive, [score for _, score in own]), [item for item, _ in own], collection
        )
        for kind, own in by_kind.items()
    }


def _measure(value: float, items: Sequence[Item], collection: Collection) -> Measure:
    documents = {document(collection.paragraphs[item.asked.paragraph]) for item in items}
    return Measure(value, len(items), len(documents))


def _by_turns(lists: Sequence[Sequence[_One]]) -> list[_One]:
    return [one for turn in zip_longest(*lists) for one in turn if one is not None]
