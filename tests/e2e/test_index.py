"""`shanghai-qa index`: an index is held against itself, mended, carried elsewhere and looked into."""

import json
import shutil
import tarfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.maintain import check, export, import_, removed, repair
from ingest.publish import Progress, Summary, ingest
from shanghai_qa.contents import text_hash
from shanghai_qa.embedding import sha256_of
from shanghai_qa.errors import IndexUnusable, InputError
from shanghai_qa.settings import Settings
from shanghai_qa.store import Index
from tests.e2e.program import copy_of, run, snapshot_of, with_encoder_of
from tests.e2e.yards import EAST, NORTH, SOUTH, opened, put, told

pytestmark = pytest.mark.corpus

QUESTION = "How many cranes does the North Yard run?"
COPY = {"document": "trade/second", "copy_of": "trade/north"}


class Steps(Progress):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def step(self, message: str) -> None:
        self.told.append(message)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three documents and a copy of one."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "trade").mkdir()
    for one in (NORTH, EAST, SOUTH):
        (folder / one.id).with_suffix(".md").write_text(one.text, encoding="utf-8")
    (folder / "trade" / "second.md").write_text(NORTH.text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def small(index: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of that corpus."""
    folder = with_encoder_of(index, tmp_path_factory.mktemp("small") / "index")
    assert ingest([corpus], Index(folder), Settings()).copies == {"trade/north": ("trade/second",)}
    return folder


@pytest.fixture(scope="module")
def carried(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That index as one file."""
    file = tmp_path_factory.mktemp("carried") / "good.tar"
    export(Index(small), file)
    return file


def mend(folder: Path, progress: Progress = Progress()) -> Summary:  # noqa: B008  it holds nothing
    return repair(Index(folder), progress)


def assert_sound(folder: Path) -> None:
    """It answers as it did, and every vector is the one that its text gives."""
    assert told(opened(folder), "North") == "418 cranes"
    assert list(check(Index(folder), embed=True)) == []
    assert [path.name for path in (folder / "snapshots").iterdir()] == [Index(folder).current()]


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-2] ^= 1
    path.write_bytes(data)


def change(folder: Path, name: str, how: Callable[[np.ndarray[Any, Any]], object]) -> None:
    """Change a file of numbers in a snapshot and its hash, as a defect of ours would."""
    rows = np.load(folder / name)
    how(rows)
    np.save(folder / name, rows)
    hash_again(folder, name)


def hash_again(folder: Path, name: str) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][name] = (sha256_of(folder / name), (folder / name).stat().st_size)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_an_index_as_it_was_written_has_no_problem(small: Path, tmp_path: Path) -> None:
    assert list(check(Index(small))) == []
    ran = run("index", "check", "--index", small, "--embed", cwd=tmp_path)
    assert (ran.status, ran.out, ran.err) == (0, "", f"{small}: 0 problems\n")


def test_the_program_names_what_is_damaged_and_mends_it(small: Path, tmp_path: Path) -> None:
    broken = copy_of(small, tmp_path / "index")
    damage(path := snapshot_of(broken) / "vectors.npy")
    ran = run("index", "check", "--index", broken, cwd=tmp_path)
    assert (ran.status, ran.out) == (1, f"{path} is damaged\n")
    assert ran.err == f"{broken}: 1 problem\nmend it with: shanghai-qa index repair\n"
    assert "mend it with: shanghai-qa index repair" in run("ask", QUESTION, "--index", broken, cwd=tmp_path).error
    mended = run("index", "repair", "--index", broken, cwd=tmp_path)
    assert mended.status == 0
    assert "3 passages embedded" in mended.err
    assert_sound(broken)


@pytest.mark.parametrize(
    ("name", "embedded", "audit"),
    [
        ("vectors.npy", 3, [COPY]),
        ("passages.jsonl", 0, [COPY]),
        ("bm25/data.csc.index.npy", 0, [COPY]),
        ("lexicon.json", 0, [COPY]),
        ("removed.jsonl", 0, []),
        ("manifest.json", 3, [COPY]),
    ],
)
@pytest.mark.parametrize("lost", [False, True])
def test_what_is_damaged_or_lost_is_named_and_mended_from_the_documents(
    small: Path, corpus: Path, tmp_path: Path, name: str, lost: bool, embedded: int, audit: list[object]
) -> None:
    broken = copy_of(small, tmp_path / "index")
    path = snapshot_of(broken) / name
    if lost:
        path.unlink()
    else:
        damage(path)
    assert list(check(Index(broken))) == [f"{path} is {'missing' if lost else 'damaged'}"]
    with pytest.raises(IndexUnusable, match="mend it with: shanghai-qa index repair"):
        opened(broken)
    steps = Steps()
    assert mend(broken, steps).embedded == embedded
    assert [step for step in steps.told if f"{name} is lost" in step] == steps.told
    assert list(removed(Index(broken))) == audit
    assert_sound(broken)
    if not audit:
        assert ingest([corpus], Index(broken), Settings()).embedded == 0
        assert list(removed(Index(broken))) == [COPY]


