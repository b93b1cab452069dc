"""Markdown, with or without front matter: YAML between two lines of "---", the first of them the first of the file."""

from collections.abc import Iterator
from dataclasses import dataclass

from ingest.clean import normalise
from ingest.formats.file import Digest, File, LineError
from ingest.formats.front import Front, front
from ingest.loaded import PAGE, Loaded


@dataclass(frozen=True)
class Parts:
    """`body` is the text below the front matter and begins on line `line`; `front` is None where there is none.

    Front matter that never `ends` leaves no body.
    """

    front: Front | None
    body: str
    line: int
    ends: bool = True


def load(file: File) -> Iterator[tuple[str, Loaded]]:
    parts = split(normalise(file.text()).replace(PAGE, ""))
    if parts.front is None:
        yield "", Loaded(parts.body)
        return
    for line, what, expected in sorted(parts.front.wrong):
        raise LineError(line, f"{what}; {expected}")
    yield "", Digest(parts.body, parts.front.facts)


def split(text: str) -> Parts:
    """The parts of a normalised text."""
    rows = text.split("\n")
    fences = [number for number, row in enumerate(rows) if row.rstrip() == "---"][:2]
    if fences[:1] != [0]:
        return Parts(None, text, 1)
    if len(fences) < 2:
        unended = (1, "the front matter does not end", "expected --- alone on a line below it")
        return Parts(Front(wrong=(unended,)), "", 1, ends=False)
    return Parts(front("\n".join(rows[1 : fences[1]]), 2), "\n".join(rows[fences[1] + 1 :]), fences[1] + 2)
