"""The words of a corpus: which it uses, which are parts of names, and what Chinese names are called in English."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Self

from shanghai_qa.data import lines
from shanghai_qa.mentions import names
from shanghai_qa.values import Document
from shanghai_qa.words import has_chinese, terms, tokens

_BRACKETED = re.compile(r"((?:[\w’'&.+-]+ ){0,5}[\w’'&.+-]+) ?\(([\u3400-\u9fff][\u3400-\u9fff0-9A-Za-z·]*)\)")
_OPENS_BRACKET = re.compile(r"\([\u3400-\u9fff]")  # without it `_BRACKETED`, 60% of the time of `of`, finds nothing
_CHINESE_STOP = re.compile(
    "[的是了吗呢吧啊由在和与及有被把从对于这那其之为个家名位座所将会能上中里都还也哪叫，。？！、：；（）“”《》]+"
)
_SHORTEST_MENDED = 5  # letters; shorter words are too easily mended into another


@dataclass(frozen=True, eq=False)
class Lexicon:
    """`words` counts each word of the corpus, `capitals` how often it stood capitalised within a sentence."""

    words: dict[str, int]
    capitals: dict[str, int]
    chinese: dict[str, str]

    @classmethod
    def of(cls, documents: Iterable[Document]) -> Self:
        words: Counter[str] = Counter()
        named: Counter[str] = Counter()
        chinese: dict[str, Counter[str]] = {}
        for document in documents:
            text = f"{document.title}\n{document.publisher or ''}\n{document.text}"
            words.update(tokens(text))
            for line in document.text.splitlines():
                if line.startswith("#"):
                    continue
                named.update(name.text for name in names(line))
                if _OPENS_BRACKET.search(line):
                    for before, name in _BRACKETED.findall(line):
                        chinese.setdefault(name, Counter())[_english(before)] += 1
        capitals: Counter[str] = Counter()
        for name, times in named.items():
            for token in tokens(name):
                capitals[token] += times
        return cls(dict(words), dict(capitals), {name: said.most_common(1)[0][0] for name, said in chinese.items()})

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(stem for word in self.words for stem in terms(word))

    def is_name(self, word: str) -> bool:
        """Whether the corpus writes `word`, a token, with a capital more often than not."""
        return 2 * self.capitals.get(word, 0) > self.words.get(word, 0)

    def in_english(self, text: str) -> str:
        """`text` with each Chinese name that the corpus explains, and common words, in English, the longest first.

        Chinese that neither explains stays, and is a name that no sentence holds; particles go.
        """
        if not has_chinese(text):
            return text
        table = _glossary() | self.chinese
        for name in sorted(table, key=lambda n: (-len(n), n)):
            if name in text:
                text = text.replace(name, f" {table[name]} ")
        return " ".join(_CHINESE_STOP.sub(" ", text).split())

    def mend(self, text: str, is_word: Callable[[str], bool] = lambda word: False) -> str:
        """`text` with long words that the corpus lacks put as the word that it has one or two letters away, if one.

        `is_word` tells, in small letters, of words that are none of the corpus's and yet none misspelt.
        """
        for word in dict.fromkeys(re.findall(rf"[A-Za-z]{{{_SHORTEST_MENDED},}}", text)):
            if not self._knows(word) and not is_word(word.casefold()) and (better := self._nearest(word.casefold())):
                text = re.sub(rf"\b{word}\b", better.capitalize() if word[0].isupper() else better, text)
        return text

    def _knows(self, word: str) -> bool:
        # Most words stand there as they are; the stems of them all, 20 ms, are made for the first that does not.
        return word.casefold() in self.words or all(stem in self.stems for stem in terms(word))

    @lru_cache(maxsize=1000)  # noqa: B019  one lexicon lives as long as its index
    def _nearest(self, word: str) -> str | None:
        from rapidfuzz import process
        from rapidfuzz.distance import DamerauLevenshtein

        far = 1 if len(word) < 10 else 2
        near = process.extract(word, self._mendable, scorer=DamerauLevenshtein.distance, score_cutoff=far, limit=5)
        best = sorted(near, key=lambda found: (found[1], -self.words[found[0]], found[0]))
        return best[0][0] if best and best[0][0][0] == word[0] else None

    @cached_property
    def _mendable(self) -> list[str]:
        return sorted(word for word in self.words if len(word) >= _SHORTEST_MENDED - 1 and word.isalpha())


@cache
def _glossary() -> dict[str, str]:
    """Chinese words of questions, with what they are in English."""
    return dict(line.split(maxsplit=1) for line in lines("chinese.txt"))


def _english(before: str) -> str:
    """The end of the words before a bracket that is a name: the last run of capitals, else the last word."""
    found = names("x " + before)
    name = found[-1].text if found and found[-1].end == len(before) + 2 else before.split()[-1]
    return re.sub(r"^The |['’]s?$", "", name)
