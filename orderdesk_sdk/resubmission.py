"""A resubmission: one duplicated order on its way to a service, under a number of its own. Pure."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

from attrs import evolve, frozen

from orderdesk_sdk.clock import hours, minutes, seconds

__all__ = ["Resubmission", "ResubmissionState", "retry_of"]


class ResubmissionState(enum.Enum):
    """Where a resubmission stands."""

    REQUESTED = "requested"
    """Nothing has reached the service, or it provably did nothing."""
    SENDING = "sending"
    """A request may be on the wire right now."""
    UNCLEAR = "unclear"
    """A request went out and nobody knows what it did; the flow reads back before it sends again."""
    SUBMITTED = "submitted"
    """The service has the new order."""
    REFUSED = "refused"
    """The service will not take it; `text` says why."""


@frozen
class Resubmission:
    """A duplicated order at one connection. `due_at` is None exactly when it is settled.

    order_number: the duplicate's, chosen before it is made. original_id: the canceled order. remote_id: at the service.
    """

    id: str
    order_number: str
    original_id: str
    original_number: str
    connection: str
    integration: str
    remote_id: str
    asked_by: str
    state: ResubmissionState
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None
    attempt: int = 0
    version: int = 0
    tries: int = 0
    text: str | None = None
    remedy: str | None = None
    fault: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still wants attention."""
        return self.state not in (ResubmissionState.SUBMITTED, ResubmissionState.REFUSED)

    def changed(
        self,
        state: ResubmissionState,
        at: datetime,
        *,
        due_at: datetime | None = None,
        text: str | None = None,
        remedy: str | None = None,
        fault: str | None = None,
    ) -> Resubmission:
        """The resubmission in another state. Raises ValueError where an open one would have no due time."""
        made = evolve(
            self, state=state, updated_at=at, due_at=due_at, version=self.version + 1,
            attempt=self.attempt + (state is ResubmissionState.SENDING),
            tries=self.tries + (state in (ResubmissionState.REQUESTED, ResubmissionState.UNCLEAR)),
            text=text, remedy=remedy, fault=fault,
        )  # fmt: skip
        if made.is_open != (made.due_at is not None):
            raise ValueError("an open resubmission has a due time, a settled one has none")
        return made


def retry_of(resubmission: Resubmission, asked: timedelta | None = None) -> timedelta:
    """How long to wait before a resubmission is tried again; `asked` is what the service demands, or None."""
    if asked is not None and asked > timedelta(0):
        return min(asked, hours(24))  # A date in a hundred years would be a silent wait.
    return min(seconds(5) * (1 << min(resubmission.tries, 10)), minutes(10))
