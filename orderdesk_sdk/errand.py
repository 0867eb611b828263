"""An errand: one call on behalf of an order that is no cancellation, from the wish until the service has said. Pure."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import Self

from attrs import evolve, frozen

from orderdesk_sdk.clock import hours, minutes, seconds

__all__ = ["Errand", "ErrandState", "retry_of"]


class ErrandState(enum.Enum):
    """Where an errand stands."""

    REQUESTED = "requested"
    """Nothing has reached the service, or it provably did nothing."""
    SENDING = "sending"
    """A request may be on the wire right now."""
    UNCLEAR = "unclear"
    """A request went out and nobody knows what it did; the flow reads back before it sends again."""
    DONE = "done"
    """The service has said that it is so."""
    REFUSED = "refused"
    """The service will not do it; `text` says why."""


@frozen(kw_only=True)
class Errand:
    """What every errand has. `due_at` is None exactly when it is settled.

    order_number: of the order that the service is told of. remote_id: its number there. version: counts changes, and
    fences off whoever worked on an older one. tries: how often it did not come to an end.
    """

    id: str
    order_number: str
    connection: str
    integration: str
    remote_id: str
    asked_by: str
    state: ErrandState
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
        return self.state not in (ErrandState.DONE, ErrandState.REFUSED)

    def changed(
        self,
        state: ErrandState,
        at: datetime,
        *,
        due_at: datetime | None = None,
        text: str | None = None,
        remedy: str | None = None,
        fault: str | None = None,
    ) -> Self:
        """The errand in another state. Raises ValueError where an open one would have no due time."""
        made = evolve(
            self, state=state, updated_at=at, due_at=due_at, version=self.version + 1,
            attempt=self.attempt + (state is ErrandState.SENDING),
            tries=self.tries + (state in (ErrandState.REQUESTED, ErrandState.UNCLEAR)),
            text=text, remedy=remedy, fault=fault,
        )  # fmt: skip
        if made.is_open != (made.due_at is not None):
            raise ValueError("an open errand has a due time, a settled one has none")
        return made


def retry_of(errand: Errand, asked: timedelta | None = None) -> timedelta:
    """How long to wait before an errand is tried again; `asked` is what the service demands, or None."""
    if asked is not None and asked > timedelta(0):
        return min(asked, hours(24))  # A date in a hundred years would be a silent wait.
    return min(seconds(5) * (1 << min(errand.tries, 10)), minutes(10))
