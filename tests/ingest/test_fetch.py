import gzip
import threading
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest

from ingest.fetch import USER_AGENT, Limits, Web, fetch
from ingest.fetch.kinds import kind
from ingest.formats import ENDINGS
from tests.ingest.web_server import HASTY, HTML, QUICK, Page, Raw, get, raw, redirect, serving, then_forever

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
ENDLESS = OK + b"\r\n<html>"
GZIP_HEAD = gzip.compress(b"")[:10]
EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"  # of deflate


def packed(body: bytes, **headers: str) -> Page:
    return Page(gzip.compress(body), headers={"Content-Encoding": "gzip"} | headers)


def test_a_page_is_a_file_and_what_the_server_said_of_it(tmp_path: Path) -> None:
    page = Page("<html>上海</html>", headers={"Last-Modified": "Wed, 05 Mar 2025 08:00:00 GMT"})
    with serving({"/a": page}) as site:
        got = list(fetch(site.url("/a#top"), tmp_path, allow_private=True, refuse=print, limits=QUICK))
        assert [asked.headers["User-Agent"] for asked in site.asked] == [USER_AGENT, USER_AGENT]
        assert [(page.address, page.content_type, page.last_modified, page.changed) for page in got] == [
            (site.url("/a"), HTML, "Wed, 05 Mar 2025 08:00:00 GMT", True)
        ]
    assert got[0].data.read_text(encoding="utf-8") == "<html>上海</html>"
    assert got[0].data.suffix == ".html"
    assert USER_AGENT == "shanghai-qa/0.1.0"


def test_a_packed_page_is_unpacked(tmp_path: Path) -> None:
    with serving({"/a": packed(b"<html>packed</html>"), "/b": packed(b"<html>x</html>" * 9000)}) as site:
        assert get(site.url("/a"), tmp_path).texts == ["<html>packed</html>"]
        assert get(site.url("/b"), tmp_path).texts == ["<html>x</html>" * 9000]


# --- Redirects ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_the_last_address_counts(status: int, tmp_path: Path) -> None:
    with serving({"/old": redirect("/new?x=1#y", status), "/new?x=1": Page("<html>new</html>")}) as site:
        got = get(site.url("/old"), tmp_path)
        assert (got.texts, got.told) == (["<html>new</html>"], [])
        assert got.pages[0].address == site.url("/new?x=1")


def test_five_redirects_are_followed_and_six_are_not(tmp_path: Path) -> None:
    with serving({f"/{left}": redirect(f"/{left - 1}") for left in range(1, 9)} | {"/0": Page()}) as site:
        assert len(get(site.url("/5"), tmp_path).pages) == 1
        before = len(site.asked)
        got = get(site.url("/6"), tmp_path)
        assert got.told == [
            f"{site.url('/6')}: more than 5 redirects, by {site.url('/0')}; "
            "find the page in a browser, and give its own address"
        ]
        assert len(site.asked) - before == 7  # robots.txt, /6 to /1


@pytest.mark.parametrize("first", ["/self", "/ping", "/empty"])
def test_redirects_in_a_circle_end(first: str, tmp_path: Path) -> None:
    pages = {
        "/self": redirect("/self"),
        "/ping": redirect("/pong"),
        "/pong": redirect("/ping#x"),
        "/empty": redirect(""),
    }
    with serving(pages) as site:
        got = get(site.url(first), tmp_path)
        assert (got.pages, len(got.told)) == ([], 1)
        assert got.told[0].startswith(f"{site.url(first)}: redirects go in a circle, by ")
        assert len(site.asked) <= 3


def test_where_a_redirect_leads_is_held_against_the_robots_txt_there(tmp_path: Path) -> None:
    forbidden = {"/robots.txt": Page("User-agent: *\nDisallow: /b", "text/plain"), "/b": Page()}
    with serving(forbidden) as there, serving({"/a": redirect(there.url("/b"))}) as here:
        got = get(here.url("/a"), tmp_path)
        assert (got.pages, there.paths) == ([], [])
        assert got.told == [
            f"{here.url('/a')}: it leads to {there.url('/b')}: its robots.txt forbids it to shanghai-qa; "
            "leave it out, or ask who runs the site"
        ]


# --- Bounds of time and size ----------------------------------------------------------------------------------------


