"""Ingests that are killed again and again while a reader asks all the time; what comes of it."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ingest.publish import ingest
from shanghai_qa.assistant import Assistant
from shanghai_qa.settings import Settings
from shanghai_qa.store import Index
from tests.e2e.program import with_encoder_of, without_time

_PROCESSES = multiprocessing.get_context("forkserver")  # what an ingest needs is imported once
_PROCESSES.set_forkserver_preload(["ingest.publish", "shanghai_qa.assistant", "chromadb", "onnxruntime", "bm25s"])
_LONGEST_S = 300.0


@dataclass
class Told:
    """What happened: kills that met an ingest at work, ingests that ended, answers, and which of these were wrong."""

    kills: int = 0
    ended: int = 0
    answers: int = 0
    wrong: list[str] = field(default_factory=list)


def _ingest(corpus: Path, folder: Path) -> None:
    os.setsid()
    ingest([corpus], Index(folder), Settings())


def undisturbed(
    corpora: Sequence[Path], question: str, index: Path, folder: Path
) -> tuple[list[Any], list[Path], float]:
    """For each corpus the answer and an index of its own, and how many seconds an ingest takes at least."""
    answers, folders, took = [], [], []
    for n, corpus in enumerate(corpora):
        folders.append(with_encoder_of(index, folder / f"undisturbed{n}"))
        started = time.monotonic()
        process = _PROCESSES.Process(target=_ingest, args=(corpus, folders[-1]))
        process.start()
        process.join(_LONGEST_S)
        took.append(time.monotonic() - started)
        answers.append(_now(folders[-1], question))
    return answers, folders, min(took)


def kill(
    corpora: Sequence[Path], question: str, answers: Sequence[Any], folder: Path, took_s: float, kills: int, seed: int
) -> Told:
    """Ingest into `folder`, where the first corpus is, now the one and then the other, and kill each at some instant.

    A reader, who opened the index before, asks all the time and must get one of `answers` whole; it has a process of
    its own, and so holds nothing once that has ended. When `kills` have met an ingest at work, the one that is left to
    do is done in peace.
    """
    told, chance = Told(), random.Random(seed)
    here, there = _PROCESSES.Pipe()
    reader = _PROCESSES.Process(target=_ask, args=(folder, question, answers, there))
    reader.start()
    there.close()
    try:
        assert here.poll(_LONGEST_S), "the reader does not open the index"
        here.recv()
        for _ in range(5 * kills):
            if told.kills == kills:
                break
            corpus = corpora[1 - answers.index(_now(folder, question))]
            process = _PROCESSES.Process(target=_ingest, args=(corpus, folder))
            process.start()
            process.join(chance.uniform(0, 1.1 * took_s))
            if process.is_alive():
                os.kill(process.pid or 0, signal.SIGKILL)
                told.kills += 1
            else:
                told.ended += 1
            process.join(_LONGEST_S)
        process = _PROCESSES.Process(target=_ingest, args=(corpora[1], folder))
        process.start()
        process.join(_LONGEST_S)
        here.send("enough")
        assert here.poll(_LONGEST_S), "the reader does not come to an end"
        told.answers, told.wrong = here.recv()
        reader.join(_LONGEST_S)
    finally:
        reader.kill()
        reader.join()
    return told


def _ask(folder: Path, question: str, answers: Sequence[Any], told: Connection) -> None:
    """Ask until something comes over `told`; then tell how many answers there were, and which were wrong."""
    assistant, count, wrong = Assistant.open(folder, Settings()), 0, []
    told.send("open")
    while not told.poll():
        try:
            answer = without_time(assistant.ask(question).to_dict())
            if answer not in answers:
                wrong.append(f"answer {count}: {answer}")
        except Exception as error:
            wrong.append(f"answer {count}: {error!r}")
        count += 1
    told.send((count, wrong))


def _now(folder: Path, question: str) -> Any:
    """What somebody who comes anew is told."""
    return without_time(Assistant.open(folder, Settings()).ask(question).to_dict())
