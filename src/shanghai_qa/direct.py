"""The direct answer: the shortest phrase of a sentence that answers, verbatim; none rather than a wrong one."""

import re
from collections.abc import Callable, Iterator, Sequence

from shanghai_qa.mentions import (
    MONTHS,
    SCALES,
    Mention,
    bare,
    counted,
    counts,
    dated,
    money,
    names,
    percents,
    speaks_of_plans,
)
from shanghai_qa.question import DATES, QUANTITIES, Question, Wanted, related
from shanghai_qa.reader import Said
from shanghai_qa.values import Span
from shanghai_qa.words import cuts_no_word, fold, has_chinese, terms


def direct_answer(question: Question, sentence: str, said: Said | None = None) -> Mention | None:
    """What in `sentence` answers, where that is plain; `said` is what the reader says of the sentence, if it read it.

    Where the reader points surely, the phrase there: of the kind asked for, if one is. Else the only phrase of that
    kind, or the nearest to the question's words. `key` compares it with the answers of other sentences: equal for equal
    values. A question for yes or no has none.
    """
    if question.wanted is Wanted.YES_NO:
        return None
    find = _FINDERS.get(question.wanted)
    found = [_whole(sentence, m) for m in find(question, sentence)] if find else []
    fit = [m for m in found if _may_answer(question, sentence, m)]
    if said and said.exact >= (_POINTS if find else _SURELY):
        surely = said.exact >= _SURELY
        answer = _pointed_at(question, sentence, said.span, found if surely else fit, surely)
        if answer is None and question.wanted is Wanted.COUNT:  # the words say what is counted
            answer = _plain(question, sentence, fit)
    else:
        answer = _plain(question, sentence, fit)
    fits = answer and cuts_no_word(sentence, answer.start, answer.end) and not _only_planned(question, sentence, answer)
    return answer if fits else None


_POINTS, _SURELY = -4.0, 5.0
"""Sums of the logits of a phrase's ends from which the reader is believed: a kind of answer asked for, and none."""
_LONGEST = 8  # words


def _pointed_at(
    question: Question, sentence: str, span: Span, found: Sequence[Mention], surely: bool
) -> Mention | None:
    """What stands at `span`: the one of `found`, else for a quantity or date any other, else the words themselves."""

    def within(mentions: Sequence[Mention]) -> list[Mention]:
        return list({m.key: m for m in mentions if m.start < span.end and span.start < m.end}.values())

    there = within(found)
    if question.wanted in QUANTITIES | DATES:
        there = there or within([] if found else [*_quantities(question, sentence), *dated(sentence)])
        first = question.wanted is Wanted.MONEY  # the same amount in another currency may follow
        if len(there) != 1 and not (there and first):
            return None
        return there[0] if question.wanted is Wanted.COUNT and found else _trimmed(there[0])
    text = re.sub(r"^by (?=[A-Z])", "", sentence[span.start : span.end])
    start = span.end - len(text)
    if len(there) == 1 and not _SEVERAL.search(text) and not dated(there[0].text):
        covers = there[0].start <= start and span.end <= there[0].end
        if covers or question.wanted is Wanted.WHERE:
            return there[0]
    named = question.wanted is not Wanted.WHO or ((_NAMED.search if surely else _NAMED.match)(text) and not dated(text))
    return _words_at(question, text, start) if named else None


_SEVERAL = re.compile(r",| and ")
_NAMED = re.compile(r"\b[A-Z]")


def _words_at(question: Question, text: str, start: int) -> Mention | None:
    """The words themselves, if few, whole and news."""
    news = text.casefold() not in question.text.casefold()
    if not news or has_chinese(text) or len(text.split()) > _LONGEST or text.count("(") != text.count(")"):
        return None
    return Mention(text, start, start + len(text), fold(text))


def _trimmed(mention: Mention) -> Mention:
    """A count without a single word behind it that is no measure: "13,000 of", "100 science"."""
    number, _, word = mention.text.partition(" ")
    if not word.isalpha() or word in SCALES or set(terms(word)) & MEASURES or not number[0].isdigit():
        return mention
    return Mention(number, mention.start, mention.start + len(number), mention.key)


MEASURES = frozenset(
    terms(
        "metres kilometres centimetres nanometres hectares acres mu tonnes kilograms grams litres percent times years "
        "months weeks days hours minutes seconds megawatts watts degrees yuan dollars euros micron km m cm nm kg mw gw"
    )
)


