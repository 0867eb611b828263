"""The events that a case is changed by: what happened, the evidence of it, and when the case is due again. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.policy.deadlines import (
    DEFAULT_MANUAL_CONFIRMATION,
    FIRST_POLL_DELAY,
    RETRY_POLICY,
    acknowledged_message,
    confirmation_of,
    earliest,
    reminder_interval,
)
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.windows import next_open_route
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import Button, Polling

__all__ = [
    "acknowledgment_event",
    "cancellation_event",
    "escalate",
    "evidence_from_poll",
    "evidence_from_response",
    "fallback_event",
    "not_processed",
    "outcome_unknown",
    "rejection_event",
]


def evidence_from_response(case: CancelCase, answer: Answer) -> Evidence:
    """What an answer to the request itself proves."""
    return Evidence(
        EvidenceKind.RESPONSE,
        attempt=case.attempt,
        exchange=answer.exchange,
        no_order_number_reason=answer.unidentified_reason,
    )


def evidence_from_poll(case: CancelCase, answer: Answer) -> Evidence:
    """What an answer that was read afterwards proves: by the service's word, or where it gave none, by its numbers."""
    counted = answer.status is None and bool(answer.lines)
    kind = EvidenceKind.LINE_QUANTITIES if counted else EvidenceKind.POLLED_STATUS
    return Evidence(
        kind, attempt=case.attempt, exchange=answer.exchange, no_order_number_reason=answer.unidentified_reason
    )


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


def cancellation_event(answer: Answer, evidence: Evidence, now: datetime) -> Event:
    """What the service said of the whole, or of a part."""
    verdict = EventKind.CANCELED if answer.outcome is Outcome.CANCELED else EventKind.PARTIALLY_CANCELED
    return Event(
        verdict, now, service_status=answer.status, message=answer.message, lines=answer.lines, evidence=evidence
    )


def rejection_event(
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
            why = f"rejected ({answer.message or answer.rejection.value})"
            return fallback_event(integration, higher, why, now, answer.status)
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


def fallback_event(
    integration: Integration, route: int, why: str, now: datetime, service_status: str | None = None
) -> Event:
    """The case goes on with the route at this index of the list of routes, at once.

    Args:
        why: why not with the present route, as the message begins.
        service_status: the status word that the service has just said; None where it said none.
    """
    message = f'{why}; falling back to "{integration.cancel[route].label}"'
    return Event(EventKind.FELL_BACK, now, due_at=now, route=route, service_status=service_status, message=message)


def not_processed(
    case: CancelCase, message: str | None, hint: str | None, retry_after: timedelta | None, now: datetime
) -> Event:
    """The event of a request that provably did nothing: it is sent again when its pause is over.

    Args:
        retry_after: what the service asks for; None where it asks for nothing.
    """
    give_up = case.deadline or now + RETRY_POLICY.give_up_after
    return Event(
        EventKind.NOT_PROCESSED,
        now,
        due_at=earliest(now + RETRY_POLICY.delay(case.consecutive_failures, retry_after), give_up),
        deadline=give_up,
        message=message or "The service did not process the request",
        hint=hint,
    )


def outcome_unknown(
    case: CancelCase,
    integration: Integration,
    message: str,
    now: datetime,
    *,
    idempotent: bool = False,
    plugin_error: str | None = None,
) -> Event:
    """The event of a request that may have worked: the case is polled before anything is sent again.

    Args:
        idempotent: whether sending it again would do no harm.
    """
    confirm = confirmation_of(case, integration)
    give_up = confirm.give_up if isinstance(confirm, Polling) else RETRY_POLICY.give_up_after
    return Event(
        EventKind.OUTCOME_UNKNOWN,
        now,
        due_at=now + FIRST_POLL_DELAY,
        deadline=now + give_up,
        message=message,
        hint="The order's status is polled before anything is sent again",
        plugin_error=plugin_error,
        idempotent=idempotent,
    )


def acknowledgment_event(case: CancelCase, integration: Integration, answer: Answer, now: datetime) -> Event:
    """The service acknowledged the request: the case is polled, or a person confirms where that is declared."""
    confirm = confirmation_of(case, integration)
    if isinstance(confirm, Polling):
        return Event(
            EventKind.ACKNOWLEDGED,
            now,
            due_at=now + (FIRST_POLL_DELAY if answer.outcome is not Outcome.ACKNOWLEDGED else confirm.every),
            deadline=now + confirm.give_up,
            message=answer.message or acknowledged_message(confirm),
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
