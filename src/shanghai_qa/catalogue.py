"""Documents in, those that a reader asks for out: searched, narrowed, sorted, and counted for every way to go on."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlencode

from shanghai_qa.values import NO_FILTERS, Document, Filters, Passage, Span, Tier
from shanghai_qa.words import fold, has_chinese

PER_PAGE = 50
LONGEST = 200  # characters of a search
_WHOLE = 3  # words up to this long match whole words only: "ai" is not in "aim"


class Sort(StrEnum):
    """BEST, for a search alone, puts those first whose title has all words, then the newest.

    Documents without what is sorted by come last; ties go by title, or from the newest where it is no date.
    """

    BEST = "best"
    NEWEST = "newest"
    OLDEST = "oldest"
    TITLE = "title"
    PUBLISHER = "publisher"
    TIER = "tier"


@dataclass(frozen=True)
class Query:
    """What a reader asks the library for. `text` is searched for; `sort` None is the best first, else the newest."""

    text: str = ""
    filters: Filters = NO_FILTERS
    sort: Sort | None = None
    page: int = 1

    @property
    def words(self) -> tuple[str, ...]:
        """What is searched for: words of `text` that have a letter or a digit, each once, folded."""
        found = (re.sub(r"^[^\w$¥€£]+|[^\w%]+$", "", word) for word in re.split(r"[\s\"“”]+", fold(self.text)))
        return tuple(dict.fromkeys(word for word in found if re.search(r"[^\W_]", word)))

    @property
    def order(self) -> Sort:
        """The order that is meant."""
        if self.sort is None or (self.sort is Sort.BEST and not self.words):
            return Sort.BEST if self.words else Sort.NEWEST
        return self.sort

    @property
    def narrows(self) -> bool:
        return bool(self.words or self.filters)

    def narrowed(self, **filters: object) -> "Query":
        """The same with other values in some filters, from its first page."""
        return replace(self, filters=replace(self.filters, **filters), page=1)  # type: ignore[arg-type]

    def toggled(self, name: str, value: str) -> "Query":
        """The same with a value of a filter taken in, or out where it was in; "years" holds one at a time."""
        if name == "years":
            year = None if opened(self, name)[1] == (value,) else int(value)
            return self.narrowed(year_from=year, year_to=year)
        chosen = getattr(self.filters, name)
        return self.narrowed(**{name: tuple(v for v in chosen if v != value) if value in chosen else (*chosen, value)})

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What its address says of it: `q`, `topic`, `place`, `tier`, `year` or `from` and `to`, `sort`, `page`."""
        first, last = self.filters.year_from, self.filters.year_to
        years = [("year", first)] if first == last else [("from", first), ("to", last)]
        return [
            *([("q", self.text)] if self.text else []),
            *(("topic", topic) for topic in self.filters.topics),
            *(("place", place) for place in self.filters.places),
            *(("tier", tier.value) for tier in self.filters.tiers),
            *((name, str(year)) for name, year in years if year is not None),
            *([("sort", self.sort.value)] if self.sort else []),
            *([("page", str(self.page))] if self.page > 1 else []),
        ]

    @property
    def address(self) -> str:
        """The address of its results, below the root."""
        return f"sources?{urlencode(self.pairs)}" if self.pairs else "sources"


@dataclass(frozen=True)
class Entry:
    """A document with the sentences of its passages, in order, and its text folded for the search."""

    document: Document
    sentences: tuple[Span, ...]
    title: str
    all: str

    @classmethod
    def of(cls, document: Document, sentences: Iterable[Span]) -> "Entry":
        said = (document.title, document.publisher or "", document.text)
        return cls(document, tuple(sentences), fold(document.title), fold("\n".join(said)))


@dataclass(frozen=True)
class Facet:
    """A value that a filter can have, and how many documents it would leave were it the only one of that filter."""

    value: str
    count: int
    chosen: bool


