from pathlib import Path

from rich.console import Console

from bench.fuzz import WAYS, run, table


def test_three_hundred_bad_files_give_an_error_by_name_or_a_good_document(tmp_path: Path) -> None:
    outcomes = list(run(300, 7, tmp_path))
    assert [f"{outcome.way} {outcome.name}: {outcome.wrong}" for outcome in outcomes if outcome.wrong] == []
    assert {outcome.way for outcome in outcomes} == {way.__name__ for way in WAYS}
    assert 100 < sum(outcome.documents > 0 for outcome in outcomes) < 200
    console = Console(record=True, width=200)
    console.print(table(outcomes))
    assert console.export_text().split("\n")[-2].split()[:2] == ["all", "300"]
