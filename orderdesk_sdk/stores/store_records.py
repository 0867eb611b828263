"""What is kept of the orders of a store that cannot keep it, or not be asked for it: in the ledger's database.

Order Desk's API finds no order by its number at a service, and has no place for the last word of a service but the
whole record, which every write of ours would put at risk. So both are kept here, as far as this SDK has read orders.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from attrs import frozen

from orderdesk_sdk.orders.order import RemoteOrder

__all__ = ["LocalStoreRecords", "ServiceStatus", "StoreRecords"]


@frozen
class ServiceStatus:
    """The last word of a service about an order, and when it was read."""

    word: str
    at: datetime


class StoreRecords(Protocol):
    """What is kept of one store. Safe from many threads. Every method raises StorageError."""

    def keep_numbers(self, order_id: str, remote_orders: Sequence[RemoteOrder]) -> None:
        """Keep which numbers an order has; of a number that two orders have, the one that was read last counts."""

    def order_of(self, connection: str, remote_id: str) -> str | None:
        """The id of the order that was last seen to have this number at a connection; None: none was."""

    def keep_status(self, order_id: str, connection: str, status: ServiceStatus, *, believed_until: datetime) -> None:
        """Keep a service's word; an older one changes nothing, unless what is kept is of later than believed_until."""

    def statuses(self, order_id: str) -> Mapping[str, ServiceStatus]:
        """The last word of each connection's service."""


class LocalStoreRecords:
    """`StoreRecords` of this process, for a ledger that keeps none: a program of one's own, or a test."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[tuple[str, str], str] = {}
        self._statuses: dict[str, dict[str, ServiceStatus]] = {}

    def keep_numbers(self, order_id: str, remote_orders: Sequence[RemoteOrder]) -> None:
        with self._lock:
            self._numbers.update(((one.connection, one.remote_id), order_id) for one in remote_orders)

    def order_of(self, connection: str, remote_id: str) -> str | None:
        with self._lock:
            return self._numbers.get((connection, remote_id))

    def keep_status(self, order_id: str, connection: str, status: ServiceStatus, *, believed_until: datetime) -> None:
        with self._lock:
            kept = self._statuses.setdefault(order_id, {})
            known = kept.get(connection)
            if known is None or known.at <= status.at or known.at > believed_until:
                kept[connection] = status

    def statuses(self, order_id: str) -> Mapping[str, ServiceStatus]:
        with self._lock:
            return dict(self._statuses.get(order_id, {}))
