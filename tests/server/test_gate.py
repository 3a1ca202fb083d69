"""Who may come in, and who may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from align.server.server import RequestAuth, host_name, is_loopback, new_token

TOKEN = "right-token"


def ask(gate: RequestAuth, **changed: object) -> str | None:
    """A request that is right but for what `changed` says."""
    asked = {"token": TOKEN, "host": "127.0.0.1:8317", "origin": "http://127.0.0.1:8317", "upgrade": True} | changed
    return gate.refusal_reason(**asked)  # type: ignore[arg-type]


LOCAL = RequestAuth("127.0.0.1", token=TOKEN)


@given(st.text(), st.text(), st.none() | st.text(), st.booleans())
def test_odd_requests_are_refused_and_raise_nothing(token: str, host: str, origin: str | None, upgrade: bool) -> None:
    for bracketed in (host, f"[{host}", f"127.0.0.1:{host}"):
        asked = {"token": token, "host": bracketed, "origin": origin and f"http://{origin}", "upgrade": upgrade}
        assert ask(LOCAL, **asked)


def test_the_right_request_comes_in() -> None:
    assert ask(LOCAL) is None
    assert ask(LOCAL, origin=None, upgrade=False) is None
    assert ask(LOCAL, host="localhost:9", origin="http://localhost:9") is None
    assert ask(LOCAL, host="[::1]:9", origin="http://[::1]:9") is None


@pytest.mark.parametrize(
    "changed",
    [
        {"token": ""},
        {"token": "right-tokem"},
        {"token": TOKEN + "x"},
        {"token": "ключ"},
        {"host": ""},
        {"host": "evil.example:8317", "origin": "http://evil.example:8317"},
        {"host": "127.0.0.1.evil.example", "origin": "http://127.0.0.1.evil.example"},
        {"host": "192.168.1.7:8317", "origin": "http://192.168.1.7:8317"},
        {"host": "[::1", "origin": None, "upgrade": False},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": "http://[::1"},
        {"origin": "http://127.0.0.1:8317:8317"},
        {"origin": "http://127.0.0.1:99999999"},
        {"origin": "http://\u2100.example"},
        {"origin": ""},
        {"origin": "\udcff"},
        {"origin": "//127.0.0.1:8317@evil.example"},
        {"host": "[", "origin": "http://["},
        {"host": "\udcff", "origin": "http://\udcff"},
        {"token": "\udcff"},
        {"origin": None},
        {"origin": "http://evil.example", "upgrade": False},
    ],
)
def test_anything_else_stays_outside(changed: dict[str, object]) -> None:
    assert ask(LOCAL, **changed)


def test_a_server_on_the_network_knows_addresses_and_the_names_it_was_given() -> None:
    gate = RequestAuth("0.0.0.0", names=frozenset({"review.example"}), token=TOKEN)
    assert ask(gate, host="192.168.1.7:8317", origin="http://192.168.1.7:8317") is None
    assert ask(gate, host="review.example", origin="https://review.example") is None
    assert ask(gate, host="rebound.example:8317", origin="http://rebound.example:8317")


def test_tokens_are_long_and_differ() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 32


def test_the_token_is_not_in_the_repr() -> None:
    assert TOKEN not in repr(LOCAL)


def test_hosts() -> None:
    assert host_name("Review.Example:80") == "review.example"
    assert host_name("[::1]:80") == "::1"
    assert is_loopback("127.0.0.2")
    assert is_loopback("localhost")
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("review.example")
