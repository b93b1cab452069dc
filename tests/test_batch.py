import csv
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shanghai_qa.batch import COLUMNS, Kept, Still, answered, writing
from shanghai_qa.errors import InputError, QuestionError
from shanghai_qa.files import Row
from shanghai_qa.sheet import read_sheet
from shanghai_qa.store import Index
from shanghai_qa.values import Answer, Ask, Citation, CorpusInfo, Filters, Outcome, Source, Statement, Tier, Turn
from tests.e2e.program import copy_of

FORMATS = ("a.jsonl", "a.csv", "a.xlsx")
SOURCES = [Source(f"ai/{n}", n.upper(), None, f"https://{n}.org", "2024", Tier.PRIMARY, "ff") for n in "ab"]


def answer(asked: Ask) -> Answer:
    """The same for every question."""
    return Answer(
        question=asked.question, language="en", outcome=Outcome.ANSWERED, corpus=CorpusInfo("v", 2, 2), id=asked.id,
        direct_answer="1", statements=(Statement("One.", (1, 2)),),
        citations=tuple(Citation(n, "One.", 0, 4, "", source) for n, source in enumerate(SOURCES, start=1)),
    )  # fmt: skip


def row(number: int, question: str | None = "=Q?") -> Row:
    if question is None:
        return Row(number, None, "no question", str(number))
    return Row(number, Ask(question, id=str(number)), None, str(number))


ODD = ["=Q?", None, 'a "b", c\r\nd\ne', "上海？", "\ud800?", "x\x85y\u2028z"]
ROWS = [row(n, question) for n, question in enumerate(ODD, start=1)]


def write(
    path: Path,
    rows: Sequence[Row],
    until: int | None = None,
    anew: bool = False,
    end: Exception | None = None,
    answerer: str = "extractive",
) -> Sequence[Kept]:
    """Answer the rows that the file lacks, up to `until`, and raise `end`; what it held before."""
    with writing(path, rows, "v", answerer, anew) as output:
        left = rows[len(output.kept) : until]
        for one, given in zip(left, answered(left, answer, 1), strict=True):
            output.write(one, given)
        if end:
            raise end
    return output.kept


# --- Rows


def test_answers_keep_the_order_of_the_questions_however_long_each_takes() -> None:
    def slow(asked: Ask) -> Answer:
        time.sleep(random.Random(asked.id).random() / 100)
        if asked.question == "bad":
            raise QuestionError("too bad")
        return answer(asked)

    rows = [row(n, "bad" if n == 3 else None if n == 5 else "Q?") for n in range(1, 40)]
    for threads in (1, 2, 4):
        given = list(answered(rows, slow, threads))
        assert [given[2], given[4]] == ["too bad", "no question"]
        assert [one.id for one in given if isinstance(one, Answer)] == [r.id for r in rows if r.line not in (3, 5)]


def test_no_more_is_done_ahead_than_threads_need_and_nothing_after_the_reader_leaves() -> None:
    begun: list[str] = []
    gate = threading.Event()

    def noted(asked: Ask) -> Answer:
        begun.append(str(asked.id))
        if asked.id == "1":
            gate.wait(10)
        return answer(asked)

    results = answered([row(n) for n in range(1, 100)], noted, 2)
    threading.Timer(0.2, gate.set).start()
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(begun) <= 5


def shown(folder: Path) -> list[str]:
    """The names of its files, but for hidden ones."""
    return sorted(path.name for path in folder.glob("[!.]*"))


# --- Formats


