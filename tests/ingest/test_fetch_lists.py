import gzip
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ingest.web_server import QUICK, Got, Page, Raw, Site, get, raw, serving

XML = "application/xml"
NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def sitemap(*addresses: str, of: str = "url", root: str = "urlset") -> str:
    listed = "".join(f"<{of}><loc>{each}</loc></{of}>" for each in addresses)
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} {NAMESPACE}>{listed}</{root}>'


def index(*addresses: str) -> str:
    return sitemap(*addresses, of="sitemap", root="sitemapindex")


def pages(names: Iterable[str]) -> dict[str, Page | Raw]:
    return {f"/{name}": Page(f"<html>{name}</html>") for name in names}


def names(got: Got) -> str:
    return "".join(text.removeprefix("<html>").removesuffix("</html>") for text in got.texts)


def listed(site: Site, body: bytes | str, folder: Path, type: str = XML, path: str = "/list") -> Got:
    """What a list gives whose "{site}" is the address of the site."""
    site.pages[path] = Page(body if isinstance(body, bytes) else body.replace("{site}", site.url("")), type)
    return get(site.url(path), folder)


# --- Sitemaps -------------------------------------------------------------------------------------------------------


def test_a_sitemap_gives_its_pages_in_its_order_each_once(tmp_path: Path) -> None:
    with serving(pages("abc")) as site:
        got = listed(site, sitemap("{site}/b", " {site}/a#top\n", "{site}/b", "/c", "{site}/a"), tmp_path)
        assert (names(got), got.told) == ("bac", [])


def test_pages_that_redirect_to_one_address_are_given_once(tmp_path: Path) -> None:
    to = Page("", status=302, headers={"Location": "/a"})
    with serving(pages("a") | {"/x": to, "/y": to}) as site:
        assert names(listed(site, sitemap("{site}/x", "{site}/a", "{site}/y"), tmp_path)) == "a"


def test_a_packed_sitemap_is_unpacked_whatever_the_server_calls_it(tmp_path: Path) -> None:
    with serving(pages("ab")) as site:
        body = gzip.compress(sitemap("/a", "/b").encode())
        for type in ("application/gzip", "application/octet-stream", "text/xml"):
            assert names(listed(site, body, tmp_path, type, "/sitemap.xml.gz")) == "ab"
        site.pages["/twice"] = Page(gzip.compress(body), XML, headers={"Content-Encoding": "gzip"})
        assert names(get(site.url("/twice"), tmp_path)) == "ab"


def test_a_sitemap_index_gives_the_pages_of_its_sitemaps(tmp_path: Path) -> None:
    with serving(pages("abcd")) as site:
        site.pages["/one.xml"] = Page(sitemap("/b", "/a"), XML)
        site.pages["/two.xml.gz"] = Page(gzip.compress(sitemap("/a", "/c").encode()), "application/x-gzip")
        site.pages["/inner.xml"] = Page(index("/three.xml"), XML)
        site.pages["/three.xml"] = Page(sitemap("/d"), XML)
        got = listed(site, index("/one.xml", "{site}/two.xml.gz", "/inner.xml"), tmp_path)
        assert (names(got), got.told) == ("bacd", [])


def test_indexes_that_name_each_other_end(tmp_path: Path) -> None:
    with serving(pages("a")) as site:
        site.pages["/other"] = Page(index("/list", "/pages"), XML)
        site.pages["/pages"] = Page(sitemap("/a"), XML)
        got = listed(site, index("/other"), tmp_path)
        assert names(got) == "a"
        assert len(site.asked) < 10


def test_indexes_without_end_end(tmp_path: Path) -> None:
    with serving({f"/{n}": Page(index(f"/{n + 1}"), XML) for n in range(20)}) as site:
        got = get(site.url("/0"), tmp_path)
        assert got.pages == []
        assert got.told == [f"{site.url('/3')}: it is a list of addresses within another; ingest it by itself"]


def test_addresses_of_other_hosts_in_a_sitemap_are_counted_and_left_out(tmp_path: Path) -> None:
    with serving(pages("a")) as site, serving(pages("x")) as other:
        foreign = [other.url("/x", "localhost"), "https://example.com/", "https://www.127.0.0.1.example/"]
        got = listed(site, sitemap(foreign[0], "/a", *foreign[1:]), tmp_path)
        assert (names(got), other.asked) == ("a", [])
        assert got.told == [
            f"{site.url('/list')}: 3 of its addresses left out: not of 127.0.0.1 as the sitemap is; "
            "ingest them by themselves"
        ]


def test_a_sitemap_of_another_host_in_an_index_is_left_out(tmp_path: Path) -> None:
    with serving() as site, serving({"/s.xml": Page(sitemap("/x"), XML)}) as other:
        got = listed(site, index(other.url("/s.xml", "localhost")), tmp_path)
        assert (got.pages, other.asked, len(got.told)) == ([], [], 1)


