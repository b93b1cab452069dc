# ruff: noqa: E501 -- patterns read best on one line
"""Labelled pairs of sentence and quote, made from the corpus: falsehoods that a check must find, and fair paraphrases.

Each comes from one sentence of the corpus by a rule named as its kind, or by hand (`evals/pairs.yaml`). A document is
either of the dev part, on which rules and thresholds were made, or of the test part, which is only reported. Print the
figures with: python -m evals.pairs
"""

import hashlib
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from shanghai_qa.bear import NEAR_ENOUGH, unsupported
from shanghai_qa.embedding import Vectors
from shanghai_qa.mentions import Mention, counts, dated, dates, money, names, percents
from shanghai_qa.values import Document, Passage

_EACH = 60  # at most, of a kind


@dataclass(frozen=True)
class Pair:
    """`text` cites `quote`, a sentence of `document`, and perhaps `another`; `fair` tells whether it follows.

    `kind` is how it was made.
    """

    kind: str
    text: str
    quote: str
    document: str
    fair: bool
    another: str | None = None

    @property
    def quotes(self) -> list[str]:
        return [self.quote] + ([self.another] if self.another else [])


def is_test(document: str) -> bool:
    """Whether a document is of the test part: half of them, by their ids."""
    return hashlib.sha256(document.encode()).digest()[-1] % 2 == 0


def made(documents: Sequence[Document], passages: Iterable[Passage], test: bool) -> list[Pair]:
    """The pairs of one part of a corpus, at most 60 of a kind, the same at each call."""
    by_id = {document.id: document for document in documents}
    sentences = [
        (passage.document_id, by_id[passage.document_id].text[span.start : span.end])
        for passage in passages
        for span in passage.sentences
        if is_test(passage.document_id) is test
    ]
    sentences = sorted(dict.fromkeys(sentences), key=lambda one: hashlib.sha256(one[1].encode()).digest())
    others = [name.text for _, text in sentences[:400] for name in names(text) if " " in name.text]
    kinds = [
        *((kind, False, rule) for kind, rule in (_FALSE | {"name": partial(_other_name, others)}).items()),
        *((kind, True, rule) for kind, rule in _FAIR.items()),
    ]
    citing_another = (Pair("citation", text, other, home, False) for (home, text), other in _neighbours(sentences))
    citing_two = ((kind, fair, _of_two(kind, fair, rule, sentences)) for kind, fair, rule in _OF_TWO)
    return [
        *(pair for kind, fair, rule in kinds for pair in islice(_of_kind(kind, fair, rule, sentences), _EACH)),
        *islice(citing_another, _EACH),
        *(pair for _, _, found in citing_two for pair in islice(found, _EACH)),
    ]


def by_hand(path: Path, test: bool) -> list[Pair]:
    """The pairs written by hand, of one part."""
    entries: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        Pair("by hand", text, entry["quote"], entry["document"], fair)
        for entry in entries
        if is_test(entry["document"]) is test
        for field, fair in (("fair", True), ("wrong", False))
        for text in entry[field]
    ]


_Rule = Callable[[str], str | None]


def _of_kind(kind: str, fair: bool, rule: _Rule, sentences: Iterable[tuple[str, str]]) -> Iterator[Pair]:
    for document, quote in sentences:
        text = rule(quote)
        if text and text != quote:
            yield Pair(kind, text[0].upper() + text[1:] if text[1:2].islower() else text, quote, document, fair)


def _neighbours(sentences: Sequence[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], str]]:
    """Sentences, each with the one of the same document that shares most words with it."""
    for document, text in sentences:
        rest = [other for home, other in sentences if home == document and other != text]
        if rest:
            words = set(text.split())
            yield (document, text), max(rest, key=lambda other: len(words & set(other.split())))


def _of_two(kind: str, fair: bool, rule: "_RuleOfTwo", sentences: Sequence[tuple[str, str]]) -> Iterator[Pair]:
    """From sentences and the next one of the same document, or else of all, that opens with a name."""
    opening = [(home, text) for home, text in sentences if _opens_with_name(text) and len(text) < 160]
    for (home, text), (_, next_one) in pairwise(opening):
        near = (other for place, other in opening if place == home and other != text)
        for other in islice((*islice(near, 1), next_one), 2):
            if told := rule(text, other):
                yield Pair(kind, told, text, home, fair, other)
                break


