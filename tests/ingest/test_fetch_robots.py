import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.ingest.web_server import HASTY, QUICK, Page, Raw, Site, get, raw, redirect, serving, then_forever

TEXT = "text/plain"


def rules(text: str) -> Page:
    return Page(text, TEXT)


def allowed(robots: Page | Raw, folder: Path, path: str = "/a") -> bool:
    """Whether a page is asked for under that robots.txt, which is asked for first, and told if it is not."""
    with serving({"/robots.txt": robots, path: Page()}) as site:
        got = get(site.url(path), folder)
        assert site.asked[0].path == "/robots.txt"
        assert len(got.pages) + len(got.told) == 1
        assert len(site.paths) == len(got.pages)
        return bool(got.pages)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow: /a", False),
        ("User-agent: *\nDisallow: /b", True),
        ("User-agent: *\nDisallow: /\nAllow: /a$", True),
        ("User-agent: *\nDisallow: /*a", False),
        ("User-agent: shanghai-qa\nDisallow: /\n\nUser-agent: *\nDisallow:", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: shanghai-qa\nDisallow: /b", True),
        ("User-agent: otherbot\nDisallow: /", True),
        ("\ufeffUser-agent: *\r\nDisallow: /", False),
        ("<html>no such page</html>", True),
        ("Disallow: /", True),
        ("User-agent: *\nDisallow: /" + "*" * 5000 + "a" * 5000, True),
    ],
)
def test_a_robots_txt_is_kept_to(text: str, expected: bool, tmp_path: Path) -> None:
    assert allowed(rules(text), tmp_path) is expected


def test_rules_hold_for_the_query_and_for_what_is_escaped(tmp_path: Path) -> None:
    assert not allowed(rules("User-agent: *\nDisallow: /*?session="), tmp_path, "/a?session=1")
    assert not allowed(rules("User-agent: *\nDisallow: /路"), tmp_path, "/%E8%B7%AF")


def test_what_is_forbidden_is_told_with_the_way_out(tmp_path: Path) -> None:
    with serving({"/robots.txt": rules("User-agent: *\nDisallow: /")}) as site:
        assert get(site.url("/a"), tmp_path).told == [
            f"{site.url('/a')}: its robots.txt forbids it to shanghai-qa; leave it out, or ask who runs the site"
        ]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_no_robots_txt_allows_all(status: int, tmp_path: Path) -> None:
    assert allowed(Page("User-agent: *\nDisallow: /", TEXT, status), tmp_path)


