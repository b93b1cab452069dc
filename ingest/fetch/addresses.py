"""Which addresses may be asked, and connections that go to no other place than the one that was checked.

A name is resolved once for a connection, all that it stands for is checked, and the connection goes to exactly that;
the name stays in the Host header and is what a certificate is held against. So neither a redirect nor a name that
changes what it stands for leads to a private network. Proxies of the environment are not used: behind one, nothing
could be checked.
"""

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import httpcore
import httpx

from ingest.fetch.limits import AddressRefused

Resolve = Callable[[str, int], Sequence[str]]
"""Name or numeric address of a host, and a port, to its IP addresses, best first; OSError if there are none."""

_DEFAULTS = {"http": 80, "https": 443}
_PORTS = (None, *_DEFAULTS.values())
_TRIED = 4  # addresses of one host
_HOST = re.compile(rb"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|[0-9A-Fa-f:]+(:[0-9.]+)?")  # a name, or IPv6 without a zone
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_NOT_PUBLIC = tuple(  # that `is_global` lets pass, in all or in some versions of Python
    ip_network(each)
    for each in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # a cloud's host, seen from its machines
        "2001::/23",  # protocol assignments, among them Teredo
        "2002::/16",  # 6to4: IPv4 inside
        "3fff::/20",  # documentation
    )
)
PRIVATE_IS_MEANT = "pass --allow-private if it is meant"


class NotPublic(Exception):
    """The host stands for an address that is not public; the message names both."""


class TooSlow(Exception):
    """The time for one answer is over."""


def parse(address: str, allow_private: bool, base: httpx.URL | None = None) -> httpx.URL:
    """The address, which may count from `base`, in one spelling and without its fragment.

    AddressRefused if it is none that may be asked.
    """
    try:
        url = httpx.URL(address.strip()) if base is None else base.join(address.strip())
        host = url.raw_host.removesuffix(b".")
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressRefused(_shown(address), "it is no address", "expected https://…") from error
    if url.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise AddressRefused(_shown(address), "it is no address of a page", "expected https:// or http:// and a host")
    if url.userinfo:
        raise AddressRefused(f"{url.scheme}://…@{url.host}", "it holds a name or password", "leave them out")
    if url.port is not None and not 0 < url.port < 65536:
        raise AddressRefused(_shown(address), f"there is no port {url.port}", "expected 1 to 65535")
    if url.port not in _PORTS and not allow_private:
        raise AddressRefused(_shown(address), f"port {url.port} is not one of the public web", PRIVATE_IS_MEANT)
    port = None if url.port == _DEFAULTS[url.scheme] else url.port  # httpx keeps it after HTTP:// in capitals
    return url.copy_with(host=host.decode("ascii"), port=port, raw_path=url.raw_path, fragment=None)


def _shown(address: str) -> str:
    return "%20".join(address[:200].split())


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also by what stands inside of it."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        inside = IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped
        if inside is not None:
            return is_public(str(inside))
        if ip not in _GLOBAL_UNICAST:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NOT_PUBLIC)


def system_addresses(host: str, port: int) -> list[str]:
    """What the system's resolver says; it also reads the odd spellings of an address, such as 0x7f.1."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


@dataclass(frozen=True)
class Deadline:
    at: float  # as `time.monotonic` counts

    def left(self, at_most: float | None = None) -> float:
        """Seconds left, but `at_most` that; TooSlow if there are none."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TooSlow
        return left if at_most is None else min(left, at_most)


@dataclass(frozen=True)
class CheckedNetwork(httpcore.NetworkBackend):
    """Connections of `network` to hosts that were checked, each of which ends at the deadline."""

    network: httpcore.NetworkBackend
    resolve: Resolve
    allow_private: bool
    deadline: Deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("its name stands for no address")
        for address in self._checked(host, port)[:_TRIED]:
            try:
                stream = self.network.connect_tcp(
                    address, port, self.deadline.left(timeout), local_address, socket_options
                )
                return _TimedStream(stream, self.deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("its name stands for no address") from error
        private = [address for address in addresses if not is_public(address)]
        if private and not self.allow_private:
            stands_for = "" if private[0] == host else f"{private[0]}, which is "
            raise NotPublic(f"{host} is {stands_for}not public")
        return addresses


@dataclass(frozen=True)
class _TimedStream(httpcore.NetworkStream):
    stream: httpcore.NetworkStream
    deadline: Deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, self.deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, self.deadline.left(timeout))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self.stream.start_tls(ssl_context, server_hostname, self.deadline.left(timeout))
        return _TimedStream(stream, self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)
