"""Front matter, and the sidecar `<file>.meta.yaml` that holds the same keys: what a person wrote down about a source.

YAML is read as written, node by node, so that nothing is guessed ("NO" is not false, 2024-03-05 stays text) and each
problem knows its line.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from ingest.clean import normalise
from ingest.formats.facts import is_address, is_date
from ingest.loaded import Facts
from shanghai_qa.errors import CorpusError
from shanghai_qa.values import TOPICS, Tier

SIDECAR = ".meta.yaml"
"""What the name of a sidecar has behind that of its file."""

_LONGEST = 20_000  # characters; YAML of more is not read, for the parser is slow
_YAML_ERRORS = (yaml.YAMLError, ValueError, ArithmeticError, LookupError, RecursionError)  # all met in parsing

Wrong = tuple[int, str, str]
"""A line, from 1, what is wrong there, and what is expected."""


@dataclass(frozen=True)
class Front:
    """The facts that are given and right, the lines of all keys, what is wrong, and which keys are not given."""

    facts: Facts = field(default_factory=Facts)
    lines: dict[str, int] = field(default_factory=dict)
    wrong: tuple[Wrong, ...] = ()
    missing: tuple[Wrong, ...] = ()


def front(text: str, line: int) -> Front:
    """What YAML that begins on line `line` of its file says."""
    if len(text) > _LONGEST:
        return Front(
            wrong=((line, f"the front matter has {len(text):,} characters", f"expected at most {_LONGEST:,}"),)
        )
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except _YAML_ERRORS as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
        what = f"the front matter is not YAML ({reason})"
        return Front(wrong=((line + (mark.line if mark else 0), what, _EXPECTED_MAPPING),))
    if not isinstance(root, yaml.MappingNode):
        return Front(wrong=((line, "the front matter holds no keys", _EXPECTED_MAPPING),))
    return _of_keys(root, line)


def sidecar(data: bytes, name: str) -> Facts:
    """The facts of a sidecar; CorpusError, opening with its name, for what is wrong in it."""
    try:
        said = front(data.decode("utf-8-sig"), 1)
    except UnicodeDecodeError as error:
        raise CorpusError(f"{name} is not text in UTF-8; save it as UTF-8") from error
    for line, what, expected in sorted(said.wrong):
        raise CorpusError(f"{name}:{line}: {what}; {expected}")
    return said.facts


def _of_keys(root: yaml.MappingNode, first: int) -> Front:
    lines: dict[str, int] = {}
    facts: dict[str, Any] = {}
    wrong: list[Wrong] = []
    for key, node in root.value:
        line = key.start_mark.line + first
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else "[…]"
        if name not in _FIELDS:
            wrong.append((line, f"{shown(name)} is no key of the front matter", f"expected {', '.join(_FIELDS)}"))
        elif name in lines:
            wrong.append((line, f"{name} is given twice, first on line {lines[name]}", "expected it once"))
        else:
            lines[name] = line
            parse, expected = _FIELDS[name]
            try:
                facts[name] = parse(node)
            except ValueError as error:
                wrong.append((line, f"{name} {error}", f"expected {expected}"))
    missing = ((1, f"{name} is missing", f"expected {_FIELDS[name][1]}") for name in _FIELDS if name not in lines)
    return Front(Facts(**facts), lines, tuple(wrong), tuple(missing))


def _text(node: yaml.Node) -> str:
    """The text of a node on one line; ValueError says what else it is."""
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError("is a list" if isinstance(node, yaml.SequenceNode) else "is a mapping")
    kind = node.tag.rpartition(":")[2]
    if kind != "str":
        raise ValueError(
            "is null" if kind == "null" else f"is {shown(node.value)}, to YAML {_KINDS.get(kind, 'no text')}"
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
        raise ValueError(f"is {shown(address)}")
    return address


def _date(node: yaml.Node) -> str | None:
    """The date as written; YAML may take it for a number or a day."""
    if _is_null(node):
        return None
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError("is not a date")
    if not is_date(node.value):
        raise ValueError(f"is {shown(node.value)}")
    return str(node.value)


def _tier(node: yaml.Node) -> Tier:
    tier = _text(node)
    if tier not in list(Tier):
        raise ValueError(f"is {shown(tier)}")
    return Tier(tier)


def _topics(node: yaml.Node) -> tuple[str, ...]:
    topics = _texts(node)
    for topic in topics:
        if topic not in TOPICS:
            raise ValueError(f"holds {shown(topic)}")
    return topics


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")


def shown(value: str) -> str:
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
