"""How often a caller may call."""

from __future__ import annotations

from orderdesk_sdk.web import rate_limits
from orderdesk_sdk.web.rate_limits import Rate, RateLimiter


class Ticks:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The seconds."""
        return self.now


def test_a_burst_then_a_wait_then_one_more() -> None:
    ticks = Ticks()
    limiter = RateLimiter(Rate(per_minute=6, burst=2), ticks)
    assert [limiter.wait("ann") for _ in range(3)] == [0, 0, 10]
    ticks.now += 9
    assert limiter.wait("ann") == 1
    ticks.now += 1
    assert limiter.wait("ann") == 0


def test_each_key_has_its_own() -> None:
    limiter = RateLimiter(Rate(per_minute=1, burst=1), Ticks())
    assert limiter.wait("ann") == 0
    assert limiter.wait("bob") == 0
    assert limiter.wait("ann") == 60


def test_a_pause_saves_no_more_than_a_burst() -> None:
    ticks = Ticks()
    limiter = RateLimiter(Rate(per_minute=60, burst=2), ticks)
    ticks.now += 3600
    assert [limiter.wait("ann") for _ in range(3)] == [0, 0, 1]


def test_a_clock_that_jumps_back_locks_nobody_out() -> None:
    ticks = Ticks()
    limiter = RateLimiter(Rate(per_minute=60, burst=3), ticks)
    assert limiter.wait("ann") == 0
    ticks.now -= 1
    assert limiter.wait("ann") == 0


def test_memory_is_bounded() -> None:
    limiter = RateLimiter(Rate(per_minute=1, burst=1), Ticks())
    for number in range(rate_limits.MAX_KEYS + 10):
        limiter.wait(f"key {number}")
    assert limiter.wait("key 0") == 0  # It was forgotten.
    assert limiter.wait(f"key {rate_limits.MAX_KEYS + 9}") > 0
