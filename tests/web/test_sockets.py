"""The socket that the server listens on."""

from __future__ import annotations

import socket

import pytest

from orderdesk_sdk.web import server


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_small_answers_leave_at_once(host: str) -> None:
    """asyncio sets TCP_NODELAY on what such a socket accepts, and on no other."""
    try:
        listening = server._bind(host, 0)
    except OSError:
        pytest.skip(f"this machine has no {host}")
    with listening:
        listening.listen()
        with socket.create_connection(listening.getsockname()[:2]):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.proto == socket.IPPROTO_TCP
