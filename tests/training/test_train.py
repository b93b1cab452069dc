import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from shanghai_qa.embedding import model_path
from shanghai_qa.errors import InputError
from shanghai_qa.settings import MINILM
from tests.training.toys import asked, collection, paragraph, reader, reading, write_sets
from training.command import run_command
from training.config import Config
from training.epochs import Items
from training.inputs import Example
from training.model import from_package
from training.train import CPU, Place, Trainer, checkpoint, device_of, main, run, train, workers

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
    assert second.place == Place(step=4, examples=16)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_the_examples_of_a_batch_are_counted_as_they_are(pool: Executor) -> None:
    trainer = Trainer(CONFIG, reader(), pool)
    trainer.step(EXAMPLES[:3])
    trainer.step(EXAMPLES)
    assert trainer.place == Place(step=2, examples=7)


def test_an_end_that_was_asked_for_is_kept_in_the_checkpoint(tmp_path: Path, pool: Executor) -> None:
    first, second = Trainer(CONFIG, reader(), pool), Trainer(CONFIG, reader(), pool)
    first.schedule = first.schedule.finish(3, 2)
    first.save(tmp_path / "checkpoint.pt")
    second.restore(tmp_path / "checkpoint.pt")
    assert second.schedule.end == 5


def test_a_checkpoint_of_another_configuration_is_refused(tmp_path: Path, pool: Executor) -> None:
    Trainer(CONFIG, reader(), pool).save(tmp_path / "checkpoint.pt")
    with pytest.raises(InputError, match=r"another configuration \(batch, decay_steps, masked.*; choose another --out"):
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


# Nine questions in batches of four: two of an epoch, the ninth left out.
PARAGRAPHS = [paragraph(f"Ada came first. Bob came second. {'Ada came . ' * n}") for n in range(9)]
ALL = collection(PARAGRAPHS, [asked(f"Who came {'first ' * n}?", p, (0,)) for n, p in enumerate(PARAGRAPHS)])
EPOCHS = Config(batch=4, micro_batch=2, warmup_steps=2, steps=7, decay_steps=2, masked=0.2, answerable_share=1.0)


def trained(trainer: Trainer, out: Path, until: float = float("inf")) -> Trainer:
    train(trainer, Items(ALL, ALL.train, {}), ALL, READ, out, lambda: {"sentence": 0.5}, until)
    return trainer


def log(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def test_a_run_stopped_after_each_step_gives_the_same_over_epochs_as_one_that_was_not(
    tmp_path: Path, pool: Executor
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    straight = trained(Trainer(EPOCHS, reader(), pool), whole)
    assert straight.place == Place(step=7, epoch=3, batch=1, examples=28)
    places = list[Place]()
    stopped = Trainer(EPOCHS, reader(), pool)
    while stopped.place.step < 7:
        stopped = Trainer(EPOCHS, reader(seed=9) if places else reader(), pool)
        if places:
            stopped.restore(parts / "checkpoint.pt")
        places.append(replace(trained(stopped, parts, until=0).place))
    assert [(place.epoch, place.batch) for place in places] == [(0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2), (3, 1)]
    assert torch.equal(weights(stopped), weights(straight))
    assert [line["finished"] for line in log(parts)] == [False] * 6 + [True]


def test_a_signal_ends_a_run_after_its_step_with_a_checkpoint(tmp_path: Path, pool: Executor) -> None:
    class Interrupted(Trainer):
        def step(self, examples: list[Example]) -> dict[str, float]:
            if self.place.step == 2:
                os.kill(os.getpid(), signal.SIGTERM)
            return super().step(examples)

    before = signal.getsignal(signal.SIGTERM)
    trained(Interrupted(EPOCHS, reader(), pool), tmp_path)
    assert signal.getsignal(signal.SIGTERM) == before
    again = Trainer(EPOCHS, reader(seed=9), pool)
    again.restore(tmp_path / "checkpoint.pt")
    assert again.place == Place(step=3, epoch=1, batch=1, examples=12)
    assert log(tmp_path)[-1] | {"at": ""} == {"at": "", "step": 3, "kept": {"sentence": 0.5}, "finished": False}


def test_a_second_run_begins_with_the_weights_of_the_first(encoder_cache: Path, tmp_path: Path) -> None:
    still = Config(batch=2, encoder_rate=0.0, head_rate=0.0, weight_decay=0.0, steps=1, decay_steps=1, warmup_steps=0)
    data, first, second = tmp_path / "data", tmp_path / "first", tmp_path / "second"
    for folder in (data, first, second):
        folder.mkdir()
    write_sets(data)
    (first / "cache").mkdir()
    (first / "cache" / "encoder").symlink_to(encoder_cache / "encoder")
    run(still, data, first)
    assert "cosine" in log(first)[0]["baselines"]  # type: ignore[operator]
    begun, own = checkpoint(first / "checkpoint.pt")["model"], from_package(model_path(MINILM)).state_dict()
    assert all(torch.equal(begun[name], weight) for name, weight in own.items() if name.startswith("encoder."))
    run(still, data, second, first=first / "checkpoint.pt")
    went_on = checkpoint(second / "checkpoint.pt")
    assert all(torch.equal(weight, begun[name]) for name, weight in went_on["model"].items())
    assert went_on["place"] == {"step": 1, "epoch": 0, "batch": 1, "examples": 2}
    assert len(went_on["commits"]) == 1
    assert [path.name for path in second.iterdir() if path.is_dir()] == []
    kept_measures = log(second)[0]["kept"]
    assert set(kept_measures) >= {"sentence", "f1", "auc/all"}  # type: ignore[call-overload]


@pytest.mark.parametrize("options", [[], ["--first", "nowhere/checkpoint.pt"]])
def test_data_or_a_checkpoint_that_is_not_there_is_one_line(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        run_command(main, [str(tmp_path), "--out", str(tmp_path / "out"), *options])
    said = capsys.readouterr().err
    assert end.value.code == 1
    assert said.startswith("error: ")
    assert "cannot be read" in said
    assert said.count("\n") == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["lock", "out"]


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match=r"checkpoint\.pt cannot be read \(no checkpoint\)"):
        checkpoint(tmp_path / "checkpoint.pt")


def test_a_gpu_is_taken_only_where_there_is_one() -> None:
    assert device_of("cpu") == CPU
    if torch.cuda.is_available():
        assert device_of("auto") == torch.device("cuda")
    else:
        assert device_of("auto") == CPU
        with pytest.raises(InputError, match="--device cpu"):
            device_of("cuda")
