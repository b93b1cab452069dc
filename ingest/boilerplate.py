"""Takes out of a text the lines that belong to the web page it was saved from: menus, cookie notices, share bars.

A text goes in; out comes the text without such lines, and a list of them. Only whole lines go, and only those that
`data/boilerplate.yaml` knows as a whole: a sentence about cookies is none. Short names such as "Technology" go as part
of a menu, never on their own. Headings and rows of tables stay.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import groupby

import yaml

from ingest.loaded import PAGE, Removed

_LONGEST = 500  # characters; a longer line is no furniture
_MOST_PASSES = 8
_LEAST_OF_A_MENU = 3  # lines
_SHORT_CHARS = 24  # at most, of a line that may be of a menu that holds better known ones
_STOPS = re.compile("[.!?。！？，；：,;:]")


def without_boilerplate(text: str) -> tuple[str, tuple[Removed, ...]]:
    """The text without lines of the page around it, and each of these with its reason and line, in their order.

    All other lines are as they were, blank ones too. Doing it again changes nothing.
    """
    rows = list(enumerate(text.split("\n"), start=1))
    removed: list[Removed] = []
    for _ in range(_MOST_PASSES):
        whys = dict(_found([_kind(row) if len(row) <= _LONGEST else _TEXT for _, row in rows]))
        if not whys:
            break
        removed += (Removed(rows[place][1].strip(), why, rows[place][0]) for place, why in whys.items())
        rows = [row for place, row in enumerate(rows) if place not in whys]
    removed.sort(key=lambda one: one.line)
    return ("\n".join(row for _, row in rows) if removed else text), tuple(removed)


@dataclass(frozen=True)
class _Known:
    """What lines are known by: patterns of whole ones, and the names that menus consist of."""

    lines: re.Pattern[str]
    not_with: re.Pattern[str]
    names: frozenset[str]
    sure_names: frozenset[str]  # those of `names` that make a menu of others
    languages: frozenset[str]


@cache
def _known() -> _Known:
    data = yaml.safe_load(files("ingest").joinpath("data/boilerplate.yaml").read_text(encoding="utf-8"))
    kinds = ("menu", "menu_surely", "networks", "doings", "languages")
    names = {kind: frozenset(name.strip() for name in data[kind].split("|")) for kind in kinds}
    return _Known(
        re.compile("|".join(f"(?:{line})" for line in data["lines"])),
        re.compile(data["not_with"]),
        frozenset().union(*names.values()),
        names["menu_surely"] | names["doings"],
        names["languages"],
    )


# What a line may be; a name that is furniture on its own too is of the last kind.
_BLANK, _TEXT, _FURNITURE, _SHORT, _NAME, _SURE_NAME, _FURNISHING_NAME = range(7)


def _found(kinds: Sequence[int]) -> Iterator[tuple[int, str]]:
    """The places of lines that must go, and why: furniture, and names that make a menu."""
    for is_text, run in groupby(range(len(kinds)), key=lambda place: kinds[place] == _TEXT):
        if is_text:
            continue
        places = list(run)
        menus = _menus([place for place in places if kinds[place] >= _SHORT], kinds)
        for place in places:
            if place in menus:
                yield place, "a menu"
            elif kinds[place] in (_FURNITURE, _FURNISHING_NAME):
                yield place, "a line of the page around the text"


def _menus(lines: Sequence[int], kinds: Sequence[int]) -> set[int]:
    """The places, of lines in a row, that make menus: three names or more, one of them sure to be of a menu.

    Other short lines between names are of the menu too where there are few of them.
    """
    named = [place for place in lines if kinds[place] >= _NAME]
    if not named:
        return set()
    whole = [place for place in lines if named[0] <= place <= named[-1]]
    runs = [whole]
    if (len(whole) - len(named)) * 3 >= len(named):
        runs = [list(run) for short, run in groupby(whole, key=lambda place: kinds[place] == _SHORT) if not short]
    return {place for run in runs if _is_long_menu([kinds[place] for place in run]) for place in run}


def _is_long_menu(kinds: Sequence[int]) -> bool:
    return sum(kind >= _NAME for kind in kinds) >= _LEAST_OF_A_MENU and max(kinds) >= _SURE_NAME


_MARK = re.compile(r"^(?:[-–—*•+]|\d{1,2}[.)])\s+")
_LINK = re.compile(r"\[([^\[\]\n]{0,200})\]\([^()\n]{0,500}\)")
_ORNAMENTS = " \t\r\u3000\xa0\u200b\ufeff»«›‹→←>|·•*#…▼▲▶☰↑↓" + PAGE
_BETWEEN = re.compile(r"\s*(?:>>?|»|›|/|::?|→|[|｜·•—])\s*|[ 　]{2,}")


@lru_cache(maxsize=4096)
def _kind(row: str) -> int:
    if not row.strip():
        return _BLANK
    if row.lstrip().startswith("#") or PAGE in row or (row.count("|") > 1 and row.strip()[0] == row.strip()[-1] == "|"):
        return _TEXT
    known = _known()
    line = _LINK.sub(r"\1", _MARK.sub("", row.strip(), count=1)).strip(_ORNAMENTS).lower()
    if not line:
        return _TEXT
    bare = line.rstrip(".!。")
    known_line = known.lines.fullmatch(line) or (bare != line and known.lines.fullmatch(bare))
    if known_line and not known.not_with.search(line):
        return _FURNISHING_NAME if line in known.names else _FURNITURE
    if line.rstrip(":：") in known.names:
        return _SURE_NAME if line.rstrip(":：") in known.sure_names else _NAME
    if _is_menu(line):
        return _FURNITURE
    return _SHORT if len(line) <= _SHORT_CHARS and len(line.split()) <= 3 and not _STOPS.search(line) else _TEXT


def _is_menu(line: str) -> bool:
    """Whether a line is a menu in one row: "Home | News | Contact us", "Home > News", "登录 注册"."""
    known = _known()
    parts = [part for part in _BETWEEN.split(line) if part]
    apart = len(parts) > 1
    parts = parts if apart else line.split()
    names = sum(part in known.names for part in parts)
    if len(parts) < 2 or not names:
        return False
    if apart and all(part in known.languages for part in parts):
        return True
    trail = parts[0] in _HOME and _TRAIL.search(line) is not None and len(parts) <= 6 and len(line) <= 120
    enough = names * 3 >= len(parts) * 2 if apart else names == len(parts)
    return any(part in known.sure_names for part in parts) and (enough or trail)


_HOME = frozenset(("home", "首页", "网站首页", "主页"))
_TRAIL = re.compile("[>»›/→]")
