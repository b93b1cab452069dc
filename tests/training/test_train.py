from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

import pytest
import torch

from tests.training.toys import paragraph, reader, reading
from training.config import Config
from training.inputs import Example
from training.train import Place, Trainer, workers

CONFIG = Config(batch=4, micro_batch=2, workers=2, warmup_steps=2, steps=10, decay_steps=4, masked=0.2)
READ = reading("who came ? ada first bob second .")
PARAGRAPH = paragraph("Ada came first. Bob came second.")
EXAMPLES: list[Example] = [
    READ.example("Who came first?", PARAGRAPH, (0,), ()),
    READ.example("Who came second?", PARAGRAPH, (1,), ()),
    READ.example("Who came?", PARAGRAPH, (0, 1), ()),
    READ.example("Bob?", PARAGRAPH, (), ()),
]


@pytest.fixture
def pool() -> Iterator[Executor]:
    with workers(CONFIG.workers) as pool:
        yield pool


def weights(trainer: Trainer) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in trainer.model.parameters()])


def test_two_steps_and_two_after_a_restart_equal_four(tmp_path: Path, pool: Executor) -> None:
    straight, first = Trainer(CONFIG, reader(), pool), Trainer(CONFIG, reader(), pool)
    for _ in range(4):
        straight.step(EXAMPLES)
    for _ in range(2):
        first.step(EXAMPLES)
    first.save(tmp_path / "checkpoint.pt")
    second = Trainer(CONFIG, reader(seed=9), pool)
    second.restore(tmp_path / "checkpoint.pt")
    for _ in range(2):
        second.step(EXAMPLES)
    assert torch.equal(weights(second), weights(straight))
    assert second.place == Place(step=4)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_an_end_that_was_asked_for_is_kept_in_the_checkpoint(tmp_path: Path, pool: Executor) -> None:
    first, second = Trainer(CONFIG, reader(), pool), Trainer(CONFIG, reader(), pool)
    first.schedule = first.schedule.finish(3, 2)
    first.save(tmp_path / "checkpoint.pt")
    second.restore(tmp_path / "checkpoint.pt")
    assert second.schedule.end == 5


def test_a_checkpoint_of_another_configuration_is_refused(tmp_path: Path, pool: Executor) -> None:
    Trainer(CONFIG, reader(), pool).save(tmp_path / "checkpoint.pt")
    with pytest.raises(ValueError, match="was written with"):
        Trainer(Config(), reader(), pool).restore(tmp_path / "checkpoint.pt")


def test_the_split_into_small_parts_changes_nothing_but_rounding(pool: Executor) -> None:
    whole = Trainer(Config(masked=0.0, micro_batch=4, warmup_steps=0), reader(), pool)
    parts = Trainer(Config(masked=0.0, micro_batch=1, warmup_steps=0), reader(), pool)
    said = [trainer.step(EXAMPLES)["loss"] for trainer in (whole, parts)]
    assert said[0] == pytest.approx(said[1], rel=1e-2)  # bfloat16


def test_a_small_set_is_learnt_by_heart(pool: Executor) -> None:
    fast = Config(masked=0.0, warmup_steps=0, encoder_rate=0.02, head_rate=0.02)
    trainer = Trainer(fast, reader(), pool)
    losses = [trainer.step(EXAMPLES) for _ in range(150)]
    assert losses[-1]["sentence"] < 0.1 < losses[0]["sentence"]
    assert losses[-1]["answerable"] < 0.1
