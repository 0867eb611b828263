"""The orders of a simulator, by number, and their life by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from orderdesk_sdk.errors import InputError, NotFoundError

__all__ = ["Orders"]

T = TypeVar("T")
Step = TypeVar("Step")


class Orders(dict[str, T]):
    """Orders as a simulator keeps them, in the order in which they came. Guarded by its caller's lock."""

    def known(self, number: str) -> T:
        """The order. Raises NotFoundError."""
        if number not in self:
            raise NotFoundError("the simulator has no such order", place=number)
        return self[number]

    def new(self, number: str, made: T) -> T:
        """Keep a new order, and give it back. Raises InputError for a used number."""
        if number in self:
            raise InputError("the number is used", place=number, remedy="give another one")
        self[number] = made
        return made

    def settle(
        self,
        now: datetime,
        following: Callable[[T], tuple[Step, datetime] | None],
        enter: Callable[[T, Step, datetime], None],
    ) -> None:
        """Let each order take every step that is due by `now`.

        following: what comes next for an order as it is, and when; None: nothing does. enter: takes the step, at its
        time, after which `following` is asked again.
        """
        for order in self.values():
            while (step := following(order)) is not None and step[1] <= now:
                enter(order, *step)
