"""Dates, quantities and names as sentences state them, each with where it stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from shanghai_qa.words import fold, terms

MONTHS = "january february march april may june july august september october november december".split()
_MONTH = rf"(?P<month>{'|'.join(name.capitalize() for name in MONTHS)})"
_YEAR = r"(?P<year>(?:18|19|20)\d\d)"
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_DATES = (
    re.compile(rf"\b{_DAY} {_MONTH},? {_YEAR}\b"),
    re.compile(rf"\b{_MONTH} {_DAY},? {_YEAR}\b"),
    re.compile(rf"\b{_YEAR}-(?P<number>[01]\d)-{_DAY}\b"),
    re.compile(rf"\b{_MONTH},? {_YEAR}\b"),
    re.compile(rf"\b{_DAY} {_MONTH}\b(?! \d)"),
    re.compile(
        r"(?<![\w,.$¥-])(?P<year>(?:19|20)\d\d|(?<=\b[Ii]n )18\d\d|(?<=\b[Ss]ince )18\d\d)(?![\d,.]\d|\d|%|nm)\b"
    ),
)
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_SCALE = r"(?: (?:thousand|million|billion|trillion))?"
SCALES = frozenset({"thousand", "million", "billion", "trillion"})
_PERCENT = re.compile(rf"{_NUMBER}(?: ?%|(?: percent| per cent| percentage points?)(?!\w))")
_CURRENCY = r"(?:US\$|HK\$|NT\$|A\$|RMB ?|CNY ?|USD ?|\$|¥|€|£)"
_SHORT_SCALES = {
    "k": 1e3,
    "K": 1e3,
    "m": 1e6,
    "M": 1e6,
    "mn": 1e6,
    "b": 1e9,
    "B": 1e9,
    "bn": 1e9,
    "tn": 1e12,
    "trn": 1e12,
}
_OF_MONEY = rf"(?: ?(?:{'|'.join(_SHORT_SCALES)})(?!\w)|(?: ?(?:thousand|million|billion|trillion)s?)?)"
_COIN = r"(?:yuan|RMB|renminbi|US dollars?|dollars?|euros?|Hong Kong dollars?)"
_MONEY = re.compile(rf"{_CURRENCY}{_NUMBER}{_OF_MONEY}(?!\w|[-–]\d)|{_NUMBER}{_OF_MONEY} {_COIN}(?!\w)")
_SHORT_SCALE = re.compile(rf"(?<=\d) ?({'|'.join(_SHORT_SCALES)})(?!\w)")
_COUNT = re.compile(
    rf"(?<![\w$¥€£.,-]){_NUMBER}{_SCALE}(?:[- ]?(?:square |cubic )?[a-zA-Z²³°/]+(?!\w))?|(?<![\w-])\d+ ?nm\b"
)
_WORDS_FOR_NUMBERS = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty
    """.split()
SMALL = {word: number for number, word in enumerate(_WORDS_FOR_NUMBERS)}
"""Words for numbers, from zero to twenty, with these."""
_OPENING_NUMBER = re.compile(rf"{_NUMBER}|\w+")
_WORD_OR_STOP = re.compile(r"[\w’'%²-]+|[,.;:()]")
_WORDED = re.compile(
    r"\b(?:"
    + "|".join(word for word in SMALL if word not in ("zero", "one"))
    + r")\b(?!-)(?: (?:square |cubic )?[a-z]+)?",
    re.IGNORECASE,
)  # "two-qubit gates" counts no qubits, and "one" is seldom a number
_NAME = re.compile(
    r"\b(?:[a-z]{1,2}(?=[A-Z]))?[A-Z][\w’'&.-]*"  # "iFlytek" begins small
    r"(?:(?: (?:of|and|the|for|de) (?=[A-Z]))? ?[A-Z0-9][\w’'&.-]*)*"
)


@dataclass(frozen=True)
class Mention:
    """`text` stands at [start, end) of the sentence. `key` compares: equal for equal values however written.

    A date's key is YYYY, YYYY-MM or YYYY-MM-DD ("--06-13" without a year); another's is its number, a space and its
    unit: a currency, "%", or the stem of the word that follows the number.
    """

    text: str
    start: int
    end: int
    key: str


@lru_cache(maxsize=20_000)
def dates(sentence: str) -> tuple[Mention, ...]:
    """The dates of a sentence in order, each as full as it is written; "2,019 firms" and "2019%" hold none."""
    found: list[Mention] = []
    for pattern in _DATES:
        for match in pattern.finditer(sentence):
            if not any(match.start() < m.end and m.start < match.end() for m in found):
                found.append(Mention(match[0], match.start(), match.end(), _date_key(match.groupdict())))
    return tuple(sorted(found, key=lambda m: m.start))


def dated(sentence: str) -> tuple[Mention, ...]:
    """Its dates that name a year, in order."""
    return tuple(mention for mention in dates(sentence) if not mention.key.startswith("-"))


def years(sentence: str) -> frozenset[str]:
    return frozenset(mention.key[:4] for mention in dated(sentence))


_PART = re.compile(
    r"\b(?:(?:first|second|third|fourth|last|next) )?(?:quarters?|half)\b|\b(?:first )?(?:three|six|nine) months\b|"
    r"\bQ[1-4]\b|\bH[12]\b",
    re.IGNORECASE,
)


def parts_of_year(sentence: str) -> frozenset[str]:
    """The quarters, halves and runs of months that a sentence speaks of, in lower case."""
    return frozenset(match[0].casefold() for match in _PART.finditer(sentence))


def speaks_of_plans(text: str) -> bool:
    """Whether what a text says is, at least in part, only planned or expected."""
    return _PLAN.search(text) is not None


