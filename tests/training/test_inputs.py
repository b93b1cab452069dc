import numpy as np

from shanghai_qa.reader import CLS, SEP
from shanghai_qa.values import Span
from tests.training.toys import paragraph, reading
from training.inputs import MASK, batch

WORDS = "who came ? labs . ada came first bob second"
PARAGRAPH = paragraph("Ada came first. Bob came second.", "Labs")
WHO, CAME, ASKS, LABS, STOP, ADA, FIRST, BOB, SECOND = 1, 7, 3, 4, 5, 6, 8, 9, 10  # "came" is the later of the two


def test_an_input_is_question_title_and_sentences() -> None:
    made = reading(WORDS).example("Who came?", PARAGRAPH, (1,), (Span(16, 19),))
    asked, title, sentences = (
        (CLS, WHO, CAME, ASKS, SEP),
        (LABS, STOP),
        (ADA, CAME, FIRST, STOP, BOB, CAME, SECOND, STOP),
    )
    assert made.pieces == (*asked, *title, *sentences, SEP)
    assert made.sentence_of == (-1,) * 7 + (0,) * 4 + (1,) * 4 + (-1,)
    assert (made.question, made.sentences, made.first) == (5, 2, 0)


def test_targets_are_the_gold_sentence_and_the_pieces_of_the_answer() -> None:
    read = reading(WORDS)
    made = read.example("Who came?", PARAGRAPH, (1,), (Span(16, 19), Span(16, 31)))
    assert (made.gold, made.start, made.end) == ((1,), (11,), (11, 13))
    assert read.text(made, PARAGRAPH, 11, 13) == "Bob came second"


def test_an_answer_known_by_its_sentence_may_start_and_end_at_any_piece_of_it() -> None:
    made = reading(WORDS).example("Who came?", PARAGRAPH, (0,), ())
    assert made.start == made.end == (7, 8, 9, 10)


def test_a_passage_that_does_not_answer_points_at_the_first_piece() -> None:
    made = reading(WORDS).example("Who came?", PARAGRAPH, (), ())
    assert (made.gold, made.start, made.end) == ((), (0,), (0,))


def test_of_a_long_passage_the_run_with_the_gold_sentence_is_read() -> None:
    read = reading(WORDS, max_tokens=13)  # 5 of the question, 2 of the title, 4 of a sentence, [SEP]: 12
    made = read.example("Who came?", PARAGRAPH, (1,), (Span(16, 19),))
    assert made.pieces[7:] == (BOB, CAME, SECOND, STOP, SEP)
    assert (made.first, made.sentences, made.gold, made.start, made.end) == (1, 1, (0,), (7,), (7,))
    assert read.text(made, PARAGRAPH, 7, 8) == "Bob came"
    assert read.example("Who came?", PARAGRAPH, (), ()).pieces[7:] == (ADA, CAME, FIRST, STOP, SEP)


def test_a_sentence_longer_than_the_model_reads_is_cut() -> None:
    made = reading(WORDS, max_tokens=10).example("Who came?", PARAGRAPH, (0,), ())
    assert len(made.pieces) == len(made.sentence_of) == 10
    assert made.pieces[-1] == SEP


def test_the_title_can_be_left_out() -> None:
    assert LABS not in reading(WORDS).example("Who came?", PARAGRAPH, (), (), titled=False).pieces


def test_a_batch_is_padded_to_its_longest_and_says_where_the_answers_are() -> None:
    read = reading(WORDS)
    made = batch([read.example("Who?", PARAGRAPH, (1,), ()), read.example("Who came?", PARAGRAPH, (), ())])
    assert made.pieces.shape == (2, 16)
    assert made.attended.sum(dim=1).tolist() == [15, 16]
    assert made.types[1].tolist() == [0] * 5 + [1] * 11
    assert made.gold.tolist() == [[False, False, True], [True, False, False]]
    assert made.start[1].nonzero().tolist() == [[0]]


def test_masking_hides_pieces_but_never_the_marks_between_them() -> None:
    made = batch([reading(WORDS).example("Who came?", PARAGRAPH, (), ())], 1.0, np.random.default_rng(1))
    assert made.pieces[0].tolist() == [CLS, *[MASK] * 3, SEP, *[MASK] * 10, SEP]
