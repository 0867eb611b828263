"""When a delivery that failed is tried again: soon at first, then over three days, never at the same moment as others.

The times are those that Standard Webhooks recommends
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability).
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

from orderdesk_sdk.clock import hours, minutes, seconds

__all__ = ["DELAYS", "MAX_TRIES", "delay_after"]

DELAYS: Final = (
    seconds(5),
    minutes(5),
    minutes(30),
    hours(2),
    hours(5),
    hours(10),
    hours(14),
    hours(20),
    hours(24),
)
"""After the first try, the second, and so on."""
MAX_TRIES: Final = len(DELAYS) + 1
JITTER: Final = 0.2
"""By how much of it a delay is longer at most, so that what failed together does not come back together."""


def delay_after(tries: int, asked: timedelta | None = None) -> timedelta | None:
    """How long to wait after so many tries; None: it is given up.

    Args:
        asked: how long the endpoint asked to be left alone; None: it did not.
    """
    if tries >= MAX_TRIES:
        return None
    delay = DELAYS[tries - 1] * (1 + JITTER * random.random())  # noqa: S311 - spread, no secret
    return max(delay, min(asked, DELAYS[-1])) if asked is not None else delay
