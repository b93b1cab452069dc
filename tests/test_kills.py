"""The bench that kills ingests says by its exit status whether anything was wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.kills import verdict
from tests.e2e.killing import Told
from tests.e2e.program import copy_of, environment, snapshot_of, with_encoder_of
from tests.e2e.yards import NORTH, put

pytestmark = pytest.mark.corpus

ROOT = Path(__file__).parents[1]
SAME = "the last index is that of an undisturbed ingest\n"


def test_a_run_in_which_nothing_was_wrong_ends_with_status_0(index: Path) -> None:
    command = [sys.executable, "bench/kills.py", "--kills", "1", "--documents", "1", "--index", str(index)]
    ran = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("1 kills of ingests that take ")
    assert ran.stdout.endswith(SAME)


def test_whatever_was_wrong_ends_with_status_1_and_is_told(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = with_encoder_of(index, tmp_path / "first")
    put(first, [NORTH])
    other = copy_of(first, tmp_path / "other")
    (snapshot_of(other) / "passages.jsonl").write_text("{}\n", encoding="utf-8")

    def told(told: Told, last: Path) -> tuple[int, str]:
        return verdict(told, 2, last, first), capsys.readouterr().out

    assert told(Told(kills=2, answers=9), first) == (0, SAME)
    assert told(Told(kills=2, answers=9, wrong=["answer 3: none"]), first) == (1, "answer 3: none\n")
    assert told(Told(kills=1, answers=9), first) == (1, "1 of 2 kills met an ingest at work\n")
    status, said = told(Told(kills=2, answers=9), other)
    assert (status, said[:46]) == (1, "the last index is not that of an undisturbed i")
    (other / "CURRENT").unlink()
    assert told(Told(kills=2, answers=9), other)[0] == 1
