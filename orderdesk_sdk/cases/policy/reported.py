"""What follows a poll of a cancellation that was reported, and of one that is settled. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.cases.policy.deadlines import RETRY_POLICY, earliest
from orderdesk_sdk.cases.policy.events import cancellation_event, evidence_from_poll
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.clock import hours
from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection
from orderdesk_sdk.plugin.routes import Polling

__all__ = ["REPORTED_ESCALATION_INTERVAL", "STOP_SHIPMENT_HINT", "after_reported_cancellation", "after_settled_poll"]

REPORTED_ESCALATION_INTERVAL = hours(4)
"""How long a person has to find out what the service would not say."""
STOP_SHIPMENT_HINT = "stop the parcel at the service or the carrier, and tell the customer"
"""What to do where an order ships that was canceled."""
_CONTRADICTING_REJECTIONS = (Rejection.SHIPPED, Rejection.TOO_LATE)
"""What contradicts that it was canceled. Everything else may lag behind: messages often come first."""


def after_reported_cancellation(
    case: CancelCase, answer: Answer, now: datetime, reminder_interval: timedelta, polling: Polling
) -> Event:
    """What a poll makes of a case whose service was heard to have canceled: only the poll is evidence.

    Args:
        reminder_interval: how long a person who has the case is left alone.
        polling: how often it is read, and how long at most, until the service says what was heard; then a person has
            it.
    """
    match answer.outcome:
        case Outcome.CANCELED | Outcome.PARTIALLY_CANCELED:
            return cancellation_event(answer, evidence_from_poll(case, answer), now)
        case Outcome.REJECTED if answer.rejection in _CONTRADICTING_REJECTIONS:
            return Event(
                EventKind.WITHDRAWN,
                now,
                message=_contradiction_message(answer),
                hint=f"the order goes on there; `orderdesk cancel {case.order_number} --at {case.connection}` requests"
                " its cancellation",
                service_status=answer.status,
            )
        case Outcome.ACKNOWLEDGED | Outcome.PENDING | Outcome.REJECTED:
            return _not_shown_yet(case, answer, now, reminder_interval, polling)
        case Outcome.NOT_PROCESSED | Outcome.UNKNOWN | Outcome.CHANGED:
            return _not_told(case, answer, now, reminder_interval, polling)


def _not_shown_yet(
    case: CancelCase, answer: Answer, now: datetime, reminder_interval: timedelta, polling: Polling
) -> Event:
    """The service shows something else than what was reported; messages may come first."""
    give_up = case.deadline or now + polling.give_up
    pending = Event(EventKind.STILL_PENDING, now, service_status=answer.status)
    if case.state is State.ACTION_REQUIRED:
        return evolve(pending, due_at=now + reminder_interval, message=case.message, hint=case.hint)
    if now < give_up:
        text = "Reported as canceled; the service does not show the cancellation yet"
        return evolve(pending, due_at=earliest(now + polling.every, give_up), deadline=give_up, message=text)
    return Event(
        EventKind.ESCALATED,
        now,
        due_at=now + REPORTED_ESCALATION_INTERVAL,
        message=_contradiction_message(answer),
        hint="find out at the service which is true, then confirm or reject this case",
        service_status=answer.status,
    )


def _not_told(case: CancelCase, answer: Answer, now: datetime, reminder_interval: timedelta, polling: Polling) -> Event:
    """The poll of a reported cancellation gave no usable status."""
    give_up = case.deadline or now + polling.give_up
    if case.state is State.ACTION_REQUIRED:
        due = now + reminder_interval
        return Event(EventKind.POLL_FAILED, now, due_at=due, message=case.message, hint=case.hint)
    if now >= give_up:
        text = "The service does not say whether the order is canceled"
        hint = "find out at the service, then confirm or reject this case"
        return Event(EventKind.ESCALATED, now, due_at=now + REPORTED_ESCALATION_INTERVAL, message=text, hint=hint)
    due = min(now + RETRY_POLICY.delay(case.consecutive_failures, answer.retry_after), give_up)
    text = answer.message or "Polling gave no usable status"
    return Event(EventKind.POLL_FAILED, now, due_at=due, deadline=give_up, message=text, hint=answer.hint)


def _contradiction_message(answer: Answer) -> str:
    text = "Reported as canceled, but the service says otherwise"
    return f"{text}: {answer.message}" if answer.message else text


def after_settled_poll(case: CancelCase, answer: Answer, now: datetime) -> Event:
    """A poll of a canceled order: it raises the alarm, or changes nothing.

    A poll without a usable status counts as a failure, which tells its caller that the status is not known.
    """
    if answer.outcome is Outcome.REJECTED and answer.rejection in _CONTRADICTING_REJECTIONS:
        return Event(
            EventKind.SHIPPED,
            now,
            service_status=answer.status,
            message="The order shipped although it had been canceled",
            hint=STOP_SHIPMENT_HINT,
            evidence=evidence_from_poll(case, answer),
        )
    if answer.outcome in (Outcome.NOT_PROCESSED, Outcome.UNKNOWN, Outcome.CHANGED):
        return Event(EventKind.POLL_FAILED, now, message=answer.message or "Polling gave no usable status")
    was_read = case.evidence is not None and case.evidence.kind in (
        EvidenceKind.POLLED_STATUS,
        EvidenceKind.LINE_QUANTITIES,
    )
    if was_read and answer.outcome in (Outcome.ACKNOWLEDGED, Outcome.PENDING):
        return Event(
            EventKind.SHIPPED,
            now,
            service_status=answer.status,
            message="The order is active again at the service, although its status was canceled before",
            hint="find out at the service who reactivated the order, and stop it before it ships",
            evidence=evidence_from_poll(case, answer),
        )
    return Event(
        EventKind.STILL_PENDING, now, message="Polled again: the order is still canceled", service_status=answer.status
    )