_PLAN = re.compile(
    r"\b(?:plan(?:s|ned)?|target(?:s|ed)?|aim(?:s|ed)?|goals?|intend(?:s|ed)?|expected|forecast|could|want(?:s|ed)?|"
    r"will|would|(?:was|were|is|are) to|should)\b",
    re.IGNORECASE,
)


def percents(sentence: str) -> tuple[Mention, ...]:
    return tuple(_mention(match, _numeral(match[0]) + " %") for match in _PERCENT.finditer(sentence))


def money(sentence: str) -> tuple[Mention, ...]:
    """Amounts of money; the key gives the full number and the currency: "3.5 billion yuan" is "3500000000 CNY"."""
    return tuple(_mention(match, f"{_amount(match[0])} {_currency(match[0])}") for match in _MONEY.finditer(sentence))


def counts(sentence: str) -> tuple[Mention, ...]:
    """Numbers that are neither dates, money nor percentages, with the word that follows; "seven" counts, too."""
    taken = [*dates(sentence), *percents(sentence), *money(sentence)]
    free = (
        match
        for pattern in (_COUNT, _WORDED)
        for match in pattern.finditer(sentence)
        if not any(match.start() < m.end and m.start < match.end() for m in taken)
    )
    return tuple(
        sorted((_mention(match, f"{_full(match[0])} {_unit(match[0])}") for match in free), key=lambda m: m.start)
    )


def counted(sentence: str, units: frozenset[str], reach: int = 5) -> tuple[Mention, ...]:
    """Numbers of things whose name has a stem in `units`, at most `reach` words on; the text goes up to that name.

    >>> [m.text for m in counted("17 institutions and 32 young startups work together", frozenset({"startup"}))]
    ['32 young startups']
    """
    return tuple(
        Mention(sentence[number.start : end], number.start, end, f"{number.key.split()[0]} {' '.join(sorted(units))}")
        for number in counts(sentence)
        if (end := _end_of_unit(sentence, number, units, reach))
    )


def _end_of_unit(sentence: str, number: Mention, units: frozenset[str], reach: int) -> int | None:
    """Where the last word with a stem in `units` ends, before any other number or stop and at most `reach` words on."""
    end = None
    begin = number.start + len(_OPENING_NUMBER.match(number.text)[0])  # type: ignore[index]  # it matches each count
    for passed, word in enumerate(_WORD_OR_STOP.finditer(sentence, begin)):
        stems = [stem for piece in word[0].split("-") for stem in terms(piece)]
        if passed > reach or word[0][0].isdigit() or not (stems or word[0] in SCALES):
            break
        if not units.isdisjoint(stems) or (end is not None and word[0].endswith("s")):
            end = word.end()
            if word[0].endswith("s"):
                break
    return end


def names(text: str) -> tuple[Mention, ...]:
    """Runs of capitalised words; the opening word of the text counts only where more of its run follows."""
    return tuple(_mention(match, fold(match[0])) for match in _names(text))


def bare(name: str) -> str:
    """A name without what only stands at its end: a possessive, a full stop."""
    return re.sub(r"(['’]s)?[.,?]*$", "", name)


_PERSON = re.compile(
    r"\b[A-Z][\w’'-]+(?: [A-Z][\w’'.-]*){1,2} \([\u4e00-\u9fff]{2,4}\)|"
    r"\b(?:Dr\.|Mr|Ms|Professor|President|Mayor|Premier) [A-Z]"
)
_OFFICE = re.compile(
    r"\b(?:founder|chair\w*|chief executive|CEO|president|director|head|dean|mayor|minister|scientist|professor|"
    r"secretary|economist|engineer|manager|executive|led by|founded by|headed by)\b",
    re.IGNORECASE,
)


def person(sentence: str) -> bool:
    """Whether a sentence names a person, as far as its form tells: a Chinese name in brackets, a title or an office."""
    return bool(_PERSON.search(sentence) or (_OFFICE.search(sentence) and names(sentence)))


def _names(text: str) -> Iterator[re.Match[str]]:
    for match in _NAME.finditer(text):
        if match.start() > 0 or " " in match[0] or sum(c.isupper() for c in match[0]) > 1:
            yield match


def _date_key(parts: dict[str, str | None]) -> str:
    year = parts.get("year") or "-"
    month = parts.get("number") or (f"{MONTHS.index(name.casefold()) + 1:02}" if (name := parts.get("month")) else None)
    day = parts.get("day")
    return "-".join(filter(None, [year, month, day and f"{int(day):02}"]))


def _mention(match: re.Match[str], key: str) -> Mention:
    return Mention(match[0], match.start(), match.end(), key)


def _numeral(text: str) -> str:
    number = re.search(_NUMBER, text)
    return (
        str(float(number[0].replace(",", ""))).removesuffix(".0") if number else str(SMALL[text.split()[0].casefold()])
    )


def _unit(text: str) -> str:
    """The stem of the last word of a count, "" where a number stands alone."""
    return next(iter(terms(re.sub(r"[\d.,]+", " ", text))[-1:]), "")


def _full(text: str) -> str:
    scale = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
    factor = next((value for word, value in scale.items() if word in text), 1.0)
    return str(round(float(_numeral(text)) * factor, 6)).removesuffix(".0")


def _amount(text: str) -> str:
    short = _SHORT_SCALE.search(text)
    return f"{float(_full(text)) * _SHORT_SCALES[short[1]]:.15g}" if short else _full(text)


def _currency(text: str) -> str:
    coins = {"HK": "HKD", "Hong Kong": "HKD", "NT": "TWD", "A$": "AUD", "€": "EUR", "euro": "EUR", "£": "GBP"}
    yuan = ("RMB", "CNY", "yuan", "renminbi", "¥")
    if any(word in text for word in yuan):
        return "CNY"
    return next((code for word, code in coins.items() if word in text), "USD")