def refused(page: Page | Raw, folder: Path, why: str, attempts: int, limits: Limits = QUICK) -> None:
    """The page is refused for that reason, after so many attempts and in good time."""
    with serving({"/a": page}) as site:
        begun = time.monotonic()
        got = get(site.url("/a"), folder, limits)
        assert time.monotonic() - begun < 4
        assert (got.pages, len(got.told), site.paths) == ([], 1, ["/a"] * attempts)
        assert got.told[0].startswith(f"{site.url('/a')}: {why}")
        assert not list(folder.rglob("*.part"))
        assert not list(folder.rglob("*.json"))


def test_a_server_that_is_silent_is_asked_again_and_then_left(tmp_path: Path) -> None:
    refused(Page(after_s=1), tmp_path, "the server is silent for 0.4 s; run this again later", 2, HASTY)


def test_a_server_that_falls_silent_in_mid_page_is_left(tmp_path: Path) -> None:
    refused(raw(ENDLESS, b"", between_s=0.7), tmp_path, "the server is silent for 0.4 s", 2, HASTY)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (ENDLESS, b"<p>"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"3\r\n<p>\r\n"),
        (OK + b"Content-Encoding: gzip\r\n\r\n" + GZIP_HEAD, EMPTY_BLOCK),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    ],
    ids=["body", "chunks", "gzip", "line", "header", "hints"],
)
def test_a_server_that_drips_is_left_when_the_time_for_an_answer_is_over(
    head: bytes, piece: bytes, tmp_path: Path
) -> None:
    drip = then_forever(head, piece, between_s=0.05)
    refused(drip, tmp_path, "its answer takes longer than 0.8 s; run this again later", 1, HASTY)  # no second time


def test_a_page_without_end_is_broken_off_at_the_limit(tmp_path: Path) -> None:
    refused(then_forever(ENDLESS, b"<p>" * 1000), tmp_path, "it is larger than 0.2 MB; ingest the part that", 1)


def test_a_gzip_without_end_that_holds_nothing_is_broken_off_too(tmp_path: Path) -> None:
    head = OK + b"Content-Encoding: gzip\r\n\r\n" + GZIP_HEAD
    refused(then_forever(head, EMPTY_BLOCK * 1000), tmp_path, "it is larger than 0.2 MB", 1)


def test_a_page_that_says_it_is_too_large_is_not_read(tmp_path: Path) -> None:
    refused(raw(OK + b"Content-Length: 999999999999\r\n\r\n"), tmp_path, "it is larger than 0.2 MB", 1)


def test_a_gzip_bomb_is_broken_off_at_the_limit(tmp_path: Path) -> None:
    bomb = packed(b"<html>" + bytes([65]) * 100_000_000)
    with serving({"/a": bomb}) as site:
        limits = replace(QUICK, max_bytes=1_000_000)
        assert len(bomb.body) < limits.max_bytes
        get(site.url("/"), tmp_path, limits)  # what is imported first counts no more
        tracemalloc.start()
        got = get(site.url("/a"), tmp_path, limits)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert got.told == [f"{site.url('/a')}: it is larger than 1 MB; ingest the part that matters by hand"]
    assert peak < 5_000_000


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip", "compress"])
def test_packing_that_was_not_asked_for_is_refused(coding: str, tmp_path: Path) -> None:
    page = Page(gzip.compress(gzip.compress(b"<html></html>")), headers={"Content-Encoding": coding})
    refused(page, tmp_path, f"it comes packed as {coding}, not as gzip", 1)


# --- Answers that are not as they should be -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        raw(OK + b"Content-Length: 1000\r\n\r\n<html>"),
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n100\r\n<html>"),
        raw(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"<html></html>")[:-9]),
        raw(OK + b"Content-Encoding: gzip\r\n\r\n<html></html>"),
        raw(OK + b"Content-Length: -5\r\n\r\n<html>"),
        raw(OK + b"Content-Length: many\r\n\r\n<html>"),
        raw(OK + b"Content-Length: 6\r\nContent-Length: 7\r\n\r\n<html>"),
        raw(b"HTTP/1.1 200 OK\r\nContent-"),
        raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
        raw(b"\x15\x03\x01\x00\x02\x02\x16" * 10),
        raw(b""),
    ],
    ids="cut chunk-cut gzip-cut no-gzip negative wordy two-lengths header-cut ssh tls nothing".split(),
)
def test_an_answer_that_breaks_off_or_lies_is_asked_for_again_and_then_refused(page: Raw, tmp_path: Path) -> None:
    refused(page, tmp_path, "its answer breaks off or is not as HTTP has it (", 2)


