"""The real program, run as its users run it: as a process, from another folder, with no variable of ours set."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("shanghai-qa")
TIMEOUT_S = 120


@dataclass(frozen=True)
class Ran:
    """How a run of the program ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one line that an error is; AssertionError if this is not how it ended."""
        lines = self.err.strip().splitlines()
        assert (self.status, self.out, len(lines)) == (1, "", 1), f"status {self.status}: {self.err[-500:]}"
        assert lines[0].startswith("error: "), lines[0]
        return lines[0]


def environment(**more: str) -> dict[str, str]:
    """The variables of this process without those that steer the program, and with `more`."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SHANGHAI_QA_")} | more


def run(*arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None, timeout_s: float = TIMEOUT_S) -> Ran:
    """Run `shanghai-qa` in `cwd` until it ends."""
    done = subprocess.run(
        [PROGRAM, *arguments],
        cwd=cwd,
        env=environment() if env is None else env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def with_encoder_of(index: Path, folder: Path) -> Path:
    """Make `folder` an index without a snapshot that shares the encoder of `index`, which takes seconds to prepare."""
    folder.mkdir(parents=True)
    (folder / "encoders").symlink_to(index / "encoders")
    return folder


def copy_of(index: Path, folder: Path) -> Path:
    """A copy of an index, to be damaged; it shares the encoder."""
    with_encoder_of(index, folder)
    shutil.copytree(index / "snapshots", folder / "snapshots")
    shutil.copy(index / "CURRENT", folder)
    return folder


def snapshot_of(index: Path) -> Path:
    """The folder of the snapshot in use."""
    return index / "snapshots" / (index / "CURRENT").read_text(encoding="utf-8").strip()


def without_time(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer in JSON without the one field that may differ between two runs."""
    return {name: value for name, value in answer.items() if name != "elapsed_ms"}
