"""What stands between a file and a `Document`: its text as found, what it says of itself, what cleaning took out.

Loaders of formats make `Loaded`s of bytes; the steps of cleaning take a text and give it back with what they removed.
"""

from dataclasses import dataclass, field

from shanghai_qa.values import Tier

PAGE = "\U000f0000"
"""Stands in a loaded text right before the first character of each page; no text that is loaded has it otherwise."""


@dataclass(frozen=True)
class Removed:
    """Words that cleaning took out of a text, and why; `line`, from 1, is where they stood in the text as loaded."""

    text: str
    why: str
    line: int


@dataclass(frozen=True)
class Facts:
    """What is known of a source; None and () where nothing is. Fields as those of `Document`."""

    title: str | None = None
    publisher: str | None = None
    authors: tuple[str, ...] = ()
    url: str | None = None
    published: str | None = None
    tier: Tier | None = None
    topics: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    def over(self, other: "Facts") -> "Facts":
        """These, and those of `other` where these say nothing."""
        return Facts(**{name: mine or vars(other)[name] for name, mine in vars(self).items()})


@dataclass(frozen=True)
class Loaded:
    """One text of a file: paragraphs and headings ("## …") as in Markdown, `PAGE` marks where the file has pages.

    `facts` are those that the file gives of itself. `removed` is what the loader knew to be no text of the document.
    """

    text: str
    facts: Facts = field(default_factory=Facts)
    removed: tuple[Removed, ...] = ()
