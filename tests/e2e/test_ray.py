"""An ingest on a Ray cluster, here one of several processes on this machine: what it makes, and what it loses: nothing.

A start of Ray takes ten seconds and two gigabytes, so that one cluster serves for all that can be seen of one.
"""

import importlib.util
import os
import signal
import socket
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]
import pytest

from ingest.engine import Local, Ray
from shanghai_qa.embedding import Encoder, encoder_identity
from shanghai_qa.errors import ShanghaiQAError
from shanghai_qa.settings import MINILM

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning:ray"),
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed: the extra ray has it"),
]

WORKERS = 3
BATCHES = [[f"In {2000 + n}, plant {n * m} of Shanghai opened." for m in range(1, 33)] for n in range(1, 41)]


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `Ray` sets is taken back after a test."""
    for name in (
        "ENABLE_WINDOWS_OR_OSX_CLUSTER",
        "USAGE_STATS_ENABLED",
        "BACKEND_LOG_LEVEL",
        "AUTH_MODE",
        "AUTH_TOKEN",
    ):
        monkeypatch.setenv(f"RAY_{name}", "")
        monkeypatch.delenv(f"RAY_{name}")


@pytest.fixture
def folder(index: Path) -> Path:
    return index / "encoders" / encoder_identity(MINILM)


def test_a_worker_killed_in_mid_run_costs_no_vector_and_nothing_listens_to_the_network(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    vectors = Ray(folder, workers=WORKERS).encode(BATCHES)
    found = [next(vectors)]
    workers = [process for process in started() if "MapWorker" in process.name() + " ".join(process.cmdline())]
    listening = {address for process in [psutil.Process(), *started()] for address in listened_at(process)}
    os.kill(workers[0].pid, signal.SIGKILL)
    found += vectors

    assert len(workers) == WORKERS
    assert listening <= {"127.0.0.1", "::ffff:127.0.0.1"}
    assert not workers[0].is_running()
    wanted = [*Local(Encoder.open(folder)).encode(BATCHES)]
    assert [some.shape for some in found] == [(32, 384)] * len(BATCHES)
    assert np.abs(np.concatenate(found) - np.concatenate(wanted)).max() < 1e-6
    assert started() == []
    assert not (tmp_path / ".ray").exists()  # where Ray keeps a token, if it is given none


def test_no_cluster_is_started_for_no_texts(folder: Path) -> None:
    assert [*Ray(folder).encode([])] == []
    assert started() == []


def test_a_cluster_that_does_not_answer_is_named_with_the_way_out(folder: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and listens not
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(ShanghaiQAError, match=f"no Ray cluster answers at '{address}'.*ray start --head"):
            next(Ray(folder, address).encode([["a"]]))


def started() -> list[psutil.Process]:
    """The processes of Ray that this one has started, directly or not."""
    return [one for one in psutil.Process().children(recursive=True) if "ray" in " ".join(one.cmdline())]


def listened_at(process: psutil.Process) -> set[str]:
    return {one.laddr.ip for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN}
