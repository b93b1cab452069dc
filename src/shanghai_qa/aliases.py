"""Other names of things: a table from each to the name that the corpus uses, and questions rewritten by it."""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from shanghai_qa.data import lines
from shanghai_qa.values import Document
from shanghai_qa.words import tokens

_LOST = 0.04  # of the sentences of a main name; at 0.1 "World AI Conference" is lost, below 0.035 "SSRF" gains nothing
_SENTENCE = re.compile(r"(?<=[.!?])(?<![A-Z]\.) (?=[A-Z'])|\n")  # neither "No. 2" nor "U.S. News" are two
_HEADING = re.compile(r"^#.*", re.MULTILINE)
_POSSESSIVE = re.compile(r"['’]s?(?!\w)")
_BRACKET = re.compile(r" \((?:[^()]*, )?([A-Z]{2,}s?)[,)]")
_WORDS_BEFORE = re.compile(r"(?:[\w’'&-]+ )*[\w’'&-]+$")
_LONGEST = 120  # characters of a name that a bracket abbreviates
_SMALL = frozenset({"of", "and", "the", "for", "in", "on", "at", "to", "&"})


def of(documents: Iterable[Document]) -> dict[str, str]:
    """Each other name of a thing that `documents` name, with the main name: the one that most of their sentences have.

    The names of one thing are those of a line of `aliases.txt` and those that a bracket explains; where two are as
    frequent, the first of the line is the main one. A thing that the documents never name is left out.

    A name that they use in its own right stays as it is asked, put as itself: one that stands without the main name in
    more than one sentence for 25 that have the main name, not counting those where it is part of the name of another
    thing. The sentence that answers a question by it may well be one of those, and rewriting would lose it. "USTC" and
    "University of Science and Technology of China", each alone in some documents, both stay; "Semiconductor
    Manufacturing International Corporation" becomes "SMIC", beside which it always stands. What holds a name that
    stays, as "Spacesail Constellation" holds "Spacesail", stays with it.
    """
    read = list(documents)
    sentences = _Sentences(read)
    things = _things([*_curated(), *bracketed(read)])
    words = {name: _joined(name) for names in things for name in names}
    table: dict[str, str] = {}
    for names in things:
        said = {name: sentences.holding(words[name]) for name in names}
        main = max(names, key=lambda name: len(said[name]))
        lost = _LOST * len(said[main])
        own = []
        for name in names:
            alone = said[name] - said[main]
            if len(alone) > lost:
                around = (other for other in words.keys() - set(names) if words[name] in words[other])
                if len(alone.difference(*(sentences.holding(words[other]) for other in around))) > lost:
                    own.append(words[name])
        for name in names:
            if said[main] and name != main:
                table[name] = name if any(part in words[name] for part in own) else main
    return table


def bracketed(documents: Iterable[Document]) -> list[tuple[str, str]]:
    """Names with the abbreviation that stands in brackets behind them, each pair once, in order.

    It is theirs where its letters are the first letters of the words before it, a word of capitals giving all of its
    own: "World AI Conference (WAIC)". Words like "of" may be passed over, and hyphened words count as one or as more.
    Each other word must be capitalised: what is no name abbreviates to letters that may mean more than it. A bracket
    with a word of the name itself, "Zhangjiang Hi-Tech Park (Zhangjiang)", is no pair: the one holds the other.
    """
    found: dict[tuple[str, str], None] = {}
    for document in documents:
        for bracket in _BRACKET.finditer(document.text):
            before = _WORDS_BEFORE.search(document.text[max(0, bracket.start() - _LONGEST) : bracket.start()])
            if before and (name := _abbreviated(before[0].split(), bracket[1].removesuffix("s"))):
                found[name, bracket[1]] = None
    return list(found)


