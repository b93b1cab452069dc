"""The measures: each a value with a name and a definition, which scores one trial or sums up rows.

A trial is one case and what a system made of it. A measure that does not speak of a trial (a refusal rate on a question
that must be refused) gives None, and the trial is not counted for it; a crash or an empty answer scores the worst value
and stays in the mean. Values are shares in [0, 1] unless the definition says otherwise.
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from evals.cases import Case, says_any
from evals.judge import cites, faults, led, refused, shows
from shanghai_qa.bear import unsupported
from shanghai_qa.prove import check_citation
from shanghai_qa.values import Answer, Document, Tier

Better = Literal["higher", "lower"]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One case and what a system made of it. `answer` is None after a crash, `repeats` where it was asked only once."""

    case: Case
    answer: Answer | None
    elapsed_ms: float
    documents: Mapping[str, Document]
    repeats: bool | None = None

    @property
    def refused(self) -> bool:
        """Whether the system says that the corpus does not hold the answer; a crash says nothing."""
        return self.answer is not None and refused(self.answer)

    @property
    def answered(self) -> bool:
        return self.answer is not None and not refused(self.answer)


class Scored(Protocol):
    """What is summed up: the scores of one case, by the names of measures, and how sure the system was of its lead."""

    @property
    def scores(self) -> Mapping[str, float]: ...
    @property
    def confidence(self) -> float | None: ...
    @property
    def lead_answers(self) -> bool: ...
    @property
    def answerable(self) -> bool: ...


