"""A running assistant follows the index, and stays with what it has while the new cannot be opened."""

import logging
from pathlib import Path

import pytest

from shanghai_qa import assistant as following
from tests.e2e.program import snapshot_of, with_encoder_of
from tests.e2e.yards import EAST, NORTH, opened, put, told

pytestmark = pytest.mark.corpus


def test_a_snapshot_that_cannot_be_opened_is_tried_again_after_a_pause_and_taken_when_it_is_mended(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = with_encoder_of(index, tmp_path / "index")
    put(folder, [NORTH])
    patient, eager = opened(folder), opened(folder)
    put(folder, [NORTH, EAST])
    manifest = snapshot_of(folder) / "manifest.json"
    whole = manifest.read_text(encoding="utf-8")
    manifest.write_text(whole[:-2], encoding="utf-8")

    def asked(assistant: following.Assistant) -> tuple[str | None, int, int]:
        """What is answered three times, how many documents are known then, and how often the new was tried."""
        caplog.clear()
        with caplog.at_level(logging.WARNING, "shanghai_qa.assistant"):
            (answer,) = {told(assistant, "North") for _ in range(3)}
        tries = [one.getMessage() for one in caplog.records if one.name == "shanghai_qa.assistant"]
        assert all(f"staying with the index that is open: {manifest} is damaged" in one for one in tries)
        return answer, len(assistant.documents), len(tries)

    monkeypatch.setattr(following, "_PAUSE_S", 3600.0)
    assert asked(patient) == ("418 cranes", 1, 1)
    monkeypatch.setattr(following, "_PAUSE_S", 0.0)
    assert asked(eager) == ("418 cranes", 1, 3)
    manifest.write_text(whole, encoding="utf-8")
    assert asked(patient) == ("418 cranes", 1, 0)  # its pause is not over
    assert asked(eager) == ("418 cranes", 2, 0)
    assert told(eager, "East") == "77 cranes"
