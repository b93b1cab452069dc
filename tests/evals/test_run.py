import json
from collections.abc import Sequence
from io import StringIO
from itertools import count
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from evals.cases import Case, SuiteError
from evals.commands import app, describe_failure, table
from evals.measures import Rate
from evals.run import Row, run
from shanghai_qa.errors import InputError
from shanghai_qa.values import Answer, Citation, CorpusInfo, Outcome, Source, Statement, Tier, Turn

FOUNDED = Case(
    id="smic-founded", question="When was SMIC founded?", kind="date", answerable=True, why="a date",
    must_say=(("2000",),), must_cite=("chips/smic",),
)  # fmt: skip
AND_NOW = Case(
    id="and-now", question="And who leads it?", kind="follow-up", answerable=True, why="a pronoun",
    history=(Turn("user", "When was SMIC founded?"),), must_say=(("Zhao Haijun",),), must_cite=("chips/smic",),
)  # fmt: skip
MOON = Case(id="moon", question="How far is the moon?", kind="outside", answerable=False, why="outside")


class OneSentence:
    """Knows one sentence and says it to every question with "SMIC" in it; at "leads" it breaks, the rest it refuses."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int, str | None]] = []

    def ask(self, question: str, *, history: Sequence[Turn] = (), id: str | None = None) -> Answer:
        self.heard.append((question, len(history), id))
        if "leads" in question:
            raise RuntimeError("lost the thread")
        refused = "SMIC" not in question
        source = Source("chips/smic", "SMIC", None, None, None, Tier.PRIMARY, "0" * 64)
        sentence = "SMIC was founded in 2000."
        return Answer(
            id=id, question=question, language="en", corpus=CorpusInfo("v1", 1, 1),
            outcome=Outcome.NOT_IN_CORPUS if refused else Outcome.ANSWERED,
            statements=() if refused else (Statement(sentence, (1,)),),
            citations=() if refused else (Citation(1, sentence, 0, len(sentence), "", source),),
        )  # fmt: skip


def test_every_case_is_asked_once_in_order_with_its_history_and_id() -> None:
    assistant = OneSentence()
    done = run(assistant, [FOUNDED, AND_NOW, MOON])
    assert [row.case.id for row in done.rows] == ["smic-founded", "and-now", "moon"]
    assert assistant.heard == [
        ("When was SMIC founded?", 0, "smic-founded"),
        ("And who leads it?", 1, "and-now"),
        ("How far is the moon?", 0, "moon"),
    ]


def test_a_crash_fails_its_case_and_the_run_goes_on() -> None:
    done = run(OneSentence(), [AND_NOW, FOUNDED])
    assert done.rows[0].answer is None
    assert done.rows[0].verdict.reason == "crashed: RuntimeError: lost the thread"
    assert done.measures.passed == Rate(1, 2)
    assert [row.case.id for row in done.failures] == ["and-now"]


def test_progress_is_told_of_each_row_as_it_is_made() -> None:
    told: list[Row] = []
    done = run(OneSentence(), [FOUNDED, MOON], on_done=told.append)
    assert tuple(told) == done.rows


def test_time_is_that_of_the_question() -> None:
    ticks = count()  # the clock is read once before and once after each question
    done = run(OneSentence(), [FOUNDED, AND_NOW], clock=lambda: float(next(ticks)))
    assert [row.elapsed_s for row in done.rows] == [1.0, 1.0]


def test_a_run_of_no_cases_has_no_measures() -> None:
    with pytest.raises(ValueError, match="no cases"):
        _ = run(OneSentence(), []).measures


def test_a_run_as_json_keeps_one_row_a_case_beside_the_measures() -> None:
    data = json.loads(json.dumps(run(OneSentence(), [FOUNDED, AND_NOW, MOON]).to_dict()))
    assert data["measures"]["passed"] == {"hits": 2, "n": 3}
    assert data["kinds"]["follow-up"]["passed"] == {"hits": 0, "n": 1}
    assert [row["case"]["id"] for row in data["rows"]] == ["smic-founded", "and-now", "moon"]
    assert data["rows"][0]["answer"]["statements"][0]["text"] == "SMIC was founded in 2000."
    assert data["rows"][1]["answer"] is None


def test_the_table_has_a_line_for_each_kind_and_one_for_all() -> None:
    page = StringIO()
    Console(file=page, width=80).print(table(run(OneSentence(), [FOUNDED, AND_NOW, MOON])))
    lines = [line.split() for line in page.getvalue().splitlines()]
    assert ["date", "100%", "1/1", "100%", "1/1", "0%", "0/1", "0%", "0/1"] in lines  # passed, led, direct, refused
    assert ["follow-up", "0%", "0/1", "0%", "0/1", "0%", "0/1", "0%", "0/1"] in lines
    assert ["outside", "100%", "1/1", "0%", "0/1"] in lines  # passed, invented
    assert ["all", "67%", "2/3", "50%", "1/2", "0%", "0/2", "0%", "0/2", "0%", "0/1"] in lines


def test_a_failure_is_described_with_what_was_expected_and_given() -> None:
    (row,) = run(OneSentence(), [Case(**{**vars(FOUNDED), "must_say": (("2001", "2002"),)})]).failures
    assert describe_failure(row) == (
        "smic-founded (date): does not say 2001 or 2002\n"
        "  asked     When was SMIC founded?\n"
        "  expected  2001 or 2002, from chips/smic\n"
        "  led with  SMIC was founded in 2000."
    )


def test_a_false_answer_is_described_as_a_missing_refusal() -> None:
    (row,) = run(OneSentence(), [Case(**{**vars(MOON), "question": "Is SMIC on the moon?"})]).failures
    assert "expected  a refusal" in describe_failure(row)


def test_run_keeps_its_name_as_the_only_command() -> None:
    shown = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert shown.exit_code == 0
    for option in ("--suite", "--split", "--case", "--json", "--failures", "--index"):
        assert option in shown.output


def test_an_unknown_case_is_refused_before_the_index_is_opened() -> None:
    result = CliRunner().invoke(app, ["run", "--case", "no-such-case"])
    assert isinstance(result.exception, SuiteError)


def test_a_place_that_cannot_be_written_is_refused_before_the_run(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["run", "--json", str(tmp_path / "none" / "run.json")])
    assert isinstance(result.exception, InputError)
