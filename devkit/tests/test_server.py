"""Serving an app from a thread: up at once, reachable, gone without a trace, whatever its clients and handlers do."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from orderdesk_devkit.simulators.server import client_connection, serve
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"hello"})


async def never(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await asyncio.Event().wait()


def connect(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def test_answers_from_the_moment_serve_returns() -> None:
    with serve(hello) as served:
        assert httpx.get(served.url, trust_env=False).text == "hello"


def test_refuses_connections_and_leaves_no_thread_once_stopped() -> None:
    before = set(threading.enumerate())
    served = serve(hello)
    served.stop()
    served.stop()
    assert set(threading.enumerate()) == before
    with pytest.raises(ConnectionRefusedError):
        connect(served.url)


def test_stop_ends_idle_half_sent_and_hanging_connections(caplog: pytest.LogCaptureFixture) -> None:
    served = serve(never)
    idle, half, hanging = (connect(served.url) for _ in range(3))
    half.sendall(b"PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf")
    hanging.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    served.stop()
    for sock in (idle, half, hanging):
        # FIN or RST: which of them it is the kernel decides, by whether bytes were left unread.
        with sock, suppress(ConnectionResetError):
            assert sock.recv(100) == b""
    assert caplog.records == []


def test_a_taken_port_is_a_configuration_error_that_names_it() -> None:
    with serve(hello) as served:
        port = int(served.url.rpartition(":")[2])
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}"):
            serve(hello, port=port)


def test_a_stopped_port_can_be_served_again_at_once() -> None:
    with serve(hello) as served:
        assert httpx.get(served.url, trust_env=False).text == "hello"
    with serve(hello, port=int(served.url.rpartition(":")[2])) as again:
        assert again.url == served.url
        assert httpx.get(again.url, trust_env=False).text == "hello"


def test_a_lifespan_runs_and_one_that_fails_is_raised_where_serve_was_called() -> None:
    said: list[str] = []

    @asynccontextmanager
    async def good(app: Starlette) -> AsyncIterator[None]:
        said.append("up")
        yield
        said.append("down")

    def fail() -> None:
        raise RuntimeError("no database")

    @asynccontextmanager
    async def bad(app: Starlette) -> AsyncIterator[None]:
        fail()
        yield

    with serve(Starlette(lifespan=good)):
        assert said == ["up"]
    assert said == ["up", "down"]
    with pytest.raises(OrderDeskError, match="did not start"):
        serve(Starlette(lifespan=bad))


def test_reset_is_a_tcp_reset_and_close_is_not() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            connection = client_connection(scope)
            await (connection.reset() if scope["path"] == "/reset" else connection.close())

    with serve(app) as served:
        with connect(served.url) as sock:
            sock.sendall(b"GET /reset HTTP/1.1\r\nhost: x\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                sock.recv(100)
        with connect(served.url) as sock:
            sock.sendall(b"GET /close HTTP/1.1\r\nhost: x\r\n\r\n")
            assert sock.recv(100) == b""


def test_another_server_gives_no_connection_and_the_error_says_which_one_does() -> None:
    with pytest.raises(ConfigurationError, match=r"server\.serve"):
        client_connection({"type": "http"})
