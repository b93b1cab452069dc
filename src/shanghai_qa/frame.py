"""What the assistant itself says around the words of sources, in the languages that answers have."""

_FRAMES = {
    "en": {
        "searching": "Searching {count:,} passages",
        "reading": "Reading the {count} nearest",
        "looked_for": "Nothing in this corpus ({documents}, {passages}) answers: {question}",
        "looked_for_filtered": "Nothing in the {documents} that match the filters answers: {question}",
        "none_admitted": "No document of this corpus matches the filters.",
        "dangling": "The question does not say what it is about; name it.",
        "nothing_on": "Nothing on {part}.",
        "unanswered": "Not answered: {part}",
        "writing": "{model} is writing",
        "no_model": "{model} could not be asked; this is the default answer.",
    },
    "zh": {
        "searching": "正在检索{count:,}个段落",
        "reading": "正在阅读最接近的{count}个段落",
        "looked_for": "本语料库（{documents}，{passages}）中没有回答：{question}",
        "looked_for_filtered": "符合筛选条件的{documents}中没有回答：{question}",
        "none_admitted": "本语料库中没有符合筛选条件的文档。",
        "dangling": "问题没有说明指的是什么，请写出名称。",
        "nothing_on": "没有关于{part}的内容。",
        "unanswered": "未能回答：{part}",
        "writing": "{model}正在作答",
        "no_model": "无法使用{model}，以下是默认回答。",
    },
}


def count(number: int, noun: str) -> str:
    """A number of things in English: "1 document", "1,087 documents"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def counted(noun: str, number: int, language: str) -> str:
    """A number of documents or passages, in the language of the answer."""
    return f"{number:,}{_MEASURES[noun]}" if language == "zh" else count(number, noun)


_MEASURES = {"document": "份文档", "passage": "个段落"}


def frame(name: str, language: str) -> str:
    """The sentence of that name, with its places in braces; KeyError for a name or language that there is not."""
    return _FRAMES[language][name]
