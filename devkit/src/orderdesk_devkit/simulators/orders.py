"""The orders of a simulator, by number, and their life by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from orderdesk_sdk.errors import NotFoundError, ValidationError

__all__ = ["Orders"]

T = TypeVar("T")
Step = TypeVar("Step")


class Orders(dict[str, T]):
    """Orders as a simulator keeps them, in the order in which they came. Guarded by its caller's lock."""

    def require(self, number: str) -> T:
        """The order. Raises NotFoundError."""
        if number not in self:
            raise NotFoundError("the simulator has no such order", location=number)
        return self[number]

    def add(self, number: str, order: T) -> T:
        """Keep a new order, and give it back. Raises ValidationError for a used number."""
        if number in self:
            raise ValidationError("the number is used", location=number, hint="give another one")
        self[number] = order
        return order

    def advance(
        self,
        now: datetime,
        next_step: Callable[[T], tuple[Step, datetime] | None],
        enter: Callable[[T, Step, datetime], None],
    ) -> None:
        """Let each order take every step that is due by `now`.

        Args:
            next_step: what comes next for an order as it is, and when; None: nothing does.
            enter: takes the step, at its time, after which `next_step` is asked again.
        """
        for order in self.values():
            while (step := next_step(order)) is not None and step[1] <= now:
                enter(order, *step)
