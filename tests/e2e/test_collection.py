"""`shanghai-qa eval run --collection` from the outside, over some twenty made-up records."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ingest.publish import build
from shanghai_qa.settings import Settings
from shanghai_qa.store import Index
from tests.e2e.program import Ran, environment, run
from tests.samples import document

NAMES = (
    "Orbit", "Lantern", "Heron", "Cobalt", "Juniper", "Marble", "Falcon", "Saffron", "Willow", "Granite",
    "Cedar", "Amber", "Raven", "Thistle", "Copper", "Maple", "Violet", "Basalt", "Osprey",
)  # fmt: skip
RECORDS = [
    {"id": f"yard/{name.lower()} №{n}", "title": f"{name} yard", "text": f"The {name} yard runs {n + 40} cranes."}
    for n, name in enumerate(NAMES)
]
SILENT = {"id": "silent", "text": "…"}
ASKED = [
    {"id": n, "text": f"How many cranes does the {NAMES[n]} yard run?", "answers": [str(n + 40)],
     "relevant_ids": [RECORDS[n]["id"]]}
    for n in range(8)
]  # fmt: skip
UNKNOWN = {"id": "moon", "text": "Who painted the ceiling of the opera house on Mars?", "answerable": False}
NARROW = {
    "id": "narrow", "text": "How many cranes does the Orbit yard run?", "relevant_ids": [RECORDS[0]["id"]],
    "candidates": [RECORDS[1]["id"], RECORDS[2]["id"]],
}  # fmt: skip


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index as the install has one, of a corpus of one document."""
    folder = tmp_path_factory.mktemp("default")
    build([document(text="The harbour has a lamp.")], Index(folder), Settings())
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "yards", [*RECORDS, SILENT], [*ASKED, UNKNOWN])


def write(folder: Path, records: Sequence[Mapping[str, Any]], queries: Sequence[Mapping[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, lines in (("corpus", records), ("queries", queries)):
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder


def run_collection(folder: Path, default: Path, *more: str | Path) -> Ran:
    env = environment(SHANGHAI_QA_INDEX=str(default))
    return run("eval", "run", "--collection", folder, *more, cwd=folder.parent, env=env)


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_measures_are_printed_and_the_index_of_the_install_stays_as_it_is(folder: Path, default: Path) -> None:
    before = hashes(default)
    ran = run_collection(folder, default)
    assert ran.status == 0, ran.err
    printed = lines(ran.out)
    for name in ("Hits@4", "Hits@10", "MRR@10", "MAP@10", "nDCG@10", "sentence selection"):
        assert f"{name} 1.000 8" in printed
    assert "abstention AUC 1.000 9" in printed
    assert {"records 20", "passages 19", "sentences 19"} <= set(printed)
    assert "note: 1 record without a sentence, which cannot be found" in lines(ran.err)
    assert hashes(default) == before


def test_candidates_are_all_that_a_question_sees_and_rows_are_kept(folder: Path, default: Path) -> None:
    write(folder, RECORDS, [*ASKED[:1], NARROW])
    out = folder / "out.json"
    ran = run_collection(folder, default, "--out", out)
    assert "abstention AUC not measured: every query is answerable" in lines(ran.out), ran.err
    kept = json.loads(out.read_text(encoding="utf-8"))
    first, narrow = kept["rows"]
    assert (first["id"], first["lead"], first["lead_id"], first["right"]) == (
        "0", "The Orbit yard runs 40 cranes.", "yard/orbit №0", True,
    )  # fmt: skip
    assert first["ranking"][0] == "yard/orbit №0"
    assert set(narrow["ranking"]) == set(NARROW["candidates"])
    assert narrow["right"] is False
    assert kept["measures"]["Hits@10"] == {"value": 0.5, "n": 2}
    assert kept["measures"]["abstention AUC"] is None
    assert kept["settings"]["embedding_model"]
    assert kept["collection"] == "yards"


def test_an_index_that_is_named_is_kept_and_used_again(folder: Path, default: Path) -> None:
    index = folder.parent / "index"
    first = run_collection(folder, default, "--index", index)
    assert first.status == 0, first.err
    before = hashes(index / "snapshots")
    second = run_collection(folder, default, "--index", index)
    assert [line for line in lines(second.out) if "indexed in" not in line and "median" not in line] == [
        line for line in lines(first.out) if "indexed in" not in line and "median" not in line
    ]
    assert hashes(index / "snapshots") == before
    write(folder, [*RECORDS, {"id": "new", "text": "The Walnut yard runs 90 cranes."}], ASKED)
    third = run_collection(folder, default, "--index", index)
    assert "passages 20" in lines(third.out), third.err


def test_the_index_of_a_corpus_is_refused(folder: Path, default: Path) -> None:
    before = hashes(default)
    ran = run_collection(folder, default, "--index", default)
    assert ran.error == (
        f"error: {default} is not the index of a collection and stays as it is; choose another with --index"
    )
    assert hashes(default) == before


def test_a_bad_line_is_an_error_of_one_line(folder: Path, default: Path) -> None:
    with (folder / "corpus.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "bad"}\n')
    ran = run_collection(folder, default)
    assert ran.error == f"error: {folder / 'corpus.jsonl'}:21: text is missing"
