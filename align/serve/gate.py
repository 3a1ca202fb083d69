"""Who may come in: the token in the address, the Host that was asked for, the Origin that asks. Pure."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def new_token() -> str:
    """192 random bits, fit for an address."""
    return secrets.token_urlsafe(24)


def host_name(netloc: str) -> str:
    """`name:port`, `[::1]:port` or `name` without the port, in lower case; empty where it is none of these."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").lower()
    except ValueError:
        return ""


def _netloc(origin: str) -> str | None:
    """`name:port` of an Origin in lower case; None where it is no address."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine reach a server that listens on `host`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(host: str) -> bool:
    """Whether `host` is a bare IP address, which no one can point elsewhere as they can a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Gate:
    """What a request must show. `listening` is the address that the server is bound to."""

    listening: str
    names: frozenset[str] = frozenset()
    """Other names by which the server may be asked for (`--allow-host`)."""
    token: str = field(default_factory=new_token, repr=False)

    def refusal(self, *, token: str, host: str, origin: str | None, upgrade: bool) -> str | None:
        """Why the request stays outside, in words for the log; None where it may come in.

        host and origin are the headers as sent. `upgrade`: the request opens a websocket, and must name its origin,
        since browsers let any page on the web open one.
        """
        name = host_name(host)
        if not self._knows(name):
            return f"asked for the host {name!r}, which is not ours (--allow-host NAME lets it in)"
        if upgrade and origin is None:
            return "opened a websocket without an Origin"
        if origin is not None and _netloc(origin) != host.lower():
            return f"came from a page of {origin!r}"
        # A path may hold bytes that are no UTF-8.
        if not secrets.compare_digest(token.encode("utf-8", "surrogatepass"), self.token.encode()):
            return "brought no token, or a wrong one"
        return None

    def _knows(self, name: str) -> bool:
        if name in self.names or name == self.listening:
            return True
        if is_loopback(self.listening):
            return name in LOOPBACK
        return is_address(name) or name in LOOPBACK