@pytest.mark.parametrize(
    ("robots", "why"),
    [
        (Page(status=500), "the server answers 500 Internal Server Error"),
        (Page(status=503), "the server answers 503 Service Unavailable"),
        (Page(status=429), "the server answers 429 Too Many Requests"),
        (Page(after_s=1), "the server is silent for 0.4 s"),
        (then_forever(b"HTTP/1.1 200 OK\r\n\r\n", b"#", between_s=0.05), "its answer takes longer than 0.8 s"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nUser-agent: *\n"), "its answer breaks off"),
        (raw(b"nonsense\r\n"), "its answer breaks off or is not as HTTP has it"),
        (Page("x", headers={"Content-Encoding": "br"}), "it comes packed as br, not as gzip"),
    ],
    ids="500 503 429 silent drips cut nonsense packed".split(),
)
def test_a_robots_txt_that_cannot_be_had_allows_nothing(robots: Page | Raw, why: str, tmp_path: Path) -> None:
    with serving({"/robots.txt": robots, "/a": Page()}) as site:
        got = get(site.url("/a"), tmp_path, HASTY)
        assert (got.pages, site.paths, len(got.told)) == ([], [], 1)
        assert got.told[0].startswith(f"{site.url('/a')}: its robots.txt cannot be had: {why}")


def test_a_robots_txt_is_asked_for_again_before_it_is_given_up(tmp_path: Path) -> None:
    with serving({"/robots.txt": [Page(status=503), rules("")], "/a": Page()}) as site:
        assert len(get(site.url("/a"), tmp_path).pages) == 1


def test_a_robots_txt_may_stand_elsewhere_and_holds_for_the_host_that_was_meant(tmp_path: Path) -> None:
    with serving({"/rules": rules("User-agent: *\nDisallow: /a")}) as other:
        assert not allowed(redirect(other.url("/rules")), tmp_path)


def test_a_robots_txt_that_only_redirects_counts_as_none(tmp_path: Path) -> None:
    assert allowed(redirect("/robots.txt"), tmp_path)
    with serving({f"/{n}": redirect(f"/{n + 1}") for n in range(9)}) as other:
        assert allowed(redirect(other.url("/0")), tmp_path)


def test_a_robots_txt_that_redirects_to_nowhere_counts_as_none_and_to_trouble_allows_nothing(tmp_path: Path) -> None:
    with serving({"/trouble": Page(status=500)}) as other:
        assert allowed(redirect(other.url("/nowhere")), tmp_path)
        assert not allowed(redirect(other.url("/trouble")), tmp_path)


@pytest.mark.parametrize("length", [b"", b"Content-Length: 99999999999\r\n"], ids=["unsaid", "said"])
def test_of_a_giant_robots_txt_the_beginning_counts(length: bytes, tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\n" + length + b"\r\n"
    limits = replace(QUICK, max_bytes=50_000_000)
    for rule, expected in ((b"Disallow: /a\n", 0), (b"Disallow: /b\n", 1)):
        giant = then_forever(head + b"User-agent: *\n" + rule, b"Disallow: /" + b"x" * 9999 + b"\n")
        with serving({"/robots.txt": giant, "/a": Page()}) as site:
            begun = time.monotonic()
            assert len(get(site.url("/a"), tmp_path, limits).pages) == expected
            assert time.monotonic() - begun < 4


def test_a_robots_txt_is_read_once_a_run_for_each_host(tmp_path: Path) -> None:
    listed = "<urlset>" + "".join(f"<url><loc>/{n}</loc></url>" for n in range(5)) + "</urlset>"
    with serving({"/sitemap.xml": Page(listed)} | {f"/{n}": Page() for n in range(5)}) as site:
        assert len(get(site.url("/sitemap.xml"), tmp_path).pages) == 5
        assert [asked.path for asked in site.asked].count("/robots.txt") == 1


def waits(site: Site) -> list[float]:
    return [later.at - sooner.at for sooner, later in pairwise(site.asked)]


@pytest.mark.parametrize("rule", ["Crawl-delay: 0.3", "Request-rate: 10/3s", "Crawl-delay: 0.1\nRequest-rate: 10/3s"])
def test_the_pause_that_a_robots_txt_asks_for_is_made(rule: str, tmp_path: Path) -> None:
    robots = rules(f"User-agent: *\n{rule}")
    with serving({"/robots.txt": robots, "/a": redirect("/b"), "/b": Page()}) as site:
        get(site.url("/a"), tmp_path)
        assert [0.29 < wait < 1 for wait in waits(site)] == [True, True]


@pytest.mark.parametrize("rule", ["Crawl-delay: 86400", "Request-rate: 1/1d"])
def test_a_pause_beyond_the_limit_is_cut_to_it(rule: str, tmp_path: Path) -> None:
    with serving({"/robots.txt": rules(f"User-agent: *\n{rule}"), "/a": Page()}) as site:
        assert len(get(site.url("/a"), tmp_path, replace(QUICK, longest_pause_s=0.2)).pages) == 1
        assert 0.19 < waits(site)[0] < 1


@pytest.mark.parametrize("rule", ["Crawl-delay: -1", "Crawl-delay: nan", "Crawl-delay: inf", "Request-rate: 0/0"])
def test_a_pause_that_makes_no_sense_is_not_made(rule: str, tmp_path: Path) -> None:
    with serving({"/robots.txt": rules(f"User-agent: *\n{rule}"), "/a": Page()}) as site:
        assert len(get(site.url("/a"), tmp_path).pages) == 1
        assert waits(site)[0] < 1
