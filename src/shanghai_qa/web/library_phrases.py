"""What the library says around documents, in the languages of the page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from shanghai_qa.catalogue import Sort
from shanghai_qa.web.page_phrases import PAGE


@dataclass(frozen=True)
class LibraryPhrases:
    """The phrases of one language; those that count or name something are functions of it."""

    # The list
    title: str
    holds: Callable[[int, str], str]  # how many, and when the newest is of
    share: Callable[[int, int], str]
    by_tier: str
    search: str
    search_for: str
    search_in: str
    filters: str
    filter_names: Mapping[str, str]  # by the name in `Filters`; "years" for both ends
    from_year: str
    to_year: str
    any_year: str
    apply: str
    more: Callable[[int], str]
    sorted_by: str
    sorts: Mapping[Sort, str]
    found: Callable[[int, int], str]
    places_of: Callable[[int, int], str]  # the first and the last on a page of results
    active: str
    remove: Callable[[str], str]
    clear: str
    sentences: Callable[[int], str]
    pages: str
    page: Callable[[int, int], str]
    previous: str
    next: str
    # What is mended in an address
    no_such: Callable[[str, str], str]
    no_year: Callable[[str], str]
    no_page: Callable[[str, int], str]
    too_long: Callable[[int], str]
    # Nothing found
    nothing: str
    loosen: str
    without: Callable[[str], str]
    whatever: Callable[[str], str]
    no_filters: str
    no_words: str
    in_english: Callable[[str], str]
    start_again: str
    # One document
    absent: str
    absent_said: Callable[[str], str]
    changed: str
    no_place: str
    by: Callable[[str], str]
    original: str
    no_address: str
    digest: str
    numbered: str
    sentence: Callable[[int], str]
    cite: str
    download: Callable[[str], str]
    questions: str
    topic_names: Mapping[str, str] = field(default_factory=dict)
    place_names: Mapping[str, str] = field(default_factory=dict)

    def topic(self, topic: str) -> str:
        """The name of a topic; one that has none is called as the corpus calls it."""
        return self.topic_names.get(topic, topic)

    def place(self, place: str) -> str:
        """The name of a place, in the same way."""
        return self.place_names.get(place, place)


def _documents(count: int) -> str:
    return "1 document" if count == 1 else f"{count:,} documents"


_ENGLISH = LibraryPhrases(
    title="Sources",
    holds=lambda count, newest: (
        f"Every answer rests on {_documents(count)}, each a digest of one named source in this project’s own words. "
        f"The newest is of {newest}."
    ),
    share=lambda count, of: f"{count:,} · {_percent(count, of)}",
    by_tier="How well they are placed to know",
    search="Search",
    search_for="Search titles, publishers and texts",
    search_in="Title, publisher or text",
    filters="Filters",
    filter_names={"tiers": "Tier", "topics": "Topic", "places": "Place", "years": "Year of publication"},
    from_year="From",
    to_year="To",
    any_year="any",
    apply="Set the years",
    more=lambda count: f"{count} more",
    sorted_by="Sort by",
    sorts={
        Sort.BEST: "Best match",
        Sort.NEWEST: "Newest",
        Sort.OLDEST: "Oldest",
        Sort.TITLE: "Title",
        Sort.PUBLISHER: "Publisher",
        Sort.TIER: "Tier",
    },
    found=lambda count, of: _documents(of) if count == of else f"{count:,} of {_documents(of)}",
    places_of=lambda first, last: f"{first}–{last} shown",
    active="Active filters",
    remove=lambda name: f"Remove {name}",
    clear="Clear all",
    sentences=lambda count: "1 sentence" if count == 1 else f"{count:,} sentences",
    pages="Pages of results",
    page=lambda page, of: f"Page {page} of {of}",
    previous="Previous",
    next="Next",
    no_such=lambda kind, value: f"{kind}: nothing here is called “{value}”, so it was left out.",
    no_year=lambda value: f"“{value}” is not a year such as 2024, so it was left out.",
    no_page=lambda value, page: f"There is no page “{value}” of these results; this is page {page}.",
    too_long=lambda count: f"Only the first {count} characters of the search were used.",
    nothing="No document matches all of this",
    loosen="Each of these finds some:",
    without=lambda name: f"Without {name}",
    whatever=lambda name: f"Any {name[0].lower()}{name[1:]}",
    no_filters="Without any filter",
    no_words="Without the search",
    in_english=lambda words: f"In English: {words}",
    start_again="All documents",
    absent="No such source",
    absent_said=lambda id: f"This corpus holds no source “{id}”.",
    changed="This document has changed since it was quoted, so the quoted words are not marked.",
    no_place="The address names a place that this document does not have.",
    by=lambda names: f"By {names}",
    original="Open the original",
    no_address="no address known",
    digest="A digest of the source, told in this project’s own words. The original is the authority.",
    numbered="Each number is a permanent link to its sentence.",
    sentence=lambda number: f"Link to sentence {number}",
    cite="How to cite it",
    download=lambda form: f"Download {form}",
    questions="Questions it answers",
    topic_names=PAGE["en"].topic_names,
)

_CHINESE = LibraryPhrases(
    title="来源",
    holds=lambda count, newest: (
        f"每个回答都以这里的 {count:,} 份文档为依据，每份都是对一个具名来源的英文摘要。最新一份的日期为{newest}。"
    ),
    share=lambda count, of: f"{count:,} 份 · {_percent(count, of)}",
    by_tier="这些来源的可信程度",
    search="搜索",
    search_for="搜索标题、发布者和正文",
    search_in="标题、发布者或正文（英文）",
    filters="筛选",
    filter_names={"tiers": "等级", "topics": "主题", "places": "地点", "years": "发布年份"},
    from_year="从",
    to_year="到",
    any_year="不限",
    apply="应用年份",
    more=lambda count: f"另外 {count} 个",
    sorted_by="排序",
    sorts={
        Sort.BEST: "最匹配",
        Sort.NEWEST: "最新",
        Sort.OLDEST: "最早",
        Sort.TITLE: "标题",
        Sort.PUBLISHER: "发布者",
        Sort.TIER: "等级",
    },
    found=lambda count, of: f"{of:,} 份文档" if count == of else f"{of:,} 份文档中的 {count:,} 份",
    places_of=lambda first, last: f"显示第 {first}–{last} 份",
    active="当前筛选",
    remove=lambda name: f"移除{name}",
    clear="全部清除",
    sentences=lambda count: f"{count:,} 句",
    pages="结果页",
    page=lambda page, of: f"第 {page} 页，共 {of} 页",
    previous="上一页",
    next="下一页",
    no_such=lambda kind, value: f"{kind}：这里没有“{value}”，已忽略。",
    no_year=lambda value: f"“{value}”不是 2024 这样的年份，已忽略。",
    no_page=lambda value, page: f"这些结果没有第“{value}”页；这里是第 {page} 页。",
    too_long=lambda count: f"搜索只使用了前 {count} 个字符。",
    nothing="没有符合全部条件的文档",
    loosen="放宽一项即可找到：",
    without=lambda name: f"去掉{name}",
    whatever=lambda name: f"不限{name}",
    no_filters="去掉全部筛选",
    no_words="去掉搜索词",
    in_english=lambda words: f"用英文搜索：{words}",
    start_again="全部文档",
    absent="没有这个来源",
    absent_said=lambda id: f"语料库中没有来源“{id}”。",
    changed="该文档在被引用之后有改动，因此没有标出所引的文字。",
    no_place="该地址所指的位置在这份文档中不存在。",
    by=lambda names: f"作者：{names}",
    original="打开原文",
    no_address="没有已知的网址",
    digest="这是对来源的摘要，用本项目自己的话写成；一切以原文为准。",
    numbered="每个编号都是该句的永久链接。",
    sentence=lambda number: f"第 {number} 句的链接",
    cite="如何引用",
    download=lambda form: f"下载 {form}",
    questions="它能回答的问题",
    topic_names=PAGE["zh"].topic_names,
    place_names={
        "Shanghai": "上海",
        "Zhangjiang": "张江",
        "Pudong": "浦东",
        "Lingang": "临港",
        "Hefei": "合肥",
        "Beijing": "北京",
        "Xuhui": "徐汇",
        "Jiading": "嘉定",
        "Hong Kong": "香港",
        "Yangpu": "杨浦",
        "Songjiang": "松江",
        "Yangtze River Delta": "长三角",
        "Qingpu": "青浦",
        "Shenzhen": "深圳",
        "West Bund": "徐汇滨江",
        "Minhang": "闵行",
        "Hangzhou": "杭州",
        "China": "中国",
        "Suzhou": "苏州",
        "Wuxi": "无锡",
        "Hongqiao": "虹桥",
        "Fengxian": "奉贤",
        "Putuo": "普陀",
        "Caohejing": "漕河泾",
        "Zizhu": "紫竹",
        "Nanjing": "南京",
        "Tianjin": "天津",
        "Huangpu": "黄浦",
        "Changning": "长宁",
        "Maqiao": "马桥",
        "Jinshan": "金山",
        "Lujiazui": "陆家嘴",
        "Dublin": "都柏林",
        "Wujiang": "吴江",
        "Jiashan": "嘉善",
        "Jiaxing": "嘉兴",
        "Guangzhou": "广州",
        "Jinan": "济南",
        "Ningbo": "宁波",
        "Fujian": "福建",
        "Anting": "安亭",
        "Yangshan": "洋山",
    },
)


def _percent(count: int, of: int) -> str:
    """
    >>> _percent(1, 3), _percent(1, 300), _percent(0, 3)
    ('33%', '<1%', '0%')
    """
    return "<1%" if 0 < 100 * count < of else f"{100 * count / max(1, of):.0f}%"


LIBRARY = {"en": _ENGLISH, "zh": _CHINESE}
