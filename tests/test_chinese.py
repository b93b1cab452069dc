import doctest
from collections import Counter

import pytest

from shanghai_qa import chinese, lexicon
from shanghai_qa.chinese import in_english
from shanghai_qa.data import lines
from shanghai_qa.lexicon import Lexicon
from shanghai_qa.question import Wanted
from tests.samples import asked, document

NAMES = {"星辰科技": "Starlight Technology", "北斗湾": "Beidou Bay", "三大工程": "three great works"}


def english(text: str) -> str:
    return in_english(text, NAMES)


@pytest.mark.parametrize("module", [chinese, lexicon])
def test_the_examples_in_docstrings_are_true(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("星辰科技是哪一年成立的？", "in which year was Starlight Technology founded?"),
        ("星辰科技的创始人是谁？", "who is the founder of Starlight Technology?"),
        ("谁创立了星辰科技？", "who founded Starlight Technology?"),
        ("星辰科技是由谁创办的？", "who founded Starlight Technology?"),
        ("星辰科技的总部在哪里？", "where is the headquarters of Starlight Technology?"),
        ("星辰科技在哪个区？", "in which district is Starlight Technology?"),
        ("星辰科技在哪个交易所上市？", "in which exchange is Starlight Technology listed?"),
        ("星辰科技有多少名员工？", "how many employees does Starlight Technology have?"),
        ("星辰科技2024年出货了多少台机器人？", "how many robots did Starlight Technology ship in 2024?"),
        ("星辰科技2024年的收入是多少亿元？", "what was the revenue of Starlight Technology in 2024?"),
        ("星辰科技花了多少钱？", "how much money did Starlight Technology cost?"),
        ("北斗湾的面积有多大？", "how large is the area of Beidou Bay?"),
        ("北斗湾有多少平方公里？", "how many square kilometres is Beidou Bay?"),
        ("哪家公司收购了星辰科技？", "which company acquired Starlight Technology?"),
        ("为什么星辰科技推迟上市？", "why does Starlight Technology postpone listing?"),
        ("上海研发经费占GDP的比例是多少？", "what share of GDP is Shanghai research and development spending?"),
        ("星辰科技和特斯拉谁出货更多？", "who shipped more, Starlight Technology or Tesla?"),
        ("上海和北京哪个城市的独角兽最多？", "which city has the most unicorns, Shanghai or Beijing?"),
        ("星辰科技创立的实验室在哪里？", "where is laboratory that Starlight Technology founded?"),
    ],
)
def test_what_is_asked_comes_first(text: str, expected: str) -> None:
    assert english(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("星辰科技在上海有工厂吗？", "does Starlight Technology have plant in Shanghai?"),
        ("星辰科技有没有工厂？", "does Starlight Technology have plant?"),
        ("星辰科技是不是上海的公司？", "is Starlight Technology the company of Shanghai?"),
        ("星辰科技能制造3纳米芯片吗？", "can Starlight Technology make 3 nm chip?"),
        ("特斯拉是否收购了星辰科技？", "did Tesla acquire Starlight Technology?"),
        ("星辰科技比特斯拉快吗？", "is Starlight Technology faster than Tesla?"),
    ],
)
def test_a_question_for_yes_or_no_opens_with_an_auxiliary(text: str, expected: str) -> None:
    assert english(text) == expected


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("上海有多少家独角兽企业？", Wanted.COUNT),
        ("中芯国际的市场份额是多少？", Wanted.PERCENT),
        ("中芯国际的利润是多少？", Wanted.MONEY),
        ("中芯国际花了多少钱？", Wanted.MONEY),
        ("华虹的工厂有多高？", Wanted.NUMBER),
        ("中芯国际什么时候上市？", Wanted.DATE),
        ("谁领导中芯国际？", Wanted.WHO),
        ("华虹的工厂在哪儿？", Wanted.WHERE),
        ("中芯国际为什么被制裁？", Wanted.WHY),
        ("中芯国际上市了吗？", Wanted.YES_NO),
    ],
)
def test_the_kind_of_answer_is_read_off_a_chinese_question(text: str, wanted: Wanted) -> None:
    assert asked(text).wanted is wanted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3万亿元", "3 trillion yuan"),
        ("1.2亿美元", "US$120 million"),
        ("5,000万港元", "HK$50 million"),
        ("三千五百万元", "35 million yuan"),
        ("2万人", "20,000 people"),
        ("三家公司", "three company"),
        ("3家公司", "3 company"),
        ("三纳米", "3 nm"),
        ("12英寸", "12 inch"),
        ("百分之四十五", "45 percent"),
        ("5%", "5%"),
        ("第三代", "third generation"),
        ("第22个", "22nd"),
        ("第400万辆", "4 millionth"),
        ("每一万名工人", "per 10,000 workers"),
    ],
)
def test_numbers_are_written_as_the_corpus_writes_them(text: str, expected: str) -> None:
    assert english(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025年", "in 2025"),
        ("二〇二五年", "in 2025"),
        ("2025年3月", "in March 2025"),
        ("2025年3月15日", "on 15 March 2025"),
        ("十二月", "in December"),
        ("2024年第四季度", "in the fourth quarter of 2024"),
        ("2024年上半年", "in the first half of 2024"),
        ("2024年底", "at the end of 2024"),
        ("截至2024年6月", "as of June 2024"),
        ("到2027年", "by 2027"),
        ("自2019年以来", "since 2019"),
        ("2020年至2024年", "from 2020 to 2024"),
        ("三年前", "three years earlier"),
        ("去年", "last year"),
        ("2023年和2024年", "in 2023 and in 2024"),
    ],
)
def test_dates_are_written_as_the_corpus_writes_them(text: str, expected: str) -> None:
    assert english(text) == expected


