import pytest

from ingest.formats import load
from ingest.formats.layout import Line, flowing
from ingest.loaded import PAGE, Facts, Loaded
from shanghai_qa.errors import CorpusError
from tests.ingest.made import At, lines, pdf


def only(*pages: list[At], **options: object) -> Loaded:
    ((_, loaded),) = load("a.pdf", pdf(*pages, **options))  # type: ignore[arg-type]
    return loaded


FULL = "SMIC makes chips in the city of Shanghai and sells them"  # a full line


def test_the_lines_of_a_paragraph_are_one_and_each_page_has_its_mark() -> None:
    text = only(lines(FULL, "to the world."), lines("Hua Hong does too.")).text
    assert text == f"{PAGE}{FULL} to the world.\n\n{PAGE}Hua Hong does too."


def test_a_paragraph_goes_on_over_the_end_of_a_page_and_over_an_empty_one() -> None:
    assert only(lines(FULL), [], lines("to the world.")).text == f"{PAGE}{FULL} {PAGE}{PAGE}to the world."


def test_chinese_lines_are_joined_without_a_blank() -> None:
    assert (
        only(lines("中芯国际在上海生产", "芯片。"), lines("华虹也是。")).text
        == f"{PAGE}中芯国际在上海生产芯片。\n\n{PAGE}华虹也是。"
    )


def test_a_paragraph_ends_where_lines_stand_further_apart_or_a_full_stop_leaves_the_line_short() -> None:
    apart = lines(FULL, f"{FULL}.", FULL) + lines("Hua Hong lies in Lingang.", top=620)
    assert only(apart).text.split("\n\n")[1:] == ["Hua Hong lies in Lingang."]
    short = lines(FULL, FULL, "to the world.", FULL, "too.")
    assert only(short).text == f"{PAGE}{FULL} {FULL} to the world.\n\n{FULL} too."


def test_lines_that_are_larger_or_bold_are_headings_the_largest_on_top() -> None:
    page = [
        (72.0, 700.0, 20.0, "Report"),
        (72.0, 660.0, 14.0, "Plants of"),
        (72.0, 643.0, 14.0, "SMIC"),
        *lines(FULL, f"{FULL}.", top=620),
        (72.0, 570.0, 10.0, "Funds"),
        *lines(f"{FULL}.", top=540),
    ]
    text = only(page, bold=["Funds"]).text
    assert text == f"{PAGE}# Report\n\n## Plants of SMIC\n\n{FULL} {FULL}.\n\n### Funds\n\n{FULL}."


def test_list_items_and_rows_of_figures_stay_apart() -> None:
    page = lines("Plants are:", "• one in Lingang", "• one in Pudong", "Revenue 8,030 6,322", "Profit 493 (902)")
    assert only(page).text.split("\n\n")[1:] == [
        "• one in Lingang",
        "• one in Pudong",
        "Revenue 8,030 6,322",
        "Profit 493 (902)",
    ]


def test_a_word_broken_by_a_hyphen_is_whole_again_and_a_compound_keeps_its_hyphen() -> None:
    assert "makes semiconductors in" in only(lines("The company makes semi-", "conductors in Shanghai.")).text
    compound = lines("A state-owned fund and another state-", "owned fund bought it.")
    assert "another state-owned fund" in only(compound).text
    two_words = lines("The state of a plant owned by a state-", "owned fund is good.")
    assert "a state-owned fund" in only(two_words).text
    assert "from 2020- 2024" in only(lines("The plan ran from 2020-", "2024 in all.")).text


def test_a_word_broken_over_two_pages_is_whole_with_the_mark_in_it() -> None:
    assert (
        only(lines("The company makes semi-"), lines("conductors.")).text
        == f"{PAGE}The company makes semi{PAGE}conductors."
    )


def test_what_is_drawn_for_letters_is_written_in_letters() -> None:
    assert only(lines("The ﬁrst oﬃce of ⽤⼈.")).text == f"{PAGE}The first office of 用人."
    assert only(lines("增⻓的⻢⻋")).text == f"{PAGE}增长的马车"


def test_chinese_that_is_spread_over_its_line_has_no_blanks_and_a_list_of_names_keeps_them() -> None:
    assert only(lines("SMIC (中 芯 国 际 ) is one.")).text == f"{PAGE}SMIC (中芯国际) is one."
    assert only(lines("王传福 李柯 张 三")).text == f"{PAGE}王传福 李柯 张 三"


def test_running_heads_and_page_numbers_are_left_out_and_listed() -> None:
    pages = [
        [*lines("SMIC report", top=760), *lines(f"Text {word}.", top=600), *lines(f"Page {number} of 4", top=40)]
        for number, word in enumerate(["one", "two", "three", "four"], start=1)
    ]
    loaded = only(*pages)
    assert loaded.text == "\n\n".join(f"{PAGE}Text {word}." for word in ["one", "two", "three", "four"])
    assert [(one.text, one.line) for one in loaded.removed[:4]] == [
        ("SMIC report", 1), ("Page 1 of 4", 1), ("SMIC report", 3), ("Page 2 of 4", 3),
    ]  # fmt: skip
    assert len(loaded.removed) == 8


def test_figures_that_do_not_count_pages_and_lines_in_the_middle_stay() -> None:
    figures = [lines(f"{figure}") for figure in (17, 4, 250)]
    assert only(*figures).removed == ()
    middle = [lines("a", "b", "c", "Same line.", "d", "e", f"{letter}") for letter in "xyz"]
    assert "Same line." in only(*middle).text


def test_a_single_page_has_no_running_heads() -> None:
    assert only(lines("1", "1")).removed == ()


def test_the_head_of_a_pdf_gives_title_and_author_but_no_date_and_no_name_of_a_file() -> None:
    assert only(lines("Text."), title="Plants of SMIC").facts == Facts(title="Plants of SMIC", authors=("Li Wei",))
    assert only(lines("Text."), title="Microsoft Word - report.docx").facts.title is None


def test_a_pdf_opens_without_a_password_or_says_that_it_does_not() -> None:
    assert only(lines("Text."), password="").text == f"{PAGE}Text."
    with pytest.raises(CorpusError, match=r"^is encrypted; save it without a password$"):
        only(lines("Text."), password="secret")


def test_pages_without_any_text_give_none() -> None:
    assert only([], []).text == PAGE * 2
    assert flowing([]) == ("", ())
    assert flowing([[Line("Text.")]]) == (f"{PAGE}Text.", ())
