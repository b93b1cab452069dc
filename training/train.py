"""Train the reader: `python -m training.train`. The same command goes on from the last checkpoint.

Work is spread over threads that each run on one core and take small parts of a batch: the gradients are summed in the
batch's order, so that the same checkpoint gives the same next step.
"""

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Annotated, Any, Literal

import numpy as np
import portalocker
import torch
import typer

from evals.record import commit
from shanghai_qa.embedding import model_path
from shanghai_qa.errors import InputError
from shanghai_qa.settings import MINILM
from shanghai_qa.terminal import progress
from training.command import run_command
from training.config import SECOND, Config
from training.data import Collection, load
from training.epochs import Items, batches, example, parts
from training.inputs import Example, Reading, batch
from training.model import Reader, from_package, losses
from training.near import near, open_encoder
from training.outputs import trained
from training.schedule import Schedule
from training.validate import Baselines, Says, chosen, measured, reader

CPU = torch.device("cpu")

_log = logging.getLogger(__name__)
_EVERY = 20  # steps between lines of the log
_AMONG = 300  # kept questions read with their near passages, each time


@dataclass
class Place:
    """Where training stands: the next step, the epoch and the batch in it that the step takes, the examples read."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    examples: int = 0


class Trainer:
    """One step at a time, from a model to a checkpoint and back.

    `commits` are those of the code that took the steps, None where git could not tell. A GPU takes a batch whole.
    """

    def __init__(self, config: Config, model: Reader, pool: Executor, device: torch.device = CPU) -> None:
        self.config = config
        self.model = model.to(device)
        self.place = Place()
        self.commits: list[str | None] = []
        self._device = device
        self.schedule = Schedule(config.warmup_steps, config.steps - config.decay_steps, config.decay_steps)
        self._pool = pool
        self._weights = [weight for weight in model.parameters() if weight.requires_grad]
        self._optimizer = torch.optim.AdamW(_groups(model, config))

    def step(self, examples: list[Example]) -> dict[str, float]:
        """Learn from one batch; the mean losses of its examples."""
        place = self.place
        split = enumerate(parts(examples, self.config.micro_batch if self._device == CPU else len(examples)))
        done = list(self._pool.map(lambda part: self._gradient(part[1], (place.step, part[0])), split))
        for weight, *gradients in zip(self._weights, *(gradient for gradient, _ in done), strict=True):
            weight.grad = torch.stack(gradients).sum(dim=0) / len(examples)
        torch.nn.utils.clip_grad_norm_(self._weights, self.config.clip)
        for group in self._optimizer.param_groups:
            group["lr"] = group["full_rate"] * self.schedule.factor(place.step)
        self._optimizer.step()
        place.step += 1
        place.examples += len(examples)
        return {name: sum(said[name] for _, said in done) / len(examples) for name in done[0][1]}

    def save(self, path: Path) -> None:
        """Whole or not at all."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "place": asdict(self.place),
            "schedule": asdict(self.schedule),
            "config": asdict(self.config),
            "commits": self.commits,
        }
        unfinished = path.with_suffix(".new")
        torch.save(state, unfinished)
        unfinished.replace(path)

    def restore(self, path: Path) -> None:
        """Go on where `save` was called; InputError if that was with another configuration."""
        state = checkpoint(path)
        if state["config"] != asdict(self.config):
            differing = ", ".join(sorted({name for name, _ in state["config"].items() ^ asdict(self.config).items()}))
            raise InputError(f"{path} was written with another configuration ({differing}); choose another --out")
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.place, self.schedule = Place(**state["place"]), Schedule(**state["schedule"])
        self.commits = state["commits"]

    def _gradient(self, examples: list[Example], at: tuple[int, int]) -> tuple[list[torch.Tensor], dict[str, float]]:
        chance = np.random.default_rng([self.config.seed, *at])
        made = batch(examples, self.config.masked, chance).to(self._device)
        with torch.autocast(self._device.type, dtype=torch.bfloat16):
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
    config: Config,
    data: Path,
    out: Path,
    minutes: float | None = None,
    finish: int | None = None,
    first: Path | None = None,
    device: torch.device = CPU,
) -> None:
    """Train until the schedule's end, `minutes` are over or a signal asks to stop; then write the checkpoint.

    Without a checkpoint in `out` it begins with the weights of `first`, or those of all-MiniLM-L6-v2. Caches lie in
    `out`, or beside `first`.
    """
    begun, cache = time.monotonic(), (first.parent if first else out) / "cache"
    collection, weights = load(data), checkpoint(first)["model"] if first else None
    cache.mkdir(parents=True, exist_ok=True)
    counts = f"{len(collection.train)} questions to train on, {len(collection.kept)} kept"
    _log.info("%s, dropped %s", counts, dict(collection.dropped))
    nearby = near(collection.train, collection, cache) | near(collection.kept, collection, cache)
    open_encoder(cache)
    reading = Reading.open(cache / "encoder" / "tokenizer.json")
    kept = chosen(collection, nearby, config, config.validate_questions)
    torch.manual_seed(config.seed)
    with workers(config.workers) as pool:
        trainer = Trainer(config, from_package(model_path(MINILM)), pool, device)

        def told(says: Says) -> dict[str, float]:
            found = measured(says, kept, nearby, collection, _AMONG)
            return {name: round(measure.value, 4) for name, measure in found.items()}

        def of_reader() -> dict[str, float]:
            trainer.model.eval()
            found = told(reader(trained(trainer.model, device, rough=True), collection, reading, pool))
            trainer.model.train()
            return found

        if (out / "checkpoint.pt").is_file():
            trainer.restore(out / "checkpoint.pt")
        elif weights:
            trainer.model.load_state_dict(weights)
            _record(out, {"step": 0, "kept": of_reader()})
        else:
            simpler = Baselines(collection, reading, cache).all()
            _record(out, {"step": 0, "baselines": {name: told(says) for name, says in simpler.items()}})
        trainer.commits = list(dict.fromkeys([*trainer.commits, commit()]))
        if finish is not None:
            trainer.schedule = trainer.schedule.finish(trainer.place.step, finish)
        until = begun + minutes * 60 if minutes is not None else float("inf")
        train(trainer, Items(collection, collection.train, nearby), collection, reading, out, of_reader, until)


