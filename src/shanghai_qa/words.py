"""Text to the terms that lexical retrieval and reading compare: the same for documents and for questions."""

import re
import threading
import unicodedata
from functools import lru_cache

import Stemmer

_STOP = frozenset(
    """
    a about according after again all also am an and any are as at be because been before being between both but
    by can could did do does doing down during each for from further had has have having he her here hers him
    his how i if in into is it its just me more most my no nor not now of off on once only or other our out over
    own s same she should so some such t than that the their them then there these they this those through to
    too under until up us very was we were what when where which while who whom why will with would you your say
    says said tell please know give supposed currently exactly actually really like many much
    """.split()
)

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*(?:[a-z]+)?|[a-z][a-z0-9]*(?:['’][a-z]+)?|[\u3400-\u9fff]+")
_HYPHEN = re.compile(r"(?<=\blin)-(?=gang\b)|(?<=\bstart)-(?=ups?\b)|(?<=\be)-(?=commerce\b)")  # spelt both ways
_CJK = re.compile(r"[\u3400-\u9fff]")
_local = threading.local()


def fold(text: str) -> str:
    """Lower case, compatibility forms and accents folded: "Café" and "ＣＡＦＥ" both give "cafe"."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))


def tokens(text: str) -> list[str]:
    """Words, numbers and runs of Chinese in order, in one spelling: "1,087" gives "1087", "Lin-gang" "lingang"."""
    return [token.replace(",", "") for token in _TOKEN.findall(_HYPHEN.sub("", fold(text)))]


def terms(text: str) -> list[str]:
    """What of `text` is compared: English words stemmed, without stop words; Chinese as overlapping pairs.

    >>> terms("How many startups are in Quantum Valley (量子谷)?")
    ['startup', 'quantum', 'valley', '量子', '子谷']
    """
    return [term for token in tokens(text) for term in _terms_of(token)]


@lru_cache(maxsize=50_000)
def _terms_of(token: str) -> tuple[str, ...]:
    if _CJK.match(token):
        return tuple(token[i : i + 2] for i in range(max(1, len(token) - 1)))
    word = re.sub(r"['’]s?$|['’]", "", token)
    return () if word in _STOP else (_stemmer().stemWord(word),)


def cuts_no_word(text: str, start: int, end: int) -> bool:
    """Whether [start, end), not empty, neither begins nor ends within a word of `text`."""
    before = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
    after = end < len(text) and text[end - 1].isalnum() and text[end].isalnum()
    return not before and not after


def has_chinese(text: str) -> bool:
    return _CJK.search(text) is not None


def _stemmer() -> Stemmer.Stemmer:
    # One for each thread: a stemmer is not safe to share.
    if not hasattr(_local, "stemmer"):
        _local.stemmer = Stemmer.Stemmer("english")
    found: Stemmer.Stemmer = _local.stemmer
    return found
