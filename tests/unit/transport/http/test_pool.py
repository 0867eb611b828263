"""The connections under every client: recorders see their calls, and they outlive what a service closed."""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import vcr

from orderdesk_devkit.testing.raw_server import RawConnection, RawServer, http_response, responding
from orderdesk_sdk.transport.http.connection import Connection, Origin
from orderdesk_sdk.transport.http.deadline import CallTimes
from orderdesk_sdk.transport.http.http11 import RawRequest
from orderdesk_sdk.transport.http.limits import HttpLimits
from orderdesk_sdk.transport.http.pool import ConnectionPool
from tests.support.http_calls import ignore_intent, put_order

if TYPE_CHECKING:
    from tests.conftest import ClientMaker


def test_a_recorder_sees_the_calls_and_plays_them_back_without_a_service(
    client_of: ClientMaker, tmp_path: Path
) -> None:
    cassette = tmp_path / "cancel.yaml"
    with RawServer(responding(lambda _: http_response(200, b'{"status": "taken"}'))) as server:
        with vcr.use_cassette(str(cassette), record_mode="once") as recorded:
            assert put_order(client_of(server.url), server.url).status == 200
            assert len(recorded) == 1
        calls = server.received.count(b"PUT ")
    with vcr.use_cassette(str(cassette), record_mode="none") as played:
        exchange = put_order(client_of(server.url), server.url)
        assert played.all_played
    assert (calls, exchange.status, exchange.body) == (1, 200, '{"status": "taken"}')


def test_calls_share_a_connection(client_of: ClientMaker) -> None:
    with RawServer(responding(lambda _: http_response())) as server:
        client = client_of(server.url)
        for _ in range(5):
            assert put_order(client, server.url).status == 200
        assert len(server.connections) == 1


def test_a_write_goes_over_a_new_connection_where_the_service_closed_the_idle_one(client_of: ClientMaker) -> None:
    closed = threading.Event()

    def answer_and_close(connection: RawConnection) -> None:
        connection.read_request()
        connection.send(http_response())
        connection.close()
        closed.set()

    with RawServer(answer_and_close) as server:
        client = client_of(server.url)
        for calls in range(1, 4):
            assert put_order(client, server.url).status == 200
            assert closed.wait(10)
            closed.clear()
            assert len(server.connections) == calls


def test_a_connection_of_a_call_that_failed_is_not_used_again(client_of: ClientMaker) -> None:
    def late(connection: RawConnection) -> None:
        if b"/late" in connection.read_request():
            connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 30\r\n\r\n")
            connection.pause(0.5)
            connection.send(b'{"of": "the late call"}       ')
            connection.pause(30)
        connection.send(http_response(200, b'{"of": "the next call"}'))

    with RawServer(late) as server:
        client = client_of(server.url, HttpLimits(max_attempts=1, timeout=0.3))
        assert put_order(client, f"{server.url}/late").failure is not None
        assert put_order(client, server.url).body == '{"of": "the next call"}'
        assert len(server.connections) == 2


def test_a_pool_is_not_used_up_by_calls_that_fail(client_of: ClientMaker) -> None:
    with RawServer(RawConnection.close) as server:
        client = client_of(server.url, HttpLimits(max_attempts=1, in_flight=1, timeout=5))
        kinds = {getattr(put_order(client, server.url).failure, "kind", None) for _ in range(5)}
    assert "PoolTimeout" not in kinds
    assert None not in kinds


@pytest.mark.slow
def test_no_thread_closes_the_connection_of_another_ones_call(client_of: ClientMaker) -> None:
    """Sixteen threads that all come back at once: a connection that one has taken is idle for none of them."""
    with RawServer(responding(lambda _: http_response())) as server:
        client = client_of(server.url)
        with ThreadPoolExecutor(16) as threads:
            exchanges = list(threads.map(lambda _: put_order(client, server.url), range(600)))
        assert [exchange.failure for exchange in exchanges if exchange.failure is not None] == []
        assert len(server.connections) <= 8


