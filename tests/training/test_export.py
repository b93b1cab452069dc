from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.toys import paragraph, reading
from training.epochs import Item
from training.export import Batched, compared, difference, latency, quantise, to_onnx
from training.inputs import batch
from training.model import Reader

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


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_exported_model_says_what_the_trained_one_says(model: Reader, files: tuple[Path, Path], count: int) -> None:
    assert difference(model, Batched(files[0], 1), EXAMPLES[:count]) < 1e-4


def test_logits_are_less_that_of_no_answer_and_padding_is_never_chosen(files: tuple[Path, Path]) -> None:
    sentences, start, end, answerable = Batched(files[0], 1)(batch(EXAMPLES))
    assert (sentences > -1000).sum(axis=1).tolist() == [2, 5, 1]
    assert np.array_equal(start[:, 0], np.zeros(3))
    assert start.shape == end.shape == batch(EXAMPLES).pieces.shape
    assert answerable.shape == (3,)


def test_the_small_model_is_compared_on_what_leads_and_on_what_it_reaches(files: tuple[Path, Path]) -> None:
    asked = [Item("answerable", None, "", "", example.gold) for example in EXAMPLES]  # type: ignore[arg-type]
    numbers = compared(asked, EXAMPLES, Batched(files[0], 1), Batched(files[1], 1))
    assert numbers["examples"] == 3
    assert numbers["same_lead"] in (pytest.approx(1), pytest.approx(2 / 3))
    assert numbers["largest_change"] < 0.1
    assert 0 <= numbers["auc_int8"] <= 1


def test_time_is_measured_in_milliseconds(files: tuple[Path, Path]) -> None:
    assert 0 < latency(Batched(files[1], 1), EXAMPLES, 2, rounds=3) < 1000
