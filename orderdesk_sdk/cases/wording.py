"""Spans of time and confirmations, as people read them. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from orderdesk_sdk.plugin.routes import (
    FinalResponse,
    ManualConfirmation,
    Polling,
    Portal,
    Route,
)

__all__ = ["format_duration", "describe_confirmation"]


def describe_confirmation(route: Route) -> str:
    """What settles a case that took this route."""
    match route.confirm:
        case FinalResponse():
            return "the response is final"
        case Polling(every, give_up):
            return f"polled every {format_duration(every)}, for {format_duration(give_up)}"
        case ManualConfirmation(within):
            does = "cancels the order and confirms" if isinstance(route, Portal) else "confirms"
            return f"a person {does}, reminded after {format_duration(within)}"
        case _:
            assert_never(route.confirm)


def format_duration(duration: timedelta) -> str:
    """A duration for people: 45 s, 2 min, 24 h."""
    total = duration.total_seconds()
    for size, unit in ((3600, "h"), (60, "min")):
        if total >= size and total % size == 0:
            return f"{total / size:g} {unit}"
    return f"{total:g} s"
