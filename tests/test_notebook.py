"""The notebook in `examples` runs from top to bottom, and shows what it prints. Renew what it shows with:

python -m tests.test_notebook
"""

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from shanghai_qa.settings import PREFIX

NOTEBOOK = Path(__file__).parents[1] / "examples" / "research.ipynb"


def read() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]


def executed(**more: str) -> Any:
    """The notebook after a run in a kernel of its own, without what went to stderr; CellExecutionError if one fails."""
    notebook = read()
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", record_timing=False)
    client.execute(env=os.environ | more)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    return notebook


def shown(notebook: Any) -> list[str]:
    """The plain text that each cell of code shows."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return ["".join(output.get("text") or output["data"]["text/plain"] for output in cell.outputs) for cell in cells]


@pytest.mark.corpus
def test_the_notebook_shows_what_it_prints(index: Path) -> None:
    assert shown(executed(**{f"{PREFIX}INDEX": str(index)})) == shown(read())


if __name__ == "__main__":
    nbformat.write(executed(), NOTEBOOK)  # type: ignore[no-untyped-call]
