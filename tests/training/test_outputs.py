import numpy as np
import pytest
import torch

from tests.training.toys import paragraph, reader, reading
from training.outputs import read_all, trained
from training.train import CPU, workers

READ = reading("who came ? ada first bob second .")
EXAMPLES = [
    READ.example("Who?", paragraph("Ada."), (), ()),
    READ.example("Bob?", paragraph("Ada. Bob. Ada came. Bob came. Ada came second."), (1,), ()),
    READ.example("Who came first?", paragraph("Ada came first. Bob came second."), (0,), ()),
]


def test_each_example_is_read_as_if_alone_and_in_its_place() -> None:
    forward = trained(reader(), CPU)
    with workers(2) as pool:
        together = read_all(forward, EXAMPLES * 10, pool)
        alone = [read_all(forward, [one], pool)[0] for one in EXAMPLES]
    assert len(together) == 30
    for at, read in enumerate(together):
        one = alone[at % 3]
        assert read.sentences == pytest.approx(one.sentences, abs=1e-5)
        assert read.start == pytest.approx(one.start, abs=1e-5)
        assert read.end == pytest.approx(one.end, abs=1e-5)
        assert read.answerable == pytest.approx(one.answerable, abs=1e-5)


def test_there_is_a_logit_a_sentence_and_two_a_piece_less_that_of_none() -> None:
    model = reader()
    with workers(1) as pool:
        (read,) = read_all(trained(model, CPU), EXAMPLES[1:2], pool)
    assert read.sentences.shape == (5,)
    assert read.start.shape == read.end.shape == (len(EXAMPLES[1].pieces),)
    assert read.start[0] == read.end[0] == 0
    with torch.no_grad():
        for weight in model.none.parameters():
            weight.zero_()
        model.none[2].bias.fill_(1.0)  # type: ignore[operator]
    with workers(1) as pool:
        (of_one,) = read_all(trained(model, CPU), EXAMPLES[1:2], pool)
        model.none[2].bias.data.fill_(3.0)  # type: ignore[operator]
        (of_three,) = read_all(trained(model, CPU), EXAMPLES[1:2], pool)
    assert of_one.sentences - of_three.sentences == pytest.approx(np.full(5, 2.0), abs=1e-5)
