import random
from collections import Counter

from tests.training.toys import asked, collection, paragraph, reading
from training.config import Config
from training.epochs import Items, batches, parts, plain

YEARS = [paragraph(f"Lab {i} opened in {2000 + i}.", "Labs") for i in range(20)]
ANSWERABLE = [asked(f"Which lab opened in {2000 + i}?", p, (0,), (f"Lab {i}",)) for i, p in enumerate(YEARS)]
UNANSWERABLE = [asked(f"Why did lab {i} open?", p) for i, p in enumerate(YEARS)]
NEAR = {a.key: (YEARS[0].key,) for a in ANSWERABLE[1:]}
WORDS = "a b c d e f g h"
CONFIG = Config(answerable_share=0.5, unanswerable_share=0.2, near_share=0.2, exchanged_share=0.1, untitled=0.5)


def items() -> Items:
    return Items(collection(YEARS, []), [*ANSWERABLE, *UNANSWERABLE], NEAR)


def test_an_epoch_asks_every_answerable_question_and_has_the_shares_of_the_configuration() -> None:
    epoch = items().epoch(CONFIG, 0)
    assert Counter(item.kind for item in epoch) == {"answerable": 20, "unanswerable": 8, "near": 8, "exchanged": 4}
    assert {item.asked.key for item in epoch if item.kind == "answerable"} == {a.key for a in ANSWERABLE}


def test_hard_negatives_have_no_gold_sentence() -> None:
    for item in items().epoch(CONFIG, 0):
        assert bool(item.gold) == (item.kind == "answerable")
        assert (item.paragraph == item.asked.paragraph) == (item.kind != "near")
        assert (item.question == item.asked.text) == (item.kind != "exchanged")


def test_an_epoch_is_the_same_each_time_and_the_next_one_is_another() -> None:
    assert items().epoch(CONFIG, 3) == items().epoch(CONFIG, 3)
    assert items().epoch(CONFIG, 3) != items().epoch(CONFIG, 4)


def test_a_question_without_near_passages_gives_no_negative_of_that_kind() -> None:
    assert Items(collection(YEARS, []), ANSWERABLE, {}).negatives("near", 5, random.Random(1)) == []


def test_batches_hold_like_lengths_each_example_once() -> None:
    read = reading(WORDS, max_tokens=400, max_question_tokens=200)
    examples = [read.example("a " * n, YEARS[0], (), ()) for n in range(10, 170, 10)]
    planned = batches(examples, 4, "seed")
    assert planned == batches(examples, 4, "seed")
    lengths = [[len(example.pieces) for example in some] for some in planned]
    assert sorted(n for some in lengths for n in some) == sorted(len(example.pieces) for example in examples)
    assert all(max(some) - min(some) <= 30 + 12 for some in lengths)


def test_passages_of_one_question_stand_in_one_batch_and_one_part() -> None:
    read = reading(WORDS)
    examples = [read.example(word, paragraph, (), ()) for paragraph in YEARS[:2] for word in WORDS.split()]
    for some in (*batches(examples, 4, "seed"), *parts(examples, 3)):
        asked = Counter(example.asked for example in some)
        assert set(asked.values()) == {2}
    assert [len(some) for some in parts(examples, 3)] == [4, 4, 4, 4]


def test_a_rest_is_left_out_unless_it_is_all_there_is() -> None:
    examples = [reading(WORDS).example(word, YEARS[0], (), ()) for word in WORDS.split()]
    assert [len(some) for some in batches(examples[:7], 3, "seed")] == [3, 3]
    assert [len(some) for some in batches(examples[:3], 4, "seed")] == [3]


def test_a_plain_item_says_what_its_question_says() -> None:
    assert plain(ANSWERABLE[0]).gold == (0,)
    assert plain(UNANSWERABLE[0]).kind == "unanswerable"
