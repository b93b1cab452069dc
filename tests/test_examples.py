"""The examples in docstrings are true."""

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "aliases",
        "chinese",
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
