from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console
from rich.table import Table

from evals.compare import compare
from evals.gate import judge
from evals.junit import write
from evals.record import Run
from evals.terminal import describe, differences, print_judgement, print_run, slices, systems
from tests.evals.samples import row, run

FAILED = row(
    "smic", passed=False, question="When was SMIC founded?", expected="2000, from chips/smic", said=("It grew.",),
    scores={"passed": 0, "lead": 0, "ms": 12.4},
)  # fmt: skip
PASSED = row("moon", scores={"passed": 1, "ms": 20}, slices=("outside", "not_in_corpus"), answerable=False)
DONE = Run(run().about, (FAILED, PASSED), {"first passage": (row("smic"), row("moon"))})


def lines(table: Table) -> list[list[str]]:
    page = StringIO()
    Console(file=page, width=140).print(table)
    return [line.split() for line in page.getvalue().splitlines()]


def test_systems_stand_side_by_side_and_what_one_lacks_is_blank() -> None:
    shown = lines(systems(DONE))
    assert ["measure", "default", "first", "passage", "cases"] in shown
    assert ["passed", "0.500", "1.000", "2"] in shown
    assert ["lead", "0.000", "1"] in shown
    assert ["latency", "p50", "16", "ms", "2"] in shown


def test_slices_have_a_line_each_and_one_for_all() -> None:
    shown = lines(slices(DONE))
    assert ["number", "1", "0%", "of", "1", "0%", "of", "1"] in shown
    assert ["outside", "1", "100%", "of", "1"] in shown
    assert ["all", "2", "50%", "of", "2", "0%", "of", "1"] in shown


def test_a_failure_is_described_with_what_was_expected_and_given() -> None:
    assert describe(FAILED) == (
        "smic (number): does not say 32\n"
        "  asked     When was SMIC founded?\n"
        "  expected  2000, from chips/smic\n"
        "  led with  It grew."
    )


def test_changes_are_shown_with_their_interval_and_a_word() -> None:
    before, after = run(*(row(f"{n}", passed=n > 9) for n in range(20))), run(*(row(f"{n}") for n in range(20)))
    (line,) = [words for words in lines(differences(compare(before, after))) if words[:2] == ["all", "passed"]]
    assert line[:6] == ["all", "passed", "20", "0.500", "1.000", "+0.500"]
    assert line[-2:] == ["better", "0.00195"]  # 10 mended, none broke: 2 / 2**10


def test_a_closed_gate_names_the_measure_and_the_cases(capsys: pytest.CaptureFixture[str]) -> None:
    before = run(row("smic"), row("moon"))
    after = run(FAILED, row("moon", passed=False, guarded=True))
    print_judgement(judge(before, after), after)
    told = capsys.readouterr().out
    assert "worse   passed fell from 1.000 to 0.000 (tolerance 0.02)" in told
    assert "guarded moon: does not say 32" in told
    assert "broke   smic: does not say 32" in told
    assert told.endswith("the gate is closed, over 2 of the baseline's 2 cases\n")


def test_answers_that_the_model_did_not_write_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    asked = row("smic", outcome="answered", answerer="extractive"), row("moon", outcome="answered", answerer="openai:x")
    print_run(run(*asked, system="openai:x"))
    assert "note: 1 answer not written by openai:x: it could not be asked" in capsys.readouterr().out
    print_run(run(*asked))
    assert "note" not in capsys.readouterr().out


def test_of_times_it_is_not_said_that_they_are_better() -> None:
    before, after = (run(*(row(f"{n}", scores={"passed": 1, "ms": ms}) for n in range(9))) for ms in (30, 20))
    (line,) = [words for words in lines(differences(compare(before, after))) if words[2:3] == ["p50"]]
    assert line[:7] == ["all", "latency", "p50", "9", "30", "20", "-10"]
    assert "better" not in line


def test_ci_servers_get_a_test_for_each_case(tmp_path: Path) -> None:
    crashed = row("paris", passed=False, error="KeyError: 'x'", slices=("outside", "not_in_corpus"))
    write(run(FAILED, PASSED, crashed), tmp_path / "cases.xml")
    root = ElementTree.parse(tmp_path / "cases.xml").getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    smic, moon, paris = root.iter("testcase")
    assert (smic.get("name"), smic.get("classname"), smic.get("time")) == ("smic", "evals.number", "0.0124")
    failure = smic.find("failure")
    assert failure is not None
    assert failure.get("message") == "does not say 32"
    assert "expected: 2000, from chips/smic" in (failure.text or "")
    assert len(moon) == 0
    assert paris.find("error") is not None


def test_behind_a_gate_only_what_closes_it_fails(tmp_path: Path) -> None:
    before = run(row("smic"), row("moon"), row("known", passed=False))
    after = run(FAILED, row("moon", passed=False, guarded=True), row("known", passed=False))
    write(after, tmp_path / "cases.xml", judge(before, after))
    tests = {
        test.get("name"): [child.tag for child in test]
        for test in ElementTree.parse(tmp_path / "cases.xml").iter("testcase")
    }
    assert tests == {"smic": ["skipped"], "moon": ["failure"], "known": ["skipped"], "passed": ["failure"]}
