"""When a case is due again: retries, polls, reminders, windows and deadlines. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import Factory, frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.windows import window_state
from orderdesk_sdk.cases.wording import days_or_duration
from orderdesk_sdk.clock import hours, minutes, seconds
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import FinalResponse, ManualConfirmation, Polling

__all__ = [
    "ACKNOWLEDGED_MESSAGE",
    "acknowledged_message",
    "still_pending_message",
    "DEFAULT_MANUAL_CONFIRMATION",
    "DEFAULT_POLLING",
    "FIRST_POLL_DELAY",
    "RETRY_POLICY",
    "after_quota",
    "RetryPolicy",
    "confirmation_of",
    "deadline_message",
    "declared_polling",
    "earliest",
    "is_polled_while_escalated",
    "is_window_open",
    "next_due_while_escalated",
    "poll_interval",
    "reminder_interval",
    "reminder_message",
    "window_closes_at",
]


@frozen
class RetryPolicy:
    """How something is tried again: a cancel, a status change, a resubmission.

    Args:
        first_delay: the pause after the first try; each later one is `factor` times as long, up to `max_delay`.
        give_up_after: how long it is tried before a person gets it, from the first try that came to nothing.
        max_plugin_errors: errors of the plugin's own after which a person gets it.
        max_retries: how often a request of unknown fate may be sent again, where that is allowed at all.
    """

    first_delay: timedelta = Factory(lambda: seconds(15))
    factor: int = 2
    max_delay: timedelta = Factory(lambda: minutes(10))
    give_up_after: timedelta = Factory(lambda: hours(24))
    max_plugin_errors: int = 3
    max_retries: int = 3

    def delay(self, failures: int, retry_after: timedelta | None = None) -> timedelta:
        """The pause after so many tries that came to nothing.

        `retry_after` is what the service demands, None if nothing.

        What a service demands is bounded by `give_up_after`: a date in a hundred years would be a silent wait.
        """
        if retry_after is not None and retry_after > timedelta(0):
            return min(retry_after, self.give_up_after)
        # Capped before it is multiplied: what was turned away for a month must not overflow a timedelta.
        return min(self.first_delay * int(self.factor ** min(failures, 10)), self.max_delay)


RETRY_POLICY = RetryPolicy()
"""The one policy of every kind of case."""
FIRST_POLL_DELAY = seconds(5)
"""How soon a request of unknown fate is polled."""
DEFAULT_MANUAL_CONFIRMATION = ManualConfirmation()
DEFAULT_POLLING = Polling(every=minutes(2), give_up=hours(24))
"""How what was heard is polled where the integration declares no poll of its own."""
_ACKNOWLEDGED, _NOT_DECIDED = "The service acknowledged the request", "The service has not decided yet"
ACKNOWLEDGED_MESSAGE = f"{_ACKNOWLEDGED}; polling for its decision"


def after_quota(deadline: datetime | None, waits: timedelta, now: datetime) -> tuple[datetime, datetime]:
    """When a call is made for which nothing is left of a daily quota, and until when it is tried.

    A quota opens by itself: the day that passes until then is none of the retry policy's.
    """
    opens_at = now + waits
    return opens_at, max(deadline or opens_at, opens_at + RETRY_POLICY.give_up_after)


def earliest(moment: datetime, limit: datetime | None) -> datetime:
    """The earlier of two moments; `limit` None means no limit."""
    return min(moment, limit) if limit is not None else moment


def deadline_message(message: str | None) -> str:
    """What a person is told where a service has not decided in time: its last words too, which may be the reason."""
    last = f"; last answer: {message}" if message and not message.startswith((_ACKNOWLEDGED, _NOT_DECIDED)) else ""
    return f"The service has not decided in time{last}"


def reminder_message(case: Case, remind_after: timedelta, now: datetime) -> str:
    """What a person is told who has not answered: how often by now, and how long the word is overdue.

    Args:
        remind_after: how long they have for it.
    """
    text = case.message or "Action required"
    task, earlier, _ = text.rpartition(f" (reminder {case.reminders}: ")
    late = (now - (case.action_required_since or case.updated_at) - remind_after) // hours(1)
    how_late = f"{late} h overdue" if late > 0 else "due now"
    return f"{task if earlier else text} (reminder {case.reminders + 1}: {how_late})"


def confirmation_of(case: CancelCase, integration: Integration) -> FinalResponse | Polling | ManualConfirmation:
    """What proves a case by its present route."""
    return (
        integration.cancel[case.route].confirm if case.route < len(integration.cancel) else DEFAULT_MANUAL_CONFIRMATION
    )


def reminder_interval(case: CancelCase, integration: Integration) -> timedelta:
    """How long a person has for a case before they are reminded."""
    confirm = confirmation_of(case, integration)
    return confirm.remind_after if isinstance(confirm, ManualConfirmation) else DEFAULT_MANUAL_CONFIRMATION.remind_after


def poll_interval(case: CancelCase, integration: Integration, now: datetime) -> timedelta:
    """The pause between two polls of a case; it grows with the time since the request where that is declared."""
    confirm = confirmation_of(case, integration)
    polling = confirm if isinstance(confirm, Polling) else DEFAULT_POLLING
    return polling.pause(now - case.last_sent_at if case.last_sent_at is not None else polling.every)


def acknowledged_message(polling: Polling) -> str:
    """What is said of a request that the service acknowledged, and how long it normally takes."""
    if polling.usually_within is None:
        return ACKNOWLEDGED_MESSAGE
    return f"{_ACKNOWLEDGED}; it normally decides within {days_or_duration(polling.usually_within)}"


def still_pending_message(case: CancelCase, integration: Integration, now: datetime) -> str | None:
    """What is said of a service that has not decided and normally takes long; None of any other."""
    confirm = confirmation_of(case, integration)
    usual = confirm.usually_within if isinstance(confirm, Polling) else None
    if usual is None or case.last_sent_at is None:
        return None
    if now - case.last_sent_at <= usual:
        return f"{_NOT_DECIDED}; it normally does within {days_or_duration(usual)}"
    return f"{_NOT_DECIDED}, which it normally does within {days_or_duration(usual)}: it takes longer than usual"


def declared_polling(integration: Integration) -> Polling:
    """How this integration is polled by its declaration."""
    declared = (route.confirm for route in integration.cancel if isinstance(route.confirm, Polling))
    return next(declared, DEFAULT_POLLING)


def next_due_while_escalated(case: CancelCase, now: datetime, every: timedelta, remind_after: timedelta) -> datetime:
    """When a case that a person has is due again: at the reminder, or before where it is polled meanwhile."""
    if case.remind_at is None or now >= case.remind_at:
        return now + remind_after
    return min(now + every, case.remind_at) if is_polled_while_escalated(case, now) else case.remind_at


def is_polled_while_escalated(case: CancelCase, now: datetime) -> bool:
    return case.remind_at is not None and case.deadline is not None and now < case.deadline


def is_window_open(case: CancelCase, integration: Integration, remote_order: RemoteOrder, now: datetime) -> bool:
    """Whether the present route may still be taken."""
    return (
        case.route < len(integration.cancel)
        and window_state(integration.cancel[case.route].window, remote_order, now).is_open
    )


def window_closes_at(
    case: CancelCase, integration: Integration, remote_order: RemoteOrder, now: datetime
) -> datetime | None:
    """When the present route's window closes by the clock; None where no clock closes it."""
    if case.route >= len(integration.cancel):
        return None
    return window_state(integration.cancel[case.route].window, remote_order, now).closes_at
