"""From a question and a passage to what the model reads, as `shanghai_qa.reader` makes it, and what it should say.

Where a passage is longer than the model reads, a run of whole sentences stands for it. Padding is done for a batch, to
its longest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch

from shanghai_qa.reader import CLS, SEP, Input, Pieces, Sentence, pooled
from shanghai_qa.values import Span
from training.data import Paragraph

MASK = 103  # as CLS and SEP, of the uncased BERT vocabulary


@dataclass(frozen=True)
class Example(Input):
    """An input and what should be said of it.

    `first` is the paragraph's index of the first sentence read. `gold` counts within the input; `start` and `end` are
    the pieces where an answer may start and end: those known, else any of a gold sentence, else [CLS] for a passage
    that does not answer.
    """

    first: int
    gold: tuple[int, ...]
    start: tuple[int, ...]
    end: tuple[int, ...]

    @property
    def asked(self) -> tuple[int, ...]:
        """The question's pieces."""
        return self.pieces[: self.question]


@dataclass(frozen=True)
class Batch:
    """Tensors over (inputs, pieces) or (inputs, sentences); `pooling` is (inputs, sentences, pieces), rows of means.

    Targets are true where the answer may be; column 0 of `gold` is "no sentence", as piece 0 is "no piece". `groups`,
    over (questions, inputs), is true where an input asks the question.
    """

    pieces: torch.Tensor
    attended: torch.Tensor
    types: torch.Tensor
    pooling: torch.Tensor
    gold: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor
    groups: torch.Tensor

    def to(self, device: torch.device) -> "Batch":
        return Batch(**{name: tensor.to(device) for name, tensor in vars(self).items()})


class Reading:
    """Makes examples; keeps the word pieces of what it has seen."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces

    @classmethod
    def open(cls, tokenizer: Path) -> Self:
        """It reads as many word pieces as the reader that ships."""
        from tokenizers import Tokenizer

        return cls(Pieces(Tokenizer.from_file(str(tokenizer))))

    def example(
        self, question: str, paragraph: Paragraph, gold: Sequence[int], spans: Sequence[Span], titled: bool = True
    ) -> Example:
        """The input and its targets; no `gold`: the passage does not answer.

        Of a passage too long, the run of sentences that holds the first gold one is read, else the first run.
        """
        asked, title = self._pieces.asked(question), self._pieces.titled(paragraph.title if titled else "")
        sentences = self._sentences(paragraph)
        runs = self._pieces.runs(asked, title, [s.pieces for s in sentences])
        run = next(run for run in runs if not gold or gold[0] in run)
        read = sentences[run.start : run.stop]
        made = self._pieces.assembled(asked, title, [s.pieces for s in read])
        within = tuple(index - run.start for index in gold if index in run)
        starts, ends = _characters(read)
        first = [starts.index(span.start) + made.begin for span in spans if span.start in starts]
        last = [_last(ends, span.end) + made.begin for span in spans if span.end in ends]
        return Example(
            **vars(made),
            first=run.start,
            gold=within,
            start=_targets(first, made.sentence_of, within),
            end=_targets(last, made.sentence_of, within),
        )

    def text(self, example: Example, paragraph: Paragraph, first: int, last: int) -> str:
        """The paragraph's text from piece `first` of the input to piece `last`, both in sentences."""
        run = self._sentences(paragraph)[example.first : example.first + example.sentences]
        starts, ends = _characters(run)
        return paragraph.text[starts[first - example.begin] : ends[last - example.begin]]

    def _sentences(self, paragraph: Paragraph) -> list[Sentence]:
        """The sentences' pieces, which stand where they do in the paragraph's text."""
        found = []
        for span in paragraph.sentences:
            own = self._pieces.sentence(paragraph.text[span.start : span.end])
            starts, ends = (tuple(span.start + at for at in places) for places in (own.starts, own.ends))
            found.append(Sentence(own.pieces, starts, ends))
        return found


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
    questions = {asked: row for row, asked in enumerate(dict.fromkeys(e.asked for e in examples))}
    groups = np.array([questions[e.asked] for e in examples])[None, :] == np.arange(len(questions))[:, None]
    arrays = (pieces, attended, types, pooling, gold, start, end, groups)
    return Batch(*map(torch.from_numpy, arrays))


def _characters(sentences: Sequence[Sentence]) -> tuple[list[int], list[int]]:
    return [at for s in sentences for at in s.starts], [at for s in sentences for at in s.ends]


def _targets(known: Sequence[int], sentence_of: Sequence[int], gold: Sequence[int]) -> tuple[int, ...]:
    if not gold:
        return (0,)
    inside = tuple(sorted({at for at in known if at < len(sentence_of) and sentence_of[at] in gold}))
    return inside or tuple(at for at, sentence in enumerate(sentence_of) if sentence in gold)


def _last(values: Sequence[int], value: int) -> int:
    return len(values) - 1 - list(reversed(values)).index(value)
