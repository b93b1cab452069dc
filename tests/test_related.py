import pytest

from shanghai_qa.data import lines
from shanghai_qa.question import related
from shanghai_qa.words import terms

GROUPS = lines("related.txt")


def stem(word: str) -> str:
    (only,) = terms(word)
    return only


def test_each_word_of_a_group_is_one_term_and_no_stop_word() -> None:
    assert [word for group in GROUPS for word in group.split() if len(terms(word)) != 1] == []


def test_the_words_of_a_group_have_stems_of_their_own_and_are_two_at_least() -> None:
    stems = {group: terms(group) for group in GROUPS}
    assert [group for group, own in stems.items() if len(own) < 2 or len(set(own)) < len(own)] == []


def test_no_group_says_what_another_says_already() -> None:
    stems = [frozenset(terms(group)) for group in GROUPS]
    assert len(stems) == len(set(stems))
    assert [GROUPS[n] for n, group in enumerate(stems) if any(group < other for other in stems)] == []


def test_words_of_one_group_stand_for_one_another_and_none_for_itself() -> None:
    for group in GROUPS:
        for term in terms(group):
            assert related(term) >= set(terms(group)) - {term}
            assert term not in related(term)
            assert all(term in related(near) for near in related(term))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("masts", "stations"),
        ("masts", "towers"),
        ("put", "built"),
        ("flotation", "listing"),
        ("flotation", "IPO"),
        ("take", "revenue"),
        ("turnover", "revenue"),
        ("blacklisted", "Entity"),
        ("boss", "CEO"),
        ("turn", "output"),
        ("air", "flight"),
        ("maiden", "first"),
        ("deep", "depth"),
        ("tall", "high"),
        ("sell", "sales"),
        ("chose", "choice"),
        ("bought", "purchases"),
        ("taught", "teaches"),
        ("leads", "led"),
        ("lorries", "trucks"),
        ("kilometers", "kilometres"),
        ("America", "American"),
        ("staff", "employees"),
        ("kids", "children"),
        ("qualify", "eligible"),
    ],
)
def test_people_ask_in_other_words_than_documents_use(asked: str, said: str) -> None:
    assert stem(said) in related(stem(asked))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("chip", "wafer"),
        ("research", "university"),
        ("rise", "fall"),
        ("profit", "loss"),
        ("buy", "sell"),
        ("import", "export"),
        ("qubit", "quantum"),
        ("district", "park"),
    ],
)
def test_a_shared_subject_or_an_opposite_relates_no_words(one: str, other: str) -> None:
    assert stem(other) not in related(stem(one))


def test_groups_do_not_join_through_a_word_of_two_senses() -> None:
    assert stem("employ") in related(stem("use"))
    assert stem("hire") in related(stem("employ"))
    assert stem("hire") not in related(stem("use"))


def test_a_word_of_no_group_has_none_related() -> None:
    assert related("xyzzy") == frozenset()
