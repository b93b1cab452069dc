"""Chinese words in the order of English: what asks comes first, then who does what to what, where, and when.

The English is read by a machine that knows the words of the corpus, so that words and their order count, and articles,
number and tense do not.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shanghai_qa.chinese_phrases import (
    LEADING,
    Parts,
    finite,
    has_act,
    has_verb,
    phrase,
    predicate,
    run,
    told,
    with_nouns,
)
from shanghai_qa.glossary import ACTS, NOMINAL, Word
from shanghai_qa.words import has_chinese

_ASKING = frozenset({"ask", "many"})


def asks(words: Iterable[Word]) -> bool:
    return any(word.kind in {*_ASKING, "whether", "about"} for word in words)


def in_order(words: Sequence[Word]) -> str:
    """A clause in English; word by word where it is longer than anyone asks."""
    if len(words) > _LONGEST_CLAUSE:
        return _tidy(run(words))
    if (at := _end_of_while(words)) is not None:
        meanwhile, when = _timeless([word for word in words[:at] if word.kind != "drop"]), _times(words[:at])
        return _tidy(f"{in_order(words[at + 1 :])} {f'as {told(meanwhile)}' if meanwhile else ''} {when}")
    when = _times(words)
    tense = _Tense(any(word.chinese.endswith(_DONE) or _is_past(word) for word in words))
    said = with_nouns([word for word in _timeless(words) if word.kind not in {"drop", "about"}])
    whether = next((word for word in said if word.kind == "whether"), None)
    said = [_IS if _is_copula(said, at) else word for at, word in enumerate(said)]
    said = [word for word in said if word.kind != "whether"]
    asking = next((at for at, word in enumerate(said) if word.kind in _ASKING), None)
    if asking is not None:
        return _tidy(f"{_asked(said, asking, tense)} {when}")
    if whether:
        return _tidy(f"{_whether(whether.english, said, tense)} {when}")
    if any(word.kind == "about" for word in words):
        return _tidy(f"what about {phrase(said) or when.removeprefix('in ')}")
    return _tidy(f"{phrase(said)} {when}")


_LONGEST_CLAUSE = 80  # words
_DONE = ("了", "过", "曾", "曾经")


_IS = Word("is", "is")


def _is_copula(words: Sequence[Word], at: int) -> bool:
    """Whether a word that asks for yes or no is the verb, too: "是不是"."""
    return words[at].kind == "whether" and words[at].english == "is" and not has_act(words[at:])


def _end_of_while(words: Sequence[Word]) -> int | None:
    """Where the 时 stands that ends a clause of its own before the question."""
    return next((at for at, word in enumerate(words) if at and word.chinese in _WHILE and asks(words[at:])), None)


_WHILE = frozenset({"时", "时候", "的时候"})


def _is_past(word: Word) -> bool:
    return word.kind == "time" and re.match(r"(?:in|on|at) .*\b(?:19|20)\d\d\b", word.english) is not None


def _tidy(text: str) -> str:
    text = re.sub(r"\b(in|on|to|by|of) (in|on|near|under|between|within)\b", r"\2", " ".join(text.split()))
    return text.replace(" ,", ",")


# --- When ------------------------------------------------------------------------------------------------------------


def _times(words: Sequence[Word]) -> str:
    """When; dates that are joined or compared stay so."""
    times = [at for at, word in enumerate(words) if word.kind == "time"]
    said = []
    for at in times:
        before = words[at - 1].kind if at else ""
        if before == "and" and at - 2 in times:
            said.append(f"and {words[at].english}")
        elif before == "before" and words[at - 1].english == "than":
            said.append(f"compared with {words[at].noun or words[at].english}")
        else:
            said.append(words[at].english)
    return " ".join(said)


def _timeless(words: Sequence[Word]) -> list[Word]:
    """The words without dates and what binds dates together."""
    times = {at for at, word in enumerate(words) if word.kind == "time"}
    links = {at for at, word in enumerate(words) if word.kind == "and" and {at - 1, at + 1} <= times}
    than = {at for at, word in enumerate(words) if word.english == "than" and at + 1 in times}
    kept = [word for at, word in enumerate(words) if at not in times | links | than]
    while kept and kept[0].kind in {"of", "and"}:
        kept = kept[1:]
    return kept


# --- Questions -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Tense:
    past: bool

    @property
    def be(self) -> str:
        return "was" if self.past else "is"

    @property
    def do(self) -> str:
        return "did" if self.past else "does"

    def has(self, owner: Sequence[Word], thing: str = "") -> str:
        """That someone has a thing, or what is asked for: "does SMIC have plant in Shanghai"."""
        at = next((n for n, w in enumerate(owner) if n and w.kind == "before" and not has_verb(owner[n:])), len(owner))
        return f"{self.do} {phrase(owner[:at]) or 'it'} have {thing} {phrase(owner[at:])}"

    def inverted(self, words: Sequence[Word], asked_object: bool = False) -> str:
        """A clause with its auxiliary first: "was SMIC founded in Shanghai", "does SMIC make chips"."""
        words = _unstressed(words)
        modal = next((word.english for word in words if word.kind == "modal"), "")
        words = [word for word in words if word.kind != "modal"]
        at = predicate(words)
        if at is None:
            return f"{modal or self.be} {phrase(words)}"
        before, verb, behind = words[:at], words[at], words[at + 1 :]
        if verb.kind == "is":
            negated = verb.english.removeprefix("is").strip()
            return f"{modal or self.be} {phrase(before)} {'be' if modal else ''} {negated} {phrase(behind)}"
        if verb.kind == "has":
            thing = f"{verb.english.removeprefix('has')} {phrase(behind)}"
            return f"{modal} {phrase(before)} have {thing}" if modal else self.has(before, thing)
        parts = Parts.of(words, at)
        if modal or not parts.is_passive(asked_object):
            return f"{modal or self.do} {parts.subject or 'it'} {parts.base} {parts.object} {parts.around}"
        subject, rest = (parts.subject, parts.object) if parts.subject else (parts.object or "it", "")
        return f"{self.be} {subject} {parts.done} {rest} {parts.around}"


def _whether(marker: str, words: Sequence[Word], tense: _Tense) -> str:
    """A question for yes or no: it opens with an auxiliary."""
    if compared := _compared(words, tense):
        return compared
    if marker == "has" and not has_act(words):
        named = [at for at, word in enumerate(words) if word.kind in {"name", "place", "pronoun"}]
        at = next((at for at in named if at + 1 not in named), -1) + 1
        return f"{tense.do} {phrase(words[:at]) or 'it'} have {phrase(words[at:])}"
    if marker in {"can", "will", "should"}:
        return tense.inverted([Word("modal", marker), *words])
    return tense.inverted(words)


def _asked(words: Sequence[Word], at: int, tense: _Tense) -> str:
    """The question that the word at `at` asks."""
    ask, taken = _ask(words, at)
    before, after = list(words[:at]), list(words[at + taken :])
    while after and after[-1].kind == "of":
        after.pop()
    stress = next((n for n, word in enumerate(before) if word.kind == "is"), None)
    if words[-1].kind == "of" and stress is not None and has_act([*before[stress:], *after]):
        tense, before = _Tense(True), [*before[:stress], *before[stress + 1 :]]
        if not _is_adverb(ask) and has_act(after) and not (before and before[-1].kind == "before"):
            return f"{ask} {finite(after)} {phrase(before)}"
    if before and before[-1].kind == "and":
        before[-1] = Word("before", "with")
    if special := _share(before, after, tense) or _compared(before, tense, asked=True) or _most(ask, before, after):
        return special
    link = before[-1].kind if before else ""
    if _is_adverb(ask) or (_is_measure(ask) and has_act(after)):
        return _adverbial(ask, before, after, tense)
    if after and after[0].kind == "is":
        return f"{ask} {tense.be} {phrase([*before, *after[1:]])}"
    if has_act(after):
        return _subject(ask, before, after, tense)
    if link == "before" and not has_act(before):
        return f"{before[-1].english} {ask} {tense.be} {phrase([*before[:-1], *after])}"
    if link == "has":
        return _possessed(ask, words[at], before[:-1], after, tense)
    if link == "is" or predicate(before) is None:
        return _complement(ask, [word for word in before if word.kind != "is"], after, tense)
    return _object(ask, before, after, tense)


def _ask(words: Sequence[Word], at: int) -> tuple[str, int]:
    """The words that ask, with the thing that they ask for, and how many words that takes."""
    asking, end = words[at], at + 1
    if asking.measured:
        if words[end : end + 1] and words[end].kind == "of" and end + 1 < len(words):
            return f"how many {asking.noun} of {phrase(words[end + 1 :])}", len(words) - at
    elif asking.english in _TAKING:
        while end < len(words) and words[end].kind in NOMINAL - {"pronoun"}:
            end += 1
            if words[end : end + 1] and words[end].kind == "of" and all(w.kind == "place" for w in words[at + 1 : end]):
                end += 1
        if end == len(words) - 1 == at + 1 and words[end].kind in ACTS and words[end].noun:
            return f"{asking.english} {words[end].noun}", 2
    things = phrase(words[at + 1 : end]).removeprefix("the ")
    if asking.english == "how many" and not asking.measured:
        things = _plural(things)
    if asking.noun == "person" and not things:
        return "who", end - at
    unit = asking.noun if asking.measured or asking.noun == "money" or not things else ""
    return " ".join(filter(None, (asking.english, unit, things))), end - at


_TAKING = frozenset({"which", "what", "how many", "how much", "in which country"})


def _plural(things: str) -> str:
    if not things or _ALIKE.search(things) or has_chinese(things):
        return things
    return f"{things[:-1]}ies" if re.search(r"[^aeiou]y$", things) else f"{things}s"


_ALIKE = re.compile(r"(?:s|people|staff|aircraft|talent|software|equipment|investment|listed|[A-Z]\S*)$")


def _is_adverb(ask: str) -> bool:
    return re.match(r"(?:where|when|why|how$|how (?:is|are)|(?:in|on|for) (?:which|what))\b", ask) is not None


def _is_measure(ask: str) -> bool:
    return re.match(r"how (?!many|much)\w", ask) is not None


def _unstressed(words: Sequence[Word]) -> list[Word]:
    """The words without the 是 … 的 that stresses when, where or by whom something was done."""
    found = list(words)
    while found and found[-1].kind == "of":
        found.pop()
    at = next((at for at, word in enumerate(found) if word.kind == "is"), None)
    if at is not None and len(found) < len(words) and has_act(found[at:]):
        del found[at]
    return found


def _share(before: Sequence[Word], after: Sequence[Word], tense: _Tense) -> str:
    """What share of one thing another makes up: "A 占 B 的多少"."""
    at = next((at for at, word in enumerate(before) if word.chinese in {"占", "占到", "占据"}), None)
    if at is None or has_act(after):
        return ""
    whole = [w for w in before[at + 1 :] if w.kind not in {"of", "is", "has"} and w.english not in _SHARES]
    part = [word for word in before[:at] if word.kind != "is"]
    return f"what share of {phrase(whole) or 'the total'} {tense.be} {phrase(part)}"


_SHARES = frozenset({"share", "percentage", "proportion"})


def _compared(words: Sequence[Word], tense: _Tense, asked: bool = False) -> str:
    """How one thing compares with another: "A 比 B 快", and by how much, where that is asked."""
    at = next((at for at, word in enumerate(words) if word.english == "than" and at), None)
    if at is None or words[-1].kind != "adjective":
        return ""
    end = max(n for n, word in enumerate(words) if word.kind not in {"adjective", "adverb"}) + 1
    more = " ".join(_comparative(word.english) for word in words[end:] if word.kind == "adjective")
    one, other = phrase(words[:at]), phrase(words[at + 1 : end])
    return f"how much {more} {tense.be} {one} than {other}" if asked else f"{tense.be} {one} {more} than {other}"


def _comparative(adjective: str) -> str:
    if adjective == "more" or adjective.endswith("er"):
        return adjective
    return f"more {adjective}" if len(adjective) > 6 else re.sub(r"e$", "", adjective) + "er"


def _most(ask: str, before: Sequence[Word], after: Sequence[Word]) -> str:
    """Who has most of something: "哪个区的企业最多"."""
    if not after or after[0].kind != "of" or after[-1].kind != "adjective":
        return ""
    last = max(n for n, word in enumerate(after) if word.kind not in {"adjective", "adverb"})
    sides = f", {_sides(before)}" if any(word.kind == "and" for word in before) else f"in {phrase(before)}"
    return f"{ask} has the {phrase(after[last + 1 :])} {phrase(after[1 : last + 1])} {sides if before else ''}"


def _sides(words: Sequence[Word]) -> str:
    return phrase([replace(word, english="or") if word.kind == "and" else word for word in words])


def _adverbial(ask: str, before: list[Word], after: list[Word], tense: _Tense) -> str:
    """When, where, why or how something is so or was done."""
    while before and before[-1].kind in {"is", "before", "has"}:
        before.pop()
    rest = [*before, *after]
    planned = any(word.kind == "modal" or word.english in {"plan", "expect"} for word in rest)
    if ask.startswith(("when", "in which year", "on which")) and has_act(rest) and not planned:
        tense = _Tense(True)
    return f"{ask} {tense.inverted(rest)}" if rest else ask


def _subject(ask: str, before: list[Word], after: list[Word], tense: _Tense) -> str:
    """A question whose verb stands behind the word that asks: who did, or with what something was done."""
    link = before[-1].kind if before else ""
    if link == "before":
        if before[-1].english == "by":
            return f"{ask} {finite(after)} {phrase(before[:-1])}"
        return f"{before[-1].english} {ask} {tense.inverted([*before[:-1], *after])}"
    if link in {"is", "has"}:
        before = before[:-1]
    if any(word.kind == "and" for word in before) and not has_act(before):
        return f"{ask} {finite(after, ask)}, {_sides(before)}"
    if predicate(before) is not None:
        aim = f"to {told(after, base=True)}" if after[0].kind in ACTS else phrase(after)
        return f"{_object(ask, before, [], tense)} {aim}"
    where = phrase(before) if before and before[0].kind == "before" else f"in {phrase(before)}"
    return f"{ask} {finite(after, ask)} {where if before else ''}"


def _possessed(ask: str, asking: Word, owner: list[Word], after: list[Word], tense: _Tense) -> str:
    """What someone has: "X 有多少家企业"."""
    at = predicate(owner)
    if at is not None and owner[at].kind in ACTS:
        return f"{ask} {tense.be} there to {told(owner, base=True)}"
    if ask == "how tall" and owner and owner[-1].kind == "noun" and owner[-1].english not in _TALL:
        ask = "how high"
    if asking.measured or _is_measure(ask):
        return f"{ask} {tense.be} {phrase(owner)} {phrase(after)}"
    if ask == f"how many {asking.noun}" and owner and owner[-1].kind == "noun" and not after:
        first = next((at for at, word in enumerate(owner) if word.kind != "place"), 0)
        return f"how many {phrase(owner[first:])} {tense.has(owner[:first]) if first else 'are there'}"
    if ask in {"how many", "which"} and len(owner) > 1 and owner[-1].kind == "noun":
        return _complement("what" if ask == "which" else ask, owner, after, tense)
    if ask.endswith(" listed"):
        return f"{ask.replace(' listed', ' are listed')} in {phrase(owner)} {phrase(after)}"
    return f"{ask} {tense.has(owner)} {phrase(after)}"


_TALL = frozenset({"robot", "humanoid robot", "tower", "building", "buildings", "people"})


def _complement(ask: str, said: list[Word], after: list[Word], tense: _Tense) -> str:
    """What something is: "收入是多少", "创始人是谁"."""
    thing, head = phrase(said) or "it", said[-1].english if said else ""
    if ask == "what" and head.split(" ")[-1] in _PEOPLE:
        ask = "who"
    if ask == "what called":
        return f"what {tense.be} {thing} called {phrase(after)}"
    if ask == "what rank":
        return f"{ask} {tense.has([word for word in said if word.english not in {'rank', 'ranking'}])} {phrase(after)}"
    if not after and ask in {"how many", "how much money"}:
        if head in _MEASURED | _INVESTED and said[-2:-1] and said[-2].kind != "adjective":
            return f"{'what' if head in _MEASURED else 'how much'} {head} {tense.has(said[:-1])}"
        if head.startswith("number"):
            of_things = len(said) > 1 and said[-2].kind == "noun"
            things = said[-2].english if of_things else "people"
            return f"how many {things} {tense.has(said[:-2] if of_things else said[:-1])}"
        if ask == "how much money" and not head.endswith(_PRICED):
            return f"{ask} {tense.has(said)}"
        ask = "what"
    article = "the " if len(said) == 1 and said[0].kind == "noun" else ""
    return f"{ask} {tense.be} {article}{thing} {phrase(after)}"


_MEASURED = frozenset("area height length weight speed capacity size depth rank width".split())
_INVESTED = frozenset({"investment", "total investment", "money raised", "financing", "spending", "loans"})
_PRICED = tuple("price rent tickets salary pay fee cost revenue profit valuation value sales".split())
_PEOPLE = frozenset("founder co-founder chairman executive president director head shareholders investors".split())


def _object(ask: str, before: list[Word], after: list[Word], tense: _Tense) -> str:
    """What someone did something to: "交付了多少辆车"."""
    ask, behind = "how much" if ask == "how many" else ask, ""
    if before[-1].kind == "before":
        behind = before.pop().english
    at = predicate(before)
    if at is None:
        return f"{ask} {tense.be} {phrase(before)} {behind} {phrase(after)}"
    if before[at].english in _COMING:
        return f"{ask} have {before[at].done} {phrase([*before[:at], *before[at + 1 :]])} {phrase(after)}"
    serial = at < len(before) - 1 and {before[at].kind, before[-1].kind} <= ACTS
    if serial and before[at].english.split()[0] not in LEADING:
        before = [*before[:at], before[-1], *before[at:-1]]
    return f"{ask} {tense.inverted(before, asked_object=not behind)} {behind} {phrase(after)}"


_COMING = frozenset({"move into", "gather in", "settle in"})
"""Verbs whose subject, in English, stands behind them in Chinese: "模速空间入驻了多少家企业"."""
