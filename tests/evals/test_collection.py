import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from itertools import count
from math import log2
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from evals.collection import (
    ABSTENTION,
    SELECTION,
    Collection,
    Measured,
    Query,
    Row,
    Tracer,
    ask,
    measure,
    read_collection,
    run_collection,
    table,
    unreachable,
)
from shanghai_qa.assistant import Trace
from shanghai_qa.errors import InputError
from shanghai_qa.features import Candidate, Features
from shanghai_qa.read import Reading
from shanghai_qa.values import Ask, Passage, Span
from tests.samples import document

NO_FEATURES = Features(*[0.0] * len(fields(Features)))
PORT = {"id": "port", "title": "The port", "text": "The port opened in 2005. It has 16 berths."}
YARD = {"id": "yard", "title": "The yard", "text": "The yard builds ferries."}
OPENED = {"id": "opened", "text": "When did the port open?", "relevant_ids": ["port"], "answers": ["2005"]}


def found(documents: Sequence[str], lead: tuple[str, str] | None = None, confidence: float = 0.5) -> Trace:
    """Passages of these documents, best first, and (document, sentence) as what reading puts first."""
    passages = [Passage(f"{id}#{n}", id, "", n, n + 1, (Span(n, n + 1),)) for n, id in enumerate(documents)]
    candidates: tuple[Candidate, ...] = ()
    if lead:
        id, text = lead
        span = Span(0, len(text))
        passage = Passage(f"{id}#0", id, "", 0, len(text), (span,))
        candidates = (Candidate(document(id=id, text=text), passage, span, text, NO_FEATURES, 1.0),)
    return Trace({"vectors": [], "words": [], "fused": passages}, Reading(candidates, (), confidence, ()))


def tracer(traces: Mapping[str, Trace]) -> Tracer:
    """Gives the trace of each question by its text, and breaks at one that it lacks."""

    def trace(asked: Ask) -> Trace:
        if asked.question not in traces:
            raise RuntimeError("lost the thread")
        return traces[asked.question]

    return trace


def write(folder: Path, records: Sequence[Mapping[str, Any]], queries: Sequence[Mapping[str, Any]]) -> Path:
    for name, lines in (("corpus", records), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder


def value_of(measured: Measured, name: str) -> list[object]:
    """Value and n of a measure that speaks of some question."""
    value = measured.values[name]
    assert value is not None
    return [value.value, value.n]


# --- Reading ---------------------------------------------------------------------------------------------------------


def test_a_collection_is_read_whole(tmp_path: Path) -> None:
    candidates = {"id": "berths", "text": "How many berths?", "candidates": ["port"], "gold_sentences": ["It has 16"]}
    read = read_collection(write(tmp_path, [PORT, YARD], [OPENED, candidates]))
    assert [(each.id, each.title, each.text) for each in read.documents] == [
        ("port", "The port", "The port opened in 2005. It has 16 berths."),
        ("yard", "The yard", "The yard builds ferries."),
    ]
    opened, berths = read.queries
    assert opened == Query(id="opened", text="When did the port open?", relevant=("port",), answers=("2005",))
    assert (berths.candidates, berths.gold, berths.relevant) == (("port",), ("It has 16",), ())
    assert read.notes == ()


def test_compressed_files_are_read_too(tmp_path: Path) -> None:
    plain = read_collection(write(tmp_path, [PORT], [OPENED]))
    for path in list(tmp_path.iterdir()):
        with gzip.open(f"{path}.gz", "wb") as file:
            file.write(path.read_bytes())
        path.unlink()
    assert read_collection(tmp_path) == plain


def test_other_spellings_and_fields_do(tmp_path: Path) -> None:
    record = {"_id": 7, "title": None, "text": "Wide\u200b  text.\r\nOn two lines.", "metadata": {"url": "x"}}
    query = {"_id": 1.5, "text": "What?", "relevant_ids": [7], "answers": None, "near_ids": ["other"]}
    read = read_collection(write(tmp_path, [record], [query]))
    assert [(each.id, each.title, each.text) for each in read.documents] == [("7", "", "Wide text. On two lines.")]
    assert [(each.id, each.relevant) for each in read.queries] == [("1.5", ("7",))]


def test_blank_lines_and_a_byte_order_mark_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, [PORT], [OPENED])
    text = (tmp_path / "corpus.jsonl").read_bytes()
    (tmp_path / "corpus.jsonl").write_bytes(b"\xef\xbb\xbf" + text + b"\n  \r\n")
    assert [each.id for each in read_collection(tmp_path).documents] == ["port"]


