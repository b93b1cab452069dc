"""How many sources speak for themselves: ten documents that tell one sentence are one source, not ten confirmations."""

import re
from collections.abc import Iterable, Sequence

from rapidfuzz.distance import Indel

from shanghai_qa.context import quote_in_full
from shanghai_qa.values import Citation, Document, Source
from shanghai_qa.words import terms, tokens

_NEARLY = 0.8  # share of their terms that two sentences have in common and in one order, to be nearly the same


def independent(citations: Iterable[Citation]) -> int:
    """How many sources speak for themselves among those cited; 0 where none is.

    Those are one that share an id or an address, or of which one has a sentence of the other word for word, or nearly
    so and by the same publisher; and those that are one with the same third.
    """
    voices: list[list[Citation]] = []
    for citation in citations:
        same = [voice for voice in voices if any(_repeats(citation, other) for other in voice)]
        joined = [citation, *(other for voice in same for other in voice)]
        voices = [joined, *(voice for voice in voices if voice not in same)]
    return len(voices)


def _repeats(one: Citation, other: Citation) -> bool:
    if goes_by(one.source) & goes_by(other.source):
        return True
    quote, other_quote = quote_in_full(one), quote_in_full(other)
    said, also_said = tokens(quote), tokens(other_quote)
    if said == also_said:
        return bool(said)
    if not one.source.publisher or one.source.publisher != other.source.publisher:
        return False
    alike = Indel.normalized_similarity(terms(quote), terms(other_quote))
    return alike >= _NEARLY and _figures(said) == _figures(also_said)


def _figures(words: Sequence[str]) -> frozenset[str]:
    return frozenset(word for word in words if word[0].isdigit())


def goes_by(source: Document | Source) -> frozenset[str]:
    """The id of a document, its address and those of its copies: what shares one of these is no other source.

    Of an address neither http or https, nor "www.", nor capitals, nor a slash or fragment at the end tell it apart.
    """
    addresses = filter(None, (source.url, *source.also_at))
    return frozenset({source.id, *(_BARE.sub("", address.casefold()) for address in addresses)})


_BARE = re.compile(r"^https?://(?:www\.)?|/?(?:#.*)?$")
