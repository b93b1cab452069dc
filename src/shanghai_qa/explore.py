"""Documents and their sentences in, what the pictures of the Explore page show out: frozen values, no HTML.

Each value stands in a sentence of a document and is read from it by rule when the corpus is opened; none is typed in.
`data/measures.txt` says how sentences word a measure, `data/places.txt` where a place lies on the schematic map.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, cached_property

from shanghai_qa.data import lines
from shanghai_qa.mentions import MONTHS, Mention, counts, dated, dates, money, parts_of_year, percents, speaks_of_plans
from shanghai_qa.values import Document, Passage, Span, Tier
from shanghai_qa.voices import goes_by
from shanghai_qa.words import terms


@dataclass(frozen=True)
class Quote:
    """A sentence where it stands: `document.text[span.start:span.end]`."""

    document: Document
    span: Span

    @cached_property
    def text(self) -> str:
        return self.document.text[self.span.start : self.span.end]


def quotes(documents: Iterable[Document], passages: Iterable[Passage]) -> list[Quote]:
    """The sentences of `passages` in their order; each passage is of one of `documents`."""
    by_id = {document.id: document for document in documents}
    return [Quote(by_id[passage.document_id], span) for passage in passages for span in passage.sentences]


@dataclass(frozen=True)
class Atlas:
    """All that the page shows of one version of the corpus."""

    documents: tuple[Document, ...]
    series: tuple["Series", ...]
    events: tuple["Event", ...]
    places: tuple["Told", ...]


def atlas(documents: Sequence[Document], passages: Iterable[Passage]) -> Atlas:
    """What the pictures show; each passage is of one of `documents`."""
    said = quotes(documents, passages)
    return Atlas(tuple(documents), tuple(series(said)), tuple(events(said)), tuple(told(documents, said)))


# --- Documents by topic, year and tier -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """How many documents of a topic were published in some years, by tier; no `years` means without a date."""

    topic: str
    years: tuple[int, ...]
    tiers: Mapping[Tier, int]

    @property
    def documents(self) -> int:
        return sum(self.tiers.values())


def columns(documents: Iterable[Document], single: int = 9) -> list[tuple[int, ...]]:
    """The years of publication, oldest first: the last `single` by themselves, those before as one column, () for none.

    Only years in which something was published count, and a column that would be empty is left out.
    """
    found = {document.year for document in documents}
    years = sorted(year for year in found if year is not None)
    early, late = years[:-single], years[-single:]
    return [*([tuple(early)] if early else []), *((year,) for year in late), *([()] if None in found else [])]


def cells(documents: Sequence[Document], topic: str) -> list[Cell]:
    """One for each of `columns`; a document counts under each of its topics."""
    of_topic = [document for document in documents if topic in document.topics]
    return [
        Cell(topic, years, tiers_of(d for d in of_topic if d.year in years or (not years and d.year is None)))
        for years in columns(documents)
    ]


def tiers_of(documents: Iterable[Document]) -> dict[Tier, int]:
    """How many documents are of each tier, best first; tiers without one are left out."""
    counted = Counter(document.tier for document in documents)
    return {tier: counted[tier] for tier in Tier if counted[tier]}


# --- Measures over the years -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measure:
    """What is measured, and the wordings in which sentences give it.

    `unit` is "percent", "CNY", "USD" or "count". `whole_years` where a value is of a year as a whole. `names` and
    `questions` are by language.
    """

    id: str
    unit: str
    whole_years: bool
    names: Mapping[str, str]
    questions: Mapping[str, str]
    wordings: tuple[re.Pattern[str], ...]


class Kind(StrEnum):
    """What a value says: how it was, what is planned or expected, or only a part of the year."""

    FACT = "fact"
    PLAN = "plan"
    PART = "part"


@dataclass(frozen=True)
class Point:
    """One source's value of a measure; `when` is YYYY or YYYY-MM, and both `said` and the year stand in the quote."""

    value: float
    said: str
    when: str
    kind: Kind
    quote: Quote
    disputed: bool = False

    @property
    def year(self) -> int:
        return int(self.when[:4])

    @property
    def tier(self) -> Tier:
        return self.quote.document.tier


@dataclass(frozen=True)
class Series:
    """The points of a measure, oldest first, those of one time by tier."""

    measure: Measure
    points: tuple[Point, ...]

    @property
    def facts(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points if point.kind is Kind.FACT)

    @property
    def disputed(self) -> bool:
        return any(point.disputed for point in self.points)

    @property
    def trend(self) -> tuple[Point, ...]:
        """One fact for each time, that of the best tier; unverified ones are left out."""
        best: dict[str, Point] = {}
        for point in self.facts:
            if point.tier is not Tier.UNVERIFIED:
                best.setdefault(point.when, point)
        return tuple(best.values())


