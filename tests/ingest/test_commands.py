from pathlib import Path
from typing import Any

import pytest

from ingest import publish
from ingest.commands import ingest
from shanghai_qa.errors import InputError


def test_a_full_disk_names_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publish, "ingest", full)
    with pytest.raises(InputError, match=r"the index at .*new cannot be written: No space left on device"):
        ingest(index=tmp_path / "new")
