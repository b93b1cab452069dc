import math

import pytest
import torch

from tests.training.toys import paragraph, reader, reading
from training.inputs import Batch, batch
from training.model import Scores, losses

READ = reading("who came ? ada first bob second .")
SHORT = READ.example("Who?", paragraph("Ada came."), (0,), ())
LONG = READ.example("Who came?", paragraph("Ada came first. Bob came second."), (), ())


def scores_of(made: Batch) -> Scores:
    with torch.inference_mode():
        scores: Scores = reader()(made.pieces, made.attended, made.types, made.pooling)
    return scores


def test_an_input_scores_the_same_alone_and_beside_a_longer_one() -> None:
    alone, beside = scores_of(batch([SHORT])), scores_of(batch([SHORT, LONG]))
    pieces = len(SHORT.pieces)
    assert torch.allclose(alone.sentences[0], beside.sentences[0, :2], atol=1e-6)
    assert torch.allclose(alone.start[0], beside.start[0, :pieces], atol=1e-6)
    assert torch.allclose(alone.answerable[0], beside.answerable[0], atol=1e-6)


def test_only_sentences_and_the_first_piece_can_be_chosen() -> None:
    scores = scores_of(batch([SHORT, LONG]))
    assert (scores.sentences > -1000).tolist() == [[True, True, False], [True, True, True]]
    assert (scores.start[0] > -1000).nonzero().flatten().tolist() == [
        0,
        4,
        5,
        6,
    ]  # "ada came ." after 4 of the question


def test_losses_are_the_log_of_what_the_targets_have_together() -> None:
    made = batch([LONG])
    flat = torch.zeros_like(made.start, dtype=torch.float32)
    scores = Scores(torch.tensor([[math.log(2), 0.0, 0.0]]), flat, flat, torch.zeros(1))
    lost = losses(scores, made)
    assert lost.sentence.item() == pytest.approx(-math.log(2 / 4))
    assert lost.span.item() == pytest.approx(2 * math.log(flat.shape[1]))
    assert lost.answerable.item() == pytest.approx(math.log(2))
    assert lost.together.item() == 0
    assert lost.total(0.5, 2.0, 1.0).item() == pytest.approx(math.log(2) + math.log(flat.shape[1]) + 2 * math.log(2))


def test_passages_of_one_question_compete_for_it() -> None:
    own = READ.example("Who?", paragraph("Ada came first. Bob came second."), (0,), ())
    other = READ.example("Who?", paragraph("Bob came."), (), ())
    made = batch([own, LONG, other])
    flat = torch.zeros_like(made.start, dtype=torch.float32)
    # Above "none": 1 and 0 in the question's own passage, 2 in the other; what a different question's says is no rival.
    logits = torch.tensor([[0.5, 1.5, 0.5], [0.0, 9.0, 9.0], [1.0, 3.0, -1e4]])
    lost = losses(Scores(logits, flat, flat, torch.zeros(3)), made)
    everything = 1 + math.exp(1) + math.exp(0) + math.exp(2)
    assert lost.together.item() == pytest.approx(-math.log(math.exp(1) / everything), rel=1e-5)


def test_two_gold_sentences_share_one_target() -> None:
    made = batch([READ.example("Who?", paragraph("Ada came first. Bob came second."), (0, 1), ())])
    flat = torch.zeros_like(made.start, dtype=torch.float32)
    lost = losses(Scores(torch.zeros((1, 3)), flat, flat, torch.zeros(1)), made)
    assert lost.sentence.item() == pytest.approx(-math.log(2 / 3))
