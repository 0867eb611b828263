"""What follows when something fails: a call, a mail, a plugin, or the connection as a whole. Pure.

What a failure proves decides: what provably did nothing is tried again, what may have worked is polled first, and what
neither helps goes to a person.
"""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.eligibility import UnreadEligibility
from orderdesk_sdk.cases.exchange import Certainty, TransportLoss
from orderdesk_sdk.cases.policy.deadlines import (
    DEFAULT_MANUAL_CONFIRMATION,
    FIRST_POLL_DELAY,
    RETRY_POLICY,
    after_quota,
    earliest,
    next_due_while_escalated,
    reminder_interval,
    window_closes_at,
)
from orderdesk_sdk.cases.policy.events import escalate, not_processed, outcome_unknown
from orderdesk_sdk.cases.policy.withdrawal import awaits_undo, is_withdrawing, unfinished_withdrawal
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.errors import OrderDeskError, PluginError, UnconnectedServiceError
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.integration import Integration

__all__ = [
    "FIND_OUT_HINT",
    "after_email_loss",
    "after_loss",
    "after_plugin_error",
    "on_connection_error",
    "on_unread_reasons",
    "retry_later",
]

FIND_OUT_HINT = (
    "find out at the service what the first request did; then confirm or reject this case and cancel what is left"
)

READ_AGAIN_HINT = "the service is asked again by itself; what it says now: `orderdesk eligibility ORDER`"


def after_loss(case: CancelCase, integration: Integration, loss: TransportLoss, now: datetime) -> Event:
    """The event that a lost call makes of a case that is sending."""
    if loss.request_changed:
        return escalate(case, now, loss.message, FIND_OUT_HINT)
    match loss.certainty:
        case Certainty.NOT_SENT | Certainty.NOT_PROCESSED if loss.withheld:
            # At once: the case sees what has changed, and no time of the retry policy is spent.
            return Event(EventKind.NOT_PROCESSED, now, due_at=now, message=loss.message)
        case Certainty.NOT_SENT | Certainty.NOT_PROCESSED if loss.not_today and loss.retry_after is not None:
            opens_at, give_up = after_quota(case.deadline, loss.retry_after, now)
            return Event(EventKind.NOT_PROCESSED, now, due_at=opens_at, deadline=give_up, message=loss.message)
        case Certainty.NOT_SENT | Certainty.NOT_PROCESSED:
            return not_processed(case, loss.message, None, loss.retry_after, now)
        case Certainty.UNKNOWN:
            event = outcome_unknown(case, integration, loss.message, now, idempotent=loss.idempotent)
            waits = max(FIRST_POLL_DELAY, min(loss.retry_after or FIRST_POLL_DELAY, RETRY_POLICY.give_up_after))
            return evolve(event, due_at=earliest(now + waits, event.deadline))


def after_plugin_error(
    case: CancelCase, integration: Integration | None, plugin_error: str, now: datetime, *, may_have_sent: bool
) -> Event:
    """The event that a plugin's own error makes of a case.

    Args:
        may_have_sent: whether a request that may have acted had left before.
    """
    if case.state is State.SENDING and may_have_sent and integration is not None:
        return outcome_unknown(
            case, integration, "The plugin failed after a request had been sent", now, plugin_error=plugin_error
        )
    if is_withdrawing(case) and case.state is State.PENDING:
        return unfinished_withdrawal(case, "The plugin failed", now, plugin_error)
    if case.state is State.ACTION_REQUIRED:
        return _plugin_error_while_escalated(case, integration, plugin_error, now)
    retried = case.state in (State.REPORTED, State.ACKNOWLEDGED, State.UNKNOWN)
    if case.state is State.CANCELED or (retried and case.consecutive_failures < RETRY_POLICY.max_plugin_errors):
        return Event(
            EventKind.POLL_FAILED,
            now,
            due_at=now + RETRY_POLICY.delay(case.consecutive_failures),
            message="The plugin failed",
            plugin_error=plugin_error,
        )
    if case.is_reported:
        return evolve(
            escalate(case, now, "The plugin failed; a person must find out the order's status"),
            plugin_error=plugin_error,
        )
    return Event(
        EventKind.ESCALATED,
        now,
        due_at=now + DEFAULT_MANUAL_CONFIRMATION.remind_after,
        message="The plugin failed; a person must cancel the order at the service",
        hint="cancel the order at the service by hand, then confirm or reject this case;"
        " report the error to the plugin's author",
        plugin_error=plugin_error,
    )


