"""The token bucket: as fast as the service allows, and never faster; in this process, or shared by several."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from fractions import Fraction
from math import inf

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orderdesk_sdk.clock import Clock, VirtualClock, seconds
from orderdesk_sdk.plugin.integration import Limit
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.connection_state import shared_connection_state
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from orderdesk_sdk.stores.postgres.rate_buckets import PostgresBucket
from orderdesk_sdk.transport.http.rate_limit import RateBucket, TokenBucket
from tests.support.postgres import VERSIONS
from tests.support.postgres_fixtures import shared_server

ROUNDING = Fraction(1, 10**6)
"""Of a token: floating-point seconds against the service's exact ones."""


MICROSECONDS = 5e-5
"""Seconds: a bucket that is shared counts in whole microseconds, and makes each interval longer by two of them."""

BucketMaker = Callable[[Limit, Clock], RateBucket]


@pytest.fixture(
    scope="module", params=["here", *VERSIONS], ids=lambda kind: kind if kind == "here" else f"postgres{kind}"
)
def bucket_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketMaker]:
    """Makes full buckets, each of an operation of its own."""
    if request.param == "here":
        yield TokenBucket
        return
    names = itertools.count()
    with shared_server(request.param, tmp_path_factory).database() as url, closing(PostgresPool(Secret(url))) as pool:
        shared_connection_state(pool, VirtualClock())
        yield lambda limit, clock: PostgresBucket(pool, "acme", f"operation {next(names)}", limit, clock)


class ServiceBucket:
    """The bucket on the service's side, in exact numbers: a call without a token is rejected."""

    def __init__(self, per_second: float, burst: int) -> None:
        self.rate = Fraction(per_second)
        self.burst = burst
        self.tokens = Fraction(burst)
        self.seen = Fraction(0)

    def take(self, moment: float) -> bool:
        now = Fraction(moment)
        self.tokens = min(Fraction(self.burst), self.tokens + (now - self.seen) * self.rate)
        self.seen = now
        if self.tokens < 1 - ROUNDING:
            return False
        self.tokens -= 1
        return True


def _reserved(bucket: RateBucket) -> float:
    """The moment from which a token may be used, however far away."""
    moment = bucket.reserve_within(inf, inf)
    assert moment is not None
    return moment


def test_a_thousand_calls_take_one_percent_over_the_best_time_and_none_is_rejected(
    bucket_of: BucketMaker,
) -> None:
    clock = VirtualClock()
    bucket = bucket_of(Limit(2, burst=30), clock)
    service = ServiceBucket(2, 30)
    rejected = 0
    for _ in range(1000):
        clock.sleep_until(_reserved(bucket))
        rejected += not service.take(clock.monotonic())
    best = (1000 - 30) / 2
    assert rejected == 0
    assert best <= clock.monotonic() <= best * 1.01


@pytest.mark.slow
@given(
    st.floats(0.05, 50),
    st.integers(1, 40),
    st.lists(st.one_of(st.just(0.0), st.floats(0, 30)), min_size=1, max_size=80),
)
@settings(max_examples=150)
@example(rate=9.0, burst=1, pauses=[1.0, 0.0, 0.0])
@example(rate=6.0, burst=1, pauses=[0.0, 0.0, 0.0])
def test_a_service_with_the_same_limit_never_rejects_whenever_calls_come(
    bucket_of: BucketMaker,
    rate: float,
    burst: int,
    pauses: list[float],
) -> None:
    clock = VirtualClock()
    bucket = bucket_of(Limit(rate, burst), clock)
    service = ServiceBucket(rate, burst)
    for pause in pauses:
        clock.sleep_until(clock.monotonic() + pause)
        clock.sleep_until(_reserved(bucket))
        assert service.take(clock.monotonic())


def test_a_burst_is_free_and_what_follows_is_paced(bucket_of: BucketMaker) -> None:
    bucket = bucket_of(Limit(2, burst=3), VirtualClock())
    assert [_reserved(bucket) for _ in range(6)] == pytest.approx([0, 0, 0, 0.5, 1.0, 1.5], abs=MICROSECONDS)


def test_an_idle_bucket_fills_to_its_burst_and_no_further(bucket_of: BucketMaker) -> None:
    clock = VirtualClock()
    bucket = bucket_of(Limit(2, burst=3), clock)
    for _ in range(3):
        _reserved(bucket)
    clock.advance(seconds(9999))
    assert [_reserved(bucket) - 9999 for _ in range(4)] == pytest.approx([0, 0, 0, 0.5], abs=MICROSECONDS)


def test_half_a_token_waits_for_the_other_half(bucket_of: BucketMaker) -> None:
    clock = VirtualClock()
    bucket = bucket_of(Limit(1, burst=1), clock)
    _reserved(bucket)
    clock.advance(seconds(0.5))
    assert _reserved(bucket) == pytest.approx(1.0, abs=MICROSECONDS)


def test_a_rate_that_the_service_tells_holds_from_then_on(
    bucket_of: BucketMaker,
) -> None:
    clock = VirtualClock()
    bucket = bucket_of(Limit(2, burst=2), clock)
    _reserved(bucket)
    _reserved(bucket)
    clock.advance(seconds(0.25))
    bucket.adapt(0.5)
    assert _reserved(bucket) == pytest.approx(0.25 + 0.5 / 0.5, abs=MICROSECONDS)
    bucket.adapt(10)
    assert _reserved(bucket) == pytest.approx(0.25 + 1.5 / 10, abs=MICROSECONDS)


def test_after_a_pause_that_the_service_asks_for_nobody_goes_before_it_ends(bucket_of: BucketMaker) -> None:
    clock = VirtualClock()
    bucket = bucket_of(Limit(2, burst=30), clock)
    bucket.close_for(10)
    assert [_reserved(bucket) for _ in range(3)] == pytest.approx([10.5, 11.0, 11.5], abs=MICROSECONDS)
    bucket.close_for(1)
    assert _reserved(bucket) >= 11.5 - MICROSECONDS, "a shorter pause does not shorten the queue"


def test_threads_share_one_bucket_without_losing_or_doubling_a_token(bucket_of: BucketMaker) -> None:
    bucket = bucket_of(Limit(2, burst=30), VirtualClock())
    moments: list[float] = []

    def work() -> None:
        for _ in range(100):
            moments.append(_reserved(bucket))  # noqa: PERF401 - each is taken in turn with the other threads

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    best = [max(0.0, (number - 30 + 1) / 2) for number in range(800)]
    assert sorted(moments) == pytest.approx(best, rel=1e-5, abs=MICROSECONDS)
