"""The words of a corpus: which it uses, which are parts of names, and what Chinese names are called in English."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Self

from shanghai_qa import aliases
from shanghai_qa.chinese import in_english
from shanghai_qa.mentions import names
from shanghai_qa.values import Document
from shanghai_qa.words import terms, tokens

_SHORT = r"[A-Za-z][\w-]*"  # the abbreviation that brackets may hold beside the Chinese name
_BRACKETED = re.compile(
    r"((?:[\w’'&.+-]+ ){0,7}[\w’'&.+-]+) ?"
    rf"\((?:{_SHORT}, )?([\u3400-\u9fff](?:[\u3400-\u9fff0-9A-Za-z·.-]*[\u3400-\u9fff0-9A-Za-z])?)(?:, {_SHORT})?\)"
)
# Without it `_BRACKETED`, 60% of the time of `of`, finds nothing.
_OPENS_BRACKET = re.compile(rf"\((?:{_SHORT}, )?[\u3400-\u9fff]")
_LEARNT_FROM = 20_000  # documents; their sentences are held in memory
_SHORTEST_MENDED = 5  # letters; shorter words are too easily mended into another


@dataclass(frozen=True, eq=False)
class Lexicon:
    """`words` counts each word of the corpus, `capitals` how often it stood capitalised within a sentence.

    `chinese` gives Chinese names what the corpus calls them in English, `aliases` other names the main one: see
    `aliases.of`.
    """

    words: dict[str, int]
    capitals: dict[str, int]
    chinese: dict[str, str]
    aliases: dict[str, str]

    @classmethod
    def of(cls, documents: Sequence[Document]) -> Self:
        """Of all documents; other names are learnt from `_LEARNT_FROM` of them at most, evenly spread."""
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
        in_english = {name: said.most_common(1)[0][0] for name, said in chinese.items()}
        some = documents[:: -(-len(documents) // _LEARNT_FROM) or 1]
        return cls(dict(words), dict(capitals), in_english, aliases.of(some))

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(stem for word in self.words for stem in terms(word))

    def is_name(self, word: str) -> bool:
        """Whether the corpus writes `word`, a token, with a capital more often than not."""
        return 2 * self.capitals.get(word, 0) > self.words.get(word, 0)

    def in_english(self, text: str) -> str:
        """`text` with its Chinese in English, the names as the corpus explains them: see `chinese.in_english`."""
        return in_english(text, self.chinese)

    def in_corpus_names(self, text: str) -> str:
        """`text` with things called as the corpus calls them: see `aliases.in_corpus_names`."""
        return aliases.in_corpus_names(text, self.aliases)

    def mend(self, text: str, is_word: Callable[[str], bool] = lambda word: False) -> str:
        """`text` with long words that the corpus lacks put as the word that it has one or two letters away, if one.

        `is_word` tells, in small letters, of words that are none of the corpus's and yet none misspelt. A capital
        within the text makes a name, which only becomes another name.
        """
        for word in dict.fromkeys(re.findall(rf"[A-Za-z]{{{_SHORTEST_MENDED},}}", text)):
            if self._knows(word) or any(map(is_word, _uninflected(word.casefold()))):
                continue
            better, named = self._nearest(word.casefold()), word[0].isupper()
            if better and (not named or text.startswith(word) or self.is_name(better)):
                text = re.sub(rf"\b{word}\b", better.capitalize() if named else better, text)
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


def _uninflected(word: str) -> Iterator[str]:
    """The word, and what it may be a form of: "masts" of "mast"."""
    yield word
    if word.endswith("s"):
        yield word[:-1]


_NEW_START = re.compile(r"(?<!Dr)(?<!Mr)(?<!St)\. (?=[A-Z])|\b(?:19|20)\d\d (?=[A-Z])")
_TITLE = re.compile(
    r"^(?:The |(?:Vice |Deputy )?(?:President|Premier|Mayor|Chairman|Director|Minister|Professor|Founders?) (?=[A-Z]))"
)
_LONGEST_THING = 4  # words of one that is not capitalised
_BEFORE_THING = frozenset("a an and are as at by for from in into is its of on or the their to was were with".split())


def _english(before: str) -> str:
    """What the words before a bracket end in that it names: a run of capitals, or else the words of a thing.

    >>> _english("in 2022. Vice Mayor Zhang Wei")
    'Zhang Wei'
    >>> _english("the beamlines of the Shanghai synchrotron")
    'Shanghai synchrotron'
    """
    found = names("x " + _NEW_START.split(before)[-1])
    if found and before.endswith(found[-1].text):
        return re.sub(r"['’]s?$", "", _TITLE.sub("", found[-1].text))
    words = before.split()
    start = max((at for at, word in enumerate(words) if word in _BEFORE_THING), default=-1) + 1
    return " ".join(words[start:][-_LONGEST_THING:]) or words[-1]
