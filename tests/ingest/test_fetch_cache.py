import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from ingest.fetch import Web
from ingest.fetch.cache import Cache, Entry
from shanghai_qa.errors import CorpusError
from tests.ingest.web_server import QUICK, Page, Raw, Site, get, raw, serving

DATE = "Wed, 05 Mar 2025 08:00:00 GMT"
LATER = "Thu, 06 Mar 2025 08:00:00 GMT"


def last(site: Site) -> tuple[str | None, str | None]:
    """What the last request asked not to be sent again."""
    headers = site.asked[-1].headers
    return headers.get("If-None-Match"), headers.get("If-Modified-Since")


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ({"ETag": '"1"'}, ('"1"', None)),
        ({"ETag": 'W/"1"'}, ('W/"1"', None)),
        ({"Last-Modified": DATE}, (None, DATE)),
        ({"ETag": '"1"', "Last-Modified": DATE}, ('"1"', DATE)),
    ],
)
def test_a_refresh_asks_whether_something_changed_and_is_sent_nothing(
    headers: dict[str, str], asked: tuple[str | None, str | None], tmp_path: Path
) -> None:
    with serving({"/a": Page("<html>1</html>", headers=headers)}) as site:
        first = get(site.url("/a"), tmp_path)
        assert last(site) == (None, None)
        second = get(site.url("/a"), tmp_path)
        assert last(site) == asked
        assert (first.pages[0].changed, second.pages[0].changed) == (True, False)
        assert second.pages[0].data == first.pages[0].data
        assert (second.texts, second.pages[0].last_modified) == (["<html>1</html>"], headers.get("Last-Modified"))
        assert second.pages[0].content_type == "text/html; charset=utf-8"


@pytest.mark.parametrize("name", ["ETag", "Last-Modified"])
def test_what_changed_takes_the_place_of_what_was_kept(name: str, tmp_path: Path) -> None:
    with serving({"/a": Page("<html>1</html>", headers={name: DATE})}) as site:
        get(site.url("/a"), tmp_path)
        site.pages["/a"] = Page("<html>2</html>", headers={name: LATER})
        got = get(site.url("/a"), tmp_path)
        assert (got.texts, got.pages[0].changed) == (["<html>2</html>"], True)
        assert len([file for file in tmp_path.rglob("*") if file.suffix in (".html", ".part")]) == 1
        assert get(site.url("/a"), tmp_path).pages[0].changed is False


def test_a_server_that_cannot_say_is_read_again_and_the_same_bytes_are_no_change(tmp_path: Path) -> None:
    with serving({"/a": Page("<html>1</html>")}) as site:
        assert get(site.url("/a"), tmp_path).pages[0].changed
        assert not get(site.url("/a"), tmp_path).pages[0].changed
        assert last(site) == (None, None)


def test_a_refresh_goes_through_redirects_to_what_is_kept_of_the_last_address(tmp_path: Path) -> None:
    with serving({"/b": Page(headers={"ETag": '"1"'}), "/a": Page("", status=301, headers={"Location": "/b"})}) as site:
        get(site.url("/a"), tmp_path)
        got = get(site.url("/a"), tmp_path)
        assert (last(site), got.pages[0].changed, got.pages[0].address) == (('"1"', None), False, site.url("/b"))


def test_a_refresh_of_a_sitemap_asks_for_its_pages_though_it_is_the_same(tmp_path: Path) -> None:
    listed = Page("<urlset><url><loc>/a</loc></url><url><loc>/b</loc></url></urlset>", headers={"ETag": '"1"'})
    with serving({"/s.xml": listed, "/a": Page(headers={"ETag": '"1"'}), "/b": Page("<p>1")}) as site:
        assert [page.changed for page in get(site.url("/s.xml"), tmp_path).pages] == [True, True]
        site.pages["/b"] = Page("<p>2")
        assert [page.changed for page in get(site.url("/s.xml"), tmp_path).pages] == [False, True]


CUT = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")


@pytest.mark.parametrize("trouble", [Page(status=500), Page(status=503), Page(status=429), CUT, None])
def test_of_a_host_in_trouble_what_was_kept_is_given_and_that_is_noted(
    trouble: Page | Raw | None, tmp_path: Path
) -> None:
    noted: list[str] = []
    with serving({"/a": Page("<html>1</html>", headers={"ETag": '"1"'})}) as site:
        kept = get(site.url("/a"), tmp_path, note=noted.append).pages[0]
        assert (noted, kept.stale) == ([], None)
        if trouble:
            site.pages["/a"] = trouble
            got = get(site.url("/a"), tmp_path, note=noted.append)
    if not trouble:  # nobody is there any more, neither for robots.txt
        got = get(site.url("/a"), tmp_path, note=noted.append)
    assert (got.texts, got.told, got.pages[0].changed) == (["<html>1</html>"], [], False)
    assert (got.pages[0].address, got.pages[0].data) == (site.url("/a"), kept.data)
    assert noted == [f"{site.url('/a')}: {got.pages[0].stale}"]


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_is_told_and_not_given_again_when_its_host_is_in_trouble_later(
    status: int, tmp_path: Path
) -> None:
    with serving({"/a": Page()}) as site:
        get(site.url("/a"), tmp_path)
        for after in (status, 500):
            site.pages["/a"] = Page(status=after)
            got = get(site.url("/a"), tmp_path)
            assert (got.pages, len(got.told)) == ([], 1)
            assert f"the server answers {after} " in got.told[0]


