"""Whatever schemathesis makes of the descriptions, the doors keep to them, and never fail."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.corpus

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
# A description cannot say that years must come in order, nor that "2024" is taken for 2024.
_ANOTHER_VIEW = "positive_data_acceptance,negative_data_rejection"


@pytest.mark.parametrize("door", ["api/v1", "v1"])
def test_no_request_breaks_a_door_or_its_description(address: str, tmp_path: Path, door: str) -> None:
    options = {
        "--seed": "7",
        "--max-examples": "50",
        "--phases": "examples,coverage,fuzzing",
        "--exclude-checks": _ANOTHER_VIEW,
        "--generation-database": "none",
        "--warnings": "off",
        "--suppress-health-check": "all",  # they judge how fast this machine makes requests up
    }
    ran = subprocess.run(
        [SCHEMATHESIS, "run", f"{address}{door}/openapi.json", *(part for pair in options.items() for part in pair)],
        cwd=tmp_path, env=os.environ | {"NO_PROXY": "*"}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-6000:]
