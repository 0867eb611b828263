"""How many calls of an operation were made on a day, and what is left of its quota. Pure, but for the counter."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol

from attrs import frozen

from orderdesk_sdk.plugin.integration import Quota

__all__ = ["CallCounts", "LocalCallCounts", "QuotaState", "quota_states"]


class CallCounts(Protocol):
    """Counts the calls of one connection. Safe from many threads. Every method raises StorageError."""

    def take(self, operation: str, day: date, at_most: int) -> bool:
        """Count a call that is about to be made; False, and nothing counted, where `at_most` were made that day."""

    def taken(self, operation: str, day: date) -> int:
        """How many were counted."""


class LocalCallCounts:
    """The counts of this process alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[date, int]] = {}

    def take(self, operation: str, day: date, at_most: int) -> bool:
        with self._lock:
            taken = self._taken(operation, day)
            if taken < at_most:
                self._counts[operation] = day, taken + 1
            return taken < at_most

    def taken(self, operation: str, day: date) -> int:
        with self._lock:
            return self._taken(operation, day)

    def _taken(self, operation: str, day: date) -> int:
        counted_on, count = self._counts.get(operation, (day, 0))
        return count if counted_on == day else 0


@frozen
class QuotaState:
    """What is left of a quota.

    Args:
        opens_at: when the next day begins.
    """

    operation: str
    calls: int
    used: int
    opens_at: datetime

    @property
    def left(self) -> int:
        """How many calls may be made yet."""
        return max(0, self.calls - self.used)


def quota_states(quotas: Mapping[str, Quota], counts: CallCounts, now: datetime) -> tuple[QuotaState, ...]:
    """What is left of each quota of a connection. Raises StorageError."""
    return tuple(
        QuotaState(operation, quota.calls, counts.taken(operation, quota.day(now)), quota.opens_at(now))
        for operation, quota in sorted(quotas.items())
    )
