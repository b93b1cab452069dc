import random
import time
from pathlib import Path

import pytest
import yaml

from evals.cleaning import ROUNDS
from ingest.decode import decode, mended
from shanghai_qa.errors import CorpusError
from shanghai_qa.settings import default_corpus

_DATA = yaml.safe_load((Path(__file__).parents[2] / "evals" / "injected.yaml").read_text(encoding="utf-8"))
SIMPLIFIED = [page for round in ROUNDS for page in _DATA[round]["chinese"]]
ENGLISH = [page for round in ROUNDS for page in _DATA[round]["english"]]
TRADITIONAL = [
    "臨港的晶圓廠今年三月投產，首期月產能為兩萬片。設備國產化率已超過六成，主要供應商來自嘉定和松江。",
    "華山醫院引入四十二台配送機器人，每班可為護士節省約四公里步行距離。醫院資訊科介紹，系統採用專網，資料不出院區。",
    "張江科學城現有企業兩萬四千餘家，多數為小微企業。園區共享光源、雷射裝置和質子治療中心。去年租金上漲百分之六。",
    "洋山港全年完成貨櫃吞吐量五千一百五十萬標準箱，繼續位居世界第一。遠端操控中心位於臨港，一名司機可操作六台橋吊。",
]
JAPANESE = [
    "上海の半導体工場は今年三月に操業を始めた。千四百人の技術者が働いている。市の担当者は「支援を続ける」と話した。",
    "病院では四十二台のロボットが検体を運んでいる。看護師は一回の勤務で約四キロ歩かなくて済むようになったという。",
    "黄浦江の渡し船は自動で進むようになった。霧の日は止まる。切符は今も二元で、船長は陸から見守っている。",
]
ACCENTED = [page.replace("'", "’").replace('"', "“") + " Café Zürich – 5 €, naïve façade…" for page in ENGLISH]

ENCODINGS = {
    "utf-8": SIMPLIFIED, "gb18030": SIMPLIFIED, "gbk": SIMPLIFIED, "gb2312": SIMPLIFIED, "big5": TRADITIONAL,
    "shift_jis": JAPANESE, "cp1252": ACCENTED, "utf-16-le": SIMPLIFIED, "utf-16-be": ENGLISH, "utf-16": SIMPLIFIED,
    "utf-8-sig": ENGLISH,
}  # fmt: skip
LENGTHS = (10, 30, 120, 600)


def samples(encoding: str) -> list[tuple[str, bytes]]:
    """Twenty stretches of each length that the encoding has all characters of, with something beyond ASCII in each."""
    dice, found = random.Random(encoding), []
    for length in LENGTHS:
        for _ in range(20):
            text = "\n".join(filter(None, dice.choice(ENCODINGS[encoding]).split("\n")))
            start = dice.randrange(max(1, len(text) - length))
            stretch = text[start : start + length]
            if stretch.isascii() and not encoding.startswith("utf"):
                stretch = f"{stretch[:-1]}é"
            found.append((stretch.encode(encoding, "ignore").decode(encoding), stretch.encode(encoding, "ignore")))
    return found


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_texts_in_every_encoding_are_read_without_being_told_which(encoding: str) -> None:
    cases = samples(encoding)
    right = [decode(data) == text for text, data in cases]
    long_enough = [decode(data) == text for text, data in cases if len(text) >= 30]
    assert sum(right) >= 0.95 * len(right)
    assert sum(long_enough) >= 0.99 * len(long_enough)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("declared", [None, "utf-8", "gb2312", "Big5", "iso-8859-1", "no-such-encoding", ""])
def test_a_wrong_declaration_does_not_spoil_a_text(encoding: str, declared: str | None) -> None:
    cases = [(text, data) for text, data in samples(encoding) if len(text) >= 100]
    assert sum(decode(data, declared) == text for text, data in cases) >= 0.99 * len(cases)


def test_a_right_declaration_decides_where_the_bytes_alone_do_not() -> None:
    assert decode("目录".encode("gbk"), "gb2312") == "目录"
    assert decode("目录".encode("gbk")) == "Ŀ¼"  # which these bytes are in UTF-8
    assert decode("café".encode(), "gbk") == "café"
    assert decode("余热供应周边社".encode("big5", "ignore") + "餘熱供應".encode("big5"), "big5").endswith("餘熱供應")
    assert decode("こんにちは".encode("iso2022_jp"), "iso-2022-jp") == "こんにちは"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides_and_goes(encoding: str) -> None:
    assert decode("张江 Zhangjiang".encode(encoding), "gbk") == "张江 Zhangjiang"
    assert decode("".encode(encoding)) == ""


