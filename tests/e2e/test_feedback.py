"""From what a reader said to a case that counts, and from an evaluator's own file to a run."""

import json
from pathlib import Path

import pytest

from tests.e2e.program import Ran, environment, run

pytestmark = pytest.mark.corpus

QUANTUM_VALLEY = "How many startups are in Quantum Valley?"
REASON = "No word on whose count this is."


@pytest.fixture
def answer(index: Path, tmp_path: Path) -> Path:
    saved = tmp_path / "answer.json"
    saved.write_text(run("ask", "--json", QUANTUM_VALLEY, "--index", index, cwd=tmp_path).out, encoding="utf-8")
    return saved


def at(folder: Path, *arguments: str | Path) -> Ran:
    """Run the program with a journal in `folder`."""
    return run(*arguments, cwd=folder, env=environment(SHANGHAI_QA_JOURNAL="journal.sqlite"))


def run_of(suite: str, index: Path, folder: Path) -> dict[str, dict[str, float]]:
    """The scores of each case of a suite."""
    ran = at(folder, "eval", "run", "--suite", suite, "--no-baselines", "-o", "run.json", "--index", index)
    assert ran.status == 0, ran
    return {row["id"]: row["scores"] for row in json.loads((folder / "run.json").read_text(encoding="utf-8"))["rows"]}


def test_a_thumbs_down_becomes_a_case_once_a_person_says_what_is_right(
    index: Path, tmp_path: Path, answer: Path
) -> None:
    given = at(tmp_path, "feedback", answer, "--not-helpful", "--reason", REASON)
    assert (given.status, given.out, given.err) == (0, "1\n", "written down in journal.sqlite\n")

    listed = at(tmp_path, "eval", "promote")
    number, _, question, reason = listed.out.rstrip("\n").split("\t")
    assert (listed.status, number, question, reason) == (0, "1", QUANTUM_VALLEY, REASON)

    shown, put = at(tmp_path, "eval", "promote", "1"), at(tmp_path, "eval", "promote", "1", "-o", "suite.yaml")
    assert (shown.status, put.status, put.out) == (0, 0, "")
    suite = tmp_path / "suite.yaml"
    assert suite.read_text(encoding="utf-8") == shown.out
    assert "[report/port-to-tech-leader]" in shown.out
    assert REASON in shown.out

    refused = at(tmp_path, "eval", "check", "--suite", "suite.yaml")
    assert refused.status == 1
    assert "startups-quantum-valley: is to be answered, so it needs must_say" in refused.err

    suite.write_text(shown.out.replace("must_say: []", 'must_say: ["32 startups"]'), encoding="utf-8")
    assert at(tmp_path, "eval", "check", "--suite", "suite.yaml").status == 0
    assert run_of("suite.yaml", index, tmp_path)["startups-quantum-valley"]["passed"] == 1


def test_a_question_file_of_an_evaluator_becomes_a_suite_that_runs(index: Path, tmp_path: Path) -> None:
    (tmp_path / "ours.csv").write_text(
        "Prompt;answers;source;answerable;team\n"
        f"{QUANTUM_VALLEY};32 startups|thirty-two startups;report/port-to-tech-leader;yes;A\n"
        "What is the population of Paris?;;;no;A\n"
        ";350;;yes;B\n"
        "When was the STAR Market launched?;in the year 9999;;yes;B\n",
        encoding="utf-8",
    )
    ran = at(tmp_path, "eval", "import", "ours.csv", "-o", "ours.yaml", "--map", "question=prompt", "--prefix", "ours-")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.splitlines() == [
        "ours.csv:4: no question",
        "not used: team",
        "ours-star-market-launched: no sentence of its documents says in the year 9999",
        "3 cases in ours.yaml, 1 bad row left out",
        "1 of them no answer from the corpus could pass, as said above; mend them",
    ]
    scores = run_of("ours.yaml", index, tmp_path)
    assert {id: score["passed"] for id, score in scores.items()} == {
        "ours-startups-quantum-valley": 1,
        "ours-population-paris": 1,
        "ours-star-market-launched": 0,
    }