def test_mending_leaves_the_encoder_to_those_who_read_meanwhile(small: Path, tmp_path: Path) -> None:
    broken = copy_of(small, tmp_path / "index")
    (snapshot_of(broken) / "manifest.json").unlink()
    (encoder,) = (broken / "encoders").iterdir()
    before = encoder.stat().st_ino
    mend(broken)
    assert encoder.stat().st_ino == before


@pytest.mark.parametrize("manifest", [True, False])
def test_documents_that_are_damaged_have_to_be_read_again(small: Path, tmp_path: Path, manifest: bool) -> None:
    broken = copy_of(small, tmp_path / "index")
    (snapshot_of(broken) / "documents.jsonl").write_text("{}\n", encoding="utf-8")
    if not manifest:
        (snapshot_of(broken) / "manifest.json").unlink()
    with pytest.raises(IndexUnusable, match=r"are damaged; read them again with: shanghai-qa ingest$"):
        mend(broken)


def test_what_was_left_out_is_let_go_where_it_and_the_manifest_are_lost(small: Path, tmp_path: Path) -> None:
    broken = copy_of(small, tmp_path / "index")
    (snapshot_of(broken) / "manifest.json").unlink()
    (snapshot_of(broken) / "removed.jsonl").write_text('{"document": "tra', encoding="utf-8")
    assert mend(broken).embedded == 3
    assert list(removed(Index(broken))) == []
    assert_sound(broken)


# --- Where several snapshots are left --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index whose snapshot in use knows the North Yard; an older one, which does not, was read meanwhile."""
    folder = with_encoder_of(index, tmp_path_factory.mktemp("two") / "index")
    put(folder, [EAST])
    reader = Index(folder).open()
    put(folder, [EAST, NORTH])
    reader.close()
    assert len(Index(folder).folders()) == 2
    return folder


@pytest.fixture
def several(two: Path, tmp_path: Path) -> Path:
    """A copy of that, to be damaged."""
    return copy_of(two, tmp_path / "several")


class Stopping(Progress):
    """Ends an ingest as soon as it embeds, or would."""

    def texts(self, total: int) -> None:
        raise KeyboardInterrupt


@pytest.mark.parametrize("pointer", [None, b"\xff\xfe", b"0123456789ab\n"])
def test_where_the_pointer_is_lost_the_newest_is_mended_and_none_removed_before_it_is_whole(
    several: Path, pointer: bytes | None
) -> None:
    before = Index(several).folders()
    if pointer is None:
        (several / "CURRENT").unlink()
    else:
        (several / "CURRENT").write_bytes(pointer)
    with pytest.raises(IndexUnusable):
        opened(several)
    Index(several).remove_unused()
    with pytest.raises(KeyboardInterrupt):
        mend(several, Stopping())
    assert Index(several).folders() == before
    assert mend(several).embedded == 0
    assert_sound(several)


def test_the_one_in_use_is_mended_rather_than_a_sound_one_that_is_older(several: Path) -> None:
    in_use, before = snapshot_of(several), Index(several).folders()
    (in_use / "manifest.json").write_text("{", encoding="utf-8")
    Index(several).remove_unused()
    with pytest.raises(KeyboardInterrupt):
        mend(several, Stopping())
    assert Index(several).folders() == before
    assert snapshot_of(several) == in_use
    assert mend(several).embedded == 2
    assert_sound(several)


def test_where_nothing_says_which_is_in_use_one_with_a_manifest_comes_before_a_newer_without(several: Path) -> None:
    newest = snapshot_of(several)
    copied = several / "snapshots" / "by-hand"  # not one of ours, if the newest of all
    shutil.copytree(newest, copied)
    (copied / "documents.jsonl").touch()
    (several / "CURRENT").unlink()
    (newest / "manifest.json").unlink()
    mend(several)
    assert told(opened(several), "East") == "77 cranes"
    assert len(opened(several).documents) == 1
    assert copied.is_dir()


