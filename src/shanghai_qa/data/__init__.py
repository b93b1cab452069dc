"""The small curated files that ship: one entry a line, comments behind a hash sign."""

from importlib import resources


def lines(name: str) -> list[str]:
    """The entries of the file of that name, in order."""
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
