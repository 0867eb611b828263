"""What the scheduler lets act on the order events that its cases leave."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

__all__ = ["EventProcessor"]


class EventProcessor(Protocol):
    """Handles the order events that are pending, such as a rule engine."""

    def process(self, limit: int, *, confirmed: Collection[str] = ()) -> tuple[int, tuple[str, ...]]:
        """Handle at most `limit` events; how many were handled, and what kept others from it, a line each.

        Args:
            confirmed: ids of moves that the caller knows to be made.
        """
