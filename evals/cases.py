"""From a YAML suite to cases: questions with what a good answer has to say and cite.

A case is data that a person can read; the head of `suites/first.yaml` explains its fields. `check` proves against the
documents that every expectation can be met.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

import yaml
from pydantic import BeforeValidator, ConfigDict, TypeAdapter, ValidationError

from shanghai_qa.errors import ShanghaiQAError
from shanghai_qa.values import Tier, Turn

Kind = Literal[
    "fact", "number", "date", "person", "place", "list", "comparison", "as-of", "yes-no",
    "follow-up", "chinese", "typo", "near-miss", "outside", "injection",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
Part = Literal["dev", "test"]


class SuiteError(ShanghaiQAError):
    """A suite that cannot be read, or a case that no answer could pass."""


def _group(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Group = Annotated[tuple[str, ...], BeforeValidator(_group)]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One question and what is expected of its answer.

    `must_say` holds groups: of each group one string has to be said, and a plain string in the YAML is a group of one.
    `must_lead` holds strings of which the first statement has to say one; empty, any string of `must_say` will do.
    `must_cite` names documents of which one has to be cited. Where not `answerable`, the only good answer is a refusal.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: str
    question: str
    kind: Kind
    answerable: bool
    why: str
    history: tuple[Turn, ...] = ()
    must_say: tuple[Group, ...] = ()
    must_lead: tuple[str, ...] = ()
    must_not_say: tuple[str, ...] = ()
    must_cite: tuple[str, ...] = ()
    tier: Tier | None = None

    @property
    def leads(self) -> tuple[str, ...]:
        """What the first statement may say, one of them at least; empty where the case is not answerable."""
        return self.must_lead or tuple(string for group in self.must_say for string in group)


_ONE_CASE = TypeAdapter(Case)


def load(path: Path) -> tuple[Case, ...]:
    """The cases of a YAML file, in its order, at least one. SuiteError names the file and the case."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SuiteError(f"{path}: cannot be read as a suite: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise SuiteError(f"{path}: expected a list of cases, at least one")
    return tuple(_read(path, number, entry) for number, entry in enumerate(entries, start=1))


def split(case: Case) -> Part:
    """The part that a case belongs to for as long as it keeps its id: about half of the cases each.

    Thresholds are fitted on "dev"; "test" is only reported.
    """
    return "dev" if hashlib.sha256(case.id.encode()).digest()[0] < 128 else "test"


def select(cases: Iterable[Case], part: Part | None = None, ids: Sequence[str] = ()) -> tuple[Case, ...]:
    """The cases of one part, or of both where it is None; with `ids`, only those. SuiteError if none is left."""
    known = {case.id: case for case in cases}
    if unknown := [id for id in ids if id not in known]:
        raise SuiteError(f"no such case in the suite: {', '.join(unknown)}")
    chosen = tuple(known[id] for id in dict.fromkeys(ids or known) if part in (None, split(known[id])))
    if not chosen:
        raise SuiteError(f"no case is left: none of {', '.join(ids) or 'the suite'} is in part {part}")
    return chosen


def check(cases: Sequence[Case], texts: Mapping[str, str]) -> None:
    """Refuse cases that no answer from `texts` (document id → text) could pass; SuiteError lists every reason.

    Ids occur once. An answerable case has `must_say` and `must_cite`; its documents exist, say one string of each
    group between them, and each of them says something of what is asked. Other cases expect nothing.
    """
    problems = [f"{id}: stands {n} times" for id, n in Counter(case.id for case in cases).items() if n > 1]
    problems += [f"{case.id}: {problem}" for case in cases for problem in _problems(case, texts)]
    if problems:
        raise SuiteError("\n".join(problems))


def says(text: str, wanted: str) -> bool:
    """Whether `wanted` occurs in `text`, whatever the case of the letters and the width of white space.

    A number counts only whole: "32" occurs neither in "132" nor in "1,032" nor in "32.5".
    """
    wanted = _fold(wanted)
    left = r"(?<!\d)(?<!\d[.,])" if wanted[:1].isdigit() else ""
    right = r"(?!\d|[.,]\d)" if wanted[-1:].isdigit() else ""
    return re.search(left + re.escape(wanted) + right, _fold(text)) is not None


def says_any(text: str, strings: Iterable[str]) -> bool:
    return any(says(text, string) for string in strings)


def _fold(text: str) -> str:
    return " ".join(text.split()).casefold()


def _read(path: Path, number: int, entry: Any) -> Case:
    try:
        return _ONE_CASE.validate_python(entry)
    except ValidationError as error:
        name = entry.get("id", f"number {number}") if isinstance(entry, dict) else f"number {number}"
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "entry"
        raise SuiteError(f"{path}: case {name}: {where}: {first['msg']}") from error


def _problems(case: Case, texts: Mapping[str, str]) -> Iterator[str]:
    if not case.answerable:
        if case.must_say or case.must_lead or case.must_cite:
            yield "is not answerable, so nothing can be said, led with or cited"
    elif not (case.must_say and case.must_cite):
        yield "is answerable, so it needs must_say and must_cite"
    else:
        yield from (f"{id} is no document" for id in case.must_cite if id not in texts)
        yield from _unmet(case, {id: texts[id] for id in case.must_cite if id in texts})


def _unmet(case: Case, sources: Mapping[str, str]) -> Iterator[str]:
    for group in (*case.must_say, case.leads):
        if not any(says_any(text, group) for text in sources.values()):
            yield f"none of its documents says {' or '.join(group)}"
    for id, text in sources.items():
        if not says_any(text, (string for group in case.must_say for string in group)):
            yield f"{id} says nothing of must_say"
