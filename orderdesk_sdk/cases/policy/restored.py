"""What becomes of open cases when their ledger is put back to an older state: what it lacks may have been sent. Pure.

What was written after that state is lost: a restored backup, a standby that became the primary before it had the last
commits, a log that is gone. An intent that is not there any more does not say that nothing was sent.
"""

from __future__ import annotations

from datetime import datetime

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.policy.deadlines import DEFAULT_MANUAL_CONFIRMATION, DEFAULT_POLLING, FIRST_POLL_DELAY
from orderdesk_sdk.cases.state_machine import Event, EventKind

__all__ = ["after_restore"]

_MAY_SEND = frozenset({State.PENDING, State.SENDING, State.UNKNOWN})
"""The states that go on by sending something, for the first time or again."""


def after_restore(case: Case, now: datetime, reason: str) -> Event | str:
    """What is to be written of an open case: an event, or a note where it goes on as it would.

    A cancel that could be sent next is of unknown fate: it is polled, and sent again on a person's word alone. The
    other kinds find out what they have sent by their own record, which lacks it: a person finds out.

    Args:
        reason: how it is known that the state is an older one.
    """
    if case.state not in _MAY_SEND:
        return f"the ledger was put back to an older state, and lacks what happened since ({reason})"
    text = f"The ledger was put back to an older state, and a request may have been sent since ({reason})"
    if isinstance(case, CancelCase):
        return Event(
            EventKind.OUTCOME_UNKNOWN,
            now,
            due_at=now + FIRST_POLL_DELAY,
            deadline=now + DEFAULT_POLLING.give_up,
            message=text,
            hint="The order's status is polled before anything is sent again",
        )
    return Event(
        EventKind.ESCALATED,
        now,
        due_at=now + DEFAULT_MANUAL_CONFIRMATION.remind_after,
        message=text,
        hint="find out at the service whether it was done; then confirm or reject the case, or send it with"
        " `orderdesk retry`",
    )
