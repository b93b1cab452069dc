"""From a question and a passage to what the model reads, and what it should say.

`[CLS] question [SEP] title . sentences [SEP]`, token type 1 from the title on. Where a passage is longer than the model
reads, a run of whole sentences stands for it. Padding is done for a batch, to its longest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from shanghai_qa.values import Span
from training.data import Paragraph

CLS, SEP, MASK = 101, 102, 103  # of the uncased BERT vocabulary that all-MiniLM-L6-v2 reads


@dataclass(frozen=True)
class Sentence:
    """Word pieces of one sentence; `starts` and `ends` are their characters in the paragraph's text."""

    pieces: tuple[int, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True)
class Example:
    """What the model reads of one question and passage, unpadded.

    `sentence_of` gives each piece its sentence of the input, -1 for the others; `first` is the paragraph's index of the
    first sentence read. `gold` counts within the input; `start` and `end` are the pieces where an answer may start and
    end: those known, else any of a gold sentence, else [CLS] for a passage that does not answer.
    """

    pieces: tuple[int, ...]
    question: int  # pieces, with [CLS] and [SEP]
    sentence_of: tuple[int, ...]
    sentences: int
    first: int
    gold: tuple[int, ...]
    start: tuple[int, ...]
    end: tuple[int, ...]


@dataclass(frozen=True)
class Batch:
    """Tensors over (inputs, pieces) or (inputs, sentences); `pooling` is (inputs, sentences, pieces), rows of means.

    Targets are true where the answer may be; column 0 of `gold` is "no sentence", as piece 0 is "no piece".
    """

    pieces: torch.Tensor
    attended: torch.Tensor
    types: torch.Tensor
    pooling: torch.Tensor
    gold: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor


