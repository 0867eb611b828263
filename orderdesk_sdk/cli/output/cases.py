"""Resubmissions and status changes, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderdesk_sdk.cases.errand import Errand, ErrandState
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.status_change import StatusChange

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = [
    "show_other_case",
    "show_resubmission",
    "show_status_change",
]


def show_other_case(screen: Screen, case: Resubmission | StatusChange) -> None:
    """A case in two lines."""
    match case:
        case Resubmission():
            show_resubmission(screen, case)
        case StatusChange():
            show_status_change(screen, case)


def show_resubmission(screen: Screen, resubmission: Resubmission) -> None:
    """A resubmission in two lines."""
    there = f"number {resubmission.remote_id} at {resubmission.connection}"
    _show_lines(screen, resubmission, f"Resubmitted as order {resubmission.order_number}, {there}", "submitted")


def show_status_change(screen: Screen, change: StatusChange) -> None:
    """A status change in two lines."""
    who = f"asked by {change.requested_by}"
    _show_lines(
        screen, change, f"Status at {change.connection}, number {change.remote_id}: {change.status}, {who}", "set"
    )


def _show_lines(screen: Screen, case: Errand, head: str, done: str) -> None:
    is_done = case.state is ErrandState.DONE
    where = f" ({case.id})" if case.is_open else ""
    screen.line(f"{head}: {done if is_done else case.state.value}{where}", "green" if is_done else "yellow")
    said = "; ".join(word for word in (case.message, case.plugin_error, case.hint) if word)
    if said:
        screen.indented(said)
