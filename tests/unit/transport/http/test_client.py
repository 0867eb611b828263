"""A connection's client: how many calls at once, what is sent again and when, what becomes evidence."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_devkit.testing.raw_server import RawConnection, RawServer, http_response, responding
from orderdesk_sdk.cases.exchange import Certainty, Intent
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER
from orderdesk_sdk.plugin.service import CALL_OPTIONS, CallOptions, Service
from orderdesk_sdk.transport.http.limits import HttpLimits
from tests.support.http_calls import OK, ONE_A_SECOND, ignore_intent, in_turn

if TYPE_CHECKING:
    from tests.conftest import ClientMaker


# How many at once


def test_at_most_eight_calls_of_a_connection_are_in_flight(client_of: ClientMaker) -> None:
    lock = threading.Lock()
    eight_are_here = threading.Event()
    now = most = 0

    def answer(request: bytes) -> bytes:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
            if now == 8:
                eight_are_here.set()
        eight_are_here.wait(10)  # Nobody leaves before the eighth came, so a ninth would have every chance.
        with lock:
            now -= 1
        return OK

    with RawServer(responding(answer)) as server:
        client = client_of(server.url)
        with ThreadPoolExecutor(16) as threads:
            calls = [threads.submit(client.call, httpx.Request("PUT", server.url), 1, ignore_intent) for _ in range(64)]
            assert [call.result()[0].status for call in calls] == [200] * 64
        assert most == 8
        assert len(server.connections) <= 8


# What is sent again


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_a_read_that_the_service_cannot_answer_now_is_made_again_with_growing_pauses(
    status: int, client_of: ClientMaker
) -> None:
    clock = VirtualClock()
    sorry = http_response(status)
    with RawServer(responding(in_turn(sorry, sorry, sorry))) as server:
        began = clock.monotonic()
        exchange, response = client_of(server.url, clock=clock).call(httpx.Request("GET", server.url), 1, ignore_intent)
        assert (exchange.status, exchange.attempts) == (200, 4)
        assert response is not None
        assert server.received.count(b"GET ") == 4
    assert clock.monotonic() - began == pytest.approx(0.5 + 1 + 2, abs=0.01)


def test_a_query_by_post_is_made_again_where_it_is_declared_to_read(client_of: ClientMaker) -> None:
    with RawServer(responding(in_turn(http_response(502, b"")))) as server:
        query = httpx.Request(
            "POST", server.url, extensions={CALL_OPTIONS: CallOptions("*", idempotent=True, read_only=True)}
        )
        exchange, _ = client_of(server.url).call(query, 1, ignore_intent)
        assert (exchange.status, exchange.attempts, exchange.intent.read_only) == (200, 2, True)


def test_a_service_marks_what_a_flow_declares_to_read() -> None:
    service = Service("acme", None, "https://acme.example", VirtualClock().now(), "agent", ConnectionRole.FULFILLMENT)
    declared = service.post("/graphql", json={}, read_only=True).extensions[CALL_OPTIONS]
    assert declared == CallOptions("/graphql", idempotent=True, read_only=True)
    assert service.post("/graphql", json={}).extensions[CALL_OPTIONS] == CallOptions("/graphql", idempotent=False)


def test_a_get_that_writes_is_a_write_to_whoever_asks(client_of: ClientMaker) -> None:
    """It is not made again after a 502, and whether it may be sent twice is what the plugin says."""
    with RawServer(responding(in_turn(http_response(502, b"")))) as server:
        writing = httpx.Request(
            "GET", server.url, extensions={CALL_OPTIONS: CallOptions("*", idempotent=False, writes=True)}
        )
        exchange, _ = client_of(server.url).call(writing, 1, ignore_intent)
        assert (exchange.status, exchange.attempts, exchange.intent.read_only) == (502, 1, False)


def test_a_request_that_writes_cannot_be_declared_a_read() -> None:
    service = Service("acme", None, "https://acme.example", VirtualClock().now(), "agent", ConnectionRole.FULFILLMENT)
    declared = service.request("GET", "/orders/1/cancel", writes=True).extensions[CALL_OPTIONS]
    assert declared == CallOptions("/orders/1/cancel", idempotent=False, writes=True)
    with pytest.raises(ValueError, match="neither read_only nor answered from a cache"):
        service.request("GET", "/orders/1/cancel", writes=True, read_only=True)
    with pytest.raises(ValueError, match="neither read_only nor answered from a cache"):
        service.request("GET", "/orders/1/cancel", writes=True, cache_for=minutes(1))


def test_a_read_is_made_again_after_broken_connections(client_of: ClientMaker) -> None:
    def broken_twice(connection: RawConnection) -> None:
        request = connection.read_request()
        if len(server.connections) <= 2:
            connection.reset()
        elif request:
            connection.send(OK)

    with RawServer(broken_twice) as server:
        exchange, _ = client_of(server.url).call(httpx.Request("GET", server.url), 1, ignore_intent)
        assert (exchange.status, exchange.attempts, len(server.connections)) == (200, 3, 3)


def test_a_read_ends_after_the_last_try_with_what_the_service_said(client_of: ClientMaker) -> None:
    with RawServer(responding(lambda _: http_response(503, b"<h1>Away</h1>"))) as server:
        exchange, response = client_of(server.url).call(httpx.Request("GET", server.url), 1, ignore_intent)
        assert (exchange.status, exchange.attempts, exchange.body) == (503, 4, "<h1>Away</h1>")
        assert response is not None
        assert server.received.count(b"GET ") == 4


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
@pytest.mark.parametrize("repeatable", [False, True])
def test_a_write_whose_reply_was_lost_is_not_sent_again_by_the_client(
    method: str, repeatable: bool, client_of: ClientMaker
) -> None:
    def lose(connection: RawConnection) -> None:
        connection.read_request()
        connection.reset()

    with RawServer(lose) as server:
        request = httpx.Request(method, server.url, content=b"{}")
        request.extensions[CALL_OPTIONS] = CallOptions("*", idempotent=repeatable)
        exchange, response = client_of(server.url).call(request, 1, ignore_intent)
        assert response is None
        assert exchange.failure is not None
        assert (exchange.failure.certainty, exchange.attempts) == (Certainty.UNKNOWN, 1)
        assert len(server.connections) == 1
    assert exchange.intent.idempotent is repeatable


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_write_that_was_answered_with_an_error_is_not_sent_again_by_the_client(
    status: int, client_of: ClientMaker
) -> None:
    with RawServer(responding(lambda _: http_response(status, retry_after="1"))) as server:
        exchange, response = client_of(server.url).call(httpx.Request("PUT", server.url), 1, ignore_intent)
        assert (exchange.status, exchange.attempts) == (status, 1)
        assert response is not None
        assert server.received.count(b"PUT ") == 1


def test_a_write_that_was_not_sent_is_tried_again(client_of: ClientMaker) -> None:
    with RawServer(RawConnection.close) as server:
        url = server.url
    exchange, _ = client_of(url).call(httpx.Request("PUT", url), 1, ignore_intent)
    assert exchange.failure is not None
    assert (exchange.failure.certainty, exchange.attempts) == (Certainty.NOT_SENT, 4)


def test_cookies_of_a_service_are_not_kept(client_of: ClientMaker) -> None:
    with RawServer(responding(lambda _: http_response(200, set_cookie="session=abc; Path=/"))) as server:
        client = client_of(server.url)
        for _ in range(2):
            client.call(httpx.Request("GET", server.url), 1, ignore_intent)
        assert b"cookie" not in server.received.lower()


# Evidence


def test_every_exchange_is_evidence_with_the_declared_headers_and_no_others(client_of: ClientMaker) -> None:
    clock = VirtualClock()
    body = b'{"status": "Canceled"}'
    reply = http_response(200, body, x_request_id="r-1", set_cookie="s=1", x_other="no")
    with RawServer(responding(lambda _: reply)) as server:
        client = client_of(server.url, clock=clock, evidence_headers=["x-request-id", "set-cookie"])
        intents: list[Intent] = []
        request = httpx.Request("PUT", f"{server.url}/orders/1?password=open&x=1", content=b"{}")
        exchange, response = client.call(request, 7, intents.append)
        assert response is not None
        assert response.extensions[EXCHANGE_NUMBER] == 7
        assert response.content == body
        assert (exchange.intent.number, exchange.intent.method, exchange.status) == (7, "PUT", 200)
        assert exchange.intent.url == f"{server.url}/orders/1?password=%5Bhidden%5D&x=1"
        assert exchange.headers == {"content-type": "application/json", "x-request-id": "r-1"}
        assert (exchange.body, exchange.is_complete) == (body.decode(), True)
        assert intents == [exchange.intent]


def test_a_reply_that_repeats_a_setting_otherwise_carries_a_warning(client_of: ClientMaker) -> None:
    with RawServer(
        responding(in_turn(http_response(200, x_url="elsewhere"), http_response(200, x_url="acme-api-key")))
    ) as server:
        client = client_of(server.url, expected_headers={"x-url": "endpoint"})
        warnings = [client.call(httpx.Request("GET", server.url), 1, ignore_intent)[0].warning for _ in range(3)]
    assert warnings[0] == f"x-url is elsewhere, not {server.url} as this connection is set"
    assert "[hidden]" in str(warnings[1]), "what a service says is redacted here too"
    assert warnings[2] is None, "a response that does not tell is no difference"


def test_a_long_body_is_evidence_in_an_excerpt(client_of: ClientMaker) -> None:
    with RawServer(responding(lambda _: http_response(200, b"x" * 900))) as server:
        client = client_of(server.url, HttpLimits(evidence_bytes=100))
        exchange, response = client.call(httpx.Request("PUT", server.url), 1, ignore_intent)
        assert (exchange.body, exchange.is_complete) == ("x" * 100, False)
        assert response is not None
        assert len(response.content) == 900, "the plugin gets all of it"


def test_the_intent_is_told_after_the_wait_for_the_rate_and_before_a_byte_leaves(client_of: ClientMaker) -> None:
    clock = VirtualClock()
    told: list[tuple[float, bytes]] = []
    with RawServer(responding(in_turn())) as server:
        client = client_of(server.url, clock=clock, rates=ONE_A_SECOND)
        client.call(httpx.Request("POST", server.url), 1, ignore_intent)
        client.call(httpx.Request("PUT", server.url), 2, lambda _: told.append((clock.monotonic(), server.received)))
    assert told[0][0] == pytest.approx(1)
    assert b"PUT" not in told[0][1]


def test_nothing_is_sent_where_the_intent_cannot_be_kept(client_of: ClientMaker) -> None:
    def full(intent: Intent) -> None:
        raise PluginError("no room")

    with RawServer(responding(in_turn())) as server:
        with pytest.raises(PluginError, match="no room"):
            client_of(server.url).call(httpx.Request("PUT", server.url), 1, full)
        assert server.connections == []
