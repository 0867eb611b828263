"""Remembers our own folder moves, so that what a folder's rule sends of one is known as its echo."""

from __future__ import annotations

from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cases.messages import OwnMove
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.orders.store import FolderMove, OrderStore
from orderdesk_sdk.orders.store_by_id import OrderStoreById

__all__ = ["OwnMoveRecorder"]


class OwnMoveRecorder(OrderStoreById):
    """An order store whose moves are in the ledger before they are made: a message may come before the move's reply."""

    def __init__(self, store: OrderStore, ledger: Ledger, clock: Clock) -> None:
        super().__init__(store)
        self._ledger = ledger
        self._clock = clock

    def move(self, order_id: str, folder: str, *, by: str) -> FolderMove:
        """Record a move, then make it."""
        self._ledger.record_own_move(OwnMove(order_id, folder, self._clock.now()))
        return super().move(order_id, folder, by=by)
