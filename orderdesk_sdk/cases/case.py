"""A case and the states that it can be in. Pure."""

from __future__ import annotations

import enum
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.evidence import Proof
from orderdesk_sdk.orders.order import Role
from orderdesk_sdk.plugin.answer import LineAnswer, Refusal

__all__ = ["State", "OPEN", "ALARMS", "SETTLED", "READABLE", "Case"]


class State(enum.Enum):
    """Where a case stands."""

    REQUESTED = "requested"
    """Wished for; nothing has reached the service, or it provably did nothing."""
    HEARD = "heard"
    """The service was heard to have canceled it by itself: that is read back, and nothing is asked."""
    SENDING = "sending"
    """A request may be on the wire right now."""
    ASKED = "asked"
    """The service took note. Not canceled."""
    AWAITING_PERSON = "awaiting person"
    """Somebody must find out, or do it, and say what came of it."""
    UNCLEAR = "unclear"
    """A request went out and nobody knows what it did."""
    CANCELED = "canceled"
    """Canceled, with proof."""
    PARTLY_CANCELED = "partly canceled"
    """Some of it is canceled, with proof; the rest is not and will not be."""
    REFUSED = "refused"
    """The service, a listener or a person said no; `Case.refusal` says why."""
    IMPOSSIBLE = "impossible"
    """There is no way to cancel there."""
    WITHDRAWN = "withdrawn"
    """The wish was taken back before anything was sent."""
    SHIPPED_ANYWAY = "shipped anyway"
    """An alarm: it shipped although it was canceled or the service had been asked."""


OPEN = frozenset({State.REQUESTED, State.HEARD, State.SENDING, State.ASKED, State.AWAITING_PERSON, State.UNCLEAR})


ALARMS = frozenset({State.SHIPPED_ANYWAY})


SETTLED = frozenset(State) - OPEN


_UNDECIDED = (State.SENDING, State.ASKED, State.UNCLEAR, State.AWAITING_PERSON)


READABLE = (State.REQUESTED, State.HEARD, State.ASKED, State.UNCLEAR, State.AWAITING_PERSON, State.CANCELED)
"""A requested case is read too: before the clock alone sends it on, and when somebody says that it is canceled."""


@frozen
class Case:
    """A cancellation at one placement. `due_at` is None exactly when it is settled.

    route: index into the integration's ladder. attempt: how many sends and read-backs have begun. version: counts
    changes, and fences off whoever worked on an older one. tries: sends in a row that were proved not done, or checks
    that told nothing.
    asked_at: when a request last may have reached the service; None when none has, or each provably did nothing.
    asked_before: `asked_at` as it was before the present send, which takes its place again where that did nothing.
    reference: the service's own name for that request; None when it gave none.
    gathered: it has waited for others that are asked for in the same call.
    waits_since: when a person was given the case; None while nobody has it.
    remind_at: when that person is reminded, where the case is read back meanwhile; None: at `due_at`.
    heard: the service was heard to have canceled by itself, so this case never asks it to.
    """

    id: str
    cancellation_id: str
    order_id: str
    order_number: str
    connection: str
    integration: str
    remote_id: str
    role: Role
    state: State
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None
    route: int = 0
    attempt: int = 0
    version: int = 0
    tries: int = 0
    resends: int = 0
    asked_at: datetime | None = None
    asked_before: datetime | None = None
    give_up_at: datetime | None = None
    refusal: Refusal | None = None
    status: str | None = None
    text: str | None = None
    remedy: str | None = None
    fault: str | None = None
    lines: tuple[LineAnswer, ...] = ()
    proof: Proof | None = None
    repeatable: bool = False
    resend: bool = False
    chain: tuple[str, ...] = ()
    reference: str | None = None
    gathered: bool = False
    waits_since: datetime | None = None
    heard: bool = False
    remind_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether the case still wants attention."""
        return self.state in OPEN
