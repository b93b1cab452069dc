"""From answers and cases to verdicts, and from verdicts to rates, each with the number of cases that it rests on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evals.cases import KINDS, Case, Kind, says, says_any
from shanghai_qa.values import Answer, Outcome


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How one answer did. `reason` says in words why it failed, and is None where it passed.

    `led` (the first statement says what is asked), `cited` (one of the expected documents), `direct` (a direct answer
    was given) and `tier_right` (of the first citation; None where the case names no tier) are reported beside
    `passed`; only `cited` decides it. They are False on a case that is not answerable.
    """

    passed: bool
    outcome_right: bool = False
    led: bool = False
    cited: bool = False
    direct: bool = False
    tier_right: bool | None = None
    crashed: bool = False
    reason: str | None = None


@dataclass(frozen=True)
class Rate:
    """`hits` of `n` cases; n is at least 1."""

    hits: int
    n: int

    @property
    def share(self) -> float:
        """In [0, 1]."""
        return self.hits / self.n


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Rates over a set of cases; None where the set has no case of the sort that a rate speaks of.

    `answerable`, `led`, `direct` and `false_refusals` are of the answerable cases; `unanswerable` and `false_answers`
    of the others; `tier_right` of those that name a tier. A crash fails its case and is neither refusal nor answer.
    """

    passed: Rate
    answerable: Rate | None
    led: Rate | None
    direct: Rate | None
    false_refusals: Rate | None
    unanswerable: Rate | None
    false_answers: Rate | None
    tier_right: Rate | None


Judged = tuple[Case, Verdict]


def judge(case: Case, answer: Answer) -> Verdict:
    """An answerable case passes if it is not refused, says a string of each group and none that it must not say, and
    cites one of the expected documents; any other case passes if it is refused, without a citation."""
    return _judge_answer(case, answer) if case.answerable else _judge_refusal(answer)


def crash(error: Exception) -> Verdict:
    """The verdict on a question that got no answer."""
    return Verdict(passed=False, crashed=True, reason=f"crashed: {type(error).__name__}: {error}")


def measure(judged: Sequence[Judged]) -> Measures:
    """The rates over all of `judged`, every case counted once; ValueError if there is none."""
    if not judged:
        raise ValueError("no cases to measure")
    answerable = [verdict for case, verdict in judged if case.answerable]
    others = [verdict for case, verdict in judged if not case.answerable]
    return Measures(
        passed=Rate(sum(verdict.passed for _, verdict in judged), len(judged)),
        answerable=_rate(verdict.passed for verdict in answerable),
        led=_rate(verdict.led for verdict in answerable),
        direct=_rate(verdict.direct for verdict in answerable),
        false_refusals=_rate(_wrong_outcome(verdict) for verdict in answerable),
        unanswerable=_rate(verdict.passed for verdict in others),
        false_answers=_rate(_wrong_outcome(verdict) for verdict in others),
        tier_right=_rate(bool(verdict.tier_right) for case, verdict in judged if case.tier),
    )


def measure_kinds(judged: Sequence[Judged]) -> Mapping[Kind, Measures]:
    """The rates over each kind that occurs, in the order of `KINDS`."""
    groups = {kind: [(case, verdict) for case, verdict in judged if case.kind == kind] for kind in KINDS}
    return {kind: measure(group) for kind, group in groups.items() if group}


def _judge_answer(case: Case, answer: Answer) -> Verdict:
    reasons = list(_faults(case, answer))
    return Verdict(
        passed=not reasons,
        outcome_right=not _refused(answer),
        led=bool(answer.statements) and says_any(answer.statements[0].text, case.leads),
        cited=_cites(case, answer),
        direct=answer.direct_answer is not None,
        tier_right=_tier_right(case, answer),
        reason="; ".join(reasons) or None,
    )


def _judge_refusal(answer: Answer) -> Verdict:
    if not _refused(answer):
        return Verdict(passed=False, reason="answered, although the corpus does not hold the answer")
    if answer.citations:
        return Verdict(passed=False, outcome_right=True, reason="cites sources under a refusal")
    return Verdict(passed=True, outcome_right=True)


def _faults(case: Case, answer: Answer) -> Iterator[str]:
    if _refused(answer):
        yield "refused, although the corpus holds the answer"
        return
    said = " ".join(statement.text for statement in answer.statements)
    yield from (f"does not say {' or '.join(group)}" for group in case.must_say if not says_any(said, group))
    yield from (f"says {string}" for string in case.must_not_say if says(said, string))
    if not _cites(case, answer):
        yield f"cites none of {', '.join(case.must_cite)}"


def _refused(answer: Answer) -> bool:
    return answer.outcome == Outcome.NOT_IN_CORPUS


def _cites(case: Case, answer: Answer) -> bool:
    return not {citation.source.id for citation in answer.citations}.isdisjoint(case.must_cite)


def _tier_right(case: Case, answer: Answer) -> bool | None:
    if case.tier is None:
        return None
    return bool(answer.citations) and answer.citations[0].source.tier == case.tier


def _wrong_outcome(verdict: Verdict) -> bool:
    return not verdict.outcome_right and not verdict.crashed


def _rate(hits: Iterable[bool]) -> Rate | None:
    values = list(hits)
    return Rate(sum(values), len(values)) if values else None
