"""Numbers, dates, and the words that ask for them, in Chinese: what they are in English, written as the corpus does."""

import re
from collections.abc import Callable, Iterator
from functools import cache

from shanghai_qa.glossary import Word, glossary
from shanghai_qa.mentions import MONTHS, SMALL


def readings(text: str, start: int) -> Iterator[tuple[int, float, tuple[Word, ...]]]:
    """What may begin at `start` of a clause: its length in characters, its worth, its words.

    A measure word is worth its own, and may be none: "多少人才" asks 多少 of 人才, not 多少人.
    """
    for pattern, meaning in _patterns():
        match = pattern.match(text, start)
        while match and match.end() > start:
            behind = max((match.start(name) for name in _BEHIND if name in pattern.groupindex), default=-1)
            if (words := meaning(match)) is not None:
                end = match.end()
                yield end - start, (end - start) ** 2 if behind < 0 else _worth(start, behind, end), words
            match = pattern.match(text, start, behind) if behind > start else None


_BEHIND = ("measure", "unit", "coin", "edge")


def _worth(start: int, behind: int, end: int) -> float:
    return (behind - start) ** 2 + (end - behind) ** 2 + 0.5


_Meaning = Callable[[re.Match[str]], tuple[Word, ...] | None]
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN = "".join(_DIGITS)
_TENS = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
_ORDERED = {
    "代": "generation", "期": "phase", "批": "batch of", "轮": "round", "届": "edition", "阶段": "stage",
    "季度": "quarter", "次": "time",
}  # fmt: skip


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], _Meaning], ...]:
    coin, unit, measure = (
        "|".join(sorted(map(re.escape, of), key=len, reverse=True))
        for of in (glossary().coins, glossary().units, glossary().measures)
    )
    counted = rf"(?:(?P<coin>{coin})|(?P<unit>{unit})|(?P<measure>{measure}))"
    scale = r"(?P<scale>[十百千]?万亿|[十百千万]?亿|[十百千]?万|[十百千])"
    number = rf"(?P<number>\d+(?:,\d{{3}})*(?:\.\d+)?|[{_HAN}十百千万亿]+(?:点[{_HAN}]+)?)"
    latin = r"[A-Za-z0-9][A-Za-z0-9_.+&'’/-]*"
    year = rf"(?:18|19|20)\d\d|[一二][{_HAN}]{{3}}"
    month = r"1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九]"
    part = (
        r"第?(?P<quarter>[一二三四1-4])季度|Q(?P<q>[1-4])|(?P<half>上半年|下半年|前三季度)|前(?P<months>[三六九369])个?月|"
        r"年?(?P<edge>底|末|初|中(?!国))"
    )
    date = (
        r"(?:截至|截止到?|(?P<by>直?到了?|至)|(?P<since>自从?|从)|早?在|于)?"
        rf"(?:(?P<year>{year})(?:年度?|财年|(?!\d))(?:(?:至|到|-|–|—)(?P<until>{year})年?)?)?"
        rf"(?:(?P<month>{month})月份?(?:(?P<day>[0-3]?\d|[一二三四五六七八九十]+)[日号])?)?(?:{part})?"
        r"(?P<before>之前|以前|前)?(?P<after>之后|以后|后)?(?P<on>以来|起)?"
    )
    patterns: tuple[tuple[str, _Meaning], ...] = (
        (rf"(?=\d*[A-Za-z]){latin}(?: (?!\d+年){latin})*", _latin),
        (rf"{number}(?:多|余|几)?{scale}?(?:多|余)?(?:{counted}|(?P<percent>%))?", _quantity),
        (rf"百分之{number}", _percent),
        (rf"第{number}{scale}?(?P<of>{'|'.join(_ORDERED)}|[个家名位大座届辆台架颗])?", _ordinal),
        (rf"{number}(?P<span>年|个月)(?:之前|以前|前)", _earlier),
        (rf"{number}号", _edition),
        (date, _date),
        (rf"(?:好?多少|好?几){scale}?{counted}?", _how_many),
        (rf"每(?:{number}|(?P<round>[百千万亿]))(?P<measure>{measure})?", _per),
        (rf"(?P<which>[哪这那该各某每])[一几两些]?(?P<measure>{measure})?", _which),
    )
    return tuple((re.compile(pattern), meaning) for pattern, meaning in patterns)


def _latin(match: re.Match[str]) -> tuple[Word, ...]:
    text = match[0].rstrip(".")
    is_name = any(c.isupper() for c in text) and text not in _ABBREVIATED
    return (Word("name" if is_name else "noun", text, chinese=text),)


_ABBREVIATED = frozenset("AI AR CEO CPU DUV EUV EV GDP GPU IP IPO IT R&D VR 5G 6G".split())


def _value(numeral: str) -> float:
    """What a numeral says, in digits or in Chinese: "1,087", "三千五百", "二〇二四", "三点五"."""
    if numeral[0].isdigit() and numeral[0].isascii():
        return float(numeral.replace(",", ""))
    whole, _, parts = numeral.partition("点")
    fraction = float("0." + "".join(str(_DIGITS[c]) for c in parts)) if parts else 0.0
    if all(c in _DIGITS for c in whole):
        return float("".join(str(_DIGITS[c]) for c in whole)) + fraction
    total = section = digit = 0
    for c in whole:
        if c in _DIGITS:
            digit = _DIGITS[c]
        elif _TENS[c] < 10**4:
            section, digit = section + max(digit, 1) * _TENS[c], 0
        else:
            total, section, digit = max(total + section + digit, 1) * _TENS[c], 0, 0
    return float(total + section + digit) + fraction


