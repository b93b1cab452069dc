"""From an assistant and cases to a run: every case asked, judged and scored, none dropped."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from evals.cases import Case
from evals.judge import answers, expectation, faults
from evals.measures import LEGS, Trial, score
from evals.record import About, Row, Run, commit, now
from evals.retrieval import SUITE, per_question
from evals.systems import System, baselines
from shanghai_qa import __version__
from shanghai_qa.assistant import Assistant, Trace
from shanghai_qa.values import Answer, Ask, Document

_KEPT = 10  # documents of each leg


@dataclass(frozen=True)
class Asked:
    """What came of asking once: an answer, or the words of the exception; and how long it took."""

    answer: Answer | None
    error: str | None
    elapsed_ms: float


def evaluate(
    assistant: Assistant,
    cases: Sequence[Case],
    suite: str,
    selection: str = "all",
    with_baselines: bool = True,
    on_asked: Callable[[int, int], object] = lambda done, total: None,
) -> Run:
    """Ask the assistant every case, twice where no model writes, and the baselines; one of these is then the default
    answerer where a model writes.

    `suite` is the fingerprint of the whole suite, `selection` says in words which of its cases these are. `on_asked` is
    told how many of how many questions were asked.
    """
    started, clock = now(), time.perf_counter()
    deterministic = assistant.settings.model is None
    others: dict[str, System] = {} if deterministic else {"default": assistant.with_settings(model=None)}
    others = {**others, **baselines(assistant)} if with_baselines else {}
    total, done = len(cases) * (2 + deterministic + len(others)), count(1)
    documents = {document.id: document for document in assistant.documents}

    def tell() -> None:
        on_asked(next(done), total)

    rows = run(assistant, cases, documents, twice=deterministic, trace=assistant.trace, on_asked=tell)
    asked = {name: run(system, cases, documents, on_asked=tell) for name, system in others.items()}
    about = About(
        suite=suite,
        selection=selection,
        system=assistant.settings.model or "default",
        settings=assistant.settings.model_dump(mode="json"),
        corpus=assistant.info.version,
        documents=assistant.info.documents,
        version=__version__,
        commit=commit(),
        started=started,
        seconds=round(time.perf_counter() - clock, 1),
    )
    return Run(about, rows, asked)


def run(
    system: System,
    cases: Sequence[Case],
    documents: Mapping[str, Document],
    *,
    twice: bool = False,
    trace: Callable[[Ask], Trace] | None = None,
    on_asked: Callable[[], object] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Row, ...]:
    """Ask every case and score the answers: one row a case, in their order. ValueError if there are none.

    An exception of the system fails its case, and the run goes on. With `twice` every case is asked once more, the last
    first, so that other questions lie in between. `trace` tells what was retrieved and how sure the system was.
    `on_asked` is called each time that something was asked, `clock` counts seconds.
    """
    if not cases:
        raise ValueError("no cases to run")

    def ask(case: Case) -> Asked:
        asked = _ask(system, case, clock)
        on_asked()
        return asked

    first = [ask(case) for case in cases]
    again = [ask(case) for case in reversed(cases)][::-1] if twice else [None] * len(cases)
    traces = [_trace(trace, case, on_asked) for case in cases]
    retrieval = _retrieval(cases, traces) if trace else {}
    return tuple(
        _row(
            case,
            asked,
            seen,
            _same(asked, second),
            _confidence(case, asked, seen) if trace else None,
            documents,
            retrieval.get(case.id, {}),
        )
        for case, asked, second, seen in zip(cases, first, again, traces, strict=True)
    )


def _ask(system: System, case: Case, clock: Callable[[], float]) -> Asked:
    started = clock()
    try:
        answer, error = system.ask(case.question, history=case.history, id=case.id), None
    except Exception as raised:
        answer, error = None, f"{type(raised).__name__}: {raised}"
    return Asked(answer, error, round((clock() - started) * 1000, 2))


def _trace(trace: Callable[[Ask], Trace] | None, case: Case, on_asked: Callable[[], object]) -> Trace | None:
    """None where nothing can be traced, and where tracing breaks down as asking did."""
    if trace is None:
        return None
    try:
        return trace(Ask(case.question, case.history))
    except Exception:
        return None
    finally:
        on_asked()


def _same(one: Asked, other: Asked | None) -> bool | None:
    """Whether both answers are the same byte for byte, but for the time; a crash is no answer. None without another."""
    if other is None:
        return None
    if one.answer is None or other.answer is None:
        return False
    return replace(one.answer, elapsed_ms={}).to_json() == replace(other.answer, elapsed_ms={}).to_json()


def _ranked(trace: Trace | None, leg: str) -> tuple[str, ...]:
    """The documents of a leg, each where its first passage stands."""
    return tuple(dict.fromkeys(passage.document_id for passage in trace.rankings[leg])) if trace else ()


def _retrieval(cases: Iterable[Case], traces: Iterable[Trace | None]) -> dict[str, dict[str, float]]:
    """Case id → measure → value, for the cases that name documents; a crash scores 0."""
    named = [(case, trace) for case, trace in zip(cases, traces, strict=True) if case.answerable and case.must_cite]
    relevant = {case.id: case.must_cite for case, _ in named}
    values: dict[str, dict[str, float]] = {case.id: {} for case, _ in named}
    for leg in LEGS:
        rankings = {case.id: _ranked(trace, leg) for case, trace in named}
        for measure, each in per_question(SUITE, relevant, rankings).items():
            for id, value in each.items():
                values[id][f"{leg} {measure}"] = round(value, 6)
    return values


def _row(
    case: Case,
    asked: Asked,
    trace: Trace | None,
    repeats: bool | None,
    confidence: float | None,
    documents: Mapping[str, Document],
    retrieval: Mapping[str, float],
) -> Row:
    answer = asked.answer
    trial = Trial(case=case, answer=answer, elapsed_ms=asked.elapsed_ms, documents=documents, repeats=repeats)
    return Row(
        id=case.id,
        scores={**score(trial), **retrieval},
        confidence=confidence,
        lead_answers=not asked.error and _lead_answers(case, trace),
        answerable=case.answerable,
        slices=case.slices,
        guarded=case.guarded,
        question=case.question,
        history=tuple(turn.content for turn in case.history),
        why=case.why,
        expected=expectation(case),
        outcome=answer.outcome.value if answer else None,
        answerer=answer.answerer if answer else None,
        direct_answer=answer.direct_answer if answer else None,
        said=tuple(statement.text for statement in answer.statements) if answer else (),
        cited=tuple(citation.source.id for citation in answer.citations) if answer else (),
        caveats=answer.caveats if answer else (),
        faults=faults(case, answer) if answer else (f"crashed: {asked.error}",),
        error=asked.error,
        relevant=case.must_cite,
        retrieved={leg: _ranked(trace, leg)[:_KEPT] for leg in LEGS} if trace else {},
    )


def _confidence(case: Case, asked: Asked, trace: Trace | None) -> float:
    """That of the reading; after a crash the worst there is: sure of what has no answer, unsure of what has."""
    if asked.error is not None or trace is None:
        return float(not case.answerable)
    return round(trace.reading.confidence, 6)


def _lead_answers(case: Case, trace: Trace | None) -> bool:
    """Whether the sentence that reading puts first answers, said or not."""
    leads = trace.reading.candidates[:1] if trace else ()
    return any(answers(case, lead.document.id, lead.text) for lead in leads)
