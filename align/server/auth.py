"""Authorisation of requests: the token in the address, the Host header, the Origin header. Pure functions."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")


def new_token() -> str:
    """A URL-safe token of 192 random bits."""
    return secrets.token_urlsafe(24)


def host_name(netloc: str) -> str:
    """The host of `name:port`, `[::1]:port` or `name`, in lower case; empty if it is none of these."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").lower()
    except ValueError:
        return ""


def _netloc(origin: str) -> str | None:
    """`name:port` of an Origin in lower case; None for an invalid one."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether a server that listens on `host` is reachable only from this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(host: str) -> bool:
    """Whether `host` is an IP address, which, unlike a name, cannot be pointed elsewhere (DNS rebinding)."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class RequestAuth:
    """Checks of a request. `listening`: the address that the server is bound to."""

    listening: str
    names: frozenset[str] = frozenset()
    """Further host names of the server (`--allow-host`)."""
    token: str = field(default_factory=new_token, repr=False)

    def refusal_reason(self, *, token: str, host: str, origin: str | None, upgrade: bool) -> str | None:
        """Why the request is refused, for the log; None if it is allowed.

        host and origin are the headers as sent. `upgrade`: the request opens a websocket and must have an Origin,
        since browsers let any page on the web open one.
        """
        name = host_name(host)
        if not self._is_own_name(name):
            return f"asked for the host {name!r}, which is not a name of this server (--allow-host NAME allows it)"
        if upgrade and origin is None:
            return "opened a websocket without an Origin"
        if origin is not None and _netloc(origin) != host.lower():
            return f"came from a page of {origin!r}"
        # A path may contain bytes that are not UTF-8.
        if not secrets.compare_digest(token.encode("utf-8", "surrogatepass"), self.token.encode()):
            return "sent no token, or a wrong one"
        return None

    def _is_own_name(self, name: str) -> bool:
        if name in self.names or name == self.listening:
            return True
        if is_loopback(self.listening):
            return name in LOOPBACK_NAMES
        return is_address(name) or name in LOOPBACK_NAMES
