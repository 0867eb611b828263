"""Resubmissions, status changes and responses, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.cli.output.times import format_time

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = [
    "show_other_case",
    "show_response",
    "show_resubmission",
    "show_status_change",
]


def show_other_case(screen: Screen, found: Case) -> None:
    """A case that is no cancellation, in two lines."""
    match found:
        case ResubmitCase():
            show_resubmission(screen, found)
        case StatusCase():
            show_status_change(screen, found)
        case ResponseCase():
            show_response(screen, found)
        case _:
            raise ValueError(f"a {found.kind} is shown in another way")


def show_resubmission(screen: Screen, resubmission: ResubmitCase) -> None:
    """A resubmission in two lines."""
    there = f"number {resubmission.remote_id} at {resubmission.connection}"
    _show_lines(screen, resubmission, f"Resubmission as order {resubmission.order_number}, {there}", "submitted")


def show_status_change(screen: Screen, change: StatusCase) -> None:
    """A status change in two lines."""
    who = f"requested by {change.requested_by}"
    _show_lines(
        screen, change, f"Status at {change.connection}, number {change.remote_id}: {change.status}, {who}", "set"
    )


def show_response(screen: Screen, case: ResponseCase) -> None:
    """A request of somebody else's to cancel, and our answer, in two lines."""
    head = f"Request {case.request.request_id} from {case.connection} to cancel {case.remote_id}"
    if case.is_open and case.answer_by is not None:
        head += f", to be answered by {format_time(case.answer_by)}"
    _show_lines(screen, case, head, f"answered {case.answer.value}" if case.answer is not None else "answered")


def _show_lines(screen: Screen, case: Case, head: str, done: str) -> None:
    is_done = case.state is State.DONE
    where = f" ({case.id})" if case.is_open else ""
    screen.line(f"{head}: {done if is_done else case.state.value}{where}", "green" if is_done else "yellow")
    message = "; ".join(text for text in (case.message, case.plugin_error, case.hint) if text)
    if message:
        screen.indented(message)
