"""Patience: how long things are repeated, and how long the pauses between are. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from orderdesk_sdk.case import Case
from orderdesk_sdk.clock import hours, minutes, seconds

__all__ = ["LONGEST_RETRY", "PATIENCE", "backoff", "no_later", "wait_for"]

FIRST_RETRY = seconds(15)
LONGEST_RETRY = minutes(10)
PATIENCE = hours(24)
"""How long a request that the service keeps turning away is repeated before a person gets it."""


def backoff(case: Case) -> timedelta:
    """The pause before a case is tried again: longer each time, up to LONGEST_RETRY."""
    # Capped before it is multiplied: a case that was turned away for a month must not overflow a timedelta.
    return min(FIRST_RETRY * (1 << min(case.tries, 10)), LONGEST_RETRY)


def wait_for(case: Case, asked: timedelta | None) -> timedelta:
    """The pause that the service asks for, within PATIENCE; else the case's own. None: it asks for none."""
    # What a service asks for is bounded too: a date in a hundred years would be a silent wait.
    return min(asked, PATIENCE) if asked is not None and asked > timedelta(0) else backoff(case)


def no_later(due: datetime, limit: datetime | None) -> datetime:
    """The earlier of two moments; `limit` None means no limit."""
    return min(due, limit) if limit is not None else due
