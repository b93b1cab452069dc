"""How well advertising and page furniture are taken out of texts, and nothing else: measured on made-up pages.

`evals/injected.yaml` and `evals/boilerplate.yaml` go in, round by round; the last round of advertising was held out:
no rule was made on it. Print the figures with: python -m evals.cleaning
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from ingest.boilerplate import without_boilerplate
from ingest.injected import without_injected
from ingest.loaded import Removed

Round = Literal["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"]
ROUNDS: tuple[Round, ...] = get_args(Round)
HELD_OUT: Round = "eighth"
ROUNDS_OF_FURNITURE = ROUNDS[:4]
Clean = Callable[[str], tuple[str, tuple[Removed, ...]]]

_SEEDS = dict(zip(ROUNDS, (20241, 77023, 550919, 31337, 4711, 90210, 60606, 271828), strict=True))
_PAGES_A_FRAGMENT = dict(zip(ROUNDS, (2, 2, 2, 3, 3, 3, 3, 3), strict=True))


@dataclass(frozen=True)
class Case:
    """A page as found, and what must go of it, in order; `clean` is the page without that, blanks aside."""

    page: str
    clean: str
    goes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measure:
    """What a cleaner took out of cases. Characters are counted without blanks, a fragment by its letters and digits.

    A fragment counts as found where exactly its words were taken out. `spoiled` are the cases not as they should be.
    """

    cases: int
    kept_whole: int
    characters: tuple[int, int, int]
    fragments: tuple[int, int, int]
    spoiled: tuple[Case, ...]

    def __str__(self) -> str:
        characters, fragments = (
            f"precision {right / max(1, taken):.4f} recall {right / max(1, due):.4f} ({right}/{taken} taken, {due} due)"
            for right, taken, due in (self.characters, self.fragments)
        )
        return (
            f"{self.cases} cases, {self.kept_whole} of them with nothing to take out\n"
            f"  characters: {characters}\n  fragments:  {fragments}\n  pages not as they should be: {len(self.spoiled)}"
        )


def measure(cases: Sequence[Case], clean: Clean) -> Measure:
    """Run a cleaner over cases; counts are (rightly taken, taken, due)."""
    characters, fragments = Counter[str](), Counter[str]()
    spoiled = []
    for case in cases:
        text, removed = clean(case.page)
        before, due, left = (Counter(_solid(each)) for each in (case.page, "".join(case.goes), text))
        taken = before - left
        characters.update(right=(taken & due).total(), taken=taken.total(), due=due.total())
        told, wanted = (Counter(map(_words, each)) for each in ((one.text for one in removed), case.goes))
        fragments.update(right=(told & wanted).total(), taken=told.total(), due=wanted.total())
        if _solid(text) != case.clean:
            spoiled.append(case)
    return Measure(
        len(cases),
        sum(not case.goes for case in cases),
        (characters["right"], characters["taken"], characters["due"]),
        (fragments["right"], fragments["taken"], fragments["due"]),
        tuple(spoiled),
    )


def _solid(text: str) -> str:
    return "".join(text.split())


def _words(text: str) -> str:
    return "".join(filter(str.isalnum, text))


@cache
def _data(name: str) -> Any:
    return yaml.safe_load((Path(__file__).parent / name).read_text(encoding="utf-8"))


# --- Advertising ----------------------------------------------------------------------------------------------------

_MARKED = re.compile("⟦([^⟧]*)⟧")


def injected_cases(round: Round) -> list[Case]:
    """Pages with advertising, by hand and by rule, then those of which nothing may go."""
    data = _data("injected.yaml")[round]
    dice = random.Random(_SEEDS[round])
    pages = [
        *data["marked"],
        *_infected(data["english"], data["into_english"], _ENGLISH_PLACES, _PAGES_A_FRAGMENT[round], dice),
        *_infected(data["chinese"], data["into_chinese"], _CHINESE_PLACES, _PAGES_A_FRAGMENT[round], dice),
        *data["keep"],
        *data["english"],
        *data["chinese"],
    ]
    return [_case(page) for page in pages]


def _case(marked: str) -> Case:
    return Case(_MARKED.sub(r"\1", marked), _solid(_MARKED.sub("", marked)), tuple(_MARKED.findall(marked)))


def _infected(
    pages: Sequence[str], families: dict[str, list[str]], places: Sequence[str], times: int, dice: random.Random
) -> Iterator[str]:
    """Each fragment on some pages: on one line or, now and then, on several, and sometimes together with another."""
    fragments = list(chain.from_iterable(families.values()))
    for fragment in fragments * times:
        rows = dice.choice(pages).split("\n")
        written = [number for number, row in enumerate(rows) if row]
        wanted = dice.choice([1, 1, 2, 3])
        disguise = dice.choice(_DISGUISES)
        for number in dice.sample(written, min(wanted, len(written))):
            shown = fragment if dice.random() < 0.7 else dice.choice(fragments)
            rows[number] = _placed(rows[number], f"⟦{disguise(shown)}⟧", dice.choice(places), dice)
        yield "\n".join(rows)


def _placed(row: str, fragment: str, place: str, dice: random.Random) -> str:
    if place == "start":
        return f"{fragment} {row}"
    if place == "end":
        return f"{row} {fragment}"
    if place == "glued":
        return f"{fragment}{row}"
    if place == "own line":
        return f"{row}\n{fragment}"
    gaps = [gap.start() for gap in re.finditer(r"(?<=[a-z,.]) (?=[a-zA-Z])", row)] or [
        gap.end() for gap in re.finditer("[，。]|[的为和](?=[\u4e00-\u9fff])", row)
    ]
    if not gaps:
        return f"{fragment} {row}"
    gap = dice.choice(gaps)
    return f"{row[:gap].rstrip()} {fragment} {row[gap:].lstrip()}"


_ENGLISH_PLACES = ("start", "start", "end", "glued", "own line", "middle", "middle")
_CHINESE_PLACES = ("start", "end", "own line", "middle", "middle")

_HAN_GAP = re.compile("(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])")
_LOOK_ALIKE = str.maketrans("aceopxyABEHKMOPTX", "асеорхуАВЕНКМОРТХ")


def _as_is(fragment: str) -> str:
    return fragment


def _zero_width(fragment: str) -> str:
    return _HAN_GAP.sub("\u200b", fragment)


def _spaced(fragment: str) -> str:
    return _HAN_GAP.sub(" ", fragment)


def _full_width(fragment: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in fragment)


def _look_alikes(fragment: str) -> str:
    return fragment if "@" in fragment or "." in fragment else fragment.translate(_LOOK_ALIKE)


_DISGUISES = (_as_is, _as_is, _as_is, _as_is, _zero_width, _spaced, _full_width, _look_alikes)


# --- Page furniture -------------------------------------------------------------------------------------------------


def boilerplate_cases(round: Round) -> list[Case]:
    """Texts with lines of a page above, in and below them, then texts of which no line may go."""
    data = _data("boilerplate.yaml")[round]
    texts = {chinese: _data("injected.yaml")[round][chinese] for chinese in ("english", "chinese")}
    dice = random.Random(_SEEDS[round])
    cases = []
    for furniture in data["goes"]:
        text = dice.choice(texts["chinese" if re.search("[\u4e00-\u9fff]{2}", furniture) else "english"])
        above, below = _halves(text)
        place = dice.choice([(furniture, text), (text, furniture), (above, furniture, below)])
        cases.append(Case("\n\n".join(place), _solid(text), tuple(furniture.split("\n"))))
    for kept in data["stays"]:
        cases.append(Case(kept, _solid(kept)))
        above, below = _halves(dice.choice(texts["english"]))
        page = "\n\n".join((above, kept, below))
        cases.append(Case(page, _solid(page)))
    return cases


def _halves(text: str) -> tuple[str, str]:
    """The lines of a text above its last paragraph, and that."""
    above, _, below = text.rpartition("\n")
    return above.rstrip("\n"), below


def main() -> None:
    """Print how both cleaners do in each round."""
    for round in ROUNDS:
        note = " (held out)" if round == HELD_OUT else ""
        print(f"injected advertising, {round} round{note}: {measure(injected_cases(round), without_injected)}")
    for round in ROUNDS_OF_FURNITURE:
        print(f"page furniture, {round} round: {measure(boilerplate_cases(round), without_boilerplate)}")


if __name__ == "__main__":
    main()