def test_a_page_that_is_no_longer_allowed_or_read_is_not_taken_from_what_was_kept(tmp_path: Path) -> None:
    with serving({"/a": Page()}) as site:
        get(site.url("/a"), tmp_path)
        site.pages["/a"] = Page(b"\x89PNG\0", "image/png")
        assert get(site.url("/a"), tmp_path).pages == []
        site.pages |= {"/a": Page(), "/robots.txt": Page("User-agent: *\nDisallow: /a", "text/plain")}
        assert get(site.url("/a"), tmp_path).pages == []


def test_where_redirects_led_to_is_given_when_the_host_is_in_trouble(tmp_path: Path) -> None:
    noted: list[str] = []
    with serving({"/old": Page("", status=301, headers={"Location": "/new"}), "/new": Page("<html>1</html>")}) as site:
        get(site.url("/old"), tmp_path)
        site.pages["/new"] = Page("<html>2</html>")
        get(site.url("/new"), tmp_path)
    got = get(site.url("/old"), tmp_path, note=noted.append)
    assert (got.texts, got.pages[0].address) == (["<html>2</html>"], site.url("/new"))
    assert noted[0].startswith(f"{site.url('/new')}: its robots.txt cannot be had: its host cannot be reached (")


def test_of_a_site_that_is_down_the_list_and_its_pages_are_those_that_were_kept(tmp_path: Path) -> None:
    noted: list[str] = []
    listed = "".join(f"<url><loc>/{n}</loc></url>" for n in range(9))
    with serving({f"/{n}": Page(f"<html>{n}</html>") for n in range(9)}) as site:
        site.pages["/s.xml"] = Page(f"<urlset>{listed}</urlset>", "text/xml")
        get(site.url("/s.xml"), tmp_path)
        for path in [*site.pages]:
            site.pages[path] = Page(status=503)
        site.pages["/4"] = Page(status=404)
        site.asked.clear()
        limits = replace(QUICK, attempts=1, failures=4)
        got = get(site.url("/s.xml"), tmp_path, limits, note=noted.append)
        assert got.texts == [f"<html>{n}</html>" for n in range(9)]
        assert (got.told, len(noted), noted[0].partition(": ")[0]) == ([], 10, site.url("/s.xml"))
        assert noted[-1] == f"{site.url('/8')}: not asked, as 127.0.0.1 failed 4 times in a row"
        assert site.paths == ["/s.xml", "/0", "/1", "/2"]


def test_what_was_given_as_it_was_kept_stays_for_the_run(tmp_path: Path) -> None:
    with serving({"/a": Page("<html>1</html>")}) as site:
        get(site.url("/a"), tmp_path)
        site.pages["/a"] = [Page(status=500), Page("<html>2</html>")]
        web = Web(tmp_path, allow_private=True, refuse=pytest.fail, limits=replace(QUICK, attempts=1))
        (first,), (second,) = (list(web.fetch(site.url("/a"))) for _ in range(2))
        assert first == second
        assert first.data.read_text() == "<html>1</html>"  # its reader may not be done with it


def test_what_no_run_has_used_for_90_days_goes(tmp_path: Path) -> None:
    def age(days: float) -> None:
        for file in tmp_path.rglob("*"):
            os.utime(file, (time.time() - days * 86400,) * 2)

    with serving(
        {
            "/a": Page(headers={"ETag": '"1"'}),
            "/b": Page(),
            "/old": Page(status=301, headers={"Location": "/c"}),
            "/c": Page(),
        }
    ) as site:
        for path in ("/a", "/b", "/old"):
            get(site.url(path), tmp_path)
        assert len([file for file in tmp_path.rglob("*") if file.suffix in (".html", ".json")]) == 7
        age(89)
        web = Web(tmp_path, allow_private=True, refuse=pytest.fail, limits=QUICK)
        web.close()
        assert len([*tmp_path.glob("*/*")]) == 7
        age(91)
        for path in ("/a", "/old"):
            list(web.fetch(site.url(path)))
        web.close()
        assert len([*tmp_path.glob("*/*")]) == 5
        assert get(site.url("/a"), tmp_path).pages[0].changed is False
    assert [get(site.url(path), tmp_path).pages == [] for path in ("/a", "/b", "/old")] == [False, True, False]


def entry_of(folder: Path) -> Path:
    (entry,) = folder.rglob("*.json")
    return entry


