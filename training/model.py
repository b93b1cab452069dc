"""The reader: one encoder, three heads, and the loss that trains them together."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from training.inputs import Batch

_NEVER = -1e4  # a logit that no softmax notices and bfloat16 holds


@dataclass(frozen=True)
class Scores:
    """Logits. `sentences` is (inputs, 1 + sentences), column 0 "none answers"; `start` and `end` are (inputs, pieces),
    piece 0 "no answer"; `answerable` is (inputs,). Padding, question and title have logits that no softmax notices."""

    sentences: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor
    answerable: torch.Tensor


@dataclass(frozen=True)
class Losses:
    """Sums over a batch's inputs."""

    sentence: torch.Tensor
    span: torch.Tensor
    answerable: torch.Tensor
    together: torch.Tensor

    def total(self, span_weight: float, answerable_weight: float, together_weight: float) -> torch.Tensor:
        passages = self.sentence + span_weight * self.span + answerable_weight * self.answerable
        return passages + together_weight * self.together


class Reader(nn.Module):
    """`encoder` is a BERT: pieces, attended and types to one vector a piece."""

    def __init__(self, encoder: nn.Module, width: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.sentence = _head(2 * width, width)
        self.none = _head(width, width)
        self.span = nn.Linear(width, 2)
        self.answerable = _head(2 * width, width)

    def forward(
        self, pieces: torch.Tensor, attended: torch.Tensor, types: torch.Tensor, pooling: torch.Tensor
    ) -> Scores:
        vectors = self.encoder(input_ids=pieces, attention_mask=attended, token_type_ids=types).last_hidden_state
        whole, each = vectors[:, 0], pooling.to(vectors.dtype) @ vectors
        there = pooling.sum(dim=2) > 0
        beside = whole[:, None, :].expand_as(each)
        of_sentences = self.sentence(torch.cat([each, beside], dim=2)).squeeze(2).float().masked_fill(~there, _NEVER)
        best = (torch.softmax(of_sentences, dim=1)[:, :, None].to(each.dtype) * each).sum(dim=1)
        readable = pooling.sum(dim=1) > 0
        readable[:, 0] = True
        spans = self.span(vectors).float().masked_fill(~readable[:, :, None], _NEVER)
        return Scores(
            torch.cat([self.none(whole).float(), of_sentences], dim=1),
            spans[:, :, 0],
            spans[:, :, 1],
            self.answerable(torch.cat([whole, best], dim=1)).squeeze(1).float(),
        )


def from_package(path: Path) -> Reader:
    """A reader on the weights of all-MiniLM-L6-v2 in `path`, heads untrained; word embeddings stay as they are.

    Without dropout, which doubled the time of a step; masked pieces stand in for it.
    """
    from transformers import BertModel
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    encoder = BertModel.from_pretrained(
        str(path), add_pooling_layer=False, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    return Reader(encoder, encoder.config.hidden_size)


def losses(scores: Scores, batch: Batch) -> Losses:
    """Each the negative log of the probability that the target, or any of the targets, has.

    `together` is that over the sentences of all passages read for a question that one of them answers, as logits above
    their passage's "none" (shared normalisation: Clark and Gardner, 2018, <https://aclanthology.org/P18-1078/>).
    """
    answerable = (~batch.gold[:, 0]).float()
    return Losses(
        _any_of(scores.sentences, batch.gold),
        _any_of(scores.start, batch.start) + _any_of(scores.end, batch.end),
        nn.functional.binary_cross_entropy_with_logits(scores.answerable, answerable, reduction="sum"),
        _together(scores.sentences, batch),
    )


def _together(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    above = logits[:, 1:] - logits[:, :1]
    every = torch.logsumexp(above, dim=1)
    wanted = torch.logsumexp(above.masked_fill(~batch.gold[:, 1:], _NEVER), dim=1)
    answered = (batch.groups & ~batch.gold[:, 0]).any(dim=1)
    of_questions = (every.masked_fill(~batch.groups, _NEVER), wanted.masked_fill(~batch.groups, _NEVER))
    none = above.new_zeros(len(batch.groups), 1)
    everywhere = torch.logsumexp(torch.cat([none, of_questions[0]], dim=1), dim=1)
    return (everywhere - torch.logsumexp(of_questions[1], dim=1))[answered].sum()


def _any_of(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    wanted = torch.logsumexp(logits.masked_fill(~targets, -torch.inf), dim=1)
    return (torch.logsumexp(logits, dim=1) - wanted).sum()


def _head(inputs: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), nn.GELU(), nn.Linear(width, 1))
