"""Values in, HTML out: pure functions, with every word of a question, an answer or a document escaped.

`Markup.format` escapes each argument that is not itself `Markup`, so text can become markup only where a template in
this module says so. Addresses are relative to the page's root. A mark `[1]` is a link to `source_address`, which the
script of the page opens in its panel and which opens as a page of its own without it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from markupsafe import Markup

from shanghai_qa.mentions import dates
from shanghai_qa.values import (
    Answer,
    Citation,
    Claim,
    CorpusInfo,
    Disagreement,
    Document,
    Filters,
    Outcome,
    Span,
    Statement,
    Tier,
)
from shanghai_qa.web.phrases import ENGLISH, TIER_MEANINGS, Phrases, phrases

NOTHING = Markup("")


# The conversation


def intro(info: CorpusInfo, examples: Sequence[str]) -> Markup:
    """What stands where no question has been asked: what this is and is not, example questions, the four tiers."""
    return Markup(
        '<section class="intro"><h2>Ask about Shanghai’s technology ecosystem</h2>'
        "<p>Every sentence of an answer rests on one of {} documents, and a click on its number shows the words there. "
        "This is not a search of the web: where these documents do not say, the answer is that they do not.</p>"
        '{}<dl class="legend" aria-label="How sources are graded">{}</dl></section>'
    ).format(f"{info.documents:,}", _chips("Try one of these", examples), _join(_legend(tier) for tier in Tier))


def turn(number: int, question: str, filters: Filters, body: Markup) -> Markup:
    """A question and what came of it; `number` counts the turns of a conversation from 1."""
    return Markup('<article class="turn" data-turn="{}"><h2 class="question">{}</h2>{}{}</article>').format(
        number, question, _optional('<p class="scope">{}</p>', scope(filters)), body
    )


def scope(filters: Filters) -> str:
    """The filters in words; "" where there are none."""
    parts = [
        ", ".join(filters.topics),
        ", ".join(filters.places),
        ", ".join(filters.tiers),
        _years(filters.year_from, filters.year_to),
    ]
    return "Only sources that match: " + " · ".join(filter(None, parts)) if filters else ""


def working(message: str, statements: Sequence[Statement] = ()) -> Markup:
    """An answer on its way: the present step, and the sentences so far, whose marks cannot be opened yet."""
    return Markup('<div class="answer working"><p class="step" data-status>{}</p>{}</div>').format(
        message, _said(statements, _closed_mark)
    )


def failure(message: str) -> Markup:
    """What went wrong, in words that tell the reader what to do."""
    return Markup('<div class="answer failed"><p class="outcome" data-status>{}</p></div>').format(message)


def answer(found: Answer) -> Markup:
    """A whole answer; under `not_in_corpus` it lists no sources."""
    say = phrases(found.language)
    parts = _refusal(found, say) if found.outcome is Outcome.NOT_IN_CORPUS else _answered(found, say)
    return Markup('<div class="answer {}">{}</div>').format(found.outcome.value, _join(parts))


def _answered(found: Answer, say: Phrases) -> Iterator[Markup]:
    yield _optional('<p class="read-as">{}</p>', found.read_as and say.read_as(found.read_as))
    yield _direct(found, say)
    yield _standing(found, say)
    yield _said(found.statements, lambda number: mark(found.citation(number)))
    yield from (_disagreement(one, found, say) for one in found.disagreements)
    yield _sources(found, say)
    yield _optional('<p class="note">{}</p>', _authorship(found, say))
    yield _chips(say.ask_next, found.follow_ups)


def _refusal(found: Answer, say: Phrases) -> Iterator[Markup]:
    yield _optional('<p class="read-as">{}</p>', found.read_as and say.read_as(found.read_as))
    yield Markup('<p class="outcome" data-status>{}</p>').format(say.not_in_corpus)
    yield _join(Markup("<p>{}</p>").format(sentence) for sentence in found.missing + found.caveats)
    yield Markup('<p class="note">{}</p>').format(say.only_stated)
    yield _chips(say.can_answer, found.follow_ups)


def _direct(found: Answer, say: Phrases) -> Markup:
    if not found.direct_answer:
        return NOTHING
    as_of = found.statements[0].as_of if found.statements else None
    dated = f"{say.as_of.lower()} {say.when(as_of)}" if as_of and not dates(found.direct_answer) else None
    return Markup('<p class="direct">{}{}</p>').format(
        found.direct_answer, _optional(' <span class="as-of">{}</span>', dated)
    )


def _standing(found: Answer, say: Phrases) -> Markup:
    count = len({citation.source.id for citation in found.citations})
    outcome = say.answered if found.outcome is Outcome.ANSWERED else say.partly_answered
    reservations = found.missing + found.caveats
    return Markup('<div class="standing"><p class="outcome" data-status>{}</p>{}</div>').format(
        outcome(count), _join(Markup('<p class="caveat">{}</p>').format(sentence) for sentence in reservations)
    )


def _authorship(found: Answer, say: Phrases) -> str:
    written = say.written_by(found.answerer) if found.answerer != "extractive" else ""
    removed = say.removed(found.removed) if found.removed else ""
    return f"{written} {removed}".strip()


def _disagreement(one: Disagreement, found: Answer, say: Phrases) -> Markup:
    head = _join(
        Markup('<th scope="col">{}</th>').format(name) for name in (say.value, say.as_of, say.source, say.tier)
    )
    return Markup(
        '<section class="disagreement"><h3>{}</h3><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></section>'
    ).format(say.disagree(one.subject), head, _join(_claim(claim, found, say) for claim in one.claims))


def _claim(claim: Claim, found: Answer, say: Phrases) -> Markup:
    citation = found.citation(claim.citation)
    return Markup('<tr><th scope="row">{}</th><td>{}</td><td>{} {}</td><td>{}</td></tr>').format(
        claim.value,
        say.when(claim.as_of) if claim.as_of else "–",
        citation.source.publisher or citation.source.title,
        mark(citation),
        _tier(citation.source.tier, say),
    )


def _sources(found: Answer, say: Phrases) -> Markup:
    by_source: dict[str, list[Citation]] = {}
    for citation in found.citations:
        by_source.setdefault(citation.source.id, []).append(citation)
    items = _join(_source_item(citations, say) for citations in by_source.values())
    return Markup('<section class="sources"><h3>{}</h3><ul>{}</ul></section>').format(say.sources, items)


def _source_item(citations: Sequence[Citation], say: Phrases) -> Markup:
    source = citations[0].source
    return Markup(
        '<li><span class="numbers">{}</span><div><a class="cite title" href="{}">{}</a>'
        '<p class="meta"><span>{}</span><span>{}</span>{}</p></div></li>'
    ).format(
        _join(mark(citation) for citation in citations),
        source_address(citations[0]),
        source.title,
        source.publisher or say.no_publisher,
        say.when(source.published),
        _tier(source.tier, say),
    )


def _said(statements: Sequence[Statement], mark_of: Callable[[int], Markup]) -> Markup:
    sentences = (
        Markup("<p>{}&#8288;{}</p>").format(one.text, _join(mark_of(number) for number in one.citations))
        for one in statements
    )
    return _optional('<div class="said">{}</div>', _join(sentences))


# Marks and addresses


def mark(citation: Citation) -> Markup:
    """`[n]`, a link to the quoted words in their document."""
    source = citation.source
    return Markup('<a class="cite mark" href="{}" aria-label="{}">[{}]</a>').format(
        source_address(citation), f"Source {citation.number}: {source.title} ({source.tier.value})", citation.number
    )


def _closed_mark(number: int) -> Markup:
    return Markup('<span class="mark">[{}]</span>').format(number)


def source_address(citation: Citation) -> str:
    """The permanent address of the quoted words: it names the version of the document that the offsets count in."""
    place = {"start": citation.start, "end": citation.end, "sha": citation.source.sha256[:12]}
    return f"source/{quote(citation.source.id)}?{urlencode(place)}"


def web_address(url: str | None) -> str | None:
    """`url` if a browser may be sent there (http or https, with a host), else None."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


