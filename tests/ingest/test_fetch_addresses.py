import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ingest.fetch import AddressRefused, Fetched
from ingest.fetch.addresses import is_public, parse, system_addresses
from tests.ingest.web_server import Internet, Page, get, redirect, serving

PUBLIC = "93.184.215.14"
OTHER = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


def fetched(
    address: str,
    folder: Path,
    world: Internet | None = None,
    network: httpcore.NetworkBackend | None = None,
    allow_private: bool = False,
) -> tuple[list[Fetched], list[str]]:
    """What an address gives, in a world of its own or the real one, and what was refused."""
    resolve = world.resolve if world else system_addresses
    got = get(address, folder, allow_private=allow_private, resolve=resolve, network=world or network)
    return got.pages, got.told


@pytest.mark.parametrize("address", [PUBLIC, OTHER, "8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2001:4860::8888"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 "
    "169.254.169.254 192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 "
    "240.0.0.1 255.255.255.255 168.63.129.16 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 "
    "::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:db8::1 "
    "2002:7f00:1::1 2002:808:808::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 "
    "fe80::1%1 fec0::1 ff02::1 ff0e::1".split(),
)
def test_addresses_that_lead_inside_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_no_part_of_a_private_network_is_public_whatever_wraps_it() -> None:
    for inside in ("10.1.2.3", "127.0.0.1", "169.254.169.254", "192.168.0.1"):
        bits = int(ip_address(inside))
        for wrapped in (bits, 0xFFFF << 32 | bits, 0x64FF9B << 96 | bits, 0x2002 << 112 | bits << 80):
            assert not is_public(str(ip_address(wrapped if wrapped > 0xFFFFFFFF else inside)))


def test_an_address_has_one_spelling() -> None:
    assert str(parse(" HTTPS://Example.COM.:443/a/../b?c=d#e ", False)) == "https://example.com/b?c=d"
    assert str(parse("http://中国.example/路", False)) == "http://xn--fiqs8s.example/%E8%B7%AF"
    assert str(parse("../b", False, parse("https://example.com/a/c", False))) == "https://example.com/b"
    assert str(parse("http://[::1]:8080", True)) == "http://[::1]:8080/"


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("ftp://example.com/a", "it is no address of a page; expected https:// or http:// and a host"),
        ("file:///etc/passwd", "it is no address of a page; expected https:// or http:// and a host"),
        ("example.com", "it is no address of a page; expected https:// or http:// and a host"),
        ("https://", "it is no address of a page; expected https:// or http:// and a host"),
        ("http://[fe80::1%25eth0]/", "it is no address of a page; expected https:// or http:// and a host"),
        ("http://[::1", "it is no address; expected https://…"),
        ("https://example.com:port/", "it is no address; expected https://…"),
        ("https://example.com:99999/", "there is no port 99999; expected 1 to 65535"),
        ("https://example.com:8443/", "port 8443 is not one of the public web; pass --allow-private if it is meant"),
        ("http://example.com:22/", "port 22 is not one of the public web; pass --allow-private if it is meant"),
        ("http://a\x1b[31mb/", "it is no address; expected https://…"),
    ],
)
def test_what_is_no_address_to_ask_is_refused_in_one_line(address: str, what: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        parse(address, False)
    assert str(refused.value).endswith(what)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("address", ["https://me:secret@example.com/", "https://me@example.com/", "http://a\\@b.com/"])
def test_a_name_or_password_in_an_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(AddressRefused, match="it holds a name or password; leave them out") as refused:
        parse(address, True)
    assert "secret" not in str(refused.value)


SPELLINGS = (
    "127.0.0.1 127.1 2130706433 0x7f.1 0x7f000001 017700000001 0177.0.0.1 localhost localhost. LOCALHOST 0.0.0.0 0 "
    "[::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1] 127。0。0。1"
)


class OnPort(httpcore.SyncBackend):
    """The real network, but whatever port is meant, this one is taken: that of a site, where the public one is 80."""

    def __init__(self, port: int) -> None:
        self.port = port

    def connect_tcp(self, host: str, port: int, *args: Any) -> httpcore.NetworkStream:
        return super().connect_tcp(host, self.port, *args)


@pytest.mark.parametrize("host", SPELLINGS.split())
def test_no_spelling_of_this_machine_is_asked(host: str, tmp_path: Path) -> None:
    with serving({"/": Page()}) as site:
        pages, told = fetched(f"http://{host}/", tmp_path, network=OnPort(site.port))
    assert (pages, site.asked, len(told)) == ([], [], 1)
    assert "not public; pass --allow-private if it is meant" in told[0] or "no address" in told[0]


@pytest.mark.parametrize("host", "127.0.0.1 127.1 2130706433 0x7f.1 localhost".split())
def test_with_leave_the_same_spellings_reach_this_machine(host: str, tmp_path: Path) -> None:
    with serving({"/": Page()}) as site:
        pages, told = fetched(f"http://{host}/", tmp_path, network=OnPort(site.port), allow_private=True)
    assert ([page.address for page in pages], site.paths, told) == ([f"http://{host}/"], ["/"], [])


def test_a_public_name_is_fetched_from_the_address_that_was_checked(tmp_path: Path) -> None:
    with serving({"/a": Page()}) as site:
        world = Internet({"example.com": [[PUBLIC]]}, {PUBLIC: site})
        pages, told = fetched("http://example.com/a", tmp_path, world)
        assert ([page.address for page in pages], told) == (["http://example.com/a"], [])
        assert world.connected == [PUBLIC, PUBLIC]  # robots.txt and the page
        assert [asked.headers["Host"] for asked in site.asked] == ["example.com", "example.com"]


def test_a_name_that_changes_to_a_private_address_is_not_followed_there(tmp_path: Path) -> None:
    with serving({"/a": Page()}) as public, serving({"/a": Page()}) as inside:
        world = Internet({"example.com": [[PUBLIC], ["127.0.0.1"]]}, {PUBLIC: public, "127.0.0.1": inside})
        pages, told = fetched("http://example.com/a", tmp_path, world)
        assert (pages, inside.asked, world.connected) == ([], [], [PUBLIC])
        assert told == [
            "http://example.com/a: example.com is 127.0.0.1, which is not public; pass --allow-private if it is meant"
        ]


def test_a_name_that_also_stands_for_a_private_address_is_not_asked_at_all(tmp_path: Path) -> None:
    for both in ([PUBLIC, "10.0.0.1"], ["::1", PUBLIC], [OTHER, "::ffff:192.168.0.1"]):
        with serving({"/a": Page()}) as site:
            world = Internet({"example.com": [both]}, {PUBLIC: site, OTHER: site})
            pages, told = fetched("http://example.com/a", tmp_path, world)
            assert (pages, site.asked, world.connected, len(told)) == ([], [], [], 1)
            assert "which is not public" in told[0]


def test_a_name_is_resolved_once_for_a_connection(tmp_path: Path) -> None:
    with serving({"/a": Page()}) as site:
        changing = [[PUBLIC], [PUBLIC], ["127.0.0.1"]]  # a second look in either of the two would find the third
        pages, told = fetched("http://example.com/a", tmp_path, Internet({"example.com": changing}, {PUBLIC: site}))
        assert (len(pages), told) == (1, [])


def test_the_next_address_is_tried_where_one_does_not_answer(tmp_path: Path) -> None:
    with serving({"/a": Page()}) as site:
        world = Internet({"example.com": [[OTHER, PUBLIC]]}, {PUBLIC: site})
        pages, _ = fetched("http://example.com/a", tmp_path, world)
        assert (len(pages), world.connected) == (1, [OTHER, PUBLIC, OTHER, PUBLIC])


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("http://inside.example/", "inside.example is 10.0.0.1, which is not public"),
        ("http://127.0.0.1/", "is not public; pass --allow-private"),
        ("http://[::ffff:127.0.0.1]/", "is not public; pass --allow-private"),
        ("//169.254.169.254/latest/meta-data/", "is not public; pass --allow-private"),
        ("http://example.com:8080/", "port 8080 is not one of the public web"),
        ("https://me:secret@example.com/", "it holds a name or password"),
        ("file:///etc/passwd", "it is no address of a page"),
    ],
)
def test_a_redirect_out_of_the_public_web_is_not_followed(to: str, why: str, tmp_path: Path) -> None:
    with serving({"/a": redirect(to)}) as public, serving({"/": Page()}) as inside:
        names = {"example.com": [[PUBLIC]], "inside.example": [["10.0.0.1"]]}
        numbers = {each: [[each]] for each in ("127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254")}
        world = Internet(names | numbers, {PUBLIC: public} | dict.fromkeys(["127.0.0.1", "10.0.0.1"], inside))
        pages, told = fetched("http://example.com/a", tmp_path, world)
        assert (pages, inside.asked, set(world.connected), len(told)) == ([], [], {PUBLIC}, 1)
        assert told[0].startswith("http://example.com/a: it leads to ")
        assert why in told[0]


