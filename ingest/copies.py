"""Which documents tell the same text: a stream of documents in, groups of copies out, no text kept.

Copies are exact, but for case, white space and punctuation, or near: most of their shingles (runs of three words, or of
five Chinese characters) are the same, whatever their order. That finds a text under another title and date line, with
another order of paragraphs, a paragraph more and a few words changed. It is resemblance, not containment: a page that
quotes another, or collects several, is no copy of it. Nor is one where the same words stand beside other figures, or
that is about another thing than its title names, as reports of one template are. Short texts are copies only if exact.

MinHash estimates the resemblance, and bands of it find whom to compare (Leskovec, Rajaraman & Ullman, Mining of Massive
Datasets, chapter 3). What is kept of a document lies in a temporary SQLite file, which is what bounds the memory;
datasketch's own LSH holds its bands in memory.
"""

import re
import sqlite3
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from zlib import crc32

import numpy as np
from datasketch import MinHash
from numpy.typing import NDArray

from shanghai_qa.errors import CorpusError
from shanghai_qa.values import Document
from shanghai_qa.words import fold

_ALIKE = 0.56  # least resemblance of near copies: the lowest that is right in 98% on tests/ingest/copies.yaml, dev half
_SHORT = 60  # words; of two texts one of which has fewer, only exact copies are copies
_LONG = 1_000_000  # characters; the same of one that has more
_BANDS = 40
_ROWS = 3  # of a band; 99% of the pairs that resemble each other by half and have the same figures share a band
_BUCKET = 256  # documents that share a band, beyond which it finds no more: reports of one template
_COMPARED = 100  # documents that one is compared with, those first that share most bands


