"""Speed as ratios: what the assistant needs, against what the bare model needs for the same texts in the same run.

Run with `make bench`. Prints a table and judges nothing: on a busy machine both sides suffer, so trust the ratios. The
bare model is sentence-transformers. Questions run on one thread (OMP_NUM_THREADS=1), embedding many texts on all.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evals.cases import load
from shanghai_qa.settings import MINILM, Settings, default_corpus
from shanghai_qa.values import Ask

PROGRAM = Path(sys.executable).with_name("shanghai-qa")
QUESTION = "How many startups are in Quantum Valley?"
QUESTIONS = 100
ROUNDS = 3
COLD_STARTS = 5
BATCH = 32
_QUESTIONS_ONLY = "questions"  # argument with which this file measures questions in a process of its own


@dataclass(frozen=True)
class Measure:
    """One line of the table. `target` is the most that is wanted of `ratio`, or of `seconds` where that is None."""

    name: str
    seconds: float
    ratio: float | None
    target: float | None


def main() -> None:
    if sys.argv[1:2] == [_QUESTIONS_ONLY]:
        print_question_times(Path(sys.argv[2]))
        return
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        measures = [*measure_ingest(index, console), *measure_questions(index, console), measure_cold(index, console)]
    Console().print(table(measures))


def measure_ingest(index: Path, console: Console) -> list[Measure]:
    """The export; by turns, an ingest into nothing and the bare model on its passages; an ingest of nothing new."""
    from ingest.publish import ingest
    from shanghai_qa.embedding import encoder_identity, load_reference, prepare
    from shanghai_qa.store import Index

    console.print("Exporting the model …")
    store = Index(index)
    export_s = _seconds(lambda: prepare(MINILM, store.encoder_folder(encoder_identity(MINILM))))

    ingest([default_corpus()], store, Settings())
    snapshot = store.open()
    contents = snapshot.contents
    pairs = [(contents.document_of(passage), passage) for passage in contents.passages]
    texts = ["\n".join(filter(None, [d.title, p.heading, d.text[p.start : p.end]])) for d, p in pairs]
    snapshot.close()
    model = load_reference(MINILM)
    model.encode(texts[:BATCH])
    ingest_times, bare_times = [], []
    for n in range(1, ROUNDS + 1):
        console.print(f"Ingesting the whole corpus, and encoding its passages with the bare model: {n} of {ROUNDS} …")
        ingest_times.append(_seconds(lambda: ingest([default_corpus()], store, Settings(), rebuild=True)))
        bare_times.append(_seconds(lambda: model.encode(texts, batch_size=BATCH, show_progress_bar=False)))
    ingest_s, bare_s = statistics.median(ingest_times), statistics.median(bare_times)
    ratio = statistics.median(mine / bare for mine, bare in zip(ingest_times, bare_times, strict=True))

    console.print("Ingesting again, with nothing changed …")
    again_s = statistics.median(_seconds(lambda: _run("ingest", "--index", str(index))) for _ in range(3))
    return [
        Measure("export of the model, once", export_s, None, None),
        Measure(f"bare model, {len(texts)} passages", bare_s, None, None),
        Measure("ingest of the corpus / bare model", ingest_s, ratio, 1.5),
        Measure("second ingest, nothing changed (process)", again_s, None, 10),
    ]


def measure_questions(index: Path, console: Console) -> list[Measure]:
    """Warm questions against bare embeddings of the same questions, in a process that has one thread for each."""
    console.print(f"Asking {QUESTIONS} questions …")
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, __file__, _QUESTIONS_ONLY, str(index)],
        env=env, stdout=subprocess.PIPE, text=True, check=True, timeout=600,
    )  # fmt: skip
    bare_s, onnx_s, scored_s, ask_s = map(float, done.stdout.split())
    return [
        Measure("bare embedding, sentence-transformers", bare_s, None, None),
        Measure("bare embedding, our ONNX encoder", onnx_s, None, None),
        Measure("warm question without the reader / sentence-transformers", scored_s, scored_s / bare_s, 4),
        Measure("warm question", ask_s, None, 0.15),
    ]


def print_question_times(index: Path) -> None:
    """Medians in seconds over the questions: bare model, our encoder, the answer without the reader and with it."""
    import torch

    from shanghai_qa.assistant import Assistant
    from shanghai_qa.embedding import Encoder, encoder_identity, load_reference
    from shanghai_qa.store import Index

    torch.set_num_threads(1)
    asks = [Ask(case.question, case.history) for case in load()][:QUESTIONS]
    model = load_reference(MINILM)
    encoder = Encoder.open(Index(index).encoder_folder(encoder_identity(MINILM)))
    assistant = Assistant.open(index, Settings())
    ways: list[Callable[[Ask], object]] = [
        lambda ask: model.encode(ask.question, show_progress_bar=False),
        lambda ask: encoder.encode([ask.question]),
        assistant.with_settings(reader="none").invoke,
        assistant.invoke,
    ]
    for way in ways:
        for ask in asks[:5]:
            way(ask)
    times = [[_seconds(lambda w=way, a=ask: w(a)) for way in ways] for ask in asks]  # type: ignore[misc]
    print(*(statistics.median(column) for column in zip(*times, strict=True)))


def measure_cold(index: Path, console: Console) -> Measure:
    """From nothing to an answer: a process of the program."""
    console.print(f"Starting cold {COLD_STARTS} times …")
    times = [_seconds(lambda: _run("ask", QUESTION, "--index", str(index))) for _ in range(COLD_STARTS)]
    return Measure("first answer of a cold process", statistics.median(times), None, 2.5)


def table(measures: Sequence[Measure]) -> Table:
    result = Table("what", "measured", "ratio", "wanted, at most", box=None, pad_edge=False)
    for measure in measures:
        unit = "" if measure.ratio is not None else " s"
        result.add_row(
            measure.name,
            f"{measure.seconds:.2f} s" if measure.seconds >= 1 else f"{measure.seconds * 1000:.1f} ms",
            "" if measure.ratio is None else f"{measure.ratio:.2f}",
            "" if measure.target is None else f"{measure.target:g}{unit}",
        )
    return result


def _run(*arguments: str) -> None:
    env = os.environ | {"OMP_NUM_THREADS": "1"} if arguments[0] == "ask" else None
    subprocess.run([PROGRAM, *arguments], env=env, capture_output=True, check=True, timeout=600)


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