def test_when_stands_at_the_end() -> None:
    assert english("2024年，星辰科技的利润是多少？") == "what was the profit of Starlight Technology in 2024?"


def test_what_is_compared_with_a_year_stays_so() -> None:
    expected = "how much did the revenue of Starlight Technology grow in 2024 compared with 2023?"
    assert english("星辰科技2024年的收入比2023年增长了多少？") == expected


def test_two_questions_stay_two() -> None:
    assert english("星辰科技是哪年成立的，创始人是谁？") == (
        "in which year was Starlight Technology founded, and who is the founder?"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("那星辰科技呢？", "what about Starlight Technology?"),
        ("那2023年呢？", "what about 2023?"),
        ("它的创始人是谁？", "who is its founder?"),
        ("它有多少用户？", "how many users does it have?"),
        ("什么时候投产？", "when did it start production?"),
        ("为什么？", "why?"),
    ],
)
def test_a_follow_up_is_one_in_english(text: str, expected: str) -> None:
    assert english(text) == expected


def test_traditional_characters_are_read_as_simplified_ones() -> None:
    assert english("特斯拉上海工廠什麼時候開始建設？") == english("特斯拉上海工厂什么时候开始建设？")


def test_words_are_found_over_the_whole_clause() -> None:
    assert english("中国有多少人才？") == "how many talent does China have?"  # not 国有, state-owned, nor 多少人
    assert english("多少项目？") == "how many projects is it?"


@pytest.mark.parametrize(
    "text",
    ["蓝鲸科技的利润是多少？", "小鹿公司的董事长是谁？", "赤水河畔有多少家工厂？", "上海有多少家沙县小吃？"],
)
def test_a_name_that_nothing_explains_stays_chinese(text: str) -> None:
    name = {"蓝": "蓝鲸", "小": "小鹿", "赤": "赤水河畔", "上": "沙县小吃"}[text[0]]
    assert name in english(text)
    assert asked(text).names & {name[at : at + 2] for at in range(len(name) - 1)}


def test_short_particles_that_are_no_words_of_the_glossary_go() -> None:
    assert english("星辰科技呀究竟是谁给办起的呢？").isascii()


def test_light_characters_before_what_ends_a_name_are_one() -> None:
    assert "记办" in english("记办科技的创始人是谁？")


def test_what_the_corpus_explains_goes_before_what_its_characters_say() -> None:
    assert english("三大工程是什么？") == "what is the three great works?"


def test_an_english_question_is_left_alone() -> None:
    assert english("Who founded SMIC in 2000?") == "Who founded SMIC in 2000?"


@pytest.mark.parametrize("text", ["的", "吗", "。", "的的的", "第零", "在哪", "时谁" * 900, "的" * 2000, "谁是" * 900])
def test_odd_questions_are_read_somehow(text: str) -> None:
    assert english(text)


@pytest.mark.parametrize(
    ("sentence", "name", "expected"),
    [
        ("The office of SMIC (中芯国际) is here.", "中芯国际", "SMIC"),
        ("It was said by Vice Mayor Zhou Bo (周波).", "周波", "Zhou Bo"),
        ("On 25 May 2025 Tongji University (同济大学) opened it.", "同济大学", "Tongji University"),
        ("They met at WAIC 2022. Zhang Ying (张英) spoke.", "张英", "Zhang Ying"),
        ("Work at the Shanghai synchrotron (上海光源) began.", "上海光源", "Shanghai synchrotron"),
        ("Shanghai builds its five new towns (五个新城).", "五个新城", "five new towns"),
        ("Light Source (SLS, 光源) opened.", "光源", "Light Source"),
        ("The chip Zuchongzhi 3.2 (祖冲之3.2号) works.", "祖冲之3.2号", "Zuchongzhi 3.2"),
    ],
)
def test_a_lexicon_reads_chinese_names_off_brackets(sentence: str, name: str, expected: str) -> None:
    assert Lexicon.of([document(title="Names", text=sentence)]).chinese == {name: expected}


def test_the_glossary_has_each_word_once_in_its_kinds() -> None:
    counted = {"measure", "unit", "coin"}
    kind, words = "", Counter[tuple[str, str]]()
    for line in lines("chinese.txt"):
        if line.startswith("["):
            kind = line[1:-1]
        elif kind not in {"light", "traditional"}:
            words[kind if kind in counted else "", line.split()[0]] += 1
    assert [word for word, times in words.items() if times > 1] == []
    assert len(words) > 1200
