"""From checkpoints to the model that ships: `python -m training.export`.

One ONNX graph, in full precision to compare with and as int8 to ship. Inputs: `input_ids`, `attention_mask` and
`token_type_ids`, int64 (inputs, pieces), and `sentence_pooling`, float32 (inputs, sentences, pieces), rows of means as
`shanghai_qa.reader.pooled` makes them. Outputs: `sentence_logits` (inputs, sentences), `start_logits` and `end_logits`
(inputs, pieces), and `answerable_logit` (inputs,), as `outputs.Shipped` gives them.
"""

import json
import logging
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import torch
import typer
from tokenizers import Tokenizer

from evals.record import commit
from shanghai_qa.embedding import model_path, sha256_of
from shanghai_qa.errors import InputError
from shanghai_qa.files import parse_json, read_text
from shanghai_qa.reader import INPUTS, OUTPUTS, Pieces, Session
from shanghai_qa.reader import Reader as Shipping
from shanghai_qa.settings import MINILM
from training.command import run_command
from training.config import Config
from training.data import Collection, load
from training.epochs import Item, example
from training.inputs import Example, Reading, batch
from training.measures import Measure
from training.model import Reader, from_package
from training.near import near, open_encoder
from training.outputs import Forward, Shipped, exported, trained
from training.train import CPU, checkpoint, workers
from training.validate import Baselines, Said, Says, among, chosen, reader, validate

_log = logging.getLogger(__name__)
_CHECKPOINTS = [Path(".training/checkpoint.pt"), Path(".training/second/checkpoint.pt")]
_CHECKED = 32  # examples on which the graph is held against the trained model
_AMONG = 600  # kept questions read with their near passages
_PIECES = 150  # of a passage, where time is measured


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

    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.ERROR)  # it warns of a step that dynamic quantisation does not need
    try:
        quantize_dynamic(path, out, per_channel=True, weight_type=QuantType.QInt8)
    finally:
        root.setLevel(before)


def write(model: Reader, folder: Path) -> None:
    """`reader-fp32.onnx` and `reader.onnx`."""
    to_onnx(model, folder / "reader-fp32.onnx")
    quantise(folder / "reader-fp32.onnx", folder / "reader.onnx")


def agreement(whole: Sequence[Said], small: Sequence[Said]) -> dict[str, float]:
    """How often both put the same sentence of a passage first, and by how much a sentence's logit differs at most."""
    pairs = [(a.sentences, b.sentences) for a, b in zip(whole, small, strict=True)]
    return {
        "passages": len(pairs),
        "same_lead": float(np.mean([a.argmax() == b.argmax() for a, b in pairs])),
        "largest_change": max(float(np.abs(a - b).max()) for a, b in pairs),
    }


def difference(one: Forward, other: Forward, examples: Sequence[Example]) -> float:
    """The largest difference of any logit that counts."""
    made = batch(examples)
    return max(float(np.abs(a - b)[a > -1000].max()) for a, b in zip(one(made), other(made), strict=True))


