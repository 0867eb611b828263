"""A token bucket that says how long to wait.

Written here because the kept libraries measure windows, not buckets: pyrate-limiter and limits count calls in a
sliding window, which drains a queue of 1,000 calls 2 % slower than a 2/s, burst 30 bucket allows, and neither lets a
service's own header change the rate of a running bucket.
"""

from __future__ import annotations

import threading
from typing import Protocol

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.plugin.integration import Limit

__all__ = ["RateBucket", "TokenBucket"]


class RateBucket(Protocol):
    """When the next call may be made. Safe from many threads; moments are those of `clock.monotonic()`."""

    def reserve_within(self, max_wait: float, max_closed: float) -> float | None:
        """Take a token and return the moment from which it may be used.

        None, and no token taken, where that is more than `max_wait` seconds away.

        Args:
            max_closed: the same for a bucket that the service itself has closed.
        """

    def defer(self) -> float:
        """Seconds after which a caller who got no token is to come again: each later than the one before."""

    @property
    def is_closed(self) -> bool:
        """Whether the service wants to be left alone at this moment."""

    def adapt(self, per_second: float) -> None:
        """Take over the rate that the service says it allows; tokens already taken stay taken."""

    def close_for(self, seconds: float) -> None:
        """The service said to wait `seconds` seconds: nobody else takes a token before."""


class TokenBucket:
    """A `RateBucket` of this process: `burst` calls at once, `per_second` on average.

    Tokens may be owed: the wait grows with the queue.
    """

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rate = limit.per_second
        self._burst = float(limit.burst)
        self._tokens = self._burst
        self._refilled_at = (
            clock.monotonic()
        )  # In the future while the bucket is closed: nothing is added before it opens.
        self._closed_until = self._refilled_at
        self._deferred_until = self._refilled_at

    def _refill(self) -> float:
        now = self._clock.monotonic()
        if now > self._refilled_at:
            self._tokens = min(self._burst, self._tokens + (now - self._refilled_at) * self._rate)
            self._refilled_at = now
        return now

    def _next_free(self) -> float:
        """The moment from which the next token may be used."""
        return self._refilled_at + max(0.0, (1 - self._tokens) / self._rate)

    def reserve_within(self, max_wait: float, max_closed: float) -> float | None:
        with self._lock:
            now = self._refill()
            at = self._next_free()
            if at - now > max_wait or self._closed_until - now > max_closed:
                return None
            self._tokens -= 1
            return at

    def defer(self) -> float:
        with self._lock:
            now = self._refill()
            self._deferred_until = max(self._deferred_until + 1 / self._rate, self._next_free())
            return self._deferred_until - now

    @property
    def is_closed(self) -> bool:
        with self._lock:
            return self._closed_until > self._clock.monotonic()

    def adapt(self, per_second: float) -> None:
        with self._lock:
            if per_second != self._rate:
                self._refill()
                self._rate = per_second

    def close_for(self, seconds: float) -> None:
        with self._lock:
            opens = self._refill() + seconds
            self._closed_until = max(self._closed_until, opens)
            self._tokens = min(self._tokens + max(0.0, opens - self._refilled_at) * self._rate, 0.0)
            self._refilled_at = max(self._refilled_at, opens)