def test_paragraphs_of_two_encodings_in_one_file_are_both_read() -> None:
    chinese, more = SIMPLIFIED[0], SIMPLIFIED[1]
    assert decode((chinese + "\n").encode() + more.encode("gbk")) == f"{chinese}\n{more}"
    assert decode((more + "\n").encode("gb18030") + "It’s a café.\n".encode() + chinese.encode("gbk")) == (
        f"{more}\nIt’s a café.\n{chinese}"
    )
    assert decode("Zürich – one\n".encode("cp1252") + "Zürich — two".encode()) == "Zürich – one\nZürich — two"


def test_a_line_that_is_utf_8_by_chance_is_read_like_its_neighbours() -> None:
    text = "400盏\n每盏路灯配有气象站、扬声器和摄像头，图像在一秒内自动脱敏。"
    assert decode(text.encode("gbk")) == text


def test_a_file_that_was_cut_off_keeps_what_it_has() -> None:
    data = SIMPLIFIED[0].encode()[:-1]
    assert decode(data) == SIMPLIFIED[0][:-1] + "\ufffd"
    assert decode(SIMPLIFIED[0].encode("utf-16-le")[:-1]).startswith(SIMPLIFIED[0][:-1])


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00",
        b"\x00" * 100,
        bytes(one for one in random.Random(5).randbytes(5000) if one),
        b"text\x00text",
        random.Random(5).randbytes(5000),
        bytes(range(1, 32)) * 20,
        b"PK\x03\x04\x14\x00\x08\x00\x08\x00",
    ],
)
def test_what_is_not_text_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(CorpusError, match=r"^it is not text \(.*\); save it as text in UTF-8, or in a format"):
        decode(data)


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"", ""), (b"\n", "\n"), (b"plain", "plain"), (b"\xe9", "é"), ("张".encode(), "张"), (b"a\r\nb", "a\r\nb")],
)
def test_the_shortest_files(data: bytes, text: str) -> None:
    assert decode(data) == text


@pytest.mark.parametrize(
    ("broken", "right"),
    [
        ("It’s".encode().decode("cp1252"), "It’s"),
        ("SMICâ€™s new fab â€“ the third â€” opened", "SMIC’s new fab – the third — opened"),
        ("Café Zürich".encode().decode("latin-1"), "Café Zürich"),
        ("中国的张江科学城".encode().decode("latin-1"), "中国的张江科学城"),
        ("张江科学城有企业".encode().decode("gb18030"), "张江科学城有企业"),
        ("It鈥檚 here", "It’s here"),
        ("上海集成电路".encode("gbk").decode("latin-1"), "上海集成电路"),
        ("Fab 上海集成电路 grew".encode("gbk").decode("latin-1"), "Fab 上海集成电路 grew"),
    ],
)
def test_text_that_was_misread_before_is_mended_where_it_is_sure(broken: str, right: str) -> None:
    assert broken != right
    assert decode(broken.encode()) == right
    assert mended(right) == right


@pytest.mark.parametrize(
    "text",
    [
        "Café, naïve, Zürich, señor, façade, Ångström, œuvre, ÄÖÜäöüß",
        "鈥 and 檚 are characters",
        "联通、拢共、漏洞、掳掠、锟斤拷",
        "α-synuclein, ΔG = −3.2 kcal, Дмитрий Иванов, 5 µm ± 0.3 °C, £40, €5, ½, 10⁻⁹",
        "龘靐齉爩 are rare, 囧 is not",
        "臺灣積體電路與華山醫院",
        "こんにちは、カタカナ、한국어",
        "🔥 emoji 👩‍🔬 and ﬁ ligatures, ｆｕｌｌ width, “curly” ‘quotes’ &amp; entities",
    ],
)
def test_text_that_is_right_is_never_changed(text: str) -> None:
    assert decode(text.encode()) == text


def test_the_corpus_and_all_texts_of_the_measures_are_read_as_they_are() -> None:
    for path in default_corpus().rglob("*.md"):
        assert decode(path.read_bytes()) == path.read_text(encoding="utf-8"), path
    for text in (*SIMPLIFIED, *ENGLISH, *TRADITIONAL, *JAPANESE, *ACCENTED):
        assert mended(text) == text
        assert decode(text.encode()) == text


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "utf-16-le"])
def test_a_line_of_ten_megabytes_takes_seconds(encoding: str) -> None:
    text = "临港新片区的晶圆厂今年三月投产，首期月产能为两万片。" * 200_000
    data = text.encode(encoding)
    started = time.process_time()
    assert decode(data) == text
    assert time.process_time() - started < 20