def test_a_page_where_a_sitemap_should_be_and_a_list_where_a_page_should_be_are_told(tmp_path: Path) -> None:
    with serving(pages("a")) as site:
        got = listed(site, index("/a"), tmp_path)
        assert (got.pages, got.told) == (
            [],
            [f"{site.url('/a')}: it is no sitemap, though listed as one; leave it out"],
        )
        site.pages["/feed"] = Page("<rss><item><link>/a</link></item></rss>", XML)
        got = listed(site, sitemap("/feed"), tmp_path)
        assert got.told == [f"{site.url('/feed')}: it is a list of addresses within another; ingest it by itself"]


def test_no_more_addresses_are_taken_than_allowed_and_the_rest_is_counted(tmp_path: Path) -> None:
    limits = replace(QUICK, max_addresses=3)
    with serving(pages("abcde")) as site:
        site.pages["/s.xml"] = Page(sitemap("/a", "/b", "/a", "/c", "/d", "/e"), XML)
        got = get(site.url("/s.xml"), tmp_path, limits)
        assert names(got) == "abc"
        assert got.told == [
            f"{site.url('/s.xml')}: 2 of its addresses left out: beyond the first 3; ingest them by themselves"
        ]
        site.pages["/index.xml"] = Page(index("/s.xml", "/t.xml"), XML)  # which count as well
        got = get(site.url("/index.xml"), tmp_path, limits)
        assert names(got) == "ab"
        assert [told.partition(": ")[2].partition(" of")[0] for told in got.told] == ["4", "1"]


def test_one_page_that_fails_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    with serving(pages("abc") | {"/png": Page(b"\x89PNG\0", "image/png")}) as site:
        got = listed(site, sitemap("/a", "/404", "ftp://127.0.0.1/", "/b", "/png", "http://[", "/c"), tmp_path)
        assert names(got) == "abc"
        assert [told.partition(": ")[2].partition(";")[0] for told in got.told] == [
            "the server answers 404 Not Found",
            "it is no address of a page",
            "it is of a kind that is not read (image/png)",
            "it is no address of a page",
        ]


def test_a_host_that_is_down_is_told_once_with_the_number_of_what_was_not_asked(tmp_path: Path) -> None:
    with serving({f"/{n}": Page(status=500) for n in range(100)}) as site:
        site.pages["/s.xml"] = Page(sitemap(*(f"/{n}" for n in range(100))), XML)
        got = get(site.url("/s.xml"), tmp_path, replace(QUICK, attempts=1, failures=4))
        assert (got.pages, len(got.told), len(site.paths)) == ([], 5, 5)
        assert got.told[-1] == (
            f"{site.url('/s.xml')}: 96 of its addresses left out: not asked, as 127.0.0.1 failed 4 times in a row; "
            "run this again later"
        )


def test_a_sitemap_says_nothing_of_pictures_and_other_languages(tmp_path: Path) -> None:
    body = f"""<urlset {NAMESPACE} xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"
      xmlns:xhtml="http://www.w3.org/1999/xhtml"><url><loc>/a</loc><lastmod>2025-03-05</lastmod>
      <image:image><image:loc>/x.png</image:loc></image:image>
      <xhtml:link rel="alternate" hreflang="zh" href="/zh"/></url><url><image:loc>/y.png</image:loc></url></urlset>"""
    with serving(pages("a")) as site:
        got = listed(site, body, tmp_path)
        assert (names(got), got.told) == ("a", [])


# --- Feeds ----------------------------------------------------------------------------------------------------------

RSS = """<?xml version="1.0" encoding="utf-8"?>
<?xml-stylesheet href="/style.xsl"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>上海</title><link>{site}/home</link>
<image><url>{site}/logo.png</url><link>{site}/home</link></image>
<atom:link rel="self" href="{site}/list"/>
<item><atom:link rel="self" href="/not"/><link>{site}/b?x=1&amp;y=2</link><guid>{site}/not</guid></item>
<item><title>no link</title></item>
<item><link><![CDATA[ {site}/a ]]></link><description>&lt;a href="/not"&gt;</description></item>
<item><guid isPermaLink="false">{site}/not</guid></item>
<item><guid>tag:example.com,2025:1</guid></item>
<item><guid isPermaLink="true">{site}/c</guid></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="{site}/news/"><link href="{site}/home"/>
<entry><link rel="self" href="not"/><link rel="alternate" href="b"/><id>urn:1</id></entry>
<entry xml:base="deep/"><link href="a"/><link rel="enclosure" href="/not.mp3"/></entry>
<entry><link rel="related" href="/not"/></entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<channel rdf:about="/"><link>/home</link></channel><item rdf:about="/a"><link>/a</link></item></rdf:RDF>"""


