"""Whether a route is open now, and when the next one opens. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from attrs import frozen

from orderdesk_sdk.cases.wording import span
from orderdesk_sdk.clock import CLOCKS_DIFFER
from orderdesk_sdk.orders.order import Placement
from orderdesk_sdk.plugin.routes import (
    Always,
    Route,
    SinceSubmission,
    WhileStatus,
    Window,
    fold,
)

__all__ = ["Opening", "opening", "next_open"]


@frozen
class Opening:
    """Whether a window is open.

    until: the moment it closes, where a clock closes it; else None. closes_on: the word for what closes it; None
    where nothing but the service's answer does. why_closed: None while it is open.
    """

    open: bool
    until: datetime | None = None
    closes_on: str | None = None
    why_closed: str | None = None


def opening(window: Window, placement: Placement, now: datetime) -> Opening:
    """Whether a window is open for a placement at a moment."""
    match window:
        case Always():
            return Opening(open=True)
        case SinceSubmission(within):
            if placement.submitted_at > now + CLOCKS_DIFFER:  # A host of its own said so; `Desk.place` refuses it.
                at = placement.submitted_at
                return Opening(open=False, why_closed=f"it is said to have been submitted at {at:%Y-%m-%d %H:%M} UTC")
            until = placement.submitted_at + within
            if now < until:
                return Opening(open=True, until=until)
            return Opening(open=False, until=until, why_closed=f"closed {span(within)} after it was submitted")
        case WhileStatus(statuses, until_word):
            if placement.status is None or fold(placement.status) in statuses:
                return Opening(open=True, closes_on=until_word)
            return Opening(open=False, closes_on=until_word, why_closed=f"the service says {placement.status!r}")
        case _:
            assert_never(window)


def next_open(ladder: Sequence[Route], placement: Placement, now: datetime, start: int = 0) -> int | None:
    """The index of the first open route at or after `start`; None when every one is closed."""
    for index in range(start, len(ladder)):
        if opening(ladder[index].window, placement, now).open:
            return index
    return None
