"""Whether a route is open now, and when the next one opens. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from attrs import frozen

from orderdesk_sdk.cases.wording import format_duration
from orderdesk_sdk.clock import MAX_CLOCK_SKEW
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.routes import (
    Always,
    Route,
    WhileStatus,
    Window,
    WithinTime,
    normalize_status,
)

__all__ = ["WindowState", "window_state", "next_open_route"]


@frozen
class WindowState:
    """Whether a window is open.

    Args:
        closes_at: the moment it closes, where a clock closes it; else None.
        closes_on: the word for what closes it; None where nothing but the service's answer does.
        closed_reason: None while it is open.
    """

    is_open: bool
    closes_at: datetime | None = None
    closes_on: str | None = None
    closed_reason: str | None = None


def window_state(window: Window, remote_order: RemoteOrder, now: datetime) -> WindowState:
    """Whether a window is open for a remote order at a moment."""
    match window:
        case Always():
            return WindowState(is_open=True)
        case WithinTime(within):
            if (
                remote_order.submitted_at > now + MAX_CLOCK_SKEW
            ):  # A host of its own said so; `desk.orders.register` refuses it.
                at = remote_order.submitted_at
                return WindowState(
                    is_open=False, closed_reason=f"the order was registered as submitted at {at:%Y-%m-%d %H:%M} UTC"
                )
            until = remote_order.submitted_at + within
            if now < until:
                return WindowState(is_open=True, closes_at=until)
            return WindowState(
                is_open=False, closes_at=until, closed_reason=f"closed {format_duration(within)} after the submission"
            )
        case WhileStatus(statuses, until_word):
            if remote_order.status is None or normalize_status(remote_order.status) in statuses:
                return WindowState(is_open=True, closes_on=until_word)
            return WindowState(
                is_open=False, closes_on=until_word, closed_reason=f"the service says {remote_order.status!r}"
            )
        case _:
            assert_never(window)


def next_open_route(routes: Sequence[Route], remote_order: RemoteOrder, now: datetime, start: int = 0) -> int | None:
    """The index of the first open route at or after `start`; None when every one is closed."""
    for index in range(start, len(routes)):
        if window_state(routes[index].window, remote_order, now).is_open:
            return index
    return None