def test_an_index_of_which_nothing_is_left_says_so(tmp_path: Path) -> None:
    (tmp_path / "snapshots" / "notes").mkdir(parents=True)
    with pytest.raises(IndexUnusable, match=r"^nothing is left of the index at .*; run: shanghai-qa ingest$"):
        mend(tmp_path)


# --- What was written wrongly ----------------------------------------------------------------------------------------


def test_what_was_written_wrongly_is_found_though_every_hash_is_right(small: Path, tmp_path: Path) -> None:
    """As a defect of ours would leave it: two vectors exchanged before they were hashed."""

    def exchange(rows: np.ndarray[Any, Any]) -> None:
        rows[[0, 1]] = rows[[1, 0]]

    broken = copy_of(small, tmp_path / "index")
    for name in ("hashes.npy", "whole.npy"):
        change(snapshot_of(broken), name, exchange)
    found = "\n".join(check(Index(broken)))
    assert "has vectors of other texts than its own" in found
    assert "has another vector than its sentences give" in found
    assert "is not in Chroma as it was written" in found


def test_vectors_that_are_not_of_unit_length_are_named_and_made_again(
    small: Path, corpus: Path, tmp_path: Path
) -> None:
    def spoil(rows: np.ndarray[Any, Any]) -> None:
        rows[1], rows[3], rows[5] = np.nan, np.inf, 0

    broken = copy_of(small, tmp_path / "index")
    change(snapshot_of(broken), "vectors.npy", spoil)
    assert list(check(Index(broken))) == [
        *(f"vector {row} is not of unit length" for row in (1, 3, 5)),
        *(f"{one.id} has another vector than its sentences give" for one in opened(broken).passages),
    ]
    grown = copy_of(broken, tmp_path / "grown")
    (tmp_path / "west.md").write_text("# The West Yard\n\nThe West Yard runs 5 cranes.\n", encoding="utf-8")
    assert ingest([corpus, tmp_path / "west.md"], Index(grown), Settings()).embedded == 4
    assert_sound(grown)
    assert mend(broken).embedded == 3
    assert_sound(broken)


def test_a_vector_that_a_killed_ingest_left_as_no_number_is_made_again(
    index: Path, small: Path, corpus: Path, tmp_path: Path
) -> None:
    snapshot = Index(small).open()
    encoder, dimension = snapshot.manifest.encoder, snapshot.contents.vectors.shape[1]
    snapshot.close()
    left = np.empty(2, [("hash", "u8"), ("vector", "f4", (dimension,))])
    for row, name in zip(left, ("North", "East"), strict=True):
        row["hash"], row["vector"] = text_hash(f"The {name} Yard\nCranes"), np.nan
    folder = with_encoder_of(index, tmp_path / "index")
    (folder / "pending").mkdir()
    (folder / "pending" / encoder).write_bytes(left.tobytes())
    assert ingest([corpus], Index(folder), Settings()).embedded == 3
    assert_sound(folder)


# --- From one machine to another -------------------------------------------------------------------------------------


def test_an_index_goes_to_another_machine_as_one_file(small: Path, carried: Path, tmp_path: Path) -> None:
    assert run("index", "export", tmp_path / "carried.tar.gz", "--index", small, cwd=tmp_path).status == 0
    assert carried.stat().st_size > (tmp_path / "carried.tar.gz").stat().st_size
    there = tmp_path / "there" / "index"
    there.parent.mkdir()
    ran = run("index", "import", tmp_path / "carried.tar.gz", "--index", there, cwd=tmp_path)
    assert ran.status == 0
    assert "0 passages embedded" in ran.err
    assert_sound(there)
    assert list(removed(Index(there))) == [COPY]
    assert not import_(carried, Index(there), None, Progress()).published


def test_an_import_into_a_damaged_index_mends_it(small: Path, carried: Path, tmp_path: Path) -> None:
    broken = copy_of(small, tmp_path / "index")
    shutil.rmtree(snapshot_of(broken) / "chroma")
    import_(carried, Index(broken), None, Progress())
    assert_sound(broken)