class Reading:
    """Makes examples; keeps the word pieces of what it has seen."""

    def __init__(self, tokenizer: Any, max_tokens: int, max_question_tokens: int) -> None:
        self._tokenizer = tokenizer
        self._max_tokens = max_tokens
        self._max_question_tokens = max_question_tokens
        self._paragraphs: dict[str, tuple[Sentence, ...]] = {}

    @classmethod
    def open(cls, tokenizer: Path, max_tokens: int, max_question_tokens: int) -> "Reading":
        from tokenizers import Tokenizer

        made = Tokenizer.from_file(str(tokenizer))
        made.no_padding()
        made.no_truncation()
        return cls(made, max_tokens, max_question_tokens)

    def example(
        self, question: str, paragraph: Paragraph, gold: Sequence[int], spans: Sequence[Span], titled: bool = True
    ) -> Example:
        """The input and its targets; no `gold`: the passage does not answer.

        Of a passage too long, the run of sentences that holds the first gold one is read, else the first run.
        """
        asked = [CLS, *self._pieces(question)[: self._max_question_tokens - 2], SEP]
        title = self._pieces(f"{paragraph.title} .") if titled and paragraph.title else []
        sentences = self._sentences(paragraph)
        begin = len(asked) + len(title)
        run = _run(sentences, self._max_tokens - begin - 1, gold[0] if gold else 0)
        read = sentences[run.start : run.stop]
        cut = self._max_tokens - 1  # only where one sentence alone is too long
        pieces = [*asked, *title, *(piece for s in read for piece in s.pieces)][:cut]
        sentence_of = [*[-1] * begin, *(at for at, s in enumerate(read) for _ in s.pieces)][:cut]
        within = tuple(index - run.start for index in gold if index in run)
        starts, ends = _characters(read)
        first = [starts.index(span.start) + begin for span in spans if span.start in starts]
        last = [_last(ends, span.end) + begin for span in spans if span.end in ends]
        return Example(
            (*pieces, SEP),
            len(asked),
            (*sentence_of, -1),
            len(run),
            run.start,
            within,
            _targets(first, sentence_of, within),
            _targets(last, sentence_of, within),
        )

    def text(self, example: Example, paragraph: Paragraph, first: int, last: int) -> str:
        """The paragraph's text from piece `first` of the input to piece `last`, both in sentences."""
        run = self._sentences(paragraph)[example.first : example.first + example.sentences]
        starts, ends = _characters(run)
        begin = begins(example)
        return paragraph.text[starts[first - begin] : ends[last - begin]]

    def _pieces(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _sentences(self, paragraph: Paragraph) -> tuple[Sentence, ...]:
        if paragraph.key not in self._paragraphs:
            texts = [paragraph.text[span.start : span.end] for span in paragraph.sentences]
            encoded = self._tokenizer.encode_batch(texts, add_special_tokens=False)
            self._paragraphs[paragraph.key] = tuple(
                Sentence(
                    tuple(e.ids),
                    tuple(span.start + offset[0] for offset in e.offsets),
                    tuple(span.start + offset[1] for offset in e.offsets),
                )
                for span, e in zip(paragraph.sentences, encoded, strict=True)
            )
        return self._paragraphs[paragraph.key]


def batch(examples: Sequence[Example], masked: float = 0.0, chance: np.random.Generator | None = None) -> Batch:
    """Examples padded to the longest; a share `masked` of their pieces but [CLS] and [SEP] hidden."""
    rows, width = len(examples), max(len(e.pieces) for e in examples)
    depth = max(e.sentences for e in examples)
    pieces = np.zeros((rows, width), dtype=np.int64)
    attended, types = np.zeros_like(pieces), np.zeros_like(pieces)
    pooling = np.zeros((rows, depth, width), dtype=np.float32)
    gold = np.zeros((rows, depth + 1), dtype=np.bool_)
    start, end = np.zeros((rows, width), dtype=np.bool_), np.zeros((rows, width), dtype=np.bool_)
    for row, e in enumerate(examples):
        n = len(e.pieces)
        pieces[row, :n], attended[row, :n], types[row, e.question : n] = e.pieces, 1, 1
        pooling[row, :, :n] = pooled(e.sentence_of, depth)
        gold[row, [i + 1 for i in e.gold] or [0]] = True
        start[row, list(e.start)], end[row, list(e.end)] = True, True
    if chance is not None:
        hidden = (chance.random(pieces.shape) < masked) & (pieces != CLS) & (pieces != SEP) & (attended == 1)
        pieces[hidden] = MASK
    arrays = (pieces, attended, types, pooling, gold, start, end)
    return Batch(*map(torch.from_numpy, arrays))


def begins(example: Example) -> int:
    """The first piece of the first sentence."""
    return next((at for at, sentence in enumerate(example.sentence_of) if sentence >= 0), len(example.sentence_of))


def pooled(sentence_of: Sequence[int], sentences: int) -> NDArray[np.float32]:
    """float32, shape (sentences, pieces): a row takes the mean over its sentence's pieces, and is 0 if it has none."""
    belongs = (np.asarray(sentence_of)[None, :] == np.arange(sentences)[:, None]).astype(np.float32)
    means: NDArray[np.float32] = belongs / np.maximum(belongs.sum(axis=1, keepdims=True), np.float32(1))
    return means


def _run(sentences: Sequence[Sentence], room: int, wanted: int) -> range:
    """The run of sentences with the wanted one, when as many as fit are read at a time; one alone if it is too long."""
    begin = used = 0
    for i, sentence in enumerate(sentences):
        if i > begin and used + len(sentence.pieces) > room:
            if wanted < i:
                return range(begin, i)
            begin, used = i, 0
        used += len(sentence.pieces)
    return range(begin, len(sentences))


def _characters(sentences: Sequence[Sentence]) -> tuple[list[int], list[int]]:
    return [at for s in sentences for at in s.starts], [at for s in sentences for at in s.ends]


def _targets(known: Sequence[int], sentence_of: Sequence[int], gold: Sequence[int]) -> tuple[int, ...]:
    if not gold:
        return (0,)
    inside = tuple(sorted({at for at in known if at < len(sentence_of) and sentence_of[at] in gold}))
    return inside or tuple(at for at, sentence in enumerate(sentence_of) if sentence in gold)


def _last(values: Sequence[int], value: int) -> int:
    return len(values) - 1 - list(reversed(values)).index(value)
