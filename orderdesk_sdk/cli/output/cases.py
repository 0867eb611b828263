"""Resubmissions and status changes, for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderdesk_sdk.cli.output.times import iso
from orderdesk_sdk.cases.errand import Errand, ErrandState
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.status_change import StatusChange

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = [
    "errand_lines",
    "errand_shape",
    "resubmission_lines",
    "resubmission_shape",
    "status_change_lines",
    "status_change_shape",
]

Shape = dict[str, object]


def errand_lines(screen: Screen, found: Resubmission | StatusChange) -> None:
    """An errand in two lines."""
    match found:
        case Resubmission():
            resubmission_lines(screen, found)
        case StatusChange():
            status_change_lines(screen, found)


def errand_shape(found: Resubmission | StatusChange) -> Shape:
    """An errand as the result of a command."""
    match found:
        case Resubmission():
            return {"resubmission": resubmission_shape(found)}
        case StatusChange():
            return {"status_change": status_change_shape(found)}


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


def resubmission_shape(found: Resubmission) -> Shape:
    """A resubmission as it stands."""
    return {**_errand(found), "original_id": found.original_id, "original_number": found.original_number}


def status_change_shape(found: StatusChange) -> Shape:
    """A status change as it stands."""
    return {**_errand(found), "order_id": found.order_id, "status": found.status, "chain": list(found.chain)}


def _errand(found: Errand) -> Shape:
    return {
        "id": found.id,
        "order_number": found.order_number,
        "connection": found.connection,
        "integration": found.integration,
        "remote_id": found.remote_id,
        "asked_by": found.asked_by,
        "state": found.state.value,
        "is_open": found.is_open,
        "opened_at": iso(found.opened_at),
        "updated_at": iso(found.updated_at),
        "due_at": iso(found.due_at),
        "text": found.text,
        "remedy": found.remedy,
        "fault": found.fault,
        "give_up_at": iso(found.give_up_at),
        "person": found.person,
    }
