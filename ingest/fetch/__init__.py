"""From addresses to files on disk: a page gives one, a sitemap or feed one for each address in it.

What is fetched was allowed by robots.txt, came from a public host (unless `allow_private`) over the only connection to
it, and is of a kind that `ingest.formats` reads. What cannot be had is told as one line, and the rest goes on. All of
it stays in a cache, so that fetching again asks only whether something changed.
"""

from ingest.fetch.limits import USER_AGENT, AddressRefused, Limits
from ingest.fetch.pages import Fetched
from ingest.fetch.web import Web, fetch

__all__ = ["USER_AGENT", "AddressRefused", "Fetched", "Limits", "Web", "fetch"]
