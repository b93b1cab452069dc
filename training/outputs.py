"""What a model says of examples, alike for the one in training and the exported one: logits less that of "none".

So above 0 speaks for an answer. Padding, and pieces in no sentence, are far below 0.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from shanghai_qa.reader import Session
from training.inputs import Batch, Example, batch
from training.model import Reader

_AT_ONCE = 16  # examples

Forward = Callable[[Batch], Sequence[NDArray[np.float32]]]
"""Of a batch: (inputs, sentences), twice (inputs, pieces) for start and end, and (inputs,) for the passage."""


@dataclass(frozen=True)
class Read:
    """Of one example: a logit a sentence, two a piece, and one of the passage."""

    sentences: NDArray[np.float32]
    start: NDArray[np.float32]
    end: NDArray[np.float32]
    answerable: float


class Shipped(torch.nn.Module):
    """The reader with logits less that of "none": what is exported."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader

    def forward(
        self, pieces: torch.Tensor, attended: torch.Tensor, types: torch.Tensor, pooling: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        said = self.reader(pieces, attended, types, pooling)
        return (
            said.sentences[:, 1:] - said.sentences[:, :1],
            said.start - said.start[:, :1],
            said.end - said.end[:, :1],
            said.answerable,
        )


def trained(model: Reader, device: torch.device, rough: bool = False) -> Forward:
    """A model in torch, on `device`; `rough`: in bfloat16, as it is trained."""
    shipped = Shipped(model)

    def forward(made: Batch) -> Sequence[NDArray[np.float32]]:
        put = made.to(device)
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=rough):
            return [said.cpu().numpy() for said in shipped(put.pieces, put.attended, put.types, put.pooling)]

    return forward


def exported(session: Session) -> Forward:
    """A model that `training.export` wrote."""
    return lambda made: session(*(t.numpy() for t in (made.pieces, made.attended, made.types, made.pooling)))


def read_all(forward: Forward, examples: Sequence[Example], pool: Executor) -> list[Read]:
    """In the order of `examples`; those of like length are read together."""
    order = sorted(range(len(examples)), key=lambda i: -len(examples[i].pieces))
    parts = [order[at : at + _AT_ONCE] for at in range(0, len(order), _AT_ONCE)]
    read = pool.map(lambda rows: _read(forward, [examples[i] for i in rows]), parts)
    found = dict(zip(order, (one for some in read for one in some), strict=True))
    return [found[i] for i in range(len(examples))]


def _read(forward: Forward, examples: Sequence[Example]) -> list[Read]:
    sentences, start, end, answerable = forward(batch(examples))
    return [
        Read(sentences[i, : e.sentences], start[i, : len(e.pieces)], end[i, : len(e.pieces)], float(answerable[i]))
        for i, e in enumerate(examples)
    ]
