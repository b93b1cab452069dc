"""What the pictures of the corpus say around it, in the languages of the page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shanghai_qa.explore import Kind


@dataclass(frozen=True)
class ExplorePhrases:
    """The phrases of one language; those that count or name something are functions of it."""

    title: str
    lead: str
    contents: str
    legend: str
    sections: Mapping[str, str]
    as_table: str
    # Documents
    documents_heading: Callable[[int, int, int, int], str]  # all, primary or established, of the last years, since when
    documents_note: str
    documents: Callable[[int], str]
    topic: str
    until: Callable[[int], str]
    no_date: str
    all: str
    # Series
    series_heading: Callable[[int, int], str]  # measures, those with a dispute
    series_note: str
    change: Callable[[str, str, str, str], str]  # value and time of the first, of the last
    differ: str
    kinds: Mapping[Kind, str]
    amount: Callable[[float, str], str]
    short: Callable[[float, str], str]  # without the currency, beside a mark or an axis
    columns: Sequence[str]  # of the table of a measure
    # Events
    events_heading: Callable[[int, str, str], str]  # how many, from when, until when
    events_note: str
    # Places
    places_heading: Callable[[Sequence[str]], str]  # the three that most documents are about
    places_note: str
    place_columns: Sequence[str]
    district: str
    zone: Callable[[str], str]  # the district
    north: str
    named: Callable[[int], str]
    nothing: Callable[[str], str]
    to_map: str


def _documents(count: int) -> str:
    return "1 document" if count == 1 else f"{count:,} documents"


def _digits(value: float) -> str:
    """The four leading digits of a number below ten thousand: 1,060, 224.6, 8.03."""
    return f"{float(f'{value:.4g}'):,.10g}"


def _english(value: float, unit: str, scales: Mapping[float, str], yuan: str) -> str:
    if unit == "percent":
        return f"{_digits(value)}%"
    scale = next((scale for scale in scales if value >= scale), 1.0)
    number = _digits(value / scale) + scales.get(scale, "")
    return {"CNY": f"{number}{yuan}", "USD": f"US${number}"}.get(unit, number)


def _chinese(value: float, unit: str, coins: Mapping[str, str]) -> str:
    if unit == "percent":
        return f"{_digits(value)}%"
    scales = {1e12: "万亿", 1e8: "亿", 1e4: "万"}
    scale = next((scale for scale in scales if value >= scale), 1.0)
    return f"{_digits(value / scale)} {scales.get(scale, '')}{coins.get(unit, '')}".strip()


ENGLISH = ExplorePhrases(
    title="Explore",
    lead="Four pictures of the documents that answers rest on. Every mark is a link: to the sentence that it was read "
    "from, or to the documents that it counts.",
    contents="On this page",
    legend="A mark’s shape and colour say how well its source is placed to know.",
    sections={"documents": "Documents", "series": "Measures", "events": "Timeline", "places": "Map"},
    as_table="Show as table",
    documents_heading=lambda all, good, late, since: (
        f"Of {_documents(all)}, {good} come from primary or established sources, "
        f"and {late} appeared in {since} or later"
    ),
    documents_note="One mark is one document, in the year in which its source was published and under each of its "
    "topics, so that many stand in several rows. The picture shows what was collected, not how much was written.",
    documents=_documents,
    topic="Topic",
    until=lambda year: f"to {year}",
    no_date="no date",
    all="All",
    series_heading=lambda count, disputed: (
        f"{count} measures over the years" + (f"; for {disputed} of them sources differ" if disputed else "")
    ),
    series_note="Each value was read by rule from one sentence and can be checked there. The line joins the figure of "
    "the best placed source of each time and passes by unverified ones. Hollow marks are plans, expectations or only a "
    "part of a year. Sources count differently, so of two values for one year neither need be wrong. Only the axis of "
    "a share does not begin at 0.",
    change=lambda first, then, last, now: f"{first} in {then}, {last} in {now}",
    differ="sources differ",
    kinds={Kind.FACT: "stated", Kind.PLAN: "planned or expected", Kind.PART: "part of the year only"},
    amount=lambda value, unit: _english(value, unit, {1e12: " trillion", 1e9: " billion", 1e6: " million"}, " yuan"),
    short=lambda value, unit: _english(
        value, unit if unit == "percent" else "count", {1e12: "tn", 1e9: "bn", 1e6: "m"}, ""
    ),
    columns=("Time", "Value", "What it is", "Source", "Tier"),
    events_heading=lambda count, first, last: f"{count} dated events, from {first} to {last}",
    events_note="Sentences that give a day or month and say that something began, opened, was founded, adopted or "
    "listed; for a year with many, the best told. Much else happened that no document here dates.",
    places_heading=lambda names: f"{', '.join(names[:-1])} and {names[-1]} are written about most",
    places_note="A schematic map: each tile is a district, placed roughly where it lies and not drawn to scale; the "
    "small ones are zones within it. The number and the shade say how many documents are about a place, those "
    "about its zones alone not counted. Choose a tile to read what they say.",
    place_columns=("Place", "Kind", "Documents about it", "Sentences that name it"),
    district="District",
    zone=lambda district: f"Zone in {district}",
    north="North is up",
    named=lambda count: "1 sentence names it" if count == 1 else f"{count} sentences name it",
    nothing=lambda name: f"No document here says anything about {name}.",
    to_map="Back to the map",
)

CHINESE = ExplorePhrases(
    title="图览",
    lead="用四幅图看答案所依据的文档。每个标记都是链接：指向其所出自的句子，或其所统计的文档。",
    contents="本页内容",
    legend="标记的形状和颜色表示来源有多可靠。",
    sections={"documents": "文档", "series": "指标", "events": "时间线", "places": "地图"},
    as_table="以表格显示",
    documents_heading=lambda all, good, late, since: (
        f"{all} 篇文档中，{good} 篇出自一手或权威来源，{late} 篇发表于 {since} 年及以后"
    ),
    documents_note="一个标记代表一篇文档，按来源的发表年份和所属主题排列；一篇文档可属于多个主题，因此会在多行出现。图中反映的是收录情况，而非报道总量。",
    documents=lambda count: f"{count:,} 篇文档",
    topic="主题",
    until=lambda year: f"至 {year}",
    no_date="无日期",
    all="全部",
    series_heading=lambda count, disputed: (
        f"{count} 项指标的历年数值" + (f"，其中 {disputed} 项来源说法不一" if disputed else "")
    ),
    series_note="每个数值都按规则取自一个句子，可点开核对。折线连接每个时点最可靠来源的数值，不经过未核实的数值。空心标记"
    "为计划、预期，或仅为一年中的一部分。各来源统计口径不同，同一年的两个数值未必有误。除占比外，纵轴均从 0"
    " 开始。",
    change=lambda first, then, last, now: f"{then}年 {first}，{now}年 {last}",
    differ="来源说法不一",
    kinds={Kind.FACT: "陈述", Kind.PLAN: "计划或预期", Kind.PART: "仅为年内部分时段"},
    amount=lambda value, unit: _chinese(value, unit, {"CNY": "元", "USD": "美元"}),
    short=lambda value, unit: _chinese(value, unit, {}).replace(" ", ""),
    columns=("时间", "数值", "性质", "来源", "等级"),
    events_heading=lambda count, first, last: f"{count} 个有日期的事件，从{first}到{last}",
    events_note="取自写明日期或月份、并说明某事开始、开放、成立、通过或上市的句子；同一年事件较多时，选取表述最清楚的。许多其他事件在这些文档中没有日期。",
    places_heading=lambda names: f"{'、'.join(names)}被写到最多",
    places_note="示意图：每块为一个区，大致按方位排列，不按比例；小块为区内的园区或片区。数字和深浅表示关于该地的文档数量，只写其园区的不计入。点击可查看文档内容。",
    place_columns=("地点", "类别", "相关文档", "提及的句子"),
    district="区",
    zone=lambda district: f"位于{district}",
    north="上北下南",
    named=lambda count: f"{count} 个句子提到",
    nothing=lambda name: f"这里没有关于{name}的内容。",
    to_map="返回地图",
)

EXPLORE = {"en": ENGLISH, "zh": CHINESE}
