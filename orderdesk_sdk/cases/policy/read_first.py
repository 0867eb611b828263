"""What follows for a case whose flow reads first and is run again whole: a status change, a resubmission. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.evidence import Evidence
from orderdesk_sdk.cases.policy.deadlines import (
    DEFAULT_MANUAL_CONFIRMATION,
    RETRY_POLICY,
    after_quota,
    earliest,
    reminder_message,
)
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.errors import OrderDeskError, ValidationError
from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection

__all__ = [
    "NoResult",
    "after_answer",
    "after_connection_error",
    "after_no_result",
    "after_plugin_error",
    "after_poll",
    "escalate",
]


@frozen
class NoResult:
    """Why an attempt came to nothing.

    Args:
        retry_after: how long the service asks to be left alone; None: not at all.
        not_today: nothing is left of a daily quota; there is again after `retry_after`.
    """

    message: str | None
    hint: str | None = None
    retry_after: timedelta | None = None
    plugin_error: str | None = None
    not_today: bool = False


def after_no_result(case: Case, why: NoResult, now: datetime, *, may_exist: bool, find_out_hint: str) -> Event:
    """The event of an attempt that came to nothing: it is tried again, or a person has it.

    Args:
        may_exist: a request may have worked.
        find_out_hint: what that person does.
    """
    deadline = case.deadline or now + RETRY_POLICY.give_up_after
    due = now + RETRY_POLICY.delay(case.consecutive_failures, why.retry_after)
    if why.not_today and why.retry_after is not None:
        due, deadline = after_quota(case.deadline, why.retry_after, now)
    elif now >= deadline:
        return escalate(why, now, find_out_hint=find_out_hint)
    kind = EventKind.DEFERRED if case.state is State.PENDING else EventKind.POLL_FAILED
    if case.state is State.SENDING:
        kind = EventKind.OUTCOME_UNKNOWN if may_exist else EventKind.NOT_PROCESSED
    return Event(
        kind,
        now,
        due_at=earliest(due, deadline),
        deadline=deadline,
        message=why.message,
        hint=why.hint,
        plugin_error=why.plugin_error,
    )


def after_answer(
    case: Case,
    answer: Answer,
    evidence: Evidence | None,
    now: datetime,
    *,
    may_exist: bool,
    has_written: bool,
    find_out_hint: str,
) -> Event:
    """The event of an answer that settles nothing, or rejects it.

    Args:
        may_exist: an earlier request may have worked.
        has_written: one of this attempt may have.
    """
    # That a second request was rejected says nothing of the first: the number may be taken by our own order. Nor does a
    # rejection without a poll: what the order lacks now, it may have had then.
    if answer.outcome is Outcome.REJECTED and not (may_exist and (has_written or answer.exchange is None)):
        message = answer.message or "the service rejected the request"
        return Event(
            EventKind.REJECTED,
            now,
            rejection=answer.rejection,
            message=message,
            hint=answer.hint,
            evidence=evidence,
        )
    why = NoResult(answer.message, answer.hint, answer.retry_after)
    may_exist = may_exist or answer.outcome is not Outcome.NOT_PROCESSED
    return after_no_result(case, why, now, may_exist=may_exist, find_out_hint=find_out_hint)


def after_plugin_error(case: Case, plugin_error: str, now: datetime, *, may_exist: bool, find_out_hint: str) -> Event:
    """The event of a plugin's own error.

    Args:
        may_exist: a request may have worked.
    """
    if case.state is State.ACTION_REQUIRED:
        due = now + DEFAULT_MANUAL_CONFIRMATION.remind_after
        return _as_it_was(case, EventKind.POLL_FAILED, now, due, plugin_error=plugin_error)
    if case.consecutive_failures >= RETRY_POLICY.max_plugin_errors:
        hint = f"{find_out_hint}; report the error to the plugin's author"
        why = NoResult("The plugin failed again and again", hint, plugin_error=plugin_error)
        return escalate(why, now, find_out_hint=find_out_hint)
    why = NoResult("The plugin failed", plugin_error=plugin_error)
    return after_no_result(case, why, now, may_exist=may_exist, find_out_hint=find_out_hint)


def after_connection_error(
    case: Case, error: OrderDeskError, now: datetime, *, may_exist: bool, find_out_hint: str
) -> Event:
    """The event of a case whose request could not even be made.

    Args:
        may_exist: an earlier request may have worked.
    """
    if isinstance(error, ValidationError) and may_exist:
        return escalate(NoResult(error.message, error.hint), now, find_out_hint=find_out_hint)
    if isinstance(error, ValidationError):
        rejection = Rejection.NOT_ALLOWED
        return Event(EventKind.REJECTED, now, rejection=rejection, message=error.message, hint=error.hint)
    why = NoResult(str(error), error.hint)
    return after_no_result(case, why, now, may_exist=may_exist, find_out_hint=find_out_hint)


def escalate(why: NoResult, now: datetime, *, find_out_hint: str) -> Event:
    """The event that gives a case to a person."""
    return Event(
        EventKind.ESCALATED,
        now,
        due_at=now + DEFAULT_MANUAL_CONFIRMATION.remind_after,
        message=why.message or "the outcome is unknown",
        hint=why.hint or find_out_hint,
        plugin_error=why.plugin_error,
    )


def after_poll(case: Case, now: datetime) -> Event:
    """The event of a poll that settled nothing: all stays as it was; a person is reminded when it is time."""
    assert case.due_at is not None, "a settled case is not polled"
    if case.state is State.ACTION_REQUIRED and now >= case.due_at:
        interval = DEFAULT_MANUAL_CONFIRMATION.remind_after
        message = reminder_message(case, interval, now)
        return _as_it_was(case, EventKind.REMINDED, now, now + interval, message)
    return _as_it_was(case, EventKind.STILL_PENDING, now, case.due_at)


def _as_it_was(
    case: Case,
    kind: EventKind,
    now: datetime,
    due_at: datetime,
    message: str | None = None,
    plugin_error: str | None = None,
) -> Event:
    return Event(
        kind,
        now,
        due_at=due_at,
        message=message or case.message,
        hint=case.hint,
        plugin_error=plugin_error or case.plugin_error,
    )
