"""How long a connection's client waits: for a service that wants to be left alone, and for the declared rate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.exchange import Certainty, Intent
from orderdesk_sdk.clock import VirtualClock, minutes, seconds
from orderdesk_sdk.errors import PluginError, StorageError
from orderdesk_sdk.plugin.integration import Limit
from orderdesk_sdk.transport.http.limits import HttpLimits
from orderdesk_sdk.transport.http.rate_limit import TokenBucket
from tests.support.http_calls import ONE_A_SECOND, ignore_intent, in_turn, of_operation, put_order

if TYPE_CHECKING:
    from tests.conftest import ClientMaker

# How long a service asks to be left alone


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"retry_after": "7"}, 7),
        ({"x_retry_after": "9"}, 9),
        ({"retry_after": format_datetime(VirtualClock().now() + seconds(11), usegmt=True)}, 11),
        ({"retry_after": format_datetime(VirtualClock().now() - seconds(11), usegmt=True)}, 0),
        ({"retry_after": "0"}, 0),
        ({"retry_after": "soon"}, 0.5),
        ({"retry_after": "-5"}, 0.5),
        ({"retry_after": "9" * 5000}, 0.5),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after": "2.0"}, 2),
        ({"retry_after": '"3"'}, 3),
        ({"retry_after": "2, 9"}, 9),
        ({"retry_after": "2", "x_retry_after": "9"}, 9),
        ({"retry_after": "soon", "x_retry_after": "9"}, 9),
        ({"retry_after": "nan"}, 0.5),
        ({"retry_after": "Mon, 05 Jan 2026 09:00:08 -0000"}, 8),
        ({"retry_after": "2026-01-05T09:00:08Z"}, 8),
        ({"retry_after": "Mon Jan  5 09:00:08 2026"}, 8),
        ({"retry_after": "Monday, 05-Jan-26 09:00:08 GMT"}, 8),
        ({"retry_after": "Mon, 05 Jan 2026 09:00:08 GMT, Mon, 05 Jan 2026 09:00:09 GMT"}, 9),
        ({}, 0.5),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_write_that_was_turned_away_is_sent_again_when_the_service_asks_for_it(
    headers: Mapping[str, str], waits: float, client_of: ClientMaker
) -> None:
    clock = VirtualClock()
    with RawServer(responding(in_turn(http_response(429, b"{}", **headers)))) as server:
        began = clock.monotonic()
        exchange, _ = client_of(server.url, clock=clock).call(httpx.Request("PUT", server.url), 1, ignore_intent)
        assert (exchange.status, exchange.attempts) == (200, 2)
    assert clock.monotonic() - began == pytest.approx(waits, abs=0.01)


@pytest.mark.parametrize(
    ("waits", "honored"),
    [
        ("21", 21),
        ("21.5", 21.5),
        ("86400", 86400),
        ("99999999999", 86400),
        (format_datetime(VirtualClock().now() + seconds(99)), 99),
        ("Fri, 01 Jan 2999 00:00:00 GMT", 86400),
    ],
)
def test_a_wait_that_is_too_long_for_a_call_reaches_no_flow_and_is_told_as_long_as_a_day(
    waits: str, honored: float, client_of: ClientMaker
) -> None:
    clock = VirtualClock()
    with RawServer(responding(lambda _: http_response(429, b"{}", retry_after=waits))) as server:
        exchange, response = client_of(server.url, clock=clock).call(httpx.Request("PUT", server.url), 1, ignore_intent)
        assert response is None
        assert exchange.failure is not None
        assert (exchange.failure.certainty, exchange.failure.retry_after) == (Certainty.NOT_PROCESSED, seconds(honored))
        kept = (exchange.status, exchange.body, exchange.attempts, exchange.headers["retry-after"])
        assert kept == (429, "{}", 1, waits), "what the service said is evidence all the same"
        assert not exchange.is_complete, "no verdict may rest on it, nor a replay be fed with it"
    assert clock.monotonic() == 0


def test_what_the_service_turned_away_for_long_is_not_sent_by_another_flow_before_that_time(
    client_of: ClientMaker,
) -> None:
    clock = VirtualClock()
    with RawServer(responding(in_turn(http_response(429, b"{}", retry_after="3600")))) as server:
        client = client_of(server.url, clock=clock)
        client.call(httpx.Request("PUT", server.url), 1, ignore_intent)
        clock.advance(minutes(30))
        intents: list[Intent] = []
        found = [client.call(httpx.Request("PUT", server.url), number, intents.append)[0] for number in (1, 3)]
        assert clock.monotonic() == 1800, "no thread is held for half an hour"
        assert intents == [], "nothing was about to leave"
        assert server.received.count(b"PUT ") == 1
        for exchange in found:
            assert exchange.failure is not None
            assert (exchange.failure.certainty, exchange.attempts) == (Certainty.NOT_SENT, 0)
            assert exchange.failure.retry_after is not None
            assert minutes(30) <= exchange.failure.retry_after < minutes(31)
        clock.advance(minutes(30))
        assert client.call(httpx.Request("PUT", server.url), 1, ignore_intent)[0].status == 200


def test_another_operation_of_the_connection_goes_on_meanwhile(client_of: ClientMaker) -> None:
    with RawServer(responding(in_turn(http_response(429, b"{}", retry_after="3600")))) as server:
        client = client_of(server.url)
        client.call(of_operation(httpx.Request("PUT", server.url), "cancel"), 1, ignore_intent)
        assert client.call(of_operation(httpx.Request("GET", server.url), "get"), 1, ignore_intent)[0].status == 200


def test_a_call_that_waits_for_its_turn_waits_on_when_another_is_told_to_stay_away(client_of: ClientMaker) -> None:
    class Told(VirtualClock):
        """While somebody sleeps for his turn, another is turned away."""

        def sleep_until(self, moment: float) -> None:
            super().sleep_until(moment)
            if drained:
                client._bucket("*").close_for(drained.pop())  # what a call of another thread does

    drained: list[float] = []
    clock = Told()
    with RawServer(responding(in_turn())) as server:
        client = client_of(server.url, clock=clock, rates=ONE_A_SECOND)
        client.call(httpx.Request("PUT", server.url), 1, ignore_intent)
        drained.append(10)
        assert client.call(httpx.Request("PUT", server.url), 1, ignore_intent)[0].status == 200
        assert clock.monotonic() >= 11
        drained.append(100)
        assert client.call(httpx.Request("PUT", server.url), 1, ignore_intent)[1] is None
        assert server.received.count(b"PUT ") == 2


def test_what_has_to_wait_long_for_the_declared_rate_leaves_the_thread_each_for_a_turn_of_its_own(
    client_of: ClientMaker,
) -> None:
    clock = VirtualClock()
    with RawServer(responding(in_turn())) as server:
        client = client_of(server.url, clock=clock, rates={"*": Limit(1 / 60, burst=1)})
        calls = [client.call(httpx.Request("PUT", server.url), 1, ignore_intent)[0] for _ in range(4)]
        waits = [exchange.failure.retry_after for exchange in calls[1:] if exchange.failure is not None]
        assert [wait.total_seconds() for wait in waits if wait] == pytest.approx([60, 120, 180])
        assert clock.monotonic() == 0
        assert client.deferred_for == pytest.approx(180), "what a worker says of its rate limit"
        assert client.call(httpx.Request("PUT", server.url), 2, ignore_intent)[0].status == 200
        assert clock.monotonic() == pytest.approx(60), "a flow that has begun waits: begun anew it would wait again"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_read_that_the_service_wants_later_is_made_later(status: int, client_of: ClientMaker) -> None:
    with RawServer(responding(lambda _: http_response(status, retry_after="40.5"))) as server:
        exchange, response = client_of(server.url).call(httpx.Request("GET", server.url), 1, ignore_intent)
    assert response is None
    assert exchange.failure is not None
    assert exchange.failure.retry_after == seconds(40.5)


def test_while_one_call_is_asked_to_wait_the_others_of_its_operation_wait_too(client_of: ClientMaker) -> None:
    clock = VirtualClock()
    throttled = http_response(429, b"{}", retry_after="60")
    with RawServer(responding(in_turn(throttled))) as server:
        client = client_of(server.url, HttpLimits(max_wait=100), clock, rates={"*": Limit(1, burst=5)})
        assert client.call(httpx.Request("PUT", server.url), 1, ignore_intent)[0].attempts == 2
        after_the_pause = clock.monotonic()
        assert after_the_pause >= 60
        client.call(httpx.Request("PUT", server.url), 1, ignore_intent)
        assert clock.monotonic() == pytest.approx(after_the_pause + 1), "no burst: what was saved before is spent"


def costly(response: httpx.Response) -> timedelta | None:
    """Turned away by a word in the body, as services with calculated costs do it."""
    body = response.json()
    return seconds(body["wait"]) if "wait" in body else None


@pytest.mark.parametrize("status", [200, 429])
def test_a_write_that_the_plugin_reads_to_be_turned_away_is_sent_again_after_the_wait_that_it_reads(
    status: int, client_of: ClientMaker
) -> None:
    clock = VirtualClock()
    with RawServer(responding(in_turn(http_response(status, b'{"wait": 7}')))) as server:
        client = client_of(server.url, clock=clock, retry_after=costly)
        exchange, response = client.call(httpx.Request("POST", server.url), 1, ignore_intent)
        assert (exchange.status, exchange.body, exchange.attempts) == (200, '{"status": "Canceled"}', 2)
        assert response is not None
        assert server.received.count(b"POST ") == 2
    assert clock.monotonic() == pytest.approx(7, abs=0.01)


@pytest.mark.parametrize(
    ("told", "header", "waits"), [(35, None, 35), (35, "50", 50), (50, "35", 50), (10**9, None, 86400)]
)
def test_a_reply_that_the_plugin_reads_to_be_turned_away_reaches_no_flow(
    told: int, header: str | None, waits: int, client_of: ClientMaker
) -> None:
    clock = VirtualClock()
    headers = {"retry_after": header} if header is not None else {}
    body = json.dumps({"wait": told}).encode()
    with RawServer(responding(lambda _: http_response(200, body, **headers))) as server:
        client = client_of(server.url, clock=clock, retry_after=costly)
        exchange, response = client.call(httpx.Request("POST", server.url), 1, ignore_intent)
        assert response is None
        assert exchange.failure is not None
        assert (exchange.failure.certainty, exchange.failure.retry_after) == (Certainty.NOT_PROCESSED, seconds(waits))
        assert (exchange.status, exchange.body, exchange.attempts) == (200, body.decode(), 1)
    assert clock.monotonic() == 0


def test_what_always_turns_away_is_given_up_after_the_last_try(client_of: ClientMaker) -> None:
    with RawServer(responding(lambda _: http_response(200, b'{"wait": 0}'))) as server:
        client = client_of(server.url, retry_after=costly)
        exchange, response = client.call(httpx.Request("POST", server.url), 1, ignore_intent)
        assert (exchange.attempts, response) == (HttpLimits().max_attempts, None)
        assert exchange.failure is not None
        assert exchange.failure.certainty is Certainty.NOT_PROCESSED


@pytest.mark.parametrize("body", [b"no json", b'{"wait": "long"}'])
def test_a_plugin_that_fails_to_read_a_throttled_reply_is_to_blame(body: bytes, client_of: ClientMaker) -> None:
    with RawServer(responding(lambda _: http_response(200, body))) as server:
        client = client_of(server.url, retry_after=costly)
        with pytest.raises(PluginError, match="`throttled`"):
            client.call(httpx.Request("POST", server.url), 1, ignore_intent)


# The rate


def test_a_burst_leaves_at_once_and_the_rest_at_the_declared_rate(client_of: ClientMaker) -> None:
    clock = VirtualClock()
    with RawServer(responding(in_turn())) as server:
        client = client_of(server.url, clock=clock, rates={"*": Limit(2, burst=3)})
        at = []
        for _ in range(7):
            client.call(httpx.Request("PUT", server.url), 1, ignore_intent)
            at.append(clock.monotonic())
    assert at == pytest.approx([0, 0, 0, 0.5, 1, 1.5, 2])


def test_each_operation_has_a_bucket_of_its_own(client_of: ClientMaker) -> None:
    clock = VirtualClock()
    with RawServer(responding(in_turn())) as server:
        client = client_of(server.url, clock=clock, rates=ONE_A_SECOND)
        for operation in ("cancel", "get"):
            client.call(of_operation(httpx.Request("PUT", server.url), operation), 1, ignore_intent)
        assert clock.monotonic() == 0
        client.call(of_operation(httpx.Request("PUT", server.url), "cancel"), 1, ignore_intent)
        assert clock.monotonic() == pytest.approx(1)


@pytest.mark.parametrize(
    ("told", "apart"),
    [("0.5", 2), ("10", 0.1), ("nonsense", 1), ("0", 1), ("-3", 1), ("nan", 1), ("inf", 1), ("", 1)],
)
def test_the_rate_that_a_service_tells_takes_the_place_of_the_declared_one(
    told: str, apart: float, client_of: ClientMaker
) -> None:
    clock = VirtualClock()
    with RawServer(responding(lambda _: http_response(200, x_rate=told))) as server:
        client = client_of(server.url, clock=clock, rates=ONE_A_SECOND, rate_header="x-rate")
        at = []
        for _ in range(3):
            client.call(httpx.Request("PUT", server.url), 1, ignore_intent)
            at.append(clock.monotonic())
    assert at[2] - at[1] == pytest.approx(apart)


def test_no_call_waits_for_ever_while_the_service_keeps_turning_others_away(client_of: ClientMaker) -> None:
    class Always(VirtualClock):
        """Whoever has slept for his turn finds that another was turned away again."""

        def sleep_until(self, moment: float) -> None:
            super().sleep_until(moment)
            client._bucket("*").close_for(15)  # what a call of another thread does

    clock = Always()
    with RawServer(responding(in_turn())) as server:
        client = client_of(server.url, clock=clock)
        for number, longest in ((1, 20), (2, 150)):
            began = clock.monotonic()
            exchange, _ = client.call(httpx.Request("PUT", server.url), number, ignore_intent)
            assert exchange.failure is not None
            assert clock.monotonic() - began <= longest
        assert server.connections == []


def test_what_the_service_said_is_not_lost_where_the_next_try_has_no_bucket(
    client_of: ClientMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The buckets of several processes stand in a database, which may be away by then."""
    reserve, asked = TokenBucket.reserve_within, list[float]()

    def reserve_within(bucket: TokenBucket, max_wait: float, max_closed: float) -> float | None:
        asked.append(max_wait)
        if len(asked) > 1:
            raise StorageError("the database is away")
        return reserve(bucket, max_wait, max_closed)

    monkeypatch.setattr(TokenBucket, "reserve_within", reserve_within)
    with RawServer(responding(lambda _: http_response(429, b"later"))) as server:
        exchange = put_order(client_of(server.url), server.url)
    assert exchange.failure is not None
    assert (exchange.status, exchange.failure.certainty, len(asked)) == (429, Certainty.NOT_PROCESSED, 2)
