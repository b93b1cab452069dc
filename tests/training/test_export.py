import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from tokenizers import Tokenizer

from shanghai_qa.embedding import model_path
from shanghai_qa.reader import Pieces, Session
from shanghai_qa.reader import Reader as Shipping
from shanghai_qa.settings import MINILM
from tests.training.toys import asked, collection, paragraph, reading, write_sets
from training.command import run_command
from training.config import Config
from training.data import SETS
from training.epochs import plain
from training.export import agreement, difference, export, latency, load_model, main, quantise, run_of, store, to_onnx
from training.inputs import batch
from training.model import Reader, from_package
from training.outputs import Forward, Shipped, exported, trained
from training.train import CPU, Trainer, checkpoint, workers
from training.validate import Said

READ = reading("who came ? ada first bob second .")
EXAMPLES = [
    READ.example("Who came first?", paragraph("Ada came first. Bob came second."), (0,), ()),
    READ.example("Bob?", paragraph("Ada. Bob. Ada came. Bob came. Ada came second."), (1,), ()),
    READ.example("Who?", paragraph("Ada."), (), ()),
]


@pytest.fixture(scope="module")
def model() -> Reader:
    from transformers import BertConfig, BertModel

    torch.manual_seed(1)
    small = BertConfig(vocab_size=120, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64)
    return Reader(BertModel(small, add_pooling_layer=False), 32).eval()


@pytest.fixture(scope="module")
def files(model: Reader, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("export")
    to_onnx(model, folder / "whole.onnx")
    quantise(folder / "whole.onnx", folder / "small.onnx")
    return folder / "whole.onnx", folder / "small.onnx"


@pytest.fixture(scope="module")
def whole(files: tuple[Path, Path]) -> Forward:
    return exported(Session(files[0]))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_exported_model_says_what_the_trained_one_says(model: Reader, whole: Forward, count: int) -> None:
    assert difference(trained(model, CPU), whole, EXAMPLES[:count]) < 1e-4


def test_the_largest_difference_is_found_wherever_it_is_but_not_in_padding(model: Reader, whole: Forward) -> None:
    for output in range(4):

        def off(made: Any, output: int = output) -> list[Any]:
            said = [each.copy() for each in whole(made)]
            said[output].flat[-1 if output == 3 else 0] += 0.5
            return said

        assert difference(whole, off, EXAMPLES) == pytest.approx(0.5)

    def padded(made: Any) -> list[Any]:
        said = [each.copy() for each in whole(made)]
        said[0][2, 4] += 0.5  # the third passage has one sentence
        return said

    assert difference(whole, padded, EXAMPLES) == 0


def test_logits_are_less_that_of_no_answer_and_padding_is_never_chosen(whole: Forward) -> None:
    sentences, start, end, answerable = whole(batch(EXAMPLES))
    assert (sentences > -1000).sum(axis=1).tolist() == [2, 5, 1]
    assert np.array_equal(start[:, 0], np.zeros(3))
    assert start.shape == end.shape == batch(EXAMPLES).pieces.shape
    assert answerable.shape == (3,)


def test_the_small_model_has_the_same_inputs_and_outputs_and_int8_weights(
    files: tuple[Path, Path], whole: Forward
) -> None:
    small = onnx.load(files[1])
    kinds = {weight.data_type for weight in small.graph.initializer if len(weight.dims) == 2}
    assert onnx.TensorProto.INT8 in kinds
    assert onnx.TensorProto.FLOAT not in kinds
    assert 0 < difference(whole, exported(Session(files[1])), EXAMPLES) < 0.1


def test_quantising_leaves_the_log_as_it_was(files: tuple[Path, Path], tmp_path: Path) -> None:
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.CRITICAL)
    try:
        quantise(files[0], tmp_path / "small.onnx")
        assert root.level == logging.CRITICAL
    finally:
        root.setLevel(before)


def test_agreement_is_about_what_leads_and_about_the_largest_change() -> None:
    def said(*sentences: float) -> Said:
        return Said((), np.array(sentences), 0.0)

    found = agreement([said(1, 2), said(3, 2), said(1)], [said(1, 1.5), said(2, 2.25), said(1)])
    assert found == {"passages": 3, "same_lead": pytest.approx(2 / 3), "largest_change": 1.0}


def test_several_checkpoints_give_the_mean_of_their_weights() -> None:
    states = [{"model": {name: w.clone() for name, w in from_package(model_path(MINILM)).state_dict().items()}}]
    states.append({"model": {name: w + 2 if w.is_floating_point() else w for name, w in states[0]["model"].items()}})
    mean = load_model(states).state_dict()
    for name, weight in states[0]["model"].items():
        expected = weight + 1 if weight.is_floating_point() else weight
        assert torch.allclose(mean[name], expected, atol=1e-5)


