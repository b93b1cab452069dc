"""The examples in docstrings are true."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

from shanghai_qa.settings import PREFIX


@pytest.mark.parametrize(
    "name",
    [
        "aliases",
        "chinese",
        "context",
        "disagree",
        "frame",
        "lexicon",
        "mentions",
        "question",
        "web.library_phrases",
        "web.source_text",
        "words",
    ],
)
def test_the_examples_of_a_module_run(name: str) -> None:
    result = doctest.testmod(import_module(f"shanghai_qa.{name}"))
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["assistant", "langchain"])
def test_the_examples_of_a_module_run_over_the_corpus(name: str, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}INDEX", str(index))
    result = doctest.testmod(import_module(f"shanghai_qa.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