@pytest.mark.parametrize("type", ["application/rss+xml", "text/xml; charset=utf-8", "text/html", "text/plain", None])
def test_an_rss_feed_gives_the_pages_of_its_items(type: str | None, tmp_path: Path) -> None:
    with serving(pages(["a", "b?x=1&y=2", "c"])) as site:
        site.pages["/list"] = Page(RSS.replace("{site}", site.url("")), type)
        got = get(site.url("/list"), tmp_path)
        assert (got.told, site.paths) == ([], ["/list", "/b?x=1&y=2", "/a", "/c"])
        assert len(got.pages) == 3


def test_an_atom_feed_gives_its_entries_by_their_base(tmp_path: Path) -> None:
    with serving(pages(["news/b", "news/deep/a"])) as site:
        got = listed(site, ATOM, tmp_path, "application/atom+xml")
        assert (names(got), got.told) == ("news/bnews/deep/a", [])


def test_an_rdf_feed_gives_its_items(tmp_path: Path) -> None:
    with serving(pages("a")) as site:
        got = listed(site, RDF, tmp_path, "application/rdf+xml")
        assert (names(got), got.told) == ("a", [])


def test_a_feed_may_lead_to_other_hosts_and_their_robots_txt_counts(tmp_path: Path) -> None:
    forbidden = Page("User-agent: *\nDisallow: /y", "text/plain")
    with serving(pages("a")) as site, serving(pages("xy") | {"/robots.txt": forbidden}) as other:
        items = "".join(f"<item><link>{url}</link></item>" for url in (other.url("/x"), other.url("/y"), "/a"))
        got = listed(site, f"<rss>{items}</rss>", tmp_path)
        assert (names(got), other.paths, len(got.told)) == ("xa", ["/x"], 1)


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "big5", "utf-16", "utf-8-sig"])
def test_a_feed_in_another_encoding_is_read(encoding: str, tmp_path: Path) -> None:
    name = "utf-8" if encoding == "utf-8-sig" else encoding
    feed = f'<?xml version="1.0" encoding="{name}"?><rss><item><title>上海</title><link>/a</link></item></rss>'
    with serving(pages("a")) as site:
        assert names(listed(site, feed.encode(encoding), tmp_path)) == "a"


def test_space_before_a_feed_is_overlooked(tmp_path: Path) -> None:
    with serving(pages("a")) as site:
        assert names(listed(site, '\r\n <?xml version="1.0"?><rss><item><link>/a</link></item></rss>', tmp_path)) == "a"


# --- Bad and hostile lists ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["<url><loc>/b", "</wrong>", "<url><loc>/b?x=1&y=2</loc></url></urlset>", "\x01"])
def test_of_a_list_that_is_no_xml_the_addresses_before_that_are_taken(end: str, tmp_path: Path) -> None:
    body = sitemap("/a", "/c").removesuffix("</urlset>") + end
    with serving(pages("abc")) as site:
        got = listed(site, body, tmp_path)
        assert (names(got), len(got.told)) == ("ac", 1)
        assert got.told[0].startswith(f"{site.url('/list')}: it is not well-formed XML (")
        assert got.told[0].endswith("; only the 2 addresses above that are taken")


@pytest.mark.parametrize(
    "body", [sitemap(), "<rss/>", "<feed><entry><link/></entry></feed>", "<urlset><url/></urlset>"]
)
def test_a_list_of_nothing_is_told(body: str, tmp_path: Path) -> None:
    with serving() as site:
        told = listed(site, body, tmp_path).told
        assert told == [f"{site.url('/list')}: it lists no addresses; ingest the pages by themselves"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (gzip.compress(b"a log file"), "it is a file packed with gzip, but not a sitemap or feed"),
        (gzip.compress(b"%PDF-1.7"), "it is a file packed with gzip, but not a sitemap or feed"),
        (gzip.compress(sitemap("/a").encode())[:-12], "its gzip is damaged"),
        (b"\x1f\x8b\x08\0 and so on", "its gzip is damaged"),
        (gzip.compress(sitemap("/a").encode() + b" " * 5_000_000), "it unpacks to more than 0.2 MB"),
    ],
    ids="log pdf cut nonsense bomb".split(),
)
def test_a_packed_file_that_is_no_sitemap_is_told(body: bytes, why: str, tmp_path: Path) -> None:
    with serving() as site:
        got = listed(site, body, tmp_path, "application/gzip", "/sitemap.xml.gz")
        assert got.told == [f"{site.url('/sitemap.xml.gz')}: {why}; ingest the pages by themselves"]
        assert got.pages == []