@dataclass(frozen=True)
class Value:
    """A measure over `n` cases, at least one."""

    value: float
    n: int


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A measure and how it is read: `group` it is shown in, `tolerance` by which it may fall before the gate closes.

    `score` gives the value for one trial, or None; measures over several cases at once have none. `over` sums up rows.
    """

    name: str
    definition: str
    group: str
    better: Better = "higher"
    tolerance: float | None = None
    unit: Literal["share", "ms"] = "share"
    score: Callable[[Trial], float | None] | None = None
    summary: Callable[[Sequence[Scored]], Value | None] | None = field(default=None, repr=False)

    def over(self, rows: Sequence[Scored]) -> Value | None:
        """Over the rows that the measure speaks of; None if it speaks of none. ValueError if there are no rows."""
        if not rows:
            raise ValueError("no cases to measure")
        if self.summary:
            return self.summary(rows)
        values = [row.scores[self.name] for row in rows if self.name in row.scores]
        return Value(float(np.mean(values)), len(values)) if values else None

    def worse_by(self, before: float, after: float) -> float:
        """How far `after` is worse than `before`; negative where it is better."""
        return after - before if self.better == "lower" else before - after


def _measured(
    name: str, group: str, better: Better = "higher", tolerance: float | None = None
) -> Callable[[Callable[[Trial], float | None]], Measure]:
    """Make a measure of a function; its docstring is the definition."""

    def make(score: Callable[[Trial], float | None]) -> Measure:
        definition = " ".join((score.__doc__ or "").split())
        return Measure(name=name, definition=definition, group=group, better=better, tolerance=tolerance, score=score)

    return make


# --- Answers ---------------------------------------------------------------------------------------------------------


@_measured("passed", "answers", tolerance=0.02)
def PASSED(trial: Trial) -> float:
    """Answer correctness: the answer says what it must and nothing that it must not, cites an expected document, owns
    up to what is missing and shows values that differ; where the corpus does not hold the answer, it is a refusal."""
    return float(trial.answer is not None and not faults(trial.case, trial.answer))


@_measured("lead", "answers", tolerance=0.02)
def LEAD(trial: Trial) -> float | None:
    """Lead correctness, of the answerable: the first statement says what is asked."""
    if not trial.case.answerable:
        return None
    return float(trial.answer is not None and led(trial.case, trial.answer))


@_measured("cited", "answers", tolerance=0.02)
def CITED(trial: Trial) -> float | None:
    """Of the answerable: a document that answers is cited."""
    if not trial.case.answerable:
        return None
    return float(trial.answer is not None and cites(trial.case, trial.answer))


# --- Direct answer ---------------------------------------------------------------------------------------------------


@_measured("direct EM", "direct answer", tolerance=0.02)
def DIRECT_EXACT(trial: Trial) -> float | None:
    """Exact match (Rajpurkar et al., 2016) of the direct answer with one of the phrases that answer, of the cases that
    list any: equal but for case, punctuation and articles. No direct answer scores 0."""
    phrases = trial.case.direct
    if not phrases:
        return None
    return float(any(_normalised(phrase) == _normalised(_direct(trial)) for phrase in phrases))


@_measured("direct F1", "direct answer", tolerance=0.02)
def DIRECT_F1(trial: Trial) -> float | None:
    """F1 (Rajpurkar et al., 2016) of the words of the direct answer and of the nearest phrase that answers, of the
    cases that list any. No direct answer scores 0."""
    phrases = trial.case.direct
    return max(_f1(phrase, _direct(trial)) for phrase in phrases) if phrases else None


@_measured("direct right", "direct answer", tolerance=0.03)
def DIRECT_RIGHT(trial: Trial) -> float | None:
    """Of the direct answers given: it says a phrase that answers, or what must lead. One that is given where the corpus
    does not hold the answer is wrong."""
    given = _direct(trial)
    return float(says_any(given, (*trial.case.direct, *trial.case.leads))) if given else None


# --- Abstention ------------------------------------------------------------------------------------------------------


@_measured("false refusals", "abstention", "lower", tolerance=0.03)
def FALSE_REFUSALS(trial: Trial) -> float | None:
    """Of the answerable: refused, or not answered at all."""
    return float(not trial.answered) if trial.case.answerable else None


@_measured("false answers", "abstention", "lower", tolerance=0.03)
def FALSE_ANSWERS(trial: Trial) -> float | None:
    """Of those that the corpus does not answer: not refused."""
    return None if trial.case.answerable else float(not trial.refused)


@dataclass(frozen=True)
class Point:
    """Answering only what the system is at least so confident of: `coverage` is the share of all cases that it then
    answers, and `risk` the share of these whose lead does not answer."""

    confidence: float
    coverage: float
    risk: float


def risk_coverage(rows: Sequence[Scored]) -> list[Point]:
    """The curve (El-Yaniv & Wiener, 2010), by falling confidence, one point a row; equals share the last one's risk.

    Rows without a confidence are left out. Cases that the corpus does not answer are wrong whenever they are answered.
    """
    sure = [row for row in rows if row.confidence is not None]
    confidence = np.array([row.confidence for row in sure], dtype=float)
    order = np.argsort(-confidence, kind="stable")
    confidence = confidence[order]
    wrong = np.cumsum([not sure[i].lead_answers for i in order])
    last_of_equals = len(sure) - 1 - np.searchsorted(confidence[::-1], confidence, side="left")
    return [
        Point(float(confidence[i]), (i + 1) / len(sure), float(wrong[end] / (end + 1)))
        for i, end in enumerate(last_of_equals)
    ]


def _area(rows: Sequence[Scored]) -> Value | None:
    points = risk_coverage(rows)
    return Value(float(np.mean([point.risk for point in points])), len(points)) if points else None


def _auc(rows: Sequence[Scored]) -> Value | None:
    sure = [row for row in rows if row.confidence is not None]
    return auc([row.confidence or 0.0 for row in sure], [row.answerable for row in sure])


def auc(confidences: Sequence[float], labels: Sequence[bool]) -> Value | None:
    """Area under the ROC curve: how often a case of label True has the higher confidence, a tie counting half.

    By the rank-sum statistic of Mann & Whitney (1947). None where all labels are equal.
    """
    from scipy.stats import mannwhitneyu

    values, truth = np.asarray(confidences, dtype=float), np.asarray(labels, dtype=bool)
    if truth.all() or not truth.any():
        return None
    statistic = mannwhitneyu(values[truth], values[~truth]).statistic
    return Value(float(statistic / (truth.sum() * (~truth).sum())), len(truth))


AURC = Measure(
    name="AURC",
    definition="Area under the risk–coverage curve (Geifman & El-Yaniv, 2017): the mean risk over all coverages.",
    group="abstention",
    better="lower",
    tolerance=0.02,
    summary=_area,
)
ABSTENTION_AUC = Measure(
    name="abstention AUC",
    definition="Area under the ROC curve of the confidence, telling what the corpus answers from what it does not.",
    group="abstention",
    tolerance=0.02,
    summary=_auc,
)


# --- Citations -------------------------------------------------------------------------------------------------------


@_measured("citation recall", "citations", tolerance=0.01)
def CITATION_RECALL(trial: Trial) -> float | None:
    """ALCE's citation recall (Gao et al., 2023), of the answerable: the share of statements that what they cite bears
    out. The judge is our own checker: each quote stands in its document as cited, and the statement is one of them or,
    where a model wrote it, says nothing that they do not. No statement scores 0."""
    if not trial.case.answerable:
        return None
    statements = trial.answer.statements if trial.answer else ()
    return float(np.mean([_supported(trial, s.text, s.citations) for s in statements])) if statements else 0.0


@_measured("citation precision", "citations", tolerance=0.01)
def CITATION_PRECISION(trial: Trial) -> float | None:
    """ALCE's citation precision (Gao et al., 2023), of the answerable: the share of citations, statement by statement,
    that are not irrelevant. One is where the statement is not borne out, or where it alone does not bear it out and
    the others do without it. No citation scores 0."""
    if not trial.case.answerable:
        return None
    statements = trial.answer.statements if trial.answer else ()
    relevant = [
        _supported(trial, s.text, s.citations)
        and (
            _supported(trial, s.text, (number,))
            or not _supported(trial, s.text, [n for n in s.citations if n != number])
        )
        for s in statements
        for number in s.citations
    ]
    return float(np.mean(relevant)) if relevant else 0.0


@_measured("verbatim", "citations", tolerance=0.01)
def VERBATIM(trial: Trial) -> float | None:
    """Of what was answered: the share of statements that are the exact words of a quote that they cite."""
    if not trial.answer or not trial.answer.statements:
        return None
    quotes = {citation.number: citation.quote for citation in trial.answer.citations}
    return float(np.mean([s.text in {quotes.get(n) for n in s.citations} for s in trial.answer.statements]))


# --- Disagreement and trust ------------------------------------------------------------------------------------------


@_measured("disagreements found", "trust", tolerance=0.04)
def DISAGREEMENTS_FOUND(trial: Trial) -> float | None:
    """Of the cases on which sources disagree: their values are shown side by side."""
    if not trial.case.disagree:
        return None
    return float(trial.answer is not None and shows(trial.answer, trial.case.disagree))


@_measured("false disagreements", "trust", "lower", tolerance=0.02)
def FALSE_DISAGREEMENTS(trial: Trial) -> float | None:
    """Of the other answers: a disagreement is shown."""
    if trial.case.disagree or not trial.answered:
        return None
    return float(bool(trial.answer and trial.answer.disagreements))


@_measured("tier", "trust", tolerance=0.03)
def TIER(trial: Trial) -> float | None:
    """Of the cases that name a tier: the first citation's source is of it."""
    if trial.case.tier is None:
        return None
    first = trial.answer.citations[:1] if trial.answer else ()
    return float(bool(first) and first[0].source.tier is trial.case.tier)


