"""Pictures of the corpus, each point traceable to a citation: drawn here as values, laid out by templates.

Every mark is a link to the sentence that it was read from, or to the list of the documents that it counts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from math import ceil, floor, log10
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from shanghai_qa import explore
from shanghai_qa.catalogue import Query
from shanghai_qa.current import Current
from shanghai_qa.explore import Atlas, Cell, Event, Point, Quote, Series, Told
from shanghai_qa.values import TOPICS, Document, Filters, Tier
from shanghai_qa.web.explore_phrases import EXPLORE, ExplorePhrases
from shanghai_qa.web.library_phrases import LIBRARY
from shanghai_qa.web.pages import View, page
from shanghai_qa.web.phrases import Phrases, phrases
from shanghai_qa.web.source_text import address

_RECENT = 4  # years that the heading of the first picture counts as late


def router(atlas: Current[Atlas], language: str) -> APIRouter:
    """The page of one language, with addresses below its root."""
    routes = APIRouter(default_response_class=HTMLResponse)

    @routes.get("/explore")
    def pictures(request: Request) -> HTMLResponse:
        view = View(request.scope.get("root_path", "").rstrip("/"), language)
        return HTMLResponse(explore_page(atlas(), view))

    return routes


def explore_page(atlas: Atlas, view: View) -> Markup:
    """All pictures on one page; one for which the corpus has nothing is left out."""
    say = EXPLORE[view.language]
    return page("explore.html", view, "explore", say.title, draw=Drawing(atlas, view), say=say, tiers=list(Tier))


@dataclass(frozen=True)
class Mark:
    """A point of a chart at (x, y), with what a reader is told of it."""

    x: float
    y: float
    point: Point
    href: str
    title: str


@dataclass(frozen=True)
class Chart:
    """A series as it is drawn: `line` and `disputes` are paths, the labels are (x, y, text, anchor)."""

    series: Series
    change: str
    marks: tuple[Mark, ...]
    line: str
    disputes: str
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    labels: tuple[tuple[float, float, str, str], ...]


class Drawing:
    """An atlas as one view of it has it: its addresses, and its words in the view's language."""

    def __init__(self, atlas: Atlas, view: View) -> None:
        self.atlas = atlas
        self.view = view
        self.say: ExplorePhrases = EXPLORE[view.language]
        self.words: Phrases = phrases(view.language)
        self.topic = LIBRARY[view.language].topic

    # Addresses

    def source(self, quote: Quote) -> str:
        return f"{self.view.root}/{address(quote.document, quote.span)}"

    def listed(self, filters: Filters) -> str:
        return f"{self.view.root}/{Query(filters=filters).address}"

    def asked(self, question: str) -> str:
        return f"{self.view.root}/?{urlencode({'q': question})}"

    # Documents

    @cached_property
    def columns(self) -> list[tuple[int, ...]]:
        return explore.columns(self.atlas.documents)

    @cached_property
    def rows(self) -> list[tuple[str, list[Cell]]]:
        """The topics that have documents, those with most first, each with its cells."""
        found = [(topic, explore.cells(self.atlas.documents, topic)) for topic in TOPICS]
        counted = [(topic, row) for topic, row in found if any(cell.documents for cell in row)]
        return sorted(counted, key=lambda row: -sum(cell.documents for cell in row[1]))

    @property
    def documents_heading(self) -> str:
        documents = self.atlas.documents
        good = sum(document.tier.rank <= Tier.ESTABLISHED.rank for document in documents)
        since = max((document.year or 0 for document in documents), default=0) - _RECENT + 1
        late = sum((document.year or 0) >= since for document in documents)
        return self.say.documents_heading(len(documents), good, late, since)

    def of_years(self, years: Sequence[int]) -> str:
        if not years:
            return self.say.no_date
        return str(years[0]) if len(years) == 1 else self.say.until(years[-1])

    def cell_href(self, cell: Cell) -> str:
        first, last = (min(cell.years), max(cell.years)) if cell.years else (None, None)
        return self.listed(Filters(topics=(cell.topic,), year_from=first, year_to=last))

    def cell_title(self, cell: Cell) -> str:
        head = f"{self.topic(cell.topic)}, {self.of_years(cell.years)}: {self.say.documents(cell.documents)}"
        return f"{head} ({self.by_tier(cell.tiers)})"

    def by_tier(self, tiers: Mapping[Tier, int]) -> str:
        return ", ".join(f"{count} {self.words.tiers[tier]}" for tier, count in tiers.items())

    def of_topic(self, topic: str) -> dict[Tier, int]:
        return explore.tiers_of(document for document in self.atlas.documents if topic in document.topics)

    def topic_href(self, topic: str, *tiers: Tier) -> str:
        return self.listed(Filters(topics=(topic,), tiers=tiers))

    # Series

    @cached_property
    def charts(self) -> list[Chart]:
        return [self._chart(series) for series in self.atlas.series]

    @property
    def series_heading(self) -> str:
        return self.say.series_heading(len(self.charts), sum(chart.series.disputed for chart in self.charts))

    def status(self, point: Point) -> str:
        """What a value is, in words."""
        kind = self.say.kinds[point.kind]
        return f"{kind}; {self.say.differ}" if point.disputed else kind

    def _chart(self, series: Series) -> Chart:
        unit, plane = series.measure.unit, _Plane.of(series)
        marks = _apart(
            Mark(plane.x(point.when), plane.y(point.value), point, self.source(point.quote), self._title(point))
            for point in series.points
        )
        first, last = series.trend[0], series.trend[-1]
        from_value, to_value = (self.say.amount(one.value, unit) for one in (first, last))
        return Chart(
            series,
            self.say.change(from_value, str(first.year), to_value, str(last.year)),
            marks,
            _path((plane.x(point.when), plane.y(point.value)) for point in series.trend),
            "".join(_path((m.x, m.y) for m in group) for group in _disputes(marks)),
            tuple((plane.x(str(year)), str(year)) for year in plane.years),
            tuple((plane.y(value), self.say.short(value, unit)) for value in plane.ticks),
            (
                (plane.x(first.when) - 6, plane.beside(first, marks), self.say.short(first.value, unit), "start"),
                (plane.x(last.when) + 6, plane.beside(last, marks), self.say.short(last.value, unit), "end"),
            ),
        )

    def _title(self, point: Point) -> str:
        document = point.quote.document
        by = document.publisher or document.title
        return (
            f"{self.words.when(point.when)}: {point.said} · {self.status(point)} · {by}, {self.words.tiers[point.tier]}"
        )

    # Events

    @cached_property
    def years(self) -> list[tuple[int, list[Event]]]:
        return [(year, list(events)) for year, events in groupby(self.atlas.events, key=lambda event: event.year)]

    @property
    def events_heading(self) -> str:
        events = self.atlas.events
        return self.say.events_heading(len(events), self.words.when(events[0].when), self.words.when(events[-1].when))

    def by(self, document: Document) -> str:
        return document.publisher or document.title

    # Places

    @property
    def places_heading(self) -> str:
        most = sorted(self.atlas.places, key=lambda told: -len(told.documents))[:3]
        return self.say.places_heading([self.name(told) for told in most])

    def name(self, told: Told) -> str:
        return told.place.names[self.view.language]

    @property
    def districts(self) -> list[Told]:
        return [told for told in self.atlas.places if told.place.grid]

    @property
    def first(self) -> Told:
        """The place that is shown before one is chosen."""
        return max(self.atlas.places, key=lambda told: len(told.documents) if told.place.grid else -1)

    def zones(self, district: Told) -> list[Told]:
        return [told for told in self.atlas.places if told.place.within == district.place.name]

    def kind(self, told: Told) -> str:
        within = next((one for one in self.atlas.places if one.place.name == told.place.within), None)
        return self.say.zone(self.name(within)) if within else self.say.district

    def place_href(self, told: Told) -> str:
        return self.listed(Filters(places=told.place.tags))

    def shade(self, told: Told) -> int:
        """0 for a place without documents, then 1 to 4 in equal steps of the logarithm up to the most."""
        count, most = len(told.documents), max(len(one.documents) for one in self.atlas.places)
        return 0 if not count else 1 + min(3, floor(4 * log10(count) / log10(most + 1)))


