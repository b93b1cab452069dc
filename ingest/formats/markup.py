"""From HTML, and the simpler markup that trafilatura makes of it, to paragraphs and headings as in Markdown."""

import re

from lxml import etree, html

from ingest.loaded import PAGE

_LEFT_OUT = "script style template noscript svg math iframe object canvas audio video form nav".split()
_NO_TEXT = (etree.Comment, etree.ProcessingInstruction, etree.Entity, *(f"{{*}}{name}" for name in _LEFT_OUT))
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font hi i img graphic ins kbd label mark q ref rp rt ruby "
    "s samp small span strike strong sub sup time tt u var wbr".split()
)
_HEADINGS = re.compile("h([1-6])")
_ITEMS = frozenset(("li", "item", "dt", "dd"))
_ROWS = frozenset(("tr", "row"))
_CELLS = frozenset(("td", "th", "cell"))
_CHINESE = "\u3001-\u3029\u3030-\u303f\u3400-\u9fff\uff01-\uffee"
_WRAPPED_CHINESE = re.compile(rf"(?<=[{_CHINESE}])[^\S\n]*\n\s*(?=[{_CHINESE}])")


def body(text: str) -> etree._Element:
    """The body of a page: read as XHTML where it is that, else as browsers read HTML. Nothing is fetched for it."""
    data = re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode("utf-8", "replace")
    try:
        tree = etree.fromstring(data, etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        tree = html.document_fromstring(data, parser=html.HTMLParser(encoding="utf-8", no_network=True))
    found = tree.find(".//{*}body")
    return tree if found is None else found


def markdown(tree: etree._Element) -> str:
    """The text of a tree, which is changed, a blank line between blocks; a row of a table is "| one | two |"."""
    etree.strip_elements(tree, *_NO_TEXT, with_tail=False)
    blocks: list[str] = []
    words: list[str] = []
    opening = ""  # of the block that is open
    rows = 0  # that are open: what stands in a cell makes no block of its own

    def end() -> bool:
        text = " ".join(_WRAPPED_CHINESE.sub("", "".join(words).replace(PAGE, "")).split())
        words.clear()
        if text.strip("| "):
            blocks.append(opening + text)
        return bool(text)

    for event, element in etree.iterwalk(tree, events=("start", "end")):
        name = etree.QName(element).localname
        if event == "start":
            if rows and name not in _INLINE:
                words.append(" | " if name in _CELLS else " ")
            elif name not in _INLINE:
                pending = "" if end() else opening
                opening = _opening(element, name) or pending
            rows += name in _ROWS
            words.append(element.text or "")
        else:
            rows -= name in _ROWS
            if not rows and name not in _INLINE:
                words.append(" |" if name in _ROWS else "")
                end()
                opening = ""
            words.append(element.tail or "")
    end()
    return "\n\n".join(blocks)


def _opening(element: etree._Element, name: str) -> str:
    heading = _HEADINGS.fullmatch(str(element.get("rend")) if name == "head" else name)
    return "#" * int(heading[1]) + " " if heading else "- " if name in _ITEMS else ""
