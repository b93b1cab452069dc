"""An ingest may be killed at any instant: readers go on as before, and the next ingest completes the work."""

import contextlib
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from shanghai_qa.settings import default_corpus
from tests.e2e.program import PROGRAM, environment, run, with_encoder_of, without_time

pytestmark = pytest.mark.corpus

KILLS = 10
DOCUMENTS = 10  # of each corpus; few, so that ten ingests and as many questions take half a minute
QUESTION = "How many startups are in Quantum Valley?"
ALWAYS = "report/port-to-tech-leader"


@pytest.fixture
def corpora(tmp_path: Path) -> list[Path]:
    """Two folders of real documents that share only the one that answers the question."""
    source = default_corpus()
    paths = sorted(path for path in source.glob("*/*.md") if path != (source / ALWAYS).with_suffix(".md"))
    random.Random(11).shuffle(paths)
    folders = []
    for n in range(2):
        folders.append(tmp_path / f"corpus{n}")
        for path in [(source / ALWAYS).with_suffix(".md"), *paths[n * DOCUMENTS : (n + 1) * DOCUMENTS]]:
            link = folders[-1] / path.relative_to(source)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    return folders


def test_ask_answers_as_before_after_each_of_ten_kills_and_the_next_ingest_completes(
    index: Path, corpora: list[Path], tmp_path: Path
) -> None:
    folder = with_encoder_of(index, tmp_path / "index")
    answers, took_s = [], 0.0
    for corpus in reversed(corpora):
        started = time.monotonic()
        assert run("ingest", corpus, "--index", folder, cwd=tmp_path).status == 0
        took_s = time.monotonic() - started
        answers.append(_ask(folder, tmp_path))
    assert answers[0]["outcome"] == "answered"
    assert answers[0]["corpus"] != answers[1]["corpus"]

    now = answers[1]
    chance = random.Random(2026)
    delays_s = [took_s * (n + chance.random()) / KILLS for n in range(KILLS)]  # one in each tenth of an ingest
    chance.shuffle(delays_s)
    for delay_s in delays_s:
        corpus = corpora[answers.index(now)]  # always the other one, so that all of it has to be embedded
        completed = _killed_after(delay_s, corpus, folder)
        then = _ask(folder, tmp_path)
        if then != now:  # the kill came after the pointer had moved: the work was done
            assert then == answers[1 - answers.index(now)], f"killed after {delay_s:.2f} s"
            now = then
        elif completed:
            pytest.fail("an ingest that ended by itself changed nothing")

    corpus = corpora[answers.index(now)]
    assert run("ingest", corpus, "--index", folder, cwd=tmp_path).status == 0
    assert _ask(folder, tmp_path) == answers[1 - answers.index(now)]
    assert len(list((folder / "snapshots").iterdir())) == 1  # what the killed ones left is gone


def _ask(index: Path, cwd: Path) -> dict[str, Any]:
    ran = run("ask", "--json", QUESTION, "--index", index, cwd=cwd)
    assert ran.status == 0, ran
    return without_time(ran.json)


def _killed_after(delay_s: float, corpus: Path, index: Path) -> bool:
    """Kill an ingest, and all that it started, after so long; whether it had ended by itself."""
    process = subprocess.Popen(
        [PROGRAM, "ingest", corpus, "--index", index],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(timeout=delay_s) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
