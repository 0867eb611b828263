"""One call's limits: the deadline over all of it, and the memory that a response may take."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_devkit.testing.raw_server import RawConnection, RawServer, http_response, responding
from orderdesk_sdk.cases.exchange import Certainty, Exchange
from orderdesk_sdk.transport.http.limits import HttpLimits
from tests.support.http_calls import ignore_intent, put_order

if TYPE_CHECKING:
    from tests.conftest import ClientMaker

SHORT = HttpLimits(max_attempts=1, timeout=0.6, connect_timeout=30, read_timeout=30, max_response_bytes=1_000_000)
FAR_LATER = 5.0
"""Seconds: what no call ends within unless something ends it."""


def kind_and_certainty(exchange: Exchange) -> tuple[str, Certainty]:
    assert exchange.failure is not None
    return exchange.failure.kind, exchange.failure.certainty


def drip(connection: RawConnection) -> None:
    connection.read_request()
    connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while True:
        connection.pause(0.05)
        connection.send(b"x")


@pytest.mark.slow
def test_a_service_that_drips_is_left_at_the_deadline(client_of: ClientMaker) -> None:
    with RawServer(drip) as server:
        began = time.monotonic()
        exchange = put_order(client_of(server.url, SHORT), server.url)
        assert time.monotonic() - began < FAR_LATER
    assert kind_and_certainty(exchange) == ("ReadTimeout", Certainty.UNKNOWN)
    assert server.connections[0].sent > 40, "it was dripping all the while"


@pytest.mark.slow
def test_a_service_that_takes_in_a_long_request_by_drops_is_left_at_the_deadline(client_of: ClientMaker) -> None:
    def sip(connection: RawConnection) -> None:
        while connection.read_some():
            connection.pause(0.005)

    with RawServer(sip) as server:
        began = time.monotonic()
        exchange = put_order(client_of(server.url, SHORT), server.url, b"x" * 80_000_000)
        assert time.monotonic() - began < FAR_LATER
    assert kind_and_certainty(exchange) == ("WriteTimeout", Certainty.UNKNOWN)


@pytest.mark.slow
def test_a_deadline_that_has_passed_is_not_that_of_the_next_call(client_of: ClientMaker) -> None:
    def first_silent(connection: RawConnection) -> None:
        if connection.read_request().startswith(b"PUT /slow"):
            connection.pause(30)
        connection.send(http_response())

    with RawServer(first_silent) as server:
        client = client_of(server.url, SHORT)
        assert put_order(client, f"{server.url}/slow").failure is not None
        assert put_order(client, f"{server.url}/quick").status == 200


def test_only_gzip_is_asked_for_whatever_else_is_installed(client_of: ClientMaker) -> None:
    with RawServer(responding(lambda _: http_response())) as server:
        client = client_of(server.url)
        for headers in ({}, {"accept-encoding": "br, zstd"}):
            client.call(httpx.Request("GET", server.url, headers=headers), 1, ignore_intent)
        assert server.received.lower().count(b"\r\naccept-encoding: gzip\r\n") == 2


@pytest.mark.parametrize(
    "coding", ["br", "zstd", "deflate", "compress", "gzip, gzip", "GZIP,identity,deflate", "x-own"]
)
def test_a_reply_in_another_coding_is_unreadable_and_a_write_unclear(coding: str, client_of: ClientMaker) -> None:
    body = zlib.compress(b"{}") if "deflate" in coding else b"\x0b\x01\x80{}\x03"
    with RawServer(responding(lambda _: http_response(200, body, content_encoding=coding))) as server:
        exchange = put_order(client_of(server.url, SHORT), server.url)
    assert kind_and_certainty(exchange) == ("DecodingError", Certainty.UNKNOWN)
    assert exchange.failure is not None
    assert "not as gzip" in exchange.failure.message


TWO_MEMBERS = gzip.compress(b'{"a":') + gzip.compress(b"1}") + bytes(8)


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZip", "identity, gzip"])
def test_gzip_is_read_by_each_of_its_names_and_of_several_members(coding: str, client_of: ClientMaker) -> None:
    with RawServer(responding(lambda _: http_response(200, TWO_MEMBERS, content_encoding=coding))) as server:
        exchange, response = client_of(server.url).call(httpx.Request("PUT", server.url), 1, ignore_intent)
    assert (exchange.body, exchange.is_complete) == ('{"a":1}', True)
    assert response is not None
    assert "content-encoding" not in response.headers


def test_an_empty_body_is_no_broken_gzip(client_of: ClientMaker) -> None:
    with RawServer(responding(lambda _: http_response(200, b"", content_encoding="gzip"))) as server:
        assert put_order(client_of(server.url), server.url).body == ""


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(b"{}")[:-6], gzip.compress(b"x" * 5000)[:20], gzip.compress(b"{}") + b"more", b"\x1f"],
    ids=["its end is missing", "half of it is missing", "more behind it", "one byte of it"],  # It holds the time.
)
def test_what_ends_within_its_gzip_or_goes_on_behind_it_is_no_reply(packed: bytes, client_of: ClientMaker) -> None:
    with RawServer(responding(lambda _: http_response(200, packed, content_encoding="gzip"))) as server:
        exchange = put_order(client_of(server.url, SHORT), server.url)
    assert kind_and_certainty(exchange) == ("DecodingError", Certainty.UNKNOWN)


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip", "deflate, gzip"])
def test_a_bomb_takes_no_more_memory_than_a_few_replies(coding: str, client_of: ClientMaker) -> None:
    bomb = gzip.compress(bytes(60_000_000))
    if coding == "gzip, gzip":
        bomb = gzip.compress(bomb)
    with RawServer(responding(lambda _: http_response(200, bomb, content_encoding=coding))) as server:
        client = client_of(server.url, SHORT)
        put_order(client, server.url)  # Buffers and code of a first call are no part of the measure.
        tracemalloc.start()
        try:
            exchange = put_order(client, server.url)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert kind_and_certainty(exchange)[1] is Certainty.UNKNOWN
    assert peak < 8 * SHORT.max_response_bytes


def test_a_length_beside_chunks_is_not_believed(client_of: ClientMaker) -> None:
    def chunks(connection: RawConnection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(200):
            connection.send(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        connection.send(b"0\r\n\r\n")

    with RawServer(chunks) as server:
        exchange = put_order(client_of(server.url, SHORT), server.url)
    assert kind_and_certainty(exchange) == ("ResponseTooLarge", Certainty.UNKNOWN)


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_a_reply_as_long_as_the_limit_is_read_whole(coding: str, client_of: ClientMaker) -> None:
    body = b"x" * SHORT.max_response_bytes
    sent = gzip.compress(body) if coding == "gzip" else body
    with RawServer(responding(lambda _: http_response(200, sent, content_encoding=coding))) as server:
        exchange, response = client_of(server.url, SHORT).call(httpx.Request("GET", server.url), 1, ignore_intent)
    assert exchange.status == 200
    assert response is not None
    assert response.content == body
