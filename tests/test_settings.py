from pathlib import Path

import pytest

from shanghai_qa.errors import SettingsError
from shanghai_qa.settings import WITH_READER, WITHOUT_READER, Settings, default_corpus, default_index, default_store


def test_each_field_has_a_variable() -> None:
    given = Settings.from_environment({"SHANGHAI_QA_ANSWER_ABOVE": "0.4", "SHANGHAI_QA_CANDIDATES": "10", "HOME": "/"})
    assert given == Settings(answer_above=0.4, candidates=10)


def test_an_unknown_setting_is_named_with_those_that_there_are() -> None:
    with pytest.raises(
        SettingsError, match=r"SHANGHAI_QA_CANDIDATE is not a setting; there are: .*SHANGHAI_QA_CANDIDATES"
    ):
        Settings.from_environment({"SHANGHAI_QA_CANDIDATE": "10"})


def test_a_value_that_cannot_be_is_named() -> None:
    with pytest.raises(SettingsError, match=r"SHANGHAI_QA_ANSWER_ABOVE is '2': .*less than or equal to 1"):
        Settings.from_environment({"SHANGHAI_QA_ANSWER_ABOVE": "2"})


def test_weights_come_as_json() -> None:
    weights = Settings().weights.model_copy(update={"bias": -1.0})
    assert Settings.from_environment({"SHANGHAI_QA_WEIGHTS": weights.model_dump_json()}).weights == weights


def test_without_the_reader_the_weights_are_those_fitted_without_it() -> None:
    without = Settings.from_environment({"SHANGHAI_QA_READER": "none"})
    assert (Settings().weights, without.weights) == (WITH_READER, WITHOUT_READER)
    assert without.weights.order[-3:] == (0, 0, 0)


def test_where_things_lie_is_no_setting_of_answers() -> None:
    environment = {"SHANGHAI_QA_INDEX": "/x", "SHANGHAI_QA_STORE": "http://127.0.0.1:8000", "SHANGHAI_QA_CORPUS": "/c"}
    assert Settings.from_environment(environment) == Settings()
    assert default_index(environment) == Path("/x")
    assert default_store(environment) == "http://127.0.0.1:8000"
    assert default_corpus(environment) == Path("/c")


def test_a_checkout_keeps_its_own_index_and_corpus() -> None:
    root = Path(__file__).parents[1]
    assert default_index({}) == root / ".index"
    assert default_corpus({}) == root / "corpus"
    assert default_store({}) is None
