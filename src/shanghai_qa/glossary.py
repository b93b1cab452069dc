"""The glossary of Chinese words: what each is in English, and what kind of word it is."""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Self

from shanghai_qa.clause import participle
from shanghai_qa.data import lines

NOMINAL = frozenset({"noun", "name", "place", "adjective", "number", "pronoun", "unknown"})
ACTS = frozenset({"verb", "stays"})
VERBS = ACTS | {"is", "has"}


@dataclass(frozen=True)
class Word:
    """A word of a question. `kind` is the section of the glossary that it stands in, or "number", "many" or "unknown".

    `english` is the base form of a verb, `done` its participle; `noun` is what a verb is as a noun, or the thing that
    a measure word counts where no other is named. `measured` says that `noun` is a unit: metres, days.
    """

    kind: str
    english: str
    noun: str = ""
    done: str = ""
    chinese: str = ""
    measured: bool = False


@dataclass(frozen=True, eq=False)
class Glossary:
    """`words` by their Chinese; `measures`, `units` and `coins` count only behind a number or its question word.

    `light` are the characters of particles and common verbs; `simple` gives the simplified form of a traditional one.
    """

    words: dict[str, Word]
    measures: dict[str, str]
    units: dict[str, str]
    coins: dict[str, str]
    simple: dict[int, str]
    light: frozenset[str]

    @classmethod
    def of(cls, entries: list[str]) -> Self:
        """The glossary that lines such as those of `data/chinese.txt` make up."""
        apart: dict[str, dict[str, str]] = {kind: {} for kind in ("measure", "unit", "coin")}
        words: dict[str, Word] = {}
        simple: dict[int, str] = {}
        light: set[str] = set()
        kind = ""
        for line in entries:
            if line.startswith("["):
                kind = line[1:-1]
            elif kind == "traditional":
                simple.update({ord(pair[0]): pair[1] for pair in line.split()})
            elif kind == "light":
                light.update(line)
            elif kind == "drop":
                words.update({chinese: Word(kind, "", chinese=chinese) for chinese in line.split()})
            else:
                chinese, english = line.split(maxsplit=1)
                if kind in apart:
                    apart[kind][chinese] = english
                else:
                    words[chinese] = _entry(kind, chinese, english)
        return cls(words, apart["measure"], apart["unit"], apart["coin"], simple, frozenset(light))

    @cached_property
    def longest(self) -> int:
        """Characters of the longest word."""
        return max(map(len, self.words))


@cache
def glossary() -> Glossary:
    """The one that ships."""
    return Glossary.of(lines("chinese.txt"))


def _entry(kind: str, chinese: str, english: str) -> Word:
    verb, _, noun = english.partition(" | ")
    base, _, done = verb.partition("/")
    if kind in ACTS:
        return Word(kind, base, noun, done or _participle(base), chinese)
    return Word(kind, "" if english == "-" else english, chinese=chinese)


def _participle(base: str) -> str:
    """As in "carried out" for "carry out"."""
    verb, _, rest = base.partition(" ")
    return f"{_OTHERWISE.get(verb) or participle(verb)} {rest}".strip()


_OTHERWISE = {"be": "been", "control": "controlled", "do": "done"}