def test_time_is_that_of_the_way_in_which_questions_are_read() -> None:
    words = " ".join(["lab"] * 130)
    paragraphs = [paragraph(f"{words} {n}.", "Labs") for n in range(3)] + [paragraph("Short.", "Labs")]
    items = [plain(asked(f"Which lab is number {n}?", p, (0,))) for n in range(5) for p in paragraphs]
    seen = list[tuple[str, Sequence[tuple[str, Sequence[str]]]]]()

    class Slow(Shipping):
        def __init__(self) -> None:
            pass

        def read(self, question: str, passages: Sequence[tuple[str, Sequence[str]]]) -> list[Any]:
            seen.append((question, passages))
            time.sleep(0.5 if len(seen) == 1 else 0.01)
            return []

    assert 10 <= latency(Slow(), items, collection(paragraphs, []), 3, rounds=4) < 400  # not the first, which warms up
    assert len({question for question, _ in seen}) == len(seen) == 5
    assert all([title for title, _ in passages] == ["Labs"] * 3 for _, passages in seen)
    assert all(len(sentence) > 100 for _, passages in seen for _, sentences in passages for sentence in sentences)


def test_stored_examples_get_the_logits_of_the_trained_model(model: Reader, tmp_path: Path) -> None:
    pieces = Pieces(Tokenizer.from_file(str(model_path(MINILM) / "tokenizer.json")))
    model = Reader(_Wrapped(model.encoder), 32).eval()
    example = {"question": "Who?", "title": "Labs", "sentences": ["Ada came.", "Bob came.", "It rained."]}
    (tmp_path / "examples.json").write_text(json.dumps([example]))
    store(trained(model, CPU), pieces, tmp_path / "examples.json")
    (one,) = json.loads((tmp_path / "examples.json").read_text())
    assert {name: one[name] for name in example} == example
    (made,) = pieces.inputs("Who?", "Labs", example["sentences"])
    with torch.inference_mode():
        ids = torch.tensor([made.pieces])
        types = (torch.arange(len(made.pieces)) >= made.question).long()[None]
        from shanghai_qa.reader import pooled

        pooling = torch.from_numpy(pooled(made.sentence_of, 3))[None]
        expected = Shipped(model)(ids, torch.ones_like(ids), types, pooling)[0][0]
    assert one["logits"] == pytest.approx(expected.tolist(), abs=1e-3)


def test_an_export_is_a_reader_with_its_measures_and_touches_nothing_else(encoder_cache: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write_sets(tmp_path / "data")
    with workers(1) as pool:
        trainer = Trainer(Config(), from_package(model_path(MINILM)), pool)
    trainer.commits = ["abc"]
    trainer.save(tmp_path / "checkpoint.pt")
    known = [{"examples_seen": 64}]
    stored = Path("tests/reader_examples.json").read_bytes()
    export([tmp_path / "checkpoint.pt"], tmp_path / "data", encoder_cache, tmp_path / "out", known, None)
    card = json.loads((tmp_path / "out" / "reader.json").read_text())
    assert Shipping.open(tmp_path / "out").identity == card["sha256"]
    assert [(run["commits"], run["examples_seen"]) for run in card["runs"]] == [(["abc"], 64)]
    assert list(card["measures"]) == ["int8", "fp32", "cosine", "bm25", "sum"]
    assert card["measured_on"]["sentence"] == {"n": 5, "documents": 1}  # one of each set, all of one title
    hits = {card["measures"]["bm25"][f"sentence/{name}"] for name in SETS}
    assert hits == {1.0}  # "left" stands in the answering sentence alone
    assert 0 <= card["largest_difference_to_trained"] < 1e-3
    assert card["int8_beside_fp32"]["passages"] == 5
    assert set(card["latency_ms"]) == {"10", "20", "30"}
    assert Path("tests/reader_examples.json").read_bytes() == stored


class _Wrapped(torch.nn.Module):
    """An encoder of few pieces that takes any."""

    def __init__(self, encoder: torch.nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: torch.Tensor, **more: torch.Tensor) -> Any:
        return self.encoder(input_ids=input_ids % 120, **more)


def test_a_checkpoint_says_what_it_knows_of_its_run(model: Reader, tmp_path: Path) -> None:
    with workers(1) as pool:
        trainer = Trainer(Config(steps=9, decay_steps=2), model, pool)
    trainer.place.step, trainer.place.examples, trainer.commits = 3, 97, ["abc", None]
    trainer.schedule = trainer.schedule.finish(3, 2)
    trainer.save(tmp_path / "checkpoint.pt")
    run = run_of(checkpoint(tmp_path / "checkpoint.pt"))
    assert (run["step"], run["examples_seen"], run["commits"]) == (3, 97, ["abc", None])
    assert run["schedule"] == {"warmup_steps": 300, "decay_from": 3, "decay_steps": 2}
    old = {"place": {"step": 3, "epoch": 0, "batch": 3}, "schedule": {}, "config": {}}
    assert (run_of(old)["examples_seen"], run_of(old)["commits"]) == (None, None)


@pytest.mark.parametrize("wrong", ["data", "checkpoint", "runs"])
def test_what_is_missing_is_one_line(wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "runs.json").write_text("[]")
    options = {
        "data": [],
        "checkpoint": ["--checkpoint", str(tmp_path / "nowhere.pt")],
        "runs": ["--runs", str(tmp_path / "runs.json")],
    }
    arguments = [str(tmp_path), "--out", str(tmp_path / "out"), *options[wrong]]
    if wrong == "data":
        torch.save({}, tmp_path / "some.pt")
        arguments += ["--checkpoint", str(tmp_path / "some.pt")]
    with pytest.raises(SystemExit) as end:
        run_command(main, arguments)
    said = capsys.readouterr().err
    assert end.value.code == 1
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()
