import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.toys import asked, collection, paragraph, reader, reading
from training import validate as module
from training.config import Config
from training.data import Collection
from training.epochs import Item, plain
from training.inputs import Reading
from training.measures import Measure
from training.outputs import trained
from training.train import CPU, workers
from training.validate import Baselines, Said, among, chosen, even, measured, validate

LABS = paragraph("The Pudong Lab opened in 2019. It has 40 staff.", "Labs")
MORE = paragraph("The Minhang Lab opened in 2021. It has 65 staff.", "Labs")
HALLS = paragraph("The Xuhui Hall closed in 1999. It had 7 people.", "Halls")
POSTS = [paragraph(f"Post {n} was written in 200{n}. It is short.") for n in range(3)]
PARAGRAPHS = [LABS, MORE, HALLS, *POSTS]

OF_LABS = [asked(f"When did the Pudong Lab open, {n}?", LABS, (0,), ("2019",)) for n in range(4)]
OF_MORE = [asked("When did the Minhang Lab open?", MORE, (0,), ("2021",))]
OF_HALLS = [asked("When did the Xuhui Hall close?", HALLS, (0,), ("1999",))]
OF_POSTS = [
    replace(asked(f"When was post {n} written?", p, (0,), (f"200{n}",)), of_set="posts") for n, p in enumerate(POSTS)
]
UNANSWERABLE = [asked("Why did it open?", LABS), asked("Why did it close?", HALLS)]
ANSWERABLE = [*OF_LABS, *OF_MORE, *OF_HALLS, *OF_POSTS]
NEAR = {a.key: (HALLS.key,) for a in [*OF_LABS, *OF_POSTS]}


def kept() -> Collection:
    return replace(collection(PARAGRAPHS, []), kept=(*ANSWERABLE, *UNANSWERABLE))


def says(*sentences: float, gold: tuple[int, ...] = (0,), passage: float = 0.0, words: str | None = None) -> Said:
    return Said(gold, np.array(sentences), passage, words)


def test_sets_take_turns_and_in_a_set_its_documents() -> None:
    order = even(ANSWERABLE, kept(), random.Random(1))
    assert sorted(a.key for a in order) == sorted(a.key for a in ANSWERABLE)
    assert [a.of_set for a in order[:6]] in (["toy", "posts"] * 3, ["posts", "toy"] * 3)
    assert [a.of_set for a in order[6:]] == ["toy"] * 3  # the posts have run out
    first_of_toy = [a for a in order if a.of_set == "toy"][:2]
    assert {a.paragraph for a in first_of_toy} & {HALLS.key}  # one question of six, yet among the first two
    assert len({a.paragraph for a in order if a.of_set == "posts"}) == 3


def test_all_kept_questions_are_chosen_with_each_negative_that_can_be_made_of_them() -> None:
    kinds = Counter(item.kind for item in chosen(kept(), NEAR, Config()))
    assert (kinds["answerable"], kinds["unanswerable"], kinds["near"]) == (9, 2, 7)
    assert kinds["exchanged"] >= 1


def test_some_are_chosen_in_their_shares_over_all_sets_and_always_the_same() -> None:
    items = chosen(kept(), NEAR, Config(), count=8)
    assert Counter(item.kind for item in items) == {"answerable": 4, "unanswerable": 2, "near": 1, "exchanged": 1}
    assert {item.asked.of_set for item in items if item.kind == "answerable"} == {"toy", "posts"}
    assert items == chosen(kept(), NEAR, Config(), count=8)


def test_sentences_and_words_are_counted_by_set_and_as_the_mean_over_sets() -> None:
    items = [plain(a) for a in [*OF_LABS[:2], OF_MORE[0], OF_POSTS[0]]]
    said = [
        says(2, 1, words="2019"),
        says(1, 2, words="in 2019"),
        says(3, 1, words="in 2021"),
        says(1, 5, words="in May"),
    ]
    found = validate(said, items, kept())
    assert found["sentence/toy"] == Measure(2 / 3, n=3, documents=1)  # two paragraphs of one title
    assert found["sentence/posts"] == Measure(0, n=1, documents=1)
    assert found["sentence"] == Measure(1 / 3, n=4, documents=2)
    assert found["f1/toy"].value == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)  # "in 2019": precision 1/2, recall 1
    assert found["f1"].value == pytest.approx((1 + 2 / 3 + 2 / 3) / 3 / 2)


