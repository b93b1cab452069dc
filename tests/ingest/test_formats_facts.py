import pytest

from ingest.formats.facts import address, date, names, one_line, opening


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2024", "2024"),
        (2024, "2024"),
        ("2024-3", "2024-03"),
        ("2024-03-05", "2024-03-05"),
        ("2024-03-05T08:00:00+08:00", "2024-03-05"),
        ("2024-03-05 08:00", "2024-03-05"),
        ("2024/3/5", "2024-03-05"),
        ("2024.03.05", "2024-03-05"),
        ("20240305", "2024-03-05"),
        ("2024年3月5日", "2024-03-05"),
        ("2024 年 3 月", "2024-03"),
        ("2024年", "2024"),
        ("5 March 2024", "2024-03-05"),
        ("Tue, 05 Mar 2024 08:00:00 GMT", "2024-03-05"),
        ("March 5th, 2024", "2024-03-05"),
        ("Tuesday, Sept. 5, 2023", "2023-09-05"),
        ("Dec 2023", "2023-12"),
        ("03/05/2024", None),
        ("2024-13", None),
        ("2024-02-30", None),
        ("2024-00-00", None),
        ("0000", None),
        ("last week", None),
        ("", None),
        (None, None),
        (1709625600, None),
        (True, None),
        (["2024"], None),
    ],
)
def test_a_date_is_as_exact_as_it_is_given_and_none_where_it_cannot_be_told(
    given: object, expected: str | None
) -> None:
    assert date(given) == expected


def test_names_stand_in_lists_or_between_semicolons_and_each_counts_once() -> None:
    assert names("Li Wei; Wang Fang、李伟;Li Wei;") == ("Li Wei", "Wang Fang", "李伟")
    assert names(["Li Wei", {"name": "Wang Fang"}, None, 5, " "]) == ("Li Wei", "Wang Fang")
    assert names("Wei, Li") == ("Wei, Li",)
    assert names({"a": 1}) == names(None) == ()


def test_a_name_is_one_line_of_what_can_be_seen_and_not_a_text() -> None:
    assert one_line(" Caixin\n \u200bGlobal\U000f0000 \ud800") == "Caixin Global"
    assert one_line("x" * 400) is one_line(5) is one_line("\u200b") is None


def test_only_what_a_browser_can_open_is_an_address() -> None:
    assert address(" https://example.org/a ") == "https://example.org/a"
    assert address("example.org") is address("javascript:alert(1)") is address(5) is None


def test_the_first_line_of_a_text_is_its_title_unless_it_is_long() -> None:
    assert opening("\n## Plants \nSMIC") == "Plants"
    assert opening("word " * 50) is opening("") is None
