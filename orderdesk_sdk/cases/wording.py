"""Spans of time and confirmations, as people read them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import assert_never

from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.routes import (
    FinalResponse,
    ManualConfirmation,
    Polling,
    Portal,
    Route,
)

__all__ = [
    "NO_SUBMISSION",
    "days_or_duration",
    "describe_confirmation",
    "describe_prior_steps",
    "format_duration",
    "rounded_duration",
]

NO_SUBMISSION = "the order as it was submitted is not known here, so it is sent as it is now"
"""What plan and history say where a button needs the order as it was submitted, and the order store has it not."""


def describe_confirmation(route: Route) -> str:
    """What settles a case that took this route."""
    match route.confirm:
        case FinalResponse():
            return "the response is final"
        case Polling(every, give_up, usually_within, slowest):
            later = f", later every {days_or_duration(slowest)}" if slowest is not None and slowest > every else ""
            usual = "" if usually_within is None else f"; normally decided within {days_or_duration(usually_within)}"
            lasts = format_duration(give_up) if not (later or usual) else days_or_duration(give_up)
            return f"polled every {format_duration(every)}{later}, for {lasts}{usual}"
        case ManualConfirmation(within):
            does = "cancels the order and confirms" if isinstance(route, Portal) else "confirms"
            return f"a person {does}, reminded after {format_duration(within)}"
        case _:
            assert_never(route.confirm)


def describe_prior_steps(steps: Sequence[PriorStep]) -> str:
    """What is done before a cancel: "void the labels (cannot be undone)"; "" for nothing."""
    return ", then ".join(
        f"{step.name} (undone if withdrawn)" if step.is_reversible else f"{step.name} (cannot be undone)"
        for step in steps
    )


def days_or_duration(duration: timedelta) -> str:
    """A duration for people that may be long: 30 days, 36 h."""
    days = duration / timedelta(days=1)
    return f"{days:g} days" if days >= 2 and days.is_integer() else format_duration(duration)


def format_duration(duration: timedelta) -> str:
    """A duration for people: 45 s, 2 min, 24 h."""
    total = duration.total_seconds()
    for size, unit in ((3600, "h"), (60, "min")):
        if total >= size and total % size == 0:
            return f"{total / size:g} {unit}"
    return f"{total:g} s"


def rounded_duration(duration: timedelta) -> str:
    """A duration for people, in its two largest units: `1 min 50 s`, `3 h 5 min`, `2 d 4 h`."""
    left = max(0, round(duration.total_seconds()))
    parts: list[str] = []
    days = ((86_400, "d"),) if left >= 172_800 else ()  # "24 h" is what people say of a day's time.
    for size, unit in (*days, (3_600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}")
    return " ".join(part for part in parts[:2] if not part.startswith("0 ")) or "0 s"