def _abbreviated(before: list[str], short: str) -> str | None:
    """The last of the words `before` that `short` abbreviates, as few as can be; None where it does not."""
    for count in range(2, len(before) + 1):
        words = before[-count:]
        large = [word for word in words if word not in _SMALL]
        if any(not word[0].isupper() and not word[0].isdigit() for word in large):
            return None
        whole = (words, large, [part for word in large for part in word.split("-") if part])
        if words[0] not in _SMALL and any(_initials(parts) == short for parts in whole):
            return " ".join(words)
    return None


def _initials(words: list[str]) -> str:
    return "".join(word if word.isupper() and word.isalpha() else word[0].upper() for word in words)


def _curated() -> list[tuple[str, ...]]:
    return [tuple(line.split(" | ")) for line in lines("aliases.txt")]


def _things(groups: Iterable[tuple[str, ...]]) -> list[list[str]]:
    """The names of each thing: a group whose first known name is one of an earlier group adds its new names to that."""
    things: list[list[str]] = []
    where: dict[str, list[str]] = {}
    for group in groups:
        known = next((where[_key(name)] for name in group if _key(name) in where), None)
        if known is None:
            things.append(known := [])
        for name in group:
            if _key(name) not in where:
                known.append(name)
                where[_key(name)] = known
    return things


