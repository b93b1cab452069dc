from pathlib import Path

import pytest

from shanghai_qa.values import Span
from tests.training.toys import write_set
from training.data import Asked, Collection, is_kept, load, occurrences

TEXT = "Two labs opened. The network has two hubs in Pudong. It grew."


def load_one(folder: Path, *queries: dict[str, object], title: str = "Labs") -> Collection:
    write_set(
        folder, "toy", [{"id": "p", "title": title, "text": TEXT}], [{"id": str(i)} | q for i, q in enumerate(queries)]
    )
    return load(folder, ["toy"])


def only(collection: Collection) -> Asked:
    (asked,) = collection.train + collection.kept
    return asked


def query(*answers: str, **more: object) -> dict[str, object]:
    return {"text": "How many?", "answers": list(answers), "relevant_ids": ["p"], "answerable": True} | more


def test_an_answer_is_looked_for_as_a_whole_word() -> None:
    assert occurrences("A network has two hubs; two work.", "two") == [Span(14, 17), Span(24, 27)]


def test_an_answer_that_is_no_whole_word_anywhere_is_found_inside_one() -> None:
    assert occurrences("It costs 5km of rope.", "5") == [Span(9, 10)]
    assert occurrences("Nothing here.", "5") == []


def test_the_sentence_that_holds_the_answer_is_gold(tmp_path: Path) -> None:
    asked = only(load_one(tmp_path, query("Pudong")))
    assert (asked.gold, asked.spans) == ((1,), (Span(45, 51),))


def test_an_answer_in_two_sentences_makes_both_gold(tmp_path: Path) -> None:
    asked = only(load_one(tmp_path, query("wo")))  # inside "Two" and, as in "two", in the second
    assert asked.gold == (0, 1)


def test_the_sentence_that_holds_most_answers_is_gold_alone(tmp_path: Path) -> None:
    asked = only(load_one(tmp_path, query("grew", "two", "two hubs")))
    assert asked.gold == (1,)
    assert [TEXT[span.start : span.end] for span in asked.spans] == ["two", "two hubs"]


def test_a_known_offset_decides_between_sentences(tmp_path: Path) -> None:
    assert only(load_one(tmp_path, query("wo", answer_start=[1]))).gold == (0,)


def test_a_gold_sentence_is_matched_without_its_full_stop(tmp_path: Path) -> None:
    asked = only(load_one(tmp_path, query(gold_sentences=["The network has two hubs in Pudong"])))
    assert (asked.gold, asked.spans) == ((1,), ())


def test_a_question_whose_answer_is_in_no_sentence_is_dropped_and_counted(tmp_path: Path) -> None:
    collection = load_one(tmp_path, query("opened. The"), query("Shenzhen"))
    assert not collection.train + collection.kept
    assert collection.dropped == {"toy": 2}


def test_an_unanswerable_question_is_asked_against_its_near_paragraph(tmp_path: Path) -> None:
    asked = only(load_one(tmp_path, {"text": "Why?", "near_ids": ["p"], "answerable": False}))
    assert (asked.paragraph, asked.gold, asked.spans) == ("toy/p", (), ())


@pytest.mark.parametrize("title", ["Solar energy", "Beyoncé", "IPod"])
def test_a_document_of_two_sets_is_in_one_part(tmp_path: Path, title: str) -> None:
    for name, spelt in (("one", title), ("two", title.replace(" ", "_"))):
        write_set(tmp_path, name, [{"id": "p", "title": spelt, "text": TEXT}], [{"id": "0"} | query("Pudong")])
    collection = load(tmp_path, ["one", "two"])
    assert sorted([len(collection.train), len(collection.kept)]) == [0, 2]
    assert len({is_kept(p) for p in collection.paragraphs.values()}) == 1
