import pytest

from shanghai_qa.errors import QuestionError
from shanghai_qa.question import Wanted, related
from tests.samples import asked


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("How many startups are in Quantum Valley?", Wanted.COUNT),
        ("What share of patents is held in Xuhui?", Wanted.PERCENT),
        ("What was SMIC's revenue in 2024?", Wanted.MONEY),
        ("When was SMIC founded?", Wanted.DATE),
        ("In what year was SMIC founded?", Wanted.YEAR),
        ("How deep is it?", Wanted.NUMBER),
        ("Who founded SMIC?", Wanted.WHO),
        ("Where does SMIC sit?", Wanted.WHERE),
        ("Why did it fail?", Wanted.WHY),
        ("Is SMIC listed?", Wanted.YES_NO),
        ("Tell me about SMIC", Wanted.ANYTHING),
    ],
)
def test_the_kind_of_answer_is_read_off_the_question(text: str, wanted: Wanted) -> None:
    assert asked(text).wanted is wanted


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Does SMIC or Hua Hong make more chips?", ["Does SMIC make more chips?", "Does Hua Hong make more chips?"]),
        ("Which is older, SMIC or Hua Hong?", ["When was SMIC founded?", "When was Hua Hong founded?"]),
        (
            "How do SMIC, Hua Hong and UMC compare?",
            ["How do SMIC compare?", "How do Hua Hong compare?", "How do UMC compare?"],
        ),
        ("SMIC vs Hua Hong", ["SMIC", "Hua Hong"]),
        ("Compare SMIC and Hua Hong", ["Compare SMIC", "Compare Hua Hong"]),
        (
            "Is Shanghai or Beijing's GDP larger?",
            ["Is Shanghai's GDP larger?", "Is Beijing's GDP larger?"],
        ),
        ("Is SMIC older than UMC or Hua Hong?", []),
        (
            "Which older people live in Pudong or Minhang?",
            ["Which older people live in Pudong?", "Which older people live in Minhang?"],
        ),
        ("Which river flows through Shanghai or Suzhou?", []),
        ("Is SMIC listed in Hong Kong or Shanghai?", []),
        ("Who founded SMIC and Hua Hong?", []),
    ],
)
def test_a_comparison_asks_of_each_side(text: str, parts: list[str]) -> None:
    assert [part.text for part in asked(text).parts] == parts


def test_what_is_counted_ends_where_the_verb_begins() -> None:
    assert asked("How many deep-tech startups did the policy produce?").units == {"deep", "tech", "startup"}


def test_years_are_asked_for_and_are_no_terms() -> None:
    question = asked("What was SMIC's revenue in 2024?")
    assert question.years == {"2024"}
    assert "2024" not in question.terms
    assert question.names == {"smic"}


def test_a_typo_in_a_long_word_is_mended_and_shown() -> None:
    question = asked("When was VeriSilcon founded?")
    assert question.read_as == "When was Verisilicon founded?"


def test_a_chinese_name_is_given_in_english_from_the_brackets_of_the_corpus() -> None:
    question = asked("中芯国际是哪一年成立的？")
    assert question.language == "zh"
    assert "smic" in question.terms
    assert question.wanted is Wanted.YEAR


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("And in 2023?", "What was SMIC's revenue in 2023?"),
        ("What about Hua Hong?", "What was Hua Hong's revenue in 2024?"),
        ("Where is its plant?", "Where is SMIC's plant?"),
        ("Who founded it?", "Who founded SMIC?"),
    ],
)
def test_a_follow_up_is_completed_from_the_question_before(text: str, read_as: str) -> None:
    assert asked(text, "What was SMIC's revenue in 2024?").read_as == read_as


def test_a_question_that_stands_by_itself_takes_nothing_from_the_one_before() -> None:
    assert asked("Where does Hua Hong lie?", "Who founded SMIC?").read_as is None


def test_a_follow_up_of_a_follow_up_keeps_the_subject() -> None:
    question = asked("And in 2022?", "What was SMIC's revenue in 2024?", "And in 2023?")
    assert question.read_as == "What was SMIC's revenue in 2022?"


def test_a_blank_or_overlong_question_is_refused_with_the_way_out() -> None:
    with pytest.raises(QuestionError, match="empty; ask one"):
        asked(" \n ")
    with pytest.raises(QuestionError, match="201 characters; ask in at most 200"):
        asked("x" * 201)


