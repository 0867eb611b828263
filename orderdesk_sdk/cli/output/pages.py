"""Long lists, a page at a time: 100,000 cases are not held in memory, and the output begins at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orderdesk_sdk.cases.cancellation import CancelCase
    from orderdesk_sdk.cases.case import State
    from orderdesk_sdk.desk.desk import Desk

__all__ = ["each_case", "pages_of_cases"]

PAGE = 200


def pages_of_cases(
    desk: Desk,
    *,
    order: str | None = None,
    states: Sequence[State] = (),
    limit: int | None = None,
    after: CancelCase | None = None,
) -> Iterator[Sequence[CancelCase]]:
    """Cases, oldest first, some at a time.

    Args:
        limit: how many at most; None takes all.
        after: only those that come after this one.
    """
    left, last = limit, after
    while left is None or left > 0:
        wanted = PAGE if left is None else min(PAGE, left)
        found = desk.cases.list(order=order, states=states, limit=wanted, after=last)
        if found:
            yield found
        if len(found) < wanted:
            return
        last = found[-1]
        left = None if left is None else left - len(found)


def each_case(desk: Desk, *, states: Sequence[State] = ()) -> Iterator[CancelCase]:
    """Every case, oldest first, without holding all of them."""
    for page in pages_of_cases(desk, states=states):
        yield from page
