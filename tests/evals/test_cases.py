import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from evals.cases import KINDS, SUITES, SuiteError, fingerprint, load, says, schema, select, split
from shanghai_qa.values import Outcome, Tier, Turn
from tests.evals.samples import OUTSIDE, case

ONE_CASE = """
- id: waic-visits
  question: How many came?
  history:
    - {role: user, content: What is WAIC}
  kind: number
  outcome: answered
  must_say: ["350,000 visits", [in 2025, during 2025]]
  must_cite: [ai/waic]
  why: a number
"""


def suite(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "suite.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plain_string_of_must_say_is_a_group_of_one(tmp_path: Path) -> None:
    (loaded,) = load(suite(tmp_path, ONE_CASE))
    assert loaded.must_say == (("350,000 visits",), ("in 2025", "during 2025"))
    assert loaded.leads == ("350,000 visits", "in 2025", "during 2025")
    assert loaded.history == (Turn("user", "What is WAIC"),)


def test_what_must_lead_stands_before_what_must_be_said() -> None:
    assert case(must_lead=("350,000 visits",)).leads == ("350,000 visits",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ONE_CASE.replace("kind: number", "kind: guess"), "case waic-visits: kind: "),
        (ONE_CASE.replace("why:", "because:"), "case waic-visits: "),
        ("- just words", "case number 1: "),
        ("[]", "at least one"),
        ("id: alone", "expected a list of cases"),
        ("- id: [", "cannot be read as a suite"),
    ],
)
def test_a_bad_suite_is_refused_with_file_and_case(tmp_path: Path, text: str, told: str) -> None:
    path = suite(tmp_path, text)
    with pytest.raises(SuiteError) as error:
        load(path)
    assert str(error.value).startswith(f"{path}: ")
    assert told in str(error.value)


def test_a_suite_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"none\.yaml"):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("It holds 32 startups.", "32", True),
        ("It holds 132 startups.", "32", False),
        ("It holds 1,032 startups.", "32", False),
        ("It grew 32.5 percent.", "32", False),
        ("In 2020, 32, or more.", "32", True),
        ("a 512-qubit chip", "512", True),
        ("It cost 11\nbillion Yuan.", "11  BILLION yuan", True),
        ("徐汇区的模速空间", "徐汇区", True),
        ("", "32", False),
    ],
)
def test_strings_are_found_in_any_case_and_width_and_numbers_only_whole(text: str, wanted: str, found: bool) -> None:
    assert says(text, wanted) is found


def test_the_part_of_a_case_depends_on_its_id_alone() -> None:
    # printf a | sha256sum begins with ca = 202, printf c | sha256sum with 2e = 46; from 128 on it is the test part
    assert split("a") == "test"
    assert split("c") == "dev"


def test_cases_are_selected_by_part_and_by_id() -> None:
    a, c = case(id="a"), case(id="c")
    assert select([a, c]) == (a, c)
    assert select([a, c], "dev") == (c,)
    assert select([a, c], ids=["c"]) == (c,)


def test_an_empty_selection_is_an_error() -> None:
    with pytest.raises(SuiteError, match="no case is left"):
        select([case(id="a")], "dev")
    with pytest.raises(SuiteError, match="no such case in the suite: b"):
        select([case(id="a")], ids=["b"])


def test_cases_are_selected_by_slice() -> None:
    number, outside = case(), OUTSIDE
    assert select([number, outside], slices=["number"]) == (number,)
    assert select([number, outside], slices=["number", "not_in_corpus"]) == (number, outside)
    with pytest.raises(SuiteError, match="no such slice in the suite: numbers; there are: ai, answered, "):
        select([number], slices=["numbers"])
    with pytest.raises(SuiteError, match="no case is left"):
        select([number, outside], slices=["number"], ids=["paris"])


def test_slices_are_kind_outcome_language_tier_and_topics() -> None:
    both = case(question="多少人？", tier=Tier.PRIMARY, must_cite=("ai/waic", "trade/fair"))
    assert both.slices == ("number", "answered", "in-chinese", "primary", "ai", "trade")
    assert OUTSIDE.slices == ("outside", "not_in_corpus", "in-english")


def test_a_folder_is_one_suite_and_no_id_stands_twice_in_it(tmp_path: Path) -> None:
    suite(tmp_path, ONE_CASE)
    (tmp_path / "more.yaml").write_text(ONE_CASE.replace("waic-visits", "waic-guests"), encoding="utf-8")
    assert [case.id for case in load(tmp_path)] == ["waic-guests", "waic-visits"]
    (tmp_path / "again.yaml").write_text(ONE_CASE, encoding="utf-8")
    with pytest.raises(SuiteError, match=r"case waic-visits: .*again\.yaml has that id already"):
        load(tmp_path)
    (tmp_path / "none").mkdir()
    with pytest.raises(SuiteError, match="holds no suite"):
        load(tmp_path / "none")


def test_a_suite_is_known_by_its_cases_and_not_by_their_order() -> None:
    one, other = case(), OUTSIDE
    assert fingerprint([one, other]) == fingerprint([other, one])
    assert fingerprint([one]) != fingerprint([case(why="another reason")])


def test_the_schema_that_editors_read_is_that_of_a_case() -> None:
    assert json.loads((SUITES / "schema.json").read_text(encoding="utf-8")) == schema()


def test_the_schema_takes_what_the_program_takes() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    for path in SUITES.glob("*.yaml"):
        assert not list(validator.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))), path
    (entry,) = yaml.safe_load(ONE_CASE)
    assert not validator.is_valid([entry | {"kind": "guess"}])
    assert not validator.is_valid([entry | {"because": "x"}])


def test_the_suite_that_ships_has_every_kind_and_both_parts() -> None:
    cases = load()
    assert {case.kind for case in cases} == set(KINDS)
    assert {case.outcome for case in cases} == set(Outcome)
    parts = [split(case.id) for case in cases]
    assert min(parts.count("dev"), parts.count("test")) >= len(cases) // 3
    assert sum(case.guarded for case in cases) >= 20
