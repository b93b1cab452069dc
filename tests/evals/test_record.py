import json
from pathlib import Path

import pytest

from evals.record import Run, commit, latest, load, measure, new_path, save
from shanghai_qa.errors import InputError
from tests.evals.samples import row, run


def test_a_run_is_read_back_as_it_was_saved(tmp_path: Path) -> None:
    rows = (row("a"), row("b", passed=False, retrieved={"fused": ("x",)}))
    kept = Run(run().about, rows, {"other": rows[::-1][::-1]})
    save(kept, tmp_path / "run.json")
    assert load(tmp_path / "run.json") == kept


def test_each_row_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    save(run(row("a"), row("b")), tmp_path / "run.json")
    lines = (tmp_path / "run.json").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line.rstrip(","))["id"] for line in lines if line.startswith('{"id"')] == ["a", "b"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (run(), "it has no rows"),
        (run(row("a"), row("a")), "it has the case a twice"),
        (Run(run().about, (row("a"),), {"other": ()}), "other was asked other cases"),
        (run(row("a", scores={"passed": 7})), "case a has a score that is none"),
        (run(row("a"), started="yesterday"), "it was started at 'yesterday'"),
    ],
)
def test_what_no_run_can_be_is_refused(tmp_path: Path, changed: Run, told: str) -> None:
    save(changed, tmp_path / "run.json")
    with pytest.raises(InputError, match=told):
        load(tmp_path / "run.json")


def test_a_score_that_is_no_number_is_refused(tmp_path: Path) -> None:
    save(run(row("a")), tmp_path / "run.json")
    text = (tmp_path / "run.json").read_text(encoding="utf-8").replace('"passed": 1.0', '"passed": NaN')
    (tmp_path / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is no run of evals"):
        load(tmp_path / "run.json")


@pytest.mark.parametrize("text", ["", "[]", '{"about": 1}', "no json"])
def test_another_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"run\.json: is no run of evals"):
        load(tmp_path / "run.json")


def test_a_run_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"lost\.json: cannot be read"):
        load(tmp_path / "lost.json")
    with pytest.raises(InputError, match="make one with: shanghai-qa eval run"):
        latest(tmp_path)


def test_the_newest_run_is_the_last_by_its_time(tmp_path: Path) -> None:
    old, new = run(row("a")), run(row("a"), started="2026-01-02T03:04:06+00:00")
    paths = []
    for each in (new, old):
        paths.append(new_path(tmp_path / "runs", each))
        save(each, paths[-1])
    assert latest(tmp_path / "runs") == paths[0]
    again = new_path(tmp_path / "runs", new)
    save(new, again)
    assert again not in paths


def test_parts_slices_and_measures_of_a_run() -> None:
    # printf a | sha256sum begins with ca, so that "a" is of the test part; "c" (2e) is of dev
    whole = run(row("a"), row("c", passed=False, slices=("list", "answered", "ai")))
    assert [r.id for r in whole.part("dev").rows] == ["c"]
    assert [r.id for r in whole.slice("ai")] == ["c"]
    assert whole.slices == ("number", "list", "answered", "ai")
    assert measure(whole.rows)["passed"].value == 0.5
    assert [r.id for r in whole.failures] == ["c"]


def test_the_commit_is_told_where_there_is_one() -> None:
    told = commit()
    assert told is None or len(told.rstrip("+")) == 12
