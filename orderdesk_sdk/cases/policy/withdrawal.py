"""What a withdrawal leads to: the end of a case, or first the undoing of what was done before its cancel. Pure."""

from __future__ import annotations

from datetime import datetime

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.prior_steps import describe_steps
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.routes import Button
from orderdesk_sdk.plugin.steps import StepOutcome

__all__ = ["statuses_that_undo", "withdrawal_event", "withdrawn_event"]


def statuses_that_undo(case: CancelCase, integration: Integration | None) -> tuple[str, ...]:
    """The statuses that undo what the case has done before its cancel; what was done last comes first."""
    done = [one.name for one in case.steps if one.outcome is StepOutcome.DONE]
    declared = _declared(integration)
    undo = [declared[name].undo for name in reversed(done) if name in declared]
    return tuple(dict.fromkeys(status for status in undo if status is not None))


def _declared(integration: Integration | None) -> dict[str, PriorStep]:
    routes = integration.cancel if integration is not None else ()
    return {step.name: step for route in routes if isinstance(route, Button) for step in route.prior}


def withdrawal_event(case: CancelCase, integration: Integration | None, now: datetime, by: str, message: str) -> Event:
    """The event of a case that is withdrawn: its end, or the beginning of what must be undone first.

    Args:
        integration: as declared at its connection; None where that cannot be used.
    """
    undo = statuses_that_undo(case, integration)
    if undo:
        return Event(EventKind.WITHDRAWAL_STARTED, now, due_at=now, message=message, person=by)
    return withdrawn_event(case, integration, now, by, message)


def withdrawn_event(case: CancelCase, integration: Integration | None, now: datetime, by: str, message: str) -> Event:
    """The end of a case that is withdrawn; what cannot be undone is a person's, and the event says so."""
    declared = _declared(integration)
    stands = [one for one in case.steps if one.name not in declared or not declared[one.name].is_reversible]
    left = describe_steps([one for one in stands if one.outcome is not StepOutcome.REFUSED])
    hint = f"this cannot be undone from here, so look after it at the service: {left}" if left else None
    return Event(EventKind.WITHDRAWN, now, message=message, hint=hint, person=by)
