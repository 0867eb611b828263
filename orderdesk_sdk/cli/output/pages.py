"""Long lists, a page at a time: 100,000 cases are not held in memory, and the output begins at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from orderdesk_sdk.cases.case import Case

if TYPE_CHECKING:
    from orderdesk_sdk.cases.cancellation import CancelCase
    from orderdesk_sdk.cases.case import State
    from orderdesk_sdk.desk.desk import Desk

__all__ = ["each_case", "pages_of_cases"]

C = TypeVar("C", bound=Case)
PAGE = 200


def pages_of_cases(
    desk: Desk,
    kind: type[C],
    *,
    order_id: str | None = None,
    states: Sequence[State] = (),
    limit: int | None = None,
    after: C | None = None,
) -> Iterator[Sequence[C]]:
    """Cases of a kind, oldest first, some at a time.

    Args:
        limit: how many at most; None takes all.
        after: only those that come after this one.
    """
    left, last = limit, after
    while left is None or left > 0:
        wanted = PAGE if left is None else min(PAGE, left)
        found = desk.ledger.cases(kind, order_id=order_id, states=states, limit=wanted, after=last)
        if found:
            yield found
        if len(found) < wanted:
            return
        last = found[-1]
        left = None if left is None else left - len(found)


def each_case(desk: Desk, *, states: Sequence[State] = ()) -> Iterator[CancelCase]:
    """Every cancel, oldest first, without holding all of them."""
    from orderdesk_sdk.cases.cancellation import CancelCase

    for page in pages_of_cases(desk, CancelCase, states=states):
        yield from page