def _opens_with_name(text: str) -> Mention | None:
    first = next(iter(names(text)), None)
    return first if first and first.start <= len("The ") and text[: first.start] in ("", "The ") else None


def _replaced(text: str, mention: Mention, new: str) -> str:
    return text[: mention.start] + new + text[mention.end :]


def _chance(text: str) -> random.Random:
    return random.Random(hashlib.sha256(text.encode()).hexdigest())


def _first(patterns: Iterable[tuple[str, str]], text: str) -> str | None:
    """`text` after the first of the replacements that fits, once."""
    for pattern, new in patterns:
        changed = re.sub(pattern, new, text, count=1)
        if changed != text:
            return changed
    return None


# --- Falsehoods ------------------------------------------------------------------------------------------------------


def _other_number(text: str) -> str | None:
    figures = [*money(text), *percents(text), *(c for c in counts(text) if c.text[0].isdigit())]
    if not figures:
        return None
    chance = _chance(text)
    figure = chance.choice(figures)
    digits = [i for i, c in enumerate(figure.text) if c.isdigit()]
    at = chance.choice(digits)
    new = chance.choice([d for d in "123456789" if d != figure.text[at]])
    return _replaced(text, figure, figure.text[:at] + new + figure.text[at + 1 :])


def _other_name(others: Sequence[str], text: str) -> str | None:
    found = [name for name in names(text) if not re.search(r"\d", name.text) and name.start > 0]
    if not found:
        return None
    name = _chance(text).choice(found)
    fitting = [other for other in others if not set(other.split()) & set(text.split())]
    return _replaced(text, name, _chance(text).choice(fitting))


def _other_year(text: str) -> str | None:
    found = dated(text)
    if not found:
        return None
    date = _chance(text).choice(found)
    year = int(date.key[:4])
    new = year + _chance(text).choice([-3, -2, -1, 1, 2, 3])
    changed = _replaced(text, date, date.text.replace(str(year), str(new)))
    return None if str(new) in text else changed


_UNITS = (
    (r"(?<=\d )billion", "million"), (r"(?<=\d )million", "billion"), (r"(?<=\d )trillion", "billion"),
    (r"percentage points", "percent"), (r"(?<=\d)%", " percentage points"), (r"(?<=\d) percent\b", " percentage points"),
    (r"square metres", "square kilometres"), (r"(?<=\d )kilometres", "metres"), (r"(?<=\d )nm", "µm"),
    (r"(?<=\d )metres", "miles"), (r"(?<=\d )tonnes", "kilograms"), (r"(?<=\d )hectares", "square kilometres"),
    (r"(?<=\d )MW", "GW"), (r"(?<=\d )hours", "minutes"), (r"(?<=\d )months", "weeks"), (r"(?<=\d )days", "months"),
)  # fmt: skip
_COINS = ((r"US\$", "RMB "), (r"RMB ?", "US$"), (r"(?<=\d )yuan", "US dollars"), (r"(?<=illion )yuan", "dollars"))
_DIRECTIONS = (
    (r"\brose\b", "fell"), (r"\bfell\b", "rose"), (r"\bgrew\b", "shrank"), (r"\bincreased?\b", "decreased"),
    (r"\bdeclined\b", "grew"), (r"\b[Mm]ore than\b(?= \d)", "less than"), (r"\b[Ll]ess than\b(?= \d)", "more than"),
    (r"\b[Aa]t least\b", "at most"), (r"\b[Uu]p to\b(?= )", "at least"), (r"\bhigher\b", "lower"), (r"\blower\b", "higher"),
    (r"\blargest\b", "smallest"), (r"\bfirst\b", "last"), (r"\bbefore\b", "after"), (r"\bafter\b", "before"),
    (r"\b[Aa]ll\b", "none of the"), (r"\bgrowth\b", "decline"), (r"\bover (?=\d)", "under "), (r"\bmore than\b", "less than"),
    (r"\bdoubled\b", "halved"), (r"\bopened\b", "closed"), (r"\bgained\b", "lost"), (r"\bbought\b", "sold"),
)  # fmt: skip
_NEGATIONS = (
    (r"\bdid not (\w+)", r"did \1"), (r"\bdoes not (\w+)", r"does \1"), (r"\bdo not\b", "do"), (r"\bnot\b ", ""),
    (r"\b(was|were|is|are|has|have|had|will|can|could)\b(?! not)", r"\1 not"),
    (r"\b(won|reached|rose|fell|grew|held|owned|received|sold|opened|led|launched|issued|counted)\b", r"never \1"),
    (r"\b(gives|holds|owns|makes|offers|covers|uses|runs|names|calls|plans|supports|allows|says)\b", r"never \1"),
)  # fmt: skip
_PLANS = (
    (r"\bplans to (build|open|launch|operate|raise|reach|invest|make|set|attract|produce|list|have)\b", r"has already done this: \1"),
    (r"\b(?:is|was) expected to reach\b", "reached"), (r"\b(?:is|was|were|are) (?:planned|expected|intended) to be\b", "was"),
    (r"\b(?:is|are|was|were) to be\b", "were"), (r"\bwill be\b", "was"), (r"\bwould be\b", "was"), (r"\baims to\b", "managed to"),
    (r"\bwas (launched|opened|founded|completed|listed|set up|built)\b", r"will be \1"), (r"\b(?<!has )reached\b", "is expected to reach"),
    (r"\bplanned to\b", "managed to"), (r"\bplans\b(?= \d)", "has"),
)  # fmt: skip


