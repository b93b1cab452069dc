"""A host and port in, a listening socket out, or one line that says why not. Imports nothing heavy."""

import errno
import ipaddress
import socket

from shanghai_qa.errors import ShanghaiQAError


def listen(host: str, port: int, command: str = "serve") -> socket.socket:
    """A socket that listens on `host`:`port`; port 0 takes a free one.

    ShanghaiQAError if it cannot be had, with the `command` that takes another.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OverflowError as error:
        raise ShanghaiQAError(f"port must be between 0 and 65535, got {port}") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            advice = f"choose another with: shanghai-qa {command} --port {_next(port)}"
            raise ShanghaiQAError(f"port {port} is in use; {advice}") from error
        raise ShanghaiQAError(f"cannot listen on {host} port {port}: {error.strerror}") from error


def check_port(host: str, port: int) -> None:
    """Raise ShanghaiQAError if `listen` would, now; for a caller who wants to know before loading anything."""
    listen(host, port).close()


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach what listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address(sock: socket.socket) -> str:
    """The URL under which a browser on this machine reaches `sock`."""
    host, port = sock.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _next(port: int) -> int:
    return port + 1 if port < 65535 else 7860
