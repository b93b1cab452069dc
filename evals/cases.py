"""From YAML files to cases: questions with what a good answer has to say, show and cite.

A case is data that a person can read; `suites/schema.json`, made from `Case`, explains its fields to editors. A suite
is the cases of one file, or of every file in a folder. `evals.check` proves that its expectations can be met.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

import yaml
from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from shanghai_qa.errors import ShanghaiQAError
from shanghai_qa.values import TOPICS, Outcome, Tier, Turn
from shanghai_qa.words import has_chinese

SUITES = Path(__file__).parent / "suites"
"""The suite that ships: every YAML file in this folder."""

Kind = Literal[
    "fact", "number", "date", "person", "place", "list", "comparison", "as-of", "yes-no", "disagreement",
    "unverified-claim", "follow-up", "chinese", "typo", "other-attribute", "other-year", "false-premise",
    "outside", "injection",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
Part = Literal["dev", "test"]
SLICE_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Kind of question": KINDS,
    "Outcome expected": tuple(Outcome),
    "Language": ("in-english", "in-chinese"),
    "Tier of the source": tuple(Tier),
    "Topic": ("report", *TOPICS),
}
"""The names under which cases are counted, by what they tell apart, in the order in which they are shown."""
SLICES = tuple(name for names in SLICE_GROUPS.values() for name in names)


class SuiteError(ShanghaiQAError):
    """A suite that cannot be read, or a case that no answer could pass."""


def _group(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Text = Annotated[str, Field(pattern=r"\S")]
Texts = tuple[Text, ...]
Group = Annotated[
    Annotated[Texts, Field(min_length=1)],
    BeforeValidator(_group, json_schema_input_type=Text | Annotated[Texts, Field(min_length=1)]),
]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One question and what is expected of its answer."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    id: Annotated[str, Field(pattern=r"^\S+$")]
    """Without spaces, in kebab case by custom. Its hash puts the case into the dev or the test part, so a case keeps
    its id."""
    question: Text
    """As typed, in the words of somebody who has not seen the documents."""
    kind: Kind
    """What sort of question it is. Of what the corpus does not answer: "other-attribute" asks of a subject that it
    knows what it does not give, "other-year" for a year that it does not cover, "false-premise" takes for granted what
    no source says, "outside" is another subject."""
    outcome: Outcome
    """What the answer has to be: answered, partly_answered (a part of what is asked is missing) or not_in_corpus."""
    why: Text
    """The reason for the case: what would go wrong."""
    history: tuple[Turn, ...] = ()
    """The earlier turns of a follow-up."""
    must_say: tuple[Group, ...] = ()
    """Groups; of each group one string has to be said. A plain string is a group of one."""
    must_lead: Texts = ()
    """Strings of which the first statement has to say one; empty, any string of `must_say` will do."""
    must_not_say: Texts = ()
    """Strings that no statement may say."""
    direct: Texts = ()
    """Shortest phrases that answer, such as "32 startups"; empty, those of `must_lead` or `must_say`."""
    disagree: tuple[Group, ...] = ()
    """Groups; the answer has to show one string of each side by side, as values on which the sources disagree."""
    must_cite: Texts = ()
    """Ids of documents that answer, of which one has to be cited; empty, any document will do."""
    tier: Tier | None = None
    """Tier that the first citation ought to have."""
    guarded: bool = False
    """Whether the gate closes when this case alone breaks."""

    @property
    def answerable(self) -> bool:
        return self.outcome is not Outcome.NOT_IN_CORPUS

    @property
    def leads(self) -> tuple[str, ...]:
        """What the first statement may say, one of them at least; empty where the case is not answerable."""
        return self.must_lead or tuple(string for group in self.must_say for string in group)

    @cached_property
    def slices(self) -> tuple[str, ...]:
        """The names under which the case is counted: kind, outcome, language, tier, topics of what it must cite."""
        folders = sorted({id.split("/")[0] for id in self.must_cite} & {*SLICE_GROUPS["Topic"]})
        language = "in-chinese" if has_chinese(self.question) else "in-english"
        tier = () if self.tier is None else (self.tier.value,)
        return (self.kind, self.outcome.value, language, *tier, *folders)


_ONE_CASE = TypeAdapter(Case)


def schema() -> dict[str, Any]:
    """The JSON Schema of a suite's file, for editors that complete and check YAML."""
    cases = TypeAdapter(tuple[Case, ...]).json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Cases of a suite", **cases}


def load(path: Path = SUITES) -> tuple[Case, ...]:
    """The cases of a YAML file, or of all in a folder by name, at least one and each id once.

    SuiteError names the file and the case.
    """
    paths = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    if not paths:
        raise SuiteError(f"{path}: holds no suite; expected files that end in .yaml")
    found: dict[str, Path] = {}
    cases: list[Case] = []
    for each in paths:
        for case in _load_file(each):
            if case.id in found:
                raise SuiteError(f"{each}: case {case.id}: {found[case.id]} has that id already; give it another")
            found[case.id] = each
            cases.append(case)
    return tuple(cases)


def _load_file(path: Path) -> list[Case]:
    try:
        entries = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SuiteError(f"{path}: cannot be read as a suite: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise SuiteError(f"{path}: expected a list of cases, at least one")
    return [_read(path, number, entry) for number, entry in enumerate(entries, start=1)]


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the former, where libyaml is there, is ten times faster


def fingerprint(cases: Iterable[Case]) -> str:
    """12 hex digits that change with any case and with nothing else: runs with the same can be compared."""
    rows = sorted(json.dumps(asdict(case), sort_keys=True, ensure_ascii=False) for case in cases)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:12]


def split(id: str) -> Part:
    """The part that a case belongs to for as long as it keeps its id: about half of the cases each.

    Weights and thresholds are chosen on "dev"; "test" is only reported.
    """
    return "dev" if hashlib.sha256(id.encode()).digest()[0] < 128 else "test"


def select(
    cases: Iterable[Case], part: Part | None = None, slices: Sequence[str] = (), ids: Sequence[str] = ()
) -> tuple[Case, ...]:
    """The cases of one part (both where None) that are in one of `slices` and among `ids`, where any are given.

    SuiteError for a slice or an id that the suite lacks, and if no case is left.
    """
    known = {case.id: case for case in cases}
    if unknown := [id for id in ids if id not in known]:
        raise SuiteError(f"no such case in the suite: {', '.join(unknown)}")
    names = {name for case in known.values() for name in case.slices}
    if unknown := [name for name in slices if name not in names]:
        raise SuiteError(f"no such slice in the suite: {', '.join(unknown)}; there are: {', '.join(sorted(names))}")
    chosen = tuple(
        known[id]
        for id in dict.fromkeys(ids or known)
        if part in (None, split(id)) and (not slices or set(slices) & set(known[id].slices))
    )
    if not chosen:
        wanted = [*ids, *slices, *([f"part {part}"] if part else [])]
        raise SuiteError(f"no case is left: none is in {' and in '.join(wanted) or 'the suite'}")
    return chosen


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
