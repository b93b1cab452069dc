"""From a run to one HTML page that stands alone: it asks nothing of a network, an index or the suite.

All that the page says is computed here; the template, the style and the script in `page` lay it out.
"""

import base64
import hashlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from evals.cases import Part, split
from evals.compare import Comparison, ComparisonError, compare
from evals.gate import Judgement, judge
from evals.measures import LEGS, MEASURES
from evals.page import tables
from evals.page.charts import curve, times
from evals.record import Row, Run
from shanghai_qa.values import Outcome

_FOLDER = Path(__file__).parent / "page"
_LEG_NAMES = {"vectors": "By meaning", "words": "By words", "fused": "Both"}


@dataclass(frozen=True)
class Against:
    """The run held against its baseline: `note` says why there is no comparison, or no judgement of the gate."""

    comparison: Comparison | None = None
    judgement: Judgement | None = None
    note: str = ""

    def changed(self, id: str) -> str:
        """ "broke", "mended" or ""."""
        sets = {"broke": self.comparison.broke, "mended": self.comparison.mended} if self.comparison else {}
        return next((word for word, rows in sets.items() if any(row.id == id for row in rows)), "")


@dataclass(frozen=True)
class Fact:
    """What a run was made of or with; `before` is that of the baseline, None without one."""

    name: str
    value: str
    before: str | None

    @property
    def differs(self) -> bool:
        return self.before not in (None, self.value)


@dataclass(frozen=True)
class Shown:
    """A case as the page shows it.

    `states` are the words that it can be filtered by, the first of them its own. `ranks` has each document that answers
    with its rank in each leg, None beyond the tenth.
    """

    row: Row
    states: tuple[str, ...]
    changed: str
    part: Part
    ranks: tuple[tuple[str, tuple[int | None, ...]], ...]
    command: str


def page(run: Run, baseline: Run | None = None) -> str:
    """The page. Numbers carry arrows where the baseline is of the same suite, over the cases that both ran."""
    against = _against(run, baseline)
    moved = tables.changes(against.comparison)
    cases = [_shown(row, against.changed(row.id)) for row in run.rows]
    chart = curve(run.rows, baseline.rows if baseline and against.comparison else ())
    script = _read("report.js")
    return _template().render(
        run=run,
        baseline=baseline,
        against=against,
        facts=list(_facts(run, baseline)),
        settings=list(_settings(run, baseline)),
        cards=tables.cards(run, moved),
        groups=tables.groups(run, moved),
        glossary=MEASURES,
        slices=tables.slices(run, moved),
        columns=tables.OF_SLICES,
        curve=chart,
        times=times(run.rows),
        cases=cases,
        legs=_LEG_NAMES,
        data={
            "cases": [_filtered_by(case) for case in cases],
            "points": [[p.confidence, p.coverage, p.risk] for p in chart.points] if chart else [],
        },
        style=Markup(_read("report.css")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _against(run: Run, baseline: Run | None) -> Against:
    if baseline is None:
        return Against(note="there is no baseline; make one with: shanghai-qa eval accept --reason '…'")
    try:
        judgement = judge(baseline, run)
        return Against(judgement.comparison, judgement)
    except ComparisonError as error:
        note = str(error)
    try:
        return Against(compare(baseline, run), note=note)
    except ComparisonError:
        return Against(note=note)


def _facts(run: Run, baseline: Run | None) -> Iterator[Fact]:
    one, other = (_about(each) if each else {} for each in (run, baseline))
    return (Fact(name, value, other.get(name)) for name, value in one.items())


def _about(run: Run) -> dict[str, str]:
    about = run.about
    return {
        "Answers by": about.system,
        "Cases": f"{about.selection} ({len(run.rows):,})",
        "Suite": about.suite,
        "Corpus": f"{about.corpus} ({about.documents:,} documents)",
        "Commit": about.commit or "none",
        "Version": about.version,
        "Begun": _when(about.started),
        "Took": f"{about.seconds:,.0f} s",
    }


def _settings(run: Run, baseline: Run | None) -> Iterator[Fact]:
    one, other = run.about.settings, baseline.about.settings if baseline else {}
    for name in dict.fromkeys([*one, *other]):
        yield Fact(name, str(one.get(name, "–")), str(other.get(name, "–")) if baseline else None)


def _shown(row: Row, changed: str) -> Shown:
    own = ("passed",) if row.passed else ("crashed", "failed") if row.error else ("failed",)
    refused = "refused" if row.outcome == Outcome.NOT_IN_CORPUS else ""
    return Shown(
        row=row,
        states=tuple(filter(None, (*own, changed, refused))),
        changed=changed,
        part=split(row.id),
        ranks=tuple((id, tuple(_rank(id, row.retrieved.get(leg, ())) for leg in LEGS)) for id in row.relevant),
        command=f"shanghai-qa eval run --case {shlex.quote(row.id)}",
    )


def _rank(id: str, ranking: tuple[str, ...]) -> int | None:
    return ranking.index(id) + 1 if id in ranking else None


def _filtered_by(case: Shown) -> dict[str, Any]:
    """What the script filters and sorts by."""
    row = case.row
    words = [*row.slices, *case.states, case.part]
    return {"id": row.id, "words": words, "confidence": row.confidence, "ms": row.scores.get("ms")}


def _when(started: str) -> str:
    time = datetime.fromisoformat(started)
    return f"{time.day} {time:%B %Y, %H:%M} {time.tzname() or ''}".strip()


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda share: f"{share:.0%}"
    environment.filters["when"] = _when
    return environment.get_template("report.html.j2")
