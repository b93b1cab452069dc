import random
from itertools import pairwise

import pytest

from ingest.sentences import Section, enclosed, sections, sentences
from shanghai_qa.values import Span


def split(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text)]


@pytest.mark.parametrize(
    "text",
    [
        "SMIC grew. | Hua Hong shrank.",
        "Did SMIC grow? | Yes! | Hua Hong shrank.",
        "SMIC grew (by 3.5 percent). | Hua Hong shrank.",
        "“SMIC grew.” | Hua Hong shrank.",
        "(SMIC grew.) | Hua Hong shrank.",
        "SMIC was third... | Hua Hong was sixth.",
        "Fans love it!!! | “Genshin Impact” leads.",
        "SMIC grew. | 28 fabs closed.",
        "SMIC grew. | iFlytek followed.",
        "Sales grew 3.5 percent to US$1.25 billion at Trip.com in 2024. | Ctrip is the former name.",
        "Readers go to Trip.com. | The site is in Shanghai.",
        "Zuchongzhi 3.0. | WebProNews wrote of it.",
        "Dr. Wei Zhang, Mr. Li and Prof. Wu met at St. Mary's vs. the others, e.g. Fudan, i.e. there.",
        "Benjamin L. Liebman met J. K. Smith. | Both wrote.",
        "Visits passed 120,000 P. | Pan Yan said so.",
        "Shanghai chose Plan B. | The plan worked.",
        "NIO filed amendment no. 1 to No. 56 Antuo Road. | NIO moved.",
        "Was it a success? | No. | The figures say otherwise.",
        "Tesla Inc. built a plant. | Apple Inc. | In 2019 Tesla Inc. opened it.",
        "Cognosphere Pte. Ltd. and Huawei Technologies Co., Ltd. (华为) trade.",
        "Hua Hong sold it to NEC Corp. | The price was not told.",
        "The U.S. Commerce Department wrote to the U.S. | In 2024 nothing came back.",
        "By 2 p.m. on 28 July 156 groups came. | By 3 p.m. | The hall was full.",
        "It was founded on approx. 3 hectares (est. 1999) in Jan. 2000. | It grew.",
        "Yahoo! said so.",
        "The article 'Automating Fairness? AI in the Courts' asks. | The answer's long.",
        "He asked “Who is next? Who was last?” and left.",
        "The plan (announced in May. Amended in June.) holds. | It ends.",
        "张江在浦东。 | 徐汇呢？ | “很好！” | 结束。",
        "张江在浦东。 | SMIC也在。",
        "The plan 《你好！上海》 holds. | “模塑申城！” is its name.",
        "No full stop",
        "One.\n | Two.",
        "One line\n | Another line",
        "# A heading. Not a sentence\n | A sentence.",
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str) -> None:
    expected = [part.strip() for part in text.split(" | ") if not part.startswith("#")]
    assert split(text.replace(" | ", " ").replace("\n ", "\n")) == expected


def test_the_mark_of_a_list_item_belongs_to_no_sentence() -> None:
    assert split("- One. Two.\n2. Three.\n\n• Four") == ["One.", "Two.", "Three.", "Four"]


def test_chinese_sentences_need_no_space_between_them() -> None:
    assert split("张江在浦东。徐汇呢？（在浦西。）完") == ["张江在浦东。", "徐汇呢？", "（在浦西。）", "完"]


@pytest.mark.parametrize("text", ["", " \n ", "---", "…", "“”"])
def test_what_holds_no_word_is_no_sentence(text: str) -> None:
    assert split(text) == []


def test_only_the_stretch_asked_for_is_divided_and_offsets_count_from_the_text() -> None:
    text = "# Title\n\n## Part\nOne.  Two. "
    assert sentences(text, 17) == (Span(17, 21), Span(23, 27))
    assert sentences(text, 17, 22) == (Span(17, 21),)
    assert sentences(text, 17, 17) == ()


def test_sentences_lie_in_order_and_hold_all_words() -> None:
    dice = random.Random(5)
    pieces = [*"aB张1.!?。\"'“”()（） \n", "Inc.", "Dr. ", "U.S.", " The ", "3.5", "- "]
    for _ in range(3000):
        text = "".join(dice.choices(pieces, k=dice.randrange(30)))
        spans = sentences(text)
        assert all(a.end <= b.start for a, b in pairwise(spans)), repr(text)
        assert all(text[s.start : s.end] == text[s.start : s.end].strip() != "" for s in spans), repr(text)
        inside = {i for s in spans for i in range(s.start, s.end)}
        assert not any(c.isalpha() and i not in inside for i, c in enumerate(text)), repr(text)


def test_sections_run_from_heading_to_heading() -> None:
    text = "Above.\n# Title\n\n## Part\nOne.\n\nTwo.\n## Empty\n"
    assert sections(text) == (
        Section(0, "", 0, Span(0, 6)),
        Section(1, "Title", 7, Span(16, 16)),
        Section(2, "Part", 16, Span(24, 34)),
        Section(2, "Empty", 35, Span(44, 44)),
    )


def test_a_text_without_headings_is_one_section_and_no_text_is_none() -> None:
    assert sections("One.\n") == (Section(0, "", 0, Span(0, 4)),)
    assert sections(" \n") == ()


def test_brackets_and_quotation_marks_enclose_and_apostrophes_do_not() -> None:
    line = "SMIC's (中芯) 'Plan' isn't “x (y)”."
    assert {line[span.start : span.end] for span in enclosed(line)} == {"(中芯)", "'Plan'", "(y)", "“x (y)”"}
    assert enclosed("no) (match") == []
