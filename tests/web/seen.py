"""A piece of HTML as tests look at it."""

from html.parser import HTMLParser


class Seen(HTMLParser):
    """The tags, the attributes and the text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        """Without the line ends of the templates."""
        return "".join(self.words).replace("\n", "")

    @property
    def spaced(self) -> str:
        """With one blank wherever there is one or an element ends."""
        return " ".join(" ".join(self.words).split())

    @property
    def links(self) -> list[str]:
        return [value or "" for name, value in self.attributes if name == "href"]
