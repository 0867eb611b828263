"""Waiting until a call may go: by the rate of its operation, and where a service is to be left alone."""

from __future__ import annotations

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.plugin.telemetry import span
from orderdesk_sdk.transport.http.rate_limit import RateBucket
from orderdesk_sdk.transport.shutdown import Shutdown

__all__ = ["wait_for_rate_limit"]

_SLEEP_STEP = 0.5
"""Seconds that are slept at a time, so that the desk's ending is noticed."""


def wait_for_rate_limit(
    bucket: RateBucket, max_wait: float, max_closed: float, clock: Clock, shutdown: Shutdown
) -> bool:
    """Wait until the call may go; False, at once, where that is longer than a thread is to be held for.

    False too as soon as the desk ends, which waits for no rate limit.

    Args:
        max_closed: as `max_wait`, for a bucket that the service itself has closed.
    """
    until = clock.monotonic() + max_wait
    while (allowed_at := bucket.reserve_within(until - clock.monotonic(), max_closed)) is not None:
        if not _sleep_until(allowed_at, clock, shutdown):
            return False
        if not bucket.is_closed:  # While this one slept, another may have been told to stay away.
            return True
    return False


def _sleep_until(moment: float, clock: Clock, shutdown: Shutdown) -> bool:
    """Let time pass until then; False as soon as the desk ends."""
    wait = moment - clock.monotonic()
    if wait <= 0:
        clock.sleep_until(moment)
        return True
    with span("bucket_wait") as observed:
        observed.set("seconds", wait)
        while moment - clock.monotonic() > _SLEEP_STEP:
            if shutdown.is_requested:
                return False
            clock.sleep_until(clock.monotonic() + _SLEEP_STEP)
        clock.sleep_until(moment)
        return True
