from dataclasses import replace

from shanghai_qa.prove import Verdict, check_citation, check_statements, source_of
from shanghai_qa.values import Answer, Citation, Claim, CorpusInfo, Disagreement, Outcome, Statement, Tier
from tests.samples import document

ONE = document(id="ai/one", text="# T\n\nSMIC is in Shanghai. SMIC grew.")
TWO = document(id="ai/two", text="# T\n\nHua Hong grew.")
DOCUMENTS = {"ai/one": ONE, "ai/two": TWO}
GOOD = Citation(1, "SMIC grew.", 26, 36, "", source_of(ONE))
ANSWER = Answer(
    question="Q?",
    language="en",
    outcome=Outcome.ANSWERED,
    corpus=CorpusInfo("v", 2, 2),
    statements=(Statement("SMIC grew.", (1,)),),
    citations=(GOOD,),
)


def test_a_quote_at_its_offsets_is_found() -> None:
    check = check_citation(GOOD, DOCUMENTS)
    assert (check.verdict, check.holds) == (Verdict.FOUND, True)


def test_a_quote_at_other_offsets_has_moved_and_the_place_is_named() -> None:
    check = check_citation(replace(GOOD, start=25, end=35), DOCUMENTS)
    assert check.verdict is Verdict.MOVED
    assert "26–36" in check.detail
    assert check_citation(replace(GOOD, start=-10, end=36), DOCUMENTS).verdict is Verdict.MOVED


def test_a_quote_of_another_document_is_misattributed() -> None:
    check = check_citation(replace(GOOD, source=source_of(TWO)), DOCUMENTS)
    assert check.verdict is Verdict.MISATTRIBUTED
    assert "ai/one" in check.detail
    gone = replace(GOOD, source=replace(GOOD.source, id="ai/none"))
    assert check_citation(gone, DOCUMENTS).verdict is Verdict.MISATTRIBUTED


def test_a_quote_that_stands_nowhere_is_missing_as_is_an_empty_one() -> None:
    assert check_citation(replace(GOOD, quote="SMIC shrank."), DOCUMENTS).verdict is Verdict.MISSING
    assert check_citation(replace(GOOD, quote="", end=26), DOCUMENTS).verdict is Verdict.MISSING


def test_a_source_described_wrongly_does_not_hold() -> None:
    check = check_citation(replace(GOOD, source=replace(GOOD.source, publisher="Someone")), DOCUMENTS)
    assert check.verdict is Verdict.FOUND
    assert not check.holds
    assert "publisher" in check.detail


def test_a_source_may_name_fewer_copies_than_the_corpus_knows_and_no_others() -> None:
    known = {"ai/one": replace(ONE, also_at=("https://a.example", "https://b.example"))}
    assert source_of(known["ai/one"]).also_at == ("https://a.example", "https://b.example")
    for also_at in ((), ("https://b.example",), ("https://a.example", "https://b.example")):
        assert check_citation(replace(GOOD, source=replace(GOOD.source, also_at=also_at)), known).holds
    check = check_citation(replace(GOOD, source=replace(GOOD.source, also_at=("https://c.example",))), known)
    assert check.detail == "its source differs in also_at"


def test_statements_must_be_what_they_cite() -> None:
    assert check_statements(ANSWER) == []
    assert check_statements(replace(ANSWER, statements=(Statement("SMIC shrank.", (1,)),))) == [
        "statement 1 is not what it cites"
    ]
    assert check_statements(replace(ANSWER, statements=(Statement("SMIC grew.", (2,)),))) == [
        "statement 1 cites what the answer does not list"
    ]
    assert check_statements(replace(ANSWER, statements=(Statement("SMIC grew.", ()),)))


def test_a_direct_answer_and_the_values_of_a_disagreement_must_stand_in_what_is_cited() -> None:
    assert check_statements(replace(ANSWER, direct_answer="grew")) == []
    assert check_statements(replace(ANSWER, direct_answer="shrank"))
    claims = (Claim("5", None, 1), Claim("6", None, 1))
    assert len(check_statements(replace(ANSWER, disagreements=(Disagreement("S", claims),)))) == 2


def test_offsets_beyond_the_text_or_before_it_do_not_find_a_quote() -> None:
    for start, end in [(26, 36 + 1000), (26 - len(ONE.text), 36 - len(ONE.text)), (26, 0)]:
        assert check_citation(replace(GOOD, start=start, end=end), DOCUMENTS).verdict is Verdict.MOVED


def test_a_citation_under_another_heading_does_not_hold() -> None:
    assert "it stands under ''" in check_citation(replace(GOOD, section="Growth"), DOCUMENTS).detail


def test_citations_are_numbered_once_each() -> None:
    assert check_statements(replace(ANSWER, citations=(GOOD, GOOD))) == ["the citations are numbered 1, 1"]


def test_a_refusal_says_nothing_and_an_answer_something() -> None:
    assert check_statements(replace(ANSWER, outcome=Outcome.NOT_IN_CORPUS)) == ["it is a refusal, yet has statements"]
    assert check_statements(replace(ANSWER, statements=(), citations=())) == ["it is an answer, yet has no statement"]


def test_a_part_of_a_word_is_no_direct_answer() -> None:
    assert check_statements(replace(ANSWER, direct_answer="gre"))


def test_dates_and_warnings_are_held_against_the_documents() -> None:
    dated = replace(ANSWER, statements=(Statement("SMIC grew.", (1,), "2024-03-05"),))
    assert check_statements(dated, DOCUMENTS) == []
    assert check_statements(ANSWER, DOCUMENTS) == ["statement 1 is as of 2024-03-05, not None"]
    doubtful = {"ai/one": replace(ONE, tier=Tier.UNVERIFIED)}
    assert check_statements(dated, doubtful) == ["it lacks the warning: Only an unverified source says this."]


def test_two_unverified_documents_with_one_sentence_are_one_source() -> None:
    two = replace(ONE, id="ai/copy", tier=Tier.UNVERIFIED)
    documents = {"ai/one": replace(ONE, tier=Tier.UNVERIFIED), "ai/copy": two}
    cited = tuple(replace(GOOD, number=n, source=source_of(d)) for n, d in enumerate(documents.values(), start=1))
    answer = replace(ANSWER, citations=cited, statements=(Statement("SMIC grew.", (1, 2), "2024-03-05"),))
    assert check_statements(answer, documents) == ["it lacks the warning: Only an unverified source says this."]
