from pathlib import Path

import pytest

from ingest.progress import report
from ingest.publish import Summary


def summary(added: tuple[str, ...], passages: int, published: bool = True) -> Summary:
    return Summary("v1", added, (), (), (), (), passages, passages, published, 0.5)


def test_one_of_a_thing_is_told_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report(summary(("a",), 1), tmp_path)
    assert "1 document, 1 passage; 1 passage embedded, 0.5 s" in capsys.readouterr().err


def test_several_are_told_as_several(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report(summary(("a", "b"), 3), tmp_path)
    assert "2 documents, 3 passages; 3 passages embedded, 0.5 s" in capsys.readouterr().err
    report(summary(("a", "b"), 3, published=False), tmp_path)
    assert "2 documents, 3 passages; nothing to do" in capsys.readouterr().err
