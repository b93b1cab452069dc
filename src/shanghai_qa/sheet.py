"""The first sheet of an XLSX workbook as rows of text, and back. The only module that knows openpyxl.

Nothing is computed on either way: a formula is read as what it says, and no text is written as one.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from shanghai_qa.errors import InputError

_LONGEST_CELL = 32_767  # characters; the format's own limit
_WIDEST = 60  # of a column, in characters
_TEXT = "@"  # Excel's format of a cell that stays text when it is edited


def read_sheet(path: Path) -> list[tuple[str, ...]]:
    """The rows of the first sheet as text, each as long as the longest, an empty cell as ""; InputError if none can be.

    A whole number is read without a decimal point.
    """
    try:
        book = load_workbook(path, read_only=True, data_only=False)
        try:
            rows = [tuple("" if v is None else str(v) for v in row) for row in book.worksheets[0].values]
        finally:
            book.close()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except Exception as error:  # openpyxl lets through whatever zipfile, the XML parser and its own code raise
        raise InputError(f"{path} is no XLSX workbook; save it as one, or as CSV in UTF-8") from error
    width = max(map(len, rows), default=0)
    return [row + ("",) * (width - len(row)) for row in rows]


def write_sheet(path: Path, title: str, rows: Iterable[Sequence[str]]) -> None:
    """Write rows of text, the first of them the header, to a workbook of one sheet; what is there is replaced whole.

    Control characters, which the format lacks, are left out, and a cell longer than it allows ends in "…".
    """
    cells = [[cell_text(value) for value in row] for row in rows]
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for column, values in enumerate(zip(*cells, strict=True), start=1):
        sheet.column_dimensions[get_column_letter(column)].width = min(max(map(len, values)) + 2, _WIDEST)

    def styled(row: Sequence[str], header: bool) -> Iterator[Any]:
        for value in row:
            cell = WriteOnlyCell(sheet, value)
            cell.data_type = "s"  # else "=…" would be a formula and "#N/A" an error
            cell.number_format = _TEXT
            cell.alignment = Alignment(vertical="top", wrap_text=not header)
            cell.font = Font(bold=header)
            yield cell

    for number, row in enumerate(cells):
        sheet.append(styled(row, header=number == 0))
    aside = path.with_name(f".{path.name}.new")
    book.save(aside)
    aside.replace(path)


def cell_text(value: str) -> str:
    """A text as a cell gives it back: ends of lines as line feeds, without what the format lacks."""
    text = ILLEGAL_CHARACTERS_RE.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"
