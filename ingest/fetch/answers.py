"""One request and its answer, within bounds of time and size.

The body is unpacked as it comes, a piece at a time, so that an answer of any size, packed or not, is broken off at the
limit. Only gzip is asked for and taken, and once: no page unpacks ten times over.
"""

import math
import ssl
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus

import httpcore
import httpx

from ingest.fetch.addresses import PRIVATE_IS_MEANT, CheckedNetwork, Deadline, NotPublic, Resolve, TooSlow
from ingest.fetch.limits import USER_AGENT, AddressRefused, Limits

LATER = "run this again later"
_REDIRECTS = (301, 302, 303, 307, 308)
_PIECE = 65536  # bytes
_ACCEPTED = "text/html, application/xhtml+xml, application/xml;q=0.9, text/*;q=0.8, application/*;q=0.8, */*;q=0.1"


@dataclass(frozen=True)
class Answer:
    """An answer as it begins: a page (200), word that nothing changed (304), or a redirect.

    `body` is unpacked and has no empty chunks; it can be read while the connection is open.
    """

    url: httpx.URL
    status: int
    headers: httpx.Headers
    body: Iterator[bytes]

    @property
    def redirect(self) -> str | None:
        return self.headers.get("location", "") if self.status in _REDIRECTS else None


@dataclass(frozen=True)
class Asker:
    """Asks for addresses, over a connection of its own for each."""

    network: httpcore.NetworkBackend
    resolve: Resolve
    allow_private: bool
    limits: Limits

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()  # takes tens of ms; heeds SSL_CERT_FILE

    @contextmanager
    def ask(self, url: httpx.URL, conditions: Mapping[str, str]) -> Iterator[Answer]:
        """The answer. AddressRefused for another status, and for what goes wrong until the body is read."""
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        times = {"connect": self.limits.connect_s, "read": self.limits.read_s, "write": self.limits.read_s}
        fields = {
            "Host": url.netloc.decode("ascii"),
            "User-Agent": USER_AGENT,
            "Accept": _ACCEPTED,
            "Accept-Encoding": "gzip",
            "Connection": "close",
            **conditions,
        }
        deadline = Deadline(time.monotonic() + self.limits.total_s)
        network = CheckedNetwork(self.network, self.resolve, self.allow_private, deadline)
        tls = self._tls if url.scheme == "https" else None
        with (
            _told(url, self.limits, deadline),
            httpcore.HTTPConnection(target.origin, tls, network_backend=network) as connection,
            connection.stream("GET", target, headers=list(fields.items()), extensions={"timeout": times}) as response,
        ):
            headers = httpx.Headers(response.headers)
            if response.status not in (200, *_REDIRECTS) and not (response.status == 304 and conditions):
                raise _refused(url, response.status, headers.get("retry-after", ""))
            sent = _bounded(url, response.iter_stream(), self.limits.max_bytes)
            body = _bounded(url, _unpacked(url, sent, headers), self.limits.max_bytes)
            yield Answer(url, response.status, headers, body)


def _refused(url: httpx.URL, status: int, retry_after: str) -> AddressRefused:
    phrase = HTTPStatus(status).phrase if status in list(HTTPStatus) else ""
    what = f"the server answers {status} {phrase}".strip()
    if status != 429 and status < 500:
        return AddressRefused(url, what, "look at it in a browser, or leave it out", status)
    wait_s = _seconds(retry_after)
    asked = f" and asks for {math.ceil(wait_s)} s of patience" if wait_s else ""
    return AddressRefused(url, what + asked, LATER, status, True, wait_s)


def _seconds(retry_after: str) -> float:
    """From now, for a number of seconds or a date; 0 for what is neither."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        then = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0
    return max(0, (then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def too_large(url: httpx.URL, max_bytes: int) -> AddressRefused:
    return AddressRefused(url, f"it is larger than {max_bytes / 1e6:g} MB", "ingest the part that matters by hand")


def _bounded(url: httpx.URL, chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise too_large(url, max_bytes)
        if chunk:
            yield chunk


def _unpacked(url: httpx.URL, chunks: Iterable[bytes], headers: httpx.Headers) -> Iterator[bytes]:
    coding = headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        yield from chunks
    elif coding in ("gzip", "x-gzip"):
        yield from _from_gzip(chunks)
    else:
        raise AddressRefused(url, f"it comes packed as {coding[:60]}, not as gzip", "save it by hand and ingest that")


def _from_gzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces of at most `_PIECE` bytes; zlib.error if it is damaged or breaks off. What follows its end is left out."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    for chunk in chunks:
        while chunk:
            yield unpack.decompress(chunk, _PIECE)
            chunk = unpack.unconsumed_tail
        if unpack.eof:
            return
    raise zlib.error("it breaks off")


@contextmanager
def _told(url: httpx.URL, limits: Limits, deadline: Deadline) -> Iterator[None]:
    """Errors of the network as AddressRefused."""
    try:
        yield
    except NotPublic as error:
        raise AddressRefused(url, str(error), PRIVATE_IS_MEANT) from error
    except (TooSlow, httpcore.TimeoutException) as error:
        if isinstance(error, TooSlow) or time.monotonic() >= deadline.at:
            what = f"its answer takes longer than {limits.total_s:g} s"
            raise AddressRefused(url, what, LATER, passing=True, wait_s=math.inf) from error
        silent_s = limits.connect_s if isinstance(error, httpcore.ConnectTimeout) else limits.read_s
        raise AddressRefused(url, f"the server is silent for {silent_s:g} s", LATER, passing=True) from error
    except httpcore.ConnectError as error:
        if isinstance(error.__cause__, ssl.SSLCertVerificationError):
            what = f"its certificate is not valid ({error.__cause__.verify_message})"
            raise AddressRefused(url, what, "save the page by hand if you trust it, and ingest that") from error
        raise AddressRefused(url, f"its host cannot be reached ({_short(error)})", LATER, passing=True) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, zlib.error) as error:
        what = f"its answer breaks off or is not as HTTP has it ({_short(error)})"
        raise AddressRefused(url, what, LATER, passing=True) from error


def _short(error: Exception) -> str:
    return str(error)[:120]
