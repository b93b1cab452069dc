"""What is asked: from the words of a question, and of the conversation before it, to what an answer must hold."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from shanghai_qa.clause import is_place
from shanghai_qa.data import lines
from shanghai_qa.errors import QuestionError
from shanghai_qa.followup import complete, completed, in_full, leans
from shanghai_qa.lexicon import Lexicon
from shanghai_qa.mentions import MONTHS, names, parts_of_year, years
from shanghai_qa.values import Turn
from shanghai_qa.words import has_chinese, terms, tokens


class Wanted(StrEnum):
    """What kind of thing answers."""

    COUNT = "count"
    PERCENT = "percent"
    MONEY = "money"
    NUMBER = "number"
    DATE = "date"
    YEAR = "year"
    WHO = "who"
    WHERE = "where"
    WHY = "why"
    YES_NO = "yes_no"
    ANYTHING = "anything"


QUANTITIES = frozenset({Wanted.COUNT, Wanted.PERCENT, Wanted.MONEY, Wanted.NUMBER})
DATES = frozenset({Wanted.DATE, Wanted.YEAR})


@dataclass(frozen=True)
class Question:
    """A question as it is searched and read.

    `text` stands by itself: follow-ups are completed, typos mended, Chinese put in English word by word, and things
    called as the corpus calls them. `read_as` is the question so completed and mended, in its own language, where that
    differs from what was asked, else None. `terms` are its stems, each once; `names` those of them that belong to
    proper names or have a digit; `units` the stems of what is counted. `years` are those asked for, `part_of_year` says
    that a quarter, half or month is meant, `now` that today is; `dangling` that it speaks of an "it" which nothing
    names. `sides` are the names compared, at least two, or empty. `parts` are the questions that it asks at once, each
    standing by itself; empty where it is one.
    """

    asked: str
    text: str
    read_as: str | None
    language: str
    wanted: Wanted
    terms: tuple[str, ...]
    names: frozenset[str]
    units: frozenset[str]
    years: frozenset[str]
    sides: tuple[str, ...]
    part_of_year: bool
    now: bool
    dangling: bool
    parts: tuple["Question", ...] = ()

    @property
    def stems(self) -> frozenset[str]:
        """All of `terms`."""
        return frozenset(self.terms)

    @property
    def newest(self) -> bool:
        """Whether the newest answer is wanted, since no year is named."""
        return not self.years


def understand(
    asked: str,
    history: Sequence[Turn],
    lexicon: Lexicon,
    max_chars: int,
    is_word: Callable[[str], bool] = lambda word: False,
) -> Question:
    """Read a question in its conversation. QuestionError if it is blank or longer than `max_chars`.

    `is_word` tells of words that the lexicon lacks, in small letters, that they are spelt as they should be.
    """
    if _is_broken(asked):
        raise QuestionError("the question has characters that are no text; type it again")
    text = in_full(unicodedata.normalize("NFKC", asked))
    if not text:
        raise QuestionError("the question is empty; ask one, for example: How many startups are in Quantum Valley?")
    if len(text) > max_chars:
        raise QuestionError(f"the question has {len(text)} characters; ask in at most {max_chars}")
    whole = complete(text, [turn for turn in history if not _is_broken(turn.content)])
    mended = lexicon.mend(lexicon.in_corpus_names(lexicon.in_english(whole)), is_word)
    language = "zh" if has_chinese(text) else "en"
    shown = whole if language == "zh" else mended
    read = _read(asked, mended, None if shown == text else shown, language, lexicon)
    parts = _parts(mended)
    return replace(read, parts=tuple(_read(asked, part, None, language, lexicon) for part in parts)) if parts else read


def _is_broken(text: str) -> bool:
    """Whether it has halves of characters, which are no text."""
    return any("\ud800" <= c <= "\udfff" for c in text)


_PART = r"(?:(?:in|at|on|from|since|for|by|to) )?(?:how|what|which|who|whom|whose|when|where|why)\b"
_NEXT_PART = re.compile(rf",? and (?={_PART})", re.IGNORECASE)
_YEARS = re.compile(
    r"(?<!between )(?<!from )\b((?:in|for|by|of) )"
    r"(?P<years>(?:19|20)\d\d(?:, (?:\1)?(?:19|20)\d\d)*,? (?:and|or) (?:\1)?(?:19|20)\d\d)\b"
)
_SHORTEST_PART = 3  # words; "how and why" and "when and where" ask one thing


def _parts(text: str) -> tuple[str, ...]:
    """The questions that `text` asks at once, the later ones completed from the first; () where it asks one.

    >>> _parts("When was MiniMax founded, and who owns it?")
    ('When was MiniMax founded?', 'Who owns MiniMax?')
    >>> _parts("How many came in 2020 and in 2024?")
    ('How many came in 2020?', 'How many came in 2024?')
    >>> _parts("Sales in 2020, 2021 and 2024")
    ('Sales in 2020', 'Sales in 2021', 'Sales in 2024')
    >>> _parts("Is SMIC or UMC bigger?")
    ('Is SMIC bigger?', 'Is UMC bigger?')
    """
    if sides := _compared(text):
        return sides
    if named := _YEARS.search(text):
        each = dict.fromkeys(re.findall(r"\d{4}", named["years"]))
        return tuple(f"{text[: named.start()]}{named[1]}{year}{text[named.end() :]}" for year in each)
    first, *later = _NEXT_PART.split(text.strip())
    if not later or any(len(part.split()) < _SHORTEST_PART for part in (first, *later)):
        return ()
    whole = first.rstrip("?") + "?"
    return (whole, *(completed(part, whole) for part in later))


_OPENERS = (
    "Is Are Was Were Do Does Did Has Have Had Can Could Will Would Should Which What How Who Whose When Where Why "
    "Between Compare Comparing In At On For From Of Among Both Tell"
)
_WORD_OF_SIDE = r"(?:[a-z]{1,2}(?=[A-Z]))?[A-Z][\w&.-]*(?<![.,])(?:['’]s(?= [A-Z0-9]))?"
_SIDE = (
    rf"\b(?!(?:{'|'.join(_OPENERS.split())})\b){_WORD_OF_SIDE}"
    rf"(?: (?:of (?=[A-Z]))?(?:{_WORD_OF_SIDE}|\d[\w.]*(?<!\.)))*"
)
_SIDES = re.compile(rf"({_SIDE})((?:, {_SIDE})*),? (or|and|versus|vs\.?) (?:the )?({_SIDE})")
_COMPARING = {
    "or": re.compile(
        r"\b(?:more|most|less|least|fewer|first|better|best|worse|(?:old|young|larg|bigg|small|high|low|fast|slow|new|earli|"
        r"lat|long|short|tall|deep|heavi|light|cheap|dear|rich|strong|weak|great|wid|near|clos|busi)er)\b"
    ),
    "and": re.compile(r"\b(?:compare|compared|comparison|which of)\b", re.IGNORECASE),
}
_AGES = re.compile(
    r"^(?:which|who)\b.*\b(?:is|was) (?:older|younger)\b|^(?:is|was) [^?]* (?:older|younger)\W*$", re.IGNORECASE
)


def _compared(text: str) -> tuple[str, ...]:
    """The question asked of each of the names that it compares; () where it compares none.

    >>> _compared("Which university is older, Fudan or Tongji?")
    ('When was Fudan founded?', 'When was Tongji founded?')
    """
    found = _comparison(text)
    if found is None:
        return ()
    if _AGES.search(text):
        return tuple(f"When was {side} founded?" for side in _named(found))
    before, after = text[: found.start()], text[found.end() :]
    return tuple(f"{before}{side}{after}" for side in _named(found))


def _comparison(text: str) -> re.Match[str] | None:
    found = _SIDES.search(text)
    if found is None or re.search(r"\bthan\b", text[: found.start()]):
        return None
    comparing = _COMPARING.get(found[3])
    return found if not comparing or comparing.search(text) else None


def _named(sides: re.Match[str]) -> tuple[str, ...]:
    """The names; of places, what only the last has is meant of all: "Shanghai or Beijing's GDP"."""
    first, last = [sides[1], *sides[2].split(", ")[1:]], sides[4]
    owner, owns, owned = last.partition("'s ")
    shared = owns + owned if all(map(is_place, [*first, owner])) else ""
    return (*(name + shared for name in first), last)


def _read(asked: str, text: str, read_as: str | None, language: str, lexicon: Lexicon) -> Question:
    wanted, units = _wanted(text)
    stems = tuple(dict.fromkeys(terms(text)))
    asked_years = years(text)
    proper = frozenset(
        t
        for word in tokens(text)
        if lexicon.is_name(word) or has_chinese(word) or any(c.isdigit() for c in word)
        for t in terms(word)
    )
    all_names = proper | _capitalised(text)
    return Question(
        asked=asked,
        text=text,
        read_as=read_as,
        language=language,
        wanted=wanted,
        terms=tuple(t for t in stems if t not in asked_years),
        names=all_names - asked_years - _CALENDAR,
        units=units,
        years=asked_years,
        sides=_sides(text),
        part_of_year=bool(parts_of_year(text)),
        now=_NOW.search(text) is not None,
        dangling=leans(text) and not all_names,
    )


def _capitalised(text: str) -> frozenset[str]:
    return frozenset(t for name in names(text) if name.start > 0 for t in terms(name.text))


_CALENDAR = frozenset(terms(f"{' '.join(MONTHS)} quarter half year"))

_COUNT = re.compile(
    r"\b(?:how many|number of|count of)\s+(?!(?:m|b|tr)illion\b)((?:[\w’'-]+\s+){0,5}[\w’'-]+)", re.IGNORECASE
)
_AFTER_UNIT = frozenset(
    """
    is are was were be do does did has have had can could will would should may might and or of in on at to from
    for by with per that which who there work works worked came come live lived ship shipped deliver delivered
    sell sold list listed trade traded get got give gave sit sits join joined go went belong count start started
    take took make made use used hold held register operate run runs exist existed not
    """.split()
)
_PATTERNS: tuple[tuple[Wanted, str], ...] = (
    (
        Wanted.PERCENT,
        r"\b(percent(age)?|per cent|what (share|portion|proportion|part|fraction)|market share|growth rate|what rate|"
        r"how (big|large) (is|was) .*\b(share|slice|portion|part)|how much of|by what margin)\b",
    ),
    (
        Wanted.MONEY,
        r"\b(how much (money|revenu\w*|profit|funding|capital|investment|do(es)? .* (cost|earn|pay)|"
        r"did .* (raise|earn|cost|invest|make|spend|pay|lose))|how many (million|billion|trillion)|"
        r"what (price|sum|amount)|revenu\w*|sales|income|turnover|"
        r"price|cost|valuation|valued|worth|salary|pay|profit|net loss|budget|subsid\w+|gdp)\b",
    ),
    (Wanted.YEAR, r"\b(what|which) year\b"),
    (Wanted.DATE, r"\b(when|(what|which) (date|day|month)|since when)\b"),
    (
        Wanted.NUMBER,
        r"\bhow (?!(do|does|did|is|are|was|were|can|could|to|has|have|will|would|should|come|about)\b)\w+|"
        r"\bwhat (size|height|area|weight|length|depth|capacity|speed|number|total|rank|place)\b",
    ),
    (
        Wanted.WHO,
        r"\b(who|whom|whose|(what|which (?:[\w’'-]+ ){0,3}?) ?"
        r"(person|company|firm|startup|institution|institute|bank|university|people|founder|scientist|researcher|lab|"
        r"laboratory|supplier|maker|manufacturer|developer|investor|architect|group)s?|which two)\b",
    ),
    (
        Wanted.WHERE,
        r"\b(where|in (what|which) (city|town|district|place|area|country|part|zone)|"
        r"(what|which) (city|district|place|zone|country|address))\b",
    ),
    (Wanted.WHY, r"\b(why|what (causes?|caused|reasons?)|for what reason)\b"),
    (Wanted.YES_NO, r"^(is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)\b"),
)
_COMPILED = tuple((wanted, re.compile(pattern, re.IGNORECASE)) for wanted, pattern in _PATTERNS)
_ASKING = re.compile(r"\b(how|what|which|who|whom|whose|when|where|why)\b", re.IGNORECASE)


def _wanted(text: str) -> tuple[Wanted, frozenset[str]]:
    """The kind that the question words ask for, and the stems of what is counted."""
    if counted := _COUNT.search(text):
        unit: list[str] = []
        for word in counted[1].split():
            if word.casefold() in _AFTER_UNIT:
                break
            unit.append(word)
        if unit:
            return Wanted.COUNT, frozenset(terms(" ".join(unit)))
    yes_no, pattern = _COMPILED[-1]
    if pattern.search(text) and not _ASKING.search(text):
        return yes_no, frozenset()
    asks = _ASKING.search(text)
    if asks and asks[0].casefold() not in ("how", "what", "which"):
        return next(w for w, p in _COMPILED if w in _BY_WORD and p.search(asks[0])), frozenset()
    if _HOW_MUCH_OF_IT.search(text):
        return Wanted.NUMBER, frozenset()
    kinds = _OF_WHICH if asks and asks[0].casefold() == "which" else [wanted for wanted, _ in _PATTERNS[:-1]]
    return next((wanted for wanted in kinds if _asks_for(wanted, text)), Wanted.ANYTHING), frozenset()


def _asks_for(wanted: Wanted, text: str) -> bool:
    """Whether the question words ask for that; in "How could people who …" the "who" asks for nothing."""
    found = next(p for w, p in _COMPILED if w is wanted).search(text)
    return found is not None and not (wanted in _BY_WORD and _ASKING.fullmatch(found[0]))


_BY_WORD = frozenset({Wanted.DATE, Wanted.WHO, Wanted.WHERE, Wanted.WHY})
_OF_WHICH = (Wanted.YEAR, Wanted.DATE, Wanted.WHO, Wanted.WHERE)  # "Which firm has the highest sales?" asks for no sum
_HOW_MUCH_OF_IT = re.compile(
    r"^how (?!much|many|big|large|high|low|great|small|do|does|did|is|are|was|were|can|could|to|has|have|had|will|"
    r"would|should|come|about|well)\w+ (?:is|are|was|were|has|have|do|does|did|will|would|can|could)\b",
    re.IGNORECASE,
)

_NOW = re.compile(
    r"\b(today|tonight|tomorrow|now|nowadays|currently|at present|these days|at the moment|this (week|month|year))\b",
    re.IGNORECASE,
)
_COMPARES = re.compile(r"\b(compare|compared|comparison|versus|vs|difference between|than|or|both)\b", re.IGNORECASE)


def _sides(text: str) -> tuple[str, ...]:
    if compared := _comparison(text):
        return _named(compared)
    found = [name.text.strip(".,") for name in names(text) if name.start > 0]
    return tuple(dict.fromkeys(found)) if len(found) > 1 and _COMPARES.search(text) else ()


# --- Related words ---------------------------------------------------------------------------------------------------


def related(term: str) -> frozenset[str]:
    """The stems that may stand for `term` in an answer, without itself."""
    return _related().get(term, frozenset())


@cache
def _related() -> dict[str, frozenset[str]]:
    """Each stem of related.txt with those that share a line with it."""
    near: dict[str, set[str]] = {}
    for line in lines("related.txt"):
        group = set(terms(line))
        for stem in group:
            near.setdefault(stem, set()).update(group - {stem})
    return {stem: frozenset(stems) for stem, stems in near.items()}
