import pytest

from shanghai_qa.mentions import counted, counts, dates, money, names, parts_of_year, percents, person, years


@pytest.mark.parametrize(
    ("sentence", "keys"),
    [
        ("on 13 June 2019 during", ["2019-06-13"]),
        ("on December 17, 2025.", ["2025-12-17"]),
        ("in March 2024 and in 2021", ["2024-03", "2021"]),
        ("by 2 May, and 2,019 firms", ["--05-02"]),
        ("RMB2024 and 2024% and 2024nm", []),
        ("founded in 1896 with 1,896 pupils", ["1896"]),
        ("", []),
    ],
)
def test_a_date_is_as_full_as_it_is_written(sentence: str, keys: list[str]) -> None:
    assert [mention.key for mention in dates(sentence)] == keys


def test_years_are_those_of_full_dates_too() -> None:
    assert years("from 13 June 2019 to 2021") == {"2019", "2021"}


def test_equal_amounts_have_equal_keys_however_written() -> None:
    (one,) = money("It cost 3.5 billion yuan")
    (two,) = money("It cost RMB3,500 million")
    assert one.key == two.key == "3500000000 CNY"
    assert money("US$7.8 million")[0].key == "7800000 USD"


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("$19.8bn", "19800000000 USD"),
        ("RMB 250m", "250000000 CNY"),
        ("USD 5 mn", "5000000 USD"),
        ("€3k", "3000 EUR"),
        ("300m yuan", "300000000 CNY"),
        ("$5.5million", "5500000 USD"),
        ("USD5M", "5000000 USD"),
        ("$2 billions", "2000000000 USD"),
    ],
)
def test_short_scales_of_money_are_understood(written: str, key: str) -> None:
    assert [mention.key for mention in money(f"It cost {written} in all")] == [key]


def test_a_word_that_begins_like_a_scale_or_a_coin_is_none() -> None:
    assert [mention.text for mention in money("$5 made and 3 dollarised, $5-6 million")] == ["$5"]
    assert dates("Qianfan has 1800 satellites and 1850 km") == ()


def test_percentages_are_found_in_words_and_signs() -> None:
    assert [m.text for m in percents("43% of one, 12.5 percent of another")] == ["43%", "12.5 percent"]


def test_a_count_is_no_date_no_money_and_no_share() -> None:
    found = counts("In 2024, 17 firms paid 5 million yuan, 43% of it for seven labs")
    assert [m.text for m in found] == ["17 firms", "seven labs"]


def test_what_is_counted_reaches_up_to_its_name_and_not_across_another_number() -> None:
    sentence = "17 research institutions and 32 startups work together"
    assert [m.text for m in counted(sentence, frozenset({"startup"}))] == ["32 startups"]
    assert [m.text for m in counted(sentence, frozenset({"research", "bodi"}))] == ["17 research institutions"]


def test_a_number_in_a_compound_counts_nothing() -> None:
    assert counted("a fidelity of two-qubit gates", frozenset({"qubit"})) == ()


def test_names_are_runs_of_capitals_and_not_the_opening_word() -> None:
    assert [m.text for m in names("The plant of Hua Hong Semiconductor lies in Lingang")] == [
        "Hua Hong Semiconductor",
        "Lingang",
    ]


def test_a_person_shows_by_a_short_chinese_name_a_title_or_an_office() -> None:
    assert person("Zhang Rujing (张汝京) left")
    assert person("the founder is Ma Xiangbo")
    assert not person("SMIC is incorporated in the Cayman Islands")


def test_quarters_and_halves_are_parts_of_a_year() -> None:
    assert parts_of_year("in the fourth quarter of 2024") == {"fourth quarter"}
    assert parts_of_year("in all of 2024") == frozenset()
