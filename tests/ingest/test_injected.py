import random
import time
from collections import Counter
from pathlib import Path

import pytest
import yaml

from evals.cleaning import HELD_OUT, ROUNDS, Case, injected_cases, measure
from ingest.injected import without_injected
from ingest.loaded import Removed
from shanghai_qa.settings import default_corpus

REPORT = Path(__file__).parents[3] / "shared" / "inputs" / "report-original.txt"

PAGE = """The glow of the harbour competes with that of its data centres.

Wafers by the river
上海龙凤419自荐 The fab in Lingang has grown 140% since 2021, with a new line beginning trial production.

Robot street
The district shows remarkable specialisation:
- Xuhui focuses on hearing (37% of China's patents for it)
上海龙凤419社区 - Putuo hosts makers of language models
- Yangpu's "Robot Town" (机器人小镇) incubates walkers
City data shows robots in 93% of hospitals.

Workshop
上海品茶论坛 A policy called "open workshop" lets firms use state machines. 1,087 of them did."""

CLEAN_PAGE = """The glow of the harbour competes with that of its data centres.

Wafers by the river
The fab in Lingang has grown 140% since 2021, with a new line beginning trial production.

Robot street
The district shows remarkable specialisation:
- Xuhui focuses on hearing (37% of China's patents for it)
- Putuo hosts makers of language models
- Yangpu's "Robot Town" (机器人小镇) incubates walkers
City data shows robots in 93% of hospitals.

Workshop
A policy called "open workshop" lets firms use state machines. 1,087 of them did."""


def test_advertising_put_into_a_page_goes_and_every_other_word_stays() -> None:
    why = "advertising in another script"
    assert without_injected(PAGE) == (
        CLEAN_PAGE,
        (Removed("上海龙凤419自荐", why, 4), Removed("上海龙凤419社区", why, 9), Removed("上海品茶论坛", why, 14)),
    )


@pytest.mark.skipif(not REPORT.is_file(), reason="the page that the project starts from is not here")
def test_the_page_that_the_project_starts_from_loses_three_fragments_and_nothing_else() -> None:
    page = REPORT.read_text(encoding="utf-8")
    text, removed = without_injected(page)
    assert [(one.text, one.line) for one in removed] == [
        ("上海龙凤419自荐", 10), ("上海龙凤419社区", 15), ("上海品茶论坛", 20),
    ]  # fmt: skip
    expected = page.replace("上海龙凤419自荐 ", "").replace("上海龙凤419社区 - Putuo", "- Putuo")
    assert text == expected.replace("上海品茶论坛 ", "")


@pytest.mark.parametrize(
    ("page", "clean"),
    [
        ("上海龙凤419 Fog grounds the drones.", "Fog grounds the drones."),
        ("Fog grounds the drones. 上海龙凤419", "Fog grounds the drones."),
        ("Fog grounds 上海龙凤419 the drones.", "Fog grounds the drones."),
        ("Fog, 上海品茶论坛, or rain grounds the drones.", "Fog, or rain grounds the drones."),
        ("上海龙凤419论坛Fog grounds the drones.", "Fog grounds the drones."),
        ("Fog grounds the drones.上海龙凤419论坛", "Fog grounds the drones."),
        ("Fog is grey.\n上海品茶论坛\nIt grounds drones.", "Fog is grey.\nIt grounds drones."),
        ("# Fog\n上海夜网 | Fog grounds the drones.", "# Fog\nFog grounds the drones."),
        ("- Fog and rain\n- 时时彩开户\n- Rain and hail", "- Fog and rain\n- Rain and hail"),
        ("上海龙凤419论坛 - Fog grounds the drones.", "Fog grounds the drones."),
        ("上海 龙 凤 419 In 2024 fog grounded 43 drones.", "In 2024 fog grounded 43 drones."),
        ("上海龙凤 43 drones were grounded.", "43 drones were grounded."),
        ("上\u200b海\u200b龙\u200b凤\u200b419 Fog grounds the drones.", "Fog grounds the drones."),
        ("上·海·龙·凤·4·1·9 Fog grounds the drones.", "Fog grounds the drones."),
        ("上海龙凤４１９ Fog grounds the drones.", "Fog grounds the drones."),
        ("愛上海龍鳳419論壇 Fog grounds the drones.", "Fog grounds the drones."),
        ("🔥上海外围🔥 Fog grounds the drones.", "Fog grounds the drones."),
        ("【上海品茶网】 Fog grounds the drones.", "Fog grounds the drones."),
        ("加微信：abc88888 Fog grounds the drones.", "Fog grounds the drones."),
        ("微信hq887766Fog grounds the drones.", "Fog grounds the drones."),
        ("Fog grounds the drones. Вuу сhеар vіаgrа оnlіnе", "Fog grounds the drones."),
        ("大雾 best online casino bonus 停飞。", "大雾停飞。"),
        ("大雾停飞，www.shlf1314.com 螃蟹等候。", "大雾停飞，螃蟹等候。"),
        ("大雾停飞。\nTelegram @sh_tea99\n螃蟹等候。", "大雾停飞。\n螃蟹等候。"),
        ("大雾停飞，ｂｅｔ３６５ ｃａｓｉｎｏ 螃蟹等候。", "大雾停飞，螃蟹等候。"),
        ("大雾停飞，螃蟹等候。 上海龙凤419论坛", "大雾停飞，螃蟹等候。"),
        ("南京 上海龙凤419论坛 大雾停飞，螃蟹等候。", "南京大雾停飞，螃蟹等候。"),
        ("大雾停飞， казино онлайн бонус 螃蟹等候。", "大雾停飞，螃蟹等候。"),
        ("上海品茶 Fog grounds 上海品茶网 drones. 上海夜网", "Fog grounds drones."),
        ("Made by Fosun (复星). 上海龙凤419 Sold by 京东 JD.com.", "Made by Fosun (复星). Sold by 京东 JD.com."),
    ],
)
def test_fragments_go_wherever_they_stand_and_however_they_are_disguised(page: str, clean: str) -> None:
    assert without_injected(page)[0] == clean


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "Fog grounds the drones.",
        "Wafers by SMIC (中芯国际) and “上海龙凤” qipaos.",
        'Police closed a forum called 上海龙凤419, and a site named "品茶论坛".',
        "Tencent 腾讯, Alibaba 阿里巴巴 and Ele.me 饿了么外卖 share a street.",
        "GSR Ventures 金沙江创投 and Galaxy Macau 澳门银河 bought the STAR 50 科创50.",
        "中芯国际集成电路制造有限公司\n华虹半导体有限公司",
        "# 张江科学城\nZhangjiang counts 24,000 companies.\n# 临港\nLingang has 1,400.",
        "Media: Ms Shen 沈女士, 微信 shen_press2025, 电话 021-23110000",
        "上海市公安局查处利用“上海龙凤419论坛”发布品茶、外围等招嫖信息的团伙。",
        "市民可在茶楼喝茶、品茶，也可预约外卖和上门服务，电话 021-59720000。",
        "常见骗局\n刷单\n裸聊\n网贷\n代开发票",
        "英国 Betfair 的 sports betting 业务与 MGM 的 casino 使用该公司芯片。",
        "订阅请登录 www.shanghai.gov.cn，或关注 WeChat 公众号。",
        "α-synuclein, Дмитрий Иванов and 5 µm stay as they are.",
        "\U000f0000Page two begins here.",
    ],
)
def test_real_names_and_real_chinese_stay_whole(text: str) -> None:
    assert without_injected(text) == (text, ())


