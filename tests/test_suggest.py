from collections.abc import Callable

import pytest

from shanghai_qa.data import lines
from shanghai_qa.settings import default_corpus
from shanghai_qa.suggest import Suggestion, suggest
from shanghai_qa.values import Document
from tests.samples import asked, document

LINES = [line.split(" | ") for line in lines("suggestions.txt")]
DOCUMENTS = {id: document(id=id, title=id, topics=(id.split("/")[0],)) for id, *_ in LINES}
TRANSISTORS = {id: document for id, document in DOCUMENTS.items() if id.startswith("semiconductors/")}
SMIC = "What was SMIC’s revenue in 2024?"
SAID = "SMIC’s unaudited revenue for 2024 was US$8,029.9 million."


def answers(suggestion: Suggestion) -> str:
    return f"The answer to {suggestion.question}"


def on(
    question: str,
    *cited: str,
    documents: dict[str, Document] = DOCUMENTS,
    lead_of: Callable[[Suggestion], str | None] = answers,
    said: tuple[str, ...] = (SAID,),
    earlier: tuple[str, ...] = (),
) -> tuple[str, ...]:
    return suggest(asked(question), [documents[id] for id in cited], said if cited else (), documents, lead_of, earlier)


def document_of(question: str) -> str:
    return next(id for id, text, *_ in LINES if text == question)


def test_each_suggestion_is_a_question_of_its_own_about_a_document_that_ships() -> None:
    shipped = {path.relative_to(default_corpus()).with_suffix("").as_posix() for path in default_corpus().rglob("*.md")}
    assert {id for id, *_ in LINES} <= shipped
    assert len({question for _, question, *_ in LINES}) == len(LINES)
    assert all(question.endswith("?") and question == question.strip() for _, question, *_ in LINES)
    assert all(rest in ([], ["checks"]) for _, _, *rest in LINES)


def test_an_answer_is_followed_by_one_question_deeper_one_sideways_and_one_that_checks() -> None:
    deeper, sideways, checking = on(SMIC, "semiconductors/smic-q4-2024-results")
    assert document_of(deeper) == "semiconductors/smic-q4-2024-results"
    assert "revenue in 2024" in sideways
    assert "SMIC" not in sideways
    assert "SMIC" in checking
    assert [document_of(checking), checking, "checks"] in LINES


def test_the_same_question_is_asked_of_another_subject_of_the_same_topic() -> None:
    _, sideways, _ = on("When was MiniMax founded?", "ai/chosun-biz-minimax-ipo-plan", said=("In December 2021.",))
    assert sideways == "When was StepFun founded?"


def test_a_subject_written_in_small_letters_is_found_all_the_same() -> None:
    deeper, *_ = on("who founded mihoyo?", "digital-economy/wikipedia-mihoyo", said=("Cai Haoyu and two others.",))
    assert "miHoYo" in deeper


@pytest.mark.parametrize("cited", [(), ("semiconductors/smic-q4-2024-results",)])
def test_what_has_no_answer_is_never_offered_and_few_are_tried(cited: tuple[str, ...]) -> None:
    tried: list[str] = []

    def refuses(suggestion: Suggestion) -> None:
        tried.append(suggestion.question)

    assert on(SMIC, *cited, lead_of=refuses) == ()
    assert 0 < len(tried) <= 12
    assert len(set(tried)) == len(tried)


def test_a_way_without_an_answer_leaves_room_for_the_others() -> None:
    def of_smic(suggestion: Suggestion) -> str | None:
        return answers(suggestion) if "SMIC" in suggestion.question else None

    offered = on(SMIC, "semiconductors/smic-q4-2024-results", lead_of=of_smic)
    assert len(offered) == 3
    assert all("SMIC" in question for question in offered)


def test_an_answer_that_was_said_or_is_offered_already_is_no_news() -> None:
    assert on(SMIC, "semiconductors/smic-q4-2024-results", lead_of=lambda _: SAID) == ()
    assert len(on(SMIC, "semiconductors/smic-q4-2024-results", lead_of=lambda _: "One and the same.")) == 1


def test_neither_the_question_nor_an_earlier_one_is_suggested() -> None:
    first = on(SMIC, "semiconductors/smic-q4-2024-results")
    again = on(SMIC, "semiconductors/smic-q4-2024-results", earlier=first)
    assert SMIC.replace("’", "'") not in first + again
    assert not set(first) & set(again)


def test_a_corpus_without_these_documents_gets_no_suggestion() -> None:
    own = {"own/paper": document(id="own/paper")}
    assert on(SMIC, documents=own) == ()
    assert on(SMIC, "own/paper", documents=own) == ()


def test_what_is_suggested_is_about_documents_in_use() -> None:
    offered = on("When was MiniMax founded?", documents=TRANSISTORS)
    assert len(offered) == 3
    assert all(document_of(question) in TRANSISTORS for question in offered)


def test_a_refusal_is_followed_by_what_shares_most_with_the_question() -> None:
    offered = on("How many qubits does Zuchongzhi 5.0 have?")
    assert offered[0] == "How many qubits does Zuchongzhi 3.0 have?"
    assert all("uchongzhi" in question for question in offered)


def test_a_refusal_is_followed_by_the_topic_that_its_words_point_to() -> None:
    near = {id: document for id, document in DOCUMENTS.items() if id.startswith(("vehicles/nation-", "capital/"))}
    robotaxi, *others = on("How many robotaxis does Waymo run?", documents=near)
    assert "robotaxi" in robotaxi
    assert {document_of(question).split("/")[0] for question in others[:1]} == {"vehicles"}


def test_a_question_that_points_nowhere_is_followed_by_one_question_a_topic() -> None:
    offered = on("Write me a poem")
    topics = {document_of(question).split("/")[0] for question in offered}
    assert len(offered) == len(topics) == 3


def test_numbers_of_one_digit_and_plain_verbs_bring_nothing_near() -> None:
    assert on("Who owns Xyzzy 3?") == on("Write me a poem")