_FEWEST_YEARS = 3  # of facts, below which there is no series to look at
_FEWEST_JOINED = 2  # facts that are not unverified, so that there is a line to draw


def series(sentences: Sequence[Quote], measures: Iterable[Measure] | None = None) -> list[Series]:
    """The measures that the corpus gives for at least three years, in the order of the file."""
    drawn = (Series(measure, points(measure, sentences)) for measure in (measures or all_measures()))
    return [
        one
        for one in drawn
        if len({point.year for point in one.facts}) >= _FEWEST_YEARS and len(one.trend) >= _FEWEST_JOINED
    ]


@cache
def all_measures() -> tuple[Measure, ...]:
    blocks = re.split(r"^\[", "\n".join(lines("measures.txt")), flags=re.MULTILINE)[1:]
    return tuple(measure(block) for block in blocks)


def measure(block: str) -> Measure:
    """A measure as `data/measures.txt` writes it, without the bracket that opens it."""
    head, *wordings = block.strip().splitlines()
    id, facts = head.split("] ", 1)
    unit, of, english, chinese, question, asked = facts.split(" | ")
    return Measure(
        id=id,
        unit=unit,
        whole_years=of == "year",
        names={"en": english, "zh": chinese},
        questions={"en": question, "zh": asked},
        wordings=tuple(re.compile(wording.replace("{value}", _VALUE)) for wording in wordings),
    )


_HEDGE = r"(?:(?:an? estimated|more than|over|above|about|around|almost|nearly) )?"
_VALUE = rf"{_HEDGE}(?P<value>(?:US\$|USD|CNY|RMB ?|¥)?\d[\d,]*(?:\.\d+)?)(?: (?:m|b|tr)illion(?: yuan)?)?"
_FOUND: Mapping[str, Callable[[str], Sequence[Mention]]] = {
    "percent": percents,
    "CNY": money,
    "USD": money,
    "count": counts,
}


def points(measure: Measure, sentences: Iterable[Quote]) -> tuple[Point, ...]:
    """What sentences say of a measure, oldest first, those of one time by tier; a value without a year is left out."""
    found = {
        (quote.document.id, quote.span, mention.start): _point(measure, quote, mention, when)
        for quote in sentences
        for mention in _values(measure, quote.text)
        if (when := _when(quote.text, mention))
    }
    ordered = sorted(found.values(), key=lambda point: (point.when, point.tier.rank, point.quote.document.id))
    return tuple(replace(point, disputed=any(_dispute(point, other) for other in ordered)) for point in ordered)


def _values(measure: Measure, sentence: str) -> Iterator[Mention]:
    for wording in measure.wordings:
        for match in wording.finditer(sentence):
            for mention in _FOUND[measure.unit](sentence):
                of_unit = measure.unit in ("percent", "count") or mention.key.endswith(measure.unit)
                if mention.start == match.start("value") and of_unit:
                    yield mention


def _point(measure: Measure, quote: Quote, mention: Mention, when: Mention) -> Point:
    clause = _clause(quote.text, mention)
    published = quote.document.published or "9999"
    planned = speaks_of_plans(clause) or "expects" in clause or when.key[: len(published)] > published[: len(when.key)]
    partial = measure.whole_years and parts_of_year(quote.text)
    kind = Kind.PLAN if planned else Kind.PART if partial else Kind.FACT
    said = _NUMBER.match(mention.text)[0] if measure.unit == "count" else mention.text  # type: ignore[index]
    return Point(
        float(mention.key.split()[0]), said, when.key[:4] if measure.whole_years else when.key[:7], kind, quote
    )


_NUMBER = re.compile(r"[\d.,]+(?: (?:thousand|million|billion|trillion)\b)?|\w+")
_JOINT = re.compile(r"; |, | and (?=was |is )")


def _clause(sentence: str, mention: Mention) -> str:
    """What stands around a mention up to the next comma, semicolon or "and was"."""
    start = max((joint.end() for joint in _JOINT.finditer(sentence) if joint.end() <= mention.start), default=0)
    end = min(
        (joint.start() for joint in _JOINT.finditer(sentence) if joint.start() >= mention.end), default=len(sentence)
    )
    return sentence[start:end]


def _when(sentence: str, mention: Mention) -> Mention | None:
    """The date that a value is of: the only one, else the next with no other number between, else the last before."""
    said = dated(sentence)
    if len({date.key for date in said}) <= 1:
        return said[0] if said else None
    numbers = [m for m in (*counts(sentence), *money(sentence), *percents(sentence)) if m.start > mention.start]
    after = [date for date in said if date.start >= mention.end]
    if after and not any(mention.end <= number.start < after[0].start for number in numbers):
        return after[0]
    return max((date for date in said if date.end <= mention.start), key=lambda date: date.start, default=None)


