"""Tables of texts: CSV with names on top, and JSON Lines, one object a line. Each record is a document.

They are read as they come, so that a file may be of any size.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from io import StringIO
from itertools import chain
from pathlib import PurePosixPath
from typing import Any

from ingest.formats.facts import address, date, names, one_line, opening
from ingest.formats.file import FIELDS, MAX_RECORD, File, LineError, Record
from ingest.formats.front import shown
from ingest.loaded import PAGE, Facts, Loaded
from shanghai_qa.errors import CorpusError
from shanghai_qa.values import TOPICS, Tier

_NAMES = (
    "text content body fulltext maintext articlebody 正文 内容 全文 文本",
    "title headline 标题 题目",
    "url link address 网址 链接",
    "published date datepublished publisheddate publicationdate publishedat pubdate 日期 发布日期 发布时间",
    "publisher source sitename site 来源 媒体 出版者",
    "authors author byline 作者",
    "tier",
    "topics topic",
    "places place 地点",
    "id key",
)
KNOWN = {field: names_of.split() for field, names_of in zip(FIELDS, _NAMES, strict=True)}
"""The names of columns or keys that hold each field; case, blanks and signs do not count."""

_MOST_REFUSED = 100  # records of one file, after which it is given up
_DELIMITERS = ",;\t|"
_LONGEST_KEY = 100  # characters

csv.field_size_limit(MAX_RECORD)  # characters; there is one limit for the whole process, and it begins at 131,072

Cells = Mapping[str, Any]
Row = tuple[int, Cells | str]
"""The line on which a record ends, and its cells by names as in `KNOWN`, or what is wrong with it."""


def load(file: File) -> Iterator[tuple[str, Loaded]]:
    """The records, each by its id, else by its number, from 1; those without a text are refused."""
    is_lines = PurePosixPath(file.name).suffix.lower() in (".jsonl", ".ndjson")
    number = refused = 0
    for number, (line, record) in enumerate(_objects(file) if is_lines else _rows(file), start=1):
        try:
            yield _loaded(record, number, file)
        except CorpusError as error:
            refused += 1
            if refused > _MOST_REFUSED:
                raise LineError(line, f"more than {_MOST_REFUSED} records cannot be read; mend the file") from error
            file.refuse(f":{line}: {error}")
    if not number:
        raise CorpusError("holds no record; expected texts below a row of names, or an object a line")


def _lines(file: File, newline: str) -> Iterator[str]:
    """The lines of the file, which `newline` parts as `open` has it; "" leaves all ends of lines as they are."""
    for text in file.texts():
        yield from StringIO(text.removeprefix("\ufeff").replace(PAGE, ""), newline)


def _rows(file: File) -> Iterator[Row]:
    """The rows of CSV below that of names, none of them blank."""
    lines = _lines(file, newline="")
    above, top = next(((number, line) for number, line in enumerate(lines) if line.strip("\r\n")), (0, ""))
    reader = csv.reader(chain([top], lines), delimiter=_delimiter(top), strict=True)
    columns: list[str] = []
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise LineError(above + reader.line_num, f"is no CSV from here on ({error}); mend it") from error
        if not any(map(str.strip, cells)):
            continue
        if columns:
            yield above + reader.line_num, dict(zip(columns, cells, strict=False))
            continue
        columns = list(map(_plain, cells))
        if not _found(dict.fromkeys(columns, "x"), "text", file):
            known = ", ".join(KNOWN["text"][:3])
            raise LineError(above + reader.line_num, f"no column holds texts; name one {known}, or say which one it is")


def _delimiter(top: str) -> str:
    """What parts the names in the first row: that which gives most names that are known, or else most names."""
    known = {name for names_of in KNOWN.values() for name in names_of}

    def found(delimiter: str) -> tuple[int, int]:
        parts = [_plain(part) for part in top.split(delimiter)]
        return len(known.intersection(parts)), len(parts)

    return max(_DELIMITERS, key=found)


def _objects(file: File) -> Iterator[Row]:
    """The objects of JSON Lines."""
    for number, line in enumerate(_lines(file, newline="\n"), start=1):
        if not line.strip():
            continue
        if len(line) > MAX_RECORD:
            yield number, f"the line has {len(line):,} characters; expected at most {MAX_RECORD:,}"
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = "too deeply nested" if isinstance(error, RecursionError) else str(error)[:80]
            yield number, f"the line is no JSON ({reason}); mend it"
            continue
        is_object = isinstance(record, dict)
        yield number, {_plain(key): value for key, value in record.items()} if is_object else "expected an object {…}"


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name[:_LONGEST_KEY]).casefold()


def _found(record: Cells, field: str, file: File) -> Any:
    """What the record gives for a field, None where nothing: of the names that may hold it, the first that does."""
    given = file.columns.get(field)
    values = (record.get(name) for name in ([_plain(given)] if given else KNOWN[field]))
    return next((value for value in values if value not in (None, "", [])), None)


def _loaded(record: Cells | str, number: int, file: File) -> tuple[str, Record]:
    if isinstance(record, str):
        raise CorpusError(record)
    found = {field: _found(record, field, file) for field in KNOWN}
    text = found["text"]
    if isinstance(text, list) and all(isinstance(part, str) for part in text):
        text = "\n\n".join(text)
    if text is None or not str(text).strip():
        raise CorpusError("the record holds no text")
    if not isinstance(text, str):
        raise CorpusError(f"the text is {shown(str(text)[:60])}; expected a string")
    key = _key(found["id"]) or str(number)
    facts = Facts(
        title=one_line(found["title"]) or file.given.title or opening(text) or f"{PurePosixPath(file.name).stem} {key}",
        publisher=one_line(found["publisher"]),
        authors=names(found["authors"]),
        url=address(found["url"]),
        published=date(found["published"]),
        tier=_tier(found["tier"]),
        topics=tuple(topic for topic in _words(found["topics"]) if topic in TOPICS),
        places=_words(found["places"]),
    )
    return key, Record(text, facts)


def _key(value: Any) -> str:
    """An id in signs that may stand in one of a document."""
    text = str(value) if isinstance(value, str | int) else ""
    return re.sub(r"[^\w.-]+", "-", text[: 2 * _LONGEST_KEY]).strip("-.")[:_LONGEST_KEY]


def _tier(value: Any) -> Tier | None:
    """The tier, in which a mistake is not passed over: it is a word of ours, and nobody else's."""
    tier = one_line(value)
    if tier and tier.lower() not in list(Tier):
        raise CorpusError(f"tier is {shown(tier)}; expected {', '.join(Tier)}")
    return Tier(tier.lower()) if tier else None


def _words(value: Any) -> tuple[str, ...]:
    """Words in a list, or in a text with commas or semicolons between them."""
    return names(re.sub("[,，|]", ";", value) if isinstance(value, str) else value)