def train(
    trainer: Trainer,
    items: Items,
    collection: Collection,
    reading: Reading,
    out: Path,
    told: Callable[[], dict[str, float]],
    until: float = float("inf"),
) -> None:
    """Step on from where `trainer` stands, and write the checkpoint now and then and at the end.

    The end is the schedule's, SIGTERM or SIGINT, or the first step after `until`, as `time.monotonic` counts.
    `told` gives what the log holds of the kept documents.
    """
    config, place = trainer.config, trainer.place
    saved = validated = since = time.monotonic()
    lines = list[dict[str, float]]()
    with _stopping() as stop, progress() as bar:
        task = bar.add_task("training", total=trainer.schedule.end, completed=place.step)
        while place.step < trainer.schedule.end and not stop.is_set():
            examples = [example(item, collection, reading) for item in items.epoch(config, place.epoch)]
            planned = batches(examples, config.batch, f"{config.seed}:{place.epoch}")
            for each in planned[place.batch :]:
                lines.append(trainer.step(each))
                place.batch += 1
                bar.update(task, completed=place.step)
                now = time.monotonic()
                if place.step % _EVERY == 0:
                    _record(out, _progress(trainer, lines, now - since))
                    lines, since = [], now
                if now - validated > config.validate_minutes * 60:
                    _record(out, {"step": place.step, "kept": told()})
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
    _record(out, {"step": place.step, "kept": told(), "finished": place.step >= trainer.schedule.end})


def checkpoint(path: Path) -> dict[str, Any]:
    """What `Trainer.save` wrote; InputError if it cannot be read."""
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    except (OSError, EOFError, RuntimeError, UnpicklingError) as error:
        reason = getattr(error, "strerror", None) or "no checkpoint"
        raise InputError(f"{path} cannot be read ({reason}); python -m training.train writes checkpoints") from error
    return state


def device_of(name: str) -> torch.device:
    """ "auto" is a GPU where there is one, else the CPU; InputError for a GPU where there is none."""
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("no GPU is to be had here; leave out --device, or say --device cpu")
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)


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


def _progress(trainer: Trainer, lines: Sequence[dict[str, float]], seconds: float) -> dict[str, Any]:
    place, schedule = trainer.place, trainer.schedule
    steps_per_s = len(lines) / seconds
    return {
        "step": place.step,
        "epoch": place.epoch,
        "examples": place.examples,
        **{name: round(float(np.mean([line[name] for line in lines])), 4) for name in lines[0]},
        "factor": round(schedule.factor(place.step), 4),
        "steps_per_s": round(steps_per_s, 2),
        "minutes_left": round((schedule.end - place.step) / steps_per_s / 60),
    }


def _record(out: Path, line: dict[str, Any]) -> None:
    text = json.dumps({"at": time.strftime("%Y-%m-%dT%H:%M:%S"), **line})
    print(text, file=sys.stderr)  # as it is at the moment: a progress bar stands in for it
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(text + "\n")


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main(
    data: Annotated[Path, typer.Argument(help="Folder of the public sets.")],
    out: Annotated[Path, typer.Option(help="Folder of caches, checkpoints and the log.")] = Path(".training"),
    minutes: Annotated[float | None, typer.Option(help="Stop after so long; the same command goes on.")] = None,
    finish: Annotated[int | None, typer.Option(help="Decay the rates to zero over so many steps from here.")] = None,
    first: Annotated[Path | None, typer.Option(help="Checkpoint of a first run: the second goes on from it.")] = None,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="auto: a GPU where there is one.")] = "auto",
) -> None:
    """Train the reader, or go on training it; SIGTERM writes a checkpoint and ends."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    on = device_of(device)
    out.mkdir(parents=True, exist_ok=True)
    try:
        with portalocker.Lock(out / "lock", timeout=0, fail_when_locked=True):
            run(SECOND if first else Config(), data, out, minutes, finish, first, on)
    except portalocker.AlreadyLocked as error:
        raise InputError(f"{out} is in use: another training writes there") from error


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    run_command(main)