# --- The plane of a chart --------------------------------------------------------------------------------------------

WIDTH, HEIGHT = 360, 210  # of a chart, in its own units
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 26, 28
_MOST_YEARS = 8  # named below a chart
_ABOVE, _BELOW = 12, 21  # from a mark to the foot of its label
_WIDE = 44  # to either side of a mark, as far as its label reaches
_NEAR, _STEP = 11, 8  # marks nearer than the one would cover each other, and are moved apart by the other


@dataclass(frozen=True)
class _Plane:
    """Where a time and a value lie: years from `first` to `last`, values from the first tick to the last."""

    first: int
    last: int
    ticks: tuple[float, ...]

    @classmethod
    def of(cls, series: Series) -> "_Plane":
        values = [point.value for point in series.points]
        years = [point.year for point in series.points]
        low = min(values) if series.measure.unit == "percent" else 0.0
        return cls(min(years), max(years), _ticks(low, max(values)))

    @property
    def years(self) -> range:
        """Those that are named, of which the last year is one."""
        step = ceil((self.last - self.first + 1) / _MOST_YEARS)
        return range(self.last, self.first - 1, -step)[::-1]

    def x(self, when: str) -> float:
        """A month lies within its year; a year alone is its middle."""
        year = int(when[:4]) + (int(when[5:7]) - 6.5) / 12 if len(when) > 4 else float(when)
        share = (year - self.first + 0.4) / (self.last - self.first + 0.8)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        share = (value - self.ticks[0]) / (self.ticks[-1] - self.ticks[0])
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)

    def beside(self, point: Point, marks: Iterable[Mark]) -> float:
        """Where the label of a point stands: above it, or below where there is room and fewer marks are near."""
        x, y = self.x(point.when), self.y(point.value)
        near = [mark.y - y for mark in marks if abs(mark.x - x) < _WIDE and mark.point is not point]
        above = sum(-_BELOW - _NEAR < away < 0 for away in near)
        below = sum(0 < away < _BELOW + _NEAR for away in near)
        return y + _BELOW if below < above and y + _BELOW < HEIGHT - _BOTTOM else y - _ABOVE


