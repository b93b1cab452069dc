"""From files to `Document`s: finding them, and reading one.

A folder or file goes in, documents come out, each with an id, a cleaned text and complete, typed facts about its
source. What is wrong with a file is a `Problem` with its line, and never any other error than `CorpusError`.

Markdown opens with YAML front matter, which is read as written, node by node, so that nothing is guessed ("NO" is not
false, 2024-03-05 stays text) and each problem knows its line. Plain text has none and is `unverified`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from ingest.clean import clean, normalise
from shanghai_qa.errors import CorpusError
from shanghai_qa.values import TOPICS, Document, Tier

ENDINGS = (".md", ".txt")
_LONGEST_TITLE = 200  # characters; a longer first line of plain text is no title
_YAML_ERRORS = (yaml.YAMLError, ValueError, ArithmeticError, LookupError, RecursionError)  # all met in parsing


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file, where (lines count from 1), and what is expected there."""

    path: Path
    line: int
    what: str
    expected: str

    def __str__(self) -> str:
        return f"{_printable(self.path)}:{self.line}: {self.what}; {self.expected}"


@dataclass(frozen=True)
class Reading:
    """A file as read: `document` is None exactly where there are problems.

    `body` is the text below the front matter, normalised but not unwrapped; it begins on line `body_line` of the file.
    `lines` says on which line each key of the front matter stands.
    """

    path: Path
    document: Document | None
    problems: tuple[Problem, ...] = ()
    body: str = ""
    body_line: int = 1
    lines: dict[str, int] = field(default_factory=dict)


def find(paths: Iterable[Path], refuse: Callable[[str], None] | None = None) -> list[tuple[str, Path]]:
    """The documents in folders and files, as (id, path) sorted by id; no file twice.

    In a folder that is every *.md and *.txt that is neither hidden nor a README.md, and its id is its path under that
    folder without the ending. A file given by name has the path under the nearest folder named "corpus" as its id, or
    else its bare name. A path that does not exist or is neither is a CorpusError.

    A file whose name is not UTF-8, and the later of two with one id, are left out after `refuse` was told why, opening
    with the path; None raises that as a CorpusError.
    """
    tell = refuse or _raise
    files: dict[Path, tuple[Path, Path]] = {}
    for given in paths:
        for path, base in _files(given):
            files.setdefault(path.resolve(), (path, base))
    found: dict[str, Path] = {}
    for path, base in files.values():
        id = _id(path, base)
        if _printable(id) != id:
            tell(f"{_printable(path)} has a name that is not UTF-8; rename it")
        elif id in found:
            holder = _printable(found[id])
            tell(f"{_printable(path)} has the id {id!r} that {holder} has already; rename one of them")
        else:
            found[id] = path
    return sorted(found.items())


def _raise(message: str) -> None:
    raise CorpusError(message)


def read_document(path: Path, id: str) -> Document:
    """The document in a file; CorpusError, as `path:line: what is wrong; what is expected`, with its first problem."""
    reading = read(path, id)
    if reading.document is None:
        raise CorpusError(str(reading.problems[0]))
    return reading.document


