"""Shared reads: one call answers every flow that asks the same within a time, and each history says so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_devkit.testing.fake_client import exchange_of
from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.clock import VirtualClock, minutes, seconds
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER
from orderdesk_sdk.plugin.service import CALL_OPTIONS, CallOptions
from orderdesk_sdk.stores.serialization import dump, load
from orderdesk_sdk.transport.http import shared_reads
from orderdesk_sdk.transport.http.shared_reads import SharedReads
from tests.support.http_calls import ignore_intent, service_at

if TYPE_CHECKING:
    from tests.conftest import ClientMaker


def counting(status: int = 200) -> Callable[[bytes], bytes]:
    """Answers with how many calls there were."""
    calls = count(1)
    return lambda _: http_response(status, str(next(calls)).encode())


def body(response: httpx.Response | None) -> str:
    assert response is not None
    return response.text


def test_the_same_read_within_the_time_is_made_once_and_then_anew(client_of: ClientMaker, clock: VirtualClock) -> None:
    with RawServer(responding(counting())) as server:
        client, feed = client_of(server.url, clock=clock), service_at(server.url).get("/feed", cache_for=minutes(2))
        first = client.call(feed, 1, ignore_intent)
        clock.advance(seconds(119))
        second = client.call(service_at(server.url).get("/feed", cache_for=minutes(2)), 7, ignore_intent)
        clock.advance(seconds(1))
        third = client.call(feed, 1, ignore_intent)
    assert [body(response) for _, response in (first, second, third)] == ["1", "1", "2"]


def test_each_flow_holds_its_own_response_and_its_evidence_says_that_it_was_shared(
    client_of: ClientMaker, clock: VirtualClock
) -> None:
    began = clock.now()
    intents: list[Intent] = []
    with RawServer(responding(counting())) as server:
        client, feed = client_of(server.url, clock=clock), service_at(server.url).get("/feed", cache_for=minutes(2))
        own, own_response = client.call(feed, 1, intents.append)
        clock.advance(seconds(30))
        told, response = client.call(feed, 7, intents.append)
    assert own_response is not None
    assert response is not None
    assert (own_response.extensions[EXCHANGE_NUMBER], response.extensions[EXCHANGE_NUMBER]) == (1, 7)
    assert (own.shared_at, own.ended_at) == (None, began)
    assert (told.shared_at, told.ended_at) == (began, began + seconds(30))
    assert (told.intent, told.body, told.status, told.is_complete) == (intents[1], "1", 200, True)
    assert load(dump(told), Exchange) == told
    assert "shared_at" not in dump(own), "what older versions wrote, byte for byte"


def test_another_url_another_client_and_a_read_that_shares_nothing_are_calls_of_their_own(
    client_of: ClientMaker,
) -> None:
    with RawServer(responding(counting())) as server:
        ours, others = client_of(server.url), client_of(server.url)
        made = service_at(server.url)
        client_and_request = [
            (ours, made.get("/feed", cache_for=minutes(2))),
            (ours, made.get("/other", cache_for=minutes(2))),
            (ours, made.get("/feed")),
            (others, made.get("/feed", cache_for=minutes(2))),
        ]
        assert [body(client.call(request, 1, ignore_intent)[1]) for client, request in client_and_request] == list(
            "1234"
        )


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_a_write_is_never_shared_whatever_it_claims(method: str, client_of: ClientMaker) -> None:
    with RawServer(responding(counting())) as server:
        client = client_of(server.url)
        options = CallOptions("*", idempotent=True, cache_for=minutes(2))
        for expected in ("1", "2"):
            write = httpx.Request(method, server.url, extensions={CALL_OPTIONS: options})
            assert body(client.call(write, 1, ignore_intent)[1]) == expected


def test_what_asks_at_the_same_time_waits_for_one_call(client_of: ClientMaker) -> None:
    intended = threading.Barrier(2)
    calls = count(1)

    def answer(request: bytes) -> bytes:
        intended.wait(10)  # The call is under way until the test has started all the others.
        return http_response(200, str(next(calls)).encode())

    with RawServer(responding(answer)) as server:
        client, feed = client_of(server.url), service_at(server.url).get("/feed", cache_for=minutes(2))
        with ThreadPoolExecutor(6) as threads:
            asked = [threads.submit(client.call, feed, number, ignore_intent) for number in range(1, 7)]
            intended.wait(10)
            results = [call.result() for call in asked]
    assert [body(response) for _, response in results] == ["1"] * 6
    assert sorted(exchange.shared_at is None for exchange, _ in results) == [False] * 5 + [True]


@pytest.mark.parametrize("status", [403, 404, 500, 429])
def test_a_reply_that_is_no_success_answers_nobody_who_comes_later(
    status: int, client_of: ClientMaker, clock: VirtualClock
) -> None:
    with RawServer(responding(counting(status))) as server:
        client, feed = client_of(server.url, clock=clock), service_at(server.url).get("/feed", cache_for=minutes(2))
        first, second = (client.call(feed, 1, ignore_intent) for _ in range(2))
    assert first[0].body != second[0].body
    assert second[0].shared_at is None
    assert (second[1] is None) == (status == 429), "no flow sees a response that turns it away"


def test_a_flow_that_lost_its_case_does_not_spoil_the_read_for_others(client_of: ClientMaker) -> None:
    def somebody_else_has_it(intent: Intent) -> None:
        raise ConflictError("somebody else has the case")

    with RawServer(responding(counting())) as server:
        client, feed = client_of(server.url), service_at(server.url).get("/feed", cache_for=minutes(2))
        with pytest.raises(ConflictError):
            client.call(feed, 1, somebody_else_has_it)
        exchange, response = client.call(feed, 1, ignore_intent)
        with pytest.raises(ConflictError):
            client.call(feed, 1, somebody_else_has_it)
    assert (body(response), exchange.shared_at) == ("1", None)


def kept(reads: SharedReads, key: str, size: int) -> bool:
    """Whether the read was answered from memory; its response weighs `size`."""
    request = httpx.Request("GET", f"https://acme.example/{key}")
    made = exchange_of(request), httpx.Response(200, content=b"x" * size)
    return reads.get(key, 120, lambda: made)[1]


def test_memory_holds_so_many_replies_and_the_oldest_go_first(clock: VirtualClock) -> None:
    reads = SharedReads(clock)
    for number in range(shared_reads.MAX_RESPONSES + 1):
        assert not kept(reads, str(number), 1)
    assert kept(reads, "1", 1)
    assert not kept(reads, "0", 1)


def test_memory_holds_so_many_bytes_and_the_oldest_go_first(clock: VirtualClock) -> None:
    reads = SharedReads(clock)
    for key in ("a", "b", "c"):
        assert not kept(reads, key, shared_reads.MAX_BYTES // 2)
    assert kept(reads, "c", 0)
    assert kept(reads, "b", 0)
    assert not kept(reads, "a", 0)


def test_what_was_read_before_something_changed_tells_nothing_of_it(
    client_of: ClientMaker, clock: VirtualClock
) -> None:
    with RawServer(responding(counting())) as server:
        client, feed = client_of(server.url, clock=clock), service_at(server.url).get("/feed", cache_for=minutes(9))
        first = client.call(feed, 1, ignore_intent)
        changed_at = clock.now()
        clock.advance(seconds(30))
        second = client.call(feed, 1, ignore_intent, newer_than=changed_at)
        third = client.call(feed, 1, ignore_intent, newer_than=changed_at)
        fourth = client.call(feed, 1, ignore_intent)
    assert [body(response) for _, response in (first, second, third, fourth)] == ["1", "2", "2", "2"]


def test_a_read_under_way_that_began_before_the_change_is_made_again(clock: VirtualClock) -> None:
    reads = SharedReads(clock)
    made: list[str] = []

    def make(name: str) -> Callable[[], tuple[Exchange, httpx.Response]]:
        def made_(body: str = name) -> tuple[Exchange, httpx.Response]:
            made.append(body)
            request = httpx.Request("GET", "https://acme.example/feed")
            return exchange_of(request), httpx.Response(200, text=body, request=request)

        return made_

    old = exchange_of(httpx.Request("GET", "https://acme.example/feed")).intent.at
    reads.get("key", 60, make("old"))
    reads.get("key", 60, make("new"), newer_than=old)
    assert made == ["old", "new"]
