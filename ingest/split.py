"""From a document to its passages: what is retrieved as one and quoted sentence by sentence."""

from collections.abc import Callable, Iterator

from ingest.sentences import sections, sentences
from shanghai_qa.values import Document, Passage, Span


def split(document: Document, tokens: Callable[[str], int], max_tokens: int) -> tuple[Passage, ...]:
    """The document's passages in order: each its section, or a run of its sentences where the model would not read all.

    `tokens` counts the word pieces of a text as it is embedded (`embedded`), which must stay within `max_tokens`; a
    single sentence that is longer makes a passage of its own. Sections without a sentence give none.
    """
    return tuple(
        _passage(document, heading, run)
        for heading, spans in _sections(document)
        for run in _runs(document, heading, spans, tokens, max_tokens)
    )


def embedded(document: Document, heading: str, spans: tuple[Span, ...]) -> tuple[str, list[tuple[int, int]]]:
    """What the model reads of a passage, title and heading first, and where each sentence stands in it."""
    before = "\n".join(filter(None, [document.title, heading])) + "\n"
    start = spans[0].start
    text = before + document.text[start : spans[-1].end]
    shift = len(before) - start
    return text, [(span.start + shift, span.end + shift) for span in spans]


def _sections(document: Document) -> Iterator[tuple[str, tuple[Span, ...]]]:
    for section in sections(document.text):
        spans = sentences(document.text, section.body.start, section.body.end)
        if spans:
            yield ("" if section.heading == document.title else section.heading), spans


def _runs(
    document: Document, heading: str, spans: tuple[Span, ...], tokens: Callable[[str], int], max_tokens: int
) -> Iterator[tuple[Span, ...]]:
    """`spans` in as few runs as fit, each as long as can be."""
    run: tuple[Span, ...] = ()
    if tokens(embedded(document, heading, spans)[0]) <= max_tokens:
        yield spans
        return
    for span in spans:
        longer = (*run, span)
        if run and tokens(embedded(document, heading, longer)[0]) > max_tokens:
            yield run
            longer = (span,)
        run = longer
    yield run


def _passage(document: Document, heading: str, spans: tuple[Span, ...]) -> Passage:
    start, end = spans[0].start, spans[-1].end
    return Passage(f"{document.id}#{start}", document.id, heading, start, end, spans)