def test_a_connection_cut_in_mid_page_is_mended_by_a_second_attempt(tmp_path: Path) -> None:
    cut = raw(OK + b"Content-Length: 1000\r\n\r\n<html>")
    with serving({"/a": [cut, Page("<html>whole</html>")]}) as site:
        got = get(site.url("/a"), tmp_path)
        assert (got.texts, got.told, site.paths) == (["<html>whole</html>"], [], ["/a", "/a"])


def test_no_more_is_read_than_the_length_that_was_said(tmp_path: Path) -> None:
    with serving({"/a": raw(OK + b"Content-Length: 13\r\n\r\n<html></html>HTTP/1.1 200 OK\r\n")}) as site:
        assert get(site.url("/a"), tmp_path).texts == ["<html></html>"]


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 403, 404, 410, 418, 451])
def test_a_status_without_a_page_is_refused_at_once(status: int, tmp_path: Path) -> None:
    refused(Page("", status=status), tmp_path, f"the server answers {status}", 1)


def test_nobody_there_is_one_line(tmp_path: Path) -> None:
    with serving() as site:
        pass
    got = get(site.url("/a"), tmp_path)
    assert (got.pages, len(got.told)) == ([], 1)
    assert "its host cannot be reached ([Errno 111] Connection refused); run this again later" in got.told[0]


def test_what_a_server_says_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    page = raw(b"HTTP/1.1 200 OK\r\nContent-Type: \x9b31m\xc2\x9b2J\xe2\x80\xae\r\n\r\nx")
    with serving({"/a": page}) as site:
        told = get(site.url("/a"), tmp_path).told
    assert len(told) == 1
    assert told[0].isprintable()


# --- Kinds ----------------------------------------------------------------------------------------------------------

ZIP = b"PK\x03\x04\x14\x00"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("declared", "path", "head", "found"),
    [
        ("text/html; charset=gb2312", "/", b"<p>x", ".html"),
        ("TEXT/HTML", "/a.txt", b"hello", ".html"),
        ("application/xhtml+xml", "/", b'<?xml version="1.0"?><html>', ".html"),
        ("application/xml", "/", b'<?xml version="1.0"?><!DOCTYPE html><html>', ".html"),
        ("text/plain", "/a", b"hello", ".txt"),
        ("text/plain; charset=utf-8", "/readme.md", b"# hello", ".md"),
        ("text/plain", "/a", b"\n <!doctype HTML><p>x", ".html"),
        ("text/plain; charset=utf-16le", "/a", "hello".encode("utf-16-le"), ".txt"),
        ("text/plain", "/a", "hello".encode("utf-16"), ".txt"),
        ("text/plain", "/a", b"hello\0", None),
        ("text/markdown", "/a", b"# hello", ".md"),
        ("text/csv", "/a.php", b"a,b", ".csv"),
        ("application/x-ndjson", "/", b'{"a": 1}', ".jsonl"),
        (None, "/data.jsonl", b'{"a": 1}', ".jsonl"),
        (None, "/a", b"hello", ".txt"),
        ("application/octet-stream", "/a.exe", b"MZ\x90\0\x03", None),
        ("application/pdf", "/", b"%PDF-1.7", ".pdf"),
        ("text/html", "/a.html", b"\n%PDF-1.7", ".pdf"),
        ("application/pdf", "/", b"<html>", ".html"),
        ("application/pdf", "/", b"not found", None),
        (WORD, "/", ZIP, ".docx"),
        ("application/octet-stream", "/a/report.DOCX", ZIP, ".docx"),
        ("application/epub+zip", "/", ZIP, ".epub"),
        ("application/zip", "/book.epub", ZIP, ".zip"),
        ("text/html", "/", ZIP, ".zip"),
        (WORD, "/", b"<p>x", None),
        ("text/html", "/", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", None),
        ("text/html", "/", b"\xff\xd8\xff\xe0\0\x10JFIF", None),
        ("application/rss+xml", "/", b"<rss version='2.0'>", ".xml"),
        ("text/html", "/", b"\xef\xbb\xbf<?xml version='1.0'?><!-- <html> --><urlset>", ".xml"),
        ("text/plain", "/", "<feed xmlns='a'>".encode("utf-16"), ".xml"),
        ("text/xml", "/", b"<rdf:RDF xmlns:rdf='a'>", ".xml"),
        ("image/svg+xml", "/", b"<svg>", None),
        ("application/gzip", "/sitemap.xml.gz", b"\x1f\x8b\x08\0", ".gz"),
    ],
)
def test_the_type_and_the_first_bytes_say_what_an_answer_is(
    declared: str | None, path: str, head: bytes, found: str | None
) -> None:
    assert kind(declared, path, head) == found


