"""The bucket of the store, its headers, and manners: what the vendor asks of every client."""

from __future__ import annotations

import pytest

from orderdesk_sdk.clock import seconds
from tests.support.simulated_store import Store


def exhaust(store: Store) -> None:
    for left in range(19, -1, -1):
        reply = store.call("GET", "test")
        assert (reply.status_code, reply.headers["X-Tokens-Remaining"]) == (200, str(left))


def test_twenty_requests_are_free_and_three_in_a_second_after_that(store: Store) -> None:
    exhaust(store)
    reply = store.call("GET", "test")
    assert (reply.status_code, reply.json()["status"]) == (429, "error")
    assert (reply.headers["X-Tokens-Remaining"], reply.headers["X-Retry-After"]) == ("0", "1")
    assert "retry-after" not in reply.headers
    store.clock.advance(seconds(1))
    assert [store.call("GET", "test").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert store.misuses() == []


def test_who_does_not_wait_misuses_the_api(store: Store) -> None:
    exhaust(store)
    for _ in range(2):
        store.call("GET", "test")
    assert store.misuses() == ["a request before X-Retry-After was over"]


@pytest.mark.parametrize(
    ("choice", "shown"),
    [
        ("both", {"x-tokens-remaining", "x-retry-after"}),
        ("X-Retry-After only", {"x-retry-after"}),
        ("none", set()),
    ],
)
def test_a_429_has_more_or_less_headers(store: Store, choice: str, shown: set[str]) -> None:
    store.simulator.set_option("rate_headers", choice)
    exhaust(store)
    reply = store.call("GET", "test")
    assert reply.status_code == 429
    assert {"x-tokens-remaining", "x-retry-after"} & set(reply.headers) == shown


def test_others_may_have_emptied_the_bucket(store: Store) -> None:
    store.simulator.bucket.empty(store.clock.monotonic())
    assert store.call("GET", "test").status_code == 429


def test_the_bucket_may_be_off(store: Store) -> None:
    store.simulator.set_option("rate_limit", "off")
    assert {store.call("GET", "test").status_code for _ in range(30)} == {200}


@pytest.mark.parametrize("agent", ["python-httpx/0.28", "", "curl/8"])
def test_a_client_has_a_name_of_its_own(store: Store, agent: str) -> None:
    store.client.headers["User-Agent"] = agent
    store.ok("GET", "test")
    assert store.misuses() == ["no User-Agent of its own"]


def test_every_request_is_remembered_without_the_key(store: Store) -> None:
    store.ok("POST", "orders/58101/order-history", {"note": "hello"})
    store.call("GET", "orders/9", get_order_history=1)
    first, second = store.simulator.requests
    assert (first.method, first.path, first.body, first.status) == (
        "POST",
        "/api/v2/orders/58101/order-history",
        b'{"note": "hello"}',
        200,
    )
    assert (second.query, second.status, second.tokens) == ({"get_order_history": "1"}, 404, 18)
    assert "orderdesk-api-key" not in first.headers
    assert first.headers["orderdesk-store-id"] == "1200"
    assert [record.remote_id for record in store.simulator.log[-2:]] == ["58101", "9"]
