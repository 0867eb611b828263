"""A case and the states that it can be in. Pure."""

from __future__ import annotations

import enum
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.evidence import Evidence
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.answer import LineAnswer, Rejection

__all__ = ["State", "OPEN", "ALARMS", "SETTLED", "POLLABLE", "Case"]


class State(enum.Enum):
    """Where a case stands."""

    PENDING = "pending"
    """Wished for; nothing has reached the service, or it provably did nothing."""
    REPORTED = "reported"
    """The service was heard to have canceled it by itself: that is polled, and nothing is asked."""
    SENDING = "sending"
    """A request may be on the wire right now."""
    ACKNOWLEDGED = "acknowledged"
    """The service acknowledged the request. Not canceled."""
    ACTION_REQUIRED = "action required"
    """Somebody must find out, or do it, and say what came of it."""
    UNKNOWN = "unknown"
    """A request went out and nobody knows what it did."""
    CANCELED = "canceled"
    """Canceled, with proof."""
    PARTIALLY_CANCELED = "partially canceled"
    """Some of it is canceled, with proof; the rest is not and will not be."""
    REJECTED = "rejected"
    """The service, a listener or a person said no; `Case.rejection` says why."""
    UNSUPPORTED = "unsupported"
    """There is no way to cancel there."""
    WITHDRAWN = "withdrawn"
    """The cancellation was taken back before anything was sent."""
    SHIPPED_ANYWAY = "shipped anyway"
    """An alarm: it shipped although it was canceled or the service had been asked."""


OPEN = frozenset(
    {State.PENDING, State.REPORTED, State.SENDING, State.ACKNOWLEDGED, State.ACTION_REQUIRED, State.UNKNOWN}
)


ALARMS = frozenset({State.SHIPPED_ANYWAY})


SETTLED = frozenset(State) - OPEN


_AWAITING_OUTCOME = (State.SENDING, State.ACKNOWLEDGED, State.UNKNOWN, State.ACTION_REQUIRED)


POLLABLE = (State.PENDING, State.REPORTED, State.ACKNOWLEDGED, State.UNKNOWN, State.ACTION_REQUIRED, State.CANCELED)
"""A requested case is read too: before the clock alone sends it on, and when somebody says that it is canceled."""


@frozen
class Case:
    """A cancellation at one remote order. `due_at` is None exactly when it is settled.

    route: index into the integration's list of routes. attempt: how many sends and polls have begun. version: counts
    changes, and fences off whoever worked on an older one. tries: sends in a row that were proved not done, or checks
    that told nothing.
    asked_at: when a request last may have reached the service; None when none has, or each provably did nothing.
    asked_before: `last_sent_at` as it was before the present send, which takes its place again where that did nothing.
    reference: the service's own name for that request; None when it gave none.
    gathered: it has waited for others that are asked for in the same call.
    waits_since: when a person was given the case; None while nobody has it.
    remind_at: when that person is reminded, where the case is polled meanwhile; None: at `due_at`.
    heard: the service was heard to have canceled by itself, so this case never asks it to.
    """

    id: str
    cancellation_id: str
    order_id: str
    order_number: str
    connection: str
    integration: str
    remote_id: str
    role: ConnectionRole
    state: State
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    route: int = 0
    attempt: int = 0
    version: int = 0
    consecutive_failures: int = 0
    retries: int = 0
    last_sent_at: datetime | None = None
    previously_sent_at: datetime | None = None
    deadline: datetime | None = None
    rejection: Rejection | None = None
    service_status: str | None = None
    message: str | None = None
    hint: str | None = None
    plugin_error: str | None = None
    lines: tuple[LineAnswer, ...] = ()
    evidence: Evidence | None = None
    idempotent: bool = False
    retry_allowed: bool = False
    caused_by_rules: tuple[str, ...] = ()
    request_reference: str | None = None
    is_batched: bool = False
    action_required_since: datetime | None = None
    is_reported: bool = False
    remind_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether the case still wants attention."""
        return self.state in OPEN