@pytest.mark.parametrize("round", ROUNDS)
def test_precision_and_recall_are_at_least_98_percent_in_every_round(round: str) -> None:
    _expect_measure(injected_cases(round))  # type: ignore[arg-type]


def test_the_measure_rests_on_enough_cases() -> None:
    assert len(injected_cases(HELD_OUT)) > 150
    cases = [case for round in ROUNDS for case in injected_cases(round)]
    assert len(cases) > 1500
    assert sum(not case.goes for case in cases) > 400


def _expect_measure(cases: list[Case]) -> None:
    measured = measure(cases, without_injected)
    for right, taken, due in (measured.characters, measured.fragments):
        assert right / taken >= 0.98, measured
        assert right / due >= 0.98, measured


def test_texts_without_advertising_lose_nothing() -> None:
    kept = [case for round in ROUNDS for case in injected_cases(round) if not case.goes]
    assert [case.page for case in kept if without_injected(case.page) != (case.page, ())] == []


def test_the_corpus_loses_nothing() -> None:
    for path in default_corpus().rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert without_injected(text) == (text, ()), path


def soups() -> list[str]:
    """Lines, advertising and odd characters thrown together."""
    dice = random.Random(11)
    data = yaml.safe_load((Path(__file__).parents[2] / "evals" / "injected.yaml").read_text(encoding="utf-8"))[HELD_OUT]
    families = (*data["into_english"].values(), *data["into_chinese"].values())
    pieces = [
        *(fragment for family in families for fragment in family),
        *(row for page in (*data["english"], *data["chinese"], *data["keep"]) for row in page.split("\n")),
        *" \n-|:.,，。()（）\"“”上海品茶线 微信qq@a🔥\u200b…\U000f0000\r\t" * 3,
        "419 ", "- ", "# ", "www.", ".com", "1314",
    ]  # fmt: skip
    return ["".join(dice.choices(pieces, k=dice.randrange(1, 25))) for _ in range(600)]


def test_cleaning_twice_is_cleaning_once_and_loses_no_letter_that_it_does_not_tell() -> None:
    for soup in soups():
        text, removed = without_injected(soup)
        assert without_injected(text) == (text, ()), soup
        rest = iter(soup)
        assert all(character in rest for character in text if not character.isspace()), soup
        gone = Counter(soup) - Counter(text) - Counter("".join(one.text for one in removed))
        assert not any(map(str.isalpha, gone)), soup


ENGLISH = "The fab in Lingang (临港) opened in March, and 1,400 engineers – most of them young – work there. "
CHINESE = "临港新片区的晶圆厂今年三月投产，首期月产能为两万片，设备国产化率已超过六成。"


@pytest.mark.parametrize(
    ("line", "fragments"),
    [
        (ENGLISH * 100_000, 0),
        (CHINESE * 85_000, 0),
        ((ENGLISH * 100 + "上海龙凤419自荐 ") * 1000, 1000),
        ("a" * 10_000_000, 0),
        ("品" * 3_000_000, 0),
        ("word " * 50 + "上海品茶论坛" + "中国人民。" * 500_000, 0),
    ],
    ids=["English", "Chinese", "with advertising", "one letter", "one character", "a long Chinese line"],
)
def test_a_line_of_ten_megabytes_takes_seconds(line: str, fragments: int) -> None:
    started = time.process_time()
    _, removed = without_injected(line)
    assert len(removed) == fragments
    assert time.process_time() - started < 40
