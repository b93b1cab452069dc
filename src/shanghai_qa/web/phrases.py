"""What the page itself says around the words of sources, in the languages that answers have."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from shanghai_qa.values import Tier


@dataclass(frozen=True)
class Phrases:
    """The phrases of one language; those that count or name something are functions of it."""

    answered: Callable[[int], str]
    partly_answered: Callable[[str], str]
    sources_disagree: str
    mark: Callable[[int], str]
    not_in_corpus: str
    only_stated: str
    disagree: Callable[[str], str]
    value: str
    as_of: str
    source: str
    tier: str
    sources: str
    ask_next: str
    can_answer: str
    read_as: Callable[[str], str]
    removed: Callable[[int], str]
    written_by: Callable[[str, str], str]
    tokens: Callable[[int], str]
    page: Callable[[int], str]
    also_at: Callable[[Sequence[str]], str]
    no_date: str
    no_publisher: str
    tiers: dict[Tier, str]
    meanings: dict[Tier, str]
    day: Callable[[date], str]
    month: Callable[[date], str]

    def when(self, published: str | None) -> str:
        """A date as people write it, as exact as it was given: YYYY, YYYY-MM or YYYY-MM-DD; anything else as it is."""
        if published is None:
            return self.no_date
        try:
            return self._dated(published)
        except ValueError:
            return published

    def _dated(self, published: str) -> str:
        match published.count("-"):
            case 1:
                return self.month(date.fromisoformat(f"{published}-01"))
            case 2:
                return self.day(date.fromisoformat(published))
            case _:
                return published


def phrases(language: str) -> Phrases:
    """The phrases of `language`; English for one that has none."""
    return _LANGUAGES.get(language, ENGLISH)


def some(copies: Sequence[str], more: str) -> str:
    """The first three of `copies`, and how many `more` there are."""
    left = len(copies) - 3
    return ", ".join(copies[:3]) + (more.format(left) if left > 0 else "")


def _sources(count: int) -> str:
    return "1 source" if count == 1 else f"{count} sources"


ENGLISH = Phrases(
    answered=lambda n: f"Answered from {_sources(n)}",
    partly_answered=lambda missing: (
        f"Partly answered: {missing[:1].lower()}{missing[1:]}" if missing else "Partly answered"
    ),
    sources_disagree="Sources disagree",
    mark=lambda n: f"Source {n}",
    not_in_corpus="Not in this corpus",
    only_stated="An answer is given only where a document states it.",
    disagree=lambda subject: f"Sources disagree: {subject}",
    value="Value",
    as_of="As of",
    source="Source",
    tier="Tier",
    sources="Sources",
    ask_next="Ask next",
    can_answer="Questions that this corpus can answer",
    read_as=lambda question: f"Read as: {question}",
    removed=lambda n: (
        "1 sentence was removed: its source does not bear it out."
        if n == 1
        else f"{n} sentences were removed: their sources do not bear them out."
    ),
    written_by=lambda model, cost: f"Written by {model}{cost}; each sentence was checked against its source.",
    tokens=lambda n: f" ({n:,} tokens)",
    page=lambda number: f"page {number}",
    also_at=lambda copies: f"also at {some(copies, ' and {} more')}",
    no_date="no date",
    no_publisher="publisher not named",
    tiers={tier: tier.value for tier in Tier},
    meanings={
        Tier.PRIMARY: "whoever produced the fact and answers for it",
        Tier.ESTABLISHED: "an edited newspaper, encyclopedia or think tank",
        Tier.PROMOTIONAL: "a company, park or office describing itself",
        Tier.UNVERIFIED: "anonymous or unedited text",
    },
    day=lambda d: f"{d.day} {d:%B %Y}",
    month=lambda d: f"{d:%B %Y}",
)

CHINESE = Phrases(
    answered=lambda n: f"依据 {n} 个来源作答",
    partly_answered=lambda missing: f"部分回答：{missing}" if missing else "部分回答",
    sources_disagree="来源说法不一",
    mark=lambda n: f"来源 {n}",
    not_in_corpus="语料库中没有答案",
    only_stated="只有文档中明确写到的内容才会作为回答。",
    disagree=lambda subject: f"来源说法不一：{subject}",
    value="数值",
    as_of="截至",
    source="来源",
    tier="等级",
    sources="来源",
    ask_next="接着问",
    can_answer="语料库可以回答的问题",
    read_as=lambda question: f"理解为：{question}",
    removed=lambda n: f"已删除 {n} 句：其来源不足以支持。",
    written_by=lambda model, cost: f"由 {model} 撰写{cost}；每句均已对照来源核查。",
    tokens=lambda n: f"（{n:,} 个词元）",
    page=lambda number: f"第 {number} 页",
    also_at=lambda copies: f"另见 {some(copies, '，另有 {} 处')}",
    no_date="无日期",
    no_publisher="未注明发布者",
    tiers={
        Tier.PRIMARY: "一手",
        Tier.ESTABLISHED: "权威",
        Tier.PROMOTIONAL: "宣传",
        Tier.UNVERIFIED: "未核实",
    },
    meanings={
        Tier.PRIMARY: "事实的产生者并为其负责",
        Tier.ESTABLISHED: "经编辑的报刊、百科或智库",
        Tier.PROMOTIONAL: "企业、园区或机构的自我介绍",
        Tier.UNVERIFIED: "匿名或未经编辑的文字",
    },
    day=lambda d: f"{d.year}年{d.month}月{d.day}日",
    month=lambda d: f"{d.year}年{d.month}月",
)

_LANGUAGES = {"en": ENGLISH, "zh": CHINESE}
