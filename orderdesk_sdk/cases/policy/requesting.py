"""What a case does next, and what follows the answer to its request. Pure.

This is where law 5 lives: what a cancel flow says is a verdict only where the declaration says that the response is
final.
"""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.policy.deadlines import DEFAULT_MANUAL_CONFIRMATION, confirmation_of, window_closes_at
from orderdesk_sdk.cases.policy.events import (
    acknowledgment_event,
    cancellation_event,
    escalate,
    evidence_from_response,
    fallback_event,
    not_processed,
    outcome_unknown,
    rejection_event,
)
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.windows import next_open_route, window_state
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import Batch, FinalResponse, Portal

__all__ = ["after_cancel", "due_before_window_closes", "join_batch", "next_step", "retries_exhausted"]


def next_step(case: CancelCase, integration: Integration, remote_order: RemoteOrder, now: datetime) -> Event | None:
    """What a pending case does next; None means: send the present route's request."""
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
        why = f'The cancellation window of "{_route_label(integration, case.route)}" has closed'
        return fallback_event(integration, index, why, now)
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


def _route_label(integration: Integration, route: int) -> str:
    return integration.cancel[route].label if route < len(integration.cancel) else f"route {route + 1}"


def join_batch(batch: Batch, now: datetime, calls: int = 1) -> Event:
    """What a pending case does whose service takes several orders in one call: it waits for that many `calls`."""
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
            return acknowledgment_event(case, integration, answer, now)
        case Outcome.REJECTED if case.previously_sent_at is not None:
            reason = answer.message or (answer.rejection or Rejection.NOT_ALLOWED).value
            text = f"The service rejected the request ({reason}), but an earlier request may have been processed"
            return evolve(outcome_unknown(case, integration, text, now), service_status=answer.status)
        case Outcome.REJECTED:
            return rejection_event(case, integration, remote_order, answer, evidence_from_response(case, answer), now)
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

    No pause that the service asks for outlasts it, for then it is time for the next route.
    """
    closes = window_closes_at(case, integration, remote_order, now) if event.kind is EventKind.NOT_PROCESSED else None
    return evolve(event, due_at=min(event.due_at or now, closes)) if closes is not None else event


def retries_exhausted(case: CancelCase, now: datetime) -> bool:
    """Whether the requests of a pending case were not processed until its deadline, and once more after it.

    The attempt before may be hours old, where no worker ran.
    """
    if case.state is not State.PENDING or case.deadline is None:
        return False
    return now >= case.deadline and case.updated_at >= case.deadline
