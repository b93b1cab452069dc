import re
from pathlib import Path

import pytest

from evals.cases import KINDS, Case, SuiteError, check, load, says, select, split
from evals.commands import FIRST_SUITE
from shanghai_qa.values import Turn

CORPUS = Path(__file__).parents[2] / "corpus"
TEXTS = {"ai/waic": "WAIC drew 350,000\nvisits in 2025.", "ai/tower": "The tower is 231 metres high."}

ONE_CASE = """
- id: waic-visits
  question: How many came?
  history:
    - {role: user, content: What is WAIC}
  kind: number
  answerable: true
  must_say: ["350,000 visits", [in 2025, during 2025]]
  must_cite: [ai/waic]
  why: a number
"""


def case(**changes: object) -> Case:
    fields = {
        "id": "waic-visits", "question": "How many came?", "kind": "number", "answerable": True, "why": "a number",
        "must_say": (("350,000",),), "must_cite": ("ai/waic",),
    }  # fmt: skip
    return Case(**(fields | changes))  # type: ignore[arg-type]


def suite(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "suite.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plain_string_of_must_say_is_a_group_of_one(tmp_path: Path) -> None:
    (loaded,) = load(suite(tmp_path, ONE_CASE))
    assert loaded.must_say == (("350,000 visits",), ("in 2025", "during 2025"))
    assert loaded.leads == ("350,000 visits", "in 2025", "during 2025")
    assert loaded.history == (Turn("user", "What is WAIC"),)
    check([loaded], TEXTS)


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


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"must_say": (("400,000", "four hundred thousand"),)}, "says 400,000 or four hundred thousand"),
        ({"must_lead": ("400,000",)}, "says 400,000"),
        ({"must_cite": ("ai/waic", "ai/lost")}, "ai/lost is no document"),
        ({"must_cite": ("ai/waic", "ai/tower")}, "ai/tower says nothing of must_say"),
        ({"must_cite": ()}, "needs must_say and must_cite"),
        ({"must_say": ()}, "needs must_say and must_cite"),
        ({"answerable": False, "must_cite": ()}, "is not answerable"),
        ({"answerable": False, "must_say": ()}, "is not answerable"),
    ],
)
def test_a_case_that_no_answer_could_pass_is_refused(changes: dict[str, object], told: str) -> None:
    with pytest.raises(SuiteError, match="waic-visits: ") as error:
        check([case(**changes)], TEXTS)
    assert told in str(error.value)


def test_an_id_that_stands_twice_is_refused() -> None:
    with pytest.raises(SuiteError, match="waic-visits: stands 2 times"):
        check([case(), case()], TEXTS)


def test_groups_may_be_met_by_different_documents() -> None:
    check([case(must_say=(("350,000",), ("231 metres",)), must_cite=("ai/waic", "ai/tower"))], TEXTS)


def test_the_part_of_a_case_depends_on_its_id_alone() -> None:
    # printf a | sha256sum begins with ca = 202, printf c | sha256sum with 2e = 46; from 128 on it is the test part
    assert split(case(id="a")) == split(case(id="a", question="Another?")) == "test"
    assert split(case(id="c")) == "dev"


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


def corpus_texts() -> dict[str, str]:
    front_matter = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
    return {
        path.relative_to(CORPUS).with_suffix("").as_posix(): front_matter.sub("", path.read_text(encoding="utf-8"))
        for path in CORPUS.glob("*/*.md")
    }


def test_every_expectation_of_the_first_suite_can_be_met_by_the_corpus() -> None:
    check(load(FIRST_SUITE), corpus_texts())


def test_the_first_suite_is_wide_and_has_both_parts() -> None:
    cases = load(FIRST_SUITE)
    assert len(cases) >= 120
    assert sum(not case.answerable for case in cases) >= 50
    assert {case.kind for case in cases} == set(KINDS)
    cited = {id for case in cases for id in case.must_cite}
    assert len(cited) >= 90
    assert {id.split("/")[0] for id in cited} == {path.name for path in CORPUS.iterdir() if path.is_dir()}
    parts = [split(case) for case in cases]
    assert min(parts.count("dev"), parts.count("test")) >= len(cases) // 3
