"""Pages beside the conversation: a template and values in, HTML out, in the reader's language.

Every value is escaped by the template engine. A `View` says where addresses begin, so that a page works behind a proxy
and in either language: the English pages lie at the root, the Chinese ones under `zh/`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

LANGUAGES = {"en": "English", "zh": "中文"}

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class View:
    """Who looks from where: `base` is the path of the server's root, without the closing slash; "en" or "zh"."""

    base: str = ""
    language: str = "en"

    @property
    def root(self) -> str:
        """What the addresses of this language begin with, without the closing slash."""
        return self.base if self.language == "en" else f"{self.base}/{self.language}"

    @property
    def other(self) -> "View":
        """The same in the other language."""
        return View(self.base, "zh" if self.language == "en" else "en")


@dataclass(frozen=True)
class FramePhrases:
    """What stands around every page."""

    ask: str
    sources: str
    explore: str
    pages: str
    skip: str


FRAME = {
    "en": FramePhrases("Ask", "Sources", "Explore", "Pages", "Skip to the content"),
    "zh": FramePhrases("提问", "来源", "图览", "页面", "跳到正文"),
}


def page(template: str, view: View, path: str, title: str, **values: Any) -> Markup:
    """`template`, which extends `frame.html`, as a whole page; `path` is its own address below `view.root`."""
    return fragment(template, view, path=path, title=title, frame=FRAME[view.language], **values)


def fragment(template: str, view: View, **values: Any) -> Markup:
    """`template` filled in, without the frame."""
    return Markup(_TEMPLATES.get_template(template).render(view=view, languages=LANGUAGES, **values))


def notice(view: View, path: str, title: str, sentence: str) -> Markup:
    """A page that says one thing, such as that there is no such source."""
    return page("notice.html", view, path, title, sentence=sentence)
