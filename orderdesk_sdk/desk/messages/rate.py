"""How many messages each path takes in a minute, in this process."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable

from orderdesk_sdk.cases.messages import MessageSource

__all__ = ["MessageRate"]

WINDOW = 60.0
"""Seconds over which messages are counted."""


class MessageRate:
    """Counts the messages of each source. Safe from many threads; memory grows with the limit, not with the messages.

    Args:
        monotonic: seconds that never run backwards.
    """

    def __init__(self, per_minute: int, monotonic: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._taken: dict[MessageSource, deque[float]] = {}

    def take(self, source: MessageSource) -> int | None:
        """Count a message; None where it may come, else in how many seconds one may come again."""
        now = self._monotonic()
        with self._lock:
            taken = self._taken.setdefault(source, deque())
            while taken and taken[0] <= now - WINDOW:
                taken.popleft()
            if len(taken) >= self._per_minute:
                return max(1, math.ceil(taken[0] + WINDOW - now))
            taken.append(now)
            return None
