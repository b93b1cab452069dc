"""Documents of many kinds, dirty, copied and from the web, from the command line to the answer."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import run, with_encoder_of
from tests.ingest.made import lines, pdf, word, zipped
from tests.ingest.web_server import Page, serving

pytestmark = pytest.mark.corpus

TEXT = (
    "The Lantern Lab opened in Putuo in 2031 with 240 researchers. Its budget for the first year was 90 million yuan. "
    "The Lantern Lab works on optical memory and shares its clean room with Orbit Harbour Works. "
    "Putuo District gave the Lantern Lab its building on Changfeng Road for twenty years at no rent. "
    "The Lantern Lab plans to hire 60 more researchers by 2033 and to open a second site in Qingpu."
)


@pytest.fixture
def place(index: Path, tmp_path: Path) -> Path:
    return with_encoder_of(index, tmp_path / "index")


def ask(question: str, index: Path) -> Any:
    return run("ask", "--json", question, "--index", index, cwd=index.parent).json


def test_each_kind_is_read_and_a_pdf_is_cited_with_its_page(place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    first = lines("Lantern Lab report", "The Lantern Lab opened in Putuo in 2031.")
    (folder / "report.pdf").write_bytes(pdf(first, lines("The Lantern Lab employs 240 researchers.")))
    (folder / "report.pdf.meta.yaml").write_text("publisher: The Lantern Lab\ntier: promotional\npublished: 2031-05\n")
    (folder / "minutes.docx").write_bytes(word(("Normal", "The Heron Bridge closed on 4 May 2032.")))
    (folder / "page.html").write_text(f"<html><title>Osprey</title><body><main><p>{OSPREY}</p></main></body></html>")
    (folder / "more.zip").write_bytes(zipped({"in/willow.txt": "Willow Bank opened 12 branches in 2033."}))
    with (folder / "rows.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "words"), ("raven", "The Raven Tunnel is 9.4 km long.")])
    ran = run("ingest", folder, "--index", place, "--column", "text=words", cwd=tmp_path)
    assert ran.status == 0, ran.err
    assert "added  5: minutes, more/in/willow, page, report, rows/raven" in ran.err
    assert "untiered  4 count as unverified: minutes, more/in/willow, page, rows/raven" in ran.err
    answer = ask("How many researchers does the Lantern Lab employ?", place)
    citation = answer["citations"][0]
    assert answer["direct_answer"] == "240 researchers"
    assert (citation["page"], citation["source"]["publisher"], citation["source"]["tier"]) == (
        2, "The Lantern Lab", "promotional",
    )  # fmt: skip
    assert "page 2" in run("ask", answer["question"], "--index", place, cwd=tmp_path).out
    for question, said in (
        ("When did the Heron Bridge close?", "4 May 2032"),
        ("How many branches did Willow Bank open?", "12 branches"),
        ("How long is the Raven Tunnel?", "9.4 km"),
        ("How tall is the Osprey Tower?", "312 metres"),
    ):
        assert said in ask(question, place)["statements"][0]["text"]


OSPREY = (
    "The Osprey Tower in Hongkou is 312 metres tall and was finished in 2034. Its builders worked on the tower for "
    "six years, and it holds the offices of eleven technology firms and a school of design."
)


def test_ten_copies_are_one_source_and_named_where_they_are(place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    folder.mkdir()
    for n in range(10):
        front = f"---\ntitle: Lantern news {n}\nurl: https://farm{n}.example/lantern\ntier: unverified\n---\n"
        (folder / f"copy{n}.md").write_text(f"{front}{TEXT}{' Share this story.' if n % 2 else ''}\n")
    ran = run("ingest", folder, "--index", place, cwd=tmp_path)
    assert ran.status == 0, ran.err
    assert "copies  9 left out" in ran.err
    answer = ask("How many researchers did the Lantern Lab open with?", place)
    (source,) = {json.dumps(citation["source"]) for citation in answer["citations"]}
    assert len(json.loads(source)["also_at"]) == 9
    told = run("ask", answer["question"], "--index", place, cwd=tmp_path).out
    assert "and 6 more" in told
    assert run("index", "removed", "--index", place, cwd=tmp_path).out.count("a copy of") == 9


def test_what_is_injected_is_taken_out_and_listed(place: Path, tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text(TEXT.replace("The Lantern Lab works", "上海龙凤419自荐 The Lantern Lab works"))
    ran = run("ingest", tmp_path / "page.txt", "--index", place, cwd=tmp_path)
    assert ran.status == 0, ran.err
    assert "cleaned  1 ×" in ran.err
    answer = ask("What does the Lantern Lab work on?", place)
    assert answer["statements"][0]["text"].startswith("The Lantern Lab works on optical memory")
    (row,) = run("index", "removed", "--json", "--index", place, cwd=tmp_path).out.splitlines()
    assert json.loads(row)["text"] == "上海龙凤419自荐"


def test_a_page_is_fetched_once_refreshed_cheaply_kept_while_its_site_is_down_and_refused_where_private(
    place: Path, tmp_path: Path
) -> None:
    html = f"<html><title>Lantern</title><body><main><h1>Lantern</h1><p>{TEXT}</p></main></body></html>"
    with serving({"/lantern": Page(html, headers={"ETag": '"1"'})}) as site:
        address = site.url("/lantern")
        refused = run("ingest", address, "--index", place, cwd=tmp_path)
        assert refused.status == 1
        assert "Traceback" not in refused.err
        assert address in refused.err
        assert site.asked == []
        for _ in range(2):
            ran = run("ingest", address, "--allow-private", "--index", place, cwd=tmp_path)
            assert ran.status == 0, ran.err
        assert "nothing to do" in ran.err
        assert site.asked[-1].headers.get("If-None-Match") == '"1"'
    down = run("ingest", address, "--allow-private", "--index", place, cwd=tmp_path)
    assert down.status == 0, down.err
    assert f"stale   {address}: its robots.txt cannot be had" in down.err
    assert "what was fetched before is used" in down.err
    answer = ask("How many researchers did the Lantern Lab open with?", place)
    assert answer["citations"][0]["source"]["url"] == address