def _plugin_error_while_escalated(
    case: CancelCase, integration: Integration | None, plugin_error: str, now: datetime
) -> Event:
    waits = DEFAULT_MANUAL_CONFIRMATION.remind_after
    if integration is not None:
        waits = reminder_interval(case, integration)
    return Event(
        EventKind.POLL_FAILED,
        now,
        due_at=next_due_while_escalated(case, now, waits, waits),
        message=case.message,
        hint=case.hint,
        plugin_error=plugin_error,
    )


def retry_later(case: CancelCase, message: str, now: datetime, hint: str | None = None) -> Event:
    """What becomes of a case whose request provably did not go out."""
    return not_processed(case, message, hint, None, now)


def after_email_loss(case: CancelCase, message: str, message_id: str, now: datetime) -> Event:
    """What becomes of a case whose mail may have gone out: a person looks, nothing is sent again unawares."""
    hint = (
        f"look for the e-mail with Message-ID {message_id}; if it never arrived, send it again with `orderdesk retry`"
    )
    return escalate(case, now, message, hint)


def on_connection_error(case: CancelCase, error: OrderDeskError, now: datetime) -> Event:
    """What becomes of a case whose connection cannot be used: not configured, misconfigured, or a broken plugin.

    Nothing is sent, so until the deadline the case tries again, in case it is repaired. A requested case
    of a broken plugin, or of a service that no connection stands for, goes to a person at once: every minute counts,
    and neither is repaired in one.
    """
    fault = str(error) if isinstance(error, PluginError) else None
    text = "The plugin cannot be used" if fault else str(error)
    give_up = case.deadline or now + RETRY_POLICY.give_up_after
    kind = {
        State.PENDING: None if fault or isinstance(error, UnconnectedServiceError) else EventKind.DEFERRED,
        State.REPORTED: EventKind.POLL_FAILED,
        State.ACKNOWLEDGED: EventKind.POLL_FAILED,
        State.UNKNOWN: EventKind.POLL_FAILED,
        State.ACTION_REQUIRED: EventKind.REMINDED,
        State.CANCELED: EventKind.POLL_FAILED,
    }.get(case.state)
    if kind is None or (now >= give_up and case.state not in (State.ACTION_REQUIRED, State.CANCELED)):
        if is_withdrawing(case):
            return unfinished_withdrawal(case, text, now, fault)
        must = "find out the order's status" if case.is_reported else "cancel the order at the service"
        return escalate(case, now, f"{text}; a person must {must}", None, fault)
    waits = DEFAULT_MANUAL_CONFIRMATION.remind_after if kind is EventKind.REMINDED else RETRY_POLICY.max_delay
    told = (case.message, case.hint) if awaits_undo(case) else (text, error.hint)  # What must be undone is the task.
    return Event(kind, now, due_at=now + waits, deadline=give_up, message=told[0], hint=told[1], plugin_error=fault)


def on_unread_reasons(
    case: CancelCase, integration: Integration, remote_order: RemoteOrder, unread: UnreadEligibility, now: datetime
) -> Event:
    """What becomes of a pending case whose service does not say which reasons it takes for the order.

    Nothing was sent: the service is asked again when it wants to be, before the route's window closes, until the next
    route or a person is next.
    """
    if unread.not_today and unread.retry_after is not None:
        tried_at, deadline = after_quota(case.deadline, unread.retry_after, now)
    else:
        # No failure of a request is counted here, so the pause grows with the time that has passed.
        grown = min(RETRY_POLICY.max_delay, max(RETRY_POLICY.first_delay, (now - case.created_at) / 2))
        pause = grown if unread.retry_after is None else RETRY_POLICY.delay(0, unread.retry_after)
        tried_at, deadline = now + pause, case.deadline or now + RETRY_POLICY.give_up_after
    return Event(
        EventKind.DEFERRED,
        now,
        due_at=earliest(min(tried_at, deadline), window_closes_at(case, integration, remote_order, now)),
        deadline=deadline,
        message=unread.message,
        hint=unread.hint or READ_AGAIN_HINT,
    )