def read(path: Path, id: str) -> Reading:
    """A file with all that is wrong with it, in the order of its lines."""
    try:
        text = normalise(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        return _unreadable(path, f"the file cannot be read ({error.strerror})", "expected a file that opens")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return _unreadable(path, "the file is not text in UTF-8", "save it as UTF-8", line)
    if not text.strip():
        return _unreadable(path, "the file is empty", "expected a document")
    return _read_markdown(path, id, text) if path.suffix.lower() == ".md" else _read_plain(path, id, text)


def _files(given: Path) -> Iterator[tuple[Path, Path]]:
    """The documents at a path, each with the folder that its id counts from."""
    if given.is_file():
        if given.suffix.lower() not in ENDINGS:
            raise CorpusError(f"{_printable(given)} is not a document; expected a name that ends in .md or .txt")
        above = [folder for folder in given.absolute().parents if folder.name == "corpus"]
        yield given, above[0] if above else given.parent
        return
    if not given.is_dir():
        raise CorpusError(f"{_printable(given)} does not exist; expected a document or a folder of documents")
    for path in sorted(given.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(given).parts)
        if path.suffix.lower() in ENDINGS and path.is_file() and not hidden and path.name.lower() != "readme.md":
            yield path, given


def _id(path: Path, base: Path) -> str:
    return unicodedata.normalize("NFC", path.absolute().relative_to(base.absolute()).with_suffix("").as_posix())


def _read_plain(path: Path, id: str, text: str) -> Reading:
    first = text.strip().split("\n", 1)[0].lstrip("#").strip()
    title = clean(first) if 0 < len(first) <= _LONGEST_TITLE else path.stem
    return Reading(path, Document(id, title, None, (), None, None, Tier.UNVERIFIED, (), (), clean(text)), body=text)


def _read_markdown(path: Path, id: str, text: str) -> Reading:
    rows = text.split("\n")
    fences = [number for number, row in enumerate(rows) if row.rstrip() == "---"][:2]
    if fences[:1] != [0]:
        return _unreadable(path, "the front matter is missing", "expected --- alone on the first line")
    if len(fences) < 2:
        return _unreadable(path, "the front matter does not end", "expected --- alone on a line below it")
    facts, lines, wrong = _front_matter("\n".join(rows[1 : fences[1]]))
    body = "\n".join(rows[fences[1] + 1 :])
    cleaned = clean(body)
    if not cleaned:
        wrong.append((len(rows), "there is no text", "expected a body below the front matter"))
    problems = tuple(Problem(path, *each) for each in sorted(wrong))
    document = None if problems else Document(id=id, text=cleaned, **facts)
    return Reading(path, document, problems, body, fences[1] + 2, lines)


def _unreadable(path: Path, what: str, expected: str, line: int = 1) -> Reading:
    return Reading(path, None, (Problem(path, line, what, expected),))


def _printable(path: Path | str) -> str:
    """The path with "?" for what no encoding can print, as in file names of another encoding."""
    return str(path).encode("utf-8", "replace").decode()


# --- Front matter ---------------------------------------------------------------------------------------------------

_Wrong = tuple[int, str, str]  # line, what is wrong, what is expected


def _front_matter(text: str) -> tuple[dict[str, Any], dict[str, int], list[_Wrong]]:
    """Facts by key, lines by key, and what is wrong; `text` begins on line 2 of its file."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except _YAML_ERRORS as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
        return {}, {}, [(mark.line + 2 if mark else 2, f"the front matter is not YAML ({reason})", _EXPECTED_MAPPING)]
    if not isinstance(root, yaml.MappingNode):
        return {}, {}, [(2, "the front matter holds no keys", _EXPECTED_MAPPING)]
    lines: dict[str, int] = {}
    facts: dict[str, Any] = {}
    wrong: list[_Wrong] = []
    for key, node in root.value:
        line = key.start_mark.line + 2
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else "[…]"
        if name not in _FIELDS:
            wrong.append((line, f"{normalise(name)!r} is no key of the front matter", f"expected {', '.join(_FIELDS)}"))
        elif name in lines:
            wrong.append((line, f"{name} is given twice, first on line {lines[name]}", "expected it once"))
        else:
            lines[name] = line
            parse, expected = _FIELDS[name]
            try:
                facts[name] = parse(node)
            except ValueError as error:
                wrong.append((line, f"{name} {error}", f"expected {expected}"))
    wrong += [(1, f"{name} is missing", f"expected {_FIELDS[name][1]}") for name in _FIELDS if name not in lines]
    return facts, lines, wrong


def _text(node: yaml.Node) -> str:
    """The text of a node on one line; ValueError says what else it is."""
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError("is a list" if isinstance(node, yaml.SequenceNode) else "is a mapping")
    kind = node.tag.rpartition(":")[2]
    if kind != "str":
        raise ValueError(
            "is null" if kind == "null" else f"is {_shown(node.value)}, to YAML {_KINDS.get(kind, 'no text')}"
        )
    text = " ".join(normalise(node.value).split())
    if not text:
        raise ValueError("is empty")
    return text


def _text_or_null(node: yaml.Node) -> str | None:
    return None if _is_null(node) else _text(node)


def _texts(node: yaml.Node) -> tuple[str, ...]:
    if not isinstance(node, yaml.SequenceNode):
        raise ValueError("is not a list")
    texts: list[str] = []
    for item in node.value:
        try:
            texts.append(_text(item))
        except ValueError as error:
            raise ValueError(f"holds an entry that {error}") from error
    return tuple(texts)


def _address(node: yaml.Node) -> str | None:
    address = _text_or_null(node)
    if address is not None and not is_address(address):
        raise ValueError(f"is {_shown(address)}")
    return address


def _date(node: yaml.Node) -> str | None:
    """The date as written; YAML may take it for a number or a day."""
    if _is_null(node):
        return None
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError("is not a date")
    if not _is_date(node.value):
        raise ValueError(f"is {_shown(node.value)}")
    return str(node.value)


def _tier(node: yaml.Node) -> Tier:
    tier = _text(node)
    if tier not in list(Tier):
        raise ValueError(f"is {_shown(tier)}")
    return Tier(tier)


def _topics(node: yaml.Node) -> tuple[str, ...]:
    topics = _texts(node)
    for topic in topics:
        if topic not in TOPICS:
            raise ValueError(f"holds {_shown(topic)}")
    return topics


def is_address(text: str) -> bool:
    """Whether a browser can open it: http or https, with a host."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r'[\s<>"]', text)


def _is_date(text: str) -> bool:
    """Whether it is a day, month or year that there is, as YYYY-MM-DD, YYYY-MM or YYYY."""
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", text):
        return False
    try:
        date.fromisoformat((text + "-01-01")[:10])
    except ValueError:
        return False
    return True


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")


def _shown(value: str) -> str:
    """A value as it stands in a message: quoted, on one line, and not longer than one."""
    value = normalise(value)
    return repr(value if len(value) <= 60 else value[:59] + "…")


_KINDS = {"int": "a number", "float": "a number", "bool": "a yes or no", "timestamp": "a date"}
_EXPECTED_MAPPING = "expected lines of the form key: value"
_FIELDS: dict[str, tuple[Callable[[yaml.Node], Any], str]] = {
    "title": (_text, "a text, in quotes if YAML takes it for something else"),
    "publisher": (_text_or_null, "a name, or null"),
    "authors": (_texts, "a list of names, [] for none"),
    "url": (_address, "an http or https address, or null"),
    "published": (_date, "a date that there is as YYYY, YYYY-MM or YYYY-MM-DD, or null"),
    "tier": (_tier, "primary, established, promotional or unverified"),
    "topics": (_topics, f"a list from {', '.join(TOPICS)}"),
    "places": (_texts, "a list of places, [] for none"),
}
