"""What follows a poll of a case, or its deadline. Pure."""

from __future__ import annotations

from datetime import datetime

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import TransportLoss
from orderdesk_sdk.cases.policy.deadlines import (
    RETRY_POLICY,
    deadline_message,
    declared_polling,
    earliest,
    poll_interval,
    reminder_interval,
    still_pending_message,
)
from orderdesk_sdk.cases.policy.escalation import after_poll_while_escalated, after_request_not_found, remind
from orderdesk_sdk.cases.policy.events import (
    acknowledgment_event,
    cancellation_event,
    escalate,
    evidence_from_poll,
    fallback_event,
    rejection_event,
)
from orderdesk_sdk.cases.policy.reported import after_reported_cancellation, after_settled_poll
from orderdesk_sdk.cases.policy.withdrawal import awaits_undo
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.windows import next_open_route
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection
from orderdesk_sdk.plugin.integration import Integration

__all__ = [
    "after_poll",
    "after_poll_before_sending",
    "answer_of_lost_poll",
    "events_of_poll",
    "is_overdue",
    "on_deadline",
]


def after_poll(
    case: CancelCase, integration: Integration, remote_order: RemoteOrder, answer: Answer, now: datetime
) -> Event:
    """The event that follows the answer of a poll."""
    every = poll_interval(case, integration, now)
    if case.state is State.CANCELED:
        return after_settled_poll(case, answer, now)
    if case.is_reported:
        return after_reported_cancellation(
            case, answer, now, reminder_interval(case, integration), declared_polling(integration)
        )
    if case.state is State.PENDING:
        return after_poll_before_sending(case, answer, now)
    match answer.outcome:
        case Outcome.CANCELED | Outcome.PARTIALLY_CANCELED:
            return cancellation_event(answer, evidence_from_poll(case, answer), now)
        case Outcome.REJECTED:
            return rejection_event(case, integration, remote_order, answer, evidence_from_poll(case, answer), now)
        case Outcome.ACKNOWLEDGED if case.state is State.UNKNOWN:
            return acknowledgment_event(case, integration, answer, now)
        case Outcome.ACKNOWLEDGED | Outcome.PENDING if case.state is State.ACTION_REQUIRED:
            return after_poll_while_escalated(case, integration, EventKind.STILL_PENDING, now, answer, every)
        case Outcome.PENDING if case.state is State.UNKNOWN:
            return after_request_not_found(case, integration, remote_order, answer, now, every)
        case Outcome.ACKNOWLEDGED | Outcome.PENDING:
            return Event(
                EventKind.STILL_PENDING,
                now,
                due_at=earliest(now + every, case.deadline),
                message=answer.message or still_pending_message(case, integration, now),
                service_status=answer.status,
                lines=answer.lines,
            )
        case Outcome.NOT_PROCESSED | Outcome.UNKNOWN | Outcome.CHANGED:
            return _after_useless_poll(case, integration, answer, now)


def after_poll_before_sending(case: CancelCase, answer: Answer, now: datetime) -> Event:
    """A poll of a case that is still to be asked for, or to be asked for by another way: it may be over."""
    due = max(now, case.due_at or now)
    match answer.outcome:
        case Outcome.CANCELED | Outcome.PARTIALLY_CANCELED:
            return cancellation_event(answer, evidence_from_poll(case, answer), now)
        case Outcome.REJECTED if answer.rejection is Rejection.SHIPPED:
            return Event(
                EventKind.REJECTED,
                now,
                rejection=answer.rejection,
                service_status=answer.status,
                message=answer.message,
                evidence=evidence_from_poll(case, answer),
            )
        case Outcome.NOT_PROCESSED | Outcome.UNKNOWN | Outcome.CHANGED:
            return Event(EventKind.POLL_FAILED, now, due_at=due, message=case.message, hint=case.hint)
        case Outcome.ACKNOWLEDGED | Outcome.PENDING | Outcome.REJECTED:
            return Event(
                EventKind.STILL_PENDING,
                now,
                due_at=due,
                message=case.message,
                hint=case.hint,
                service_status=answer.status,
            )


def events_of_poll(case: CancelCase, event: Event) -> tuple[Event, ...]:
    """The events of a poll. A cancellation that was never requested is found first, and then proved."""
    if case.state is not State.PENDING or event.evidence is None or event.kind is EventKind.REJECTED:
        return (event,)
    return Event(
        EventKind.FOUND_CANCELED, event.at, due_at=event.at, message="The service shows the order as canceled already"
    ), event


def _after_useless_poll(case: CancelCase, integration: Integration, answer: Answer, now: datetime) -> Event:
    """The event of a poll without a usable status."""
    pause = RETRY_POLICY.delay(case.consecutive_failures, answer.retry_after)
    if case.state is State.ACTION_REQUIRED:
        return after_poll_while_escalated(case, integration, EventKind.POLL_FAILED, now, answer, pause)
    patient = case.deadline is not None and now < case.deadline
    return Event(
        EventKind.POLL_FAILED,
        now,
        due_at=earliest(now + pause, case.deadline if patient else None),
        message=answer.message or "Polling gave no usable status",
        hint=answer.hint,
        service_status=answer.status,
    )


def is_overdue(case: CancelCase, now: datetime) -> bool:
    """Whether the deadline of an open case has passed: the service's, or the reminder of a person."""
    match case.state:
        case State.ACTION_REQUIRED:
            limit = case.remind_at or case.due_at
        case State.ACKNOWLEDGED | State.UNKNOWN:
            limit = case.deadline
        case _:
            return False
    return limit is not None and now >= limit


def on_deadline(case: CancelCase, integration: Integration, remote_order: RemoteOrder, now: datetime) -> Event | None:
    """What becomes of an open case whose deadline has passed; it has been polled a last time before.

    None before the deadline, or where the case is to be polled once more.
    """
    if not is_overdue(case, now):
        return None
    waits = case.state is State.ACTION_REQUIRED
    is_over = case.is_reported or awaits_undo(case)  # It is not asked for any more.
    higher = None if is_over else next_open_route(integration.cancel, remote_order, now, case.route + 1)
    if higher is not None:
        return fallback_event(integration, higher, "No decision in time", now)
    if waits:
        return remind(case, integration, now)
    return escalate(case, now, deadline_message(case.message))


def answer_of_lost_poll(loss: TransportLoss) -> Answer:
    """The answer that a lost poll stands for: unknown, or not processed where the service wants to be called later."""
    if loss.retry_after is not None:
        return Answer(Outcome.NOT_PROCESSED, message=loss.message, retry_after=loss.retry_after)
    return Answer(Outcome.UNKNOWN, message=loss.message)
