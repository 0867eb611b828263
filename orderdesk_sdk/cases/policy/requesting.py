"""What follows: from an answer, a loss or the passing of time to the event that changes the case. Pure.

This is where law 5 lives: what a cancel flow says is a verdict only where the declaration says that the response is
final.
"""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import Evidence
from orderdesk_sdk.cases.policy.deadlines import RETRY_POLICY, deadline_message, earliest
from orderdesk_sdk.cases.policy.escalation import (
    DEFAULT_MANUAL_CONFIRMATION,
    after_acknowledgment,
    after_poll_while_escalated,
    after_request_not_found,
    confirmation_of,
    escalate,
    poll_interval,
    remind,
    reminder_interval,
)
from orderdesk_sdk.cases.policy.events import evidence_from_poll, evidence_from_response
from orderdesk_sdk.cases.policy.failures import not_processed, outcome_unknown
from orderdesk_sdk.cases.policy.polling import (
    DEFAULT_POLLING,
    after_poll_before_sending,
    after_reported_cancellation,
    after_settled_poll,
    cancellation_event,
)
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.windows import next_open_route, window_state
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import Batch, Button, FinalResponse, Polling, Portal

__all__ = [
    "after_cancel",
    "after_poll",
    "due_before_window_closes",
    "next_step",
    "join_batch",
    "is_overdue",
    "retries_exhausted",
    "on_deadline",
]


def next_step(case: CancelCase, integration: Integration, remote_order: RemoteOrder, now: datetime) -> Event | None:
    """What a requested case does next; None means: send the present route's request."""
    if not integration.cancel:
        return Event(
            EventKind.ESCALATED,
            now,
            due_at=now + DEFAULT_MANUAL_CONFIRMATION.remind_after,
            message=f"{integration.title} declares no route for cancellations",
            hint="cancel the order at the service by hand, then confirm or reject this case",
        )
    spent = retries_exhausted(case, now)
    index = next_open_route(integration.cancel, remote_order, now, case.route + spent)
    if spent and index is None:
        own = "cancel the order at the service by hand, then confirm or reject this case"
        hint = f"{case.hint}; or {own}" if case.hint else own
        return escalate(case, now, case.message or "The service processed none of the requests", hint)
    if index is None:
        why = (
            window_state(integration.cancel[-1].window, remote_order, now).closed_reason
            or "no further route is declared"
        )
        if case.last_sent_at is not None:
            return escalate(
                case, now, f"An earlier request may still be processed, and every other route is closed: {why}"
            )
        return Event(EventKind.UNSUPPORTED, now, message=f"Every route for cancellations is closed: {why}")
    if index != case.route:
        return Event(
            EventKind.FELL_BACK, now, due_at=now, route=index, message=_window_closed(integration, case.route, index)
        )
    route = integration.cancel[index]
    if isinstance(route, Portal):
        return Event(
            EventKind.ESCALATED,
            now,
            due_at=now + route.confirm.remind_after,
            message=route.instruction,
            hint="follow this instruction, then confirm or reject this case",
        )
    return None


def _window_closed(integration: Integration, route: int, fallback: int) -> str:
    closed = integration.cancel[route].label if route < len(integration.cancel) else f"route {route + 1}"
    return f'The cancellation window of "{closed}" has closed; falling back to "{integration.cancel[fallback].label}"'


def join_batch(batch: Batch, now: datetime, calls: int = 1) -> Event:
    """What a requested case does whose service takes several orders in one call: it waits for that many `calls`."""
    text = "Batched with other orders, to be sent in one call"
    return Event(EventKind.BATCHED, now, due_at=now + calls * batch.collect_for, message=text)


def after_cancel(
    case: CancelCase, integration: Integration, remote_order: RemoteOrder, answer: Answer, now: datetime
) -> Event:
    """The event that a cancel flow's answer makes of a case that is sending."""
    confirm = confirmation_of(case, integration)
    match answer.outcome:
        case Outcome.CANCELED | Outcome.PARTIALLY_CANCELED if isinstance(confirm, FinalResponse):
            return cancellation_event(answer, evidence_from_response(case, answer), now)
        case Outcome.CANCELED | Outcome.PARTIALLY_CANCELED | Outcome.ACKNOWLEDGED | Outcome.PENDING:
            return after_acknowledgment(case, integration, answer, now)
        case Outcome.REJECTED if case.previously_sent_at is not None:
            said = answer.message or (answer.rejection or Rejection.NOT_ALLOWED).value
            text = f"The service rejected the request ({said}), but an earlier request may have been processed"
            return evolve(outcome_unknown(case, integration, text, now), service_status=answer.status)
        case Outcome.REJECTED:
            return _rejected(case, integration, remote_order, answer, evidence_from_response(case, answer), now)
        case Outcome.NOT_PROCESSED:
            event = not_processed(case, answer.message, answer.hint, answer.retry_after, now)
            return due_before_window_closes(event, case, integration, remote_order, now)
        case Outcome.UNKNOWN | Outcome.CHANGED:  # That a status was changed says nothing of a cancel.
            text = answer.message or "The response does not say whether the service processed the request"
            return outcome_unknown(case, integration, text, now, idempotent=case.idempotent)


