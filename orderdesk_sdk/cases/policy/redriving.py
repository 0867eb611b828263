"""What follows for a case whose flow looks first and is driven again whole: a status change, a resubmission. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.policy.deadlines import RETRY_POLICY, earliest, reminder_message
from orderdesk_sdk.cases.policy.escalation import DEFAULT_MANUAL_CONFIRMATION
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.errors import OrderDeskError, ValidationError
from orderdesk_sdk.plugin.answer import Rejection

__all__ = ["after_failure", "after_look", "after_nothing", "not_begun", "to_person"]


def after_nothing(
    case: Case,
    now: datetime,
    text: str | None,
    remedy: str | None = None,
    *,
    unsure: bool,
    find_out: str,
    retry_after: timedelta | None = None,
    fault: str | None = None,
) -> Event:
    """The event of an attempt that came to nothing: it is tried again, or a person has it.

    unsure: a request may have worked. find_out: what that person does. retry_after: what the service asks for; None
    where it asks for nothing.
    """
    give_up = case.deadline or now + RETRY_POLICY.give_up_after
    if now >= give_up:
        return to_person(now, text, remedy, find_out=find_out, fault=fault)
    kind = EventKind.DEFERRED if case.state is State.PENDING else EventKind.POLL_FAILED
    if case.state is State.SENDING:
        kind = EventKind.OUTCOME_UNKNOWN if unsure else EventKind.NOT_PROCESSED
    due = earliest(now + RETRY_POLICY.delay(case.consecutive_failures, retry_after), give_up)
    return Event(kind, now, due_at=due, deadline=give_up, message=text, hint=remedy, plugin_error=fault)


def after_failure(case: Case, now: datetime, fault: str, *, unsure: bool, find_out: str) -> Event:
    """The event of a plugin's own error. unsure: a request may have worked."""
    if case.state is State.ACTION_REQUIRED:
        due = now + DEFAULT_MANUAL_CONFIRMATION.remind_after
        return Event(EventKind.POLL_FAILED, now, due_at=due, message=case.message, hint=case.hint, plugin_error=fault)
    text = "The plugin failed"
    if case.consecutive_failures >= RETRY_POLICY.max_plugin_errors:
        remedy = f"{find_out}; report the fault to the plugin's author"
        return to_person(now, f"{text} again and again", remedy, find_out=find_out, fault=fault)
    return after_nothing(case, now, text, unsure=unsure, find_out=find_out, fault=fault)


def not_begun(case: Case, error: OrderDeskError, now: datetime, *, unsure: bool, find_out: str) -> Event:
    """The event of a case that could not even be asked for. unsure: an earlier request may have worked."""
    if isinstance(error, ValidationError) and unsure:
        return to_person(now, error.message, error.hint, find_out=find_out)
    if isinstance(error, ValidationError):
        refusal = Rejection.NOT_ALLOWED
        return Event(EventKind.REJECTED, now, rejection=refusal, message=error.message, hint=error.hint)
    return after_nothing(case, now, str(error), error.hint, unsure=unsure, find_out=find_out)


def to_person(
    now: datetime, text: str | None, remedy: str | None = None, *, find_out: str, fault: str | None = None
) -> Event:
    """Give it to a person."""
    return Event(
        EventKind.ESCALATED,
        now,
        due_at=now + DEFAULT_MANUAL_CONFIRMATION.remind_after,
        message=text or "The outcome of the request is unknown",
        hint=remedy or find_out,
        plugin_error=fault,
    )


def after_look(case: Case, now: datetime) -> Event:
    """The event of a look that settled nothing: all stays as it was; a person is reminded when it is time."""
    assert case.due_at is not None, "a settled case is not looked at"
    if case.state is State.ACTION_REQUIRED and now >= case.due_at:
        within = DEFAULT_MANUAL_CONFIRMATION.remind_after
        told = reminder_message(case.message, case.action_required_since or case.updated_at, within, now)
        return Event(
            EventKind.REMINDED, now, due_at=now + within, message=told, hint=case.hint, plugin_error=case.plugin_error
        )
    due, text, fault = case.due_at, case.message, case.plugin_error
    return Event(EventKind.STILL_PENDING, now, due_at=due, message=text, hint=case.hint, plugin_error=fault)
