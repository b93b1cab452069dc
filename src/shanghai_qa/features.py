"""Every sentence of the retrieved passages as a candidate, with what speaks for it as the answer to the question.

A few readable features, each about one thing; their weighted sum orders the candidates, and a logistic model of the
lead's features says how likely the question is answered. The weights were fitted on evals (`evals.fit`) and live in the
settings.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from shanghai_qa.context import in_full, opens_to
from shanghai_qa.direct import new_names, places
from shanghai_qa.embedding import Vectors
from shanghai_qa.mentions import counted, counts, dated, dates, money, parts_of_year, percents, person, years
from shanghai_qa.question import DATES, QUANTITIES, Question, Wanted, related
from shanghai_qa.reader import Reader, Said
from shanghai_qa.retrieve import Hit
from shanghai_qa.settings import Weights
from shanghai_qa.store import Snapshot
from shanghai_qa.values import Context, Document, Passage, Span
from shanghai_qa.words import terms

_COMMON = 2.0  # rarity of a word in about 13% of passages: such a name ("Shanghai", "China") tells nothing apart


@dataclass(frozen=True)
class Features:
    """What speaks for a sentence as the answer to a question; each in [0, 1] but the cosines, in [-1, 1].

    `cosine` and `passage_cosine` are those of question with sentence and with passage. `words` is the share of the
    question's terms but names, weighted by rarity, that the sentence holds (a related word counts 0.7, one in its title
    or heading 0.5); `names` is the same over names alone, where title and heading count in full, and 0 where they have
    not the version that a name is asked for with, as in "Zuchongzhi 3.0"; `gap` is the rarity of the rarest term that
    neither holds, over the highest there is. `kind` says how well the sentence holds the kind of thing asked for;
    `year` whether it holds the year asked for; `fresh` how new it is; `tier` how well its source is placed; `rank` is 1
    for the first passage retrieved and falls with its rank.

    `met` is the rarity of all terms but names that sentence, title or heading hold, 10 and more being 1: `words` tells
    which share is met, this how much.

    The last three are what the reader says, 0 where it did not read: how likely the sentence answers, how likely its
    passage does, and how surely a phrase in it stands out as the answer.
    """

    cosine: float
    passage_cosine: float
    words: float
    names: float
    gap: float
    kind: float
    year: float
    fresh: float
    tier: float
    rank: float
    met: float
    answers: float = 0.0
    passage_answers: float = 0.0
    exact: float = 0.0

    def array(self) -> NDArray[np.float64]:
        """The features in the order of their names here, shape (14,)."""
        return np.array([getattr(self, field.name) for field in fields(self)])


@dataclass(frozen=True)
class Candidate:
    """One sentence that may answer. `value` orders the candidates of one question and means nothing beyond.

    `said` is what the reader says of it, None where it did not read.
    """

    document: Document
    passage: Passage
    span: Span
    text: str
    features: Features
    value: float
    said: Said | None = None
    context: Context | None = None

    @property
    def full(self) -> str:
        """The sentence with its subject in brackets, where it does not name it."""
        return in_full(self.text, self.context.subject) if self.context else self.text

    @property
    def said_in_full(self) -> Said | None:
        """What the reader says, with its span where that stands in `full`."""
        more = len(self.full) - len(self.text)
        if self.said is None or not more:
            return self.said
        opening = opens_to(self.text)
        start, end = (at + more if at >= opening else at for at in (self.said.span.start, self.said.span.end))
        return replace(self.said, span=Span(start, end))


def score(
    snapshot: Snapshot, question: Question, vector: Vectors, hits: Sequence[Hit], weights: Weights
) -> list[Candidate]:
    """Every sentence of `hits` as a candidate, best first; equal ones by document and place."""
    contents = snapshot.contents
    rarity = {term: snapshot.rarity(term) for term in {*question.terms, *question.names}}
    asked_names = frozenset(name for name in question.names if rarity[name] > _COMMON)
    words = tuple(term for term in question.terms if term not in asked_names)
    sides = _sides(question, asked_names)
    versions = {float(version) for version in _VERSION.findall(question.text)}
    found = []
    for rank, hit in enumerate(hits):
        passage = contents.passages[hit.row]
        document = contents.document_of(passage)
        near = contents.sentence_vectors(hit.row) @ vector
        around = stems(f"{document.title}\n{passage.heading}")
        for n, span in enumerate(passage.sentences):
            text, context = document.text[span.start : span.end], passage.context(n)
            full = in_full(text, context.subject) if context else text
            features = Features(
                cosine=float(near[n]),
                passage_cosine=hit.similarity,
                words=_coverage(words, stems(full), around, rarity, outside=0.5),
                names=max(_coverage(side, stems(full), around, rarity, outside=1.0) for side in sides)
                if _tells_of(versions, f"{full} {document.title} {passage.heading}")
                else 0.0,
                gap=_gap(rarity, stems(full) | around) / snapshot.highest_rarity,
                kind=_kind(question, text),
                year=_year(question, text, document),
                fresh=_fresh(question, text, document),
                tier=1 - document.tier.rank / 3,
                rank=1 / (1 + rank / 5),
                met=_met(words, stems(full) | around, rarity),
            )
            found.append(Candidate(document, passage, span, text, features, _value(features, weights), context=context))
    return _ordered(found)


def consult(
    reader: Reader, question: Question, candidates: Sequence[Candidate], passages: int, weights: Weights
) -> list[Candidate]:
    """The same in their new order: those of the best `passages` passages with what the reader says of them."""
    read = list({c.passage.id: c for c in candidates}.values())[:passages]
    said = reader.read(question.text, [(_title(c), _sentences(c)) for c in read])
    known = {
        (c.passage.id, span): one
        for c, of_passage in zip(read, said, strict=True)
        for span, one in zip(c.passage.sentences, of_passage, strict=True)
    }
    return _ordered([_with(c, known.get((c.passage.id, c.span)), weights) for c in candidates])


def _title(candidate: Candidate) -> str:
    return " – ".join(filter(None, [candidate.document.title, candidate.passage.heading]))


def _sentences(candidate: Candidate) -> list[str]:
    return [candidate.document.text[span.start : span.end] for span in candidate.passage.sentences]


def _with(candidate: Candidate, said: Said | None, weights: Weights) -> Candidate:
    if said is None:
        return candidate
    features = replace(
        candidate.features,
        answers=_squashed(said.answers),
        passage_answers=_squashed(said.passage),
        exact=_squashed(said.exact / 2),
    )
    return replace(candidate, said=said, features=features, value=_value(features, weights))


def _squashed(logit: float) -> float:
    """A logit in (0, 1); 4 and more of it tell little further."""
    return float(1 / (1 + np.exp(-logit / 2)))


def _value(features: Features, weights: Weights) -> float:
    return float(np.array(weights.order) @ features.array())


def _ordered(candidates: Sequence[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda c: (-round(c.value, 9), c.document.id, c.span.start))


def near_lead(candidates: Sequence[Candidate], distance: float) -> Iterator[Candidate]:
    """Those behind the first that lie at most `distance` below it in value, up to one that does not."""
    return takewhile(lambda other: candidates[0].value - other.value <= distance, candidates[1:])


def answers(candidates: Sequence[Candidate], question: Question, weights: Weights) -> float:
    """The probability, in [0, 1], that these are led by an answer to the question: logistic, fitted on evals.

    0 where the question does not say what it is about, or where the first speaks of other years than the one asked for,
    is years old where today is meant, or lacks the amount, share, count or date asked for: however alike it is.
    """
    lead = candidates[0].features
    if (
        question.dangling
        or lead.year == 0
        or (question.now and lead.fresh < _RECENT)
        or (lead.kind <= _LACKS_KIND and question.wanted in QUANTITIES | DATES)
    ):
        return 0.0
    told = standing(lead.array(), [candidate.value for candidate in candidates])
    return float(1 / (1 + np.exp(-(weights.bias + np.array(weights.answers) @ told))))


def standing(lead: NDArray[np.float64], values: Sequence[float]) -> NDArray[np.float64]:
    """What tells whether a question is answered: the lead's features and its share of a softmax of all `values`; (15,).

    The softmax is that of `evals.fit`: among the sentences of a question those that answer should have most of it.
    """
    shares = np.exp(SHARPNESS * (np.array(values) - max(values)))
    return np.append(lead, shares[0] / shares.sum())


SHARPNESS = 3.0
"""By how much a candidate's value is multiplied in the softmax."""


