import csv
import json
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
