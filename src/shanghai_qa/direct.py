"""The direct answer: the shortest phrase of a sentence that answers, verbatim; none rather than a wrong one."""

import re
from collections.abc import Callable, Iterator, Sequence

from shanghai_qa.mentions import Mention, counted, counts, dates, money, names, percents
from shanghai_qa.question import Question, Wanted
from shanghai_qa.words import terms


def direct_answer(question: Question, sentence: str) -> Mention | None:
    """What in `sentence` answers, where that is plain: the only such phrase, or the nearest to the question's words.

    `key` compares it with the answers of other sentences: equal for equal values.
    """
    find = _FINDERS.get(question.wanted)
    asked = question.text.casefold()
    found = [mention for mention in find(question, sentence) if mention.text.casefold() not in asked] if find else []
    if len({mention.key for mention in found}) <= 1:
        return found[0] if found else None
    if question.wanted in _ONLY_ONE:
        return None
    nearest = sorted(found, key=lambda mention: _distance(question, sentence, mention))
    first, second = (_distance(question, sentence, mention) for mention in nearest[:2])
    return nearest[0] if first < second else None


def new_names(question: Question, sentence: str) -> list[Mention]:
    """Names in `sentence` that the question does not hold."""
    asked = frozenset(question.terms)
    return [
        Mention(text, m.start, m.start + len(text), m.key)
        for m in names(sentence)
        if (text := re.sub(r"(['’]s)?[.,]?$", "", m.text)) and not _is_known(text, asked | _NO_NAMES)
    ]


def _is_known(name: str, known: frozenset[str]) -> bool:
    return all(term in known or term.isdigit() for term in terms(name))


_NO_NAMES = frozenset(
    terms("January February March April May June July August September October November December Chinese According")
)


def _quantities(question: Question, sentence: str) -> list[Mention]:
    return [*counts(sentence), *money(sentence), *percents(sentence)]


def _full_dates(question: Question, sentence: str) -> list[Mention]:
    return [mention for mention in dates(sentence) if not mention.key.startswith("-")]


def places(question: Question, sentence: str) -> list[Mention]:
    """New names that stand behind a word such as \"in\", and are no organisation's."""
    return [
        m
        for m in new_names(question, sentence)
        if _BEFORE_PLACE.search(sentence[: m.start]) and not _COMPANY.search(m.text)
    ]


_ONLY_ONE = frozenset({Wanted.NUMBER, Wanted.WHO, Wanted.WHERE})
"""Kinds of which a sentence often holds several, and nearness does not tell which is meant."""


def _people(question: Question, sentence: str) -> list[Mention]:
    return [m for m in new_names(question, sentence) if " " in m.text and not _ORGANISATION.search(m.text)]


_ORGANISATION = re.compile(
    r"\b(?:University|School|Institute|Academy|Lab\w*|Cent(?:er|re)|Group|Holdings?|Co|Company|Corp\w*|Inc|Ltd|Capital|"
    r"Bank|Fund|Technolog\w*|Semiconductor|Electronics?|Microelectronics|Motors?|Daily|News|Times|Post|Press|Commission|"
    r"Bureau|Committee|Government|Council|District|Area|City|Zone|Park|Market|Exchange|States|Valley|Hi-Tech|Plan|and|of)\b"
)
_COMPANY = re.compile(r"\b(?:Group|Holdings?|Co|Company|Corp\w*|Inc|Ltd|Capital|Bank|Fund|Daily|News|Times)\b")
_BEFORE_PLACE = re.compile(r"(?:^|\s)(?:in|at|near|on|inside|beside)(?: the)?\s$", re.IGNORECASE)

_FINDERS: dict[Wanted, Callable[[Question, str], Sequence[Mention]]] = {
    Wanted.COUNT: lambda question, sentence: counted(sentence, question.units),
    Wanted.PERCENT: lambda question, sentence: percents(sentence),
    Wanted.MONEY: lambda question, sentence: money(sentence),
    Wanted.NUMBER: _quantities,
    Wanted.DATE: _full_dates,
    Wanted.YEAR: _full_dates,
    Wanted.WHO: _people,
    Wanted.WHERE: places,
}


def _distance(question: Question, sentence: str, mention: Mention) -> float:
    """How far a mention stands, in characters, from the question's words: from the nearest, and from all on average."""
    places = [match.start() for match in _words(sentence) if not question.stems.isdisjoint(terms(match[0]))]
    if not places:
        return 0.0
    away = [abs(place - mention.start) for place in places]
    return min(away) + sum(away) / len(away)


def _words(text: str) -> Iterator[re.Match[str]]:
    return re.finditer(r"[\w’'%²-]+", text)