class Catalogue:
    """The documents of one corpus, and what can be asked of them.

    `values` are those of each filter, by its name: the most frequent first, tiers from the best, years from the newest.
    """

    def __init__(self, documents: Sequence[Document], passages: Iterable[Passage]) -> None:
        sentences: dict[str, list[Span]] = defaultdict(list)
        for passage in passages:
            sentences[passage.document_id].extend(passage.sentences)
        self.documents = documents
        self._holding = lru_cache(maxsize=1_000)(self._scan)
        self.entries = {
            d.id: Entry.of(d, sorted(sentences[d.id], key=lambda span: span.start)) for d in documents
        }  # fmt: skip
        held = {name: Counter(v for d in documents for v in values(d)) for name, values in _VALUES.items()}
        self.values: dict[str, list[str]] = {
            name: sorted(counts, key=lambda v: (-counts[v], v)) for name, counts in held.items()
        }
        self.tiers = held["tiers"]  # how many documents are of each
        self.values["tiers"] = list(Tier)
        self.values["years"] = sorted(held["years"], reverse=True)

    def find(self, query: Query) -> list[Entry]:
        """Those that hold each word and that the filters admit, in the order that is asked for; of all pages."""
        by_title = sorted(self._admitted(query), key=lambda entry: (entry.title, entry.document.id))
        newest = sorted(by_title, key=lambda entry: entry.document.published or "", reverse=True)
        match query.order:
            case Sort.BEST:
                patterns = _patterns(query.words)
                return sorted(newest, key=lambda entry: not all(pattern.search(entry.title) for pattern in patterns))
            case Sort.NEWEST:
                return newest
            case Sort.OLDEST:
                return sorted(by_title, key=lambda entry: entry.document.published or "none")
            case Sort.TITLE:
                return by_title
            case Sort.PUBLISHER:
                return sorted(newest, key=lambda e: (e.document.publisher is None, fold(e.document.publisher or "")))
            case Sort.TIER:
                return sorted(newest, key=lambda entry: entry.document.tier.rank)

    def count(self, query: Query) -> int:
        """How many `find` gives."""
        return len(self._admitted(query))

    def facets(self, query: Query, name: str) -> Iterator[Facet]:
        """Of the filter of that name, each value that the corpus has, in the order of `values`."""
        values, (bare, chosen) = _VALUES[name], opened(query, name)
        left = Counter(value for entry in self._admitted(bare) for value in values(entry.document))
        for value in self.values[name]:
            yield Facet(value, left[value], value in chosen)

    def _admitted(self, query: Query) -> list[Entry]:
        holding = [self._holding(word) for word in query.words]
        entries = [entry for id, entry in self.entries.items() if all(id in ids for ids in holding)]
        return [entry for entry in entries if query.filters.admits(entry.document)]

    def _scan(self, word: str) -> frozenset[str]:
        """The ids of the documents that hold a word."""
        pattern = _pattern(word)
        return frozenset(id for id, entry in self.entries.items() if pattern.search(entry.all))


def looser(query: Query) -> Iterator[tuple[str, str, Query]]:
    """Each way to ask for more, and what then is asked: "words" and the word dropped, or a filter and what it held."""
    for word in query.words:
        yield "words", word, replace(query, text=" ".join(w for w in query.words if w != word), page=1)
    for name in _VALUES:
        without, chosen = opened(query, name)
        if chosen:
            yield name, ", ".join(chosen), without


def opened(query: Query, name: str) -> tuple[Query, tuple[str, ...]]:
    """The query with one filter open, and what was chosen in it; of years one string, such as "2020–2024"."""
    if name != "years":
        return query.narrowed(**{name: ()}), getattr(query.filters, name)
    first, last = query.filters.year_from, query.filters.year_to
    said = f"{first}" if first == last else f"{first or ''}–{last or ''}"
    return query.narrowed(year_from=None, year_to=None), (said,) if first or last else ()


def best_sentence(entry: Entry, words: Sequence[str]) -> Span | None:
    """The sentence with the most of `words`, of equals the first; None if none has any."""
    patterns = _patterns(words)

    def held(span: Span) -> int:
        sentence = fold(entry.document.text[span.start : span.end])
        return sum(1 for pattern in patterns if pattern.search(sentence))

    best = max(entry.sentences, key=held, default=None)
    return best if best and held(best) else None


def highlighted(text: str, words: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """`text` in pieces, with whether each is a word that the search found."""
    patterns = _patterns(words)
    for piece in re.split(r"([^\s(),.;:]+)", text):
        if piece:
            yield piece, any(pattern.search(fold(piece)) for pattern in patterns)


def _patterns(words: Iterable[str]) -> list[re.Pattern[str]]:
    return [_pattern(word) for word in words]


def _pattern(word: str) -> re.Pattern[str]:
    """Finds a word in folded text: Chinese anywhere, a short word as a whole, any other where a word begins with it."""
    if has_chinese(word):
        return re.compile(re.escape(word))
    begins = r"(?<!\w)" if word[0].isalnum() else ""
    return re.compile(begins + re.escape(word) + (r"(?:s|['’]s)?(?!\w)" if len(word) <= _WHOLE else ""))


def _years(document: Document) -> tuple[str, ...]:
    return (str(document.year),) if document.year else ()


_VALUES: dict[str, Callable[[Document], Iterable[str]]] = {
    "tiers": lambda document: (document.tier,),
    "topics": lambda document: document.topics,
    "places": lambda document: document.places,
    "years": _years,
}