def test_a_robots_txt_that_redirects_inside_is_not_followed_and_allows_nothing(tmp_path: Path) -> None:
    with serving({"/robots.txt": redirect("http://127.0.0.1/robots.txt"), "/a": Page()}) as site:
        world = Internet({"example.com": [[PUBLIC]], "127.0.0.1": [["127.0.0.1"]]}, {PUBLIC: site, "127.0.0.1": site})
        pages, told = fetched("http://example.com/a", tmp_path, world)
        assert (pages, site.paths, world.connected, len(told)) == ([], [], [PUBLIC], 1)


def test_a_sitemap_does_not_lead_inside(tmp_path: Path) -> None:
    listed = "<urlset><url><loc>http://127.0.0.1/</loc></url><url><loc>http://example.com/a</loc></url></urlset>"
    feed = "<rss><item><link>http://127.0.0.1/</link></item><item><link>http://example.com/a</link></item></rss>"
    with serving({"/sitemap.xml": Page(listed), "/feed": Page(feed), "/a": Page()}) as site, serving() as inside:
        names = {"example.com": [[PUBLIC]], "127.0.0.1": [["127.0.0.1"]]}
        for path in ("/sitemap.xml", "/feed"):
            world = Internet(names, {PUBLIC: site, "127.0.0.1": inside})
            pages, told = fetched(f"http://example.com{path}", tmp_path, world)
            assert ([page.address for page in pages], len(told)) == (["http://example.com/a"], 1)
            assert inside.asked == []