@pytest.mark.parametrize(
    ("known", "answerable"),
    [
        ({}, False),
        ({"relevant_ids": [], "answers": [""], "gold_sentences": ["…"]}, False),
        ({"relevant_ids": ["port"]}, True),
        ({"answers": ["2005"]}, True),
        ({"gold_sentences": ["It opened."]}, True),
        ({"relevant_ids": ["port"], "answerable": False}, False),
        ({"answerable": True}, True),
    ],
)
def test_what_is_known_of_its_answer_makes_a_question_answerable(
    tmp_path: Path, known: Mapping[str, Any], answerable: bool
) -> None:
    (query,) = read_collection(write(tmp_path, [PORT], [{"id": 1, "text": "What?", **known}])).queries
    assert query.answerable is answerable


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{'id': 1}", "is no JSON object: Invalid JSON"),
        ("[1]", "is no JSON object"),
        ('{"text": "x"}', "id is missing"),
        ('{"id": "", "text": "x"}', "id is empty"),
        ('{"id": true, "text": "x"}', "id cannot be used: Input should be a valid string"),
        ('{"id": "a"}', "text is missing"),
        ('{"id": "a", "text": null}', "text cannot be used"),
        ('{"id": "a", "text": "\\ud800"}', "is no JSON object"),
        ('{"id": "port", "text": "x"}', "the id 'port' is that of line 1 already"),
    ],
)
def test_a_bad_record_is_named_by_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    write(tmp_path, [PORT], [OPENED])
    with (tmp_path / "corpus.jsonl").open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    with pytest.raises(InputError) as raised:
        read_collection(tmp_path)
    assert str(raised.value).startswith(f"{tmp_path / 'corpus.jsonl'}:3: {said}")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": " \n"}, "text is blank"),
        ({"relevant_ids": "port"}, "relevant_ids cannot be used: Input should be a valid array"),
        ({"answers": ["a", None]}, "answers.1 cannot be used: Input should be a valid string"),
        ({"answerable": "perhaps"}, "answerable cannot be used: Input should be a valid boolean"),
    ],
)
def test_a_bad_question_is_named_by_file_and_line(tmp_path: Path, fields: Mapping[str, Any], said: str) -> None:
    write(tmp_path, [PORT], [OPENED, {"id": "bad", "text": "What?", **fields}])
    with pytest.raises(InputError) as raised:
        read_collection(tmp_path)
    assert str(raised.value).startswith(f"{tmp_path / 'queries.jsonl'}:2: {said}")


def test_bytes_that_are_not_utf8_are_named_by_line(tmp_path: Path) -> None:
    write(tmp_path, [PORT], [OPENED])
    (tmp_path / "corpus.jsonl").write_bytes(b'{"id": "caf\xe9", "text": "x"}\n')
    with pytest.raises(InputError, match=r"corpus\.jsonl:1: is no JSON object"):
        read_collection(tmp_path)


def test_a_folder_without_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds neither corpus\.jsonl nor corpus\.jsonl\.gz"):
        read_collection(tmp_path)
    (tmp_path / "corpus.jsonl").write_text(json.dumps(PORT), encoding="utf-8")
    with pytest.raises(InputError, match=r"holds neither queries\.jsonl nor"):
        read_collection(tmp_path)


def test_empty_and_damaged_files_are_refused(tmp_path: Path) -> None:
    write(tmp_path, [], [OPENED])
    with pytest.raises(InputError, match=r"corpus\.jsonl: is empty"):
        read_collection(tmp_path)
    (tmp_path / "corpus.jsonl").unlink()
    (tmp_path / "corpus.jsonl.gz").write_bytes(gzip.compress(json.dumps(PORT).encode())[:20])
    with pytest.raises(InputError, match=r"corpus\.jsonl\.gz: cannot be read"):
        read_collection(tmp_path)


def test_records_that_are_only_named_are_counted(tmp_path: Path) -> None:
    sampled = {**OPENED, "relevant_ids": ["port", "gone", "gone too"]}
    lost = {"id": "lost", "text": "Where?", "relevant_ids": ["gone"], "candidates": ["gone", "yard"]}
    bare = {"id": "bare", "text": "Why?", "answerable": True}
    read = read_collection(write(tmp_path, [PORT, YARD], [sampled, lost, bare]))
    assert read.notes == (
        "3 ids in relevant_ids of the questions: no such record in the corpus",
        "1 id in candidates of the questions: no such record in the corpus",
        "1 question with no relevant record in the corpus, in none of the measures",
        "1 answerable question of which nothing more is known, not in sentence selection",
    )
    assert read.queries[0].relevant == ("port",)
    assert read.queries[1].candidates == ("gone", "yard")  # as given: an empty one would admit all


