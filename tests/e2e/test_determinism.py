"""The same question over the same index and settings gives the same bytes, in any process."""

import json
from pathlib import Path

import pytest

from tests.e2e.program import environment, run, without_time

pytestmark = pytest.mark.corpus

QUESTIONS: list[dict[str, object]] = [
    {"question": "How many startups are in Quantum Valley?"},
    {"question": "When was the STAR Market launched?"},
    {"question": "Which companies build large language models in Shanghai?"},
    {"question": "What does SMIC make?"},
    {"question": "Who supports integrated circuit companies, and with how much money?"},
    {"question": "科创板是什么时候开板的？"},
    {"question": "张江科学城有多大？"},
    {"question": "How much computing power did Shanghai plan for 2025?"},
    {"question": "Compare the semiconductor and biotech industries of Shanghai"},
    {"question": "how many satelites has spacesail lanched"},
    {"question": "What is the population of Paris?"},
    {
        "question": "And when did trading begin there?",
        "history": [{"role": "user", "content": "What is the STAR Market?"}],
        "id": "follow-up",
    },
]


def test_two_processes_give_the_same_bytes_but_for_the_time(index: Path, tmp_path: Path) -> None:
    lines = (json.dumps(question, ensure_ascii=False) for question in QUESTIONS)
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for seed in ("1", "4021"):
        env = environment(PYTHONHASHSEED=seed)
        ran = run("batch", "in.jsonl", "-o", f"{seed}.jsonl", "--index", index, cwd=tmp_path, env=env)
        assert ran.status == 0, ran
    first, second = (_answers(tmp_path / f"{seed}.jsonl") for seed in ("1", "4021"))
    assert len(first) == len(QUESTIONS)
    assert first == second


def _answers(path: Path) -> list[str]:
    """Each answer as text, in the order of its fields, without the time it took."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [json.dumps(without_time(row), ensure_ascii=False) for row in rows]
