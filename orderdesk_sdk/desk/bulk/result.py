"""What became of one order of a bulk. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence

from attrs import frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.errors import OrderDeskError

__all__ = ["BulkOutcome", "BulkResult", "is_tried", "outcome_of", "reasons_of"]


class BulkOutcome(enum.Enum):
    """Where one order of a bulk stands."""

    CANCELED = "canceled"
    """Canceled everywhere, with evidence."""
    WAITING = "waiting"
    """Recorded and followed up: a service has yet to decide, or to be reached."""
    ACTION_REQUIRED = "action required"
    """A person must act, at one connection at least."""
    REFUSED = "refused"
    """Not canceled, or not everywhere: a service said no, or the request could not be accepted."""


@frozen
class BulkResult:
    """What became of one order once every connection was tried.

    Args:
        number: its place in the bulk.
        order: as it was asked for, or its number where it was found in the ledger.
        cases: those of its cancellation; empty where nothing was recorded.
        error: why nothing was recorded; None where it was.
    """

    number: int
    order: str
    outcome: BulkOutcome
    cases: tuple[CancelCase, ...] = ()
    error: OrderDeskError | None = None


def is_tried(cases: Sequence[CancelCase], *, also_sending: bool = False) -> bool:
    """Whether each of these has been looked at since it was recorded, and none is being sent right now.

    Args:
        also_sending: one that is being sent counts as looked at.
    """
    return all(
        also_sending
        if case.state is State.SENDING
        else case.version > 0 or case.state not in (State.PENDING, State.REPORTED)
        for case in cases
    )


def outcome_of(cases: Sequence[CancelCase]) -> BulkOutcome:
    """Where an order stands by all the cases of its cancellation."""
    states = {case.state for case in cases}
    if State.ACTION_REQUIRED in states:
        return BulkOutcome.ACTION_REQUIRED
    if any(case.is_open for case in cases):
        return BulkOutcome.WAITING
    return BulkOutcome.CANCELED if states <= {State.CANCELED} else BulkOutcome.REFUSED


def reasons_of(result: BulkResult) -> Iterator[tuple[str | None, str]]:
    """Why an order is not canceled: connection, and why it is not canceled there. Nothing for one that is.

    The connection is None where the request was not accepted.
    """
    if result.error is not None:
        yield None, result.error.message.replace(repr(result.order), "'...'")  # One reason, whichever order it is.
    for case in result.cases:
        if case.state is State.CANCELED:
            continue
        if case.state is State.ACTION_REQUIRED and case.message:
            yield case.connection, f"{case.state.value}: {case.message}"
        elif case.state is State.REJECTED and case.rejection is not None:
            yield case.connection, f"{case.state.value}: {case.rejection.value}"
        else:
            yield case.connection, case.state.value