# --- Whether a sentence answers --------------------------------------------------------------------------------------


def test_a_sentence_of_another_record_answers_nothing() -> None:
    query = Query(id="q", text="?", relevant=("port",), answers=("2005",))
    assert query.answered_by("port", "It opened in 2005.")
    assert not query.answered_by("yard", "It opened in 2005.")


@pytest.mark.parametrize(
    ("gold", "sentence", "answers"),
    [
        ("It opened in 2005 .", "It opened in 2005.", True),
        ("it has n't closed", "It hasn't closed.", True),
        ("It opened in the U.S.", "It opened in the U.S. Army's old yard.", True),
        ("It opened in 2005 and closed", "It opened in 2005.", False),
        ("opened in 2005", "It opened in 2005.", False),
        ("港口于2005年开放", "港口于2005年开放。", True),
    ],
)
def test_gold_sentences_compare_by_letters_and_digits_from_the_start(gold: str, sentence: str, answers: bool) -> None:
    assert Query(id="q", text="?", gold=("Nothing of the kind.", gold)).answered_by("port", sentence) is answers


def test_gold_sentences_go_before_answers_and_answers_before_the_record_alone() -> None:
    both = Query(id="q", text="?", gold=("It closed.",), answers=("2005",))
    assert not both.answered_by("port", "It opened in 2005.")
    spoken = Query(id="q", text="?", answers=("the\u00a0 PORT", "5"))
    assert spoken.answered_by("any", "Ships left the port.")
    assert not spoken.answered_by("any", "It opened in 2005.")  # a number counts whole
    assert Query(id="q", text="?", relevant=("port",)).answered_by("port", "Whatever.")


def test_answers_that_no_single_sentence_holds_are_counted() -> None:
    text = "## Berths\nIt opened in 2005. It has 16 berths."
    queries = (
        Query(id="one", text="?", relevant=("port",), answers=("2005",)),
        Query(id="two", text="?", relevant=("port",), answers=("2005. It has 16",)),
        Query(id="heading", text="?", relevant=("port",), gold=("Berths",)),
        Query(id="record alone", text="?", relevant=("port",)),
        Query(id="unanswerable", text="?", relevant=("port",), answers=("1999",), answerable=False),
    )
    assert unreachable(Collection((document(id="port", text=text),), queries)) == (2, 3)


# --- Asking ----------------------------------------------------------------------------------------------------------


def test_records_rank_by_their_sentences_and_then_by_their_passages_and_the_lead_is_judged() -> None:
    query = Query(id="q", text="When?", relevant=("port",), answers=("2005",))
    trace = found(["yard", "port", "yard", "dock"], lead=("port", "It opened in 2005."), confidence=0.7)
    ticks = count()
    (row,) = ask(tracer({"When?": trace}), [query], clock=lambda: next(ticks) / 4)
    assert row == Row(
        id="q", answerable=True, ranking=("port", "yard", "dock"), lead="It opened in 2005.", lead_id="port",
        right=True, confidence=0.7, elapsed_ms=250.0,
    )  # fmt: skip


def test_ten_records_are_kept() -> None:
    (row,) = ask(tracer({"?": found([f"r{n}" for n in range(12)])}), [Query(id="q", text="?", relevant=("r0",))])
    assert row.ranking == tuple(f"r{n}" for n in range(10))


def test_candidates_are_all_that_may_be_seen() -> None:
    heard: list[Ask] = []

    def trace(asked: Ask) -> Trace:
        heard.append(asked)
        return found([])

    ask(trace, [Query(id="a", text="One?", candidates=("port", "yard")), Query(id="b", text="Two?")])
    assert [(each.id, each.question, each.filters.documents) for each in heard] == [
        ("a", "One?", ("port", "yard")),
        ("b", "Two?", ()),
    ]


def test_a_question_that_finds_nothing_is_wrong_and_one_without_an_answer_is_not_judged() -> None:
    queries = [Query(id="a", text="One?", relevant=("port",)), Query(id="b", text="Two?", answerable=False)]
    rows = ask(tracer({"One?": found([]), "Two?": found(["port"], lead=("port", "It opened."))}), queries)
    assert [(row.right, row.lead) for row in rows] == [(False, None), (None, "It opened.")]


