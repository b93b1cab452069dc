"""What sentences that do not name their subject lean on, and how they are shown."""

import time
import tracemalloc

import pytest

from shanghai_qa.context import contexts, in_full, is_quote
from shanghai_qa.prove import source_of
from shanghai_qa.values import Citation, CitedContext, Context, Span
from tests.samples import document


def spans(*sentences: str) -> tuple[str, tuple[Span, ...]]:
    text, found = "", []
    for sentence in sentences:
        found.append(Span(len(text), len(text) + len(sentence)))
        text += f"{sentence} "
    return text, tuple(found)


def full(*sentences: str) -> str:
    """The last of some sentences of a section, with its subject."""
    text, found = spans(*sentences)
    context = contexts(text, found)[-1]
    return in_full(sentences[-1], context.subject if context else "")


@pytest.mark.parametrize(
    ("before", "sentence", "shown"),
    [
        ("SMIC makes chips in Shanghai.", "It was founded in 2000.", "It [SMIC] was founded in 2000."),
        ("Hua Hong Group runs a fab.", "Its output doubled.", "Its [Hua Hong Group] output doubled."),
        ("In 2024, MiniMax raised 600 million.", "The company is valued at 2.5 billion.",
         "The company [MiniMax] is valued at 2.5 billion."),
        ("According to Reuters, MiniMax raised 600 million.", "The startup is in Shanghai.",
         "The startup [MiniMax] is in Shanghai."),
        ("The STAR Market opened in 2019.", "It lists 573 firms.", "It [STAR Market] lists 573 firms."),
        ("Zhang Rujing founded SMIC in 2000.", "He left in 2009.", "He [Zhang Rujing] left in 2009."),
        ("SMIC was founded by Zhang Rujing.", "He left in 2009.", "He [Zhang Rujing] left in 2009."),
        ("SMIC hired Liang Mong Song and Zhao Haijun.", "He was at TSMC.", "He was at TSMC."),  # who?
        ("Output grew at SMIC.", "It was a record.", "It was a record."),  # the output or SMIC?
        ("Huawei has a campus near Qingpu, where Huawei employs 30,000.", "The company pays well.",
         "The company [Huawei] pays well."),
        ("SMIC and Hua Hong grew.", "They compete.", "They compete."),
        ("SMIC has a new plan.", "This plan costs 1 billion.", "This plan costs 1 billion."),
        ("SMIC is large.", "We asked its chief.", "We asked its chief."),
        ("SMIC is large.", "He Fan teaches in Shanghai.", "He Fan teaches in Shanghai."),
        ("中芯国际成立于2000年。", "该公司总部位于上海。", "该公司[中芯国际]总部位于上海。"),
        ("2023年，商汤科技发布了新模型。", "其收入增长了一倍。", "其[商汤科技]收入增长了一倍。"),
        ("中芯国际是一家芯片制造商。", "其中一座工厂在临港。", "其中一座工厂在临港。"),
    ],
)  # fmt: skip
def test_the_subject_is_named_in_brackets_where_the_form_tells_it(before: str, sentence: str, shown: str) -> None:
    assert full(before, sentence) == shown


def test_a_chain_of_sentences_leans_on_the_last_that_names_its_subject_not_too_far_back() -> None:
    chain = ("SMIC makes chips.", "It is in Pudong.", "It is large.", "It is listed.", "It has fabs.")
    text, found = spans(*chain)
    leaning = contexts(text, found)
    assert leaning[0] is None
    assert leaning[1] == leaning[2] == leaning[3] == Context(0, 17, "SMIC")
    assert leaning[4] is None


def test_nothing_before_is_nothing_to_lean_on() -> None:
    text, found = spans("It was founded in 2000.")
    assert contexts(text, found) == (None,)


def test_a_statement_is_its_quote_with_no_other_subject_than_its_context_names() -> None:
    source = source_of(document(text="SMIC makes chips. It was founded in 2000."))
    context = CitedContext("SMIC makes chips.", 0, 17, "SMIC")
    citation = Citation(1, "It was founded in 2000.", 18, 41, "", source, context=context)
    assert is_quote("It was founded in 2000.", citation)
    assert is_quote("It [SMIC] was founded in 2000.", citation)
    assert not is_quote("It [Hua Hong] was founded in 2000.", citation)
    assert not is_quote("It [SMIC makes] was founded in 2000.", citation)
    bare = Citation(1, "It was founded in 2000.", 18, 41, "", source)
    assert not is_quote("It [SMIC] was founded in 2000.", bare)


def test_a_text_ten_times_as_long_takes_some_ten_times_as_long() -> None:
    def seconds(sentences: int) -> float:
        text, found = spans(*["Growth was strong here.", "It rose."] * (sentences // 2))
        started = time.perf_counter()
        for at in range(0, len(found), 50):
            contexts(text, found[at : at + 50])
        return time.perf_counter() - started

    few = min(seconds(1_000) for _ in range(3))
    assert seconds(10_000) < 30 * few


def test_data_within_a_sentence_costs_no_memory() -> None:
    data = "".join(f"Ab{n}+/" for n in range(60_000))
    text = f"Sensetime opened a lab in Shanghai. It has 32 people. See the logo {data} here."
    tracemalloc.start()
    contexts(text, [Span(0, 35), Span(36, 53), Span(54, len(text))])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 50_000_000
