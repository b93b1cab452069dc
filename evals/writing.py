"""From cases to YAML that a person goes on writing: fields in their order, and what can be left unsaid left out."""

import hashlib
import re
import textwrap
from collections.abc import Collection, Iterable, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from evals.cases import Case, Kind, SuiteError, load
from shanghai_qa.errors import InputError
from shanghai_qa.values import Turn
from shanghai_qa.words import has_chinese, terms, tokens

WIDTH = 120
_WORDS = 6  # of an id
_SCHEMA = "schema.json"
_CASE = TypeAdapter(Case)
_COMMENT = textwrap.TextWrapper(WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def case_id(question: str, taken: Collection[str], prefix: str = "") -> str:
    """An id that is not `taken`: the prefix and the first words of the question that mean something, in kebab case.

    Chinese words do not stand in ids; a question without others is "question-" and six digits of its hash. Where an id
    is taken, a number follows, from 2.
    """
    words = [word for word in tokens(question) if terms(word) and not has_chinese(word)][:_WORDS]
    base = "-".join(re.sub(r"['’]s?$|['’]", "", word).replace(".", "-") for word in words)
    if not any(letter.isalpha() for letter in base):
        base = f"question-{hashlib.sha256(question.encode()).hexdigest()[:6]}"
    ids = (f"{prefix}{base}{'' if n == 1 else f'-{n}'}" for n in range(1, len(taken) + 2))
    return next(id for id in ids if id not in taken)


def kind_of(question: str, history: Sequence[Turn]) -> Kind:
    """What sort of question it seems to be; a person knows better."""
    return "follow-up" if history else "chinese" if has_chinese(question) else "fact"


def one_line(text: str) -> str:
    """`text` without ends of line and without characters that cannot be shown, which YAML and terminals choke on."""
    return " ".join("".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in text).split())


def as_yaml(case: Case, comment: Iterable[str] = ()) -> str:
    """A case as one item of a suite's list, with paragraphs of comment above it.

    Fields that have their default are left out, but for `must_say` where it has to be filled in. A group of one is a
    plain string.
    """
    text = yaml.dump(
        [_plain(case)], Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=False
    )
    lines = [line for paragraph in comment for line in _COMMENT.wrap(one_line(paragraph))]
    return "".join(f"{line}\n" for line in lines) + text


def standing(path: Path) -> tuple[Case, ...]:
    """The cases among which one put into `path` would stand: those of the file, and its `neighbours`."""
    begun = path.is_file() and _entries(_text(path))
    return (*(load(path) if begun else ()), *neighbours(path))


def neighbours(path: Path) -> tuple[Case, ...]:
    """The cases of the other files, where `path` lies in a folder of suites, which its schema tells."""
    if not (path.parent / _SCHEMA).is_file():
        return ()
    others = sorted(other for other in path.parent.glob("*.yaml") if other.name != path.name)
    return tuple(case for other in others for case in load(other))


def create(path: Path, items: Sequence[str]) -> None:
    """Write a suite of these items, in place of what stood there."""
    opening = f"# yaml-language-server: $schema={_SCHEMA}\n\n" if (path.parent / _SCHEMA).is_file() else ""
    _save(path, opening + "\n".join(items))


def append(path: Path, items: Sequence[str]) -> None:
    """Put items at the end of a suite, or begin it; SuiteError if they cannot stand there."""
    before = _text(path) if path.is_file() else ""
    if not before.strip():
        create(path, items)
        return
    after = "\n".join([before.rstrip("\n") + "\n", *items])
    if _entries(after) != [*_entries(before), *_entries("\n".join(items))]:
        raise SuiteError(f"{path}: its list is not written as one `- id: …` a case; print the drafts and put them in")
    _save(path, after)


def _plain(case: Case) -> dict[str, Any]:
    data = _CASE.dump_python(case, mode="json")
    kept = {
        field.name: data[field.name]
        for field in fields(Case)
        if field.default is MISSING or getattr(case, field.name) != field.default or _to_fill_in(case, field.name)
    }
    for name in {"must_say", "disagree"} & kept.keys():
        kept[name] = [group[0] if len(group) == 1 else group for group in kept[name]]
    return kept


def _to_fill_in(case: Case, name: str) -> bool:
    return name == "must_say" and case.answerable


class _Dumper(yaml.SafeDumper):
    """Lists of strings on one line, as people write them."""

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        flow = not any(isinstance(one, dict) for one in sequence)
        return super().represent_sequence(tag, sequence, flow_style=flow)


def _entries(text: str) -> list[Any]:
    """The entries of a suite; one that is no entry where the text is no list."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return [None]
    return found if isinstance(found, list) else [] if found is None else [None]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"{path}: cannot be read as a suite: {error}") from error


def _save(path: Path, text: str) -> None:
    """Write a file; one that stood there stays as it was if this fails."""
    place = path.resolve()
    aside = place.with_name(f".{place.name}.new") if place.is_file() or not place.exists() else place  # not a device
    try:
        aside.write_text(text, encoding="utf-8")
        if aside != place:
            aside.replace(place)
    except OSError as error:
        if aside != place:
            aside.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
