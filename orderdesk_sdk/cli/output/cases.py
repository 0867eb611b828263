"""Resubmissions and status changes, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderdesk_sdk.cases.errand import Errand, ErrandState
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.status_change import StatusChange

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = [
    "errand_lines",
    "resubmission_lines",
    "status_change_lines",
]


def errand_lines(screen: Screen, found: Resubmission | StatusChange) -> None:
    """An errand in two lines."""
    match found:
        case Resubmission():
            resubmission_lines(screen, found)
        case StatusChange():
            status_change_lines(screen, found)


def resubmission_lines(screen: Screen, found: Resubmission) -> None:
    """A resubmission in two lines."""
    there = f"number {found.remote_id} at {found.connection}"
    _lines(screen, found, f"Resubmitted as order {found.order_number}, {there}", "submitted")


def status_change_lines(screen: Screen, found: StatusChange) -> None:
    """A status change in two lines."""
    who = f"asked by {found.asked_by}"
    _lines(screen, found, f"Status at {found.connection}, number {found.remote_id}: {found.status}, {who}", "set")


def _lines(screen: Screen, found: Errand, head: str, done: str) -> None:
    is_done = found.state is ErrandState.DONE
    where = f" ({found.id})" if found.is_open else ""
    screen.line(f"{head}: {done if is_done else found.state.value}{where}", "green" if is_done else "yellow")
    said = "; ".join(word for word in (found.text, found.fault, found.remedy) if word)
    if said:
        screen.indented(said)
