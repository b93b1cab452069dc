"""Made-up cases, answers and rows that the tests of evals share."""

from collections.abc import Mapping

from evals.cases import Case
from evals.measures import Trial
from evals.record import About, Row, Run
from shanghai_qa.values import (
    Answer,
    Citation,
    Claim,
    CorpusInfo,
    Disagreement,
    Document,
    Outcome,
    Source,
    Statement,
    Tier,
)
from tests.samples import document

CORPUS = CorpusInfo("v1", documents=1, passages=1)


def case(**changes: object) -> Case:
    fields = {
        "id": "waic-visits", "question": "How many came?", "kind": "number", "outcome": Outcome.ANSWERED,
        "why": "a number", "must_say": (("350,000",),), "must_cite": ("ai/waic",),
    }  # fmt: skip
    return Case(**(fields | changes))  # type: ignore[arg-type]


OUTSIDE = case(
    id="paris", question="How many live in Paris?", kind="outside", outcome=Outcome.NOT_IN_CORPUS, must_say=(),
    must_cite=(),
)  # fmt: skip


def source(id: str, tier: Tier = Tier.PRIMARY, text: str = "x") -> Source:
    return Source(id, "WAIC", None, None, "2024-03-05", tier, document(id=id, text=text).sha256)


def answer(
    *sentences: str,
    source_id: str = "ai/waic",
    tier: Tier = Tier.PRIMARY,
    values: tuple[str, ...] = (),
    **facts: object,
) -> Answer:
    """Each sentence a statement that quotes `source_id`, none a refusal; `values` are shown as a disagreement."""
    cited = source(source_id, tier)
    given: dict[str, object] = {
        "question": "How many came?", "language": "en", "corpus": CORPUS,
        "outcome": Outcome.ANSWERED if sentences else Outcome.NOT_IN_CORPUS,
        "statements": tuple(Statement(text, (n,)) for n, text in enumerate(sentences, start=1)),
        "citations": tuple(Citation(n, text, 0, len(text), "", cited) for n, text in enumerate(sentences, start=1)),
        "disagreements": (Disagreement("visits", tuple(Claim(v, None, 1) for v in values)),) if values else (),
    }  # fmt: skip
    return Answer(**(given | facts))  # type: ignore[arg-type]


def trial(case: Case, answer: Answer | None, **facts: object) -> Trial:
    given: dict[str, object] = {"case": case, "answer": answer, "elapsed_ms": 10.0, "documents": documents()}
    return Trial(**(given | facts))  # type: ignore[arg-type]


def documents(**texts: str) -> Mapping[str, Document]:
    """Documents by id; in a name "__" stands for "/"."""
    return {id.replace("__", "/"): document(id=id.replace("__", "/"), title="WAIC", text=t) for id, t in texts.items()}


def row(id: str, *, passed: bool = True, **facts: object) -> Row:
    """A row of an answerable case of which only `passed` is scored, unless told otherwise."""
    given: dict[str, object] = {
        "id": id, "scores": {"passed": float(passed)}, "answerable": True, "slices": ("number", "answered"),
        "faults": () if passed else ("does not say 32",),
    }  # fmt: skip
    return Row(**(given | facts))  # type: ignore[arg-type]


def run(*rows: Row, suite: str = "s1", corpus: str = "v1", **facts: object) -> Run:
    about: dict[str, object] = {
        "suite": suite, "selection": "all", "system": "default", "settings": {"margin": 0.8}, "corpus": corpus,
        "documents": 1, "version": "0.1.0", "commit": None, "started": "2026-01-02T03:04:05+00:00", "seconds": 1.0,
    }  # fmt: skip
    return Run(About(**(about | facts)), rows)  # type: ignore[arg-type]