def store(forward: Forward, pieces: Pieces, path: Path) -> None:
    """Give each example in `path` (question, title, sentences) the logits of its sentences.

    The tests hold the model that ships against what the trained one says here.
    """
    examples = json.loads(path.read_text(encoding="utf-8"))
    for one in examples:
        (made,) = pieces.inputs(one["question"], one["title"], one["sentences"])
        read = batch([Example(**vars(made), first=0, gold=(), start=(0,), end=(0,))])
        one["logits"] = [round(float(logit), 3) for logit in forward(read)[0][0]]
    path.write_text(json.dumps(examples, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def latency(
    shipping: Shipping, items: Sequence[Item], collection: Collection, passages: int, rounds: int = 30
) -> float:
    """Milliseconds to read a question with so many passages of about 150 pieces, as they are read when it is asked.

    The median of some rounds, each another question, so that nothing is remembered.
    """
    pieces = Pieces(Tokenizer.from_file(str(model_path(MINILM) / "tokenizer.json")))
    about: dict[str, tuple[int, str, list[str]]] = {}
    for item in items:
        p = collection.paragraphs[item.paragraph]
        texts = [p.text[span.start : span.end] for span in p.sentences]
        length = len(pieces.inputs(item.question, p.title, texts)[0].pieces)
        about[p.text] = (abs(length - _PIECES), p.title, texts)
    read = [(title, texts) for _, title, texts in sorted(about.values())[:passages]]
    questions = list(dict.fromkeys(item.question for item in items))[: rounds + 1]
    times = list[float]()
    for question in questions:
        begun = time.perf_counter()
        shipping.read(question, read)
        times.append((time.perf_counter() - begun) * 1000)
    return float(np.median(times[1:]))  # the first one warms it up


def load_model(states: Sequence[dict[str, Any]]) -> Reader:
    """The mean of the checkpoints' models (Wortsman et al., 2022, <https://arxiv.org/abs/2203.05482>)."""
    models = [state["model"] for state in states]
    mean = {
        name: torch.stack([each[name] for each in models]).mean(dim=0) if first.is_floating_point() else first
        for name, first in models[0].items()
    }
    model = from_package(model_path(MINILM))
    model.load_state_dict(mean)
    return model.eval()


def export(
    checkpoints: Sequence[Path],
    data: Path,
    cache: Path,
    out: Path,
    known: Sequence[dict[str, Any]],
    examples: Path | None,
) -> dict[str, Any]:
    """Write `reader.onnx`, `reader-fp32.onnx` and `reader.json`, what is known of them, to `out`; gives the last.

    `known` says of each run what its checkpoint does not. Measures are on all kept questions, those among passages on
    the first of them: of the mean as int8 and in full precision, and of each of several runs as int8.
    """
    states, collection = [checkpoint(path) for path in checkpoints], load(data)
    out.mkdir(parents=True, exist_ok=True)
    model = load_model(states)
    write(model, out)
    open_encoder(cache)
    nearby, reading = near(collection.kept, collection, cache), Reading.open(cache / "encoder" / "tokenizer.json")
    items = chosen(collection, nearby, Config())
    whole, small = (exported(Session(out / name)) for name in ("reader-fp32.onnx", "reader.onnx"))
    pieces = Pieces(Tokenizer.from_file(str(cache / "encoder" / "tokenizer.json")))
    with TemporaryDirectory() as folder, workers(2) as pool:
        forwards = {"int8": small}
        for n, state in enumerate(states, start=1) if len(states) > 1 else ():
            write(load_model([state]), Path(folder))
            forwards[f"run {n}"] = exported(Session(Path(folder) / "reader.onnx"))
        forwards["fp32"] = whole
        ways = {name: reader(forward, collection, reading, pool) for name, forward in forwards.items()}
        said, measures = _measures(ways | Baselines(collection, reading, cache).all(), items, nearby, collection)
    checked = [example(item, collection, reading) for item in items[:_CHECKED]]
    shipping = Shipping(Session(out / "reader.onnx"), pieces, "")
    card = {
        "sha256": sha256_of(out / "reader.onnx"),
        "bytes": (out / "reader.onnx").stat().st_size,
        "exported_with": commit(),
        "runs": [run_of(state) | more for state, more in zip(states, known or [{}] * len(states), strict=True)],
        "largest_difference_to_trained": difference(trained(model, CPU), whole, checked),
        "int8_beside_fp32": agreement(said["fp32"], said["int8"]),
        "latency_ms": {str(n): round(latency(shipping, items, collection, n), 1) for n in (10, 20, 30)},
        "measured_on": {name: {"n": m.n, "documents": m.documents} for name, m in measures["int8"].items()},
        "measures": {way: {name: round(m.value, 4) for name, m in found.items()} for way, found in measures.items()},
    }
    (out / "reader.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    if examples:
        store(trained(model, CPU), pieces, examples)
    return card


def run_of(state: dict[str, Any]) -> dict[str, Any]:
    """What a checkpoint says of its run; None for what those of older code do not say."""
    return {
        "step": state["place"]["step"],
        "examples_seen": state["place"].get("examples"),
        "commits": state.get("commits"),
        "schedule": state["schedule"],
        "config": state["config"],
    }


def _measures(
    ways: dict[str, Says], items: Sequence[Item], nearby: dict[str, tuple[str, ...]], collection: Collection
) -> tuple[dict[str, list[Said]], dict[str, dict[str, Measure]]]:
    said, found = dict[str, list[Said]](), dict[str, dict[str, Measure]]()
    for name, says in ways.items():
        begun = time.perf_counter()
        said[name] = says(items)
        found[name] = validate(said[name], items, collection) | among(says, items, nearby, collection, _AMONG)
        values = {measure: round(one.value, 4) for measure, one in found[name].items()}
        _log.info("%s, in %.0f s: %s", name, time.perf_counter() - begun, json.dumps(values))
    return said, found


def _known(path: Path, runs: int) -> list[dict[str, Any]]:
    try:
        found = parse_json(read_text(path))
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}") from error
    if not isinstance(found, list) or len(found) != runs or not all(isinstance(one, dict) for one in found):
        raise InputError(f"{path} is not a list of {runs} objects, one for each checkpoint")
    return found


def main(
    data: Annotated[Path, typer.Argument(help="Folder of the public sets.")],
    checkpoint: Annotated[list[Path], typer.Option(help="What training wrote; of several, their mean.")] = _CHECKPOINTS,
    cache: Annotated[Path, typer.Option(help="Folder of training's caches.")] = Path(".training/cache"),
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path(".training/export"),
    runs: Annotated[Path | None, typer.Option(help="JSON: of each run, what its checkpoint does not say.")] = None,
    examples: Annotated[
        Path | None, typer.Option(help="File of examples to give the trained model's logits to.")
    ] = None,
) -> None:
    """Export the mean of checkpoints to ONNX, make it small, and print how well both do and how fast it is."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    known = _known(runs, len(checkpoint)) if runs else []
    print(json.dumps(export(checkpoint, data, cache, out, known, examples), indent=1))


if __name__ == "__main__":
    run_command(main)