def test_what_gives_no_words_has_no_f1() -> None:
    assert not [name for name in validate([says(1)], [plain(OF_POSTS[0])], kept()) if name.startswith("f1")]


def test_each_kind_of_negative_is_compared_with_all_that_is_answerable() -> None:
    items = [
        *(plain(a) for a in [*OF_LABS[:2], *UNANSWERABLE]),
        Item("near", OF_LABS[0], "When?", HALLS.key),
    ]
    passages = [3.0, 1.0, 2.0, 0.0, 4.0]
    found = validate([says(1, passage=value) for value in passages], items, kept())
    assert found["auc/unanswerable"] == Measure(3 / 4, n=2, documents=2)
    assert found["auc/near"] == Measure(0, n=1, documents=1)
    assert found["auc/all"] == Measure(3 / 6, n=3, documents=2)
    assert np.isnan(found["auc/exchanged"].value)


def test_among_passages_the_own_one_has_to_lead_with_a_sentence_that_answers() -> None:
    items = [plain(a) for a in OF_LABS]
    own = [says(3, 1), says(1, 3), says(3, 1), says(3, 1)]  # the second leads with the wrong sentence
    other = [2.0, 2.0, 4.0, 3.0]  # the third is beaten, the fourth met

    def read(asked: Sequence[Item]) -> list[Said]:
        assert [item.paragraph for item in asked] == [LABS.key, HALLS.key] * 4
        return [one for mine, rival in zip(own, other, strict=True) for one in (mine, says(rival, gold=()))]

    assert among(read, items, NEAR, kept()) == {"among": Measure(1 / 4, n=4, documents=1)}


def test_only_questions_with_near_passages_are_read_among_them_and_no_more_than_asked_for() -> None:
    items = [plain(a) for a in [*OF_MORE, *OF_LABS]]
    found = among(lambda asked: [says(1) for _ in asked], items, NEAR, kept(), most=3)
    assert found["among"].n == 3
    assert among(lambda asked: [says(1) for _ in asked], items, {}, kept()) == {}


def test_a_model_is_measured_by_what_it_says() -> None:
    items = chosen(kept(), NEAR, Config())
    read = reading("when did the lab open ? pudong minhang xuhui hall post")
    with workers(2) as pool:
        ways = module.reader(trained(reader(), CPU), kept(), read, pool)
        said = ways(items)
        found = measured(ways, items, NEAR, kept())
    assert [len(one.sentences) for one in said] == [2] * len(items)
    assert all(one.gold == item.gold for one, item in zip(said, items, strict=True))
    for one, item in zip(said, items, strict=True):
        assert one.words
        assert one.words in kept().paragraphs[item.paragraph].text
    assert (found["sentence"].n, found["f1"].n, found["among"].n) == (9, 9, 7)


@pytest.fixture(scope="module")
def baselines(encoder_cache: Path) -> Baselines:
    return Baselines(kept(), Reading.open(encoder_cache / "encoder" / "tokenizer.json"), encoder_cache)


def test_words_and_meaning_each_score_the_sentences_of_a_passage(baselines: Baselines) -> None:
    items = [plain(asked("How many staff has the lab?", LABS, (1,))), plain(asked("When was it closed?", HALLS, (0,)))]
    for one in baselines.cosine(items):
        assert one.hit
        assert one.passage == one.sentences.max() <= 1
    by_words = baselines.bm25(items)
    assert by_words[0].sentences[0] > 0  # "lab"
    assert by_words[0].hit  # "staff" is rarer than "lab"
    assert by_words[1].sentences[1] == 0


def test_the_sum_is_of_z_scores_over_all_that_is_read(baselines: Baselines) -> None:
    items = [plain(OF_LABS[0]), plain(OF_HALLS[0])]
    parts = []
    for said in (baselines.cosine(items), baselines.bm25(items)):
        every = np.concatenate([one.sentences for one in said])
        parts.append((every - np.mean(every)) / np.std(every))
    assert np.concatenate([one.sentences for one in baselines.sum(items)]) == pytest.approx(parts[0] + parts[1])
