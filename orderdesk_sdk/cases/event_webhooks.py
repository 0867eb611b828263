"""Events out: the endpoints that hear what happens to cases, and what a ledger keeps of each delivery. Pure.

The outbox is the history itself: an endpoint has a cursor into it. What an endpoint wants of the lines after its cursor
becomes deliveries, which are in the ledger, in one transaction with the moved cursor, before anything is sent.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from attrs import field, frozen

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.event_feed import FeedEvent, FeedEventKind
from orderdesk_sdk.cases.state_machine import EventKind

__all__ = [
    "DeliveryState",
    "EventDelivery",
    "EventEndpoint",
    "EventType",
    "EventWebhookRecords",
    "event_type",
]


class EventType(enum.Enum):
    """What an endpoint may hear of. All but the first say in which state a case is now."""

    REQUESTED = "case.requested"
    """A case was opened."""
    PENDING = "case.pending"
    """The case is to be asked for anew: on another route, say."""
    REPORTED = "case.reported"
    SENDING = "case.sending"
    ACKNOWLEDGED = "case.acknowledged"
    ACTION_REQUIRED = "case.action_required"
    UNKNOWN = "case.unknown"
    CANCELED = "case.canceled"
    DONE = "case.done"
    PARTIALLY_CANCELED = "case.partially_canceled"
    REJECTED = "case.rejected"
    UNSUPPORTED = "case.unsupported"
    WITHDRAWN = "case.withdrawn"
    EXPIRED = "case.expired"
    SHIPPED_ANYWAY = "case.shipped_anyway"


_OF_STATE: Mapping[State, EventType] = {state: EventType[state.name] for state in State}
_NO_NEWS = frozenset({EventKind.RESUMED, EventKind.REMINDED, EventKind.DEFERRED, EventKind.BATCHED})
"""What leaves a case in the state in which it is."""


def event_type(event: FeedEvent) -> EventType | None:
    """What endpoints hear of a line of the feed; None: nothing."""
    if event.kind is FeedEventKind.OPENED:
        return EventType.REQUESTED
    return _OF_STATE[event.state] if event.sets_state and event.event not in _NO_NEWS else None


def _hide(text: str) -> str:
    return f"<sealed, {len(text)} characters>"


@frozen(kw_only=True)
class EventEndpoint:
    """Somebody who hears what happens.

    Args:
        types: what of; empty: everything.
        connections: only of cases there; empty: all.
        sealed: the secrets that deliveries are signed with.
        cursor: the sequence of the last line of the ledger that was looked at for it.
        disabled_reason: why nothing is sent to it; None while it hears.
        version: counts changes of what a person decides of it.
        gap: what it can never hear of, because it was archived before it was looked at; None: nothing.
    """

    id: str
    url: str
    types: tuple[EventType, ...]
    connections: tuple[str, ...]
    sealed: str = field(repr=_hide)
    cursor: int
    created_by: str
    created_at: datetime
    disabled_reason: str | None = None
    version: int = 1
    gap: str | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether it is sent to."""
        return self.disabled_reason is None

    def wants(self, event: FeedEvent) -> EventType | None:
        """What it hears of a line of the feed; None: nothing."""
        found = event_type(event)
        is_wanted = not self.types or found in self.types
        return found if is_wanted and (not self.connections or event.connection in self.connections) else None


class DeliveryState(enum.Enum):
    """How a delivery stands."""

    PENDING = "pending"
    """It is to be sent, again perhaps."""
    DELIVERED = "delivered"
    """The endpoint answered with a 2xx."""
    FAILED = "failed"
    """It was tried as often as the schedule says; a person may have it tried again."""


@frozen(kw_only=True)
class EventDelivery:
    """One event on its way to one endpoint.

    Args:
        sequence: of the event; with the endpoint's id it names the delivery.
        body: what is sent, byte for byte the same each time.
        attempts: how often it was begun, ever. Whoever began it writes only while nobody has begun it since.
        tries: how often since it was recorded, or a person had it tried again.
        next_try_at: None where it is settled, or waits for an earlier one of the same case and endpoint.
        last_status: the HTTP status of the last answer; None where there was none.
        last_problem: what the last try came to, for people; None where it was good.
        tried_at: when the last try ended; None: there was none.
    """

    endpoint_id: str
    sequence: int
    type: EventType
    case_id: str
    body: str
    created_at: datetime
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    tries: int = 0
    next_try_at: datetime | None = None
    last_status: int | None = None
    last_problem: str | None = None
    tried_at: datetime | None = None

    @property
    def message_id(self) -> str:
        """What the receiver tells it by; the same each time it is sent."""
        # With a time: where a ledger was put back to an older state, its sequences are given again.
        return f"{self.endpoint_id}_{self.sequence}_{int(self.created_at.timestamp()):x}"


class EventWebhookRecords(Protocol):
    """What a ledger keeps of events out. All raise StorageError when the database fails."""

    def add_endpoint(self, endpoint: EventEndpoint) -> None:
        """Record a new endpoint."""

    def endpoints(self) -> tuple[EventEndpoint, ...]:
        """All of them, oldest first."""

    def change_endpoint(self, endpoint: EventEndpoint) -> None:
        """Write what a person decides of it, but for its cursor. Raises ConflictError unless it is the next version."""

    def record_deliveries(
        self, endpoint: EventEndpoint, cursor: int, deliveries: Sequence[EventDelivery], *, gap: str | None = None
    ) -> bool:
        """Move an endpoint's cursor and record what it wants of the lines up to there, both or none.

        Of one case and endpoint only the first delivery that waits has a time; the others wait for it.

        Args:
            gap: what it can never hear of; None leaves what is recorded.

        False, and nothing is written, where another process has moved the cursor.
        """

    def claim_delivery(self, endpoint_id: str, now: datetime, until: datetime) -> EventDelivery | None:
        """The delivery to an endpoint that is longest due, for this caller alone; None where none is due.

        It is due again at `until`, where it was not updated by then.
        """

    def update_delivery(self, delivery: EventDelivery, now: datetime) -> bool:
        """Write what became of a delivery that this caller began; False where somebody has begun it since.

        Where it is settled, the next one of its case that waits for it is due.
        """

    def restart_delivery(self, endpoint_id: str, sequence: int, now: datetime) -> EventDelivery:
        """Let a delivery be sent again from now on, also one that was delivered; it as it is then.

        Raises NotFoundError, and InvalidStateError for one that is pending.
        """

    def deliveries(
        self, endpoint_id: str, states: Iterable[DeliveryState], limit: int, *, before: int | None = None
    ) -> tuple[EventDelivery, ...]:
        """Deliveries to an endpoint, the newest events first.

        Args:
            before: only of events before this sequence, for the next page; None: from the newest.
        """

    def failed_deliveries(self) -> Mapping[str, int]:
        """How many deliveries were given up, by endpoint; only of endpoints that have some."""

    def next_delivery_due(self) -> datetime | None:
        """When the next delivery to an enabled endpoint is due; None where none waits."""

    def remove_old_deliveries(self, tried_before: datetime, limit: int) -> int:
        """Forget deliveries that were delivered before, at most so many; how many."""
