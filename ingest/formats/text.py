"""Plain text, of which nothing is known but what it says."""

import re
from collections.abc import Iterator

from ingest.formats.file import File
from ingest.loaded import PAGE, Loaded

_WIDE = 120  # characters; no text is wrapped to longer lines
_ENOUGH = 0.1  # of the lines


def load(file: File) -> Iterator[tuple[str, Loaded]]:
    yield "", Loaded(paragraphs(file.text().replace(PAGE, "")))


def paragraphs(text: str) -> str:
    """The text with a blank line below each line, if these are paragraphs; wrapped lines stay as they are."""
    lengths = [len(line) for line in text.splitlines() if line.strip()]
    wide = sum(length > _WIDE for length in lengths)
    return re.sub(r"\n+", "\n\n", text) if len(lengths) > 1 and wide >= _ENOUGH * len(lengths) else text
