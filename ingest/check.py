"""The rules of the corpus, held against documents as they lie in their files.

Documents go in as (id, path); out come problems, by document and then by line. A document without problems can be
quoted sentence by sentence: its facts are complete, its sentences short, and each names its subject. `corpus/README.md`
states the same rules in prose. Plain text is held only to the rules about markup that its writer cannot have meant.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from urllib.parse import urlsplit

from ingest.documents import Problem, Reading, read
from ingest.sentences import enclosed, sections, sentences
from shanghai_qa.context import UNNAMED
from shanghai_qa.values import TOPICS, Document

MAX_WORDS = 39  # of a sentence; the rule is "under 40"
ANY_TOPIC = "report"  # the folder of the report that the project starts from, which speaks of many topics

Finding = tuple[int, str, str]
"""Where in the cleaned text, what is wrong, what is expected."""


def check(found: Iterable[tuple[str, Path]]) -> Iterator[Problem]:
    """What is wrong with the documents that `ingest.documents.find` found; each file is read once.

    A document that cannot be read yields what keeps it from being read, and nothing else.
    """
    addresses: dict[str, str] = {}
    for id, path in found:
        reading = read(path, id)
        problems = [*reading.problems, *reading.lacks]
        if reading.document and not problems:
            problems += _of_facts(reading, reading.document, addresses)
            problems += _of_text(reading, reading.document)
        yield from sorted(problems, key=lambda problem: problem.line)


def same_address(url: str) -> str:
    """What two addresses of one page share: without scheme, "www.", fragment, trailing slash and case of the host."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")
    return parts.netloc.lower().removeprefix("www.") + path


# --- Facts ----------------------------------------------------------------------------------------------------------


def _of_facts(reading: Reading, document: Document, addresses: dict[str, str]) -> Iterator[Problem]:
    """Problems that concern the folder and other documents; adds the document's address to `addresses`."""
    folder = reading.path.absolute().parent.name
    filed = _is_digest(reading) and ("/" in document.id or folder in TOPICS)
    if filed and folder not in (ANY_TOPIC, *document.topics[:1]):
        what = f"the first topic is {document.topics[0]}" if document.topics else "topics is empty"
        yield Problem(reading.path, reading.lines.get("topics", 1), what, f"expected {folder}, as the folder is named")
    if document.url is not None:
        holder = addresses.setdefault(same_address(document.url), document.id)
        if holder != document.id:
            expected = "expected one document for one address"
            yield Problem(reading.path, reading.lines["url"], f"the url is also that of {holder}", expected)


# --- Text -----------------------------------------------------------------------------------------------------------


def _of_text(reading: Reading, document: Document) -> Iterator[Problem]:
    rules = _RULES if _is_digest(reading) else _RULES_OF_PLAIN_TEXT
    findings = [finding for rule in rules for finding in rule(document)]
    lines = _lines(reading, document.text) if findings else []
    for offset, what, expected in findings:
        yield Problem(reading.path, lines[offset], what, expected)


def _lines(reading: Reading, text: str) -> list[int]:
    """For each character of the text its line in the file: cleaning keeps the number and order of non-blanks."""
    rows = enumerate(reading.body.split("\n"), start=reading.body_line)
    of_nonblank = [number for number, row in rows for character in row if not character.isspace()]
    return [of_nonblank[max(0, seen - 1)] for seen in accumulate(not character.isspace() for character in text)]


def _title(document: Document) -> Iterator[Finding]:
    opening, heading = document.text.split("\n", 1)[0], f"# {document.title}"
    if opening != heading:
        yield 0, f"the document opens with {_shown(opening)}", f"expected {_shown(heading)}, as the title is"


def _sections(document: Document) -> Iterator[Finding]:
    parts = sections(document.text)
    if not any(part.level == 2 for part in parts):
        yield 0, "there is no section", "expected headings that open with ##"
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        holds_deeper = following is not None and following.level > part.level
        if part.level >= 2 and part.body.start == part.body.end and not holds_deeper:
            yield part.start, f"the section {_shown(part.heading)} is empty", "expected sentences under the heading"


def _length(document: Document) -> Iterator[Finding]:
    for start, sentence in _sentences(document):
        words = sum(any(map(str.isalnum, word)) for word in sentence.split())
        if words > MAX_WORDS:
            yield start, f"the sentence has {words} words: {_shown(sentence)}", f"expected at most {MAX_WORDS}"


