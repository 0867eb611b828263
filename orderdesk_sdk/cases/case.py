"""A case: something to be done with one order at one connection, followed up until it is settled. Pure.

There are four kinds: a cancel, a status change, a resubmission and a response (`cancellation`, `status_change`,
`resubmission`, `response`).
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import ClassVar

from attrs import frozen

from orderdesk_sdk.cases.evidence import Evidence
from orderdesk_sdk.orders.order import ConnectionRole

__all__ = ["State", "OPEN", "ALARMS", "SETTLED", "UNSUCCESSFUL", "POLLABLE", "Case", "settling_hint"]


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
    """A person must find out or cancel the order by hand, and record the outcome."""
    UNKNOWN = "unknown"
    """A request was sent and its outcome is unknown."""
    CANCELED = "canceled"
    """Canceled, with proof."""
    DONE = "done"
    """The status is set, the order was submitted again, or our answer was taken, with proof."""
    PARTIALLY_CANCELED = "partially canceled"
    """Some of it is canceled, with proof; the rest is not and will not be."""
    REJECTED = "rejected"
    """The service, a listener or a person said no; `Case.message` says why, and of a cancel `CancelCase.rejection`."""
    UNSUPPORTED = "unsupported"
    """There is no way to cancel there."""
    WITHDRAWN = "withdrawn"
    """The cancellation was taken back before anything was sent."""
    EXPIRED = "expired"
    """The deadline passed and nothing was answered; `ResponseCase.silence` says what that means there."""
    SHIPPED_ANYWAY = "shipped anyway"
    """An alarm: it shipped although it was canceled or the service had been asked."""

    # By identity, as they are equal: an enum's own hash is Python code, and every transition looks its state up.
    __hash__ = object.__hash__


OPEN = frozenset(
    {State.PENDING, State.REPORTED, State.SENDING, State.ACKNOWLEDGED, State.ACTION_REQUIRED, State.UNKNOWN}
)


ALARMS = frozenset({State.SHIPPED_ANYWAY})


SETTLED = frozenset(State) - OPEN


UNSUCCESSFUL = frozenset({State.REJECTED, State.UNSUPPORTED, State.PARTIALLY_CANCELED, State.EXPIRED})
"""Settled, and not all of what was requested was done; nothing more follows by itself."""


POLLABLE = (State.PENDING, State.REPORTED, State.ACKNOWLEDGED, State.UNKNOWN, State.ACTION_REQUIRED, State.CANCELED)
"""A pending case is polled too: before it falls back by the clock alone, and when its cancellation is reported."""


@frozen(kw_only=True)
class Case:
    """What every case has. `due_at` is None exactly when it is settled.

    Args:
        remote_id: the order's number at the service.
        version: counts changes, and fences off whoever worked on an older one.
        attempt: how many sends and polls have begun.
        consecutive_failures: how many of them in a row came to nothing.
        deadline: when a person gets it at the latest; None before anything came to nothing.
        action_required_since: since when the case requires action; None while it does not.
        reminders: how often the person who has the case was reminded of it since then.
        caused_by_rules: the rules whose actions led to it, first first; empty when a person asked.
    """

    id: str
    order_id: str
    order_number: str
    connection: str
    integration: str
    remote_id: str
    role: ConnectionRole
    requested_by: str
    state: State
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    deadline: datetime | None = None
    attempt: int = 0
    version: int = 0
    consecutive_failures: int = 0
    message: str | None = None
    hint: str | None = None
    plugin_error: str | None = None
    evidence: Evidence | None = None
    action_required_since: datetime | None = None
    reminders: int = 0
    caused_by_rules: tuple[str, ...] = ()

    kind: ClassVar[str]
    """What it is called, in the ledger and by people."""
    done_state: ClassVar[State]
    """The state of one that was done."""
    flow_reads_first: ClassVar[bool]
    """Whether its flow looks at the service before it sends, so that it may be run again without a poll first."""

    @property
    def is_open(self) -> bool:
        """Whether the case still wants attention."""
        return self.state in OPEN


def settling_hint(case: Case) -> str:
    """What to do until an open case has ended, for whoever has to wait for it."""
    if case.state is State.ACTION_REQUIRED:
        return f"settle the case with `orderdesk confirm` or `orderdesk reject` {case.id}, then repeat this command"
    return "run `orderdesk work --until-idle`, then repeat this command"