def test_a_table_holds_no_formula_and_names_bad_rows(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", ROWS)
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["id"], rows[0]["question"], rows[0]["outcome"], rows[0]["corpus"]) == ("1", "'=Q?", "answered", "v")
    assert (rows[0]["answer"], rows[0]["urls"]) == ("One. [1][2]", "https://a.org\nhttps://b.org")
    assert (rows[1]["id"], rows[1]["error"], rows[1]["outcome"]) == ("2", "line 2: no question", "")
    assert [rows[2]["question"], rows[4]["question"]] == [ODD[2], "\\ud800?"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_nothing_that_a_spreadsheet_takes_for_a_formula_begins_a_cell(tmp_path: Path, start: str) -> None:
    write(tmp_path / "a.csv", [row(1, f"{start}1+1")])
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["question"] == f"'{start}1+1"


@pytest.mark.corpus
def test_an_index_is_followed_no_further_once_it_is_open(index: Path, tmp_path: Path) -> None:
    still, followed = Still(copy_of(index, tmp_path / "index")), Index(tmp_path / "index")
    assert still.current() == followed.current()
    still.open().close()
    (tmp_path / "index" / "CURRENT").write_text("another", encoding="utf-8")
    assert (still.current(), followed.current()) == (None, "another")


def test_a_workbook_holds_what_the_table_does(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", ROWS)
    write(tmp_path / "a.csv", ROWS)
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        table = [tuple(cell.replace("\r\n", "\n").removeprefix("'") for cell in cells) for cells in csv.reader(file)]
    assert read_sheet(tmp_path / "a.xlsx") == table
    assert shown(tmp_path) == ["a.csv", "a.xlsx"]


def test_json_lines_are_the_answers_and_a_bad_row_has_its_place(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", ROWS)
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").rstrip("\n").split("\n")
    assert len(lines) == len(ROWS)
    told = [json.loads(line) for line in lines]
    assert told[0] == json.loads(answer(ROWS[0].ask or Ask("")).to_json())
    assert told[1] == {"id": "2", "question": None, "error": "line 2: no question"}
    assert told[4]["question"] == "\ud800?"


# --- Going on


@pytest.mark.parametrize("name", FORMATS)
def test_a_later_run_goes_on_behind_the_rows_that_are_there(tmp_path: Path, name: str) -> None:
    for done in range(len(ROWS) + 1):
        path = tmp_path / str(done) / name
        path.parent.mkdir()
        with pytest.raises(KeyError):
            write(path, ROWS, until=done, end=KeyError())
        assert [kept.id for kept in write(path, ROWS)] == [str(n) for n in range(1, done + 1)]
        assert [kept.failed for kept in write(path, ROWS)] == [n == 1 for n in range(len(ROWS))]
        whole = read_sheet(path) if name == "a.xlsx" else path.read_bytes()
        assert whole == (
            read_sheet(tmp_path / "0" / name) if name == "a.xlsx" else (tmp_path / "0" / name).read_bytes()
        )
        assert shown(path.parent) == [name]


@pytest.mark.parametrize("name", FORMATS[:2])
def test_a_row_that_was_torn_anywhere_is_done_again(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write(path, ROWS)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        write(path, ROWS)
        assert path.read_bytes() == whole


@pytest.mark.parametrize("name", FORMATS)
def test_answers_to_other_questions_are_left_alone(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write(path, ROWS)
    before = path.read_bytes()
    other = [*ROWS[:3], row(4, "Another?"), *ROWS[4:]]
    with pytest.raises(InputError, match=rf"{name} holds answers to other questions, first in row 4; .*--anew"):
        write(path, other)
    with pytest.raises(InputError, match=rf"{name} holds answers to other questions, first in row 3"):
        write(path, ROWS[:2])
    with (
        pytest.raises(InputError, match=rf"{name} was answered from another version of the corpus, v; "),
        writing(path, ROWS, "w", "extractive"),
    ):
        pass
    assert path.read_bytes() == before
    assert write(path, other, anew=True) == []
    assert len(write(path, other)) == len(ROWS)


TALK = (Turn("user", "Who?"), Turn("assistant", "SMIC."))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("changed", [{"history": TALK}, {"filters": Filters(tiers=(Tier.PRIMARY,))}], ids=str)
def test_answers_to_a_question_that_was_asked_otherwise_are_left_alone(
    tmp_path: Path, name: str, changed: dict[str, Any]
) -> None:
    path, rows = tmp_path / name, [row(n) for n in (1, 2, 3)]
    write(path, rows)
    before = path.read_bytes()
    rows[1] = replace(rows[1], ask=replace(rows[1].ask or Ask(""), **changed))
    with pytest.raises(InputError, match=rf"{name} was answered otherwise, first in row 2: history, filters, .*--anew"):
        write(path, rows)
    assert path.read_bytes() == before
    assert write(path, rows, anew=True) == []
    assert len(write(path, rows)) == 3


@pytest.mark.parametrize("name", FORMATS)
def test_what_other_settings_or_another_model_answered_is_left_alone(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, ROWS)
    with pytest.raises(InputError, match=rf"{name} was answered otherwise, first in row 1: .*settings or model differ"):
        write(tmp_path / name, ROWS, answerer="openai:m")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("anew", [False, True])
def test_of_two_batches_to_one_file_the_second_is_told_to_wait(tmp_path: Path, name: str, anew: bool) -> None:
    with writing(tmp_path / name, ROWS, "v", "extractive") as output:
        output.write(ROWS[0], answer(ROWS[0].ask or Ask("")))
        with pytest.raises(InputError, match=rf"another batch writes to .*{name}.*; wait until it has ended"):
            write(tmp_path / name, ROWS, anew=anew)
    if name != "a.xlsx":
        assert len(write(tmp_path / name, ROWS)) == 1
    assert shown(tmp_path) == [name]


def test_rows_that_nothing_tells_of_how_they_were_asked_count_as_asked_so(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", ROWS)
    (tmp_path / ".a.csv.asked").unlink()
    assert len(write(tmp_path / "a.csv", ROWS, answerer="openai:m")) == len(ROWS)


@pytest.mark.parametrize("name", FORMATS[:2])
def test_questions_added_at_the_end_are_answered_behind_the_rest(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, ROWS[:4])
    assert len(write(tmp_path / name, ROWS)) == 4


def test_a_finished_workbook_takes_no_further_row(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", ROWS[:4])
    with pytest.raises(InputError, match=r"a\.xlsx holds answers to 4 of 6 questions; .*--anew"):
        write(tmp_path / "a.xlsx", ROWS)


@pytest.mark.parametrize("text", ["name,price\ntea,3\n", "notes", '{"id": 3}\n', '{"a": 1}\n'])
@pytest.mark.parametrize("name", FORMATS)
def test_another_file_of_that_name_is_left_alone(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=rf"{name} (holds something else than answers|is no XLSX workbook)"):
        write(tmp_path / name, ROWS)
    assert (tmp_path / name).read_text(encoding="utf-8") == text


_SLOW = """
import sys, time
from pathlib import Path
from shanghai_qa.batch import answered, writing
from tests.test_batch import answer, row
rows = [row(n, f"Q{n}?") for n in range(40)]
with writing(Path(sys.argv[1]), rows, "v", "extractive") as output:
    print(len(output.kept), flush=True)
    def slow(asked):
        time.sleep(0.01)
        return answer(asked)
    left = rows[len(output.kept):]
    for one, given in zip(left, answered(left, slow, 2)):
        output.write(one, given)
        print(one.line, flush=True)
"""


@pytest.mark.parametrize("name", FORMATS)
def test_a_killed_batch_loses_no_row_that_it_finished(tmp_path: Path, name: str) -> None:
    path, rows = tmp_path / name, [row(n, f"Q{n}?") for n in range(40)]
    said = 0
    for lines in (3, 6, 12):
        process = subprocess.Popen([sys.executable, "-c", _SLOW, path], stdout=subprocess.PIPE, text=True)
        assert process.stdout
        kept, *done = [int(process.stdout.readline()) for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        process.stdout.close()
        process.wait(timeout=30)
        assert kept >= said
        said = done[-1] + 1
    assert len(write(path, rows)) >= said
    assert [kept.question for kept in write(path, rows)][:said] == [f"Q{n}?" for n in range(said)]
    assert len(write(path, rows)) == len(rows)


# --- Places


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("name", FORMATS[:2])
def test_a_full_disk_is_named_with_the_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("/dev/full")
    with pytest.raises(InputError, match=rf"{name} cannot be written: No space left"):
        write(tmp_path / name, ROWS)


@pytest.mark.parametrize("name", FORMATS)
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=rf"nowhere/{name} cannot be written: No such file"):
        write(tmp_path / "nowhere" / name, ROWS)


def test_answers_go_down_a_pipe_too() -> None:
    code = "from tests.test_batch import *; write(Path('/dev/stdout'), ROWS)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert len(done.stdout.rstrip("\n").split("\n")) == len(ROWS)
