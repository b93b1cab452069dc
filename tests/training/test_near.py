import json
from dataclasses import replace
from pathlib import Path

from tests.training.toys import asked, collection, paragraph
from training.data import Asked, Paragraph
from training.near import may_answer, near

OWN = paragraph("Ada Lee founded the Pudong lab in spring. It grew.")
RIVAL = paragraph("Bob Ray founded the Minhang lab in autumn.")
SAME_ANSWER = paragraph("The founder of the lab, Ada Lee, left.")
WEATHER = paragraph("It rained all day long.")
ELSEWHERE = paragraph("Eve Kim founded the Xuhui lab.")  # of another part: no question of this one is about it
WHO = asked("Who founded the Pudong lab?", OWN, (0,), ("Ada Lee",))
PART = [WHO, *(asked("Why?", p) for p in (RIVAL, SAME_ANSWER, WEATHER))]


def test_a_passage_with_the_answer_in_it_may_answer() -> None:
    question = asked("Who founded the lab?", OWN, (0,), ("Ada Lee",))
    assert may_answer(question, OWN, paragraph("ADA LEE left."))
    assert not may_answer(question, OWN, paragraph("Bob Ray founded the lab."))


def test_without_a_known_answer_half_of_what_the_gold_sentence_adds_is_enough() -> None:
    question = asked("who founded the pudong lab?", OWN, (0,))  # it adds: ada, lee, spring
    assert may_answer(question, OWN, paragraph("Ada came in spring."))
    assert not may_answer(question, OWN, paragraph("The Pudong lab was founded by Ada."))


def found(cache: Path, part: list[Asked] = PART, *more: Paragraph) -> dict[str, tuple[str, ...]]:
    return near(part, collection([OWN, RIVAL, SAME_ANSWER, WEATHER, ELSEWHERE, *more], []), cache)


def test_near_passages_are_of_the_same_part_nearest_first_and_do_not_answer(encoder_cache: Path) -> None:
    assert found(encoder_cache) == {WHO.key: (RIVAL.key, WEATHER.key)}


def test_a_passage_that_stands_twice_is_near_once_and_the_own_one_never(encoder_cache: Path) -> None:
    again = [replace(p, key=f"{p.key} again") for p in (OWN, RIVAL)]
    part = [*PART, *(asked("Why?", p) for p in again)]
    (keys,) = found(encoder_cache, part, *again).values()
    assert [key.removesuffix(" again") for key in keys] == [RIVAL.key, WEATHER.key]


def test_what_was_found_is_kept_until_a_text_an_answer_or_a_gold_sentence_changes(
    encoder_cache: Path, tmp_path: Path
) -> None:
    (tmp_path / "encoder").symlink_to(encoder_cache / "encoder")
    found(tmp_path)
    (path,) = tmp_path.glob("near-*.json")
    path.write_text(json.dumps({WHO.key: ["kept"]}))
    assert found(tmp_path) == {WHO.key: ("kept",)}
    for changed in (replace(WHO, text="Who left?"), replace(WHO, answers=("Bob Ray",)), replace(WHO, gold=(1,))):
        assert found(tmp_path, [changed, *PART[1:]]) != {WHO.key: ("kept",)}
    snowed = replace(WEATHER, text="It snowed all day long.")
    assert found(tmp_path, PART, snowed) != {WHO.key: ("kept",)}
    assert len([*tmp_path.glob("near-*.json")]) == 5