def test_proxies_of_the_environment_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving({"/a": Page()}) as site, serving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        pages, told = fetched(site.url("/a"), tmp_path, allow_private=True)
        assert (len(pages), told, proxy.asked) == (1, [], [])


# --- Certificates ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a certificate for the name "example.com", signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.com")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path_factory.mktemp("certificate") / "example.pem"
    file.write_bytes(signed.public_bytes(pem) + secret)
    return file


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_certificate_is_held_against_the_name_and_not_the_address(
    tls: ssl.SSLContext, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving({"/a": Page()}, tls) as site:
        names = {"example.com": [[PUBLIC]], "example.org": [[PUBLIC]]}
        pages, told = fetched("https://example.com/a", tmp_path, Internet(names, {PUBLIC: site}))
        assert ([page.address for page in pages], told) == (["https://example.com/a"], [])
        world = Internet(names, {PUBLIC: site})
        pages, told = fetched("https://example.org/a", tmp_path, world)
        assert (pages, len(site.asked), len(told)) == ([], 2, 1)
        assert "its certificate is not valid (Hostname mismatch" in told[0]
        assert world.connected == [PUBLIC]  # it would not get better at a second attempt


def test_a_certificate_that_nobody_vouches_for_is_refused(tls: ssl.SSLContext, tmp_path: Path) -> None:
    with serving({"/a": Page()}, tls) as site:
        pages, told = fetched("https://example.com/a", tmp_path, Internet({"example.com": [[PUBLIC]]}, {PUBLIC: site}))
        assert (pages, site.asked, len(told)) == ([], [], 1)
        assert "its certificate is not valid (self-signed certificate)" in told[0]
