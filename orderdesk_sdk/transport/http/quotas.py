"""The daily quotas of a connection: a call is counted before it is made, and not made where none is left."""

from __future__ import annotations

from collections.abc import Mapping

from orderdesk_sdk.cases.call_counts import CallCounts
from orderdesk_sdk.cases.exchange import NOT_TODAY, Certainty, Failure
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.plugin.integration import Quota

__all__ = ["DailyQuotas"]


class DailyQuotas:
    """The quotas of one connection."""

    def __init__(self, quotas: Mapping[str, Quota], counts: CallCounts, clock: Clock) -> None:
        self._quotas = quotas
        self._counts = counts
        self._clock = clock

    def take(self, operation: str) -> Failure | None:
        """Count a call of an operation; why it must not be made today, or None. Raises StorageError.

        Counted before the call, so a process that dies in between has used one up, and none is made too many.
        """
        quota = self._quotas.get(operation)
        if quota is None:
            return None
        now = self._clock.now()
        if self._counts.take(operation, quota.day(now), quota.calls):
            return None
        opens_at = quota.opens_at(now)
        text = f"not today: all {quota.calls} calls of {operation!r} are used; it is asked when the next day begins"
        return Failure(NOT_TODAY, Certainty.NOT_SENT, text, opens_at - now)

    def take_again(self, operation: str) -> Failure | None:
        """As `take`, for a call that was turned away and is repeated: where nobody can count it, it is not made."""
        try:
            return self.take(operation)
        except StorageError as error:  # What the service said before must not be lost.
            return Failure(type(error).__name__, Certainty.NOT_SENT, f"the call cannot be counted: {error.message}")