def _roles_swapped(text: str) -> str | None:
    found = names(text)
    for one, other in pairwise(found):
        between = text[one.end : other.start]
        verb = re.fullmatch(
            r"(?: \([^)]*\))? (?:\w+ )?(?:owned?s?|owns|led|founded|built|bought|overtook|invested in|sued|supplies|told|"
            r"beat|asked|supports?|succeeded|joined|funded|took over|makes|was \w+ed by|were \w+ed by|is \w+ed by|"
            r"is (?:larger|older|smaller) than)(?: the| a)? ",
            between,
        )
        if verb and not re.search(r"\d", one.text + other.text):
            return text[: one.start] + other.text + between + one.text + text[other.end :]
    return None


def _figures_crossed(text: str) -> str | None:
    for found in (money(text), percents(text), [c for c in counts(text) if re.fullmatch(r"[\d,.]+ \w+", c.text)]):
        for one, other in pairwise(found):
            x, y = (re.match(r"\D*[\d.,]*\d(?: ?[mbt]r?illion)?", m.text) for m in (one, other))
            between = text[one.end : other.start]
            if x and y and x[0] != y[0] and not re.search(r"^\s*(?:to|or|and)\s*$|\($|, or $|up from", between):
                return text[: one.start] + y[0] + text[one.start + x.end() : other.start] + x[0] + text[other.start + y.end() :]  # fmt: skip
    return None


def _names_exchanged(text: str) -> str | None:
    """Two names in each other's place, with at least one word between that puts neither beside the other."""
    beside = re.compile(r"(?:\W|\b(?:and|or|of|in|at|on|for|to|from|near|as|with|the|a|an|s)\b)*")
    for one, other in pairwise(names(text)):
        between = text[one.end : other.start]
        whole = not re.search(r"\d|\.$|\bUS\b", f"{one.text} {other.text}")
        if whole and not {*one.text.split()} & {*other.text.split()} and not beside.fullmatch(between):
            return text[: one.start] + other.text + between + one.text + text[other.end :]
    return None


def _dates_exchanged(text: str) -> str | None:
    for one, other in pairwise(dates(text)):
        if one.text != other.text:
            return text[: one.start] + other.text + text[one.end : other.start] + one.text + text[other.end :]
    return None


_FALSE: dict[str, _Rule] = {
    "number": _other_number,
    "unit": partial(_first, _UNITS),
    "currency": partial(_first, _COINS),
    "year": _other_year,
    "negation": partial(_first, _NEGATIONS),
    "direction": partial(_first, _DIRECTIONS),
    "plan or deed": partial(_first, _PLANS),
    "roles": _roles_swapped,
    "figures crossed": _figures_crossed,
    "names exchanged": _names_exchanged,
    "dates exchanged": _dates_exchanged,
}


