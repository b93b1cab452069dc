"""From checkpoints to the model that ships: `python -m training.export`.

One ONNX graph, in full precision to compare with and as int8 to ship. Inputs: `input_ids`, `attention_mask` and
`token_type_ids`, int64 (inputs, pieces), and `sentence_pooling`, float32 (inputs, sentences, pieces), rows of means as
`inputs.pooled` makes them. Outputs: `sentence_logits` (inputs, sentences), `start_logits` and `end_logits`
(inputs, pieces), each less the logit of "none", so that above 0 speaks for an answer; `answerable_logit` (inputs,).
Padding, and pieces in no sentence, are far below 0.
"""

import hashlib
import json
import logging
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from tokenizers import Tokenizer

from shanghai_qa.embedding import model_path, sha256_of
from shanghai_qa.reader import INPUTS, OUTPUTS, Pieces, Session
from shanghai_qa.settings import MINILM
from training import measures
from training.config import Config
from training.data import Collection, load
from training.epochs import Item, example
from training.inputs import Batch, Example, Reading, batch
from training.model import Reader, from_package
from training.near import near
from training.validate import Numbers, chosen

_log = logging.getLogger(__name__)
_COMPARED = 300  # kept questions
_EXAMPLES = Path("tests/reader_examples.json")
_CHECKPOINTS = [Path(".training/checkpoint.pt"), Path(".training/second/checkpoint.pt")]
_AT_ONCE = 16
_PIECES = 150  # of a passage, where time is measured


@dataclass(frozen=True)
class Read:
    """What a model says of one example: one logit a sentence, and one of the passage."""

    sentences: NDArray[np.float32]
    answerable: float


class Shipped(torch.nn.Module):
    """The reader with logits less that of "none"."""

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


class Batched:
    """An exported model that reads examples together."""

    def __init__(self, path: Path, threads: int) -> None:
        self._session = Session(path, threads)

    def __call__(self, made: Batch) -> list[NDArray[np.float32]]:
        return self._session(*(t.numpy() for t in (made.pieces, made.attended, made.types, made.pooling)))

    def read(self, examples: Sequence[Example]) -> list[Read]:
        found = list[Read]()
        for at in range(0, len(examples), _AT_ONCE):
            some = examples[at : at + _AT_ONCE]
            sentences, _, _, answerable = self(batch(some))
            found += [Read(sentences[i, : e.sentences], float(answerable[i])) for i, e in enumerate(some)]
        return found


