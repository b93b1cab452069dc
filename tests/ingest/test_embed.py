"""Vectors go from file to file: known ones are taken, the others made once, and what was torn is made again."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from ingest.embed import Known, Pending, Texts, texts_of
from shanghai_qa.contents import Contents, ContentsWriter, text_hash
from shanghai_qa.embedding import Vectors
from shanghai_qa.values import Passage, Span
from tests.samples import document

UNIT = np.eye(3, dtype=np.float32)
DOCUMENT = document(id="ai/a", title="T", text="A1. B2. A1.")
PASSAGES = (
    Passage("ai/a#0", "ai/a", "H", 0, 7, (Span(0, 3), Span(4, 7))),
    Passage("ai/a#8", "ai/a", "H", 8, 11, (Span(8, 11),)),
)


class Counting:
    """An engine whose vectors lie on the axes, by the order of what it is given."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def encode(self, batches: Iterable[Sequence[str]]) -> Iterator[Vectors]:
        for texts in batches:
            rows = [UNIT[(len(self.given) + n) % 3] for n in range(len(texts))]
            self.given += texts
            yield np.array(rows)


def embedded(folder: Path, engine: Counting, *known: tuple[str, Vectors]) -> tuple[Contents, int]:
    folder.mkdir(exist_ok=True)
    writer, texts = ContentsWriter(folder), Texts(folder)
    writer.add(DOCUMENT, PASSAGES)
    for passage in PASSAGES:
        texts.add(texts_of(DOCUMENT, passage))
    writer.close()
    hashes = np.array([text_hash(text) for text, _ in known], np.uint64)
    place = (hashes, np.array([vector for _, vector in known], np.float32).reshape(-1, 3))
    with Pending(folder.parent / "pending", 3) as pending:
        fresh = texts.embed(engine, 3, Known(place, pending.held()), pending, lambda total, more: None)
    return Contents(folder), fresh


def test_each_text_is_embedded_once_and_behind_its_title_and_heading(tmp_path: Path) -> None:
    engine = Counting()
    contents, fresh = embedded(tmp_path / "a", engine)
    assert engine.given == ["T\nH", "T\nH: A1.", "T\nH: B2."]
    assert contents.sentence_vectors(0).tolist() == [[0, 1, 0], [0, 0, 1]]
    assert contents.sentence_vectors(1).tolist() == [[0, 1, 0]]
    assert contents.head_vector(0).tolist() == contents.head_vector(1).tolist() == [1, 0, 0]
    assert np.allclose(contents.passage_vectors, [[3**-0.5] * 3, [0.5**0.5, 0.5**0.5, 0]])  # means, of unit length
    assert fresh == 2


def test_known_vectors_are_taken_and_only_passages_with_something_new_count(tmp_path: Path) -> None:
    engine = Counting()
    known = (("T\nH", UNIT[2]), ("T\nH: A1.", UNIT[1]))
    contents, fresh = embedded(tmp_path / "a", engine, *known)
    assert engine.given == ["T\nH: B2."]
    assert contents.head_vector(0).tolist() == [0, 0, 1]
    assert contents.sentence_vectors(0).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert fresh == 1


def test_what_a_killed_run_wrote_down_is_not_made_again_but_for_what_was_torn(tmp_path: Path) -> None:
    first = Counting()
    whole, _ = embedded(tmp_path / "a", first)
    path = tmp_path / "pending"
    path.write_bytes(path.read_bytes()[:-5])  # the last of three was being written
    again = Counting()
    contents, _ = embedded(tmp_path / "b", again)
    assert again.given == ["T\nH: B2."]
    assert contents.sentence_vectors(1).tolist() == whole.sentence_vectors(1).tolist()


@pytest.mark.parametrize("left", [(0, 0, 0), (np.nan, 0, 0), (np.inf, 0, 0), (3e38, 3e38, 0), (0.9, 0, 0)])
def test_a_vector_that_a_power_cut_left_not_of_unit_length_is_made_again(
    tmp_path: Path, left: tuple[float, float, float]
) -> None:
    embedded(tmp_path / "a", Counting())
    path = tmp_path / "pending"
    path.write_bytes(path.read_bytes()[:-12] + np.array(left, np.float32).tobytes())
    again = Counting()
    embedded(tmp_path / "b", again)
    assert again.given == ["T\nH: B2."]


def test_of_two_vectors_for_a_text_the_one_of_unit_length_is_taken(tmp_path: Path) -> None:
    hashes, wrong = np.array([text_hash("T")], np.uint64), np.full((1, 3), np.nan, np.float32)
    for places in ([wrong, UNIT[:1]], [UNIT[:1], wrong]):
        known, out = Known(*((hashes, place) for place in places)), np.zeros((1, 3), np.float32)
        known.copy(hashes, out)
        assert (known.among(hashes).tolist(), out.tolist()) == ([True], [[1, 0, 0]])