class Copies:
    """Finds the copies among the documents that are added.

    Nothing depends on the order in which they are. A document of 400 words costs 1 ms and 2.5 KB in a temporary
    file; memory hardly grows. CorpusError where there is no room for that file.
    """

    def __init__(self, alike: float = _ALIKE) -> None:
        """Near copies resemble each other by at least `alike`, in (0, 1]."""
        self._alike = alike
        # "" is a file of its own, which goes when it is closed
        self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._file.close)
        self._file.executescript(_TABLES)

    def add(self, document: Document) -> None:
        """Take in a document. ValueError if its id was added before."""
        partial = not (document.url and document.published)
        preferred = (document.tier.rank, partial, document.published or "9999", document.id)
        try:
            with _room():
                self._file.execute(_ADD, (*preferred, *_Sketch.of(document).row()))
        except sqlite3.IntegrityError as error:
            raise ValueError(f"the document {document.id!r} was added before") from error

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Id of the document to keep → ids of its copies; what has no copy is in no group.

        Kept is the best placed: the better tier, then what has an address and a date, then the earlier, then by id.
        Each copy was compared with what is kept, so that no chain of small changes joins texts that differ.
        """
        groups: dict[str, list[str]] = {}
        with _room():
            self._file.execute("DELETE FROM kept")
            for place, (number,) in enumerate(self._file.execute(_PREFERRED_FIRST)):
                id, *row = self._file.execute(_ONE, (number,)).fetchone()
                sketch = _Sketch.from_row(*row)
                original = self._original(sketch)
                if original is None:
                    self._file.executemany(_KEEP, [(key, place, number, key, _BUCKET) for key in sketch.bands()])
                else:
                    groups.setdefault(original, []).append(id)
        return {kept: tuple(copies) for kept, copies in groups.items()}

    def _original(self, sketch: "_Sketch") -> str | None:
        """Of the documents kept so far that which `sketch` is most like, if it is a copy of any."""
        sharing = self._file.execute(_SHARING, (*sketch.bands(), _COMPARED))
        alike = {id: sketch.alike(_Sketch.from_row(*row)) for id, *row in sharing}
        best = max(alike, key=lambda id: alike[id], default=None)
        return best if best and alike[best] >= self._alike else None


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise CorpusError(
            f"the copies among the documents cannot be found ({error}); make room in the folder of temporary files, or "
            "name another in SQLITE_TMPDIR"
        ) from error


# --- What is known of a text ------------------------------------------------------------------------------------------

_Hashes = NDArray[np.uint32]
_SHINGLES = MinHash(_BANDS * _ROWS, seed=1, hashfunc=crc32)
_FIGURES = MinHash(_BANDS, seed=2, hashfunc=crc32)
_MIX = np.random.default_rng(3).integers(2**63, size=_ROWS + 1, dtype=np.uint64) * 2 + 1


@dataclass(frozen=True)
class _Sketch:
    """A text as far as copies of it need.

    `exact` is a hash of its words. `size` counts those compared, `shingles` is the MinHash of their runs, uint32, shape
    (120,); `figures` is that of their figures, uint32, shape (40,). `told` says of each figure which words stand beside
    it: those words' hash in the upper, the figure's in the lower half of uint64. `terms` are hashes of the words and
    pairs of ideographs, `subject` those in the title that the text repeats, uint16. All three sorted, each once.
    """

    exact: bytes
    size: int
    shingles: _Hashes
    figures: _Hashes
    told: NDArray[np.uint64]
    terms: NDArray[np.uint16]
    subject: NDArray[np.uint16]

    @classmethod
    def of(cls, document: Document) -> "_Sketch":
        words = list(_words(_without_date_lines(document.text))) if len(document.text) <= _LONG else []
        terms = Counter(_terms(words))
        return cls(
            exact=_exact(document),
            size=len(words),
            shingles=_minhash(_SHINGLES, (" ".join(_run(words, at)) for at in range(len(words)))),
            figures=_minhash(_FIGURES, ["", *filter(_is_figure, words)]),  # "": that none is like few
            told=_told(words),
            terms=_hashes(terms),
            subject=_hashes(term for term in _terms(list(_words(document.title))) if terms[term] > 1),
        )

    @classmethod
    def from_row(cls, exact: bytes, size: int, *arrays: bytes) -> "_Sketch":
        return cls(exact, size, *(np.frombuffer(each, of) for each, of in zip(arrays, _STORED, strict=True)))

    def row(self) -> tuple[bytes | int, ...]:
        arrays = (self.shingles, self.figures, self.told, self.terms, self.subject)
        return (self.exact, self.size, *(each.tobytes() for each in arrays))

    def bands(self) -> list[int]:
        """What copies share at least one of: the hash of all words, and a hash for each band, all of 64 bits.

        A band is three rows of the shingles' MinHash and one of the figures', so that reports of one template, which
        have other figures, seldom meet.
        """
        bands = np.column_stack([self.shingles.reshape(_BANDS, _ROWS), self.figures]).astype(np.uint64)
        mixed = ((bands * _MIX).sum(axis=1) + np.arange(_BANDS, dtype=np.uint64)).view(np.int64)
        return [int.from_bytes(self.exact[:8], signed=True), *mixed.tolist()]

    def alike(self, other: "_Sketch") -> float:
        """How far two texts resemble each other, in [0, 1]; 0 for what are no copies, however alike."""
        if self.exact == other.exact:
            return 1.0
        if min(self.size, other.size) < _SHORT or self._contradicts(other) or self._is_of_another(other):
            return 0.0
        return float(np.mean(self.shingles == other.shingles))

    def _is_of_another(self, other: "_Sketch") -> bool:
        """Whether each is titled after something that it speaks of and the other never does."""
        mine, theirs = np.setdiff1d(self.subject, other.terms), np.setdiff1d(other.subject, self.terms)
        return mine.size > 0 and theirs.size > 0

    def _contradicts(self, other: "_Sketch") -> bool:
        """Whether each has a figure that the other lacks beside the same words."""
        mine, theirs = np.setdiff1d(self.told, other.told), np.setdiff1d(other.told, self.told)
        return np.intersect1d(mine >> np.uint64(32), theirs >> np.uint64(32)).size > 0


_STORED = (np.uint32, np.uint32, np.uint64, np.uint16, np.uint16)  # the arrays of a sketch, in their order


def _exact(document: Document) -> bytes:
    any_words = any(_words(document.text))
    digest = blake2b(b"" if any_words else document.id.encode(), digest_size=16)  # texts without words are no copies
    for word in _words(document.text):
        digest.update(f"{word} ".encode())
    return digest.digest()


def _minhash(empty: MinHash, members: Iterable[str]) -> _Hashes:
    found, rest = empty.copy(), (member.encode() for member in members)
    while batch := list(islice(rest, 1000)):  # at once they would take 480 bytes each
        found.update_batch(batch)
    hashes: _Hashes = found.hashvalues
    return hashes


# --- Words and figures ------------------------------------------------------------------------------------------------

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"(?:(?<!\w)-)?\d+(?:[.,]\d+)*|[$€£¥%‰]|[{_IDEOGRAPHS}]|[^\W_{_IDEOGRAPHS}]+")
_IDEOGRAPH = re.compile(f"[{_IDEOGRAPHS}]")
_NUMBERS = frozenset(
    """
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion trillion
    first second third fourth fifth sixth seventh eighth ninth tenth
    january february march april may june july august september october november december
    一 二 两 三 四 五 六 七 八 九 十 百 千 万 亿
    """.split()
)


def _words(text: str) -> Iterator[str]:
    """Words, figures and single ideographs in order, in one spelling, without punctuation."""
    for line in text.splitlines():
        yield from (word[0].replace(",", "") for word in _WORD.finditer(fold(line).replace("−", "-")))


def _run(words: Sequence[str], start: int) -> Sequence[str]:
    """The shingle that begins at `start`, shorter at the end of the text."""
    return words[start : start + (5 if _IDEOGRAPH.match(words[start]) else 3)]


def _is_figure(word: str) -> bool:
    return word.lstrip("-")[0].isdigit() or word in _NUMBERS


def _terms(words: Sequence[str]) -> Iterator[str]:
    """The words but figures, and of ideographs each two that stand side by side."""
    for at, word in enumerate(words):
        if not _IDEOGRAPH.match(word):
            yield from () if _is_figure(word) else (word,)
        elif at and _IDEOGRAPH.match(words[at - 1]):
            yield words[at - 1] + word


def _hashes(terms: Iterable[str]) -> NDArray[np.uint16]:
    return np.unique(np.array([crc32(term.encode()) & 0xFFFF for term in terms], np.uint16))


def _told(words: Sequence[str]) -> NDArray[np.uint64]:
    masked = ["0" if _is_figure(word) else word for word in words]
    told = set()
    for at, word in enumerate(words):
        if _is_figure(word):
            for name, side in (("before", masked[max(0, at - 5) : at][::-1]), ("after", masked[at + 1 : at + 6])):
                beside = _run(side, 0) if side else ()
                if len(beside) > 2:
                    told.add(crc32(" ".join([name, *beside]).encode()) << 32 | crc32(word.encode()))
    return np.array(sorted(told), np.uint64)


# --- Date lines -------------------------------------------------------------------------------------------------------

_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_DATE = (
    rf"(?:\d{{4}} ?[-/.年] ?\d\d? ?[-/.月] ?\d\d?日?|\d\d?月\d\d?日"
    rf"|\b{_MONTH} \d\d?(?:st|nd|rd|th)?\b(?:,? \d{{4}})?|\b\d\d? {_MONTH}(?:,? \d{{4}})?)"
)
_COUNTER = r"[\d,.]+ (?:views?|reads?|comments?|shares?|likes?)|(?:阅读|浏览|评论|点击)[量数:： ]*\d+"
_HAS_DATE = re.compile(_DATE, re.IGNORECASE)
_PASSING = re.compile(rf"{_DATE}|\d\d?:\d\d(?::\d\d)?|{_COUNTER}", re.IGNORECASE)
_OPENING = re.compile(
    rf"[^.。!?！？]{{0,30}}?{_DATE}(?: ?[(（][^)）]{{1,40}}[)）])?(?:电|讯|消息[,，]| ?[-–—]+ )", re.IGNORECASE
)
_LONGEST_DATE_LINE = 100  # characters
_ABOVE, _BELOW = 5, 3  # how many lines of a text may be date lines


def _without_date_lines(text: str) -> str:
    """The text without lines at its ends that only say when it came out, by whom, and how often it was read.

    A date that opens one of the first lines, as agencies have it, goes too: "SHANGHAI, 5 March (Xinhua) -- ".
    """
    lines = [line for line in text.splitlines() if line.strip()]
    above, rest = lines[:_ABOVE], lines[_ABOVE:]
    middle, below = rest[: max(0, len(rest) - _BELOW)], rest[max(0, len(rest) - _BELOW) :]
    kept = [_OPENING.sub("", line, count=1) if _OPENING.match(line) else line for line in above if not _is_dated(line)]
    return "\n".join([*kept, *middle, *(line for line in below if not _is_dated(line))])


def _is_dated(line: str) -> bool:
    is_sentence = len(line) > _LONGEST_DATE_LINE or re.search(r"[。！？]|[.!?]$", line.rstrip())
    return not is_sentence and bool(_HAS_DATE.search(line)) and not re.search(r"\b\d", _PASSING.sub("", line))


# --- The temporary file -----------------------------------------------------------------------------------------------

_TABLES = """
PRAGMA page_size = 16384;
PRAGMA journal_mode = OFF;
CREATE TABLE documents (
    number INTEGER PRIMARY KEY, tier INTEGER, partial INTEGER, published TEXT, id TEXT UNIQUE,
    exact BLOB, size INTEGER, shingles BLOB, figures BLOB, told BLOB, terms BLOB, subject BLOB
);
CREATE TABLE kept (key INTEGER, place INTEGER, number INTEGER, PRIMARY KEY (key, place)) WITHOUT ROWID;
"""
_SKETCH = "exact, size, shingles, figures, told, terms, subject"
_ADD = f"INSERT INTO documents (tier, partial, published, id, {_SKETCH}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PREFERRED_FIRST = "SELECT number FROM documents ORDER BY tier, partial, published, id"
_ONE = f"SELECT id, {_SKETCH} FROM documents WHERE number = ?"
_KEEP = "INSERT OR IGNORE INTO kept SELECT ?, ?, ? WHERE (SELECT count(*) FROM kept WHERE key = ?) < ?"
_SHARING = f"""
SELECT id, {_SKETCH} FROM documents JOIN (
    SELECT number AS sharing, place, count(*) AS bands FROM kept WHERE key IN ({", ".join("?" * (_BANDS + 1))})
    GROUP BY place, number ORDER BY bands DESC, place LIMIT ?
) ON number = sharing
ORDER BY place
"""