# A source


def source(document: Document, quoted: Span | None, notice: str = "") -> Markup:
    """The document with the quoted words in `<mark id="quote">`; none are marked where `quoted` is None."""
    return Markup(
        '<article class="source"><header>{}<h2>{}</h2><p class="meta"><span>{}</span><span>{}</span></p>{}'
        '<p class="address">{}</p></header>{}<div class="text" tabindex="0">{}</div><footer class="note">'
        "A digest of the source, told in this project’s own words. The original is the authority.</footer></article>"
    ).format(
        _tier(document.tier, ENGLISH, meaning=True),
        document.title,
        document.publisher or ENGLISH.no_publisher,
        ENGLISH.when(document.published),
        _optional('<p class="authors">{}</p>', ", ".join(document.authors)),
        _original(document.url),
        _optional('<p class="caveat">{}</p>', notice),
        _text(document, quoted),
    )


def source_page(document: Document, quoted: Span | None, notice: str = "", *, root: str) -> Markup:
    """`source` as a page of its own; `root` is the path of the page's root, without the closing slash."""
    return _page(document.title, source(document, quoted, notice), root)


def plain_page(title: str, sentence: str, *, root: str) -> Markup:
    """A page that says one thing, such as that there is no such source."""
    return _page(title, Markup('<article class="source"><h2>{}</h2><p>{}</p></article>').format(title, sentence), root)