def _sides(question: Question, asked_names: frozenset[str]) -> list[tuple[str, ...]]:
    """The names that one sentence should hold: all of them, or in a comparison those of any one side."""
    of_sides = frozenset(term for side in question.sides for term in stems(side))
    each = [asked_names - (of_sides - stems(side)) for side in question.sides]
    return [tuple(sorted(names)) for names in each or [asked_names]]


_RECENT = 0.8  # `fresh` of 2023
_LACKS_KIND = 0.2


_VERSION = re.compile(r"\b[A-Z][\w-]*[ -](\d+\.\d+)\b(?! ?(?:%|percent|million|billion|trillion))")
_FIGURE = re.compile(r"\d+(?:\.\d+)?")


def _tells_of(versions: set[float], text: str) -> bool:
    """Whether a text has all of `versions`; "3" is "3.0"."""
    return not versions or versions <= {float(figure) for figure in _FIGURE.findall(text)}


def _gap(rarity: dict[str, float], held: frozenset[str]) -> float:
    return max((value for term, value in rarity.items() if term not in held and not related(term) & held), default=0.0)


def _coverage(
    wanted: Sequence[str], sentence: frozenset[str], around: frozenset[str], rarity: dict[str, float], outside: float
) -> float:
    total = sum(rarity.get(term, 1.0) for term in wanted)
    if not total:
        return 1.0
    held = sum(rarity.get(term, 1.0) * _held(term, sentence, around, outside) for term in wanted)
    return held / total


