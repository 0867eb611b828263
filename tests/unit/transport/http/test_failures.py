"""What each failure proves, on real sockets: the table CERTAINTY held against what a server has really seen."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from attrs import frozen

from orderdesk_devkit.testing.raw_server import RawConnection, RawServer, http_response, responding
from orderdesk_sdk.cases.exchange import Certainty, Failure, Intent
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.transport.http.client import HttpClient
from orderdesk_sdk.transport.http.failures import CERTAINTY, failure_of
from orderdesk_sdk.transport.http.limits import HttpLimits
from orderdesk_sdk.transport.redaction import Redactor
from tests.support.http_calls import ONE_TRY, ignore_intent

if TYPE_CHECKING:
    from tests.conftest import ClientMaker

BODY = b'{"cancel":true}'


def put(url: str, content: bytes = BODY, **headers: str) -> httpx.Request:
    return httpx.Request("PUT", f"{url}/orders/1/cancel", content=content, headers=headers)


def fail(client: HttpClient, request: httpx.Request) -> Failure:
    """The failure of a call that must have one."""
    intents: list[Intent] = []
    exchange, response = client.call(request, 1, intents.append)
    assert response is None
    assert exchange.failure is not None
    assert [exchange.intent] == intents
    return exchange.failure


def certain(failure: Failure) -> tuple[str, Certainty]:
    return failure.kind, failure.certainty


# What a service does with a request that reached it


@frozen
class Trouble:
    """What the server does, and what the client must make of it. reads: whether the script reads the request first."""

    name: str
    kind: type[httpx.TransportError | httpx.DecodingError]
    then: Callable[[RawConnection], None]
    reads: bool = True

    def script(self, connection: RawConnection) -> None:
        if self.reads:
            connection.read_request()
        self.then(connection)


def says(content: bytes) -> Callable[[RawConnection], None]:
    return lambda connection: connection.send(content)


def silent(connection: RawConnection) -> None:
    connection.pause(30)


def drips(content: bytes) -> Callable[[RawConnection], None]:
    def script(connection: RawConnection) -> None:
        connection.send(content)
        while True:  # Every single read is quick; only the whole call is late.
            connection.pause(0.03)
            connection.send(b"x")

    return script


def silent_in_the_body(connection: RawConnection) -> None:
    connection.send(http_response(content_length="9"))
    silent(connection)


def stops_reading(connection: RawConnection) -> None:
    connection.read_some(1000)
    silent(connection)


def reads_on(connection: RawConnection) -> None:
    connection.read_request()


def after_reading(content: bytes) -> Callable[[RawConnection], None]:
    return responding(lambda _: content)


def floods_with_1xx(connection: RawConnection) -> None:
    while True:
        connection.send(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
        connection.pause(0.001)


LOST = (
    Trouble("reset after the request was read", httpx.ReadError, RawConnection.reset),
    Trouble("close without a byte", httpx.RemoteProtocolError, RawConnection.close),
    Trouble("half a status line", httpx.RemoteProtocolError, says(b"HTTP/1.1 2")),
    Trouble("half a header", httpx.RemoteProtocolError, says(b"HTTP/1.1 200 OK\r\ncontent-ty")),
    Trouble("header without an end", httpx.RemoteProtocolError, says(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 200_000)),
    Trouble("body cut in half", httpx.RemoteProtocolError, says(http_response(200, b'{"status"', content_length="30"))),
    Trouble(
        "cut chunk",
        httpx.RemoteProtocolError,
        says(b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n{"status": "Canc'),
    ),
    Trouble(
        "no last chunk",
        httpx.RemoteProtocolError,
        says(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n"),
    ),
    Trouble("no HTTP", httpx.RemoteProtocolError, says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")),
    Trouble("no number as length", httpx.RemoteProtocolError, says(http_response(200, b"{}", content_length="two"))),
    Trouble("silence", httpx.ReadTimeout, silent),
    Trouble("silence in the body", httpx.ReadTimeout, silent_in_the_body),
    Trouble("slow drip of the header", httpx.ReadTimeout, drips(b"HTTP/1.1 200 OK\r\nx: ")),
    Trouble("slow drip of the body", httpx.ReadTimeout, drips(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n")),
    Trouble("flood of 1xx", httpx.ReadTimeout, floods_with_1xx),
    Trouble("garbage for gzip", httpx.DecodingError, says(http_response(200, b"\x00\x01no", content_encoding="gzip"))),
)


@pytest.mark.slow
@pytest.mark.parametrize("trouble", LOST, ids=lambda trouble: trouble.name)
def test_a_request_whose_reply_is_lost_is_unclear_because_the_service_has_all_of_it(
    trouble: Trouble, client_of: ClientMaker
) -> None:
    with RawServer(trouble.script) as server:
        failure = fail(client_of(server.url, ONE_TRY), put(server.url))
        assert certain(failure) == (trouble.kind.__name__, Certainty.UNKNOWN)
        assert server.received.endswith(BODY)
        assert len(server.connections) == 1, "it was sent once"


def test_a_reset_before_the_service_reads_is_unclear_because_nobody_can_tell_it_from_one_after(
    client_of: ClientMaker,
) -> None:
    def script(connection: RawConnection) -> None:
        connection.wait_for_a_byte()  # Before that, nothing was sent, and a reset proves it.
        connection.reset()

    with RawServer(script) as server:
        failure = fail(client_of(server.url, ONE_TRY), put(server.url))
        assert failure.certainty is Certainty.UNKNOWN
        assert failure.kind in ("ReadError", "RemoteProtocolError"), "the kernel decides which, by who is faster"
        assert server.received == b""


def test_a_reset_while_a_long_request_is_being_written_is_unclear(client_of: ClientMaker) -> None:
    def script(connection: RawConnection) -> None:
        connection.read_some(1000)
        connection.reset()

    with RawServer(script, receive_buffer=4096) as server:
        failure = fail(client_of(server.url, ONE_TRY), put(server.url, b"x" * 20_000_000))
        assert failure.certainty is Certainty.UNKNOWN
        assert failure.kind in ("ReadError", "RemoteProtocolError"), "a failed write is read after"
        assert 0 < len(server.received) < 20_000_000


def test_a_service_that_stops_reading_is_a_write_timeout_and_unclear(client_of: ClientMaker) -> None:
    with RawServer(stops_reading, receive_buffer=4096) as server:
        failure = fail(client_of(server.url, ONE_TRY), put(server.url, b"x" * 20_000_000))
        assert certain(failure) == ("WriteTimeout", Certainty.UNKNOWN)
        assert 0 < len(server.received) < 20_000_000


@pytest.mark.parametrize("headers", ["announced", "chunked"])
def test_a_reply_beyond_the_limit_is_unclear_and_not_read_to_its_end(headers: str, client_of: ClientMaker) -> None:
    size = 50_000_000
    head = b"content-length: 50000000" if headers == "announced" else b"transfer-encoding: chunked"

    def script(connection: RawConnection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n")
        part = b"x" * 50_000
        for _ in range(size // len(part)):
            connection.send(part if headers == "announced" else b"c350\r\n" + part + b"\r\n")

    with RawServer(script) as server:
        failure = fail(client_of(server.url, ONE_TRY), put(server.url))
        assert certain(failure) == ("ResponseTooLarge", Certainty.UNKNOWN)
        assert server.received.endswith(BODY)
    assert server.connections[0].sent < size / 2


def test_a_gzip_bomb_is_a_reply_beyond_the_limit(client_of: ClientMaker) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with RawServer(after_reading(http_response(200, bomb, content_encoding="gzip"))) as server:
        failure = fail(client_of(server.url, ONE_TRY), put(server.url))
        assert certain(failure) == ("ResponseTooLarge", Certainty.UNKNOWN)


# What never reached a service


def no_listener() -> str:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_refused_connection_is_not_sent(client_of: ClientMaker) -> None:
    url = no_listener()
    assert certain(fail(client_of(url, ONE_TRY), put(url))) == ("ConnectError", Certainty.NOT_SENT)


@contextmanager
def full_backlog() -> Iterator[str]:
    """A port whose queue of connections is full: the kernel drops whoever knocks."""
    with ExitStack() as open_sockets:
        listener = open_sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            knocking = open_sockets.enter_context(socket.socket())
            knocking.setblocking(False)
            knocking.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_connection_that_nobody_takes_in_time_is_not_sent(client_of: ClientMaker) -> None:
    with full_backlog() as url:
        failure = fail(client_of(url, ONE_TRY), put(url))
        assert certain(failure) == ("ConnectTimeout", Certainty.NOT_SENT)


def test_a_call_that_gets_no_connection_of_the_pool_in_time_is_not_sent(client_of: ClientMaker) -> None:
    holds, may_end = threading.Event(), threading.Event()

    def script(connection: RawConnection) -> None:
        connection.read_request()
        holds.set()
        may_end.wait(30)
        connection.send(http_response())

    with RawServer(script) as server:
        client = client_of(server.url, HttpLimits(max_attempts=1, in_flight=1, timeout=30, read_timeout=30))
        first = threading.Thread(target=lambda: client.call(put(server.url), 1, ignore_intent))
        first.start()
        try:
            assert holds.wait(10)
            waiting = put(server.url)
            waiting.extensions["timeout"] = {"pool": 0.2, "connect": 1, "read": 1, "write": 1}
            failure = fail(client, waiting)
        finally:
            may_end.set()
            first.join()
        assert certain(failure) == ("PoolTimeout", Certainty.NOT_SENT)
        assert server.received.count(b"PUT ") == 1


@pytest.mark.parametrize(
    ("then", "kind"),
    [
        (says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "ConnectError"),
        (RawConnection.close, "ConnectError"),
        (RawConnection.reset, "ConnectError"),
        (silent, "ConnectTimeout"),
    ],
    ids=["plain HTTP", "close", "reset", "silence"],
)
def test_a_tls_handshake_that_fails_is_not_sent(
    then: Callable[[RawConnection], None], kind: str, client_of: ClientMaker
) -> None:
    def script(connection: RawConnection) -> None:
        connection.read_some()
        then(connection)

    with RawServer(script) as server:
        url = server.url.replace("http:", "https:")
        assert certain(fail(client_of(url, ONE_TRY), put(url))) == (kind, Certainty.NOT_SENT)
        assert server.received.startswith(b"\x16\x03"), "a ClientHello"
        assert b"orders" not in server.received


def test_a_url_of_another_protocol_is_not_sent(client_of: ClientMaker) -> None:
    with RawServer(silent) as server:
        url = server.url.replace("http:", "ftp:")
        assert certain(fail(client_of(url, ONE_TRY), put(url))) == ("UnsupportedProtocol", Certainty.NOT_SENT)
        assert server.connections == []


# What the plugin itself got wrong


@pytest.mark.parametrize(
    "headers",
    [{"x-note": "two\nlines"}, {"content-length": "99"}, {"content-length": "3"}, {"x-note": "zero\0byte"}],
    ids=["a header of two lines", "too long a length", "too short a length", "no text in a header"],
)
def test_a_request_that_breaks_http_is_unclear_and_not_sent_in_part(
    headers: dict[str, str], client_of: ClientMaker
) -> None:
    with RawServer(reads_on) as server:
        failure = fail(client_of(server.url, ONE_TRY), put(server.url, BODY, **headers))
        assert certain(failure) == ("LocalProtocolError", Certainty.UNKNOWN)
        server.settle()
        assert server.received == b""


def test_a_redirect_to_a_foreign_host_is_handed_to_the_plugin_and_not_followed(client_of: ClientMaker) -> None:
    with RawServer(silent) as foreign:
        reply = http_response(302, b"", location=f"{foreign.url}/steal")
        with RawServer(after_reading(reply)) as server:
            exchange, response = client_of(server.url, ONE_TRY).call(put(server.url), 1, ignore_intent)
        assert response is not None
        assert (exchange.status, response.headers["location"]) == (302, f"{foreign.url}/steal")
        assert foreign.connections == []


@pytest.mark.parametrize("location", ["http://a:b:c/", "javascript:alert(1)", "http://xn--/"])
def test_a_redirect_to_what_is_no_url_is_handed_to_the_plugin_like_any_other(
    location: str, client_of: ClientMaker
) -> None:
    with RawServer(after_reading(http_response(302, b"", location=location))) as server:
        exchange, response = client_of(server.url, ONE_TRY).call(put(server.url), 1, ignore_intent)
        assert response is not None
        assert (exchange.status, response.headers["location"]) == (302, location)
        assert server.received.endswith(BODY)


def test_a_call_to_a_foreign_host_is_stopped_before_an_intent_or_a_byte(client_of: ClientMaker) -> None:
    intents: list[Intent] = []
    with RawServer(silent) as own, RawServer(silent) as foreign:
        with pytest.raises(PluginError, match="none of the connection's hosts"):
            client_of(own.url).call(put(foreign.url), 1, intents.append)
        assert (own.connections, foreign.connections, intents) == ([], [], [])


# The table as a whole


def test_no_proxy_is_asked_whatever_the_environment_says(
    client_of: ClientMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So ProxyError cannot come from our calls; it stands in the table for whoever builds a transport with one."""
    with RawServer(silent) as proxy, RawServer(after_reading(http_response())) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        exchange, _ = client_of(server.url, ONE_TRY).call(put(server.url), 1, ignore_intent)
        assert exchange.status == 200
        assert proxy.connections == []


SEEN = {trouble.kind for trouble in LOST} | {
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.WriteTimeout,
    httpx.LocalProtocolError,
}
UNREACHABLE = {
    httpx.ProxyError,  # No proxy is ever used.
    httpx.CloseError,  # A connection whose closing fails is gone like any other.
    httpx.WriteError,  # It is not told of, and read after, so that an early response is not lost; see the reset above.
}


def test_every_line_of_the_table_is_seen_on_a_socket_or_known_to_be_out_of_reach() -> None:
    named = {error.__name__ for error in SEEN | UNREACHABLE} | {
        "ResponseTooLarge",
        "FileNotDropped",
    }  # The last by SFTP: see there.
    assert named == {error.__name__ for error in CERTAINTY}


def test_only_what_happens_before_the_request_leaves_proves_that_it_did_not() -> None:
    not_sent = {error.__name__ for error, certainty in CERTAINTY.items() if certainty is Certainty.NOT_SENT}
    assert not_sent == {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"}


def test_a_failure_that_the_table_does_not_know_proves_nothing() -> None:
    class NewTimeout(httpx.ConnectTimeout):
        pass

    assert failure_of(NewTimeout("later"), Redactor()).certainty is Certainty.UNKNOWN