def _page(title: str, body: Markup, root: str) -> Markup:
    return Markup(
        '<!doctype html><html lang="en" class="alone"><head><meta charset="utf-8"><title>{} · Shanghai QA</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="{}/page/icon.svg"><link rel="stylesheet" href="{}/page/style.css"></head>'
        '<body><main><p class="wordmark"><a href="{}/">Shanghai QA</a></p>{}</main></body></html>'
    ).format(title, root, root, root, body)


def _original(url: str | None) -> Markup:
    address = web_address(url)
    if address is None:
        return Markup('<span class="no-address">no address known</span>')
    return Markup(
        '<a class="original" href="{}" target="_blank" rel="noopener noreferrer">Open the original</a> {}'
    ).format(address, Markup('<span class="host">{}</span>').format(urlsplit(address).netloc))


_BLOCKS = re.compile(
    r"^#+ (?P<heading>.+)$|^- (?P<item>.*\S.*(?:\n(?!#+ |- ).*\S.*)*)|^(?P<paragraph>.*\S.*(?:\n(?!#+ |- ).*\S.*)*)",
    re.MULTILINE,
)
_ELEMENTS = {"heading": "<h3>{}</h3>", "item": '<p class="item">{}</p>', "paragraph": "<p>{}</p>"}


@dataclass(frozen=True)
class Block:
    """The stretch [start, end) of a text that shows as one element; `kind` is heading, item or paragraph."""

    kind: str
    start: int
    end: int


def blocks(text: str) -> Iterator[Block]:
    """The headings (`#`), items (`-`) and paragraphs of `text`, in order, without their signs and the blank lines."""
    for match in _BLOCKS.finditer(text):
        kind = match.lastgroup or "paragraph"
        yield Block(kind, *match.span(kind))


def _text(document: Document, quoted: Span | None) -> Markup:
    shown = [b for b in blocks(document.text) if document.text[b.start : b.end] != document.title]
    first = next((b for b in shown if quoted and _common(b, quoted)), None)
    return _join(
        Markup(_ELEMENTS[b.kind]).format(_marked(document.text, b, quoted, ' id="quote"' if b is first else ""))
        for b in shown
    )


def _marked(text: str, block: Block, quoted: Span | None, attributes: str) -> Markup:
    common = _common(block, quoted) if quoted else None
    if common is None:
        return Markup("{}").format(text[block.start : block.end])
    before, after = text[block.start : common.start], text[common.end : block.end]
    within = text[common.start : common.end]
    return Markup("{}<mark{}>{}</mark>{}").format(before, Markup(attributes), within, after)


def _common(block: Block, quoted: Span) -> Span | None:
    start, end = max(quoted.start, block.start), min(quoted.end, block.end)
    return Span(start, end) if start < end else None


# Pieces


def _tier(tier: Tier, say: Phrases, *, meaning: bool = False) -> Markup:
    explained = Markup('<span class="meaning">{}</span>').format(TIER_MEANINGS[tier]) if meaning else NOTHING
    return Markup('<span class="tier {}" title="{}"><span class="icon" aria-hidden="true"></span>{}</span>{}').format(
        tier.value, TIER_MEANINGS[tier], say.tiers[tier], explained
    )


def _legend(tier: Tier) -> Markup:
    return Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(_tier(tier, ENGLISH), TIER_MEANINGS[tier])


def _chips(heading: str, questions: Sequence[str]) -> Markup:
    buttons = _join(Markup('<li><button type="button" class="chip">{}</button></li>').format(q) for q in questions)
    return (
        Markup('<section class="chips"><h3>{}</h3><ul>{}</ul></section>').format(heading, buttons)
        if buttons
        else NOTHING
    )


def _optional(template: str, content: str | None) -> Markup:
    return Markup(template).format(content) if content else NOTHING


def _join(parts: Iterable[Markup]) -> Markup:
    return NOTHING.join(parts)


def _years(first: int | None, last: int | None) -> str:
    if first is None and last is None:
        return ""
    if last is None:
        return f"since {first}"
    return f"until {last}" if first is None else f"{first}–{last}"