def _plain(question: Question, sentence: str, found: Sequence[Mention]) -> Mention | None:
    """The only one of `found`, or the nearest to the question's words, in a sentence that speaks of what is asked."""
    if not _speaks_of(question, sentence):
        return None
    if len({mention.key for mention in found}) <= 1:
        return found[0] if found else None
    if question.wanted in _ONLY_ONE:
        return None
    nearest = sorted(found, key=lambda mention: _distance(question, sentence, mention))
    first, second = (_distance(question, sentence, mention) for mention in nearest[:2])
    return nearest[0] if first < second else None


def _whole(sentence: str, mention: Mention) -> Mention:
    """A number with that at the other end of its range: "156 to 168 passengers", but not "from 10 to 15"."""
    lower = _LOWER_END.search(sentence, 0, mention.start)
    if lower is None or not mention.text[:1].isdigit():
        return mention
    return Mention(sentence[lower.start() : mention.end], lower.start(), mention.end, mention.key)


_LOWER_END = re.compile(
    r"(?<![\w.,$])(?<!from )\d+(?:,\d{3})*(?:\.\d+)?(?: (?:thousand|million|billion|trillion))? ?(?:to|–|-) ?$"
)


def _speaks_of(question: Question, sentence: str) -> bool:
    """Whether a sentence has the names asked for, whole, and at least half of the other words."""
    held, folded = frozenset(terms(sentence)), fold(sentence)
    phrases = [fold(bare(name.text)) for name in names(question.text) if name.start > 0]
    if not all(phrase in folded for phrase in phrases):
        return False
    words = question.stems - question.names - question.units - _GENERIC - _measured(question.text)
    lacking = [word for word in words if word not in held and not related(word) & held]
    return len(lacking) <= len(words) // 2


def _only_planned(question: Question, sentence: str, mention: Mention) -> bool:
    """Whether a date or quantity is that of a plan, and the question asks for none."""
    measured = question.wanted in QUANTITIES | DATES and question.newest
    before, after = _STOP.split(sentence[: mention.start])[-1], _STOP.split(sentence[mention.end :])[0]
    return measured and speaks_of_plans(f"{before} {after}") and not speaks_of_plans(question.text)


_STOP = re.compile(r"[,;] | and | but ")


_GENERIC = frozenset(
    terms("number total size amount figure rank place year date day name full whole large big sum level")
)


def _measured(text: str) -> frozenset[str]:
    """The word behind "how", which a measure stands for: "how deep", "how large"."""
    return frozenset(term for match in re.finditer(r"\bhow (\w+)", text, re.IGNORECASE) for term in terms(match[1]))


def _may_answer(question: Question, sentence: str, mention: Mention) -> bool:
    """Whether a mention is news, of the year asked for, of nobody else, and no deputy's."""
    if mention.text.casefold() in question.text.casefold():
        return False
    if question.years and question.wanted not in DATES:
        nearest = min(dated(sentence), key=lambda date: _gap(sentence, date, mention), default=None)
        if nearest and nearest.key[:4] not in question.years:
            return False
    rival = _RIVAL.match(sentence, mention.end)
    if rival and question.stems.isdisjoint(terms(rival[1])) and question.wanted in QUANTITIES:
        return False
    around = sentence[max(0, mention.start - 40) : mention.end + 40]
    return question.wanted is not Wanted.WHO or bool(_DEPUTY.search(question.text)) or not _DEPUTY.search(around)


_RIVAL = re.compile(r" (?:in|of|at|for|from) (?:the )?((?:[A-Z][\w’'-]+ ?)+)")
_DEPUTY = re.compile(r"\b(?:deputy|vice|former|formerly|assistant)\b", re.IGNORECASE)


def _gap(sentence: str, one: Mention, other: Mention) -> int:
    """How far apart two mentions stand: characters between them, and a hundred for each comma."""
    first, second = sorted((one, other), key=lambda mention: mention.start)
    between = sentence[first.end : second.start]
    return len(between) + 100 * len(re.findall(r"[,;](?!\d)", between))


def new_names(question: Question, sentence: str) -> list[Mention]:
    """Names in `sentence` that the question does not hold."""
    asked = frozenset(question.terms)
    return [
        Mention(text, m.start, m.start + len(text), m.key)
        for m in names(sentence)
        if (text := bare(m.text)) and not _is_known(text, asked | _NO_NAMES)
    ]


def _is_known(name: str, known: frozenset[str]) -> bool:
    return all(term in known or term.isdigit() for term in terms(name))


_NO_NAMES = frozenset(terms(f"{' '.join(MONTHS)} Chinese According"))


def _quantities(question: Question, sentence: str) -> list[Mention]:
    return [*counts(sentence), *money(sentence), *percents(sentence)]


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
    Wanted.DATE: lambda question, sentence: dated(sentence),
    Wanted.YEAR: lambda question, sentence: dated(sentence),
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