def _met(wanted: Sequence[str], held: frozenset[str], rarity: dict[str, float]) -> float:
    return min(1.0, sum(rarity.get(term, 1.0) for term in wanted if term in held or related(term) & held) / _PLENTY)


_PLENTY = 10.0  # rarity of two or three words, each in 1% to 5% of passages


def _held(term: str, sentence: frozenset[str], around: frozenset[str], outside: float) -> float:
    if term in sentence:
        return 1.0
    near = related(term)
    if near & sentence:
        return 0.7
    return outside if term in around else outside * 0.7 if near & around else 0.0


def _kind(question: Question, text: str) -> float:
    """1 where the sentence holds what is asked for, 0 where nothing of the kind; 0.8 where any sentence will do."""
    match question.wanted:
        case Wanted.COUNT:
            if counted(text, question.units):
                return 1.0
            near = frozenset(stem for unit in question.units for stem in related(unit))
            return 0.9 if near and counted(text, near) else 0.3 if counts(text) else 0.0
        case Wanted.PERCENT:
            return 1.0 if percents(text) else 0.2 if counts(text) else 0.0
        case Wanted.MONEY:
            return 1.0 if money(text) else 0.4 if percents(text) else 0.2 if counts(text) else 0.0
        case Wanted.NUMBER:
            return 1.0 if counts(text) or money(text) or percents(text) else 0.0
        case Wanted.DATE | Wanted.YEAR:
            return max((min(1.0, 0.7 + 0.15 * mention.key.count("-")) for mention in dates(text)), default=0.0)
        case Wanted.WHO:
            named = new_names(question, text) or _OPENS_WITH_NAME.match(text)
            return 0.0 if not named else 1.0 if person(text) else 0.7
        case Wanted.WHERE:
            return 1.0 if places(question, text) else 0.4 if new_names(question, text) else 0.0
        case Wanted.WHY:
            return 1.0 if _REASONS & set(text.casefold().split()) else 0.6
        case _:
            return 0.8


_OPENS_WITH_NAME = re.compile(r"[A-Z][\w-]+,")  # "Tencent, the largest shareholder, …"
_REASONS = frozenset({"because", "since", "due", "reason", "reasons", "aim", "aims", "order", "caused", "so"})


def _year(question: Question, text: str, document: Document) -> float:
    """1 for the year asked for if the sentence names it first, 0.5 if after another; 0 for others alone.

    0.8 where it is the document's year alone, or where no year is asked for; half as much for a quarter or half of a
    year where a whole one is meant.
    """
    part = 0.5 if parts_of_year(text) and not question.part_of_year else 1.0
    said = years(text)
    if not question.years:
        return 0.8 * part
    if question.years & said:
        return (1.0 if _first_year(text) in question.years else 0.5) * part
    if said:
        return 0.0
    about = years(document.title) | ({document.published[:4]} if document.published else set())
    return (0.8 if question.years & about else 0.2) * part


def _first_year(text: str) -> str:
    return dated(text)[0].key[:4]


def _fresh(question: Question, text: str, document: Document) -> float:
    """0 for 2010 and before, 1 for 2026 and after, by the newest year in the sentence, else that of publication.

    0.5 where the question names a year: then nothing is the better for being new.
    """
    if not question.newest:
        return 0.5
    said = max(years(text), default=document.published[:4] if document.published else "2018")
    return min(1.0, max(0.0, (int(said) - 2010) / 16))


@lru_cache(maxsize=50_000)
def stems(text: str) -> frozenset[str]:
    """The terms of a text, each once."""
    return frozenset(terms(text))
