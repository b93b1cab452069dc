import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from shanghai_qa.errors import InputError
from shanghai_qa.files import Row, read_answers, read_history, read_rows, writing
from shanghai_qa.values import Answer, Ask, CorpusInfo, Outcome, Turn

ANSWER = Answer(question="=Q?", language="en", outcome=Outcome.NOT_IN_CORPUS, corpus=CorpusInfo("v", 1, 1), id="7")


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_json_lines_give_asks_and_bad_rows_give_their_reason(tmp_path: Path) -> None:
    path = written(
        tmp_path / "q.jsonl",
        '{"id": 1, "question": "One?", "other": true}\n\n[]\nnot json\n{"id": "4"}\n'
        '{"question": "Two?", "history": [{"role": "user", "content": "Hi"}]}\n{"question": "T", "history": [3]}\n',
    )
    rows = read_rows(path)
    assert [row.line for row in rows] == [1, 3, 4, 5, 6, 7]
    assert rows[0].ask == Ask("One?", id="1")
    assert rows[1].error == 'not an object such as {"question": "…"}'
    assert (rows[2].error or "").startswith("not JSON")
    assert (rows[3].error, rows[3].id) == ("no question", "4")
    assert rows[4].ask == Ask("Two?", (Turn("user", "Hi"),))
    assert "history" in (rows[5].error or "")


def test_a_csv_needs_a_column_named_question(tmp_path: Path) -> None:
    rows = read_rows(written(tmp_path / "q.csv", '\ufeffid,question\na,"One, or two?"\nb,\n'))
    assert rows[0].ask == Ask("One, or two?", id="a")
    assert rows[1].error == "no question"
    with pytest.raises(InputError, match="no column named question"):
        read_rows(written(tmp_path / "r.csv", "id,text\n1,2\n"))


def test_a_column_is_found_whatever_its_case_and_the_blanks_around_it(tmp_path: Path) -> None:
    rows = read_rows(written(tmp_path / "q.csv", "ID, Question \na,One?\n"))
    assert [row.ask for row in rows] == [Ask("One?", id="a")]


@pytest.mark.parametrize(
    ("header", "found"), [("id;question\n1;One?\n", "found 'id;question'"), ("", "found none")], ids=["other", "empty"]
)
def test_a_table_without_commas_says_what_it_was_taken_for(tmp_path: Path, header: str, found: str) -> None:
    with pytest.raises(InputError, match=rf"q\.csv:1: no column named question.* separated by commas; {found}$"):
        read_rows(written(tmp_path / "q.csv", header))


def test_a_cell_may_be_long_but_not_endless(tmp_path: Path) -> None:
    (row,) = read_rows(written(tmp_path / "q.csv", f"question,note\nOne?,{'x' * 200_000}\n"))
    assert row.ask == Ask("One?")
    with pytest.raises(InputError, match=r"q\.csv:3: .*expected cells of at most 10,000,000 characters"):
        read_rows(written(tmp_path / "q.csv", f'question\nOne?\n"{"x" * 10_000_001}"\n'))


def test_only_a_line_feed_ends_a_line_of_json_lines(tmp_path: Path) -> None:
    text = "One\u2028two\x85three?"
    line = json.dumps({"question": text}, ensure_ascii=False)
    rows = read_rows(written(tmp_path / "q.jsonl", f"{line}\r\n\r\n{line}\r\n"))
    assert [(row.line, row.ask) for row in rows] == [(1, Ask(text)), (3, Ask(text))]
    turn = json.dumps({"role": "user", "content": text}, ensure_ascii=False)
    assert read_history(written(tmp_path / "h.jsonl", f"{turn}\n{turn}\n")) == (Turn("user", text),) * 2
    answer = replace(ANSWER, question=text)
    assert read_answers(written(tmp_path / "a.jsonl", f"{answer.to_json()}\n" * 2)) == [answer, answer]


