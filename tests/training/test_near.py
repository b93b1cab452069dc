from tests.training.toys import asked, paragraph
from training.near import may_answer

OWN = paragraph("Ada Lee founded the Pudong lab in spring. It grew.")


def test_a_passage_with_the_answer_in_it_may_answer() -> None:
    question = asked("Who founded the lab?", OWN, (0,), ("Ada Lee",))
    assert may_answer(question, OWN, paragraph("ADA LEE left."))
    assert not may_answer(question, OWN, paragraph("Bob Ray founded the lab."))


def test_without_a_known_answer_half_of_what_the_gold_sentence_adds_is_enough() -> None:
    question = asked("who founded the pudong lab?", OWN, (0,))  # it adds: ada, lee, spring
    assert may_answer(question, OWN, paragraph("Ada came in spring."))
    assert not may_answer(question, OWN, paragraph("The Pudong lab was founded by Ada."))
