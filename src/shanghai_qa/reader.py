"""The reader: a small model of our own that reads a question with one passage.

It says for each sentence how likely it answers, where in it the answer stands, and how likely the passage answers at
all. `training/` makes it; `data/reader/README.md` is its card. Runs on onnxruntime, each passage by itself, so that
what it says of one does not depend on what else is read.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shanghai_qa.embedding import model_path, sha256_of
from shanghai_qa.errors import SettingsError
from shanghai_qa.settings import MINILM
from shanghai_qa.values import Span

CLS, SEP = 101, 102  # of the uncased BERT vocabulary that all-MiniLM-L6-v2 reads
MAX_PIECES = 256
"""Word pieces of an input, its [CLS] and both [SEP] included."""
MAX_QUESTION_PIECES = 64
"""Word pieces of a question, with [CLS] and [SEP], and of a title; what is longer is cut."""
INPUTS = ("input_ids", "attention_mask", "token_type_ids", "sentence_pooling")
OUTPUTS = ("sentence_logits", "start_logits", "end_logits", "answerable_logit")

_FOLDER = Path(__file__).parent / "data" / "reader"
_LONGEST = 30  # word pieces of a direct answer
_NEVER = -1e4  # a logit for a sentence of which nothing was read
_REMEMBERED = 10_000  # passages read for a question, the last ones


@dataclass(frozen=True)
class Sentence:
    """Word pieces of one sentence; `starts` and `ends` are where each stands, in characters."""

    pieces: tuple[int, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True)
class Input:
    """What the model reads: `[CLS] question [SEP] title . sentences [SEP]`, unpadded.

    Token types are 0 for the first `question` pieces and 1 from there on; `sentence_of` gives each piece its sentence,
    -1 for the others.
    """

    pieces: tuple[int, ...]
    question: int
    sentence_of: tuple[int, ...]
    sentences: int

    @property
    def begin(self) -> int:
        """The first piece of the first sentence."""
        return next((at for at, sentence in enumerate(self.sentence_of) if sentence >= 0), len(self.sentence_of))


@dataclass(frozen=True)
class Said:
    """What the reader says of one sentence; each a logit, above 0 where it rather answers than not.

    `answers` is the sentence's own, `passage` that of the passage it was read in; `span` is where in the sentence, in
    characters, the likeliest answer stands, and `exact` the sum of the logits of its two ends.
    """

    answers: float
    passage: float
    span: Span
    exact: float


class Pieces:
    """Makes inputs; keeps the word pieces of what it has seen."""

    def __init__(self, tokenizer: Any, max_pieces: int = MAX_PIECES, max_question: int = MAX_QUESTION_PIECES) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self._max_pieces = max_pieces
        self._max_question = max_question
        self.sentence = lru_cache(maxsize=100_000)(self._sentence)

    def inputs(self, question: str, title: str, sentences: Sequence[str]) -> list[Input]:
        """The sentences in order, in as few inputs as hold them; one that is too long alone is cut."""
        asked, titled = self.asked(question), self.titled(title)
        read = [self.sentence(text).pieces for text in sentences]
        return [self.assembled(asked, titled, read[run.start : run.stop]) for run in self.runs(asked, titled, read)]

    def asked(self, question: str) -> list[int]:
        """A question with the marks around it."""
        return [CLS, *self.sentence(question).pieces[: self._max_question - 2], SEP]

    def titled(self, title: str) -> tuple[int, ...]:
        return self.sentence(f"{title} .").pieces[: self._max_question] if title else ()

    def assembled(self, asked: Sequence[int], titled: Sequence[int], sentences: Sequence[Sequence[int]]) -> Input:
        begin, cut = len(asked) + len(titled), self._max_pieces - 1
        pieces = [*asked, *titled, *(piece for each in sentences for piece in each)][:cut]
        sentence_of = [*[-1] * begin, *(at for at, each in enumerate(sentences) for _ in each)][:cut]
        return Input((*pieces, SEP), len(asked), (*sentence_of, -1), len(sentences))

    def runs(self, asked: Sequence[int], titled: Sequence[int], sentences: Sequence[Sequence[int]]) -> list[range]:
        """The sentences of each input, by their places."""
        room = self._max_pieces - 1 - len(asked) - len(titled)
        found: list[range] = []
        begin = used = 0
        for i, pieces in enumerate(sentences):
            if i > begin and used + len(pieces) > room:
                found.append(range(begin, i))
                begin, used = i, 0
            used += len(pieces)
        return [*found, range(begin, len(sentences))]

    def _sentence(self, text: str) -> Sentence:
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        return Sentence(
            tuple(encoded.ids),
            tuple(start for start, _ in encoded.offsets),
            tuple(end for _, end in encoded.offsets),
        )


class Session:
    """The exported model on onnxruntime, its inputs and outputs as `training.export` names them.

    ValueError for a file that is no such model.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own share no other base
            raise ValueError("onnxruntime can make no model of it") from error
        named = [[one.name for one in some] for some in (self._session.get_inputs(), self._session.get_outputs())]
        if set(named[0]) != set(INPUTS) or not set(named[1]) >= set(OUTPUTS):
            raise ValueError(f"it takes {', '.join(named[0])} and gives {', '.join(named[1])}, as no reader does")

    def __call__(self, *tensors: NDArray[Any]) -> list[NDArray[np.float32]]:
        outputs: list[NDArray[np.float32]] = self._session.run(list(OUTPUTS), dict(zip(INPUTS, tensors, strict=True)))
        return outputs


