import pytest

from shanghai_qa.words import fold, terms, tokens


def test_numbers_lose_their_thousands_separators_and_keep_their_decimals() -> None:
    assert tokens("1,087 startups, 3.5% and 3nm") == ["1087", "startups", "3.5", "and", "3nm"]


def test_forms_of_one_word_have_one_term_and_stop_words_none() -> None:
    assert terms("the founders founded") == ["founder", "found"]
    assert terms("What is it?") == []


def test_accents_case_and_full_width_do_not_matter() -> None:
    assert fold("Café ＡＢＣ") == "cafe abc"


@pytest.mark.parametrize(("text", "expected"), [("张江", ["张江"]), ("科创板", ["科创", "创板"]), ("芯", ["芯"])])
def test_chinese_is_compared_by_pairs(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_a_possessive_is_its_word() -> None:
    assert terms("SMIC's") == terms("SMIC") == terms("SMIC’s")


def test_words_spelt_with_and_without_a_hyphen_are_one() -> None:
    assert terms("Lin-gang start-ups") == terms("Lingang startups") == ["lingang", "startup"]
    assert terms("deep-tech") == ["deep", "tech"]