def _dispute(one: Point, other: Point) -> bool:
    """Whether two facts of the same time cannot both be right; one in a rounded form of the other can."""
    if one.kind is not Kind.FACT or other.kind is not Kind.FACT:
        return False
    if goes_by(one.quote.document) & goes_by(other.quote.document):
        return False
    together = one.when.startswith(other.when) or other.when.startswith(one.when)
    return together and not _rounds_to(one, other) and not _rounds_to(other, one)


def _rounds_to(exact: Point, rounded: Point) -> bool:
    """Whether `rounded` is `exact` to as many digits as it has: 9.33 billion is 9,326.8 million."""
    digits = len(re.sub(r"\D", "", rounded.said).strip("0"))
    near = abs(exact.value - rounded.value) <= 0.02 * max(exact.value, rounded.value)
    return near and float(f"{exact.value:.{max(digits, 1)}g}") == rounded.value


# --- Dated events ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """A sentence that tells what happened on a day (YYYY-MM-DD) or in a month (YYYY-MM)."""

    when: str
    quote: Quote

    @property
    def year(self) -> int:
        return int(self.when[:4])

    @property
    def tier(self) -> Tier:
        return self.quote.document.tier


_HAPPENED = re.compile(
    r"\b(?:was (?:formally |officially )?(?:founded|launched|opened|inaugurated|unveiled|set up|established|completed|"
    r"approved|released)|founded(?! the company)|launched|(?:officially )?opened(?! \d)|inaugurated|unveiled|"
    r"established|set up|passed|(?:were |was )adopted|took effect|came into force|issued|approved|completed|released|"
    r"signed|went to|gave [^,;]* certificate|made its (?:maiden flight|debut)|entered (?:commercial|service)|"
    r"rolled out|began in|began (?:trading|commercial|official|operation|work|construction|test|production)\w*|"
    r"produced its|listed in (?:Hong Kong|Shanghai|New York)|group of \d+ companies was listed|reached its hundredth|"
    r"(?:construction|production|trading)\b[^,;]* (?:began|started)|"
    r"add(?:ed|s) [^,;]* (?:entities|entries|organisations) [^,;]*Entity List)\b",
    re.IGNORECASE,
)
_ON = re.compile(r"\b(?:on|in|in (?:early|mid|late)|at the end of) $", re.IGNORECASE)
_HEARSAY = re.compile(
    r"\b(?:wrote|reported|reports?|stated|noted|according to|since|until|between|as of|before|announced (?:that|in)|"
    rf"by (?:early |late |the end of )?(?:\d|{'|'.join(name.capitalize() for name in MONTHS)}))\b"
)
_LEANS = re.compile(
    r"^(?:It|They|This|These|The (?:same|first|second|projects?|report|English|text|rule|company)|Another|Other)\b|"
    r"\b(?:also|the same|then|these|the layout of|the (?:rule|text|additions|agreement of)|above (?:its|the) offer)\b"
)
_LONGEST = 190  # characters of a sentence that is read at a glance
_MOST_A_YEAR = 6


def events(sentences: Iterable[Quote], most: int = 60) -> list[Event]:
    """At most `most` events, oldest first: of each year the best told, none of them twice.

    Better told is what names a day, a place in Shanghai and a Chinese name, in few words, from a better tier.
    """
    found = sorted(filter(None, map(event, sentences)), key=lambda one: (-_told(one), one.when, one.quote.document.id))
    chosen: list[Event] = []
    for one in found:
        of_year = sum(other.year == one.year for other in chosen)
        if len(chosen) < most and of_year < _MOST_A_YEAR and not any(_same(one, other) for other in chosen):
            chosen.append(one)
    return sorted(chosen, key=lambda one: (one.when, one.quote.document.id))


def event(quote: Quote) -> Event | None:
    """The event that a sentence tells of, or None: a plan, hearsay or a state is none."""
    text = quote.text
    when = [date for date in dates(text) if len(date.key) >= 7 and not date.key.startswith("-")]
    if len(when) != 1 or len(text) > _LONGEST or speaks_of_plans(text):
        return None
    if _HEARSAY.search(text) or _LEANS.search(text):
        return None
    before, after = text[: when[0].start], text[when[0].end :]
    happened = _HAPPENED.search(after) if _ON.fullmatch(before) else _leads(before)
    return Event(when[0].key, quote) if _ON.search(before) and happened else None


def _leads(before: str) -> bool:
    """Whether a verb leads up to what follows, with no other year and no new clause between."""
    found = list(_HAPPENED.finditer(before))
    return bool(found) and not re.search(r"\b(?:19|20)\d\d\b|[;:]", before[found[-1].end() :])


