"""Patience: how long things are repeated, and how long the pauses between are, for whatever is asked of a service.

Pure.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from attrs import Factory, frozen

from orderdesk_sdk.clock import hours, minutes, seconds

__all__ = [
    "RETRY_POLICY",
    "ACKNOWLEDGED_MESSAGE",
    "FIRST_POLL_DELAY",
    "RetryPolicy",
    "earliest",
    "deadline_message",
    "reminder_message",
]

_REMINDER_SUFFIX = re.compile(r" \(reminder ([0-9]{1,6}): [^()]*\)\Z")


@frozen
class RetryPolicy:
    """How something is tried again: a cancel, a status change, a resubmission.

    first: the pause after the first try; each later one is `factor` times as long, up to `max_delay`.
    give_up: how long it is tried before a person gets it, from the first try that came to nothing.
    faults: errors of the plugin's own after which a person gets it. resends: how often a request of unknown fate may be
    sent again, where that is allowed at all.
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
"""The one policy of the house."""
FIRST_POLL_DELAY = seconds(5)
"""How soon a request of unknown fate is polled."""
ACKNOWLEDGED_MESSAGE = "The service acknowledged the request; polling for its decision"


def earliest(moment: datetime, limit: datetime | None) -> datetime:
    """The earlier of two moments; `limit` None means no limit."""
    return min(moment, limit) if limit is not None else moment


def deadline_message(message: str | None) -> str:
    """What a person is told where a service has not decided in time: its last words too, which may be the reason."""
    last = f"; last answer: {message}" if message and message != ACKNOWLEDGED_MESSAGE else ""
    return f"The service has not decided in time{last}"


def reminder_message(text: str | None, since: datetime, remind_after: timedelta, now: datetime) -> str:
    """What a person is told who has not answered: how often by now, and how long the word is overdue.

    since: when the person was given it. remind_after: how long they have for it.
    """
    earlier = _REMINDER_SUFFIX.search(text or "")
    said = (text or "")[: earlier.start()] if earlier else text or "Action required"
    count = int(earlier[1]) + 1 if earlier else 1
    late = (now - since - remind_after) // hours(1)
    return f"{said} (reminder {count}: {f'{late} h overdue' if late > 0 else 'due now'})"
