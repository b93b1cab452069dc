from collections.abc import Mapping, Sequence
from itertools import count

import pytest

from evals.run import run
from shanghai_qa.assistant import Trace
from shanghai_qa.read import Reading
from shanghai_qa.values import Answer, Ask, Document, Outcome, Passage, Turn
from tests.evals.samples import OUTSIDE, answer, case

FOUNDED = case(
    id="smic-founded", question="When was SMIC founded?", kind="date", must_say=(("2000",),), must_cite=("chips/smic",)
)
AND_NOW = case(
    id="and-now", question="And who leads it?", kind="follow-up", must_say=(("Zhao Haijun",),),
    history=(Turn("user", "When was SMIC founded?"),), must_cite=("chips/smic",),
)  # fmt: skip
DOCUMENTS: Mapping[str, Document] = {}


class OneSentence:
    """Knows one sentence and says it to every question with "SMIC" in it; at "leads" it breaks, the rest it refuses."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int, str | None]] = []

    def ask(self, question: str, *, history: Sequence[Turn] = (), id: str | None = None) -> Answer:
        self.heard.append((question, len(history), id))
        if "leads" in question:
            raise RuntimeError("lost the thread")
        said = ["SMIC was founded in 2000."] if "SMIC" in question else []
        return answer(*said, source_id="chips/smic", id=id, elapsed_ms={"total": float(len(self.heard))})


def found(*ids: str) -> list[Passage]:
    return [Passage(f"{id}#{n}", id, "", n, n, ()) for n, id in enumerate(ids)]


def test_every_case_is_asked_once_in_order_with_its_history_and_id() -> None:
    system = OneSentence()
    rows = run(system, [FOUNDED, AND_NOW, OUTSIDE], DOCUMENTS)
    assert [row.id for row in rows] == ["smic-founded", "and-now", "paris"]
    assert system.heard == [
        ("When was SMIC founded?", 0, "smic-founded"),
        ("And who leads it?", 1, "and-now"),
        ("How many live in Paris?", 0, "paris"),
    ]


def test_a_crash_fails_its_case_and_the_run_goes_on() -> None:
    crashed, fine = run(OneSentence(), [AND_NOW, FOUNDED], DOCUMENTS)
    assert (crashed.passed, crashed.outcome, crashed.error) == (False, None, "RuntimeError: lost the thread")
    assert crashed.faults == ("crashed: RuntimeError: lost the thread",)
    assert fine.passed
    assert fine.said == ("SMIC was founded in 2000.",)


def test_a_run_of_no_cases_is_an_error() -> None:
    with pytest.raises(ValueError, match="no cases"):
        run(OneSentence(), [], DOCUMENTS)


def test_time_is_that_of_the_first_asking() -> None:
    ticks = count()  # the clock is read once before and once after each question
    rows = run(OneSentence(), [FOUNDED, AND_NOW], DOCUMENTS, clock=lambda: float(next(ticks)))
    assert [row.scores["ms"] for row in rows] == [1000.0, 1000.0]


def test_answers_are_the_same_though_they_took_other_times() -> None:
    rows = run(OneSentence(), [FOUNDED, AND_NOW, OUTSIDE], DOCUMENTS, twice=True)
    assert [row.scores["deterministic"] for row in rows] == [1, 0, 1]  # a crash is no answer


def test_an_answer_that_depends_on_what_was_asked_before_is_told() -> None:
    class Counting(OneSentence):
        def ask(self, question: str, *, history: Sequence[Turn] = (), id: str | None = None) -> Answer:
            super().ask(question, history=history, id=id)
            return answer(f"SMIC was founded in {1999 + len(self.heard)}.", source_id="chips/smic")

    first, second = run(Counting(), [FOUNDED, OUTSIDE], DOCUMENTS, twice=True)
    assert (first.scores["deterministic"], second.scores["deterministic"]) == (0, 0)


def test_progress_is_told_of_everything_that_is_asked() -> None:
    told: list[None] = []
    run(OneSentence(), [FOUNDED, OUTSIDE], DOCUMENTS, twice=True, on_asked=lambda: told.append(None))
    assert len(told) == 4


def test_documents_rank_where_their_first_passage_does() -> None:
    def trace(ask: Ask) -> Trace:
        legs = {"vectors": found("chips/a", "chips/a", "chips/smic"), "words": found("chips/smic"), "fused": found()}
        return Trace(legs, Reading((), (), 0.25, ()))

    founded, outside = run(OneSentence(), [FOUNDED, OUTSIDE], DOCUMENTS, trace=trace)
    assert founded.retrieved["vectors"] == ("chips/a", "chips/smic")
    assert founded.scores["vectors RR@10"] == 0.5
    assert founded.scores["words RR@10"] == 1.0
    assert founded.scores["fused RR@10"] == 0.0
    assert (founded.confidence, founded.lead_answers) == (0.25, False)
    assert not any("RR@10" in name for name in outside.scores)


def test_a_question_that_cannot_be_traced_scores_no_retrieval_but_zero() -> None:
    def broken(ask: Ask) -> Trace:
        raise RuntimeError("no index")

    known, unknown = run(OneSentence(), [FOUNDED, OUTSIDE], DOCUMENTS, trace=broken)
    assert known.scores["fused Success@5"] == 0.0
    assert [(row.confidence, row.lead_answers) for row in (known, unknown)] == [(0.0, False), (1.0, False)]


def test_a_refusal_keeps_its_outcome_and_says_nothing() -> None:
    (row,) = run(OneSentence(), [OUTSIDE], DOCUMENTS)
    assert (row.outcome, row.said, row.expected) == (Outcome.NOT_IN_CORPUS, (), "a refusal")
