"""The turns of a conversation, the beginning of one: values in, HTML out, with every word escaped by the templates.

Addresses are relative to the page's root. A mark `[1]` is a link to `source_address`, which the page's script opens in
its panel and which opens as a page of its own without it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from shanghai_qa.explore import tiers_of
from shanghai_qa.export import Format
from shanghai_qa.mentions import dates
from shanghai_qa.values import Answer, Citation, CorpusInfo, Document, Filters, Outcome, Span, Statement, Tier
from shanghai_qa.voices import independent
from shanghai_qa.web.page_phrases import PAGE
from shanghai_qa.web.pages import View, fragment
from shanghai_qa.web.phrases import Phrases, phrases
from shanghai_qa.web.source_text import address_of


@dataclass(frozen=True)
class Standing:
    """How far an answer goes, at a glance: one line in words and what more there is to say. `kind` is for its look."""

    kind: str
    headline: str
    further: tuple[str, ...]


class Turn:
    """Draws one turn, `number` of a conversation, as far as it is. Each method gives the whole turn.

    `key` tells it from any other turn on the page.
    """

    def __init__(self, view: View, number: int, question: str, filters: Filters, key: str) -> None:
        self._view = view
        self._page = PAGE[view.language]
        set_ones = {name: value for name, value in asdict(filters).items() if value}
        self._values = {
            "number": number,
            "key": key,
            "question": question,
            "scope": scope(filters, view.language),
            "filters": json.dumps(set_ones, ensure_ascii=False),
        }

    def working(self, step: str, statements: Sequence[Statement] = ()) -> Markup:
        """An answer on its way: the present step, and the sentences so far, whose marks cannot be opened yet."""
        return self._drawn(step=step, statements=statements)

    def failed(self, message: str) -> Markup:
        """What went wrong, in words that tell the reader what to do."""
        return self._drawn(failed=message)

    def answered(self, answer: Answer) -> Markup:
        """The whole answer; under `not_in_corpus` it lists no sources."""
        say = phrases(answer.language)
        by_source: dict[str, list[Citation]] = {}
        for citation in answer.citations:
            by_source.setdefault(citation.source.id, []).append(citation)
        return self._drawn(
            say=say,
            answer=answer,
            json=answer.to_json(),
            dated=_dated(answer, say),
            standing=standing(answer),
            by_source=list(by_source.values()),
            authorship=_authorship(answer, say),
        )

    def _drawn(self, **values: Any) -> Markup:
        nothing = {"json": "", "failed": "", "answer": None, "statements": (), "say": phrases(self._view.language)}
        common = {"page": self._page, "formats": Format, "source_address": source_address}
        return fragment("turn.html", self._view, **{**nothing, **common, **self._values, **values})


def standing(answer: Answer) -> Standing:
    """The most important thing to know of an answer as its headline, the others below it."""
    say = phrases(answer.language)
    if answer.outcome is Outcome.NOT_IN_CORPUS:
        return Standing("refused", say.not_in_corpus, answer.missing + answer.caveats)
    if answer.outcome is Outcome.PARTLY_ANSWERED:
        first = answer.missing[0].rstrip(".。") if answer.missing else ""
        return Standing("partly", say.partly_answered(first), answer.missing[1:] + answer.caveats)
    if answer.disagreements:
        differ, *others = answer.caveats or (say.sources_disagree,)
        return Standing("disagree", differ.rstrip(".。"), tuple(others))
    weak = all(citation.source.tier.rank >= Tier.PROMOTIONAL.rank for citation in answer.citations)
    if weak and answer.caveats:
        alone, *others = answer.caveats
        best = min((citation.source.tier for citation in answer.citations), key=lambda tier: tier.rank)
        return Standing(best.value, alone.rstrip(".。"), tuple(others))
    return Standing("answered", say.answered(independent(answer.citations)), answer.caveats)


def intro(
    view: View,
    info: CorpusInfo,
    documents: Sequence[Document],
    updated: date,
    samples: Mapping[str, Sequence[str]],
) -> Markup:
    """What stands where no question has been asked: what this is and is not, what it holds, what to ask."""
    say, page = phrases(view.language), PAGE[view.language]
    newest = max((document.published for document in documents if document.published), default=None)
    return fragment(
        "intro.html",
        view,
        say=say,
        page=page,
        info=info,
        holds=page.holds(info.documents, say.when(newest), say.day(updated)),
        shares=[(tier, count, count / len(documents)) for tier, count in tiers_of(documents).items()],
        samples=[(page.samples[group], questions) for group, questions in samples.items()],
    )


def scope(filters: Filters, language: str) -> str:
    """The filters in words; "" where there are none."""
    page = PAGE[language]
    first, last = filters.year_from, filters.year_to
    years = f"{first}–{last}" if first and last else page.since(first) if first else page.until(last) if last else ""
    parts = [
        ", ".join(page.topic_names.get(topic, topic) for topic in filters.topics),
        ", ".join(filters.places),
        ", ".join(phrases(language).tiers[tier] for tier in filters.tiers),
        years,
    ]
    return page.only + " · ".join(filter(None, parts)) if filters else ""


def source_address(citation: Citation) -> str:
    """The permanent address of the quoted words: it names the version of the document that the offsets count in."""
    return address_of(citation.source.id, citation.source.sha256, Span(citation.start, citation.end))


def _dated(answer: Answer, say: Phrases) -> str:
    """As of when the direct answer holds, where it does not say so itself."""
    as_of = answer.statements[0].as_of if answer.statements else None
    told = not as_of or (answer.direct_answer and dates(answer.direct_answer))
    return "" if told else f"{say.as_of.lower()} {say.when(as_of)}"


def _authorship(answer: Answer, say: Phrases) -> str:
    tokens = say.tokens(sum(answer.usage.values())) if answer.usage else ""
    written = say.written_by(answer.answerer, tokens) if answer.answerer != "extractive" else ""
    removed = say.removed(answer.removed) if answer.removed else ""
    return f"{written} {removed}".strip()
