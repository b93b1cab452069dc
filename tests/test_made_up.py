"""The made-up corpora on which speed is measured are what they claim to be."""

from pathlib import Path

from bench.made_up import records, write
from ingest.publish import load
from ingest.split import split


def test_a_corpus_has_as_many_passages_as_asked_for_in_documents_with_all_their_facts(tmp_path: Path) -> None:
    questions = write(tmp_path, 95)
    documents, refused = load([tmp_path])
    passages = [passage for one in documents for passage in split(one, lambda text: len(text.split()), 256)]
    assert refused == []
    assert len(passages) == 95
    assert [one.id for one in documents] == [question.document for question in questions]
    assert all(one.published and one.topics and one.places and one.publisher and one.url for one in documents)


def test_hardly_a_sentence_is_told_twice(tmp_path: Path) -> None:
    write(tmp_path, 200)
    documents, _ = load([tmp_path])
    passages = ((one, passage) for one in documents for passage in split(one, lambda text: len(text.split()), 256))
    told = [one.text[span.start : span.end] for one, passage in passages for span in passage.sentences]
    assert len(told) > 400
    assert len(set(told)) == len(told)


def test_a_larger_corpus_holds_a_smaller_one(tmp_path: Path) -> None:
    written = []
    for name, passages in (("once", 40), ("again", 40), ("larger", 400)):
        (tmp_path / name).mkdir()
        write(tmp_path / name, passages)
        written.append([record for _, record in records(tmp_path / name)])
    once, again, larger = written
    assert once == again
    assert once[:-1] == larger[: len(once) - 1]  # the last of a corpus may be cut off
