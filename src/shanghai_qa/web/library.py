"""The documents that answers rest on: a list that can be searched, and a page for each."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from starlette.datastructures import QueryParams

from shanghai_qa.assistant import Assistant
from shanghai_qa.catalogue import (
    LONGEST,
    PER_PAGE,
    Catalogue,
    Entry,
    Query,
    Sort,
    best_sentence,
    highlighted,
    looser,
    opened,
)
from shanghai_qa.chinese import in_english
from shanghai_qa.current import Current
from shanghai_qa.export import Format, cite_as, reference
from shanghai_qa.values import NO_FILTERS, Document, Filters, Span, Tier
from shanghai_qa.web.library_phrases import LIBRARY, LibraryPhrases
from shanghai_qa.web.pages import View, fragment, notice, page
from shanghai_qa.web.phrases import Phrases, phrases
from shanghai_qa.web.source_text import address, laid_out, original, web_host


def router(assistant: Assistant, catalogue: Current[Catalogue], language: str) -> APIRouter:
    """The pages of one language, with addresses below its root."""
    routes = APIRouter(default_response_class=HTMLResponse)

    @routes.get("/sources")
    def sources(request: Request) -> Response:
        return HTMLResponse(listing(catalogue(), request.query_params, _view(request, language)))

    @routes.get("/source/{id:path}")
    def source(request: Request, id: str) -> Response:
        view, asked, say = _view(request, language), request.query_params, LIBRARY[language]
        entry = catalogue().entries.get(id)
        if entry is None:
            return HTMLResponse(notice(view, f"source/{quote(id)}", say.absent, say.absent_said(id)), status_code=404)
        if asked.get("cite") in _FORMS.values():
            return _record(entry.document, Format(asked["cite"]))
        quoted, caveat = _quoted(entry.document, asked, say)
        if asked.get("panel") in ("true", "1"):
            return HTMLResponse(panel(entry.document, quoted, caveat, view))
        return HTMLResponse(source_page(entry, quoted, caveat, assistant.questions(id), view))

    return routes


def _view(request: Request, language: str) -> View:
    return View(request.scope.get("root_path", "").rstrip("/"), language)


# The list


@dataclass(frozen=True)
class Choice:
    """A link to other results: what it is called, how many they are, whether it is what the reader sees now."""

    label: str
    href: str
    count: int = 0
    chosen: bool = False


@dataclass(frozen=True)
class Row:
    """A document in the list. `snippet` is the sentence that a search found, in pieces, and `found_at` its address."""

    entry: Entry
    href: str
    topics: tuple[Choice, ...]
    snippet: tuple[tuple[str, bool], ...] = ()
    found_at: str = ""


def listing(catalogue: Catalogue, params: QueryParams, view: View) -> Markup:
    """The page of the documents that `params` ask for; what in them makes no sense is left out and named."""
    lib, say = LIBRARY[view.language], phrases(view.language)
    query, notes = asked_for(params, catalogue, lib)
    found = catalogue.find(query)
    last = max(1, -(-len(found) // PER_PAGE))
    if query.page > last:
        notes.append(lib.no_page(str(query.page), last))
        query = replace(query, page=last)
    start = (query.page - 1) * PER_PAGE
    links = _Links(catalogue, view, lib, say)
    return page(
        "sources.html",
        view,
        query.address,
        lib.title,
        lib=lib,
        say=say,
        query=query,
        notes=notes,
        total=len(catalogue.documents),
        tiers=[(tier, catalogue.tiers[tier]) for tier in Tier],
        newest=max((document.published or "" for document in catalogue.documents), default="") or None,
        count=len(found),
        start=start,
        rows=[links.row(entry, query) for entry in found[start : start + PER_PAGE]],
        groups={name: list(links.facets(query, name)) for name in catalogue.values},
        years=catalogue.values["years"],
        active=list(links.active(query)),
        looser=[] if found else links.looser(query),
        sorts=list(links.sorts(query)),
        pages=[links.to(replace(query, page=n), str(n), chosen=n == query.page) for n in range(1, last + 1)],
    )


def asked_for(params: QueryParams, catalogue: Catalogue, lib: LibraryPhrases) -> tuple[Query, list[str]]:
    """What an address asks for, and in words what in it was left out."""
    notes: list[str] = []

    def known(key: str, name: str) -> tuple[str, ...]:
        spelt = {value.casefold(): value for value in catalogue.values[name]}
        given = dict.fromkeys(value for value in params.getlist(key) if value)
        notes.extend(lib.no_such(lib.filter_names[name], _short(v)) for v in given if v.casefold() not in spelt)
        return tuple(dict.fromkeys(spelt[v.casefold()] for v in given if v.casefold() in spelt))

    def year(key: str) -> int | None:
        given = params.get(key, "").strip()
        if given and not re.fullmatch("[1-9][0-9]{3}", given):
            notes.append(lib.no_year(_short(given)))
            return None
        return int(given) if given else None

    text = " ".join(params.get("q", "").split())
    if len(text) > LONGEST:
        notes.append(lib.too_long(LONGEST))
    filters = Filters(known("topic", "topics"), known("place", "places"), tuple(map(Tier, known("tier", "tiers"))))
    only, first, last = year("year"), year("from"), year("to")
    if first and last:
        first, last = sorted((first, last))
    sort, number = params.get("sort", ""), params.get("page", "") or "1"
    if sort and sort not in list(Sort):
        notes.append(lib.no_such(lib.sorted_by, _short(sort)))
    if not re.fullmatch("[1-9][0-9]{0,5}", number):
        notes.append(lib.no_page(_short(number), 1))
        number = "1"
    return Query(
        text[:LONGEST],
        replace(filters, year_from=only or first, year_to=only or last),
        Sort(sort) if sort in list(Sort) else None,
        int(number),
    ), notes


def _short(value: str) -> str:
    return value if len(value) <= 40 else f"{value[:40]}…"


@dataclass(frozen=True)
class _Links:
    """The ways on from a list of results."""

    catalogue: Catalogue
    view: View
    lib: LibraryPhrases
    say: Phrases

    def to(self, query: Query, label: str, count: int = 0, chosen: bool = False) -> Choice:
        return Choice(label, f"{self.view.root}/{query.address}", count, chosen)

    def row(self, entry: Entry, query: Query) -> Row:
        href = f"{self.view.root}/{address(entry.document)}"
        topics = tuple(_topic_links(entry.document, self.view))
        if span := best_sentence(entry, query.words):
            sentence = entry.document.text[span.start : span.end]
            found_at = f"{self.view.root}/{address(entry.document, span)}"
            return Row(entry, href, topics, tuple(highlighted(sentence, query.words)), found_at)
        return Row(entry, href, topics)

    def facets(self, query: Query, name: str) -> Iterator[Choice]:
        for facet in self.catalogue.facets(query, name):
            wider = query.toggled(name, facet.value)
            yield self.to(wider, self._called(name, facet.value), facet.count, facet.chosen)

    def active(self, query: Query) -> Iterator[Choice]:
        if query.words:
            yield self.to(replace(query, text="", page=1), f"“{query.text}”")
        for name in self.catalogue.values:
            wider, chosen = opened(query, name)
            for value in chosen:
                without = wider if name == "years" else query.toggled(name, value)
                yield self.to(without, self._called(name, value))

    def looser(self, query: Query) -> list[Choice]:
        """Ways to find some where nothing is found: one thing dropped, or where that is too little, all of a kind."""
        return [one for one in self._one_dropped(query) if one.count] or [
            one for one in self._all_dropped(query) if one.count
        ]

    def _one_dropped(self, query: Query) -> Iterator[Choice]:
        english = in_english(query.text, {}).strip("?")
        if english != query.text:
            yield self._instead(replace(query, text=english, page=1), self.lib.in_english(f"“{english}”"))
        for name, dropped, wider in looser(query):
            if name == "words":
                yield self._instead(wider, self.lib.without(f"“{dropped}”"))
            else:
                yield self._instead(wider, self.lib.whatever(self.lib.filter_names[name]))

    def _all_dropped(self, query: Query) -> Iterator[Choice]:
        yield self._instead(replace(query, filters=NO_FILTERS, page=1), self.lib.no_filters)
        yield self._instead(replace(query, text="", page=1), self.lib.no_words)

    def _instead(self, query: Query, label: str) -> Choice:
        return self.to(query, label, self.catalogue.count(query))

    def sorts(self, query: Query) -> Iterator[Choice]:
        for sort in Sort:
            if sort is not Sort.BEST or query.words:
                default = Sort.BEST if query.words else Sort.NEWEST
                by = replace(query, sort=None if sort is default else sort, page=1)
                yield self.to(by, self.lib.sorts[sort], chosen=sort is query.order)

    def _called(self, name: str, value: str) -> str:
        match name:
            case "tiers":
                return self.say.tiers[Tier(value)]
            case "topics":
                return self.lib.topic(value)
            case "places":
                return self.lib.place(value)
            case _:
                return value


def _topic_links(document: Document, view: View) -> Iterator[Choice]:
    for topic in document.topics:
        href = f"{view.root}/{Query(filters=Filters(topics=(topic,))).address}"
        yield Choice(LIBRARY[view.language].topic(topic), href)


def _place_links(document: Document, view: View) -> Iterator[Choice]:
    for place in document.places:
        href = f"{view.root}/{Query(filters=Filters(places=(place,))).address}"
        yield Choice(LIBRARY[view.language].place(place), href)


# One document


def panel(document: Document, quoted: Span | None, caveat: str, view: View) -> Markup:
    """The document with the quoted words in `<mark id="quote">`, to be read beside a conversation."""
    return fragment("source.html", view, **_shown(document, quoted, caveat, view), blocks=laid_out(document, quoted))


def source_page(entry: Entry, quoted: Span | None, caveat: str, questions: Sequence[str], view: View) -> Markup:
    """The same as a page, its sentences numbered, with how to cite it and questions that it answers."""
    document = entry.document
    return page(
        "source_page.html",
        view,
        address(document, quoted),
        document.title,
        **_shown(document, quoted, caveat, view),
        blocks=laid_out(document, quoted, entry.sentences),
        here=f"{view.root}/{address(document)}",
        at=lambda span: f"{view.root}/{address(document, span)}",
        topics=list(_topic_links(document, view)),
        places=list(_place_links(document, view)),
        cited=_cited(document),
        questions=questions,
    )


def _shown(document: Document, quoted: Span | None, caveat: str, view: View) -> dict[str, object]:
    return {
        "lib": LIBRARY[view.language],
        "say": phrases(view.language),
        "document": document,
        "caveat": caveat,
        "original": original(document, quoted),
        "host": web_host(document.url),
    }


def _quoted(document: Document, asked: QueryParams, say: LibraryPhrases) -> tuple[Span | None, str]:
    """The words asked for, or None and why they cannot be shown."""
    if "start" not in asked or "end" not in asked:
        return None, ""
    if not document.sha256.startswith(asked.get("sha", "")):
        return None, say.changed
    place = [int(at) for at in (asked["start"], asked["end"]) if re.fullmatch("[0-9]{1,9}", at)]
    if len(place) < 2 or not place[0] < place[1] <= len(document.text):
        return None, say.no_place
    return Span(*place), ""


# What the page offers beside the text

_FORMS = {form.label: form for form in Format if form.is_bibliography}


@dataclass(frozen=True)
class Cited:
    """How to cite a document: in words, and by the name of a form its record and the value of `cite` that loads it."""

    words: str
    records: dict[str, tuple[str, str]]


def _cited(document: Document) -> Cited:
    today = date.today()
    records = {name: (reference(document, form, today), form.value) for name, form in _FORMS.items()}
    return Cited(cite_as(document, today), records)


def _record(document: Document, form: Format) -> Response:
    name = re.sub(r"[^\w.-]+", "-", document.id, flags=re.ASCII).strip("-.") or "source"
    return Response(
        reference(document, form, date.today()),
        media_type=form.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}.{form.suffix}"'},
    )
