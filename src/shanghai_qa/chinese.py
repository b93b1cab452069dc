"""Chinese questions in English: word by word from a glossary, put in the order in which English asks.

A question in Chinese goes in; out comes English that `question.understand` reads and that is like the corpus in its
words: the question word first, what belongs to what with "of", places and dates at the end. Chinese that neither the
glossary nor the corpus explains stays as it is, and is then a name that no sentence holds.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from shanghai_qa.chinese_numbers import readings
from shanghai_qa.chinese_order import asks, in_order
from shanghai_qa.glossary import ACTS, Word, glossary
from shanghai_qa.words import has_chinese


def in_english(text: str, names: Mapping[str, str]) -> str:
    """`text` with its Chinese in English; as it is where it has none. `names` says what the corpus calls Chinese names.

    The glossary goes before `names`, which are read off brackets.

    >>> in_english("壁仞科技是哪一年成立的？", {"壁仞科技": "Biren Technology"})
    'in which year was Biren Technology founded?'
    >>> in_english("2024年上海有多少家独角兽企业？", {})
    'how many unicorns did Shanghai have in 2024?'
    """
    if not has_chinese(text):
        return text
    plain = unicodedata.normalize("NFKC", text).translate(glossary().simple)
    clauses = _joined([_known(_words(part, names)) for part in _STOPS.split(plain) if part.strip()])
    english = ", and ".join(filter(None, map(in_order, clauses))) or text
    return english + "?" if any(map(asks, clauses)) else english


_STOPS = re.compile(r"[。？！；：…;!?\n]+|[，,](?!\d)|:(?!\d)")


def _joined(clauses: Sequence[list[Word]]) -> list[list[Word]]:
    """Clauses that ask nothing with the one behind them, the last ones with the one before."""
    found: list[list[Word]] = []
    waiting: list[Word] = []
    for clause in clauses:
        waiting = [*waiting, *clause]
        if asks(clause):
            found.append(waiting)
            waiting = []
    if waiting and found:
        found[-1] = [*found[-1], *waiting]
        return found
    return [*found, waiting] if waiting else found


# --- From characters to words ----------------------------------------------------------------------------------------

_UNEXPLAINED = -4.0  # worth of a character that is part of no word


def _words(text: str, names: Mapping[str, str]) -> list[Word]:
    """The words of a clause: those that explain the most of it in the longest pieces; of equals, the earlier longer.

    A piece is worth the square of its length, as in finding the words of Chinese by the longest match, but over all of
    the clause: 中国 and 有 are no 国有.
    """
    best: list[tuple[float, int, tuple[Word, ...]]] = [(0.0, 0, ()), *[(-1e9, 0, ())] * len(text)]
    for start in range(len(text)):
        for length, worth, found in _readings(text, start, names):
            value = best[start][0] + worth
            if value >= best[start + length][0]:
                best[start + length] = (value, start, found)
    pieces: list[tuple[Word, ...]] = []
    end = len(text)
    while end:
        _, end, words = best[end]
        pieces.append(words)
    return [word for piece in reversed(pieces) for word in piece]


def _readings(text: str, start: int, names: Mapping[str, str]) -> Iterator[tuple[int, float, tuple[Word, ...]]]:
    """What may begin at `start`: its length in characters, its worth, its words."""
    alone = text[start]
    yield 1, _UNEXPLAINED, (Word("unknown", alone, chinese=alone),) if has_chinese(alone) else ()
    yield from readings(text, start)
    longest = max(glossary().longest, *map(len, names), 1)
    for length in range(1, min(longest, len(text) - start) + 1):
        chinese = text[start : start + length]
        if word := glossary().words.get(chinese):
            yield length, length**2, (word,)
        elif name := names.get(chinese):
            yield length, length**2, (Word(_kind_of(name), name, chinese=chinese),)


def _kind_of(name: str) -> str:
    if not any(c.isupper() for c in name):
        return "noun"
    return "place" if re.search(r"\b(?:District|Town|Area|Zone|City)$", name) else "name"


# --- What is not explained -------------------------------------------------------------------------------------------


def _known(words: Sequence[Word]) -> list[Word]:
    """The words, what is unexplained as names: a character that is a word by itself is part of the name beside it.

    One or two characters such as are found in particles and verbs are left out, unless what follows shows a name.
    """
    found: list[Word] = []
    for word in words:
        last = found[-1] if found else None
        if last and "unknown" in (word.kind, last.kind) and _may_be_of_a_name(word) and _may_be_of_a_name(last):
            whole = last.chinese + word.chinese
            found[-1] = Word("unknown", whole, chinese=whole)
        else:
            found.append(word)
    behind = [word.chinese for word in found[1:]] + [""]
    return [word for word, next_one in zip(found, behind, strict=True) if not _is_light(word) or next_one in _NAME_ENDS]


def _may_be_of_a_name(word: Word) -> bool:
    return word.kind == "unknown" or (len(word.chinese) == 1 and word.kind in {"noun", "adjective", *ACTS})


def _is_light(word: Word) -> bool:
    short = word.kind == "unknown" and len(word.chinese) <= _LONGEST_PARTICLE
    return short and glossary().light.issuperset(word.chinese)


_LONGEST_PARTICLE = 2
_NAME_ENDS = frozenset(
    """
    公司 集团 科技 大学 学院 医院 银行 汽车 基金 证券 股份 半导体 电子 生物 资本 区 市 镇 路 县 岛 湖
    """.split()
)
