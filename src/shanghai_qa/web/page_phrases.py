"""What the conversation's page says around questions and answers, in both languages of the interface."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PagePhrases:
    """The phrases of one language. `script` are those that the page's script shows, by name.

    `consent` are more of these, where the server keeps the questions of those who agree to it.
    """

    title: str
    ask: str
    placeholder: str
    lead: str
    what_it_is: Callable[[int], str]
    holds: Callable[[int, str, str], str]
    shares: str
    samples: Mapping[str, str]
    past: str
    filters: str
    topics: str
    places: str
    tiers: str
    topic_names: Mapping[str, str]
    year_from: str
    year_to: str
    any_year: str
    only: str
    since: Callable[[int], str]
    until: Callable[[int], str]
    reading: str
    ahead: Callable[[int], str]
    broken: str
    no_such_filters: str
    retry: str
    loosen: str
    edit: str
    tools: str
    copy: str
    share: str
    export: str
    helpful: str
    unhelpful: str
    script: Mapping[str, str]
    consent: Mapping[str, str]


_ENGLISH = PagePhrases(
    title="Shanghai QA",
    ask="Your question",
    placeholder="Ask a question",
    lead="Ask about Shanghai’s technology ecosystem",
    what_it_is=lambda n: (
        f"Every sentence of an answer is quoted from one of {n:,} documents and opens at the very words. This is not a "
        "search of the web, and no model’s memory: where the documents do not say, neither does this."
    ),
    holds=lambda n, newest, updated: f"{n:,} documents · the newest of {newest} · last updated on {updated}",
    shares="Who stands behind the documents",
    samples={
        "facts": "Facts and figures",
        "compare": "Compare",
        "time": "Over time",
        "who": "People and places",
        "disagree": "Where sources disagree",
    },
    past="Conversations",
    filters="Narrow the sources",
    topics="Topics",
    places="Places",
    tiers="Tiers",
    topic_names={
        "semiconductors": "Semiconductors",
        "ai": "AI",
        "quantum": "Quantum",
        "computing": "Computing",
        "startups": "Startups",
        "capital": "Capital",
        "talent": "Talent",
        "policy": "Policy",
        "districts": "Districts",
        "biotech": "Biotech",
        "vehicles": "Vehicles",
        "robotics": "Robotics",
        "aerospace": "Aerospace",
        "research": "Research",
        "digital-economy": "Digital economy",
        "trade": "Trade",
    },
    year_from="Published from",
    year_to="Published to",
    any_year="any year",
    only="Only sources that match: ",
    since=lambda year: f"since {year}",
    until=lambda year: f"until {year}",
    reading="Reading the question",
    ahead=lambda n: (
        f"Busy: {n} question{'' if n == 1 else 's'} {'is' if n == 1 else 'are'} ahead of yours. It keeps its place."
    ),
    broken="Something went wrong here. The server’s log says what; another question may work.",
    no_such_filters="The link names filters that there are not. Ask again, with filters of your own or none.",
    retry="Try again",
    loosen="Ask without the filters",
    edit="Edit this question",
    tools="What you can do with this answer",
    copy="Copy",
    share="Share",
    export="Export",
    helpful="Helpful",
    unhelpful="Not helpful",
    script={
        "new": "New conversation",
        "search": "Search conversations",
        "none_yet": "What you ask is kept here, in this browser alone.",
        "none_found": "No conversation has these words.",
        "rename": "Rename",
        "delete": "Delete",
        "export": "Export",
        "more": "More",
        "deleted": "Conversation deleted",
        "undo": "Undo",
        "copied": "Copied, with marks and sources",
        "link_copied": "Link copied",
        "copy_this": "Copy this:",
        "sources": "Sources",
        "source": "Source",
        "close": "Close",
        "page": "Open as a page",
        "previous": "Previous cited passage",
        "next": "Next cited passage",
        "of": "{n} of {count}",
        "width": "Width of the source panel",
        "not_loaded": "This source could not be loaded",
        "is_it_running": "Is the server still running?",
        "thanks": "Noted as helpful. Kept here: your vote, the question and this answer; nothing about you.",
        "why": "What is wrong with it?",
        "wrong": "The answer is wrong",
        "beside": "It does not answer my question",
        "incomplete": "Something is missing",
        "doubtful": "The source is doubtful",
        "other": "Something else",
        "words": "In your words (optional)",
        "send": "Send",
        "cancel": "Cancel",
        "stored": "Kept here: your vote, the reason, the conversation so far and this answer; nothing about you.",
        "noted": "Noted.",
        "undone": "Taken back; nothing is kept.",
        "failed": "That did not work: {why}",
        "lost": "The connection is lost. Your question is kept.",
        "back": "The server answers again.",
        "unanswered": "This question was not answered yet.",
        "retry": "Try again",
        "stopped": "Stopped.",
        "another_corpus": "This link was made with another version of the documents; the answer may differ.",
        "ingesting": "The documents are being renewed. Answers come from the last version until it is done.",
        "full": "The browser’s storage is full: delete some conversations to keep new ones.",
        "menu": "Conversations and filters",
        "send_question": "Ask",
        "stop": "Stop",
        "reading": "Reading the question",
        "any": "any",
    },
    consent={
        "none_yet": "What you ask is kept here, in this browser. The server keeps it only if you agree to that.",
        "keep": "Keep my questions, so that answers get better",
        "what_is_kept": (
            "The server then keeps what you ask, the conversation before it and the answer; no name, no address."
        ),
    },
)

_CHINESE = PagePhrases(
    title="Shanghai QA · 上海科技问答",
    ask="您的问题",
    placeholder="请提问",
    lead="关于上海的科技生态，请提问",
    what_it_is=lambda n: (
        f"回答中的每一句都引自 {n:,} 份文档之一，点开即见原句。这不是网络搜索，也不靠模型的记忆："
        "文档没有写的，这里就不说。文档为英文，可用中文提问。"
    ),
    holds=lambda n, newest, updated: f"{n:,} 份文档 · 最新为{newest} · {updated}更新",
    shares="文档由谁负责",
    samples={
        "facts": "事实与数字",
        "compare": "比较",
        "time": "历年变化",
        "who": "人物与地点",
        "disagree": "来源说法不一",
    },
    past="对话",
    filters="限定来源",
    topics="主题",
    places="地点",
    tiers="来源等级",
    topic_names={
        "semiconductors": "半导体",
        "ai": "人工智能",
        "quantum": "量子",
        "computing": "算力",
        "startups": "初创企业",
        "capital": "资本",
        "talent": "人才",
        "policy": "政策",
        "districts": "城区",
        "biotech": "生物医药",
        "vehicles": "汽车",
        "robotics": "机器人",
        "aerospace": "航空航天",
        "research": "科研",
        "digital-economy": "数字经济",
        "trade": "贸易",
    },
    year_from="发布年份自",
    year_to="至",
    any_year="不限",
    only="仅限符合条件的来源：",
    since=lambda year: f"{year}年以来",
    until=lambda year: f"截至{year}年",
    reading="正在理解问题",
    ahead=lambda n: f"正忙：前面还有 {n} 个问题，您的位置已保留。",
    broken="这里出了问题，服务器日志有说明；可以换个问题再试。",
    no_such_filters="链接中的筛选条件不存在。请自行筛选或不加筛选后再问。",
    retry="重试",
    loosen="不加筛选再问",
    edit="修改这个问题",
    tools="对这个回答的操作",
    copy="复制",
    share="分享",
    export="导出",
    helpful="有帮助",
    unhelpful="没有帮助",
    script={
        "new": "新对话",
        "search": "搜索对话",
        "none_yet": "您的提问只保存在这个浏览器里。",
        "none_found": "没有含这些词的对话。",
        "rename": "重命名",
        "delete": "删除",
        "export": "导出",
        "more": "更多",
        "deleted": "对话已删除",
        "undo": "撤销",
        "copied": "已复制，含标记与来源",
        "link_copied": "链接已复制",
        "copy_this": "请复制：",
        "sources": "来源",
        "source": "来源",
        "close": "关闭",
        "page": "单独打开",
        "previous": "上一处引文",
        "next": "下一处引文",
        "of": "第 {n} 处，共 {count} 处",
        "width": "来源栏宽度",
        "not_loaded": "来源无法加载",
        "is_it_running": "服务器是否仍在运行？",
        "thanks": "已记为有帮助。此处只保存：您的评价、问题和回答，不含任何个人信息。",
        "why": "哪里不好？",
        "wrong": "回答有误",
        "beside": "没有回答我的问题",
        "incomplete": "有遗漏",
        "doubtful": "来源可疑",
        "other": "其他",
        "words": "请说明（可不填）",
        "send": "提交",
        "cancel": "取消",
        "stored": "服务器上只保存：您的评价、原因、此前的对话和这个回答，不含任何个人信息。",
        "noted": "已记下。",
        "undone": "已撤回，不再保存。",
        "failed": "没有成功：{why}",
        "lost": "连接中断。您的问题已保留。",
        "back": "服务器已恢复。",
        "unanswered": "这个问题还没有得到回答。",
        "retry": "重试",
        "stopped": "已停止。",
        "another_corpus": "此链接来自另一版本的文档，回答可能不同。",
        "ingesting": "文档正在更新，完成前仍按上一版本回答。",
        "full": "浏览器存储已满：请删除一些对话。",
        "menu": "对话与筛选",
        "send_question": "提问",
        "stop": "停止",
        "reading": "正在理解问题",
        "any": "不限",
    },
    consent={
        "none_yet": "您的提问保存在这个浏览器里；只有您同意，服务器才会保存。",
        "keep": "保存我的提问，以改进回答",
        "what_is_kept": "此后服务器会保存您的提问、此前的对话和回答，不含姓名和网络地址。",
    },
)

PAGE: Mapping[str, PagePhrases] = {"en": _ENGLISH, "zh": _CHINESE}