@_measured("caveat", "trust", tolerance=0.03)
def CAVEAT(trial: Trial) -> float | None:
    """Of the cases that name a tier: a caveat names it where it is promotional or unverified, and otherwise none says
    that only such sources answer. No answer scores 0."""
    tier = trial.case.tier
    if tier is None:
        return None
    if not trial.answer or not trial.answered:
        return 0.0
    alone = [caveat for caveat in trial.answer.caveats if _ALONE.match(caveat)]
    weak = tier in (Tier.PROMOTIONAL, Tier.UNVERIFIED)
    return float(any(_TIER_WORDS[tier].search(caveat) for caveat in trial.answer.caveats) if weak else not alone)


_ALONE = re.compile("Only |只有")
_TIER_WORDS = {Tier.PROMOTIONAL: re.compile("promotional|宣传"), Tier.UNVERIFIED: re.compile("unverified|未经核实")}


# --- System ----------------------------------------------------------------------------------------------------------


@_measured("deterministic", "system", tolerance=0.0)
def DETERMINISTIC(trial: Trial) -> float | None:
    """Of the cases asked twice, with others in between: the same answer byte for byte, but for the time it took."""
    return None if trial.repeats is None else float(trial.repeats)


def _latency(percent: int) -> Measure:
    def summary(rows: Sequence[Scored]) -> Value | None:
        times = [row.scores["ms"] for row in rows if "ms" in row.scores]
        return Value(float(np.percentile(times, percent)), len(times)) if times else None

    return Measure(
        name=f"latency p{percent}",
        definition=f"The time within which {percent}% of the questions were answered, in milliseconds; crashes count.",
        group="system",
        better="lower",
        unit="ms",
        summary=summary,
    )


