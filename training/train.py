"""Train the reader: `python -m training.train`. The same command goes on from the last checkpoint.

Work is spread over threads that each run on one core and take small parts of a batch: the gradients are summed in the
batch's order, so that the same checkpoint gives the same next step.
"""

import json
import logging
import os
import signal
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import portalocker
import torch
import typer

from shanghai_qa.embedding import model_path
from shanghai_qa.settings import MINILM
from training.config import SECOND, Config
from training.data import Collection, load
from training.epochs import Items, batches, example, parts
from training.inputs import Example, Reading, batch
from training.model import Reader, from_package, losses
from training.near import near, open_encoder
from training.schedule import Schedule
from training.validate import Numbers, among, baselines, chosen, validate

_log = logging.getLogger(__name__)
_EVERY = 20  # steps between lines of the log


@dataclass
class Place:
    """Where training stands: the next step, the epoch and the batch in it that the step takes."""

    step: int = 0
    epoch: int = 0
    batch: int = 0


class Trainer:
    """One step at a time, from a model to a checkpoint and back."""

    def __init__(self, config: Config, model: Reader, pool: Executor) -> None:
        self.config = config
        self.model = model
        self.place = Place()
        self.schedule = Schedule(config.warmup_steps, config.steps - config.decay_steps, config.decay_steps)
        self._pool = pool
        self._weights = [weight for weight in model.parameters() if weight.requires_grad]
        self._optimizer = torch.optim.AdamW(_groups(model, config))

    def step(self, examples: list[Example]) -> dict[str, float]:
        """Learn from one batch; the mean losses of its examples."""
        place = self.place
        split = enumerate(parts(examples, self.config.micro_batch))
        done = list(self._pool.map(lambda part: self._gradient(part[1], (place.step, part[0])), split))
        for weight, *gradients in zip(self._weights, *(gradient for gradient, _ in done), strict=True):
            weight.grad = torch.stack(gradients).sum(dim=0) / len(examples)
        torch.nn.utils.clip_grad_norm_(self._weights, self.config.clip)
        for group in self._optimizer.param_groups:
            group["lr"] = group["full_rate"] * self.schedule.factor(place.step)
        self._optimizer.step()
        place.step += 1
        return {name: sum(said[name] for _, said in done) / len(examples) for name in done[0][1]}

    def save(self, path: Path) -> None:
        """Whole or not at all."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "place": asdict(self.place),
            "schedule": asdict(self.schedule),
            "config": asdict(self.config),
        }
        unfinished = path.with_suffix(".new")
        torch.save(state, unfinished)
        unfinished.replace(path)

    def restore(self, path: Path) -> None:
        """Go on where `save` was called; ValueError if that was with another configuration."""
        state: dict[str, Any] = torch.load(path, weights_only=True)
        if state["config"] != asdict(self.config):
            raise ValueError(f"{path} was written with {state['config']}, not {asdict(self.config)}")
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.place, self.schedule = Place(**state["place"]), Schedule(**state["schedule"])

    def _gradient(self, examples: list[Example], at: tuple[int, int]) -> tuple[list[torch.Tensor], dict[str, float]]:
        chance = np.random.default_rng([self.config.seed, *at])
        made = batch(examples, self.config.masked, chance)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            scores = self.model(made.pieces, made.attended, made.types, made.pooling)
        lost = losses(scores, made)
        config = self.config
        total = lost.total(config.span_weight, config.answerable_weight, config.together_weight)
        gradient = torch.autograd.grad(total, self._weights)
        said = {"loss": total, **vars(lost)}
        return list(gradient), {name: float(value.detach()) for name, value in said.items()}


def workers(count: int) -> ThreadPoolExecutor:
    """Threads that run torch on one core each."""
    torch.set_num_threads(1)
    return ThreadPoolExecutor(count, initializer=lambda: torch.set_num_threads(1))


def run(
    config: Config, data: Path, out: Path, minutes: float | None, finish: int | None, first: Path | None = None
) -> None:
    """Train until the schedule's end, `minutes` are over or a signal asks to stop; then write the checkpoint.

    Without a checkpoint in `out` it begins with the weights of `first`, or those of all-MiniLM-L6-v2. Caches lie in
    `out`, or beside `first`.
    """
    begun, cache = time.monotonic(), (first.parent if first else out) / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    collection = load(data)
    _log.info(
        "%d questions to train on, %d kept, dropped %s",
        len(collection.train),
        len(collection.kept),
        dict(collection.dropped),
    )
    nearby = near(collection, cache)
    open_encoder(cache)
    reading = Reading.open(cache / "encoder" / "tokenizer.json", config.max_tokens, config.max_question_tokens)
    kept = chosen(collection, nearby, config)
    torch.manual_seed(config.seed)
    with workers(config.workers) as pool:

        def measured(trainer: Trainer) -> Numbers:
            own = validate(trainer.model, kept, collection, reading, pool)
            return own | among(trainer.model, kept, nearby, collection, reading, pool)

        trainer = Trainer(config, from_package(model_path(MINILM)), pool)
        if (out / "checkpoint.pt").is_file():
            trainer.restore(out / "checkpoint.pt")
        elif first:
            trainer.model.load_state_dict(torch.load(first, weights_only=True)["model"])
            _record(out, {"step": 0, "kept": _rounded(measured(trainer))})
        else:
            _record(out, {"step": 0, "baselines": _rounded(baselines(kept, collection, reading, cache))})
        if finish is not None:
            trainer.schedule = trainer.schedule.finish(trainer.place.step, finish)
        until = begun + minutes * 60 if minutes is not None else float("inf")
        _train(trainer, collection, nearby, reading, out, until, lambda: measured(trainer))


def _train(
    trainer: Trainer,
    collection: Collection,
    nearby: Mapping[str, tuple[str, ...]],
    reading: Reading,
    out: Path,
    until: float,
    measured: Any,
) -> None:
    config, place = trainer.config, trainer.place
    items = Items(collection, collection.train, nearby)
    stop = _stopping()
    saved = validated = time.monotonic()
    lines, since = list[dict[str, float]](), time.monotonic()
    while place.step < trainer.schedule.end and not stop.is_set():
        examples = [example(item, collection, reading) for item in items.epoch(config, place.epoch)]
        planned = batches(examples, config.batch, f"{config.seed}:{place.epoch}")
        for each in planned[place.batch :]:
            lines.append(trainer.step(each))
            place.batch += 1
            now = time.monotonic()
            if place.step % _EVERY == 0:
                _progress(out, trainer, lines, now - since)
                lines, since = [], now
            if now - validated > config.validate_minutes * 60:
                _record(out, {"step": place.step, "kept": _rounded(measured())})
                since = validated = time.monotonic()
            if now - saved > config.checkpoint_minutes * 60:
                trainer.save(out / "checkpoint.pt")
                saved = time.monotonic()
            if place.step >= trainer.schedule.end or now > until:
                stop.set()
            if stop.is_set():
                break
        else:
            place.epoch, place.batch = place.epoch + 1, 0
    trainer.save(out / "checkpoint.pt")
    _record(out, {"step": place.step, "kept": _rounded(measured()), "finished": place.step >= trainer.schedule.end})


def _groups(model: Reader, config: Config) -> list[dict[str, Any]]:
    groups = []
    for of_encoder, rate in ((True, config.encoder_rate), (False, config.head_rate)):
        for decays in (True, False):
            weights = [
                weight
                for name, weight in model.named_parameters()
                if weight.requires_grad and name.startswith("encoder.") == of_encoder and (weight.ndim > 1) == decays
            ]
            decay = config.weight_decay if decays else 0.0
            groups.append({"params": weights, "lr": rate, "full_rate": rate, "weight_decay": decay})
    return groups


def _progress(out: Path, trainer: Trainer, lines: list[dict[str, float]], seconds: float) -> None:
    means = {name: float(np.mean([line[name] for line in lines])) for name in lines[0]}
    speed = len(lines) * trainer.config.batch / seconds
    left = (trainer.schedule.end - trainer.place.step) * trainer.config.batch / speed / 60
    _record(
        out,
        {
            "step": trainer.place.step,
            "epoch": trainer.place.epoch,
            **_rounded(means),
            "factor": round(trainer.schedule.factor(trainer.place.step), 4),
            "examples_per_s": round(speed, 1),
            "minutes_left": round(left),
        },
    )


def _record(out: Path, line: dict[str, Any]) -> None:
    line = {"at": time.strftime("%Y-%m-%dT%H:%M:%S"), **line}
    _log.info(json.dumps(line))
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")


def _rounded(numbers: Numbers) -> Numbers:
    return {name: round(value, 4) for name, value in numbers.items()}


def _stopping() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def main(
    data: Annotated[Path, typer.Argument(help="Folder of the public sets.")],
    out: Annotated[Path, typer.Option(help="Folder of caches, checkpoints and the log.")] = Path(".training"),
    minutes: Annotated[float | None, typer.Option(help="Stop after so long; the same command goes on.")] = None,
    finish: Annotated[int | None, typer.Option(help="Decay the rates to zero over so many steps from here.")] = None,
    first: Annotated[Path | None, typer.Option(help="Checkpoint of a first run: the second goes on from it.")] = None,
) -> None:
    """Train the reader, or go on training it; SIGTERM writes a checkpoint and ends."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    out.mkdir(parents=True, exist_ok=True)
    with portalocker.Lock(out / "lock", timeout=0, fail_when_locked=True):
        run(SECOND if first else Config(), data, out, minutes, finish, first)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    typer.run(main)
