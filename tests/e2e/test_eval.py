"""The suite over the real corpus: what `shanghai-qa eval` prints and keeps, and what the gate lets through."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from evals.cases import Case, fingerprint, load, select
from evals.gate import judge
from evals.record import Run, measure
from evals.record import load as load_run
from evals.run import evaluate
from evals.systems import System, baselines
from shanghai_qa.assistant import Assistant
from shanghai_qa.prove import source_of
from shanghai_qa.values import Answer, Ask, Citation, Document, Outcome, Statement, Turn
from tests.e2e.program import Ran, run

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def cases() -> tuple[Case, ...]:
    """Every third case of the dev part: enough to tell a worse answerer by."""
    return select(load(), "dev")[::3]


@pytest.fixture(scope="module")
def done(assistant: Assistant, cases: tuple[Case, ...]) -> Run:
    """These cases, run once, with the baselines."""
    return evaluate(assistant, cases, fingerprint(load()))


def of_dev(index: Path, cwd: Path, command: str, *more: str | Path) -> Ran:
    return run("eval", command, "--split", "dev", "--index", index, *more, cwd=cwd, timeout_s=300)


def test_the_gate_is_open_for_what_is_here(index: Path, tmp_path: Path) -> None:
    ran = of_dev(index, tmp_path, "gate", "--junit", tmp_path / "cases.xml")
    assert ran.status == 0, ran.out + ran.err
    assert "the gate is open, over " in ran.out
    assert (tmp_path / "cases.xml").stat().st_size > 10_000


def test_the_same_answers_from_another_assistant_go_through_the_gate(
    assistant: Assistant, index: Path, done: Run, cases: tuple[Case, ...]
) -> None:
    again = evaluate(Assistant.open(index, assistant.settings), cases, done.about.suite, with_baselines=False)
    judgement = judge(done, again)
    assert judgement.open
    assert judgement.comparison.broke == judgement.comparison.mended == ()


class LastSentence(Assistant):
    """An answerer that was made worse: of the sentences that the assistant read it quotes the last, not the best."""

    def ask(
        self, question: str, *, history: Sequence[Turn] = (), filters: object = None, id: str | None = None
    ) -> Answer:
        answer = super().ask(question, history=history, id=id)
        if answer.outcome is Outcome.NOT_IN_CORPUS:
            return answer
        last = self.trace(Ask(question, tuple(history))).reading.candidates[-1]
        span = last.span
        cited = Citation(1, last.text, span.start, span.end, last.passage.heading, source_of(last.document))
        return replace(
            answer, statements=(Statement(last.text, (1,)),), citations=(cited,), direct_answer=None, disagreements=()
        )


def test_a_worse_answerer_is_caught_and_the_cases_are_named(
    assistant: Assistant, index: Path, done: Run, cases: tuple[Case, ...]
) -> None:
    worse = evaluate(LastSentence.open(index, assistant.settings), cases, done.about.suite, with_baselines=False)
    judgement = judge(done, worse)
    assert not judgement.open
    fallen = {fall.measure.name for fall in judgement.falls}
    assert {"passed", "lead", "cited"} <= fallen
    broke = {row.id for row in judgement.comparison.broke}
    assert {row.id for row in judgement.guarded} == {r.id for r in done.rows if r.guarded and r.id in broke} != set()
    assert all(row.faults for row in judgement.comparison.broke)


def test_the_assistant_beats_the_baselines_though_they_cite_as_well(done: Run) -> None:
    own = measure(done.rows)
    for name, rows in done.others.items():
        other = measure(rows)
        assert other["citation recall"].value > 0.98, name  # BM25 finds nothing for a question in Chinese
        assert other["verbatim"].value == 1, name
        assert own["passed"].value > other["passed"].value, name
    assert own["deterministic"].value == 1
    assert own["citation recall"].value == pytest.approx(1 - own["false refusals"].value)


def test_baselines_quote_what_stands_there(assistant: Assistant) -> None:
    documents: Mapping[str, Document] = {document.id: document for document in assistant.documents}
    systems: Mapping[str, System] = baselines(assistant)
    for name, most in (("first passage", 50), ("first two sentences", 2), ("best BM25 sentence", 1)):
        answer = systems[name].ask("How many startups are in Quantum Valley?", id="x")
        assert 1 <= len(answer.statements) <= most
        for citation in answer.citations:
            assert documents[citation.source.id].text[citation.start : citation.end] == citation.quote
        assert (answer.id, answer.outcome) == ("x", Outcome.ANSWERED)
    assert systems["best BM25 sentence"].ask("zzzz qqqq").outcome is Outcome.NOT_IN_CORPUS


def test_a_run_is_printed_and_kept_with_what_it_was_made_with(index: Path, tmp_path: Path) -> None:
    ran = of_dev(index, tmp_path, "run", "--slice", "quantum", "--out", tmp_path / "run.json", "--no-failures")
    assert ran.status == 0, ran.err
    assert "first passage" in ran.out
    assert "fused nDCG@10" in ran.out
    kept = load_run(tmp_path / "run.json")
    assert kept.about.selection == "dev quantum"
    assert kept.about.settings["max_statements"] == 5
    assert kept.about.documents == 335
    assert kept.rows
    assert all("quantum" in row.slices for row in kept.rows)
    assert set(kept.others) == {"first passage", "first two sentences", "best BM25 sentence"}


def test_one_case_can_be_run_again_and_compared(index: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        ran = run(
            "eval", "run", "--case", "quantum-valley-startups", "--no-baselines", "--out", tmp_path / f"{name}.json",
            "--index", index, cwd=tmp_path,
        )  # fmt: skip
        assert ran.status == 0, ran.err
    compared = run("eval", "compare", tmp_path / "a.json", tmp_path / "b.json", cwd=tmp_path)
    assert compared.status == 0, compared.err
    assert "0 mended, 0 broke, McNemar p = 1" in compared.out


def test_a_report_is_one_page(index: Path, tmp_path: Path) -> None:
    ran = of_dev(index, tmp_path, "run", "--slice", "quantum", "--out", tmp_path / "run.json", "--no-failures")
    assert ran.status == 0, ran.err
    made = run("eval", "report", tmp_path / "run.json", "-o", tmp_path / "page.html", cwd=tmp_path)
    assert made.status == 0, made.err
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert all(row.id in page for row in load_run(tmp_path / "run.json").rows)


def test_the_suite_is_checked_and_described(tmp_path: Path) -> None:
    ran = run("eval", "check", cwd=tmp_path)
    assert ran.status == 0, ran.err
    assert f"{len(load())} cases" in ran.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "--case", "no-such-case"), "no such case in the suite: no-such-case"),
        (("run", "--slice", "no-such-slice"), "no such slice in the suite: no-such-slice; there are: "),
        (("run", "--out", "none/run.json"), "cannot write none/run.json: none is no folder"),
        (("compare", "lost.json", "baseline"), "lost.json: cannot be read"),
        (("report", "lost.json"), "lost.json: cannot be read"),
        (("accept", "baseline", "--reason", " "), "say why this run becomes the baseline"),
    ],
)
def test_wrong_use_is_told_in_a_line(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    assert told in run("eval", *arguments, cwd=tmp_path).error
