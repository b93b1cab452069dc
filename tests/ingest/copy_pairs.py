"""Pairs of made-up texts of which it is known whether one is a copy of the other, in two halves that share no text."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

HALVES = ("dev", "held out")
_TEXTS = yaml.safe_load(Path(__file__).with_name("copies.yaml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Pair:
    """Two texts, whether one is a copy of the other, and what was done or in what they are alike."""

    one: str
    other: str
    copies: bool
    kind: str


def pairs(half: str) -> list[Pair]:
    """All pairs of a half, the same at each call."""
    return [*_copies(half), *_others(half)]


def _copies(half: str) -> Iterator[Pair]:
    for report, copyist in _copied(half):
        original, paragraphs = report["text"], _paragraphs(report["text"])
        one, two = copyist["titles"], copyist["date_lines"]
        swapped = [*paragraphs[:1], *_shuffled(paragraphs[1:])]
        done = {
            "set anew": original.upper().replace("\n\n", "\n").replace(", ", " , ").replace("，", ", "),
            "another title and date line": _page(one[0], two[0], _undated(paragraphs)),
            "an added paragraph": _page(report["title"], None, [*paragraphs, copyist["added"][0]]),
            "synonyms": _page(report["title"], None, _reworded(paragraphs, copyist["synonyms"], 0, 1)),
            "another order": _page(report["title"], None, swapped),
            "all of it": _page(one[1], two[1], _farmed(_undated(paragraphs), copyist, 0, 2)),
        }
        yield from (Pair(original, copy, True, kind) for kind, copy in done.items())
        farm, other = (_page(one[n], two[n], _farmed(_undated(paragraphs), copyist, n, 2)) for n in range(2))
        yield Pair(farm, other, True, "two copies of one original")


def _others(half: str) -> Iterator[Pair]:
    events = [event for event in _TEXTS["events"] if event["half"] == half]
    for event in events:
        one, other = (_page(report["title"], None, _paragraphs(report["text"])) for report in event["reports"])
        yield Pair(one, other, False, "two newspapers on one event")
        yield Pair(one, event["translation"]["text"], False, "a translation")
        for report, page in zip(event["reports"], (other, one), strict=True):
            told = _paragraphs(report["text"])
            yield Pair(report["text"], f"{page}\n\n{told[2]}", False, "a quotation")
            mixed = [*told[:3], *_paragraphs(page)[-2:]]
            yield Pair(report["text"], "\n\n".join(mixed), False, "in part another's")
            yield Pair(report["text"], _one_figure_changed(report["text"]), False, "one figure changed")
        beside = [e["reports"][0]["text"] for e in events if e is not event and e["language"] == event["language"]]
        yield Pair(event["reports"][0]["text"], "\n\n".join([one, *beside, other]), False, "a collection")
        yield Pair(event["reports"][1]["text"], f"{other}\n\n{beside[0]}", False, "a collection")
        yield Pair(event["reports"][1]["text"], beside[0], False, "another event")
    for template in _TEXTS["templates"]:
        if template["half"] == half:
            texts = [template["text"].format(*filled) for filled in template["filled"]]
            yield from (Pair(*two, False, "one template") for two in combinations(texts, 2))


def _copied(half: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Each report of a half with a copyist of its language."""
    copyists = {(c["half"], c["language"]): c for c in _TEXTS["copyists"]}
    for event in _TEXTS["events"]:
        if event["half"] == half:
            yield from ((report, copyists[half, event["language"]]) for report in event["reports"])


def _paragraphs(text: str) -> list[str]:
    return text.strip().split("\n\n")


def _page(title: str, date_line: str | None, paragraphs: Sequence[str]) -> str:
    return "\n\n".join(filter(None, [f"# {title}", date_line, *paragraphs]))


def _undated(paragraphs: Sequence[str]) -> list[str]:
    """The paragraphs without the date line of the original, be it a paragraph or the opening of one."""
    first, *others = paragraphs
    first = re.sub(r"^(?:SHANGHAI|Shanghai), .{5,40}? --? |^新华视点上海7月2日电 ", "", first)
    return others if len(first) < 80 and re.search("20[0-9][0-9]", first) else [first, *others]


def _shuffled(paragraphs: Sequence[str]) -> list[str]:
    return random.Random(7).sample(paragraphs, len(paragraphs))


def _reworded(paragraphs: Sequence[str], synonyms: Mapping[str, str], first: int, step: int) -> list[str]:
    """The paragraphs with every `step`-th of the synonyms put in, from the `first` on."""
    words = dict(list(synonyms.items())[first::step])
    chinese = not next(iter(words)).isascii()
    found = re.compile("|".join(words) if chinese else rf"\b(?:{'|'.join(words)})\b")
    return [found.sub(lambda word: words[word[0]], paragraph) for paragraph in paragraphs]


def _farmed(paragraphs: Sequence[str], copyist: Mapping[str, Any], n: int, step: int) -> list[str]:
    reworded = _reworded(paragraphs, copyist["synonyms"], n, step)
    return [*reworded[:1], copyist["added"][n], *_shuffled(reworded[1:])]


def _one_figure_changed(text: str) -> str:
    """The text with another last digit of its middle figure, those of the date line apart."""
    figures = [found for found in re.finditer(r"\d(?![\d:-]|[.,]\d)", text) if found.start() > 100]
    middle = figures[len(figures) // 2]
    return f"{text[: middle.start()]}{(int(middle[0]) + 1) % 10}{text[middle.end() :]}"
