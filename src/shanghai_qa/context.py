"""Sentences that do not name what they speak of, and how they are shown with it: "It [SMIC] was founded in 2000.".

The quote itself is never touched: what stands in brackets is shown, searched for and read, and is proven by a sentence
before the quote, which the citation carries as its `context`.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from shanghai_qa.mentions import MONTHS, bare, names
from shanghai_qa.values import Citation, Context, Document, Passage, Span

UNNAMED = re.compile(
    r"""["'“‘(]*((?:It|Its|They|Their|She|His|Her|This|These|That|Those|We|Our|I|My|You|Your)\b(?!-)"""
    r"|He\b(?! [A-Z])"  # He Fan is a name
    r"|The (?:company|firm|city|group|district|municipality|country|startup|start-up|chipmaker|carmaker|university"
    r"|institute|agency|fund|article|authors?|researchers|newspaper|blog|repost|regulator|bureau|former|latter)\b"
    r"""(?! (?:of\b|['"“‘])))"""
)
"""The opening of an English sentence that does not name its subject."""

_UNNAMED_CHINESE = re.compile(
    "[“「『（]*((?:该|这家|这个|本)(?:公司|企业|集团|机构|基金|项目|平台|芯片|产品|大学|学院|研究院|实验室|园区|区|市)"
    "|公司(?=[在于将已为的拥成总计从由也还与和是]|[12]\\d{3})|其(?![他它中实次余])|[它他她](?!们)|他们|它们|她们)"
)
_SELF = re.compile(r"We|Our|I|My|You|Your")  # whoever speaks, whom no sentence before names
_PERSONAL = re.compile("He|His|She|Her|他|她")
_NAMELESS = re.compile("They|Their|This|These|That|Those|The (?:former|latter|authors?|researchers)|.们")
_LEADS_IN = re.compile(
    r"(?:According to|In|On|At|By|Since|After|Before|During|From|Under|For|As of|Between|Until|With|Like|Unlike)\b"
    r"[^,]{1,80}, (?=[A-Z\"“])"
)
_NO_PERSON = re.compile(
    r"\b(?:University|Institute|Company|Corp\w*|Group|Bank|Ltd|Inc|Holdings|Technolog\w+|Academy|Ministry|Bureau|Fund|"
    r"Commission|Committee|Council|District|Area|Zone|Park|Port|Market|Exchange|Centre|Center|Lab\w*|Valley|Town|China|"
    r"Shanghai|Beijing|Pudong|New|North|South|East|West|Plan|Conference|Award|Prize)\b|\d"
)
_CHINESE_SUBJECT = re.compile(
    "^(?:据[^，,]{1,30}[，,])?(?:\\d{4}年[^，,]{0,12}[，,])?[“「『]?([\u3400-\u9fffA-Za-z0-9·&-]{2,20}?)[”」』]?"
    "(?:（|\\(|是|于|在|将|已|宣布|表示|发布|成立|拥有|计划|推出|完成|获得|由|为|[，,]|\\d{4}年)"
)
_FAR = 3  # sentences between one that names its subject and one that leans on it


def contexts(text: str, spans: Sequence[Span]) -> tuple[Context | None, ...]:
    """For each sentence of a section what it leans on, None where it names its subject or none before it does."""
    found: list[Context | None] = []
    for n, span in enumerate(spans):
        opening = _opening(text[span.start : span.end])
        if opening is None or _SELF.fullmatch(opening[1]):
            found.append(None)
            continue
        before = [one for one in spans[max(0, n - _FAR) : n] if _opening(text[one.start : one.end]) is None]
        named = before[-1] if before else None
        name = _subject(text[named.start : named.end], opening[1], text) if named else ""
        found.append(Context(named.start, named.end, name) if named else None)
    return tuple(found)


def in_full(sentence: str, subject: str) -> str:
    """A sentence that opens without its subject, with that in brackets.

    >>> in_full("It was founded in 2000.", "SMIC")
    'It [SMIC] was founded in 2000.'
    >>> in_full("SMIC was founded in 2000.", "")
    'SMIC was founded in 2000.'
    """
    opening = _opening(sentence) if subject else None
    if opening is None:
        return sentence
    gap = "" if opening.re is _UNNAMED_CHINESE else " "
    return f"{sentence[: opening.end(1)]}{gap}[{subject}]{sentence[opening.end(1) :]}"


def opens_to(sentence: str) -> int:
    """Where `in_full` puts the subject, 0 where nowhere."""
    opening = _opening(sentence)
    return opening.end(1) if opening else 0


def in_full_of(document: Document, passage: Passage) -> Iterator[str]:
    """The sentences of a passage, each with its subject in brackets where it does not name it."""
    for n, span in enumerate(passage.sentences):
        context = passage.context(n)
        yield in_full(document.text[span.start : span.end], context.subject if context else "")


def is_quote(statement: str, citation: Citation) -> bool:
    """Whether a statement is the quote, as it stands or with the subject that its context names in brackets."""
    return statement in (citation.quote, quote_in_full(citation))


def quote_in_full(citation: Citation) -> str:
    """The quote, with the subject that its context names in brackets."""
    return in_full(citation.quote, citation.context.subject if citation.context else "")


def _opening(sentence: str) -> "re.Match[str] | None":
    return UNNAMED.match(sentence) or _UNNAMED_CHINESE.match(sentence)


def _subject(sentence: str, opening: str, text: str) -> str:
    """What a sentence of `text` is about, as far as its form tells, to stand for `opening`; "" where it does not."""
    if _NAMELESS.fullmatch(opening):
        return ""
    if re.search("[\u3400-\u9fff]", opening):
        chinese = _CHINESE_SUBJECT.search(sentence)
        return chinese[1] if chinese else ""
    rest = (sentence[found.end() :] if (found := _LEADS_IN.match(sentence)) else sentence).removeprefix("The ")
    said = [part for name in names(f"x {rest}") for part in bare(name.text).removeprefix("The ").split(" and ")]
    if _PERSONAL.fullmatch(opening):
        persons = {name for name in said if " " in name and not _NO_PERSON.search(name)}
        return persons.pop() if len(persons) == 1 else ""
    subject = said[0] if said else ""
    opens = rest.startswith(subject) and subject.casefold() not in MONTHS and f"{subject} and " not in rest
    return subject if opens and _is_name(subject, text) else ""


def _is_name(word: str, text: str) -> bool:
    """Whether what opens a sentence with a capital is a name by its form, or has that capital within another, too."""
    told = " " in word or sum(map(str.isupper, word)) > 1
    return told or word in _capitals(text)


_LONGEST_WORD = 100  # characters of what stands between blanks, which may be an address or data


@lru_cache(maxsize=4)  # it is asked for of each sentence of a text
def _capitals(text: str) -> frozenset[str]:
    """The words with a capital that stand within sentences of a text, "Bund-led" as "Bund", too."""
    words = {word for word in re.findall(r"(?<=[a-z,] )\S+", text) if any(map(str.isupper, word))}
    return frozenset(word[: end.end()] for word in words for end in re.finditer(r"\w\b", word[:_LONGEST_WORD]))