def test_a_crash_is_kept_and_the_next_question_is_asked() -> None:
    queries = [Query(id="a", text="One?", relevant=("port",)), Query(id="b", text="Two?", relevant=("port",))]
    rows = ask(tracer({"Two?": found(["port"])}), queries)
    assert (rows[0].error, rows[0].right, rows[0].confidence) == ("RuntimeError: lost the thread", False, None)
    assert rows[1].error is None


# --- Measuring -------------------------------------------------------------------------------------------------------


def test_retrieval_by_hand() -> None:
    queries = [
        Query(id="two", text="1", relevant=("a", "d")),
        Query(id="fifth", text="2", relevant=("e",)),
        Query(id="crash", text="3", relevant=("a",)),
        Query(id="unanswerable", text="4", answerable=False),
    ]
    traces = {"1": found("bacd"), "2": found("abcde"), "4": found("a")}
    measured = measure(queries, ask(tracer(traces), queries))
    by_hand = {
        "Hits@4": (1 + 0 + 0) / 3,
        "Hits@10": (1 + 1 + 0) / 3,
        "MRR@10": (1 / 2 + 1 / 5 + 0) / 3,
        "MAP@10": ((1 / 2 + 2 / 4) / 2 + 1 / 5 + 0) / 3,
        "nDCG@10": ((1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3)) + 1 / log2(6) + 0) / 3,
    }
    for name, value in by_hand.items():
        assert value_of(measured, name) == [pytest.approx(value), 3]


def test_selection_counts_answerable_questions_that_can_be_judged() -> None:
    queries = [
        Query(id="right", text="1", relevant=("a",), answers=("5",)),
        Query(id="wrong", text="1", relevant=("b",)),
        Query(id="crash", text="2", gold=("It is 5.",)),
        Query(id="unanswerable", text="1", answerable=False),
        Query(id="lost", text="1", lost=True),
        Query(id="bare", text="1"),
    ]
    measured = measure(queries, ask(tracer({"1": found("a", lead=("a", "It is 5."))}), queries))
    assert value_of(measured, SELECTION) == [pytest.approx(1 / 3), 3]


def test_abstention_by_hand_with_crashes_as_the_worst_there_is() -> None:
    sure = {"0.9": True, "0.4": True, "0.4 ": False, "0.1": False}
    queries = [Query(id=text, text=text, answerable=label) for text, label in sure.items()]
    traces = {text: found("a", confidence=float(text)) for text in sure}
    measured = measure(queries, ask(tracer(traces), queries))
    assert value_of(measured, ABSTENTION) == [(1 + 1 + 0.5 + 1) / 4, 4]  # pairs: 0.9>0.4, 0.9>0.1, 0.4=0.4, 0.4>0.1
    queries += [Query(id="crash", text="crash", answerable=False), Query(id="lost", text="0.1", lost=True)]
    measured = measure(queries, ask(tracer(traces), queries))
    assert value_of(measured, ABSTENTION) == [pytest.approx((1 + 1 + 0.5 + 1 + 0 + 0) / 6), 5]


@pytest.mark.parametrize(("answerable", "said"), [(True, "every query is answerable"), (False, "no query is")])
def test_what_cannot_be_measured_says_why(answerable: bool, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    queries = [Query(id="a", text="1", answerable=answerable), Query(id="b", text="1", answerable=answerable)]
    measured = measure(queries, ask(tracer({"1": found("a")}), queries))
    assert set(measured.values.values()) == {None}
    capsys.readouterr()
    Console(width=100).print(table(measured))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "Hits@4 not measured: no question names a record of the corpus" in lines
    assert "sentence selection not measured: of no question is it known what answers" in lines
    assert any(line.startswith(f"abstention AUC not measured: {said}") for line in lines)


# --- Where the index goes --------------------------------------------------------------------------------------------


def test_the_index_of_a_corpus_is_not_written_to(tmp_path: Path) -> None:
    index = tmp_path / "index"
    index.mkdir()
    (index / "CURRENT").write_text("v1\n", encoding="utf-8")
    with pytest.raises(InputError, match="is not the index of a collection and stays as it is"):
        run_collection(write(tmp_path, [PORT], [OPENED]), index, None)
    assert [path.name for path in index.iterdir()] == ["CURRENT"]


def test_a_file_is_no_index_and_a_place_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    folder = write(tmp_path, [PORT], [OPENED])
    with pytest.raises(InputError, match=r"corpus\.jsonl is not the index"):
        run_collection(folder, tmp_path / "corpus.jsonl", None)
    with pytest.raises(InputError, match="none is no folder"):
        run_collection(folder, None, tmp_path / "none" / "out.json")