@pytest.fixture(scope="module")
def unpacked(carried: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the file of the index holds, but for the encoder, which is only looked at where all else is right."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(carried) as tar:
        tar.extractall(folder, [one for one in tar if not one.name.startswith("encoder")], filter="data")
    return folder


def packed(folder: Path, file: Path) -> Path:
    with tarfile.open(file, "w") as tar:
        for path in folder.iterdir():
            tar.add(path, path.name)
    return file


@pytest.fixture
def refuses(small: Path, tmp_path: Path) -> Iterator[Callable[[Path], str]]:
    """Has a file imported, and gives why it is not, in one line; in the end nothing else must have changed."""
    there = copy_of(small, tmp_path / "deep" / "index")

    def refused(file: Path) -> str:
        with pytest.raises(InputError) as caught:
            import_(file, Index(there), None, Progress())
        (line,) = str(caught.value).splitlines()
        assert str(file) in line
        return line

    def seen() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in there.parent.rglob("*")}

    before = seen()
    yield refused
    assert {path for path, _ in seen().items() ^ before.items()} <= {str(there), str(there / "lock")}
    assert not [path for path in (tmp_path / "x", Path("/x")) if path.exists()]
    assert told(opened(there), "North") == "418 cranes"


def test_what_is_no_exported_index_is_refused_and_changes_nothing(
    carried: Path, unpacked: Path, tmp_path: Path, refuses: Callable[[Path], str]
) -> None:
    assert "No such file" in refuses(tmp_path / "none.tar")
    (tmp_path / "text.tar").write_text("no tar")
    (tmp_path / "cut.tar").write_bytes(carried.read_bytes()[:100_000])
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        tar.add(tmp_path / "text.tar", "inside")
        tar.add(tmp_path / "text.tar", "../../outside")
    for name in ("text.tar", "cut.tar", "evil.tar"):
        assert "is no exported index" in refuses(tmp_path / name)
    whole = tmp_path / "whole"
    shutil.copytree(unpacked, whole)
    damage(whole / "vectors.npy")
    assert "vectors.npy in " in refuses(packed(whole, tmp_path / "damaged.tar"))
    (whole / "removed.jsonl").unlink()
    assert "removed.jsonl in " in refuses(packed(whole, tmp_path / "less.tar"))
    (whole / "manifest.json").unlink()
    assert "is no exported index" in refuses(packed(whole, tmp_path / "without.tar"))


def without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda manifest: manifest.pop(name)


DAMAGED: Sequence[Callable[[dict[str, Any]], object]] = [
    *map(without, ("version", "settings", "encoder", "store", "documents", "files")),
    lambda manifest: manifest["files"].pop("vectors.npy"),
    lambda manifest: manifest["files"].pop("documents.jsonl"),
    lambda manifest: manifest.update(files={"documents.jsonl": None}),
    lambda manifest: manifest.update(files=None),
    lambda manifest: manifest.update(settings=[]),
    lambda manifest: manifest.update(settings={"embedding_model": None}),
    lambda manifest: manifest.update(more=1),
]


def test_an_archive_with_a_manifest_of_something_else_is_refused_and_changes_nothing(
    unpacked: Path, tmp_path: Path, refuses: Callable[[Path], str]
) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(unpacked, whole)
    good = (whole / "manifest.json").read_text(encoding="utf-8")

    def written(how: Callable[[dict[str, Any]], object]) -> str:
        manifest = json.loads(good)
        how(manifest)
        (whole / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        return refuses(packed(whole, tmp_path / "changed.tar"))

    (whole / "encoder").mkdir()
    (whole / "encoder" / "encoder.json").write_text("{}", encoding="utf-8")
    assert "the encoder in " in written(lambda manifest: None)
    for elsewhere in ("../../x", "/x", "..", str(tmp_path / "x")):
        (whole / "manifest.json").write_text(json.dumps(json.loads(good) | {"encoder": elsewhere}), encoding="utf-8")
        assert f"holds vectors of {elsewhere!r}" in refuses(packed(whole, tmp_path / "elsewhere.tar"))
    for how in DAMAGED:
        assert "manifest.json in " in written(how)
    assert "is of another version of this program" in written(lambda manifest: manifest.update(format=1))
    (whole / "manifest.json").write_text("[]", encoding="utf-8")
    assert "manifest.json in " in refuses(packed(whole, tmp_path / "list.tar"))


def test_an_archive_whose_documents_are_none_is_refused_though_every_hash_is_right(
    unpacked: Path, tmp_path: Path, refuses: Callable[[Path], str]
) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(unpacked, whole)
    (whole / "documents.jsonl").write_text('{"id": "a"}\n', encoding="utf-8")
    hash_again(whole, "documents.jsonl")
    assert "documents.jsonl in " in refuses(packed(whole, tmp_path / "changed.tar"))