def test_a_client_of_many_origins_holds_no_more_connections_than_it_may() -> None:
    scripts = responding(lambda _: http_response())
    with RawServer(scripts) as first, RawServer(scripts) as second:
        pool = ConnectionPool(1, tls=False, max_response_bytes=1000)
        request = RawRequest(b"GET", b"/", ((b"Host", b"shop.example"),), b"")
        one, other = (Origin("http", "127.0.0.1", int(server.url.rpartition(":")[2])) for server in (first, second))
        for origin in (one, other, one):
            assert pool.send(origin, request, CallTimes({})).status == 200
        assert (len(first.connections), len(second.connections)) == (2, 1)
        pool.close()
        with pytest.raises(httpx.ConnectError, match="closed"):
            pool.send(one, request, CallTimes({}))


def test_a_login_in_a_url_is_sent_as_httpx_sends_it_and_is_a_secret(client_of: ClientMaker) -> None:
    with RawServer(responding(lambda request: http_response(200, request))) as server:
        url = server.url.replace("//", "//ann:pa55w0rd@")
        exchange, _ = client_of(server.url).call(httpx.Request("GET", f"{url}/orders/1"), 1, ignore_intent)
    login = base64.b64encode(b"ann:pa55w0rd")
    assert b"Authorization: Basic " + login in server.received
    assert exchange.status == 200
    assert login.decode() not in exchange.body


def test_a_recorder_that_was_there_first_sees_the_calls_too(tmp_path: Path) -> None:
    """A process that imports the SDK within a cassette: what stands in the class then is not httpx's."""
    code = (
        "import httpx\n"
        "def answer(transport, request): return httpx.Response(418, stream=httpx.ByteStream(b'tea'))\n"
        "httpx.HTTPTransport.handle_request = answer\n"
        "from orderdesk_sdk.transport.http.pool import ConnectionPool, PooledTransport\n"
        "transport = PooledTransport(ConnectionPool(1, tls=False, max_response_bytes=9))\n"
        "print(transport.send(httpx.Request('GET', 'http://nowhere.invalid/'), 9).body)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert ran.stdout.strip() == "b'tea'"


class InterruptedConnection(Connection):
    """An idle connection whose taker is interrupted, the first time."""

    is_first = True

    @property
    def is_stale(self) -> bool:
        if self.is_first:
            self.is_first = False
            raise KeyboardInterrupt
        return super().is_stale


class BreakingSocket(socket.socket):
    """Breaks in the middle of a request, to which the service has answered already."""

    service: socket.socket

    def sendall(self, *_: object) -> None:
        self.service.sendall(http_response(413, b"too long"))
        raise BrokenPipeError


ORIGIN = Origin("http", "service.test", 80)
REQUEST = RawRequest(b"GET", b"/", [(b"host", b"service.test")], b"")


def test_a_connection_that_broke_within_a_request_carries_no_other_one() -> None:
    ours, service = socket.socketpair()
    breaking = BreakingSocket(fileno=ours.detach())
    breaking.service = service
    pool = ConnectionPool(1, tls=False, max_response_bytes=100)
    pool._idle.append(Connection(ORIGIN, breaking))
    with breaking, service:
        assert pool.send(ORIGIN, REQUEST, CallTimes({})).status == 413
        assert pool._idle == []


def test_whoever_is_interrupted_while_it_takes_a_connection_keeps_nobody_from_taking_it() -> None:
    ours, service = socket.socketpair()
    pool = ConnectionPool(1, tls=False, max_response_bytes=100)
    pool._idle.append(InterruptedConnection(ORIGIN, ours))
    with ours, service, ThreadPoolExecutor(1) as threads:
        with pytest.raises(KeyboardInterrupt):
            pool.send(ORIGIN, REQUEST, CallTimes({}))
        call = threads.submit(pool.send, ORIGIN, REQUEST, CallTimes({"timeout": {"read": 5.0}}))
        service.settimeout(5)
        assert service.recv(1000).startswith(b"GET / ")
        service.sendall(http_response())
        assert call.result(5).status == 200
