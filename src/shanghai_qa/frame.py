"""What the assistant itself says around the words of sources, in the languages that answers have."""

from shanghai_qa.mentions import MONTHS
from shanghai_qa.values import Document

_FRAMES = {
    "en": {
        "searching": "Searching {count:,} passages",
        "reading": "Reading the {count} nearest",
        "looked_for": "Nothing in this corpus ({documents}, {passages}) answers: {question}",
        "looked_for_filtered": "Nothing in the {documents} that match the filters answers: {question}",
        "none_admitted": "No document of this corpus matches the filters.",
        "newest": "The newest source is of {date}.",
        "nearest": "Nearest is {document}.",
        "dangling": "The question does not say what it is about; name it.",
        "nothing_on": "Nothing on {part}.",
        "unanswered": "Not answered: {part}",
        "writing": "{model} is writing",
        "no_model": "Showing quotes only; {model} did not answer.",
        "model_slow": "Showing quotes only; {model} did not answer in time.",
        "model_unproven": "Showing quotes only; the sources bear out nothing that {model} wrote.",
        "model_cut": "Showing quotes only; {model} broke off.",
        "model_loops": "Showing quotes only; {model} repeated itself.",
        "model_rambles": "Showing quotes only; {model} went on and on.",
        "model_language": "Showing quotes only; {model} wrote in another language.",
    },
    "zh": {
        "searching": "正在检索{count:,}个段落",
        "reading": "正在阅读最接近的{count}个段落",
        "looked_for": "本语料库（{documents}，{passages}）中没有回答：{question}",
        "looked_for_filtered": "符合筛选条件的{documents}中没有回答：{question}",
        "none_admitted": "本语料库中没有符合筛选条件的文档。",
        "newest": "最新的来源日期为{date}。",
        "nearest": "最接近的是{document}。",
        "dangling": "问题没有说明指的是什么，请写出名称。",
        "nothing_on": "没有关于{part}的内容。",
        "unanswered": "未能回答：{part}",
        "writing": "{model}正在作答",
        "no_model": "仅显示原文引用；{model}没有作答。",
        "model_slow": "仅显示原文引用；{model}没有及时作答。",
        "model_unproven": "仅显示原文引用；{model}所写的内容没有一句得到来源证实。",
        "model_cut": "仅显示原文引用；{model}的回答中断了。",
        "model_loops": "仅显示原文引用；{model}不断重复。",
        "model_rambles": "仅显示原文引用；{model}的回答过于冗长。",
        "model_language": "仅显示原文引用；{model}用了其他语言作答。",
    },
}


def count(number: int, noun: str) -> str:
    """A number of things in English: "1 document", "1,087 documents"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def counted(noun: str, number: int, language: str) -> str:
    """A number of documents or passages, in the language of the answer."""
    return f"{number:,}{_MEASURES[noun]}" if language == "zh" else count(number, noun)


_MEASURES = {"document": "份文档", "passage": "个段落"}


def day(published: str, language: str) -> str:
    """A date of the form YYYY, YYYY-MM or YYYY-MM-DD as people write it, as exact as it is given.

    >>> day("2026-03-10", "en"), day("2026-03", "en"), day("2026-03-10", "zh")
    ('10 March 2026', 'March 2026', '2026年3月10日')
    """
    year, *more = [int(part) for part in published.split("-")]
    if language == "zh":
        return "".join(f"{part}{unit}" for part, unit in zip([year, *more], "年月日", strict=False))
    in_words = [str(year), *(MONTHS[month - 1].capitalize() for month in more[:1]), *(str(date) for date in more[1:])]
    return " ".join(reversed(in_words))


def named(document: Document, language: str) -> str:
    """A document by its title, with publisher and date as far as they are known."""
    title, mark, brackets = ("《{}》", "，", "（{}）") if language == "zh" else ('"{}"', ", ", " ({})")
    known = [document.publisher, document.published and day(document.published, language)]
    origin = mark.join(part for part in known if part)
    return title.format(document.title) + (brackets.format(origin) if origin else "")


def frame(name: str, language: str) -> str:
    """The sentence of that name, with its places in braces; KeyError for a name or language that there is not."""
    return _FRAMES[language][name]
