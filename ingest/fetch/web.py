"""Lists of pages: what an address leads to, be it a page or a sitemap or feed of pages."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpcore
import httpx

from ingest.fetch import kinds
from ingest.fetch.addresses import Resolve, parse, system_addresses
from ingest.fetch.answers import Asker
from ingest.fetch.cache import Cache
from ingest.fetch.limits import DEFAULTS, AddressRefused, LeftOut, Limits
from ingest.fetch.listings import Link, Unreadable, links
from ingest.fetch.pages import Fetched, Pages

_DEEPEST = 3  # a sitemap, in an index, in an index
_LISTINGS = (kinds.LISTING, kinds.ZIPPED)


def fetch(
    address: str, cache: Path, *, allow_private: bool, refuse: Callable[[str], None], limits: Limits = DEFAULTS
) -> Iterator[Fetched]:
    """The pages that an address gives, see `Web.fetch`; for several addresses make one `Web`."""
    return Web(cache, allow_private=allow_private, refuse=refuse, limits=limits).fetch(address)


def _no_note(message: str) -> None:
    """Whoever does not ask is not told."""


@dataclass(frozen=True)
class _Run:
    """The addresses that a list, with the lists in it, has led to: as they are listed, and where redirects ended."""

    asked: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)


class Web:
    """Fetches for one run: it asks for no page or robots.txt twice, and leaves a host alone that fails time and again.

    `cache` is a folder, made when needed, that only `Web`s write to. `refuse` is told what could not be had, a line at
    a time, and `note` what is as it was when it was last fetched, and why. `resolve` and `network` are the world
    outside.
    """

    def __init__(
        self,
        cache: Path,
        *,
        allow_private: bool,
        refuse: Callable[[str], None],
        note: Callable[[str], None] = _no_note,
        limits: Limits = DEFAULTS,
        resolve: Resolve = system_addresses,
        network: httpcore.NetworkBackend | None = None,
    ) -> None:
        asker = Asker(network or httpcore.SyncBackend(), resolve, allow_private, limits)
        self._cache = Cache(cache)
        self._pages = Pages(asker, self._cache)
        self._allow_private, self._refuse, self._note, self._limits = allow_private, refuse, note, limits

    def fetch(self, address: str) -> Iterator[Fetched]:
        """The page at an address, or the pages that a sitemap or feed there lists, in its order, each once.

        Nothing, if that is told to `refuse`. CorpusError if the cache cannot be written to.
        """
        try:
            found = self._page(parse(address, self._allow_private))
        except AddressRefused as error:
            self._refuse(str(error))
            return
        if found.data.suffix in _LISTINGS:
            yield from self._listed(found, _Run(), 1)
        else:
            yield found

    def close(self) -> None:
        """Forget what no run has fetched for long; call it when all that is wanted was fetched."""
        self._cache.prune()

    def _page(self, url: httpx.URL) -> Fetched:
        found = self._pages.page(url)
        if found.stale:
            self._note(f"{found.address}: {found.stale}")
        return found

    def _listed(self, listing: Fetched, run: _Run, depth: int) -> Iterator[Fetched]:
        """The pages of a list; `refuse` is told how many addresses were left out, and why."""
        left_out: Counter[tuple[str, str]] = Counter()
        base = httpx.URL(listing.address)
        for link in self._links(listing):
            try:
                found = self._linked(link, base, run, depth)
            except LeftOut as error:
                left_out[error.what, error.way_out] += 1
            except AddressRefused as error:
                self._refuse(str(error))
            else:
                if found and link.is_sitemap:
                    yield from self._listed(found, run, depth + 1)
                elif found:
                    yield found
        for (what, way_out), number in left_out.items():
            self._refuse(str(AddressRefused(listing.address, f"{number:,} of its addresses left out: {what}", way_out)))

    def _links(self, listing: Fetched) -> Iterator[Link]:
        before = 0
        try:
            for before, link in enumerate(links(listing.data, self._limits.max_bytes), start=1):  # noqa: B007
                yield link
            if not before:
                raise Unreadable("it lists no addresses")
        except Unreadable as error:
            way_out = (
                f"only the {before} addresses above that are taken" if before else "ingest the pages by themselves"
            )
            self._refuse(str(AddressRefused(listing.address, str(error), way_out)))

    def _linked(self, link: Link, base: httpx.URL, run: _Run, depth: int) -> Fetched | None:
        """What a list leads to; None for what was met before."""
        if len(run.asked) >= self._limits.max_addresses:
            what = f"beyond the first {self._limits.max_addresses:,}"
            raise LeftOut(link.address, what, "ingest them by themselves")
        url = parse(link.address, self._allow_private, base)
        if link.of_sitemap and url.host != base.host:
            raise LeftOut(url, f"not of {base.host} as the sitemap is", "ingest them by themselves")
        if str(url) in run.asked:
            return None
        run.asked.add(str(url))
        found = self._page(url)
        is_list = found.data.suffix in _LISTINGS
        if is_list and not (link.is_sitemap and depth < _DEEPEST):
            raise AddressRefused(url, "it is a list of addresses within another", "ingest it by itself")
        if link.is_sitemap and not is_list:
            raise AddressRefused(url, "it is no sitemap, though listed as one", "leave it out")
        if found.address in run.given:
            return None
        run.given.add(found.address)
        return found