def test_every_format_that_is_read_from_a_folder_is_also_fetched_by_its_name() -> None:
    for ending, format in ENDINGS.items():
        head = ZIP if format in ("docx", "epub", "archive") else b"%PDF-" if format == "pdf" else b"text"
        assert kind(None, f"/a/report{ending.upper()}", head) == ending


@pytest.mark.parametrize("type", ["image/png", "video/mp4", "text/css", "application/javascript", "application/json"])
def test_a_type_that_is_not_read_is_refused_before_its_body(type: str, tmp_path: Path) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\n\r\n".encode()
    refused(then_forever(head, b"", between_s=0.05), tmp_path, f"it is of a kind that is not read ({type}); exp", 1)


def test_bytes_that_are_no_text_are_refused_by_their_beginning(tmp_path: Path) -> None:
    page = then_forever(ENDLESS, b"\0" * 1000)
    with serving({"/a": page}) as site:
        assert "it is of a kind that is not read (text/html)" in get(site.url("/a"), tmp_path).told[0]


def test_an_empty_page_is_refused(tmp_path: Path) -> None:
    refused(Page(""), tmp_path, "it is empty; leave it out", 1)


# --- Attempts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(status: int, tmp_path: Path) -> None:
    with serving({"/a": [Page(status=status), Page("<html>at last</html>")], "/b": Page(status=status)}) as site:
        got = get(site.url("/a"), tmp_path)
        assert (got.texts, got.told) == (["<html>at last</html>"], [])
        got = get(site.url("/b"), tmp_path)
        assert (len(got.told), site.paths) == (1, ["/a", "/a", "/b", "/b"])
        assert f"the server answers {status} " in got.told[0]


