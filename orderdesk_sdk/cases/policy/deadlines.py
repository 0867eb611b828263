"""Patience: how long things are repeated, and how long the pauses between are, for whatever is asked of a service.

Pure.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from attrs import Factory, frozen

from orderdesk_sdk.clock import hours, minutes, seconds

__all__ = ["PATIENCE", "TOOK_NOTE", "SOON", "RetryPolicy", "no_later", "not_in_time", "reminded"]

_REMINDED = re.compile(r" \(reminder ([0-9]{1,6}): [^()]*\)\Z")


@frozen
class RetryPolicy:
    """How something is tried again: a cancel, a status change, a resubmission.

    first: the pause after the first try; each later one is `factor` times as long, up to `longest`.
    give_up: how long it is tried before a person gets it, from the first try that came to nothing.
    faults: errors of the plugin's own after which a person gets it. resends: how often a request of unknown fate may be
    sent again, where that is allowed at all.
    """

    first: timedelta = Factory(lambda: seconds(15))
    factor: int = 2
    longest: timedelta = Factory(lambda: minutes(10))
    give_up: timedelta = Factory(lambda: hours(24))
    faults: int = 3
    resends: int = 3

    def pause(self, tries: int, asked: timedelta | None = None) -> timedelta:
        """The pause after so many tries that came to nothing; `asked` is what the service demands, None if nothing.

        What a service demands is bounded by `give_up`: a date in a hundred years would be a silent wait.
        """
        if asked is not None and asked > timedelta(0):
            return min(asked, self.give_up)
        # Capped before it is multiplied: what was turned away for a month must not overflow a timedelta.
        return min(self.first * int(self.factor ** min(tries, 10)), self.longest)


PATIENCE = RetryPolicy()
"""The one policy of the house."""
SOON = seconds(5)
"""How soon a request of unknown fate is read back."""
TOOK_NOTE = "the service took note; it is read back until it decides"


def no_later(due: datetime, limit: datetime | None) -> datetime:
    """The earlier of two moments; `limit` None means no limit."""
    return min(due, limit) if limit is not None else due


def not_in_time(text: str | None) -> str:
    """What a person is told where a service has not decided in time: its last words too, which may be the reason."""
    return f"the service has not decided in time{f'; last of all: {text}' if text and text != TOOK_NOTE else ''}"


def reminded(text: str | None, since: datetime, within: timedelta, now: datetime) -> str:
    """What a person is told who has not answered: how often by now, and how long the word is overdue.

    since: when the person was given it. within: how long they have for it.
    """
    earlier = _REMINDED.search(text or "")
    said = (text or "")[: earlier.start()] if earlier else text or "a person has it"
    count = int(earlier[1]) + 1 if earlier else 1
    late = (now - since - within) // hours(1)
    return f"{said} (reminder {count}: {f'{late} h overdue' if late > 0 else 'due now'})"