_VERB = re.compile(r" (?:is|are|was|were|has|had|will|would|can|could|[a-z]{3,}ed|[a-z]{3,}s|led|won|built|made|sold) ")


def _spliced(text: str, other: str) -> str | None:
    """The subject of one sentence with what another says of its own."""
    one, two = _opens_with_name(text), _opens_with_name(other)
    if not one or not two or one.text.endswith(("'s", "’s")) or not _VERB.match(other, two.end):
        return None
    if {*one.text.split()} & {*other.split()} or {*two.text.split()} & {*text.split()}:
        return None
    return text[: one.end] + other[two.end :]


def _spliced_behind(text: str, other: str) -> str | None:
    """One sentence, and behind it what another says of its own subject: told of the first one's."""
    two = _opens_with_name(other)
    return f"{text.rstrip('.')}, and it{other[two.end :]}" if two and _spliced(text, other) else None


def _time_of_another(text: str, other: str) -> str | None:
    """Two sentences of different years in one, told of the first one's."""
    return _at_one_time(text, other, same=False)


def _at_one_time(text: str, other: str, same: bool) -> str | None:
    one, two = _IN_YEAR.search(text), _IN_YEAR.search(other)
    if not one or not two or (one[1] == two[1]) is not same or (not same and one[1] in other):
        return None
    return f"In {one[1]}, {_IN_YEAR.sub('', text, count=1).rstrip('.')}, and {_IN_YEAR.sub('', other, count=1)}"


_IN_YEAR = re.compile(r" in (\d{4})(?=[.,])")

# --- Paraphrases -----------------------------------------------------------------------------------------------------

_SYNONYMS = (
    (r"\bsaid\b", "stated"), (r"\brose\b", "climbed"), (r"\bfell\b", "dropped"), (r"\bgrew\b", "increased"),
    (r"\bcompanies\b", "firms"), (r"\bfirms\b", "companies"), (r"\babout (?=\d)", "roughly "), (r"\bset up\b", "established"),
    (r"\bfounded\b", "established"), (r"\bbegan\b", "started"), (r"\blargest\b", "biggest"), (r"\bmade\b", "produced"),
    (r"\bbought\b", "acquired"), (r"\bshows\b", "indicates"), (r"\breached\b", "came to"), (r"\bwas launched\b", "started"),
    (r"\bbuilt\b", "constructed"), (r"\bmore than (?=\d)", "over "), (r"\bfactory\b", "plant"), (r"\bplant\b", "factory"),
    (r"\blies\b", "is located"), (r"\bhas (?=\d)", "counts "), (r"\bhelps\b", "assists"), (r"\bgives\b", "offers"),
    (r"\bplans to\b", "intends to"), (r"\bwrote\b", "reported"), (r"\bnearly\b", "almost"), (r"\bcars\b", "vehicles"),
)  # fmt: skip
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAY_FIRST = ((rf"\b(\d{{1,2}}) ({_MONTHS}) (\d{{4}})", r"\2 \1, \3"), (rf"\b({_MONTHS}) (\d{{1,2}}), (\d{{4}})", r"\2 \1 \3"))  # fmt: skip
_DAY_DROPPED = ((rf"\bon (\d{{1,2}}) ({_MONTHS}) (\d{{4}})", r"in \2 \3"), (rf"\bon ({_MONTHS}) (\d{{1,2}}), (\d{{4}})", r"in \1 \3"))  # fmt: skip
_PERCENT = ((r"(?<=\d)%", " percent"), (r"(?<=\d) percent\b", "%"))
_ATTRIBUTED = ((r", (?:according to|\w[\w ]* (?:said|says|wrote|writes|reported))[^,]*\.$", "."), (r"^According to [^,\d]+, (.)", r"\1"))  # fmt: skip
_CLAUSES = ((r", which (?:[^,;]|,(?=\d))*(?:,|(?=\.$))", ""), (r"; [^;]*(?=\.$)", ""), (r", (?:after|as|because|since|while) [^,]*(?=\.$)", ""))  # fmt: skip
_COINS_AGAIN = ((r"RMB ?([\d.,]+\d(?: [mb]illion)?)", r"\1 yuan"), (r"US\$([\d.,]+\d(?: [mb]illion)?)", r"\1 US dollars"), (r"([\d.,]+\d [mb]illion) yuan", r"RMB \1"))  # fmt: skip
_VOICES = (
    (r"^([A-Z][\w'’ -]+?)(?: \([^)]*\))? was (founded|built|designed|developed|bought|led|funded|made) by ([A-Z][\w'’ -]+?)((?: in| on)? [^,;]*)?\.$", r"\3 \2 \1\4."),
    (r"^([A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*)(?: \([^)]*\))? (founded|built|designed|developed|bought|funded|launched|issued|published|opened|announced|introduced|released) ((?:an? |the |its |[A-Z])(?:(?! when | and | after )[^,;])+?)( (?:in|on) [^,;]+)?\.$", r"\3 was \2 by \1\4."),
)  # fmt: skip


