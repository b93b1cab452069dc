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
from evals.terminal import describe, differences, print_judgement, slices, systems
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
    assert line[-1] == "better"


def test_a_closed_gate_names_the_measure_and_the_cases(capsys: pytest.CaptureFixture[str]) -> None:
    before = run(row("smic"), row("moon"))
    after = run(FAILED, row("moon", passed=False, guarded=True))
    print_judgement(judge(before, after), after)
    told = capsys.readouterr().out
    assert "fell    passed fell from 1.000 to 0.000 (tolerance 0.02)" in told
    assert "guarded moon: does not say 32" in told
    assert "broke   smic: does not say 32" in told
    assert told.endswith("the gate is closed\n")


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