def _apart(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """The marks in their order; those of one time that would cover each other stand side by side."""
    apart: list[Mark] = []
    for _, group in groupby(marks, key=lambda mark: mark.x):
        rows: list[list[Mark]] = []
        for mark in group:
            row = next((row for row in rows if any(abs(mark.y - other.y) < _NEAR for other in row)), None)
            rows.append([mark]) if row is None else row.append(mark)
        apart += [
            replace(mark, x=round(mark.x + _STEP * (place - (len(row) - 1) / 2), 1))
            for row in rows
            for place, mark in enumerate(row)
        ]
    return tuple(apart)


def _ticks(low: float, high: float) -> tuple[float, ...]:
    """Round numbers from at most `low` to at least `high`, three to six of them."""
    rough = (high - low or high or 1.0) / 3
    power = 10 ** floor(log10(rough))
    step = power * next(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.99)
    first, last = floor(low / step), ceil(high / step - 1e-9)
    return tuple(round(number * step, 6) for number in range(first, max(last, first + 1) + 1))


def _path(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)


def _disputes(marks: Sequence[Mark]) -> Iterator[list[Mark]]:
    """The marks that dispute each other, by year."""
    disputed = [mark for mark in marks if mark.point.disputed]
    for _, group in groupby(disputed, key=lambda mark: mark.point.year):
        yield list(group)