def _told(one: Event) -> float:
    text, document = one.quote.text, one.quote.document
    return (
        1.5 * (len(one.when) == 10)
        + 1.5 * (_HERE.search(text) is not None)
        + 0.5 * any("\u4e00" <= letter <= "\u9fff" for letter in text)
        + 0.5 * (3 - document.tier.rank)
        - len(text) / 120
        - (len(dated(text)) - 1)
    )


def _same(one: Event, other: Event) -> bool:
    """Whether two sentences tell the same: on one day of one topic, or in one month with many of the words."""
    if one.when[:7] != other.when[:7]:
        return False
    first, second = one.quote.document, other.quote.document
    if first.id == second.id or (
        one.when == other.when and len(one.when) == 10 and set(first.topics) & set(second.topics)
    ):
        return True
    a, b = _words(one), _words(other)
    return len(a & b) >= 0.4 * min(len(a), len(b))


def _words(one: Event) -> frozenset[str]:
    """What is compared of a sentence: its English words, without the date."""
    date = dated(one.quote.text)[0]
    return frozenset(t for t in terms(one.quote.text.replace(date.text, "")) if t.isascii())


# --- Places ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A district or zone; `tags` are the places of documents that mean it, `naming` finds it in a sentence.

    `grid` is column, row, width and height of a district on the schematic map, counted from 1; a zone has none and lies
    `within` a district. `questions` are by language, and empty where nothing is known.
    """

    name: str
    names: Mapping[str, str]
    grid: tuple[int, int, int, int] | None
    within: str | None
    tags: tuple[str, ...]
    naming: re.Pattern[str]
    questions: Mapping[str, str]

    @property
    def slug(self) -> str:
        return re.sub(r"\W+", "-", self.name.lower())


@dataclass(frozen=True)
class Told:
    """What the corpus has on a place: the documents that are about it, and the best sentences that name it."""

    place: Place
    documents: tuple[Document, ...]
    named: int  # sentences that name it
    best: tuple[Quote, ...]


@cache
def all_places() -> tuple[Place, ...]:
    return tuple(place(line) for line in lines("places.txt"))


def place(line: str) -> Place:
    """A place as `data/places.txt` writes it."""
    name, chinese, where, tags, naming, *questions = line.split(" | ")
    numbers = [int(number) for number in where.split()] if where[0].isdigit() else []
    return Place(
        name=name,
        names={"en": name, "zh": chinese},
        grid=(numbers[0], numbers[1], numbers[2], numbers[3]) if numbers else None,
        within=where.removeprefix("in ") if not numbers else None,
        tags=tuple(tags.split(", ")),
        naming=re.compile(rf"(?<!\w)(?:{naming})(?!\w)"),
        questions=dict(zip(("en", "zh"), questions, strict=False)),
    )


_SHOWN = 3  # sentences of a place


def told(
    documents: Iterable[Document], sentences: Sequence[Quote], places: Iterable[Place] | None = None
) -> list[Told]:
    """What the corpus has on each place, in the order of the file."""
    documents = tuple(documents)
    return [_told_of(place, documents, sentences) for place in (places or all_places())]


def _told_of(place: Place, documents: Iterable[Document], sentences: Sequence[Quote]) -> Told:
    about = tuple(document for document in documents if set(place.tags) & set(document.places))
    naming = [quote for quote in sentences if place.naming.search(quote.text)]
    best: dict[str, Quote] = {}
    for quote in sorted(naming, key=lambda quote: (-_tells(place, quote), quote.document.id, quote.span.start)):
        best.setdefault(quote.document.id, quote)
    return Told(place, about, len(naming), tuple(best.values())[:_SHOWN])


def _tells(place: Place, quote: Quote) -> float:
    """How well a sentence tells of a place: by its tier and year, named early, with a figure, in a reading length."""
    text, document = quote.text, quote.document
    named = place.naming.search(text)
    return (
        1.0 * (3 - document.tier.rank)
        + 0.1 * ((document.year or 2015) - 2015)
        + 1.0 * (named is not None and named.start() < 40)
        + 1.0 * (named is not None and named.start() == 0)
        + 0.5 * bool(counts(text) or money(text) or percents(text))
        + 0.5 * bool(set(place.tags) & set(document.places))
        - 1.0 * (len(text) > _LONGEST)
        - 1.5 * (_LEANS.search(text) is not None)
        - 1.0 * (" address" in text)
        - 0.5 * speaks_of_plans(text)
    )


_HERE = re.compile("Shanghai|STAR Market|" + "|".join(place.naming.pattern for place in all_places()))