def _in_other_scale(text: str) -> str | None:
    """8.03 billion ↔ 8,030 million."""
    if match := re.search(r"(?<![\d.,])(\d+(?:\.\d{1,3})?) billion", text):
        return f"{text[: match.start()]}{float(match[1]) * 1000:,.0f} million{text[match.end() :]}"
    if match := re.search(r"(?<![\d.,])(\d,\d{3}(?:\.\d)?|\d{4}) million", text):
        return f"{text[: match.start()]}{float(match[1].replace(',', '')) / 1000:g} billion{text[match.end() :]}"
    return None


def _time_moved(text: str) -> str | None:
    """The closing date to the front, and one in front to the end."""
    when = rf"(?:[Ii]n|[Oo]n) (?:(?:\d+ )?(?:{_MONTHS}) (?:\d+, )?)?\d{{4}}"
    if match := re.fullmatch(rf"(?P<rest>[^,;]+) (?P<when>{when})\.", text):
        return f"{match['when'][0].upper()}{match['when'][1:]}, {match['rest']}."
    if match := re.fullmatch(rf"(?P<when>{when}),? (?P<rest>[A-Z][^,;]+)\.", text):
        return f"{match['rest']} {match['when'][0].lower()}{match['when'][1:]}."
    return None


def _attribution_moved(text: str) -> str | None:
    """Who says so, from behind to the front."""
    match = re.fullmatch(
        r"(?P<what>.*), (?:according to (?P<source>[^,]*)|(?P<who>(?:the )?[A-Z][\w .&'’-]+?) (?:said|says|reported|wrote|writes)"
        r"(?: (?:in|on) [^,]*)?)\.",
        text,
    )
    return match and f"According to {match['source'] or match['who']}, {match['what']}."


def _brackets_dropped(text: str) -> str | None:
    return re.sub(r" \([^)]*\)", "", text)


def _several(text: str) -> str | None:
    """Three changes at once."""
    changed, times = text, 0
    for rule in (partial(_first, _SYNONYMS), partial(_first, _PERCENT), partial(_first, _DAY_FIRST), _in_other_scale,
                 _brackets_dropped, _time_moved):  # fmt: skip
        new = rule(changed)
        if new and new != changed:
            changed, times = new, times + 1
    return changed if times >= 3 else None


_FAIR: dict[str, _Rule] = {
    "synonym": partial(_first, _SYNONYMS),
    "percent": partial(_first, _PERCENT),
    "date format": partial(_first, _DAY_FIRST),
    "day dropped": partial(_first, _DAY_DROPPED),
    "scale": _in_other_scale,
    "currency": partial(_first, _COINS_AGAIN),
    "order": _time_moved,
    "brackets dropped": _brackets_dropped,
    "attribution moved": _attribution_moved,
    "attribution dropped": partial(_first, _ATTRIBUTED),
    "clause dropped": partial(_first, _CLAUSES),
    "voice": partial(_first, _VOICES),
    "several": _several,
}


def _both(text: str, other: str) -> str | None:
    """Two sentences in one."""
    behind = f"the {other[4:]}" if other.startswith("The ") else other
    return f"{text.rstrip('.')}{_chance(text).choice((', and ', '; ', ', while '))}{behind}"


def _at_the_same_time(text: str, other: str) -> str | None:
    """Two sentences of one year in one, which names it once."""
    return _at_one_time(text, other, same=True)


