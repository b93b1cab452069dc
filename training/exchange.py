"""Questions with one thing exchanged: what they then ask, the paragraph does not say.

A year, number or name of the question that stands in the paragraph or its title gives way to another of its kind from
other paragraphs of the same document (of any, where documents have no title) that the paragraph does not mention.
"""

import random
import re
from collections.abc import Iterable, Mapping
from functools import cache

from training.data import Asked, Paragraph

_YEAR = re.compile(r"\b(?:1[0-9]|20)\d\d\b(?![,.]\d)")
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w]|[.,]\d)")
_NAME = re.compile(r"\b[A-Z][\w'’-]*[a-z][\w'’-]*(?: [A-Z][\w'’-]*[a-z][\w'’-]*)*")
_NOT_NAMES = frozenset(
    """
    A An The This That These Those It Its They Their He His She Her We Our You There Here In On At By As For From
    With Without To Of Since After Before During Until Under Over Among Between Through According Although Though
    However But And Or So Yet If When Where While Because Each Every All Some Most Many Few Other Another Such No
    Not One Two Three Four Five Six Seven Eight Nine Ten What Who Which How Why Also Then Now Today Later Both
    Despite Once Only I'm I've Edit Thanks Just My Your Is Are Was Were Do Does Did Can Could Would Should Has
    Have Had
    Don't It's He's She's There's That's What's Didn't Doesn't Isn't Maybe Thereafter January February March April May
    June July August September October November December Monday Tuesday Wednesday Thursday Friday Saturday Sunday
    """.split()
)
_LIKE = 12  # characters by which the lengths of two names may differ


class Exchanger:
    """What a part of the collection offers for exchange; built once, then asked for many questions.

    Names are those that its questions share with their paragraphs: any other run of capitals may be no name at all.
    """

    def __init__(self, asked: Iterable[Asked], paragraphs: Mapping[str, Paragraph]) -> None:
        offered: dict[str, dict[str, set[str]]] = {}
        for a in asked:
            paragraph = paragraphs[a.paragraph]
            kinds = offered.setdefault(paragraph.title, {"year": set(), "number": set(), "name": set()})
            kinds["year"] |= years(paragraph.text)
            kinds["number"] |= set(_NUMBER.findall(paragraph.text)) - years(paragraph.text)
            kinds["name"].update(_held(a.text, paragraph, "name"))
        self._offered: Mapping[str, Mapping[str, list[str]]] = {
            title: {kind: sorted(values) for kind, values in kinds.items()} for title, kinds in offered.items()
        }

    def exchanged(self, asked: Asked, paragraph: Paragraph, chance: random.Random) -> str | None:
        """The question with a year, else a number or a name exchanged; None where it holds none or nothing fits."""
        for kind in ("year", "number", "name"):
            held = _held(asked.text, paragraph, kind)
            if held and (question := self._with_other(asked.text, paragraph, kind, chance.choice(held), chance)):
                return question
        return None

    def _with_other(
        self, question: str, paragraph: Paragraph, kind: str, old: str, chance: random.Random
    ) -> str | None:
        around = f"{paragraph.title}\n{paragraph.text}\n{question}".casefold()
        offered = self._offered[paragraph.title][kind]
        tried = chance.sample(offered, min(len(offered), 20))
        for new in sorted(tried, key=lambda new: len(new.split()) != len(old.split())):
            differs = not any(re.search(rf"\b{re.escape(word)}\b", around) for word in new.casefold().split())
            if differs and abs(len(new) - len(old)) <= _LIKE:
                before, after = re.split(rf"\b{re.escape(old)}\b", question, maxsplit=1, flags=_case(question))
                return f"{before}{new}{after}"
        return None


@cache
def years(text: str) -> frozenset[str]:
    return frozenset(_YEAR.findall(text))


@cache
def names(text: str) -> frozenset[str]:
    """Runs of capitalised words, without those that open sentences and are no names."""
    found = set[str]()
    for run in _NAME.findall(text):
        words = run.split()
        while words and words[0] in _NOT_NAMES:
            words = words[1:]
        if words and len(" ".join(words)) > 2:
            found.add(" ".join(words).removesuffix("'s").removesuffix("’s"))
    return frozenset(found)


def _held(question: str, paragraph: Paragraph, kind: str) -> list[str]:
    """The years, numbers or names of the question that the paragraph or its title has too, longest first."""
    text = f"{paragraph.title}\n{paragraph.text}"
    if kind == "name":
        found = [name for name in names(text) if re.search(rf"\b{re.escape(name)}\b", question, _case(question))]
        found = [name for name in found if not any(name != other and name in other for other in found)]
    else:
        pattern = _YEAR if kind == "year" else _NUMBER
        found = [value for value in pattern.findall(question) if value in pattern.findall(text)]
    return sorted(set(found), key=lambda value: (-len(value), value))


def _case(question: str) -> re.RegexFlag:
    """One set's questions are all in small letters; in the others, "political" is no name for being in a title."""
    return re.IGNORECASE if question.islower() else re.NOFLAG