class _Sentences:
    """Which sentences of documents hold a name, by its words in order, whatever their case and hyphens."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._texts: list[str] = []
        self._with: dict[str, set[int]] = defaultdict(set)
        for document in documents:
            for sentence in _SENTENCE.split(_HEADING.sub("", document.text)):
                joined = _joined(sentence)
                for word in joined.split():
                    self._with[word].add(len(self._texts))
                self._texts.append(joined)

    def holding(self, joined: str) -> set[int]:
        """The numbers of those with the words that `_joined` gave."""
        some = min((self._with.get(word, set()) for word in joined.split()), key=len, default=set())
        return {number for number in some if joined in self._texts[number]}


def _joined(text: str) -> str:
    """The words of a text, each with a space on either side: a name stands in a sentence where its joined words do."""
    return f" {' '.join(tokens(_POSSESSIVE.sub('', text)))} "


# --- Rewriting -------------------------------------------------------------------------------------------------------

_SAID = (
    r"(?:(?:also|better|formerly|officially|previously) )?(?:called|known as|written|named)|"
    r"a\.?k\.?a\.?|i\.e\.|that is|in (?:Chinese|English|full|short)|short for|formerly|previously|now|or"
)
_LINK = re.compile(
    rf"(?P<mark>['’]s?)?(?: ?/ ?| a\.?k\.?a\.? |(?P<comma>,) (?:{_SAID}) | ?(?P<bracket>\()(?:(?:{_SAID}),? )?| )",
    re.IGNORECASE,
)
_MARK = re.compile(r"['’]s(?!\w)")
_FIRM = re.compile(r",? (?:Inc|Corp|Co|Ltd|Limited)(?!\w)\.?(?:,? Ltd(?!\w)\.?)?")
_CLOSING = re.compile(r"(?:['’]s?)?\)")


class _Found(NamedTuple):
    """A thing that a text names at [start, end), with the keys of its names there and the mark of a possessive."""

    start: int
    end: int
    main: str
    names: frozenset[str]
    mark: str


def in_corpus_names(text: str, table: dict[str, str]) -> str:
    """`text` with each name in it that `table` has put as the main name; as it is where it holds none.

    Of names within one another the longest counts, and a main name stays as it is written. Names match on word
    boundaries, hyphens like spaces; in any case, unless they are all capitals. A possessive stays one. Rewriting what
    is rewritten changes nothing.

    Two names of one thing side by side become one: "RedNote (Xiaohongshu)", "RedNote, in Chinese Xiaohongshu,". Where
    they stand apart, the text speaks of the names ("Is RedNote the same as Xiaohongshu?"), and both stay.

    >>> in_corpus_names("What is RedNote's (or Xiaohongshu's) value?", {"RedNote": "Xiaohongshu"})
    "What is Xiaohongshu's value?"
    """
    while (rewritten := _rewritten(text, table)) != text:
        text = rewritten
    return text


def _rewritten(text: str, table: dict[str, str]) -> str:
    found = _found(text, *_compiled(tuple(table), tuple(table.values())))
    pieces: list[str] = []
    done = 0
    for thing in found:
        if thing.names != {_key(thing.main)} and not _apart(thing, found):
            start, end = _widened(text, thing)
            mark = thing.mark or (_MARK.match(text, end) or [""])[0]
            end += 0 if thing.mark else len(mark)
            main = thing.main.capitalize() if text[:1].isupper() and start == 0 and thing.main.islower() else thing.main
            pieces += [text[done:start], main, mark and ("'" if main.endswith("s") else "'s")]
            done = end
    return "".join([*pieces, text[done:]])


def _found(text: str, pattern: re.Pattern[str], mains: dict[str, str]) -> list[_Found]:
    """The things that a text names, in order; two names of one thing side by side are one of them."""
    found: list[_Found] = []
    for match in pattern.finditer(text):
        key = _key(match[0])
        if key not in mains:  # "SMİC": some letters are alike only where case does not count
            continue
        thing = _Found(match.start(), match.end(), mains[key], frozenset({key}), "")
        last = found[-1] if found else None
        if last and last.main == thing.main and key not in last.names and (both := _together(text, last, thing)):
            found[-1] = both
        else:
            found.append(thing)
    return found


def _together(text: str, one: _Found, other: _Found) -> _Found | None:
    """Both as one thing that ends where all that belongs to them does; None where other words stand between them."""
    link = _LINK.fullmatch(text, one.end, other.start)
    closing = _CLOSING.match(text, other.end) if link and link["bracket"] else None
    if not link or (link["bracket"] and not closing):
        return None
    end = closing.end() if closing else other.end + (link["comma"] is not None and text.startswith(",", other.end))
    return _Found(one.start, end, one.main, one.names | other.names, link["mark"] or "")


def _apart(thing: _Found, found: list[_Found]) -> bool:
    """Whether the text has this thing under two names that are nowhere side by side."""
    same = [other.names for other in found if other.main == thing.main]
    return len(set(same)) > 1 and all(len(names) == 1 for names in same)


def _widened(text: str, thing: _Found) -> tuple[int, int]:
    """Where the thing starts and ends with what its main name makes one too many: "Shanghai SSE", "Muxi Co., Ltd."."""
    start, end, words = thing.start, thing.end, thing.main.split(" ")
    if len(words) > 1 and f" {text[:start]}".endswith(f" {words[0]} "):
        start -= len(words[0]) + 1
    if len(words) > 1 and re.match(rf" {re.escape(words[-1])}(?!\w)", text[end:]):
        end += len(words[-1]) + 1
    firm = _FIRM.match(text, end)
    return start, firm.end() if firm else end


@lru_cache(maxsize=8)
def _compiled(names: tuple[str, ...], mains: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    """What finds the names of a table, the longest first, and the main name of each by its key."""
    by_key = {_key(main): main for main in mains} | {_key(n): main for n, main in zip(names, mains, strict=True)}
    caps = {_key(name) for name in names if name.isupper()}
    starts: dict[str, list[str]] = defaultdict(list)
    for key in sorted(by_key, key=len, reverse=True):
        starts[key[:2]].append(f"(?-i:{_pattern(key.upper())})" if key in caps else _pattern(key))
    # By their first letters: a plain choice of a thousand names takes six times as long.
    choice = "|".join(f"(?={_pattern(start)})(?:{'|'.join(some)})" for start, some in starts.items())
    return re.compile(rf"(?<!\w)(?:{choice or '(?!)'})(?!\w|[.,]\d)", re.IGNORECASE), by_key


def _pattern(key: str) -> str:
    return re.escape(key).replace(r"\ ", "[ -]").replace("'", "['’]")


def _key(name: str) -> str:
    """The same for all spellings of a name that differ in case, hyphens and the kind of apostrophe."""
    return name.replace("-", " ").replace("’", "'").casefold()
