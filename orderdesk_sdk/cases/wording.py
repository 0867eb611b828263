"""Spans of time and confirmations, as people read them. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from orderdesk_sdk.plugin.routes import (
    ByCheck,
    ByPerson,
    ByReply,
    Portal,
    Route,
)

__all__ = ["span", "proof_in_words"]


def proof_in_words(route: Route) -> str:
    """What settles a case that took this route."""
    match route.confirm:
        case ByReply():
            return "the reply is final"
        case ByCheck(every, give_up):
            return f"read back every {span(every)}, for {span(give_up)}"
        case ByPerson(within):
            does = "does it and confirms" if isinstance(route, Portal) else "confirms"
            return f"a person {does}, reminded after {span(within)}"
        case _:
            assert_never(route.confirm)


def span(duration: timedelta) -> str:
    """A duration for people: 45 s, 2 min, 24 h."""
    total = duration.total_seconds()
    for size, unit in ((3600, "h"), (60, "min")):
        if total >= size and total % size == 0:
            return f"{total / size:g} {unit}"
    return f"{total:g} s"
