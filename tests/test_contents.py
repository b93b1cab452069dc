"""What a snapshot holds, written to files and read from them again."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from shanghai_qa.contents import Contents, ContentsWriter, Lines, LineWriter, text_hash
from shanghai_qa.values import Document, Filters, Passage, Span, Tier
from tests.samples import document

PORT = document(id="trade/port", topics=("trade", "ai"), places=("Lingang", "Pudong"), published="2024-03-05")
TOWN = document(id="ai/town", topics=("ai",), places=(), published=None, tier=Tier.UNVERIFIED)
LAB = document(
    id="quantum/lab", topics=("quantum",), places=("pudong",), published="2021", tier=Tier.ESTABLISHED, pages=(0, 9),
    also_at=("https://copy.example/",),
)  # fmt: skip
NOTE = document(id="ai/note", topics=(), published="2022-11", tier=Tier.PROMOTIONAL)
DOCUMENTS = (PORT, TOWN, LAB, NOTE)


def passage(of: Document, start: int, *ends: int) -> Passage:
    spans = tuple(Span(a, b) for a, b in zip((start, *ends), ends, strict=False))
    return Passage(f"{of.id}#{start}", of.id, "", start, ends[-1], spans)


PASSAGES = {PORT: (passage(PORT, 0, 4, 8), passage(PORT, 8, 9)), TOWN: (), LAB: (passage(LAB, 2, 3),), NOTE: ()}


def written(folder: Path) -> Contents:
    """`DOCUMENTS` and their passages; the vectors count the texts."""
    writer = ContentsWriter(folder)
    for one in DOCUMENTS:
        writer.add(one, PASSAGES[one])
    writer.close()
    texts = np.arange(writer.texts, dtype=np.int32)
    np.save(folder / "texts.npy", texts)
    np.save(folder / "vectors.npy", np.outer(texts, [1, 1]).astype(np.float32))
    np.save(folder / "hashes.npy", texts.astype(np.uint64))
    np.save(folder / "whole.npy", np.zeros((writer.passages, 2), np.float32))
    return Contents(folder)


@pytest.fixture
def contents(tmp_path: Path) -> Contents:
    return written(tmp_path)


def test_what_is_written_is_read_again(contents: Contents) -> None:
    assert tuple(contents.documents) == DOCUMENTS
    assert tuple(contents.passages) == (*PASSAGES[PORT], *PASSAGES[LAB])
    assert dict(contents.by_id) == {one.id: one for one in DOCUMENTS}
    assert [contents.document_of(one) for one in contents.passages] == [PORT, PORT, LAB]
    assert [list(contents.passages_of(row)) for row in range(4)] == [[0, 1], [], [2], []]
    assert contents.silent == ("ai/town", "ai/note")


def test_each_passage_has_its_head_and_its_sentences(contents: Contents) -> None:
    assert contents.sentences == 4
    assert [contents.head_vector(row).tolist() for row in range(3)] == [[0, 0], [3, 3], [5, 5]]
    assert [contents.sentence_vectors(row).tolist() for row in range(3)] == [[[1, 1], [2, 2]], [[4, 4]], [[6, 6]]]


def test_an_unknown_id_has_no_document(contents: Contents) -> None:
    assert "ai/town2" not in contents.by_id
    assert contents.by_id.get("") is None
    with pytest.raises(KeyError):
        contents.by_id["ai"]


@pytest.mark.parametrize("documents", [(), ("ai/town", "quantum/lab", "no/such")])
@pytest.mark.parametrize("years", [(None, None), (2022, None), (None, 2021), (2021, 2024)])
def test_filters_admit_what_they_say(
    contents: Contents, documents: tuple[str, ...], years: tuple[int | None, int | None]
) -> None:
    topics, places, tiers = (
        [(), ("ai",), ("trade", "quantum"), ("no such",)],
        [(), ("PUDONG",), ("lingang", "Xuhui")],
        [(), (Tier.PRIMARY,), (Tier.ESTABLISHED, Tier.UNVERIFIED)],
    )
    for chosen in product(topics, places, tiers):
        filters = Filters(*chosen, *years, documents)
        wanted = [filters.admits(one) for one in DOCUMENTS]
        assert contents.admitted(filters).tolist() == [wanted[0], wanted[0], wanted[2]]
        assert contents.admitted_documents(filters) == sum(wanted)
        dates = [one.published or "" for one, admits in zip(DOCUMENTS, wanted, strict=True) if admits]
        assert contents.newest(filters) == (max(dates, default="") or None)


def test_lines_are_read_from_either_end_and_in_slices(tmp_path: Path) -> None:
    writer = LineWriter(tmp_path / "some.jsonl")
    for value in ("a", "港\u2028口", ""):
        writer.add(value)
    writer.close()
    lines: Lines[str] = Lines(tmp_path / "some.jsonl", str)
    assert (list(lines), lines[-1], lines[1:], len(lines)) == (["a", "港\u2028口", ""], "", ["港\u2028口", ""], 3)
    with pytest.raises(IndexError):
        lines[3]


def test_no_lines_are_none(tmp_path: Path) -> None:
    LineWriter(tmp_path / "none.jsonl").close()
    assert list(Lines(tmp_path / "none.jsonl", str)) == []


def test_hashes_are_64_bits_of_blake2b() -> None:
    # echo -n a | b2sum -l 64
    assert text_hash("a") == int.from_bytes(bytes.fromhex("40f89e395b66422f"), "little")