def _figure(value: float) -> str:
    """As the corpus writes it: "10,000", "1.5 million", "5.39 trillion"."""
    for size, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= size:
            return f"{round(value / size, 6):,.10g} {name}"
    return f"{round(value, 6):,.10g}"


def _quantity(match: re.Match[str]) -> tuple[Word, ...] | None:
    given, coin, unit, measure = match["number"], match["coin"], match["unit"], match["measure"]
    arabic = given[0].isascii()
    if not (arabic or coin or unit or measure or re.search("[十百千万亿].|.[十百千万亿]", given)):
        return None
    if not arabic and not any(c in _DIGITS or c == "十" for c in given):
        return None
    scale = 1.0
    for c in match["scale"] or "":
        scale *= _TENS[c]
    value = _value(given) * scale
    figure = _figure(value) if not arabic or match["scale"] or value >= 10**4 else given
    if coin:
        name = glossary().coins[coin]
        return (Word("number", f"{name}{figure}" if name.endswith(("$", "€", "£")) else f"{figure} {name}"),)
    if match["percent"]:
        return (Word("number", f"{figure} percent"),)
    if not arabic and value in SMALL.values() and not (unit and glossary().units[unit] in _PHYSICAL):
        figure = next(word for word, small in SMALL.items() if small == value)
    if unit:
        return (Word("number", f"{figure} {glossary().units[unit]}"),)
    return (Word("number", figure, noun=glossary().measures.get(measure, "")),)


_PHYSICAL = frozenset("nm micron inch metres kilometres megawatts kilowatts degrees".split())


def _percent(match: re.Match[str]) -> tuple[Word, ...]:
    return (Word("number", f"{_figure(_value(match['number']))} percent"),)


def _ordinal(match: re.Match[str]) -> tuple[Word, ...] | None:
    value = _value(match["number"])
    for c in match["scale"] or "":
        value *= _TENS[c]
    place = int(value)
    if place < 1:
        return None
    order = _ORDINALS[place - 1] if place <= len(_ORDINALS) else f"{_figure(value)}{_ending(place)}"
    return (Word("adjective", f"{order} {_ORDERED.get(match['of'], '')}".strip()),)


def _ending(place: int) -> str:
    regular = 10 < place % 100 < 14 or place >= 10**6
    return "th" if regular else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")


def _earlier(match: re.Match[str]) -> tuple[Word, ...]:
    value = int(_value(match["number"]))
    number = next((word for word, small in SMALL.items() if small == value), str(value))
    return (Word("time", f"{number} {'years' if match['span'] == '年' else 'months'} earlier"),)


def _edition(match: re.Match[str]) -> tuple[Word, ...]:
    return (Word("number", f"{_value(match['number']):.10g}"),)


def _date(match: re.Match[str]) -> tuple[Word, ...] | None:
    part = match.groupdict()
    if not (part["year"] or part["month"]):
        return None
    year = str(int(_value(part["year"]))) if part["year"] else ""
    preposition = "in"
    if part["until"]:
        return (Word("time", f"from {year} to {int(_value(part['until']))}"),)
    said = f"{MONTHS[int(_value(part['month'])) - 1].capitalize()} {year}".strip() if part["month"] else year
    if part["day"]:
        said, preposition = f"{int(_value(part['day']))} {said}", "on"
    if quarter := part["quarter"] or part["q"]:
        said = f"the {_ORDINALS[int(_value(quarter)) - 1]} quarter of {said}"
    elif part["half"]:
        said = f"the {_HALVES[part['half']]} of {said}"
    elif part["months"]:
        said = f"the first {_MONTHS_RUN[int(_value(part['months']))]} months of {said}"
    elif part["edge"]:
        said = f"{_EDGES[part['edge']]} {said}"
        preposition = "at" if part["edge"] in "底末" else "in"
    if part["by"]:
        preposition = "by"
    elif part["on"] or part["since"]:
        preposition = "since"
    elif part["before"] or part["after"]:
        preposition = "before" if part["before"] else "after"
    elif match[0].startswith("截"):
        preposition = "as of"
    return (Word("time", f"{preposition} {said}", noun=said),)


_HALVES = {"上半年": "first half", "下半年": "second half", "前三季度": "first three quarters"}
_MONTHS_RUN = {3: "three", 6: "six", 9: "nine"}
_EDGES = {"底": "the end of", "末": "the end of", "初": "early", "中": "the middle of"}


def _how_many(match: re.Match[str]) -> tuple[Word, ...] | None:
    if match["coin"]:
        return (Word("many", "how much", noun="money"),)
    if match["unit"]:
        return (Word("many", "how many", noun=glossary().units[match["unit"]], measured=True),)
    if match["measure"]:
        return (Word("many", "how many", noun=glossary().measures[match["measure"]]),)
    return (Word("many", "how many"),) if "多少" in match[0] else None


def _which(match: re.Match[str]) -> tuple[Word, ...] | None:
    if match["which"] != "哪":
        return () if match["measure"] and match["which"] != "每" else None
    if match["measure"] in ("位", "名", "人"):
        return (Word("ask", "which", noun="person"),)
    return (Word("ask", "which", noun="company" if match["measure"] == "家" else ""),)


def _per(match: re.Match[str]) -> tuple[Word, ...]:
    value = _value(match["number"]) if match["number"] else _TENS[match["round"]]
    return (Word("before", f"per {_figure(value)}"),)
