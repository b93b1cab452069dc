"""What files say of themselves in words of their own, made into facts: what cannot be one counts as not said."""

import re
from collections.abc import Iterable
from datetime import date as day
from urllib.parse import urlsplit

from ingest.clean import normalise
from ingest.loaded import PAGE, Facts

LONGEST_TITLE = 200  # characters; a longer first line is no title
_LONGEST_NAME = 300
_NAMES_OF_MONTHS = (
    "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
    "sep sept september", "oct october", "nov november", "dec december",
)  # fmt: skip
_MONTHS = {name: number for number, names in enumerate(_NAMES_OF_MONTHS, start=1) for name in names.split()}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{1,2})(?:-(?P<day>[0-9]{1,2}))?)?(?:[T ][0-9].*)?",
        r"(?P<year>[0-9]{4})[/.](?P<month>[0-9]{1,2})(?:[/.](?P<day>[0-9]{1,2}))?(?: [0-9].*)?",
        r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
        r"(?P<year>[0-9]{4})\s*年\s*(?:(?P<month>[0-9]{1,2})\s*月\s*(?:(?P<day>[0-9]{1,2})\s*[日号])?)?.*",
        rf"(?:[a-z]+,? )?(?P<day>[0-9][0-9]?)(?:st|nd|rd|th)?[ -](?P<month>{_MONTH})\.?,?[ -](?P<year>[0-9]{{4}})\b.*",
        rf"(?:[a-z]+,? )?(?P<month>{_MONTH})\.? (?P<day>[0-9][0-9]?)(?:st|nd|rd|th)?,? (?P<year>[0-9]{{4}})\b.*",
        rf"(?P<month>{_MONTH})\.?,? (?P<year>[0-9]{{4}})",
    )
)
"""2024, 2024-03, 2024-03-05T08:00Z; 2024/3/5; 20240305; 2024年3月5日; 5 March 2024; March 5, 2024; March 2024.

03/05/2024 is none of them: it is two days in two countries.
"""


def said(
    title: object = None,
    publisher: object = None,
    authors: object = None,
    url: object = None,
    published: object = None,
) -> Facts:
    """Facts of what a file gives, whatever that is."""
    return Facts(
        title=one_line(title), publisher=one_line(publisher), authors=names(authors), url=address(url),
        published=date(published),
    )  # fmt: skip


def one_line(value: object) -> str | None:
    """The text on one line without what cannot be seen; None where there is none, or too much for a name."""
    if not isinstance(value, str):
        return None
    text = " ".join(normalise(value[: _LONGEST_NAME * 10]).replace(PAGE, "").split())
    return text if 0 < len(text) <= _LONGEST_NAME else None


def names(value: object) -> tuple[str, ...]:
    """Names in a list, or in a text with semicolons between them, each once. A comma may stand within a name."""
    parts: Iterable[object] = re.split("[;；、\n]", value) if isinstance(value, str) else ()
    if isinstance(value, list | tuple):
        parts = (one.get("name") if isinstance(one, dict) else one for one in value)
    return tuple(dict.fromkeys(filter(None, map(one_line, parts))))


def address(value: object) -> str | None:
    text = one_line(value)
    return text if text and is_address(text) else None


def date(value: object) -> str | None:
    """The date as YYYY, YYYY-MM or YYYY-MM-DD, as exact as it is given; None where it cannot be told."""
    text = str(value) if isinstance(value, int) else one_line(value)
    for pattern in _DATES if text else ():
        if found := pattern.fullmatch(text or ""):
            parts = (found.groupdict().get(part) for part in ("year", "month", "day"))
            written = "-".join(f"{_MONTHS.get(part.lower()) or int(part):02}" for part in parts if part)
            return written if is_date(written) else None
    return None


def is_address(text: str) -> bool:
    """Whether a browser can open it: http or https, with a host."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r'[\s<>"]', text)


def is_date(text: str) -> bool:
    """Whether it is a day, month or year that there is, as YYYY-MM-DD, YYYY-MM or YYYY."""
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", text):
        return False
    try:
        day.fromisoformat((text + "-01-01")[:10])
    except ValueError:
        return False
    return True


def opening(text: str) -> str | None:
    """The first line of a text, which is its title unless it is too long for one."""
    first = text.strip().split("\n", 1)[0].lstrip("#").strip()
    return one_line(first) if len(first) <= LONGEST_TITLE else None
