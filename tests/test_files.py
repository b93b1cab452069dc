import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import Workbook

from shanghai_qa.errors import InputError
from shanghai_qa.files import read_answers, read_history, read_rows
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
    ("header", "found"), [("id|question\n1|One?\n", "found 'id|question'"), ("", "found none")], ids=["other", "empty"]
)
def test_a_table_without_commas_says_what_it_was_taken_for(tmp_path: Path, header: str, found: str) -> None:
    with pytest.raises(InputError, match=rf"q\.csv:1: no column .* commas, semicolons or tabs; {re.escape(found)}$"):
        read_rows(written(tmp_path / "q.csv", header))


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_columns_are_separated_as_the_first_line_tells(tmp_path: Path, mark: str) -> None:
    path = written(tmp_path / "q.csv", f'id{mark}question\na{mark}"One, or; two?"\n')
    assert [row.ask for row in read_rows(path)] == [Ask("One, or; two?", id="a")]
    (only,) = read_rows(written(tmp_path / "one.csv", "question\nOne?\n"))
    assert only.ask == Ask("One?")


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


def test_rows_without_an_answer_alone_are_nothing_to_check(tmp_path: Path) -> None:
    failed = '{"id": null, "question": null, "error": "line 1: no question"}\n'
    with pytest.raises(InputError, match=r"a\.jsonl holds no answer; save one with"):
        read_answers(written(tmp_path / "a.jsonl", failed))
    assert read_answers(written(tmp_path / "b.jsonl", f"{failed}{ANSWER.to_json()}\n")) == [None, ANSWER]


@pytest.mark.parametrize("bad", ["{broken", '{"outcome": "answered"}'])
def test_a_bad_line_of_saved_answers_is_named_with_its_number(tmp_path: Path, bad: str) -> None:
    with pytest.raises(InputError, match=r"a\.jsonl:3(: not JSON| is not a saved answer)"):
        read_answers(written(tmp_path / "a.jsonl", f"{ANSWER.to_json()}\n\n{bad}\n"))


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_a_table_of_answers_is_not_read_back_and_says_what_is(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=rf"{name} is a table.*JSON.*batch QUESTIONS -o answers\.jsonl"):
        read_answers(written(tmp_path / name, "id,question\n1,One?\n"))


def workbook(path: Path, *rows: tuple[str | int | None, ...]) -> Path:
    book = Workbook()
    assert book.active
    for row in rows:
        book.active.append(row)
    book.create_sheet("another").append(["question"])
    book.save(path)
    return path


def test_a_workbook_is_read_by_its_first_sheet_as_text(tmp_path: Path) -> None:
    talk = '[{"role": "user", "content": "Hi"}]'
    header, rest = ("ID", "Question ", "history", None), (None, " ", None, "a note")
    path = workbook(tmp_path / "q.XLSX", header, (7, "上海？", talk), (None, None), ("b", "=1+1"), rest)
    rows = read_rows(path)
    assert [row.line for row in rows] == [2, 4, 5]
    assert [row.ask for row in rows] == [Ask("上海？", (Turn("user", "Hi"),), id="7"), Ask("=1+1", id="b"), None]
    assert rows[2].error == "no question"


def test_a_workbook_that_is_none_or_lacks_the_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"q\.xlsx:1: no column named question; .*; found 'text'$"):
        read_rows(workbook(tmp_path / "q.xlsx", ("text",), ("One?",)))
    with pytest.raises(InputError, match=r"e\.xlsx:1: no column named question; .*; found none$"):
        read_rows(workbook(tmp_path / "e.xlsx"))
    with pytest.raises(InputError, match=r"text\.xlsx is no XLSX workbook; save it as one"):
        read_rows(written(tmp_path / "text.xlsx", "question\nOne?\n"))
    with pytest.raises(InputError, match=r"none\.xlsx cannot be read: No such file"):
        read_rows(tmp_path / "none.xlsx")