def _both_of_one(text: str, other: str) -> str | None:
    """Two sentences of one subject, which is named once."""
    one, two = _opens_with_name(text), _opens_with_name(other)
    if not one or not two or one.text != two.text or not _VERB.match(other, two.end):
        return None
    return f"{text.rstrip('.')}{_chance(text).choice((', and it', ' and'))}{other[two.end :]}"


_RuleOfTwo = Callable[[str, str], str | None]
_OF_TWO: tuple[tuple[str, bool, _RuleOfTwo], ...] = (
    ("spliced", False, _spliced),
    ("spliced behind", False, _spliced_behind),
    ("time of another", False, _time_of_another),
    ("two in one", True, _both),
    ("two at one time", True, _at_the_same_time),
    ("two of one", True, _both_of_one),
)

# --- Figures ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """Of `n` pairs of one kind, how many the check `removed`."""

    kind: str
    fair: bool
    n: int
    removed: int


def removed(pairs: Sequence[Pair], encode: Callable[[Sequence[str]], Vectors]) -> list[bool]:
    """Which of the pairs fail: by rule, or since sentence and quote are not near enough."""
    near = nearness(pairs, encode)
    return [bool(unsupported(p.text, p.quotes)) or bool(n < NEAR_ENOUGH) for p, n in zip(pairs, near, strict=True)]


def nearness(pairs: Sequence[Pair], encode: Callable[[Sequence[str]], Vectors]) -> Vectors:
    """The cosine of each pair's sentence with its quote, or with the nearer of two."""
    texts = encode([p.text for p in pairs])
    quotes, others = encode([p.quote for p in pairs]), encode([p.quotes[-1] for p in pairs])
    found: Vectors = np.maximum(np.sum(texts * quotes, axis=1), np.sum(texts * others, axis=1))
    return found


def figures(pairs: Sequence[Pair], failed: Sequence[bool]) -> list[Figure]:
    """By kind, falsehoods first."""
    kinds = dict.fromkeys((p.fair, p.kind) for p in sorted(pairs, key=lambda p: p.fair))
    found = []
    for fair, kind in kinds:
        one = [gone for p, gone in zip(pairs, failed, strict=True) if (p.fair, p.kind) == (fair, kind)]
        found.append(Figure(kind, fair, len(one), sum(one)))
    return found


def main() -> None:
    """Print what the check removes of either part, and the curve of the threshold on dev."""
    from shanghai_qa.embedding import Encoder
    from shanghai_qa.settings import default_index
    from shanghai_qa.store import Index

    index = Index(default_index({}))
    snapshot = index.open()
    encode = Encoder.open(index.encoder_folder(snapshot.manifest.encoder)).encode
    for test in (False, True):
        contents = snapshot.contents
        pairs = made(contents.documents, contents.passages, test) + by_hand(HAND, test)
        failed = removed(pairs, encode)
        print("test" if test else "dev")
        for fair in (False, True):
            rows = [figure for figure in figures(pairs, failed) if figure.fair is fair]
            total = Figure("all", fair, sum(row.n for row in rows), sum(row.removed for row in rows))
            for row in (*rows, total):
                print(f"  {'fair ' if fair else 'false'} {row.kind:20} {row.removed:4} of {row.n:4} removed, {row.removed / row.n:.3f}")  # fmt: skip
        if not test:
            _print_curve(pairs, encode)


def _print_curve(pairs: Sequence[Pair], encode: Callable[[Sequence[str]], Vectors]) -> None:
    near = nearness(pairs, encode)
    passed = np.array([not unsupported(p.text, p.quotes) for p in pairs])
    fair = np.array([p.fair for p in pairs])
    for threshold in (0.0, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85):
        gone = ~passed | (near < threshold)
        alone = near < threshold
        print(f"  cosine below {threshold:.2f}: false removed {gone[~fair].mean():.3f} (alone {alone[~fair].mean():.3f}), "
              f"fair removed {gone[fair].mean():.3f} (alone {alone[fair].mean():.3f})")  # fmt: skip


HAND = Path(__file__).with_name("pairs.yaml")

if __name__ == "__main__":
    main()
