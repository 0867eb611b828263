"""What a person may do with a case as it stands, and why not. Pure.

Only what its row tells: whether a service may be polled, or has a request under way, shows when it is done.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import ALARMS, POLLABLE, Case, State
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.state_machine import TRANSITIONS, EventKind

__all__ = ["CaseAction", "action_obstacles"]


class CaseAction(enum.Enum):
    """What a person does with a case."""

    ANSWER = "answer"
    """Decide what becomes of somebody else's request to cancel."""
    CONFIRM = "confirm"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    RETRY = "retry"
    POLL = "poll"
    MARK_SEEN = "mark seen"


def action_obstacles(case: Case) -> Mapping[CaseAction, str | None]:
    """Each action that there is for a case of this kind, with what stands in its way; None where nothing does."""
    found = {
        CaseAction.CONFIRM: _confirm_obstacle(case),
        CaseAction.REJECT: _table_obstacle(case, EventKind.REJECTED),
        CaseAction.POLL: None if case.state in POLLABLE else _state_text(case),
        CaseAction.RETRY: _retry_obstacle(case),
        CaseAction.WITHDRAW: _withdraw_obstacle(case),
    }
    if isinstance(case, ResponseCase):
        is_open = case.state in (State.PENDING, State.ACTION_REQUIRED)
        found[CaseAction.ANSWER] = None if is_open else _state_text(case)
    if case.state in ALARMS:
        found[CaseAction.MARK_SEEN] = None
    return found


def _state_text(case: Case) -> str:
    return f"the case is {case.state.value}"


def _table_obstacle(case: Case, kind: EventKind) -> str | None:
    return None if (case.state, kind) in TRANSITIONS else _state_text(case)


def _confirm_obstacle(case: Case) -> str | None:
    if case.state is State.PENDING and isinstance(case, CancelCase):
        return "nothing was sent yet"
    return _table_obstacle(case, EventKind.CANCELED if isinstance(case, CancelCase) else EventKind.DONE)


def _retry_obstacle(case: Case) -> str | None:
    if case.state not in (State.UNKNOWN, State.ACTION_REQUIRED):
        return _state_text(case)
    if isinstance(case, CancelCase) and case.is_reported:
        return "the service reported the cancellation, and was never asked"
    if isinstance(case, ResponseCase) and case.answer is None:
        return "no answer was decided yet"
    return None


def _withdraw_obstacle(case: Case) -> str | None:
    if isinstance(case, CancelCase) and case.last_sent_at is not None and case.is_open:
        if case.state is State.ACTION_REQUIRED:  # A draft of an e-mail, say, of which nobody knows whether it went out.
            return "the service may have been asked already; record what it said instead"
        return "a request was sent already; only the service can say how it ends"
    return _table_obstacle(case, EventKind.WITHDRAWN)
