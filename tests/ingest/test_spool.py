"""Documents wait on disk, and come back by id, without copies."""

from pathlib import Path

import pytest

from ingest.loaded import Removed
from ingest.spool import Spool
from shanghai_qa.errors import InputError
from tests.samples import document

A = document(id="ai/a", text="港口", pages=(0, 1))
B = document(id="ai/b", url="https://b.example/")
C = document(id="ai/c")


def test_documents_come_by_id_as_they_were(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool") as spool:
        for one in (C, A, B):
            spool.add(one)
        assert list(spool.documents()) == list(spool.documents()) == [A, B, C]
        assert len(spool) == 3
    assert not (tmp_path / "spool").exists()


def test_copies_are_left_out_and_named_by_address_else_id(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool") as spool:
        for one in (A, B, C):
            spool.add(one)
        spool.copies = {"ai/a": ("ai/c", "ai/b")}
        (kept,) = spool.documents()
        assert (kept.id, kept.also_at) == ("ai/a", ("https://b.example/", "ai/c"))
        assert list(spool.audit()) == [{"document": id, "copy_of": "ai/a"} for id in ("ai/b", "ai/c")]


def test_what_was_removed_is_kept(tmp_path: Path) -> None:
    ad, menu = Removed("品茶", "advertising", 3), Removed("Menu", "boilerplate", 1)
    with Spool(tmp_path / "spool") as spool:
        spool.add(B, [menu])
        spool.add(A, [ad, menu])
        assert [(one["document"], one["text"], one["why"], one["line"]) for one in spool.audit()] == [
            ("ai/a", "品茶", "advertising", 3), ("ai/a", "Menu", "boilerplate", 1), ("ai/b", "Menu", "boilerplate", 1)
        ]  # fmt: skip


def test_what_a_killed_one_left_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "spool").write_bytes(b"torn")
    with Spool(tmp_path / "spool") as spool:
        assert len(spool) == 0


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="spool cannot be written: unable to open database file; make room there"):
        Spool(tmp_path / "none" / "spool")