def due_before_window_closes(
    event: Event, case: CancelCase, integration: Integration, remote_order: RemoteOrder, now: datetime
) -> Event:
    """What becomes of a request that was not done, due when the present route's window closes at the latest.

    No pause that the service asks for outlasts it, for then it is time for the next way.
    """
    closes = _window_closes_at(case, integration, remote_order, now) if event.kind is EventKind.NOT_PROCESSED else None
    return evolve(event, due_at=min(event.due_at or now, closes)) if closes is not None else event


def after_poll(
    case: CancelCase, integration: Integration, remote_order: RemoteOrder, answer: Answer, now: datetime
) -> Event:
    """The event that a read-back's answer makes of a case."""
    every = poll_interval(case, integration)
    if case.state is State.CANCELED:
        return after_settled_poll(case, answer, now)
    if case.is_reported:
        return after_reported_cancellation(
            case, answer, now, reminder_interval(case, integration), _declared_polling(integration)
        )
    if case.state is State.PENDING:
        return after_poll_before_sending(case, answer, now)
    match answer.outcome:
        case Outcome.CANCELED | Outcome.PARTIALLY_CANCELED:
            return cancellation_event(answer, evidence_from_poll(case, answer), now)
        case Outcome.REJECTED:
            return _rejected(case, integration, remote_order, answer, evidence_from_poll(case, answer), now)
        case Outcome.ACKNOWLEDGED if case.state is State.UNKNOWN:
            return after_acknowledgment(case, integration, answer, now)
        case Outcome.ACKNOWLEDGED | Outcome.PENDING if case.state is State.ACTION_REQUIRED:
            return after_poll_while_escalated(case, integration, EventKind.STILL_PENDING, now, answer, every)
        case Outcome.PENDING if case.state is State.UNKNOWN:
            return after_request_not_found(case, integration, remote_order, answer, now, every)
        case Outcome.ACKNOWLEDGED | Outcome.PENDING:
            return Event(
                EventKind.STILL_PENDING,
                now,
                due_at=earliest(now + every, case.deadline),
                message=answer.message,
                service_status=answer.status,
                lines=answer.lines,
            )
        case Outcome.NOT_PROCESSED | Outcome.UNKNOWN | Outcome.CHANGED:
            return _after_useless_poll(case, integration, answer, now)


def _after_useless_poll(case: CancelCase, integration: Integration, answer: Answer, now: datetime) -> Event:
    """The event of a poll that told nothing."""
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


def retries_exhausted(case: CancelCase, now: datetime) -> bool:
    """Whether a requested case has been turned away for as long as it is tried, and once more when that was over.

    The try before may be hours old, where nobody worked.
    """
    if case.state is not State.PENDING or case.deadline is None:
        return False
    return now >= case.deadline and case.updated_at >= case.deadline


def is_overdue(case: CancelCase, now: datetime) -> bool:
    """Whether patience has run out with an open case: the service's, or that with a person."""
    match case.state:
        case State.ACTION_REQUIRED:
            limit = case.remind_at or case.due_at
        case State.ACKNOWLEDGED | State.UNKNOWN:
            limit = case.deadline
        case _:
            return False
    return limit is not None and now >= limit


def on_deadline(case: CancelCase, integration: Integration, remote_order: RemoteOrder, now: datetime) -> Event | None:
    """What becomes of an open case whose patience has run out; it has been read a last time before.

    None while there is patience left, or a check to make.
    """
    if not is_overdue(case, now):
        return None
    waits = case.state is State.ACTION_REQUIRED
    higher = None if case.is_reported else next_open_route(integration.cancel, remote_order, now, case.route + 1)
    if higher is not None:
        return Event(
            EventKind.FELL_BACK,
            now,
            due_at=now,
            route=higher,
            message=f'No decision in time; falling back to "{integration.cancel[higher].label}"',
        )
    if waits:
        return remind(case, integration, now)
    return escalate(case, now, deadline_message(case.message))


def _declared_polling(integration: Integration) -> Polling:
    """How this integration is polled by its declaration."""
    found = (route.confirm for route in integration.cancel if isinstance(route.confirm, Polling))
    return next(found, DEFAULT_POLLING)


def _window_closes_at(
    case: CancelCase, integration: Integration, remote_order: RemoteOrder, now: datetime
) -> datetime | None:
    """When the present route's window closes by the clock; None where no clock closes it."""
    if case.route >= len(integration.cancel):
        return None
    return window_state(integration.cancel[case.route].window, remote_order, now).closes_at


def _rejected(
    case: CancelCase,
    integration: Integration,
    remote_order: RemoteOrder,
    answer: Answer,
    evidence: Evidence,
    now: datetime,
) -> Event:
    route = integration.cancel[case.route] if case.route < len(integration.cancel) else None
    if isinstance(route, Button) and answer.rejection is not None and answer.rejection in route.fallback_on:
        higher = next_open_route(integration.cancel, remote_order, now, case.route + 1)
        if higher is not None:
            return Event(
                EventKind.FELL_BACK,
                now,
                due_at=now,
                route=higher,
                service_status=answer.status,
                message=f"rejected ({answer.message or answer.rejection.value});"
                f' falling back to "{integration.cancel[higher].label}"',
            )
    return Event(
        EventKind.REJECTED,
        now,
        rejection=answer.rejection,
        service_status=answer.status,
        message=answer.message,
        hint=answer.hint,
        lines=answer.lines,
        evidence=evidence,
    )
