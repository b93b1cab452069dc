"""What fetching keeps to, and the one error that ends at an address."""

from dataclasses import dataclass
from importlib.metadata import version

from shanghai_qa.errors import CorpusError

NAME = "shanghai-qa"
"""Who we are in a robots.txt."""

USER_AGENT = f"{NAME}/{version(NAME)}"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of fetching; those of time are in seconds."""

    connect_s: float = 10
    read_s: float = 20  # of silence
    total_s: float = 120  # for one answer, from the name to the last byte
    max_bytes: int = 50_000_000  # of one answer, as sent and as unpacked; also the most that a sitemap may have
    max_addresses: int = 10_000  # that are taken from a sitemap or feed, with all sitemaps that it names
    redirects: int = 5
    attempts: int = 3
    retry_s: float = 1  # before the second attempt; doubles with each
    longest_retry_s: float = 60  # a server that asks for a longer wait is left alone
    pause_s: float = 1  # between two requests to a host
    longest_pause_s: float = 30  # that a robots.txt can ask for
    turn_s: float = 600  # of waiting until another ingest has done with a host
    failures: int = 5  # in a row, after which nothing more is asked of a host


DEFAULTS = Limits()


@dataclass(eq=False)
class AddressRefused(CorpusError):
    """An address that gives nothing, as `address: what; way_out`.

    `status` is that of the server's answer, if there was one. Where `passing`, its host is in trouble and another
    attempt may do better, at the earliest `wait_s` from now.
    """

    address: object
    what: str
    way_out: str
    status: int | None = None
    passing: bool = False
    wait_s: float = 0

    def __str__(self) -> str:
        line = f"{self.address}: {self.what}; {self.way_out}"
        return "".join(each if each.isprintable() else "?" for each in line)  # some of it is a server's


class LeftOut(AddressRefused):
    """An address that was not asked, for a reason that holds for others too; lists tell their number, not each."""
