"""A batch that goes on where it stopped, and the journal, from the outside."""

import json
from pathlib import Path

import pytest
from openpyxl import Workbook

from shanghai_qa.sheet import read_sheet
from tests.e2e.program import Ran, environment, run

pytestmark = pytest.mark.corpus

STAR_MARKET = "When was the STAR Market launched?"
PARIS = "What is the population of Paris?"


def write_questions(folder: Path, *questions: str) -> None:
    lines = (json.dumps({"id": n, "question": question}) for n, question in enumerate(questions, start=1))
    (folder / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_a_batch_goes_on_where_it_stopped_and_begins_anew_when_told(index: Path, tmp_path: Path, name: str) -> None:
    command = ("batch", "in.jsonl", "-o", name, "--index", index)
    write_questions(tmp_path, STAR_MARKET)
    assert run(*command, cwd=tmp_path).status == 0
    first = (tmp_path / name).read_bytes()
    write_questions(tmp_path, STAR_MARKET, PARIS)
    ran = run(*command, cwd=tmp_path)
    assert ran.status == 0
    assert f"1 of 2 rows stand in {name} already; --anew answers them again" in ran.err
    assert (tmp_path / name).read_bytes().startswith(first)
    write_questions(tmp_path, PARIS)
    assert f"{name} holds answers to other questions, first in row 1" in run(*command, cwd=tmp_path).error
    assert run(*command, "--anew", cwd=tmp_path).status == 0
    assert b"STAR" not in (tmp_path / name).read_bytes().partition(b"\n")[0]


def test_a_workbook_of_questions_becomes_one_of_answers(index: Path, tmp_path: Path) -> None:
    book = Workbook()
    assert book.active
    for row in (("id", "question"), (1, STAR_MARKET), (2, "=1+1"), (3, None)):
        book.active.append(row)
    book.save(tmp_path / "in.xlsx")
    ran = run("batch", "in.xlsx", "-o", "out.xlsx", "--jobs", "1", "--index", index, cwd=tmp_path)
    assert (ran.status, "in.xlsx:4: no question" in ran.err) == (1, True)
    names, *rows = read_sheet(tmp_path / "out.xlsx")
    given = [dict(zip(names, row, strict=True)) for row in rows]
    assert [row["id"] for row in given] == ["1", "2", "3"]
    assert "13 June 2019" in given[0]["answer"]
    assert (given[1]["question"], given[1]["outcome"]) == ("=1+1", "not_in_corpus")
    assert given[2]["error"] == "line 4: no question"
    again = run("batch", "in.xlsx", "-o", "out.xlsx", "--index", index, cwd=tmp_path)
    assert (again.status, "3 of 3 rows stand in out.xlsx already" in again.err) == (1, True)


def at(folder: Path, *arguments: str | Path, keep: str = "yes") -> Ran:
    variables = {"SHANGHAI_QA_JOURNAL": "journal.sqlite", "SHANGHAI_QA_KEEP_QUESTIONS": keep}
    return run(*arguments, cwd=folder, env=environment(**variables))


def test_questions_are_kept_where_that_is_turned_on_and_can_be_shown_exported_and_pruned(
    index: Path, tmp_path: Path
) -> None:
    at(tmp_path, "ask", STAR_MARKET, "--index", index, keep="no")
    assert not (tmp_path / "journal.sqlite").exists()
    assert at(tmp_path, "ask", PARIS, "--index", index).status == 3
    write_questions(tmp_path, STAR_MARKET, " ")
    at(tmp_path, "batch", "in.jsonl", "-o", "out.jsonl", "--index", index)
    (tmp_path / "answer.json").write_text((tmp_path / "out.jsonl").read_text().splitlines()[0], encoding="utf-8")
    at(tmp_path, "feedback", "answer.json", "--helpful", "--reason", "good")

    shown = at(tmp_path, "journal", "show", keep="no")
    assert [line.split()[0] for line in shown.out.splitlines()] == ["vote", "question", "question"]
    assert f"cli, not_in_corpus: {PARIS}" in shown.out
    assert f"batch, answered: {STAR_MARKET}" in shown.out
    assert shown.err.startswith("1 vote and 2 questions in journal.sqlite; questions are not kept (SHANGHAI_QA_KEEP_")
    assert at(tmp_path, "journal", "show").err.endswith("; questions are kept\n")

    exported = at(tmp_path, "journal", "export")
    rows = [json.loads(line) for line in exported.out.splitlines()]
    assert [row["kind"] for row in rows] == ["vote", "question", "question"]
    assert rows[2]["answer"]["question"] == STAR_MARKET
    (tmp_path / "all.jsonl").touch(0o600)
    assert at(tmp_path, "journal", "export", "-o", "all.jsonl").status == 0
    assert (tmp_path / "all.jsonl").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "all.jsonl").read_text(encoding="utf-8") == exported.out
    assert "no folder" in at(tmp_path, "journal", "export", "-o", "nowhere/all.jsonl").error

    before = (tmp_path / "journal.sqlite").read_bytes()
    (tmp_path / "link").symlink_to("journal.sqlite")
    for name in ("journal.sqlite", "link"):
        refused = at(tmp_path, "journal", "export", "-o", name).error
        assert refused == f"error: {name} is the journal; write to another file"
    assert (tmp_path / "journal.sqlite").read_bytes() == before
    assert at(tmp_path, "journal", "export", "-o", "/dev/stdout").out == exported.out
    assert not list(tmp_path.glob(".*.new"))

    assert at(tmp_path, "journal", "prune", "--older-than", "1").err == "0 removed from journal.sqlite\n"
    assert at(tmp_path, "journal", "prune").status == 2
    assert "expected yes or no" in at(tmp_path, "journal", "show", keep="perhaps").error


def test_without_a_journal_nothing_is_kept_and_its_commands_say_so(index: Path, tmp_path: Path) -> None:
    nowhere = environment(SHANGHAI_QA_JOURNAL="none", SHANGHAI_QA_KEEP_QUESTIONS="yes")
    asked = run("ask", "--json", STAR_MARKET, "--index", index, cwd=tmp_path, env=nowhere)
    (tmp_path / "answer.json").write_text(asked.out, encoding="utf-8")
    for command in (("feedback", "answer.json", "--helpful"), ("journal", "show"), ("journal", "export")):
        said = run(*command, cwd=tmp_path, env=nowhere).error
        assert said.startswith("error: nothing is kept, since the journal is 'none'; name another file with")
    assert [path.name for path in tmp_path.iterdir()] == ["answer.json"]
