"""`shanghai-qa index`: an index is held against itself, mended, carried elsewhere and looked into."""

import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from ingest.maintain import check
from shanghai_qa.store import Index
from tests.e2e.program import copy_of, run, snapshot_of, with_encoder_of, without_time

pytestmark = pytest.mark.corpus

QUESTION = "How many startups are in Quantum Valley?"


@pytest.fixture(scope="module")
def small(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of a few documents."""
    folder = with_encoder_of(index, tmp_path_factory.mktemp("small") / "index")
    assert run("ingest", Path("corpus/report").absolute(), "--index", folder, cwd=folder.parent).status == 0
    return folder


def answer(index: Path) -> dict[str, object]:
    return without_time(run("ask", "--json", QUESTION, "--index", index, cwd=index.parent).json)


def test_an_index_as_it_was_written_has_no_problem(small: Path, tmp_path: Path) -> None:
    for more in ((), ("--embed",)):
        ran = run("index", "check", "--index", small, *more, cwd=tmp_path)
        assert (ran.status, ran.out, ran.err) == (0, "", f"{small}: 0 problems\n")


@pytest.mark.parametrize("name", ["vectors.npy", "passages.jsonl", "bm25/data.csc.index.npy", "lexicon.json"])
@pytest.mark.parametrize("lost", [False, True])
def test_what_is_damaged_or_lost_is_named_and_mended_from_the_documents(
    small: Path, tmp_path: Path, name: str, lost: bool
) -> None:
    before = answer(small)
    broken = copy_of(small, tmp_path / "index")
    path = snapshot_of(broken) / name
    if lost:
        path.unlink()
    else:
        data = bytearray(path.read_bytes())
        data[-2] ^= 1
        path.write_bytes(data)
    ran = run("index", "check", "--index", broken, cwd=tmp_path)
    assert (ran.status, ran.out) == (1, f"{path} is {'missing' if lost else 'damaged'}\n")
    assert "mend it with: shanghai-qa index repair" in run("ask", QUESTION, "--index", broken, cwd=tmp_path).error
    mended = run("index", "repair", "--index", broken, cwd=tmp_path)
    assert mended.status == 0
    assert ("0 passages embedded" in mended.err) == (name != "vectors.npy")
    assert list(check(Index(broken), embed=True)) == []
    assert answer(broken) == before


def test_documents_that_are_damaged_have_to_be_read_again(small: Path, tmp_path: Path) -> None:
    broken = copy_of(small, tmp_path / "index")
    (snapshot_of(broken) / "documents.jsonl").write_text("{}\n", encoding="utf-8")
    error = run("index", "repair", "--index", broken, cwd=tmp_path).err
    assert "read them again with: shanghai-qa ingest" in error


def test_where_the_pointer_is_lost_the_newest_snapshot_is_mended(small: Path, tmp_path: Path) -> None:
    broken = copy_of(small, tmp_path / "index")
    (broken / "CURRENT").unlink()
    assert "no index at" in run("index", "check", "--index", broken, cwd=tmp_path).error
    assert run("index", "repair", "--index", broken, cwd=tmp_path).status == 0
    assert answer(broken) == answer(small)
    assert len(list((broken / "snapshots").iterdir())) == 1


def test_what_was_written_wrongly_is_found_though_every_hash_is_right(small: Path, tmp_path: Path) -> None:
    """As a defect of ours would leave it: two vectors exchanged before they were hashed."""
    from dataclasses import asdict, replace
    from json import dumps

    from shanghai_qa.embedding import sha256_of
    from shanghai_qa.store import read_manifest

    broken = copy_of(small, tmp_path / "index")
    folder = snapshot_of(broken)
    for name, swapped in (("hashes.npy", [1, 0]), ("whole.npy", [1, 0])):
        rows = np.load(folder / name)
        rows[[0, 1]] = rows[swapped]
        np.save(folder / name, rows)
    manifest = read_manifest(folder)
    files = manifest.files | {
        name: (sha256_of(folder / name), (folder / name).stat().st_size) for name in ("hashes.npy", "whole.npy")
    }
    (folder / "manifest.json").write_text(dumps(asdict(replace(manifest, files=files))), encoding="utf-8")
    found = "\n".join(check(Index(broken)))
    assert "has vectors of other texts than its own" in found
    assert "has another vector than its sentences give" in found
    assert "is not in Chroma as it was written" in found


def test_an_index_goes_to_another_machine_as_one_file(small: Path, tmp_path: Path) -> None:
    for name in ("carried.tar", "carried.tar.gz"):
        assert run("index", "export", tmp_path / name, "--index", small, cwd=tmp_path).status == 0
    assert (tmp_path / "carried.tar").stat().st_size > (tmp_path / "carried.tar.gz").stat().st_size
    there = tmp_path / "there" / "index"
    there.parent.mkdir()
    ran = run("index", "import", tmp_path / "carried.tar.gz", "--index", there, cwd=tmp_path)
    assert ran.status == 0
    assert "0 passages embedded" in ran.err
    assert answer(there) == answer(small)
    assert list(check(Index(there))) == []
    again = run("index", "import", tmp_path / "carried.tar", "--index", there, cwd=tmp_path)
    assert "nothing to do" in again.err


def test_what_is_no_exported_index_or_a_damaged_one_changes_nothing(small: Path, tmp_path: Path) -> None:
    there = copy_of(small, tmp_path / "index")
    before = (there / "CURRENT").read_text()
    assert run("index", "export", tmp_path / "good.tar", "--index", small, cwd=tmp_path).status == 0
    (tmp_path / "text.tar").write_text("no tar")
    (tmp_path / "cut.tar").write_bytes((tmp_path / "good.tar").read_bytes()[:100_000])
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        tar.add(tmp_path / "text.tar", "../../outside")
    with tarfile.open(tmp_path / "good.tar") as tar:
        tar.extractall(tmp_path / "unpacked", filter="data")
    with (tmp_path / "unpacked" / "vectors.npy").open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"oops")
    with tarfile.open(tmp_path / "damaged.tar", "w") as tar:
        for path in (tmp_path / "unpacked").iterdir():
            tar.add(path, path.name)
    for name in ("none.tar", "text.tar", "cut.tar", "evil.tar", "damaged.tar"):
        ran = run("index", "import", tmp_path / name, "--index", there, cwd=tmp_path)
        assert ran.status == 1, name
        assert name in ran.err.strip().splitlines()[-1]
        assert "Traceback" not in ran.err
    assert not (tmp_path.parent / "outside").exists()
    assert (there / "CURRENT").read_text() == before
    assert not (there / "importing").exists()
    assert answer(there) == answer(small)


def test_an_import_into_a_damaged_index_mends_it(small: Path, tmp_path: Path) -> None:
    broken = copy_of(small, tmp_path / "index")
    shutil.rmtree(snapshot_of(broken) / "chroma")
    assert run("index", "export", tmp_path / "good.tar", "--index", small, cwd=tmp_path).status == 0
    assert run("index", "import", tmp_path / "good.tar", "--index", broken, cwd=tmp_path).status == 0
    assert answer(broken) == answer(small)