def lol(text: str) -> str:
    """Entities of which the last is 3 billion times the first."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE feed [<!ENTITY e0 "lol">{entities}]>{text}'


@pytest.mark.parametrize(
    "body",
    [
        lol("<urlset><url><loc>/&e9;</loc></url></urlset>"),
        lol('<feed><entry><link href="/&e9;"/></entry></feed>'),
        lol("<rss><channel>&e9;</channel><item><title>&e9;</title></item></rss>"),
        '<!DOCTYPE rss [<!ENTITY a "&b;"><!ENTITY b "&a;">]><rss><item><link>&a;</link></item></rss>',
        '<!DOCTYPE feed [<!ENTITY a "&b;"><!ENTITY b "&a;">]><feed><entry><link href="&a;"/></entry></feed>',
        f'<!DOCTYPE rss [<!ENTITY a "{"x" * 90_000}">]><rss><item><link>{"&a;" * 20_000}</link></item></rss>',
        "<rss>" + "<item>" * 10_000,
        "<rss " + "".join(f'a{n}="x" ' for n in range(10_000)) + "/>",
    ],
    ids="text attribute mixed circle attribute-circle quadratic deep wide".split(),
)
def test_an_entity_bomb_does_not_go_off(body: str, tmp_path: Path) -> None:
    with serving() as site:
        tracemalloc.start()
        begun = time.monotonic()
        got = listed(site, body, tmp_path)
        assert time.monotonic() - begun < 2
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (got.pages, len(got.told), site.paths) == ([], 1, ["/list"])
        assert peak < 10_000_000


@pytest.mark.parametrize("kind", ["SYSTEM", 'PUBLIC "x"'])
def test_no_file_and_no_other_address_is_read_for_a_list(kind: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("/a")
    with serving(pages("a") | {"/dtd": Page('<!ENTITY x "/a">', "text/plain")}) as site:
        for inside in (
            f'<!DOCTYPE rss [<!ENTITY x {kind} "file://{secret}">]><rss><item><link>&x;</link></item></rss>',
            f'<!DOCTYPE rss [<!ENTITY x {kind} "{{site}}/a">]><rss><item><link>&x;</link></item></rss>',
            f'<!DOCTYPE rss {kind} "{{site}}/dtd"><rss><item><link>&x;</link></item></rss>',
            f'<!DOCTYPE rss [<!ENTITY % x {kind} "{{site}}/dtd">%x;]><rss><item><link>/b</link></item></rss>',
            '<rss xmlns:xi="http://www.w3.org/2001/XInclude"><item><link><xi:include parse="text" '
            f'href="file://{secret}"/></link></item></rss>',
        ):
            got = listed(site, inside, tmp_path / "cache")
            assert got.pages == []
            assert {*site.paths} <= {"/list", "/b"}


def test_a_sitemap_as_large_as_they_may_be_is_read_in_little_time(tmp_path: Path) -> None:
    many = 50_000  # https://www.sitemaps.org/protocol.html
    with serving(pages("a")) as site:
        site.pages["/s.xml"] = Page(sitemap("/a", *(f"/{n}" for n in range(1, many))), XML)
        limits = replace(QUICK, max_addresses=1, max_bytes=50_000_000, total_s=10)
        begun = time.monotonic()
        got = get(site.url("/s.xml"), tmp_path, limits)
        assert time.monotonic() - begun < 5
        assert (names(got), len(got.told)) == ("a", 1)
        assert ": 49,999 of its addresses left out: beyond the first 1; " in got.told[0]


def test_a_list_that_breaks_off_on_the_way_is_not_taken_for_whole(tmp_path: Path) -> None:
    body = sitemap("/a", "/b").encode()
    cut = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:-40]
    with serving(pages("ab") | {"/s.xml": raw(cut)}) as site:
        got = get(site.url("/s.xml"), tmp_path)
        assert (got.pages, len(got.told)) == ([], 1)
        assert "its answer breaks off" in got.told[0]


def test_what_a_list_holds_beside_addresses_takes_no_memory(tmp_path: Path) -> None:
    """In a process of its own, as what lxml holds is counted by nobody else."""
    listed = "<urlset><url>{0}<loc>/a</loc>{0}</url>{0}</urlset>".format("<a/>" * 500_000)
    (tmp_path / "list.xml").write_text(listed)
    code = (
        "import resource, sys; from pathlib import Path; from ingest.fetch.listings import links\n"
        "most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = most(); found = [link.address for link in links(Path(sys.argv[1]), 10**8)]\n"
        "print(found, most() - before < 40_000)"  # kB; a tree took 30 bytes for each byte
    )
    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path / "list.xml")], capture_output=True, text=True)
    assert ran.stdout == "['/a'] True\n", ran.stderr