def in_seconds(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(("status", "dated"), [(429, False), (503, True)])
def test_retry_after_is_waited_for(status: int, dated: bool, tmp_path: Path) -> None:
    wait = in_seconds(2) if dated else "1"  # a date has whole seconds, so that is 1 to 2 from now
    busy = Page(status=status, headers={"Retry-After": wait})
    with serving({"/a": [busy, Page()]}) as site:
        assert len(get(site.url("/a"), tmp_path, replace(QUICK, longest_retry_s=3)).pages) == 1
        first, second = (asked.at for asked in site.asked if asked.path == "/a")
        assert 0.9 <= second - first < 2.8


@pytest.mark.parametrize("dated", [False, True])
def test_a_wait_beyond_the_limit_is_told_and_not_waited_for(dated: bool, tmp_path: Path) -> None:
    busy = Page(status=429, headers={"Retry-After": in_seconds(3600) if dated else "3600"})
    with serving({"/a": [busy, Page()]}) as site:
        got = get(site.url("/a"), tmp_path)
        assert (got.pages, site.paths) == ([], ["/a"])
        assert "the server answers 429 Too Many Requests and asks for 3600 s of patience; run this a" in got.told[0]


@pytest.mark.parametrize("nonsense", ["soon", "-1", "1e9", "Wed, 99 Foo", in_seconds(-3600), "٣", ""])
def test_a_retry_after_that_says_nothing_is_not_heeded(nonsense: str, tmp_path: Path) -> None:
    answer = b"HTTP/1.1 503 x\r\nContent-Length: 0\r\nRetry-After: " + nonsense.encode() + b"\r\n\r\n"
    with serving({"/a": [raw(answer), Page()]}) as site:
        assert len(get(site.url("/a"), tmp_path).pages) == 1


def test_each_attempt_waits_twice_as_long_as_the_one_before(tmp_path: Path) -> None:
    with serving({"/a": Page(status=500)}) as site:
        get(site.url("/a"), tmp_path, replace(QUICK, attempts=4, retry_s=0.1))
        times = [asked.at for asked in site.asked if asked.path == "/a"]
        waits = [later - sooner for sooner, later in pairwise(times)]
        assert [wait >= least for wait, least in zip(waits, (0.1, 0.2, 0.4), strict=True)] == [True] * 3
        assert sum(waits) < 2


def test_a_page_is_asked_for_once_in_a_run_and_keeps_its_file(tmp_path: Path) -> None:
    told: list[str] = []
    changing = [Page(f"<html>{n}</html>") for n in range(9)]
    feed = Page("<rss><item><link>/a</link></item><item><link>/old</link></item></rss>", "text/xml")
    with serving({"/a": changing, "/old": redirect("/a"), "/feed": feed}) as site:
        web = Web(tmp_path, allow_private=True, refuse=told.append, limits=QUICK)
        pages = [page for path in ("/a", "/old", "/feed", "/a") for page in web.fetch(site.url(path))]
        assert [page.data.read_text() for page in pages] == ["<html>0</html>"] * 4
        assert (site.paths, told) == (["/a", "/old", "/feed", "/old"], [])
        assert get(site.url("/a"), tmp_path).texts == ["<html>1</html>"]  # in another run


def test_a_host_that_fails_again_and_again_is_left_alone_for_the_rest_of_the_run(tmp_path: Path) -> None:
    told: list[str] = []
    with serving({"/b": Page(), "/d": Page()} | {f"/{n}": Page(status=500) for n in range(9)}) as site:
        web = Web(tmp_path, allow_private=True, refuse=told.append, limits=replace(QUICK, attempts=1, failures=3))
        for path in ("/0", "/1", "/b", "/2", "/404", "/3", "/4", "/5", "/6", "/d"):
            list(web.fetch(site.url(path)))
        assert site.paths == ["/0", "/1", "/b", "/2", "/404", "/3", "/4", "/5"]
        assert told[-1] == f"{site.url('/d')}: not asked, as 127.0.0.1 failed 3 times in a row; run this again later"
        assert len(get(site.url("/d"), tmp_path).pages) == 1  # in another run


# --- Manners --------------------------------------------------------------------------------------------------------


def test_a_host_never_sees_two_connections_at_once(tmp_path: Path) -> None:
    with serving({f"/{n}": Page(after_s=0.03) for n in range(12)}) as site:

        def run(first: int) -> None:
            web = Web(tmp_path, allow_private=True, refuse=print, limits=replace(QUICK, pause_s=0.05))
            for path in range(first, first + 3):
                assert len(list(web.fetch(site.url(f"/{path}")))) == 1

        runs = [threading.Thread(target=run, args=[3 * n]) for n in range(4)]
        for each in runs:
            each.start()
        for each in runs:
            each.join(20)
        assert (len(site.asked), site.most_at_once) == (4 + 12, 1)  # each run asks for robots.txt
        times = sorted(asked.at for asked in site.asked)
        assert min(later - sooner for sooner, later in pairwise(times)) > 0.04  # clocks of files are coarse


def test_two_hosts_are_asked_at_once_by_two_runs(tmp_path: Path) -> None:
    with serving({"/a": Page(after_s=0.7)}) as site:
        urls = [site.url("/a", host) for host in ("127.0.0.1", "127.1")]
        runs = [threading.Thread(target=get, args=[url, tmp_path]) for url in urls]
        for each in runs:
            each.start()
        for each in runs:
            each.join(10)
        assert (len(site.paths), site.most_at_once) == (2, 2)


def test_there_is_a_pause_between_two_requests_and_none_before_the_first(tmp_path: Path) -> None:
    limits = replace(QUICK, pause_s=0.3)
    with serving({"/a": redirect("/b"), "/b": Page()}) as site:
        begun = time.monotonic()
        get(site.url("/a"), tmp_path, limits)
        get(site.url("/b"), tmp_path, limits)  # nor is it forgotten after a run
        times = [begun] + [asked.at for asked in site.asked]
        waits = [later - sooner for sooner, later in pairwise(times)]
        assert waits[0] < 0.3
        assert [0.29 < wait < 0.8 for wait in waits[1:]] == [True] * 4


def test_a_host_that_another_ingest_holds_on_to_is_told(tmp_path: Path) -> None:
    with serving({"/a": Page(after_s=0.35)}) as site:
        other = threading.Thread(target=get, args=[site.url("/a"), tmp_path])
        other.start()
        while not site.paths:
            time.sleep(0.01)
        got = get(site.url("/a"), tmp_path, replace(QUICK, turn_s=0.1))
        other.join(5)
        assert len(got.told) == 1
        assert "another ingest has been asking 127.0.0.1 for 0.1 s; run this again when that is done" in got.told[0]
