"""`shanghai-qa verify`: finds every citation of the program's own answers, and calls out those changed by hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evals.cases import load
from shanghai_qa.assistant import Assistant
from shanghai_qa.values import Answer, Ask
from tests.e2e.program import run

pytestmark = pytest.mark.corpus

WANTED = 200


@pytest.fixture(scope="module")
def answers(assistant: Assistant) -> list[Answer]:
    """200 answers with citations: to the cases of the suite, then to the titles of documents put as questions."""
    asks = [Ask(case.question, case.history) for case in load()]
    asks += [Ask(f"What is said on this: {document.title}?") for document in assistant.documents]
    found: list[Answer] = []
    for ask in asks:
        answer = assistant.invoke(ask)
        if answer.citations:
            found.append(answer)
        if len(found) == WANTED:
            break
    return found


@pytest.fixture(scope="module")
def answer(assistant: Assistant) -> dict[str, Any]:
    """One answer with several statements, as it is saved."""
    saved = assistant.ask("When was the STAR Market launched?").to_dict()
    assert saved["citations"]
    return json.loads(json.dumps(saved))  # type: ignore[no-any-return]


def test_every_citation_of_two_hundred_varied_answers_is_found(
    index: Path, tmp_path: Path, answers: list[Answer]
) -> None:
    assert len(answers) == WANTED
    assert len({citation.source.id for answer in answers for citation in answer.citations}) > 100
    (tmp_path / "saved.jsonl").write_text("".join(a.to_json() + "\n" for a in answers), encoding="utf-8")
    ran = run("verify", "saved.jsonl", "--index", index, cwd=tmp_path)
    assert ran.status == 0, ran.err
    lines = ran.out.splitlines()
    assert len(lines) == sum(len(answer.citations) for answer in answers)
    assert all("] found: " in line for line in lines)


def test_an_answer_saved_by_ask_is_found(index: Path, tmp_path: Path) -> None:
    asked = run("ask", "--json", "How many startups are in Quantum Valley?", "--index", index, cwd=tmp_path)
    (tmp_path / "saved.json").write_text(asked.out, encoding="utf-8")
    ran = run("verify", "saved.json", "--index", index, cwd=tmp_path)
    assert ran.status == 0
    assert "[1] found" in ran.out


def _misquote(answer: dict[str, Any]) -> None:
    answer["citations"][0]["quote"] = answer["citations"][0]["quote"].replace("2019", "2018")


def _quote_nothing(answer: dict[str, Any]) -> None:
    answer["citations"][0]["quote"] = ""


def _shift(answer: dict[str, Any]) -> None:
    answer["citations"][0]["start"] += 1
    answer["citations"][0]["end"] += 1


def _widen(answer: dict[str, Any]) -> None:
    answer["citations"][0]["end"] += 1


def _attribute_to_another(answer: dict[str, Any]) -> None:
    answer["citations"][0]["source"]["id"] = "report/port-to-tech-leader"


def _attribute_to_nobody(answer: dict[str, Any]) -> None:
    answer["citations"][0]["source"]["id"] = "no/such-document"


def _reword(answer: dict[str, Any]) -> None:
    answer["statements"][0]["text"] += " Everybody says so."


def _cite_what_is_not_listed(answer: dict[str, Any]) -> None:
    answer["statements"][0]["citations"] = [99]


def _cite_nothing(answer: dict[str, Any]) -> None:
    answer["statements"][0]["citations"] = []


def _upgrade(answer: dict[str, Any]) -> None:
    source = answer["citations"][0]["source"]
    source["tier"] = "promotional" if source["tier"] != "promotional" else "primary"


def _put_another_answer_first(answer: dict[str, Any]) -> None:
    answer["direct_answer"] = "1 January 1900"


CHANGES: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (_misquote, "[1] missing"),
    (_quote_nothing, "[1] missing"),
    (_shift, "[1] moved"),
    (_widen, "[1] moved"),
    (_attribute_to_another, "[1] misattributed"),
    (_attribute_to_nobody, "[1] misattributed"),
    (_reword, "statement 1 "),
    (_cite_what_is_not_listed, "statement 1 "),
    (_cite_nothing, "statement 1 "),
    (_upgrade, "differs in tier"),
    (_put_another_answer_first, "direct answer"),
]


def test_each_change_by_hand_is_called_out(index: Path, tmp_path: Path, answer: dict[str, Any]) -> None:
    changed = []
    for change, _ in CHANGES:
        copy = json.loads(json.dumps(answer))
        change(copy)
        assert copy != answer
        changed.append(json.dumps(copy))
    (tmp_path / "changed.jsonl").write_text("\n".join(changed), encoding="utf-8")
    ran = run("verify", "changed.jsonl", "--index", index, cwd=tmp_path)
    assert ran.status == 1
    for n, (change, verdict) in enumerate(CHANGES, start=1):
        said = [line for line in ran.out.splitlines() if line.startswith(f"answer {n}, ")]
        assert any(verdict in line for line in said), (change.__name__, said)
