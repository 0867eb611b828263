"""How often a caller may call: a bucket for each key, filled by the machine's own clock. Of this process alone."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from attrs import define, field, frozen

from orderdesk_sdk.desk.web_config import WebConfig

__all__ = ["Rate", "RateLimiter", "RateLimits", "rate_limits"]

BURST_SECONDS = 10
"""After a pause a token may make as many calls at once as it may make in so many seconds."""
PAGES = 1200.0
"""Pages and forms of one person in a minute, in the long run; far more than anybody opens, live parts included."""
PAGES_AT_ONCE = 300.0
MAX_KEYS = 10_000
"""Keys that are remembered; of those beyond it the one that was used longest ago begins anew."""


@frozen
class Rate:
    """How much may be done.

    Args:
        per_minute: in the long run.
        burst: at once, after a pause.
    """

    per_minute: float
    burst: float


@define
class _Bucket:
    level: float
    filled_at: float


@define
class RateLimiter:
    """Says whether something may be done now. Safe from many threads."""

    rate: Rate
    _clock: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[str, _Bucket] = field(factory=OrderedDict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def wait(self, key: str) -> int:
        """Take one; 0, or how many whole seconds to wait before the next try, and nothing was taken."""
        with self._lock:
            now = self._clock()
            bucket = self._buckets.pop(key, None) or _Bucket(self.rate.burst, now)
            self._buckets[key] = bucket
            if len(self._buckets) > MAX_KEYS:
                self._buckets.popitem(last=False)
            per_second = self.rate.per_minute / 60
            bucket.level = min(self.rate.burst, bucket.level + (now - bucket.filled_at) * per_second)
            bucket.filled_at = now
            if bucket.level < 1:
                return max(1, math.ceil((1 - bucket.level) / per_second))
            bucket.level -= 1
            return 0


class RateLimits:
    """The limits of the app.

    Args:
        calls: of one token at the API.
        pages: of one person in the console.
        polls: of the cases of one order; each costs the merchant's quota at the service.
    """

    def __init__(self, calls: Rate, pages: Rate, polls: Rate) -> None:
        self.calls = RateLimiter(calls)
        self.pages = RateLimiter(pages)
        self.polls = RateLimiter(polls)


def rate_limits(config: WebConfig) -> RateLimits:
    """The limits that the table `[web]` sets."""
    calls = config.api_calls_per_minute
    return RateLimits(
        Rate(calls, max(1, calls * BURST_SECONDS / 60)),
        Rate(PAGES, PAGES_AT_ONCE),
        Rate(config.polls_per_minute, config.polls_per_minute),
    )