def test_two_names_compared_are_two_sides() -> None:
    assert asked("Which is larger, SMIC or Hua Hong?").sides == ("SMIC", "Hua Hong")
    assert asked("Where does SMIC sit?").sides == ()


def test_related_words_stand_for_one_another() -> None:
    assert "revenu" in related("turnov")
    assert related("xyzzy") == frozenset()


@pytest.mark.parametrize("text", ["Who founded it?", "Where is its plant?", "What does the company make?"])
def test_a_pronoun_that_nothing_names_dangles(text: str) -> None:
    assert asked(text).dangling
    assert not asked(text, "What was SMIC's revenue in 2024?").dangling


def test_what_only_looks_like_a_pronoun_does_not_dangle() -> None:
    assert not asked("How many startups are there in Shanghai?").dangling
    assert asked("How many people work there?", "Where does SMIC sit?").text == "How many people work at SMIC?"


def test_a_long_conversation_is_no_burden() -> None:
    assert asked("Who founded it?", *["Where does SMIC sit?"] * 5000).text == "Who founded SMIC?"


def test_an_empty_turn_does_not_end_the_subject() -> None:
    assert asked("Who founded it?", "Where does SMIC sit?", " ").text == "Who founded SMIC?"


def test_half_a_character_is_no_question() -> None:
    with pytest.raises(QuestionError, match="no text"):
        asked("Who founded SMIC\ud800?")


def test_today_is_asked_for_by_many_words() -> None:
    assert asked("What is SMIC's share today?").now
    assert not asked("What was SMIC's share in 2024?").now


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("When was SMIC founded, and who owns it?", ["When was SMIC founded?", "Who owns SMIC?"]),
        (
            "Where does SMIC sit and how many people work there?",
            ["Where does SMIC sit?", "How many people work at SMIC?"],
        ),
        (
            "How much did SMIC sell in 2019, and how much in 2024?",
            ["How much did SMIC sell in 2019?", "How much did SMIC sell in 2024?"],
        ),
        (
            "How many work for SMIC, and how many for VeriSilicon?",
            ["How many work for SMIC?", "How many work for VeriSilicon?"],
        ),
        ("What did SMIC earn in 2023 or in 2024?", ["What did SMIC earn in 2023?", "What did SMIC earn in 2024?"]),
        ("What did SMIC earn between 2023 and 2024?", []),
        ("How and why was SMIC founded?", []),
        ("Which firms and labs are in Lingang?", []),
    ],
)
def test_a_question_that_asks_several_things_has_them_as_parts(text: str, parts: list[str]) -> None:
    assert [part.text for part in asked(text).parts] == parts


@pytest.mark.parametrize(
    ("before", "text", "read_as"),
    [
        ("When was SMIC founded?", "And who owns it?", "Who owns SMIC?"),
        ("When was SMIC founded?", "But where is its plant?", "Where is SMIC's plant?"),
        ("What was SMIC's revenue in 2024?", "What about three years earlier?", "What was SMIC's revenue in 2021?"),
        ("What was SMIC's revenue in 2024?", "And a year later?", "What was SMIC's revenue in 2025?"),
        ("What was SMIC's revenue in 2024?", "And the previous year?", "What was SMIC's revenue in 2023?"),
        ("How many people work at SMIC?", "Who leads the team?", "Who leads the team of SMIC?"),
        ("How many people work at SMIC?", "Who runs the city?", "Who runs the city?"),
        ("How many people work at SMIC?", "Who leads the team of Hua Hong?", "Who leads the team of Hua Hong?"),
    ],
)
def test_a_follow_up_takes_its_subject_and_year_from_the_question_before(before: str, text: str, read_as: str) -> None:
    assert asked(text, before).text == read_as


def test_contractions_are_read_in_full() -> None:
    assert asked("whos the founder of SMIC").wanted is Wanted.WHO
    assert asked("What's SMIC?").text == "What is SMIC?"
    assert asked("Whose is SMIC?").text == "Whose is SMIC?"


def test_turns_that_are_no_text_are_left_out() -> None:
    assert asked("Who founded it?", "Is SMIC listed?", "\ud800").text == "Who founded SMIC?"


def test_a_name_that_the_corpus_lacks_is_not_put_as_a_word_of_it() -> None:
    assert asked("Is Revenua a firm of Shanghai?").text == "Is Revenua a firm of Shanghai?"
    assert asked("What was the revenua of SMIC?").text == "What was the revenue of SMIC?"
