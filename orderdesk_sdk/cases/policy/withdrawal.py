"""What was done before a cancel that comes to nothing: it is withdrawn or rejected, and the steps still stand. Pure.

They are undone where the declaration has a way back, and a person has what cannot be undone from here.
"""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.policy.deadlines import DEFAULT_MANUAL_CONFIRMATION, RETRY_POLICY
from orderdesk_sdk.cases.policy.events import escalate
from orderdesk_sdk.cases.prior_steps import StepResult, describe_steps, merge_steps
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.routes import Button
from orderdesk_sdk.plugin.steps import StepOutcome

__all__ = [
    "awaits_undo",
    "is_rejected_with_steps",
    "is_withdrawing",
    "lasting_steps",
    "rejected_event",
    "rejection_with_steps",
    "statuses_that_undo",
    "unfinished_withdrawal",
    "waiting_event",
    "withdrawal_event",
    "withdrawn_event",
]

FIRST_WAIT, LONGEST_WAIT = minutes(1), hours(1)
"""How soon a case looks again whose place has another status change under way; each pause is about twice the last."""
REMIND_AFTER = DEFAULT_MANUAL_CONFIRMATION.remind_after


def is_withdrawing(case: CancelCase) -> bool:
    """Whether a case was withdrawn, and what was done before its cancel is still to be undone."""
    return case.withdrawn_by is not None and case.state in (State.PENDING, State.ACTION_REQUIRED)


def is_rejected_with_steps(case: CancelCase) -> bool:
    """Whether a case was rejected, and is kept open since what was done before its cancel still stands."""
    return case.rejection is not None and case.state is State.ACTION_REQUIRED


def awaits_undo(case: CancelCase) -> bool:
    """Whether nothing is left of a case but what was done before its cancel."""
    return is_withdrawing(case) or is_rejected_with_steps(case)


def statuses_that_undo(case: CancelCase, integration: Integration | None) -> tuple[str, ...]:
    """The statuses that undo what the case has done before its cancel, or may have; what was done last comes first."""
    declared = _declared(integration)
    undo = [declared[one.name].undo for one in reversed(_standing(case.steps)) if one.name in declared]
    return tuple(dict.fromkeys(status for status in undo if status is not None))


def lasting_steps(case: CancelCase, integration: Integration | None) -> tuple[StepResult, ...]:
    """What the case has done before its cancel, or may have, and what no status undoes."""
    declared = _declared(integration)
    return tuple(
        one for one in _standing(case.steps) if one.name not in declared or not declared[one.name].is_reversible
    )


def _standing(steps: tuple[StepResult, ...]) -> list[StepResult]:
    """What of unknown outcome may have been done is looked after as if it was."""
    return [one for one in steps if one.outcome is not StepOutcome.REFUSED]


def _declared(integration: Integration | None) -> dict[str, PriorStep]:
    routes = integration.cancel if integration is not None else ()
    return {step.name: step for route in routes if isinstance(route, Button) for step in route.prior}


def withdrawal_event(
    case: CancelCase, integration: Integration | None, now: datetime, by: str | None, message: str
) -> Event:
    """The event of a case that is withdrawn: its end, or the beginning of what must be undone first.

    Args:
        integration: as declared at its connection; None where that cannot be used.
        by: who withdraws it; None: no person does, so one is told of what cannot be undone from here.
    """
    left = describe_steps(lasting_steps(case, integration))
    if by is None and left:
        return escalate(case, now, message, f"{_by_hand(left)}; then withdraw this case")
    if statuses_that_undo(case, integration):
        give_up = now + RETRY_POLICY.give_up_after
        return Event(EventKind.WITHDRAWAL_STARTED, now, due_at=now, deadline=give_up, message=message, person=by)
    return withdrawn_event(case, integration, now, by, message)


def withdrawn_event(
    case: CancelCase, integration: Integration | None, now: datetime, by: str | None, message: str
) -> Event:
    """The end of a case that is withdrawn; what cannot be undone is a person's, and the event says so."""
    left = describe_steps(lasting_steps(case, integration))
    return Event(EventKind.WITHDRAWN, now, message=message, hint=_by_hand(left) if left else None, person=by)


def _by_hand(left: str) -> str:
    return f"this cannot be undone from here, so look after it at the service: {left}"


def unfinished_withdrawal(case: CancelCase, why: str, now: datetime, plugin_error: str | None = None) -> Event:
    """Give a person what must be undone of a case that is withdrawn."""
    text = f"{why}; the cancellation is withdrawn, and a person must undo what was done before it"
    return escalate(case, now, text, "undo it at the service, then withdraw this case again", plugin_error)


def waiting_event(case: CancelCase, status: str, now: datetime) -> Event:
    """The event of a case whose undoing waits for another status that is being set; a person has it at its deadline."""
    why = f"the status {status!r} is being set there first"
    if case.state is State.ACTION_REQUIRED:
        hint = f"{why}: settle that status change"
        return Event(EventKind.REMINDED, now, due_at=now + REMIND_AFTER, message=case.message, hint=hint)
    give_up = case.deadline or now + RETRY_POLICY.give_up_after
    if now >= give_up:
        return unfinished_withdrawal(case, why.capitalize(), now)
    waited = now - (give_up - RETRY_POLICY.give_up_after)
    due = min(now + min(max(waited, FIRST_WAIT), LONGEST_WAIT), give_up)
    return Event(EventKind.DEFERRED, now, due_at=due, deadline=give_up, message=case.message, hint=f"it waits: {why}")


def rejection_with_steps(case: CancelCase, event: Event, integration: Integration | None) -> Event:
    """The event of a cancel that cannot be, where what was done before it still stands; any other event as it is.

    The case stays open until that is undone, or with a person where it cannot be. Of an order that has shipped nothing
    is held up any more.
    """
    rejection = Rejection.TOO_LATE if event.kind is EventKind.UNSUPPORTED else event.rejection
    after = evolve(case, steps=merge_steps(case.steps, event.steps))
    is_over = event.kind in (EventKind.REJECTED, EventKind.UNSUPPORTED) and rejection is not Rejection.SHIPPED
    if not (is_over and rejection is not None and _standing(after.steps)):
        return event
    left = describe_steps(lasting_steps(after, integration))
    kind = EventKind.REMINDED if case.state is State.ACTION_REQUIRED else EventKind.ESCALATED
    return evolve(
        event,
        kind=kind,
        due_at=event.at if statuses_that_undo(after, integration) else event.at + REMIND_AFTER,
        rejection=rejection,
        message=event.message or f"The order is not canceled ({rejection.value})",
        hint=f"{_by_hand(left)}; then reject this case" if left else event.hint,
    )


def rejected_event(case: CancelCase, now: datetime, message: str) -> Event:
    """The end of a case that was rejected, now that what was done before its cancel is being undone."""
    return Event(
        EventKind.REJECTED, now, rejection=case.rejection, message=message, evidence=case.evidence, lines=case.lines
    )