def test_json_nested_without_end_is_an_error_of_the_row_or_file(tmp_path: Path) -> None:
    deep = "[" * 100_000
    rows = read_rows(written(tmp_path / "q.jsonl", f'{deep}\n{{"question": "One?", "history": {json.dumps(deep)}}}\n'))
    assert [row.error for row in rows] == [
        "not JSON: it is nested too deeply",
        "its history cannot be used: it is nested too deeply",
    ]
    for read in (read_history, read_answers):
        with pytest.raises(InputError, match=r"deep\.json:?.* nested too deeply"):
            read(written(tmp_path / "deep.json", deep))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.jsonl cannot be read"):
        read_rows(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(InputError, match="UTF-8"):
        read_rows(tmp_path / "latin.jsonl")


def test_a_conversation_is_a_list_or_lines_of_turns(tmp_path: Path) -> None:
    turns = (Turn("user", "Hi"), Turn("assistant", "Ho"))
    rows = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]
    assert read_history(written(tmp_path / "h.json", json.dumps(rows))) == turns
    assert read_history(written(tmp_path / "h.jsonl", "\n".join(map(json.dumps, rows)))) == turns
    with pytest.raises(InputError, match="role"):
        read_history(written(tmp_path / "bad.json", '[{"role": "boss", "content": "x"}]'))


def test_a_saved_answer_comes_back_as_it_was(tmp_path: Path) -> None:
    assert read_answers(written(tmp_path / "a.json", ANSWER.to_json(indent=2))) == [ANSWER]
    assert read_answers(written(tmp_path / "a.jsonl", f"{ANSWER.to_json()}\n{ANSWER.to_json()}\n")) == [ANSWER, ANSWER]
    with pytest.raises(InputError, match="not a saved answer: question"):
        read_answers(written(tmp_path / "b.json", '{"outcome": "answered"}'))
    with pytest.raises(InputError, match="not JSON"):
        read_answers(written(tmp_path / "c.json", "hello"))


def test_rows_without_an_answer_keep_their_place(tmp_path: Path) -> None:
    with writing(tmp_path / "a.jsonl") as write:
        write(Row(1, None, "no question"), "no question")
        write(Row(2, Ask("=Q?"), None), ANSWER)
    assert read_answers(tmp_path / "a.jsonl") == [None, ANSWER]


def test_rows_without_an_answer_alone_are_nothing_to_check(tmp_path: Path) -> None:
    with writing(tmp_path / "a.jsonl") as write:
        write(Row(1, None, "no question"), "no question")
    with pytest.raises(InputError, match=r"a\.jsonl holds no answer; save one with"):
        read_answers(tmp_path / "a.jsonl")


@pytest.mark.parametrize("bad", ["{broken", '{"outcome": "answered"}'])
def test_a_bad_line_of_saved_answers_is_named_with_its_number(tmp_path: Path, bad: str) -> None:
    with pytest.raises(InputError, match=r"a\.jsonl:3(: not JSON| is not a saved answer)"):
        read_answers(written(tmp_path / "a.jsonl", f"{ANSWER.to_json()}\n\n{bad}\n"))


def test_a_table_of_answers_is_not_read_back_and_says_what_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.csv is a table.*JSON.*batch QUESTIONS -o answers\.jsonl"):
        read_answers(written(tmp_path / "a.csv", "id,question\n1,One?\n"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("name", ["full.csv", "full.jsonl"])
def test_a_full_disk_is_named_with_the_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("/dev/full")
    with (
        pytest.raises(InputError, match=rf"{name} cannot be written: No space left"),
        writing(tmp_path / name) as write,
    ):
        write(Row(1, Ask("=Q?"), None), ANSWER)


def test_a_question_that_no_encoding_knows_is_written_escaped(tmp_path: Path) -> None:
    for name in ("out.jsonl", "out.csv"):
        with writing(tmp_path / name) as write:
            write(Row(1, Ask("\ud800?"), None), "not text")
        assert "\\ud800?" in (tmp_path / name).read_text(encoding="utf-8")


def test_a_table_of_answers_holds_no_formula_and_names_bad_rows(tmp_path: Path) -> None:
    with writing(tmp_path / "out.csv") as write:
        write(Row(1, Ask("=Q?"), None), ANSWER)
        write(Row(2, None, "no question", "8"), "no question")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["id"], rows[0]["question"], rows[0]["outcome"]) == ("7", "'=Q?", "not_in_corpus")
    assert (rows[1]["id"], rows[1]["error"]) == ("8", "line 2: no question")


def test_a_bad_row_has_its_place_in_json_lines_too(tmp_path: Path) -> None:
    with writing(tmp_path / "out.jsonl") as write:
        write(Row(2, None, "no question", "8"), "no question")
    assert json.loads((tmp_path / "out.jsonl").read_text()) == {
        "id": "8",
        "question": None,
        "error": "line 2: no question",
    }