def _subject(document: Document) -> Iterator[Finding]:
    for start, sentence in _sentences(document):
        if opening := UNNAMED.match(sentence):
            what = f"the sentence opens with {opening[1]!r}: {_shown(sentence)}"
            yield start, what, "expected the name of its subject"


_MARKUP = {
    "an HTML tag": re.compile(r"</?[A-Za-z][^<>\n]*>|<!--"),
    "an HTML entity": re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8}\d?);"),
    "a link": re.compile(r"!?\[[^\[\]\n]*\]\([^()\n]*\)"),
    "bold or italic type": re.compile(r"(\*\*|__)[^*_\n]+\1|(?<!\w)([*_])\w[^*_\n]*\2(?!\w)|\*\*|__"),
    "code": re.compile(r"`+[^`\n]*`*"),
    "a footnote mark": re.compile(r"\[\^?(?:\d{1,3}|note \d+|citation needed|edit)\]"),
}


def _markup(document: Document) -> Iterator[Finding]:
    for kind, pattern in _MARKUP.items():
        for left in pattern.finditer(document.text):
            yield left.start(), f"{_shown(left[0])} is {kind} left over", "expected plain text"


_CHINESE = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+")


def _foreign(document: Document) -> Iterator[Finding]:
    """Chinese that is not given as a name: an English sentence puts it in brackets or quotation marks."""
    for row in re.finditer(r"[^\n]+", document.text):
        named = enclosed(row[0])
        for run in _CHINESE.finditer(row[0]):
            if not any(span.start < run.start() and run.end() < span.end for span in named):
                what = f"{_shown(run[0])} stands neither in brackets nor in quotation marks"
                yield row.start() + run.start(), what, "expected Chinese only as the name of something"


_ADVERTISING = {
    "advertising": re.compile(
        "自荐|龙凤|楼凤|外卖(?:工作室|自带|海选)|工作室外卖|(?:品|喝)茶(?:群|资源|工作室|海选|论坛|网)?|海选场|"
        "外围(?:女|模特|资源)|上门(?:服务|按摩|外卖)|桑拿|油压|莞式|包夜|约炮|裸聊|夜网|爱上海(?:论坛|同城)|娱乐城|博彩|"
        "时时彩|六合彩|代开发票|发票代开|办证刻章|代孕"
    ),
    "a call to get in touch": re.compile(
        "加(?:微信|薇|[Vv]信?|[Qq]{2})|(?:微信|客服|联系)(?:号|电话|热线)|扫码(?:加|关注|咨询)"
    ),
    "a contact": re.compile(
        r"(?:微信|薇信|[Vv]信|\bQQ|\bWeChat|\bTelegram|\bWhatsApp)(?: ?(?:号|群|ID|number))?(?: ?[:：] ?| )"
        r"(?=[\w-]*\d)[\w-]{6,}|(?<![\w/.])[\w.+-]*@[A-Za-z][\w.-]+\w"
    ),
    "a telephone number": re.compile(
        r"(?<![\d,.-])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\d,.-]?\d)"
        r"|(?<![\d-])(?:\+86[ -]?|0)\d{2,3}[ -]\d{7,8}(?!\d)|(?<![\d-])[48]00-\d{3,4}-\d{3,4}(?!\d)"
    ),
}


def _advertising(document: Document) -> Iterator[Finding]:
    for kind, pattern in _ADVERTISING.items():
        for fragment in pattern.finditer(document.text):
            yield fragment.start(), f"{_shown(fragment[0])} is {kind}", "expected nothing but what the source tells"


_RULES: tuple[Callable[[Document], Iterator[Finding]], ...] = (
    _title, _sections, _length, _subject, _markup, _foreign, _advertising,
)  # fmt: skip
_RULES_OF_PLAIN_TEXT: tuple[Callable[[Document], Iterator[Finding]], ...] = (_markup, _advertising)


def _sentences(document: Document) -> Iterator[tuple[int, str]]:
    """Where each sentence begins, and the sentence."""
    for part in sections(document.text):
        for span in sentences(document.text, part.body.start, part.body.end):
            yield span.start, document.text[span.start : span.end]


def _is_digest(reading: Reading) -> bool:
    """Whether it is Markdown, written by these rules, rather than plain text."""
    return reading.path.suffix.lower() == ".md"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")
