import random
import unicodedata

import pytest

from ingest.clean import clean, normalise, without_pages
from ingest.loaded import PAGE


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("", ""),
        (" \n\n ", ""),
        ("One line.", "One line."),
        ("SMIC makes\nchips  \n\tin Shanghai.\n", "SMIC makes chips in Shanghai."),
        ("张江是\n一个园区。", "张江是一个园区。"),
        ("在张江\nSMIC", "在张江 SMIC"),
        ("Zhangjiang\n(张江)", "Zhangjiang (张江)"),
        ("One.\n\n\n\nTwo.", "One.\n\nTwo."),
        (
            "# Title\n\n## Part\nText goes\non.\n### Deeper\nMore.",
            "# Title\n\n## Part\nText goes on.\n### Deeper\nMore.",
        ),
        (
            "Two things:\n- one\n  thing\n* two\n1. first\n2. second",
            "Two things:\n- one thing\n* two\n1. first\n2. second",
        ),
        ("Exports grew to\n12. In 2025", "Exports grew to 12. In 2025"),
        ("| a | b |\n| c | d |\nText.", "| a | b |\n| c | d |\nText."),
        ("One.\n---\nTwo.", "One.\n---\nTwo."),
        ("a\r\nb\rc\u2028d", "a b c d"),
        ("zero\u200bwidth\ufeff, soft\xadhyphen, bell\x07, no\xa0break", "zerowidth, softhyphen, bell, no break"),
        ("e\u0301lan", "\xe9lan"),
        ("**Bold** and [a link](https://example.org) stay.", "**Bold** and [a link](https://example.org) stay."),
    ],
)
def test_text_is_unwrapped_and_stripped_and_nothing_else(body: str, text: str) -> None:
    assert clean(body) == text


@pytest.mark.parametrize(
    ("body", "text", "pages"),
    [
        (f"{PAGE}One.\n\n{PAGE}Two.", "One.\n\nTwo.", (0, 6)),
        (f"{PAGE}The fund\nof {PAGE}Pudong.", "The fund of Pudong.", (0, 12)),
        (f"{PAGE}The fund of\n{PAGE}Pudong.", "The fund of Pudong.", (0, 12)),
        (f"中芯\n{PAGE}国际", "中芯国际", (2,)),
        (f"semi{PAGE}conductor", "semiconductor", (4,)),
        (f"{PAGE} \n\n{PAGE}\n# Plants\n{PAGE}- one", "# Plants\n- one", (0, 0, 9)),
        (f"One.\n\n{PAGE}\n{PAGE} ", "One.", ()),
        (f"e{PAGE}\u0301lan {PAGE}x", "\xe9lan x", (0, 5)),
        (f"{PAGE}", "", ()),
    ],
)
def test_marks_of_pages_keep_their_place_before_what_can_be_seen(body: str, text: str, pages: tuple[int, ...]) -> None:
    assert without_pages(clean(body)) == (text, pages)


def test_marks_of_pages_change_no_text_and_stand_in_order_before_characters_that_can_be_seen() -> None:
    dice = random.Random(9)
    for body in bodies():
        marked = body
        for _ in range(dice.randrange(4)):
            at = dice.randrange(len(marked) + 1)
            marked = marked[:at] + PAGE + marked[at:]
        text, pages = without_pages(clean(marked))
        assert text == clean(body), repr(marked)
        assert clean(clean(marked)) == clean(marked), repr(marked)
        assert list(pages) == sorted(pages)
        assert not any(text[page].isspace() for page in pages), repr(marked)


def bodies() -> list[str]:
    """Bodies of all that cleaning looks at, thrown together."""
    dice = random.Random(7)
    pieces = [
        *"a张。か\u3099e\u0301 \t\n\n\r\x07\xa0\u200b\u2028",
        "# ",
        "- ",
        "1. ",
        "12. ",
        "12",
        ".",
        "---",
        "--",
        "|",
        "\n\n",
    ]
    return ["".join(dice.choices(pieces, k=dice.randrange(25))) for _ in range(3000)]


def test_cleaning_twice_is_cleaning_once() -> None:
    for body in bodies():
        assert clean(clean(body)) == clean(body), repr(body)


def test_cleaning_changes_nothing_but_blanks_once_normalised() -> None:
    for body in bodies():
        assert "".join(clean(body).split()) == "".join(normalise(body).split()), repr(body)


def test_clean_text_is_in_nfc_with_no_blanks_at_the_ends_of_lines() -> None:
    for body in bodies():
        text = clean(body)
        assert text == unicodedata.normalize("NFC", text)
        assert all(line == line.strip() for line in text.split("\n"))
        assert "\n\n\n" not in text
