"""Where the cancellation of an order stands, in one word, for lists of orders. Pure.

A list looks at many orders, so it reads of each case no more than a mark: which order, where, which state.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from attrs import frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import OPEN, State

__all__ = [
    "CaseMark",
    "CaseMarks",
    "OrderState",
    "has_state",
    "needs_person",
    "newest_cancels",
    "states_of",
    "worst_state",
]


class OrderState(enum.Enum):
    """What orders are looked for by; an order may be in several."""

    OPEN = "open"
    """A cancellation is asked for at a place, and not settled there."""
    CANCELED = "canceled"
    """Every place that has it has canceled it."""
    REJECTED = "rejected"
    """A place did not cancel it, or only a part of it."""
    ALARM = "alarm"
    """A place shipped it although it was canceled, or was asked to."""


_STATES: Mapping[OrderState, frozenset[State]] = {
    OrderState.OPEN: OPEN,
    OrderState.CANCELED: frozenset({State.CANCELED}),
    OrderState.REJECTED: frozenset({State.REJECTED, State.UNSUPPORTED, State.PARTIALLY_CANCELED}),
    OrderState.ALARM: frozenset({State.SHIPPED_ANYWAY}),
}
_WORST_FIRST = (
    *(State.SHIPPED_ANYWAY, State.ACTION_REQUIRED, State.UNKNOWN),
    *(State.REJECTED, State.UNSUPPORTED, State.PARTIALLY_CANCELED, State.EXPIRED),
    *(State.PENDING, State.REPORTED, State.SENDING, State.ACKNOWLEDGED),
    *(State.WITHDRAWN, State.CANCELED, State.DONE),
)


@frozen
class CaseMark:
    """A case, as a list of orders needs it.

    Args:
        number: grows from case to case.
        is_seen: of an alarm, whether somebody has taken care of it.
    """

    number: int
    order_id: str
    kind: str
    connection: str
    state: State
    is_seen: bool = False


class CaseMarks(Protocol):
    """What a ledger tells lists of orders. All raise StorageError when the database fails."""

    def case_marks(self, order_ids: Sequence[str]) -> Mapping[str, tuple[CaseMark, ...]]:
        """The marks of the cases of every kind of these orders, oldest first; of an order without any nothing."""

    def newest_marks(self, states: Collection[State], limit: int, *, before: int | None = None) -> tuple[CaseMark, ...]:
        """The marks of the newest cases of any kind in these states, the newest first.

        Costs the same however many there are.

        Args:
            before: only cases with a lower number; None: the newest.
        """


def states_of(state: OrderState | None, *, needs_a_person: bool) -> frozenset[State]:
    """The states of which an order that is looked for has a case in one; empty for whatever order."""
    if state is not None:
        return _STATES[state]
    return frozenset({State.ACTION_REQUIRED, State.SHIPPED_ANYWAY}) if needs_a_person else frozenset()


def newest_cancels(marks: Iterable[CaseMark]) -> dict[str, CaseMark]:
    """By connection the newest cancel."""
    return {mark.connection: mark for mark in marks if mark.kind == CancelCase.kind}


def has_state(state: OrderState, marks: Sequence[CaseMark], connections: Collection[str]) -> bool:
    """Whether an order that is at these connections is in a state."""
    newest = newest_cancels(marks)
    if state is OrderState.CANCELED:
        return bool(connections) and all(
            connection in newest and newest[connection].state is State.CANCELED for connection in connections
        )
    return any(mark.state in _STATES[state] for mark in newest.values())


def needs_person(marks: Iterable[CaseMark]) -> bool:
    """Whether a case of any kind requires action, or an alarm has not been taken care of."""
    return any(
        mark.state is State.ACTION_REQUIRED or (mark.state is State.SHIPPED_ANYWAY and not mark.is_seen)
        for mark in marks
    )


def worst_state(marks: Iterable[CaseMark]) -> State | None:
    """Of the newest cancel at each connection the state that most wants to be looked at; None where there is none."""
    states = {mark.state for mark in newest_cancels(marks).values()}
    return next((state for state in _WORST_FIRST if state in states), None)
