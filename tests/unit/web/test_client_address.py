"""Where a request comes from: the nearest address that a trusted proxy has not added, whatever a client writes."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network

import pytest
from starlette.types import Receive, Scope, Send

from orderdesk_sdk.web.middleware.client_address import ClientAddress, client_address, comes_from_proxy

PROXIES = (ip_network("10.0.0.7/32"), ip_network("fd00::/8"))


def seen(peer: str | None, *headers: tuple[str, str]) -> tuple[str, str, bool]:
    """Address and scheme of a request as the app has it, and whether a proxy brought it."""
    scope: Scope = {
        "type": "http",
        "scheme": "http",
        "client": (peer, 4711) if peer is not None else None,
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing is left to do."""

    async def never() -> dict[str, object]:
        raise AssertionError("nothing is read")

    async def nowhere(_: object) -> None:
        raise AssertionError("nothing is sent")

    asyncio.run(ClientAddress(app, PROXIES)(scope, never, nowhere))
    return client_address(scope), scope["scheme"], comes_from_proxy(scope)


@pytest.mark.parametrize("peer", ["192.0.2.9", "10.0.0.8", "::1"])
def test_what_anybody_else_says_counts_for_nothing(peer: str) -> None:
    given = (("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-Proto", "https"), ("Forwarded", "for=198.51.100.1"))
    assert seen(peer, *given) == (peer, "http", False)


@pytest.mark.parametrize(
    ("hops", "address"),
    [
        (("198.51.100.1",), "198.51.100.1"),
        (("203.0.113.5, 198.51.100.1",), "198.51.100.1"),  # The client wrote the first one.
        (("203.0.113.5", "198.51.100.1"), "198.51.100.1"),
        (("198.51.100.1, 10.0.0.7, fd00::2",), "198.51.100.1"),
        (("10.0.0.7",), "10.0.0.7"),
        (("unknown",), "10.0.0.7"),
        (("198.51.100.1, <script>",), "10.0.0.7"),
        (("198.51.100.1:80",), "10.0.0.7"),
        ((",".join(["198.51.100.1"] + ["10.0.0.7"] * 500),), "10.0.0.7"),
        (("",), "10.0.0.7"),
        ((), "10.0.0.7"),
    ],
)
def test_a_trusted_proxy_says_whom_it_was_called_by(hops: tuple[str, ...], address: str) -> None:
    assert seen("10.0.0.7", *(("X-Forwarded-For", hop) for hop in hops))[0] == address


@pytest.mark.parametrize(
    ("given", "scheme"), [(("https",), "https"), (("https", "http"), "http"), (("gopher",), "http"), ((), "http")]
)
def test_and_by_which_scheme(given: tuple[str, ...], scheme: str) -> None:
    assert seen("10.0.0.7", *(("X-Forwarded-Proto", one) for one in given))[1:] == (scheme, True)


def test_a_server_that_tells_no_address_brought_no_proxy() -> None:
    assert seen(None, ("X-Forwarded-For", "198.51.100.1")) == ("", "http", False)
