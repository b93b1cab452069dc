import pytest

from evals.cases import SuiteError, load
from evals.check import check, coverage, echoes, sentences_of
from ingest.publish import load as load_documents
from shanghai_qa.settings import default_corpus
from shanghai_qa.values import Outcome, Tier
from tests.evals.samples import OUTSIDE, case, documents

SOURCES = {
    "ai/waic": ("WAIC drew 350,000 visits in 2025.", "The city of Shanghai hosts it."),
    "ai/tower": ("The tower is 231 metres high.",),
}


def test_sentences_are_those_of_every_section() -> None:
    found = sentences_of(documents(ai__waic="# WAIC\n\n## Visits\nIt drew 350,000. It grew.\n").values())
    assert found == {"ai/waic": ("It drew 350,000.", "It grew.")}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"must_say": (("400,000", "four hundred thousand"),)}, "says 400,000 or four hundred thousand"),
        ({"must_say": (("2025. The city",),)}, "no sentence of its documents says 2025. The city"),
        ({"must_lead": ("400,000",)}, "says 400,000"),
        ({"disagree": (("350,000",), ("305,000",))}, "says 305,000"),
        ({"must_cite": ("ai/waic", "ai/lost")}, "ai/lost is no document"),
        ({"must_cite": ("ai/waic", "ai/tower")}, "ai/tower says nothing of what must be said"),
        ({"must_not_say": ("350,000",)}, "'350,000' must and must not be said"),
        ({"must_say": ()}, "needs must_say"),
        ({"outcome": Outcome.NOT_IN_CORPUS, "must_cite": ()}, "must_say cannot be met"),
        ({"outcome": Outcome.NOT_IN_CORPUS, "must_say": ()}, "must_cite cannot be met"),
    ],
)
def test_a_case_that_no_answer_could_pass_is_refused(changes: dict[str, object], told: str) -> None:
    with pytest.raises(SuiteError, match="waic-visits: ") as error:
        check([case(**changes)], SOURCES)
    assert told in str(error.value)


def test_groups_may_be_met_by_different_documents() -> None:
    check([case(must_say=(("350,000",), ("231 metres",)), must_cite=("ai/waic", "ai/tower")), OUTSIDE], SOURCES)


def test_where_no_document_is_named_any_may_meet_it() -> None:
    check([case(must_say=(("231 metres",),), must_cite=())], SOURCES)


@pytest.mark.parametrize(
    ("question", "echo"),
    [
        ("How many visits in 2025?", True),
        ("What was the footfall of the conference?", False),
        ("And Shanghai?", False),
    ],
)
def test_a_question_that_repeats_the_sentence_echoes_it(question: str, echo: bool) -> None:
    assert echoes(case(question=question), SOURCES) is echo


def test_coverage_counts_answerable_cases_alone() -> None:
    cases = [case(question="How many visits in 2025?"), case(question="What was the footfall?"), OUTSIDE]
    wide = coverage(cases, SOURCES)
    assert (set(wide.documents), wide.echoing) == ({"ai/waic"}, 0.5)
    with pytest.raises(ValueError, match="no answerable cases"):
        coverage([OUTSIDE], SOURCES)


def test_the_suite_that_ships_can_be_met_and_is_wide() -> None:
    cases = load()
    read, refused = load_documents([default_corpus()])
    assert not refused
    sources = sentences_of(read)
    check(cases, sources)
    wide = coverage(cases, sources)
    assert len(cases) >= 300
    assert len(wide.documents) >= 200
    assert wide.echoing <= 1 / 3
    assert {id.split("/")[0] for id in wide.documents} == {id.split("/")[0] for id in sources}


def test_every_statement_of_the_report_has_a_case() -> None:
    report = "report/port-to-tech-leader"
    cases = [case for case in load() if report in case.must_cite]
    read, _ = load_documents([default_corpus()])
    from evals.cases import says_any

    untested = [
        text
        for text in sentences_of(d for d in read if d.id == report)[report]
        if not any(says_any(text, [s for group in case.must_say for s in group]) for case in cases)
    ]
    assert untested == []


def test_what_only_promotional_or_unverified_documents_say_is_expected_to_carry_a_warning() -> None:
    tiers = {document.id: document.tier for document in load_documents([default_corpus()])[0]}
    for each in load():
        cited = {tiers[id] for id in each.must_cite}
        if len(cited) == 1 and cited <= {Tier.PROMOTIONAL, Tier.UNVERIFIED}:
            assert each.tier in cited, each.id
