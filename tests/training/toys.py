"""Collections small enough to read, and a model small enough to train in a test."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace

from ingest.sentences import sentences
from shanghai_qa.reader import Pieces
from training.data import SETS, Asked, Collection, Paragraph, is_kept
from training.inputs import Reading
from training.model import Reader

UNKNOWN = 0


def paragraph(text: str, title: str = "", key: str = "") -> Paragraph:
    return Paragraph(key or text, title, text, sentences(text))


def asked(text: str, of: Paragraph, gold: tuple[int, ...] = (), answers: tuple[str, ...] = ()) -> Asked:
    return Asked(f"{text} @ {of.key}", "toy", text, of.key, gold, (), answers)


def collection(paragraphs: Iterable[Paragraph], train: Iterable[Asked]) -> Collection:
    return Collection({p.key: p for p in paragraphs}, tuple(train), (), Counter())


def write_set(folder: Path, name: str, corpus: list[dict[str, Any]], queries: list[dict[str, Any]]) -> None:
    """A set as the public ones are kept."""
    (folder / name).mkdir()
    defaults: dict[str, Any] = {"answers": [], "relevant_ids": [], "near_ids": []}
    for file, rows in (("corpus", corpus), ("queries", [defaults | query for query in queries])):
        with gzip.open(folder / name / f"{file}.jsonl.gz", "wt", encoding="utf-8") as lines:
            lines.writelines(json.dumps(row) + "\n" for row in rows)


def write_sets(folder: Path) -> None:
    """All public sets, each with a question on a document to train on and one on a document that is kept."""
    titles = {is_kept(paragraph("", title)): title for title in (f"Labs {n}" for n in range(200))}
    corpus = [{"id": title, "title": title, "text": "Ada came first. Bob left."} for title in titles.values()]
    for name in SETS:
        asked = {"text": f"Who left, asks {name}?", "answers": ["Bob"], "answerable": True}
        write_set(folder, name, corpus, [{"id": row["id"], "relevant_ids": [row["id"]]} | asked for row in corpus])


def reading(words: str, max_tokens: int = 64, max_question_tokens: int = 16) -> Reading:
    """Reads words as pieces: the first of `words` is piece 1; a full stop and a question mark are words."""
    vocabulary = {"?unknown?": UNKNOWN} | {word: at for at, word in enumerate(words.split(), start=1)}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="?unknown?"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    return Reading(Pieces(tokenizer, max_tokens, max_question_tokens))


class ToyEncoder(torch.nn.Module):
    """Each piece's own vector, with that of its type and the mean of all that is attended."""

    def __init__(self, pieces: int, width: int) -> None:
        super().__init__()
        self.pieces = torch.nn.Embedding(pieces, width)
        self.types = torch.nn.Embedding(2, width)
        self.mixed = torch.nn.Linear(width, width)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> SimpleNamespace:
        own = self.pieces(input_ids) + self.types(token_type_ids)
        attended = attention_mask[:, :, None].to(own.dtype)
        mean = (own * attended).sum(dim=1, keepdim=True) / attended.sum(dim=1, keepdim=True)
        return SimpleNamespace(last_hidden_state=torch.tanh(self.mixed(own + mean)))


def reader(seed: int = 1, pieces: int = 120, width: int = 8) -> Reader:
    torch.manual_seed(seed)
    return Reader(ToyEncoder(pieces, width), width)