DAMAGES = {
    "data cut": lambda data, entry: data.write_bytes(data.read_bytes()[:-1]),
    "data changed": lambda data, entry: data.write_bytes(b"#" + data.read_bytes()[1:]),
    "data gone": lambda data, entry: data.unlink(),
    "entry gone": lambda data, entry: entry.unlink(),
    "entry empty": lambda data, entry: entry.write_bytes(b""),
    "entry cut": lambda data, entry: entry.write_bytes(entry.read_bytes()[:-5]),
    "entry no text": lambda data, entry: entry.write_bytes(b"\xff\xfe\0"),
    "entry a list": lambda data, entry: entry.write_text("[1, 2]"),
    "entry of another": lambda data, entry: entry.write_text(entry.read_text().replace("/a", "/b")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_fetched_anew(damage: str, tmp_path: Path) -> None:
    with serving({"/a": Page("<html>1</html>", headers={"ETag": '"1"'})}) as site:
        kept = get(site.url("/a"), tmp_path).pages[0].data
        DAMAGES[damage](kept, entry_of(tmp_path))
        got = get(site.url("/a"), tmp_path)
        assert (got.texts, last(site)) == (["<html>1</html>"], (None, None))
        assert get(site.url("/a"), tmp_path).pages[0].changed is False


def test_the_entry_is_json_that_a_person_can_read(tmp_path: Path) -> None:
    with serving({"/a": Page("<html>1</html>", headers={"ETag": '"1"', "Last-Modified": DATE})}) as site:
        data = get(site.url("/a"), tmp_path).pages[0].data
        assert json.loads(entry_of(tmp_path).read_text()) == {
            "address": site.url("/a"),
            "file": data.relative_to(tmp_path).as_posix(),
            "sha256": sha256(b"<html>1</html>").hexdigest(),
            "content_type": "text/html; charset=utf-8",
            "etag": '"1"',
            "last_modified": DATE,
        }


def test_a_mark_that_no_header_can_carry_is_not_sent_back(tmp_path: Path) -> None:
    answer = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: "é"\r\nLast-Modified: 三月\r\n\r\n<p>'.encode()
    with serving({"/a": raw(answer)}) as site:
        get(site.url("/a"), tmp_path)
        assert len(get(site.url("/a"), tmp_path).pages) == 1
        assert last(site) == (None, None)


@pytest.mark.parametrize("where", ["file", "file/below", "null"])
def test_a_folder_that_cannot_be_written_to_ends_the_run_by_name(where: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = Path("/dev/null/cache") if where == "null" else tmp_path / where
    with serving({"/a": Page()}) as site, pytest.raises(CorpusError) as error:
        get(site.url("/a"), folder)
    assert str(error.value).startswith(f"the folder {folder} for fetched files cannot be written to (")
    assert str(error.value).endswith("); make room there, or allow it")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
def test_a_full_disk_ends_the_run_by_name_and_keeps_what_was_there(tmp_path: Path) -> None:
    with serving({"/a": Page("<html>1</html>")}) as site:
        kept = get(site.url("/a"), tmp_path).pages[0].data
        entry_of(tmp_path).with_suffix(".part").symlink_to("/dev/full")
        site.pages["/a"] = Page("<html>2</html>")
        with pytest.raises(CorpusError, match=r"cannot be written to \(No space left on device\); make room there"):
            get(site.url("/a"), tmp_path)
        assert kept.read_text() == "<html>1</html>"
        assert get(site.url("/a"), tmp_path).texts == ["<html>2</html>"]


WRITER = """
import sys, httpx
from itertools import cycle
from pathlib import Path
from ingest.fetch import Web
from ingest.fetch.cache import Cache
cache, url = Cache(Path(sys.argv[1])), httpx.URL("https://example.com/a")
for number, version in enumerate(cycle("1122")):
    cache.store(url, [version.encode() * 1000] * 200, f".{version}", httpx.Headers({"ETag": version}))
    if not number:
        print("ready", flush=True)
"""


def test_a_writer_that_is_killed_at_any_moment_leaves_one_whole_version(tmp_path: Path) -> None:
    cache, url = Cache(tmp_path), httpx.URL("https://example.com/a")
    for number in range(5):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout
            writer.stdout.readline()
            time.sleep(0.05 + 0.0137 * number)
            for _ in range(20):  # it reads what it reads while another writes
                check(cache, cache.load(url))
            os.kill(writer.pid, signal.SIGKILL)
        assert check(cache, cache.load(url))
    cache.store(url, [b"3"], ".3", httpx.Headers({"ETag": "3"}))
    assert sorted(file.suffix for file in tmp_path.rglob("*") if file.is_file()) == [".3", ".json"]


def check(cache: Cache, entry: Entry | None) -> bool:
    """Whether there is something, which then is of one version."""
    if entry:
        assert cache.path(entry).suffix == f".{entry.etag}"
        assert entry.sha256 == sha256((entry.etag or "").encode() * 200_000).hexdigest()
    return entry is not None
