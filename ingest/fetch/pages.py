"""One page by its address: robots.txt of its host first, then attempts and redirects, to a file in the cache."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TypeVar

import httpx
from protego import Protego
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from ingest.fetch import kinds
from ingest.fetch.addresses import parse
from ingest.fetch.answers import LATER, Answer, Asker, too_large
from ingest.fetch.cache import Cache, Entry
from ingest.fetch.limits import NAME, AddressRefused, LeftOut

_ROBOTS_BYTES = 512_000  # of a robots.txt that count: RFC 9309, section 2.5
_READABLE = "expected HTML, text, Markdown, PDF, DOCX, EPUB, CSV, JSON Lines, ZIP, a sitemap or a feed"
_BY_HAND = "find the page in a browser, and give its own address"
_GONE = (404, 410)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Fetched:
    """A page on disk; its file stays until a later run finds something else there.

    `address` is where redirects ended, `content_type` and `last_modified` are as the server sent them. Where it is not
    `changed`, the cache had the same bytes before. `stale` says why it is as the cache had it, where its host could not
    be asked.
    """

    address: str
    data: Path
    content_type: str | None
    last_modified: str | None
    changed: bool
    stale: str | None = None


class Pages:
    """Remembers for a run what was fetched, what each robots.txt says, and how often each host failed in a row."""

    def __init__(self, asker: Asker, cache: Cache) -> None:
        self._asker, self._cache, self._limits = asker, cache, asker.limits
        self._robots: dict[str, Protego | AddressRefused] = {}  # by origin; or why there are none
        self._failures: Counter[str] = Counter()  # by host
        self._fetched: dict[
            str, Fetched
        ] = {}  # by address; none is asked for twice, so none is replaced under a reader

    def page(self, url: httpx.URL) -> Fetched:
        """What is at an address, or was when it was last fetched, where its host is in trouble.

        AddressRefused if it cannot be had or read, CorpusError if it cannot be kept.
        """
        try:
            found = self._follow(url, self._keep, self._permit)
        except AddressRefused as error:
            if error.status in _GONE:
                self._cache.forget(url)
            kept = self._cache.last(url) if error.passing else None
            if kept is None:
                raise
            found = self._as_fetched(kept, changed=False, stale=error.what)
            self._fetched.update(dict.fromkeys((str(url), found.address), found))
        else:
            if found.address != str(url):
                self._cache.redirect(url, found.address)
        return found

    def _as_fetched(self, entry: Entry, changed: bool, stale: str | None = None) -> Fetched:
        data = self._cache.path(entry)
        return Fetched(entry.address, data, entry.content_type, entry.last_modified, changed, stale)

    def _follow(
        self,
        first: httpx.URL,
        once: Callable[[httpx.URL], _T | httpx.URL],
        permit: Callable[[httpx.URL], object] = lambda url: None,
    ) -> _T:
        """What `once` gives at the end of redirects, each of which is permitted before it is asked."""
        hops = [first]
        while True:
            url = hops[-1]
            try:
                permit(url)
                got = self._persist(url, once)
            except AddressRefused as error:
                if error.address == first:
                    raise
                raise replace(error, address=first, what=f"it leads to {error.address}: {error.what}") from error
            if not isinstance(got, httpx.URL):
                return got
            if got in hops or len(hops) > self._limits.redirects:
                what = "redirects go in a circle" if got in hops else f"more than {self._limits.redirects} redirects"
                raise AddressRefused(first, f"{what}, by {got}", _BY_HAND, 300)
            hops.append(got)

    def _persist(self, url: httpx.URL, once: Callable[[httpx.URL], _T]) -> _T:
        """What `once` gives, at the first attempt or a later one; LeftOut where the host failed too often."""
        if self._failures[url.host] >= self._limits.failures:
            what = f"not asked, as {url.host} failed {self._limits.failures} times in a row"
            raise LeftOut(url, what, LATER, passing=True)
        attempts = Retrying(
            stop=stop_after_attempt(self._limits.attempts),
            retry=retry_if_exception(self._may_pass),
            wait=self._wait_s,
            reraise=True,
        )
        try:
            got = attempts(once, url)
        except AddressRefused as error:
            self._failures[url.host] = self._failures[url.host] + 1 if error.passing else 0
            raise
        self._failures[url.host] = 0
        return got

    def _may_pass(self, error: BaseException) -> bool:
        return isinstance(error, AddressRefused) and error.passing and error.wait_s <= self._limits.longest_retry_s

    def _wait_s(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked_s = error.wait_s if isinstance(error, AddressRefused) else 0
        return max(asked_s, self._limits.retry_s * 2.0 ** (state.attempt_number - 1))

    def _turn(self, url: httpx.URL) -> AbstractContextManager[None]:
        return self._cache.turn(url, self._pause_s(url), self._limits)

    def _keep(self, url: httpx.URL) -> Fetched | httpx.URL:
        """What is at the address, in the cache, or where it redirects to."""
        if str(url) in self._fetched:
            return self._fetched[str(url)]
        with self._turn(url):
            known = self._cache.load(url)
            with self._asker.ask(url, known.conditions if known else {}) as answer:
                if answer.redirect is not None:
                    return parse(answer.redirect, self._asker.allow_private, url)
                unchanged = answer.status == 304
                entry = known if known and unchanged else self._cache.store(url, *self._readable(answer))
        fetched = self._as_fetched(entry, changed=not known or known.sha256 != entry.sha256)
        self._fetched[str(url)] = fetched
        return fetched

    def _readable(self, answer: Answer) -> tuple[Iterator[bytes], str, httpx.Headers]:
        """The data of a page, its kind by its first bytes, and its header; AddressRefused where that is not read."""
        declared = answer.headers.get("content-type")
        if not kinds.could_be_read(declared):
            raise _unread(answer)
        if int(answer.headers.get("content-length", "0")) > self._limits.max_bytes:
            raise too_large(answer.url, self._limits.max_bytes)
        head = b""
        while len(head) < kinds.HEAD_BYTES and (chunk := next(answer.body, b"")):
            head += chunk
        if not head:
            raise AddressRefused(answer.url, "it is empty", "leave it out")
        kind = kinds.kind(declared, answer.url.path, head)
        if kind is None:
            raise _unread(answer)
        return chain([head], answer.body), kind, answer.headers

    # --- robots.txt -------------------------------------------------------------------------------------------------

    def _permit(self, url: httpx.URL) -> None:
        """AddressRefused unless the robots.txt of the address's host is known and allows it."""
        origin = _origin(url)
        if origin not in self._robots:
            self._robots[origin] = self._rules(url.join("/robots.txt"))
        rules = self._robots[origin]
        if isinstance(rules, AddressRefused):
            what = f"its robots.txt cannot be had: {rules.what}"
            raise AddressRefused(url, what, rules.way_out, passing=rules.passing)
        if not rules.can_fetch(str(url), NAME):
            raise AddressRefused(url, f"its robots.txt forbids it to {NAME}", "leave it out, or ask who runs the site")

    def _rules(self, url: httpx.URL) -> Protego | AddressRefused:
        """A robots.txt, which allows all where there is none: RFC 9309, section 2.3.1."""
        try:
            return Protego.parse(self._follow(url, self._robots_text))
        except AddressRefused as error:
            none = error.status is not None and error.status < 500 and error.status != 429
            return Protego() if none else error

    def _robots_text(self, url: httpx.URL) -> str | httpx.URL:
        with self._turn(url), self._asker.ask(url, {}) as answer:
            if answer.redirect is not None:
                return parse(answer.redirect, self._asker.allow_private, url)
            text = b""
            while len(text) < _ROBOTS_BYTES and (chunk := next(answer.body, b"")):
                text += chunk
        return text[:_ROBOTS_BYTES].decode("utf-8-sig", "replace")

    def _pause_s(self, url: httpx.URL) -> float:
        """Between two requests to the host: our own, or what its robots.txt asks for within bounds."""
        rules = self._robots.get(_origin(url))
        if not isinstance(rules, Protego):
            return self._limits.pause_s
        rate = rules.request_rate(NAME)
        asked_s = max(rules.crawl_delay(NAME) or 0, rate.seconds / rate.requests if rate else 0)
        return max(self._limits.pause_s, min(asked_s, self._limits.longest_pause_s))


def _unread(answer: Answer) -> AddressRefused:
    declared = answer.headers.get("content-type") or "unknown"
    return AddressRefused(answer.url, f"it is of a kind that is not read ({declared[:60]})", _READABLE)


def _origin(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"
