"""On a full disk an ingest ends with one line, readers go on with what there was, and with room it completes."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shanghai_qa.settings import default_corpus
from tests.e2e.program import run, with_encoder_of, without_time

pytestmark = pytest.mark.corpus

QUESTION = "How many startups are in Quantum Valley?"
REPORT, MORE = default_corpus() / "report", default_corpus() / "quantum"
SIZE_MB = 16


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs leave to mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_whatever_room_is_left_nothing_is_lost_and_the_error_is_one_line(
    index: Path, disk: Path, tmp_path: Path
) -> None:
    folder = with_encoder_of(index, disk / "index")
    assert run("ingest", REPORT, "--index", folder, cwd=tmp_path).status == 0
    answer = run("ask", "--json", QUESTION, "--index", folder, cwd=tmp_path).json
    filler = disk / "filler"
    for left_kb in (0, 8, 100, 300, 700, 1500, 2500):
        free = int(subprocess.check_output(["df", "-k", "--output=avail", disk]).split()[-1])
        filler.write_bytes(bytes(max(0, free - left_kb) * 1024))
        ran = run("ingest", REPORT, MORE, "--index", folder, cwd=tmp_path)
        filler.unlink()
        if ran.status == 0:
            break
        assert ran.status == 1, ran
        last = ran.err.strip().splitlines()[-1]
        assert last.startswith("error: ")
        assert "Traceback" not in ran.err
        after = run("ask", "--json", QUESTION, "--index", folder, cwd=tmp_path).json
        assert without_time(after) == without_time(answer), left_kb
    else:
        pytest.fail("the last had room enough, or wants more than it should")
    assert left_kb > 100
    assert run("index", "check", "--index", folder, cwd=tmp_path).status == 0
