"""What follows when a person gets a case, and while they have it: task, reminders, and polls meanwhile. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.policy.deadlines import ACKNOWLEDGED_MESSAGE, FIRST_POLL_DELAY, RETRY_POLICY, reminder_message
from orderdesk_sdk.cases.policy.polling import DEFAULT_POLLING
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.windows import next_open_route, window_state
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import FinalResponse, ManualConfirmation, Polling

__all__ = [
    "DEFAULT_MANUAL_CONFIRMATION",
    "confirmation_of",
    "escalate",
    "is_window_open",
    "after_poll_while_escalated",
    "next_due_while_escalated",
    "after_request_not_found",
    "poll_interval",
    "remind",
    "reminder_interval",
    "after_acknowledgment",
]

DEFAULT_MANUAL_CONFIRMATION = ManualConfirmation()


def confirmation_of(case: CancelCase, integration: Integration) -> FinalResponse | Polling | ManualConfirmation:
    """What proves a case by its present route."""
    return (
        integration.cancel[case.route].confirm if case.route < len(integration.cancel) else DEFAULT_MANUAL_CONFIRMATION
    )


def reminder_interval(case: CancelCase, integration: Integration) -> timedelta:
    """How long a person has for a case before they are reminded."""
    confirm = confirmation_of(case, integration)
    return confirm.remind_after if isinstance(confirm, ManualConfirmation) else DEFAULT_MANUAL_CONFIRMATION.remind_after


def poll_interval(case: CancelCase, integration: Integration) -> timedelta:
    """The pause between two polls of a case."""
    confirm = confirmation_of(case, integration)
    return confirm.every if isinstance(confirm, Polling) else DEFAULT_POLLING.every


def escalate(
    case: CancelCase, now: datetime, message: str, hint: str | None = None, plugin_error: str | None = None
) -> Event:
    """Give a case to a person."""
    return Event(
        EventKind.ESCALATED,
        now,
        due_at=now + DEFAULT_MANUAL_CONFIRMATION.remind_after,
        message=message,
        hint=hint or "find out at the service, then confirm or reject this case",
        plugin_error=plugin_error or case.plugin_error,
    )


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


def next_due_while_escalated(case: CancelCase, now: datetime, every: timedelta, remind_after: timedelta) -> datetime:
    """When a case that a person has is due again: at the reminder, or before where it is polled meanwhile."""
    if case.remind_at is None or now >= case.remind_at:
        return now + remind_after
    return min(now + every, case.remind_at) if _is_polled_while_escalated(case, now) else case.remind_at


def _is_polled_while_escalated(case: CancelCase, now: datetime) -> bool:
    return case.remind_at is not None and case.deadline is not None and now < case.deadline


def remind(case: CancelCase, integration: Integration, now: datetime) -> Event:
    """Where no further way is open, a person is reminded."""
    within = reminder_interval(case, integration)
    said = reminder_message(case.message, case.action_required_since or case.updated_at, within, now)
    reads = _is_polled_while_escalated(case, now)
    due = now + (min(poll_interval(case, integration), within) if reads else within)
    remind_at = now + within if reads else None
    return Event(EventKind.REMINDED, now, due_at=due, remind_at=remind_at, message=said, hint=case.hint)


def is_window_open(case: CancelCase, integration: Integration, remote_order: RemoteOrder, now: datetime) -> bool:
    """Whether the present route may still be taken."""
    return (
        case.route < len(integration.cancel)
        and window_state(integration.cancel[case.route].window, remote_order, now).is_open
    )


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
        why = (
            f"{text}; the service does not show the request, and its cancellation window has closed;"
            f' falling back to "{integration.cancel[higher].label}"'
        )
        return Event(EventKind.FELL_BACK, now, due_at=now, route=higher, service_status=answer.status, message=why)
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


def after_acknowledgment(case: CancelCase, integration: Integration, answer: Answer, now: datetime) -> Event:
    """The service acknowledged it: it is polled until it decides, or a person has it where that is declared."""
    confirm = confirmation_of(case, integration)
    if isinstance(confirm, Polling):
        return Event(
            EventKind.ACKNOWLEDGED,
            now,
            due_at=now + (FIRST_POLL_DELAY if answer.outcome is not Outcome.ACKNOWLEDGED else confirm.every),
            deadline=now + confirm.give_up,
            message=answer.message or ACKNOWLEDGED_MESSAGE,
            service_status=answer.status,
            request_reference=answer.request_reference,
        )
    return Event(
        EventKind.ESCALATED,
        now,
        due_at=now + reminder_interval(case, integration),
        message=answer.message or "The service acknowledged the request and cannot be polled",
        hint="find out at the service, then confirm or reject this case",
        service_status=answer.status,
        request_reference=answer.request_reference,
    )