class Reader:
    """Reads questions with passages. Safe to use from several threads."""

    def __init__(self, session: Session, pieces: Pieces, identity: str, threads: int = 2) -> None:
        self.identity = identity
        self._session = session
        self._pieces = pieces
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self._read_one = lru_cache(maxsize=_REMEMBERED)(self._read_passage)

    @classmethod
    def open(cls, folder: Path = _FOLDER) -> Self:
        """The reader that ships, or one that `training.export` wrote to `folder`.

        SettingsError if it is missing, not the one that its card names, or no reader.
        """
        from tokenizers import Tokenizer

        path = folder / "reader.onnx"
        try:
            expected = _expected(folder / "reader.json")
            found = sha256_of(path)
            if found != expected:
                raise SettingsError(f"{path} has SHA-256 {found}, not {expected}; {_WAY_OUT}")
            session = Session(path)
        except (OSError, ValueError, RecursionError) as error:
            raise SettingsError(f"the reader in {folder} cannot be read ({error}); {_WAY_OUT}") from error
        tokenizer = Tokenizer.from_file(str(model_path(MINILM) / "tokenizer.json"))
        return cls(session, Pieces(tokenizer), found)

    def read(self, question: str, passages: Sequence[tuple[str, Sequence[str]]]) -> list[list[Said]]:
        """For each passage, a title and its sentences, what is said of each of the sentences."""
        return list(self._pool.map(lambda one: list(self._read_one(question, one[0], tuple(one[1]))), passages))

    def _read_passage(self, question: str, title: str, sentences: tuple[str, ...]) -> tuple[Said, ...]:
        found: list[Said] = []
        for one in self._pieces.inputs(question, title, sentences):
            answers, start, end, passage = self._run(one)
            at = one.begin
            for n in range(one.sentences):
                text = self._pieces.sentence(sentences[len(found)])
                stop = min(at + len(text.pieces), len(one.pieces) - 1)
                if stop > at:
                    first, last, exact = best_span(start[at:stop], end[at:stop])
                    span = Span(text.starts[first], text.ends[last])
                else:
                    span, exact = Span(0, 0), _NEVER
                found.append(Said(float(answers[n]), float(passage), span, exact))
                at = stop
        return tuple(found)

    def _run(self, one: Input) -> list[NDArray[np.float32]]:
        pieces = np.array([one.pieces], dtype=np.int64)
        types = (np.arange(len(one.pieces)) >= one.question).astype(np.int64)[None, :]
        pooling = pooled(one.sentence_of, one.sentences)[None, :, :]
        return [output[0] for output in self._session(pieces, np.ones_like(pieces), types, pooling)]


def _expected(card: Path) -> str:
    found = json.loads(card.read_text(encoding="utf-8"))
    if not isinstance(found, dict) or not isinstance(found.get("sha256"), str):
        raise ValueError(f"{card.name} names no sha256")
    return str(found["sha256"])


def pooled(sentence_of: Sequence[int], sentences: int) -> NDArray[np.float32]:
    """float32, shape (sentences, pieces): a row takes the mean over its sentence's pieces, and is 0 if it has none."""
    belongs = (np.asarray(sentence_of)[None, :] == np.arange(sentences)[:, None]).astype(np.float32)
    means: NDArray[np.float32] = belongs / np.maximum(belongs.sum(axis=1, keepdims=True), np.float32(1))
    return means


def best_span(start: ArrayLike, end: ArrayLike, begin: int = 0) -> tuple[int, int, float]:
    """First and last piece of the likeliest answer from piece `begin` on, and the sum of its logits."""
    starts, ends = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    at = np.arange(len(starts))
    apart = at[None, :] - at[:, None]
    allowed = (apart >= 0) & (apart < _LONGEST) & (at[:, None] >= begin)
    sums = np.where(allowed, starts[:, None] + ends[None, :], -np.inf)
    first, last = np.unravel_index(int(sums.argmax()), sums.shape)
    return int(first), int(last), float(sums[first, last])


_WAY_OUT = "install shanghai-qa again, or set SHANGHAI_QA_READER=none"
