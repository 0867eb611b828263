"""Where a request ends: what a proxy in front might take for another length is refused, and the connection closed."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from tests.web.conftest import WebShop

HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
"""A request that stands where the body of another one ends for one of two readers."""
HEAD = b"POST /in/unknown HTTP/%s\r\nHost: localhost\r\n%s\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def answers(shop: WebShop, sent: bytes) -> bytes:
    """All that comes back until the server closes. Raises TimeoutError where it does not."""
    parts = urlsplit(shop.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as sock:
        sock.sendall(sent)
        received = b""
        while piece := sock.recv(65_536):
            received += piece
    return received


@pytest.mark.parametrize(
    ("version", "lengths"),
    [
        (b"1.1", CHUNKED + b"Content-Length: %d\r\n" % (5 + len(HIDDEN))),
        (b"1.1", b"Content-Length: 5\r\n" + CHUNKED),
        (b"1.1", b"Content-Length: 0\r\nContent-Length: 5\r\n"),
        (b"1.1", CHUNKED + CHUNKED),
        (b"1.1", b"Transfer-Encoding: chunked, identity\r\n"),
        (b"1.1", b"Transfer-Encoding: xchunked\r\n"),
        (b"1.1", b"Transfer-Encoding : chunked\r\n"),
        (b"1.0", CHUNKED),
    ],
)
def test_a_body_of_two_lengths_is_refused_and_nothing_after_it_is_read(
    web_shop: WebShop, version: bytes, lengths: bytes
) -> None:
    received = answers(web_shop, HEAD % (version, lengths) + b"0\r\n\r\n" + HIDDEN)
    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.count(b"HTTP/1.1 ") == 1