def to_onnx(model: Reader, path: Path) -> None:
    """Write the model to `path` in full precision; any number of inputs, pieces and sentences goes in."""
    model.encoder.set_attn_implementation("eager")  # type: ignore[operator]
    inputs, pieces, sentences = {0: "inputs"}, {1: "pieces"}, {1: "sentences"}
    ids = torch.ones((2, 8), dtype=torch.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The older exporter: the newer takes ten times as long for the same graph.
        torch.onnx.export(
            Shipped(model).eval(),
            (ids, ids, ids, torch.full((2, 3, 8), 0.125)),
            str(path),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes={
                **dict.fromkeys((*INPUTS[:3], "start_logits", "end_logits"), inputs | pieces),
                "sentence_pooling": inputs | sentences | {2: "pieces"},
                "sentence_logits": inputs | sentences,
                "answerable_logit": inputs,
            },
            opset_version=17,
            dynamo=False,
        )


def quantise(path: Path, out: Path) -> None:
    """The same graph with int8 weights; per channel, without which rankings change."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().setLevel(logging.ERROR)  # it warns of a step that dynamic quantisation does not need
    quantize_dynamic(path, out, per_channel=True, weight_type=QuantType.QInt8)
    logging.getLogger().setLevel(logging.INFO)


def compared(items: Sequence[Item], examples: Sequence[Example], whole: Batched, small: Batched) -> Numbers:
    """How often both lead with the same sentence, and what each reaches on the same examples."""
    read = {"fp32": whole.read(examples), "int8": small.read(examples)}
    pairs = list(zip(read["fp32"], read["int8"], strict=True))
    numbers: Numbers = {
        "examples": len(examples),
        "same_lead": float(np.mean([a.sentences.argmax() == b.sentences.argmax() for a, b in pairs])),
        "largest_change": max(float(np.abs(a.sentences - b.sentences).max()) for a, b in pairs),
    }
    answered = [i for i, item in enumerate(items) if item.gold]
    others = [i for i, item in enumerate(items) if not item.gold]
    for name, each in read.items():
        hits = [int(each[i].sentences.argmax()) in examples[i].gold for i in answered]
        numbers[f"sentence_{name}"] = float(np.mean(hits))
        numbers[f"auc_{name}"] = measures.auc(
            [each[i].answerable for i in answered], [each[i].answerable for i in others]
        )
    return numbers


def difference(model: Reader, session: Batched, examples: Sequence[Example]) -> float:
    """The largest difference of any logit that counts, between the trained model and the exported one."""
    made = batch(examples)
    with torch.inference_mode():
        expected = Shipped(model).eval()(made.pieces, made.attended, made.types, made.pooling)
    pairs = zip(expected, session(made), strict=True)
    return max(float(np.abs(a.numpy() - b)[a.numpy() > -1000].max()) for a, b in pairs)


def store(model: Reader, pieces: Pieces, path: Path) -> None:
    """Add to each example in `path` (question, title, sentences) the logits of its sentences, less that of "none".

    The tests hold the model that ships against what the trained one says here.
    """
    examples = json.loads(path.read_text(encoding="utf-8"))
    for one in examples:
        (made,) = pieces.inputs(one["question"], one["title"], one["sentences"])
        read = batch([Example(**vars(made), first=0, gold=(), start=(0,), end=(0,))])
        with torch.inference_mode():
            logits = Shipped(model).eval()(read.pieces, read.attended, read.types, read.pooling)[0][0]
        one["logits"] = [round(float(logit), 3) for logit in logits]
    path.write_text(json.dumps(examples, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def latency(session: Batched, examples: Sequence[Example], passages: int, rounds: int = 15) -> float:
    """Milliseconds for one question with so many passages of about 150 pieces, the median of some rounds."""
    some = sorted(examples, key=lambda e: abs(len(e.pieces) - _PIECES))[:passages]
    made = batch(some)
    session(made)
    times = list[float]()
    for _ in range(rounds):
        begun = time.perf_counter()
        session(made)
        times.append((time.perf_counter() - begun) * 1000)
    return float(np.median(times))


def load_model(checkpoints: Sequence[Path]) -> tuple[Reader, list[dict[str, Any]]]:
    """The mean of the trained models (Wortsman et al., 2022, <https://arxiv.org/abs/2203.05482>), and the rest of
    each checkpoint."""
    states: list[dict[str, Any]] = [torch.load(checkpoint, weights_only=True) for checkpoint in checkpoints]
    models = [state.pop("model") for state in states]
    mean = {
        name: torch.stack([each[name] for each in models]).mean(dim=0) if first.is_floating_point() else first
        for name, first in models[0].items()
    }
    model = from_package(model_path(MINILM))
    model.load_state_dict(mean)
    return model.eval(), states


def export(checkpoints: Sequence[Path], data: Path, cache: Path, out: Path) -> dict[str, Any]:
    """Write `reader.onnx`, `reader-fp32.onnx` and `reader.json`, what is known of them, to `out`; gives the last."""
    out.mkdir(parents=True, exist_ok=True)
    model, states = load_model(checkpoints)
    to_onnx(model, out / "reader-fp32.onnx")
    quantise(out / "reader-fp32.onnx", out / "reader.onnx")
    whole, small = Batched(out / "reader-fp32.onnx", 2), Batched(out / "reader.onnx", 2)
    items, examples = _kept(Config(**states[-1]["config"]), load(data), cache)
    card = {
        "sha256": sha256_of(out / "reader.onnx"),
        "bytes": (out / "reader.onnx").stat().st_size,
        "runs": [
            {
                "step": s["place"]["step"],
                "examples_seen": s["place"]["step"] * s["config"]["batch"],
                "config": s["config"],
            }
            for s in states
        ],
        "largest_difference_to_trained": difference(model, whole, examples[:32]),
        "compared": compared(items, examples, whole, small),
        "latency_ms": {str(n): round(latency(small, examples, n), 1) for n in (10, 20, 30)},
    }
    (out / "reader.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return card


def _kept(config: Config, collection: Collection, cache: Path) -> tuple[list[Item], list[Example]]:
    reading = Reading.open(cache / "encoder" / "tokenizer.json", config.max_tokens, config.max_question_tokens)
    items = chosen(collection, near(collection, cache), config)
    items = sorted(items, key=lambda item: hashlib.sha256(item.question.encode()).hexdigest())[:_COMPARED]
    return items, [example(item, collection, reading) for item in items]


def main(
    data: Annotated[Path, typer.Argument(help="Folder of the public sets.")],
    checkpoint: Annotated[list[Path], typer.Option(help="What training wrote; of several, their mean.")] = _CHECKPOINTS,
    cache: Annotated[Path, typer.Option(help="Folder of training's caches.")] = Path(".training/cache"),
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path(".training/export"),
    examples: Annotated[Path, typer.Option(help="Examples to write the trained model's logits to.")] = _EXAMPLES,
) -> None:
    """Export the mean of checkpoints to ONNX, make it small, and print how well both agree and how fast it is."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    print(json.dumps(export(checkpoint, data, cache, out), indent=1))
    store(load_model(checkpoint)[0], Pieces(Tokenizer.from_file(str(cache / "encoder" / "tokenizer.json"))), examples)


if __name__ == "__main__":
    typer.run(main)
