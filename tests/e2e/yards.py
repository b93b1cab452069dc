"""Small made-up documents, and indices of them that are made and asked in this process, in a second."""

from collections.abc import Sequence
from pathlib import Path

from ingest.publish import Summary, build
from shanghai_qa.assistant import Assistant
from shanghai_qa.settings import Settings
from shanghai_qa.store import Index
from shanghai_qa.values import Document
from tests.samples import document

CRANES = {"North": "418 cranes", "East": "77 cranes", "South": "95 cranes"}


def yard(name: str) -> Document:
    text = f"# The {name} Yard\n\n## Cranes\nThe {name} Yard in Lingang runs {CRANES[name]} in 2031."
    return document(id=f"trade/{name.lower()}", title=f"The {name} Yard", topics=("trade",), text=text)


NORTH, EAST, SOUTH = map(yard, CRANES)


def put(folder: Path, documents: Sequence[Document], store: str | None = None) -> Summary:
    """Make the index in `folder` hold exactly `documents`."""
    return build(documents, Index(folder), Settings(), store)


def opened(folder: Path) -> Assistant:
    return Assistant.open(folder, Settings())


def told(assistant: Assistant, name: str) -> str | None:
    """How many cranes the yard of that name runs, as the assistant answers."""
    return assistant.ask(f"How many cranes does the {name} Yard run?").direct_answer
