"""A figure: a measured ratio beside its goal. What is compared is measured in turns: a busy machine hurts both."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import TypeVar

from attrs import frozen

__all__ = ["Bound", "Scale", "Figure", "Goal", "Spread", "compare", "interleaved"]

T = TypeVar("T")


@frozen
class Scale:
    """How much is measured: quick for a look, full for a report."""

    quick: bool = False
    full: bool = False

    def pick(self, quick: int, normal: int, full: int | None = None) -> int:
        """The number for this effort; full None: as normal."""
        if self.quick:
            return quick
        return full if self.full and full is not None else normal


@frozen
class Spread:
    """The median, the lowest and the highest of some values."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """The spread of at least one value."""
        found = sorted(values)
        return cls(median(found), found[0], found[-1])


class Bound(enum.Enum):
    """Which side of a goal is the good one."""

    AT_LEAST = ">="
    AT_MOST = "<="


@frozen
class Goal:
    """What a figure should be."""

    bound: Bound
    value: float

    def holds(self, value: float) -> bool:
        """Whether a value meets it."""
        return value >= self.value if self.bound is Bound.AT_LEAST else value <= self.value

    def __str__(self) -> str:
        return f"{self.bound.value} {self.value:g}"


@frozen
class Figure:
    """One row.

    yardstick and ratio: None where the value itself is held against the goal. goal: None where there is none.
    """

    name: str
    unit: str
    ours: Spread
    baseline: str = ""
    yardstick: Spread | None = None
    ratio: Spread | None = None
    goal: Goal | None = None
    note: str = ""

    @property
    def goal_met(self) -> bool | None:
        """Whether the median meets the goal; None where there is none."""
        return self.goal.holds((self.ratio or self.ours).median) if self.goal is not None else None


def interleaved(rounds: int, takes: Sequence[Callable[[], T]]) -> list[list[T]]:
    """The values of each take, taken A B C, A B C, ...: one list per take, one value per round."""
    values: list[list[T]] = [[] for _ in takes]
    for _ in range(rounds):
        for take, found in zip(takes, values, strict=True):
            found.append(take())
    return values


def compare(
    name: str,
    unit: str,
    against: str,
    ours: Sequence[float],
    yardstick: Sequence[float],
    *,
    goal: Goal | None = None,
    note: str = "",
) -> Figure:
    """The figure of two series that were taken in turns; the ratio is that of each round's own two values."""
    ratios = [mine / theirs for mine, theirs in zip(ours, yardstick, strict=True)]
    return Figure(name, unit, Spread.of(ours), against, Spread.of(yardstick), Spread.of(ratios), goal, note)
