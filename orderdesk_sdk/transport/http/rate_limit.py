"""A token bucket that says how long to wait.

Written here because the kept libraries measure windows, not buckets: pyrate-limiter and limits count calls in a
sliding window, which drains a queue of 1,000 calls 2 % slower than a 2/s, burst 30 bucket allows, and neither lets a
service's own header change the rate of a running bucket.
"""

from __future__ import annotations

import threading

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.plugin.integration import Limit

__all__ = ["TokenBucket"]


class TokenBucket:
    """`burst` calls at once, `per_second` on average.

    Thread-safe. Tokens may be owed: the wait grows with the queue.
    """

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rate = limit.per_second
        self._burst = float(limit.burst)
        self._tokens = self._burst
        self._seen = clock.monotonic()  # In the future while the bucket is closed: nothing is added before it opens.
        self._opens = self._seen
        self._put_off = self._seen

    def _refill(self) -> float:
        now = self._clock.monotonic()
        if now > self._seen:
            self._tokens = min(self._burst, self._tokens + (now - self._seen) * self._rate)
            self._seen = now
        return now

    def _next(self) -> float:
        """The moment from which the next token may be used."""
        return self._seen + max(0.0, (1 - self._tokens) / self._rate)

    def reserve_within(self, longest: float, closed: float) -> float | None:
        """Take a token and return the moment (`clock.monotonic()`) from which it may be used.

        None, and no token taken, where that is more than `longest` seconds away. closed: the same for a bucket that the
        service itself has closed.
        """
        with self._lock:
            now = self._refill()
            at = self._next()
            if at - now > longest or self._opens - now > closed:
                return None
            self._tokens -= 1
            return at

    def put_off(self) -> float:
        """Seconds after which a caller who got no token is to come again: each later than the one before."""
        with self._lock:
            now = self._refill()
            self._put_off = max(self._put_off + 1 / self._rate, self._next())
            return self._put_off - now

    @property
    def is_closed(self) -> bool:
        """Whether the service wants to be left alone at this moment."""
        with self._lock:
            return self._opens > self._clock.monotonic()

    def adapt(self, per_second: float) -> None:
        """Take over the rate that the service says it allows; tokens already taken stay taken."""
        with self._lock:
            if per_second != self._rate:
                self._refill()
                self._rate = per_second

    def drain(self, pause: float) -> None:
        """The service said to wait `pause` seconds: nobody else takes a token before."""
        with self._lock:
            opens = self._refill() + pause
            self._opens = max(self._opens, opens)
            self._tokens = min(self._tokens + max(0.0, opens - self._seen) * self._rate, 0.0)
            self._seen = max(self._seen, opens)
