from pathlib import Path

from openpyxl import load_workbook

from shanghai_qa.sheet import cell_text, read_sheet, write_sheet


def test_what_is_written_is_read_and_no_cell_is_a_formula(tmp_path: Path) -> None:
    rows = [("id", "question"), ("1", '=HYPERLINK("http://a")'), ("", "上海\n#N/A"), ("#N/A", "@x")]
    write_sheet(tmp_path / "a.xlsx", "answers", rows)
    assert read_sheet(tmp_path / "a.xlsx") == rows
    cells = [cell for row in load_workbook(tmp_path / "a.xlsx")["answers"] for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]


def test_what_the_format_lacks_is_left_out(tmp_path: Path) -> None:
    odd = ("a\x00\x0bb", "\ud800", "x" * 40_000, "one\r\ntwo\rthree")
    given = ("ab", "\\ud800", "x" * 32_766 + "…", "one\ntwo\nthree")
    assert tuple(map(cell_text, odd)) == given
    write_sheet(tmp_path / "a.xlsx", "answers", [odd])
    assert read_sheet(tmp_path / "a.xlsx") == [given]


def test_short_rows_are_filled_and_a_sheet_of_nothing_has_none(tmp_path: Path) -> None:
    write_sheet(tmp_path / "a.xlsx", "answers", [])
    assert read_sheet(tmp_path / "a.xlsx") == []
