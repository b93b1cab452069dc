"""The program as a server over the index of the install, for what is measured from outside."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("shanghai-qa")


@contextmanager
def served() -> Iterator[str]:
    """The address of one that computes on one core a question, until the end of the block."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([PROGRAM, "serve", "--port", "7899"], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://\S+/", said)
        if not found:
            sys.exit(f"the server said {said!r}")
        yield found.group()
    finally:
        process.terminate()
        process.wait(timeout=10)
