"""Watching an order store for orders that are to be canceled: what a ledger keeps of what was seen. Pure.

Who cannot be reached by a message looks: at the orders that changed since the last look. An order that came in (into
the folder say) is a message like one that was sent. An order that is in stays one message however often it is seen, and
one that was seen to go out and to come in again is a new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from attrs import frozen

__all__ = ["ChangedOrder", "OrderWatchRecords", "SeenOrder", "WatchLook"]


@frozen
class WatchLook:
    """A look that a caller may take now.

    Args:
        since: orders that changed from then on are looked at; by the order store's clock.
        is_first: nobody has looked before: what is in already is not new.
    """

    since: datetime
    is_first: bool


@frozen
class ChangedOrder:
    """An order that changed; no more of it is read than a look needs, so that none spoils the look at the others."""

    order_id: str
    checkout_data: Mapping[str, object]


@frozen
class SeenOrder:
    """An order as a look found it. is_in: whether it is one that is to be canceled."""

    order_id: str
    is_in: bool


class OrderWatchRecords(Protocol):
    """What a ledger keeps of looks. All raise StorageError when the database fails."""

    def begin_look(self, now: datetime, every: timedelta) -> WatchLook | None:
        """The look that is due, for this caller alone until `every` is over; None where none is due.

        `every` zero gives one whenever the last one was. Where nobody has finished a look yet, it is the first, and
        goes on from `now` only.
        """

    def finish_look(
        self, until: datetime, seen: Sequence[SeenOrder], now: datetime, *, max_waiting: int, is_first: bool
    ) -> int:
        """Record what a look up to `until` saw, and store a message for each order that came in; how many came.

        All or nothing: where it fails, the next look begins where this one did. Raises InboxFullError.

        Args:
            until: by the order store's clock.
            now: by ours, as everywhere else.
            max_waiting: messages that may wait in all.
            is_first: what is in is not new.
        """