# --- Retrieval -------------------------------------------------------------------------------------------------------

LEGS = ("vectors", "words", "fused")
"""What ranks passages: the embedding, BM25, and both fused. A document ranks where its first passage does."""


def _retrieval(leg: str) -> list[Measure]:
    known = {
        "Success@5": "Hit rate: an expected document is among the first five",
        "R@10": "Recall: the share of the expected documents among the first ten",
        "RR@10": "Mean reciprocal rank of the first expected document, 0 beyond the tenth",
        "nDCG@10": "Normalised discounted cumulative gain of the first ten (Järvelin & Kekäläinen, 2002)",
    }
    return [
        Measure(
            name=f"{leg} {measure}",
            definition=f"{words}, of the answerable cases that name documents, as ranked by {_LEG_WORDS[leg]}. "
            "Computed by ir-measures.",
            group="retrieval",
            tolerance=0.02 if leg == "fused" else None,
        )
        for measure, words in known.items()
    ]


_LEG_WORDS = {"vectors": "the embedding alone", "words": "BM25 alone", "fused": "both fused"}

MEASURES: tuple[Measure, ...] = (
    PASSED, LEAD, CITED, DIRECT_EXACT, DIRECT_F1, DIRECT_RIGHT, FALSE_REFUSALS, FALSE_ANSWERS, AURC, ABSTENTION_AUC,
    CITATION_RECALL, CITATION_PRECISION, VERBATIM, DISAGREEMENTS_FOUND, FALSE_DISAGREEMENTS, TIER, CAVEAT,
    *(measure for leg in LEGS for measure in _retrieval(leg)), DETERMINISTIC, _latency(50), _latency(95),
)  # fmt: skip
"""All measures, in the order in which they are shown."""

BY_NAME: Mapping[str, Measure] = {measure.name: measure for measure in MEASURES}


def score(trial: Trial) -> dict[str, float]:
    """What the measures of one trial give, by name, and its time as "ms"; those that do not speak of it are absent."""
    values = {m.name: m.score(trial) for m in MEASURES if m.score}
    return {name: value for name, value in values.items() if value is not None} | {"ms": trial.elapsed_ms}


def _direct(trial: Trial) -> str:
    return (trial.answer.direct_answer if trial.answer else None) or ""


def _normalised(text: str) -> list[str]:
    """The words of a phrase as SQuAD's script compares them: small letters, no punctuation, no articles."""
    bare = "".join(" " if c in "–—" else c for c in text.casefold() if c not in string.punctuation)
    return [word for word in bare.split() if word not in ("a", "an", "the")]


def _f1(expected: str, given: str) -> float:
    return overlap(_normalised(expected), _normalised(given))


def overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """F1 of the words of two phrases, as SQuAD's script counts it: 1 where both are empty."""
    if not one or not other:
        return float(one == other)
    common = sum((Counter(one) & Counter(other)).values())
    return 2 * common / (len(one) + len(other))


def _supported(trial: Trial, text: str, numbers: Sequence[int]) -> bool:
    """Whether the citations of these numbers bear a statement out; none bear nothing out."""
    assert trial.answer is not None
    cited = [c for c in trial.answer.citations if c.number in numbers]
    quotes = [c.quote for c in cited if check_citation(c, trial.documents).holds]
    if trial.answer.answerer == "extractive":
        return text in quotes
    return bool(quotes) and not unsupported(text, quotes)
