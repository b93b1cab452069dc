import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from evals.page.charts import curve, times
from evals.record import Row
from evals.report import page
from shanghai_qa.values import Outcome
from tests.evals import samples
from tests.evals.samples import run


def row(id: str, *, passed: bool = True, refused: bool = False, **facts: object) -> Row:
    """A case that the corpus answers, by one document that words alone do not find."""
    given: dict[str, object] = {
        "scores": {"passed": float(passed), "false refusals": float(refused), "ms": 10.0},
        "lead_answers": passed, "outcome": Outcome.NOT_IN_CORPUS if refused else Outcome.ANSWERED,
        "relevant": ("ai/waic",), "cited": () if refused else ("ai/waic",),
        "retrieved": {"vectors": ("ai/news", "ai/waic"), "words": ("ai/news",), "fused": ("ai/waic", "ai/news")},
    }  # fmt: skip
    return samples.row(id, passed=passed, **(given | facts))


def words(html: str) -> str:
    """What a reader sees, with single spaces."""
    body = re.sub(r"(?s)<(style|script)\b.*?</\1>", " ", html)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_what_cases_say_is_text_and_never_markup() -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    html = page(run(row(evil, question=evil, slices=(evil,), said=(evil,), faults=(evil,))))
    assert html.count("<script") == 2  # the page's own and its data
    assert "<img" not in html
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in html
    data = re.search(r'(?s)<script type="application/json" id="data">(.*?)</script>', html)
    assert data
    assert json.loads(data[1])["cases"][0]["id"] == evil


def test_the_page_refers_to_nothing_outside_itself() -> None:
    outside: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            outside.extend(value for name, value in attrs if value and re.search(r"//|url\(", value))
            outside.extend(value for name, value in attrs if value and name in ("src", "action", "srcset"))
            outside.extend(v for name, v in attrs if v and name == "href" and not v.startswith(("#", "data:")))

    html = page(run(row("a", question="Is https://waic.example right?")))
    Reader().feed(html)
    assert outside == []
    assert "url(" not in html
    assert "@import" not in html
    assert "default-src 'none'" in html


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ((True, True), (True, False), "▼ 50.0 worse"),
        ((True, False), (True, True), "▲ 50.0 better"),
    ],
)
def test_an_arrow_says_where_a_number_went_and_whether_that_is_good(
    before: tuple[bool, bool], now: tuple[bool, bool], said: str
) -> None:
    one, other = (
        run(*(row(id, passed=passed) for id, passed in zip("ab", each, strict=True))) for each in (before, now)
    )
    assert said in _card(page(other, one), "passed")


def test_fewer_false_refusals_point_down_and_are_better() -> None:
    before = run(row("a", refused=True), row("b"))
    html = page(run(row("a"), row("b")), before)
    assert "0.0% ▼ 50.0 better" in _card(html, "false refusals")


def test_a_change_that_may_be_chance_carries_a_question_mark() -> None:
    html = page(run(row("a", passed=False), row("b")), run(row("a"), row("b")))
    assert "▼ 50.0 worse?" in _card(html, "passed")  # one of two: the interval holds 0
    all_of_them = page(run(row("a", passed=False), row("b", passed=False)), run(row("a"), row("b")))
    assert re.search(r"▼ 100.0 worse(?!\?)", _card(all_of_them, "passed"))


def test_a_number_that_stays_says_so() -> None:
    same = run(row("a"))
    assert "= no change" in _card(page(same, same), "passed")


def test_without_a_baseline_nothing_is_compared() -> None:
    html = page(run(row("a")))
    assert "Nothing is compared: there is no baseline" in words(html)
    assert not re.search("[▲▼]", html)
    assert "<option>broke" not in html


def test_a_baseline_of_another_suite_is_named_and_not_compared() -> None:
    text = words(page(run(row("a")), run(row("a", passed=False), suite="s2")))
    assert "Nothing is compared: the baseline is of suite s2 and this is s1" in text
    assert not re.search("[▲▼]", text)


