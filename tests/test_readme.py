"""The README says what is so."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evals.cases import KINDS, load, split
from evals.gate import read_baseline
from evals.record import measure
from shanghai_qa.settings import PREFIX, ApiSettings, Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAM = Path(sys.executable).with_name("shanghai-qa")


def helped(*command: str) -> str:
    ran = subprocess.run([PROGRAM, *command, "--help"], capture_output=True, text=True, timeout=60, check=True)
    return ran.stdout


def test_every_command_is_in_the_readme_and_every_one_named_there_exists() -> None:
    listed = set(re.findall(r"^\| `([a-z]+)` \|", README, re.MULTILINE))
    assert listed == set(re.findall(r"^│ ([a-z]+) ", helped(), re.MULTILINE))
    used = set(re.findall(r"^ {4}shanghai-qa (\w+)", README, re.MULTILINE))
    assert used <= listed


def test_every_option_in_an_example_exists() -> None:
    for command, rest in re.findall(
        r"^ {4}shanghai-qa (ask|batch|verify|feedback|export|ingest|mcp|eval \w+|journal \w+|index \w+)(.*)$",
        README,
        re.MULTILINE,
    ):
        for option in re.findall(r"\s(--[a-z-]+)", rest):
            assert option in helped(*command.split()), (command, option)


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    rows = dict(re.findall(rf"^\| `{PREFIX}(\w+)` \| ([^|]+) \|", README, re.MULTILINE))
    places = {"INDEX", "STORE", "CORPUS", "JOURNAL", "KEEP_QUESTIONS"}
    doors = {f"API_{name.upper()}" for name in ApiSettings.model_fields}
    assert set(rows) == {name.upper() for name in Settings.model_fields} | places | doors
    assert float(rows["API_AT_ONCE"]) == ApiSettings().at_once
    for name in ("answer_above", "max_statements", "margin", "candidates", "per_leg", "max_question_chars"):
        assert float(rows[name.upper()]) == getattr(Settings(), name)


def test_the_suite_has_as_many_cases_as_the_readme_says() -> None:
    cases = load()
    assert f"has {len(cases)} cases" in README
    for part in ("dev", "test"):
        assert f"{part} ({sum(split(case.id) == part for case in cases)})" in README


def test_the_figures_of_the_suite_are_those_of_the_baseline() -> None:
    baseline = read_baseline()
    parts = [measure(baseline.part("dev").rows), measure(baseline.part("test").rows)]
    for name, *given in re.findall(r"^\| ([\w ]+[\w@]*) \| ([\d.]+) \| ([\d.]+) \|$", README, re.MULTILINE):
        assert given == [f"{values[name].value:.2f}" for values in parts], name
    kinds = re.findall(r"^\| ([\w-]+) \| (\d+) \| ([\d.]+) \|.*?\| (\d+) \| ([\d.]+) \|", README, re.MULTILINE)
    assert [kind for kind, *_ in kinds] == list(KINDS)
    for kind, *given in kinds:
        rows = [baseline.part(part).slice(kind) for part in ("dev", "test")]
        assert given == [word for each in rows for word in (str(len(each)), f"{measure(each)['passed'].value:.2f}")]


@pytest.mark.corpus
def test_the_python_of_the_readme_runs(index: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    environment = os.environ | {f"{PREFIX}INDEX": str(index)}
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment, check=True
    )
    assert ran.stdout.startswith("32 startups\n")
    assert "report/port-to-tech-leader 760 887" in ran.stdout
