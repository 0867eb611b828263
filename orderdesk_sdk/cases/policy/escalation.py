"""What follows while a case requires action of a person: polls meanwhile, and reminders. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.policy.deadlines import (
    RETRY_POLICY,
    is_polled_while_escalated,
    is_window_open,
    next_due_while_escalated,
    poll_interval,
    reminder_interval,
    reminder_message,
)
from orderdesk_sdk.cases.policy.events import fallback_event
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.windows import next_open_route
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.integration import Integration

__all__ = ["after_poll_while_escalated", "after_request_not_found", "remind"]


def after_poll_while_escalated(
    case: CancelCase, integration: Integration, kind: EventKind, now: datetime, answer: Answer, interval: timedelta
) -> Event:
    """A poll while a case requires action: task and message stay as they were; only the service's status is new."""
    return Event(
        kind,
        now,
        due_at=next_due_while_escalated(case, now, interval, reminder_interval(case, integration)),
        message=case.message,
        hint=case.hint,
        service_status=answer.status,
        lines=answer.lines,
    )


def remind(case: CancelCase, integration: Integration, now: datetime) -> Event:
    """Where no further way is open, a person is reminded."""
    within = reminder_interval(case, integration)
    message = reminder_message(case, within, now)
    reads = is_polled_while_escalated(case, now)
    due = now + (min(poll_interval(case, integration, now), within) if reads else within)
    remind_at = now + within if reads else None
    return Event(EventKind.REMINDED, now, due_at=due, remind_at=remind_at, message=message, hint=case.hint)


def after_request_not_found(
    case: CancelCase,
    integration: Integration,
    remote_order: RemoteOrder,
    answer: Answer,
    now: datetime,
    every: timedelta,
) -> Event:
    """A request of unknown fate, which the service does not show: it is sent again where that is safe and in time.

    Else the next way is taken where this one has closed; else a person has it, at once, while they can still decide.
    It is polled meanwhile.
    """
    is_open = is_window_open(case, integration, remote_order, now)
    # What made it unclear goes on being the reason: that nothing is decided yet does not explain it.
    text = answer.message or case.message
    if case.idempotent and case.retries < RETRY_POLICY.max_retries and is_open:
        return Event(
            EventKind.STILL_PENDING,
            now,
            due_at=now,
            message=text,
            service_status=answer.status,
            lines=answer.lines,
            retry_allowed=True,
        )
    higher = None if is_open else next_open_route(integration.cancel, remote_order, now, case.route + 1)
    if higher is not None:
        why = f"{text}; the service does not show the request, and its cancellation window has closed"
        return fallback_event(integration, higher, why, now, answer.status)
    return _escalate_not_found(case, answer, text, now, every, reminder_interval(case, integration))


def _escalate_not_found(
    case: CancelCase, answer: Answer, text: str | None, now: datetime, every: timedelta, remind_after: timedelta
) -> Event:
    return Event(
        EventKind.ESCALATED,
        now,
        due_at=now + min(every, remind_after),
        remind_at=now + remind_after,
        service_status=answer.status,
        message=f"{text}; the service does not show the request" if text else "The service does not show the request",
        hint="find out at the service; then send the request again, or confirm or reject this case;"
        " the order is polled meanwhile",
        lines=answer.lines,
        plugin_error=case.plugin_error,
    )
