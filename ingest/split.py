"""From a document to its passages: what is retrieved as one and quoted sentence by sentence."""

from collections.abc import Callable, Iterator, Mapping

from ingest.sentences import sections, sentences
from shanghai_qa.context import contexts
from shanghai_qa.values import Context, Document, Passage, Span


def split(document: Document, tokens: Callable[[str], int], max_tokens: int) -> tuple[Passage, ...]:
    """The document's passages in order: each its section, or a run of its sentences where the model would not read all.

    `tokens` counts the word pieces of a text; those of a passage with its title and heading stay within `max_tokens`,
    but for a single sentence that is longer. Sections without a sentence give none.
    """

    def fits(heading: str, spans: tuple[Span, ...]) -> bool:
        text = document.text[spans[0].start : spans[-1].end]
        return tokens(f"{head(document, heading)}\n{text}") <= max_tokens

    return tuple(
        _passage(document, heading, run, leaning)
        for heading, spans in _sections(document)
        for leaning in [dict(zip(spans, contexts(document.text, spans), strict=True))]
        for run in _runs(spans, lambda run, heading=heading: fits(heading, run))  # type: ignore[misc]
    )


def head(document: Document, heading: str) -> str:
    """What is embedded with a passage and never quoted."""
    return "\n".join(filter(None, [document.title, heading]))


def _sections(document: Document) -> Iterator[tuple[str, tuple[Span, ...]]]:
    for section in sections(document.text):
        spans = sentences(document.text, section.body.start, section.body.end)
        if spans:
            yield ("" if section.level == 1 else section.heading), spans


def _runs(spans: tuple[Span, ...], fits: Callable[[tuple[Span, ...]], bool]) -> Iterator[tuple[Span, ...]]:
    """`spans` in as few runs as fit, each as long as can be."""
    if fits(spans):
        yield spans
        return
    run: tuple[Span, ...] = ()
    for span in spans:
        if run and not fits((*run, span)):
            yield run
            run = ()
        run = (*run, span)
    yield run


def _passage(
    document: Document, heading: str, spans: tuple[Span, ...], leaning: Mapping[Span, Context | None]
) -> Passage:
    start, end = spans[0].start, spans[-1].end
    lean = tuple(leaning[span] for span in spans)
    return Passage(f"{document.id}#{start}", document.id, heading, start, end, spans, lean if any(lean) else ())