def test_a_baseline_that_lacks_cases_is_compared_over_those_that_both_ran() -> None:
    text = words(page(run(row("a", passed=False), row("b")), run(row("a"))))
    assert "the baseline lacks b" in text
    assert "over the 1 cases that both ran" in text
    assert "1 broke" in text


def test_the_page_says_what_else_differs_from_the_baseline() -> None:
    text = words(page(run(row("a")), run(row("a"), corpus="v0", settings={"margin": 1}, reason="the first")))
    assert "The corpora differ: the baseline has v0 (1 documents), this run v1 (1 documents)." in text
    assert "The settings differ in margin." in text
    assert "the first" in text


def test_the_gate_names_what_fell_and_what_guarded_case_broke() -> None:
    broken = row("a", passed=False, guarded=True)
    text = words(page(run(broken), run(row("a"))))
    assert "The gate is closed. passed fell from 1.000 to 0.000 (tolerance 0.02) guarded case broke: a" in text
    assert "The gate is open." in words(page(run(row("a")), run(row("a"))))


def test_a_crash_is_told_with_its_words_and_counts_as_failed() -> None:
    crash = row("a", passed=False, outcome=None, error="KeyError: 'x'", retrieved={})
    html = page(run(crash))
    assert "✗ crashed" in words(html)
    assert "KeyError: 'x'" in words(html).replace("&#39;", "'")
    assert '"words": ["number", "answered", "crashed", "failed"' in html


def test_ranks_are_told_for_each_leg() -> None:
    assert "Document By meaning By words Both ai/waic 2 &gt; 10 1" in words(page(run(row("a"))))


def test_a_row_of_a_baseline_that_kept_scores_alone_is_shown() -> None:
    text = words(page(run(samples.row("a"))))
    assert "1 of 1 cases passed" in text
    assert "shanghai-qa eval run --case a" in text
    assert "How long an answer takes" not in text  # no times
    assert "at what risk" not in text  # no confidences


def test_other_systems_stand_beside_the_one_under_test() -> None:
    both = replace(run(row("a")), others={"first passage": (row("a", passed=False),)})
    assert "Cases first passage" in words(page(both))
    assert "passed 100.0% 1 0.0%" in words(page(both))


def test_slices_are_grouped_by_what_they_tell_apart() -> None:
    text = words(page(run(row("a", slices=("fact", "ai")), row("b", slices=("fact", "in-chinese", "quantum")))))
    assert re.search("Kind of question .* fact 2 .* Language .* in-chinese 1 .* Topic .* ai 1 .* quantum 1", text)


def test_the_point_in_use_counts_what_was_answered_and_how_much_of_it_was_wrong() -> None:
    rows = [row("a", confidence=0.9), row("b", passed=False, confidence=0.5), row("c", refused=True, confidence=0.1)]
    drawn = curve([*rows, row("no confidence")])
    assert drawn
    assert drawn.used
    assert drawn.used.coverage == pytest.approx(2 / 3)
    assert drawn.used.risk == 0.5
    assert [point.risk for point in drawn.points] == [0, 0.5, pytest.approx(1 / 3)]
    assert drawn.x_ticks[-1] == 1


def test_a_curve_of_refusals_alone_has_no_point_in_use() -> None:
    drawn = curve([row("a", refused=True, confidence=0.1)])
    assert drawn
    assert drawn.used is None
    assert drawn.start == 0


def test_every_time_is_in_the_histogram_the_slowest_in_its_last_bar() -> None:
    drawn = times([*(timed(10 + n % 5) for n in range(99)), timed(5000)])
    assert drawn
    assert sum(bar.count for bar in drawn.bars) == 100
    assert drawn.bars[-1].count == 1
    assert (drawn.p50, drawn.slowest) == (12, 5000)


def test_no_times_and_times_of_zero_are_no_error() -> None:
    assert times([samples.row("a")]) is None
    assert times([timed(0)])


def timed(ms: float) -> Row:
    return samples.row("a", scores={"passed": 1.0, "ms": ms})


def _card(html: str, name: str) -> str:
    found = re.search(rf'(?s)<li><h2>\s*<a [^>]*>{name}</a>.*?<p class="about">', html)
    assert found
    return words(found[0])