def test_a_suite_is_not_written_over_unless_told(tmp_path: Path) -> None:
    (tmp_path / "ours.jsonl").write_text('{"question": "Where is Paris?", "answerable": false}\n', encoding="utf-8")
    (tmp_path / "ours.yaml").write_text("mine", encoding="utf-8")
    arguments = ("eval", "import", "ours.jsonl", "-o", "ours.yaml")
    assert "ours.yaml exists; write over it with --force" in at(tmp_path, *arguments).error
    assert (tmp_path / "ours.yaml").read_text(encoding="utf-8") == "mine"
    assert at(tmp_path, *arguments, "--force", "--kind", "outside").status == 0
    assert "kind: outside" in (tmp_path / "ours.yaml").read_text(encoding="utf-8")


def test_the_questions_themselves_are_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "ours.csv").write_text("question\nWho?\n", encoding="utf-8")
    error = at(tmp_path, "eval", "import", "ours.csv", "-o", "ours.csv", "--force").error
    assert "ours.csv holds the questions" in error
    assert (tmp_path / "ours.csv").read_text(encoding="utf-8") == "question\nWho?\n"


def test_nothing_is_written_where_no_row_makes_a_case(tmp_path: Path) -> None:
    (tmp_path / "ours.csv").write_text("question\n", encoding="utf-8")
    error = at(tmp_path, "eval", "import", "ours.csv", "-o", "ours.yaml").error
    assert "ours.csv: no row makes a case, so nothing is written" in error
    assert not (tmp_path / "ours.yaml").exists()


@pytest.mark.parametrize("mapped", ["colour=x", "question", "question="])
def test_a_mapping_that_is_none_is_wrong_use(tmp_path: Path, mapped: str) -> None:
    (tmp_path / "ours.csv").write_text("question\nWho?\n", encoding="utf-8")
    ran = at(tmp_path, "eval", "import", "ours.csv", "-o", "ours.yaml", "--map", mapped)
    assert (ran.status, ran.out) == (2, "")
    assert "Traceback" not in ran.err


def test_feedback_is_on_one_answer_and_says_whether_it_helped(tmp_path: Path, answer: Path) -> None:
    one_line = json.dumps(json.loads(answer.read_text(encoding="utf-8")))
    (tmp_path / "two.jsonl").write_text(f"{one_line}\n{one_line}\n", encoding="utf-8")
    assert "two.jsonl holds 2 answers" in at(tmp_path, "feedback", "two.jsonl", "--helpful").error
    assert at(tmp_path, "feedback", answer).status == 2
    assert not (tmp_path / "journal.sqlite").exists()


def test_a_conversation_is_kept_with_the_answer(tmp_path: Path, answer: Path) -> None:
    (tmp_path / "talk.json").write_text('[{"role": "user", "content": "What is Quantum Valley?"}]', encoding="utf-8")
    assert at(tmp_path, "feedback", answer, "--helpful", "--history", "talk.json").out == "1\n"
    listed = at(tmp_path, "eval", "promote", "--list")
    assert (listed.status, listed.out) == (0, "")
    assert listed.err == "nothing in journal.sqlite was found not helpful\n"
    draft = at(tmp_path, "eval", "promote", "1").out
    assert "kind: follow-up" in draft
    assert "content: What is Quantum Valley?" in draft


def test_an_entry_or_a_journal_that_is_none_is_named(tmp_path: Path, answer: Path) -> None:
    assert "no entry 4 in journal.sqlite; nothing was said yet" in at(tmp_path, "eval", "promote", "4").error
    (tmp_path / "journal.sqlite").write_text("no database", encoding="utf-8")
    for arguments in (("eval", "promote"), ("feedback", "answer.json", "--helpful")):
        assert "journal.sqlite is no journal" in at(tmp_path, *arguments).error


def test_a_place_where_no_draft_can_go_is_named(tmp_path: Path, answer: Path) -> None:
    at(tmp_path, "feedback", answer, "--not-helpful")
    assert at(tmp_path, "eval", "promote", "-o", "suite.yaml").status == 2
    error = at(tmp_path, "eval", "promote", "1", "-o", "nowhere/suite.yaml").error
    assert "cannot write nowhere/suite.yaml" in error
