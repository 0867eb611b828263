"""The intake: orders come in, and where they were submitted is registered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.desk.cancellations import CancellationService
from orderdesk_sdk.desk.notifications import NotificationService
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.store import OrderStore
from orderdesk_sdk.rules.engine import RuleEngine
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.stores.sqlite.orders import ImportReport, require_embedded_store

__all__ = ["OrderService"]


class OrderService:
    """Takes orders in, and lets open cancellations and the rules hear of it."""

    def __init__(
        self,
        order_store: OrderStore,
        connections: Connections,
        cancellations: CancellationService,
        notifications: NotificationService,
        rules: RuleEngine,
        clock: Clock,
    ) -> None:
        self._order_store = order_store
        self._connections = connections
        self._cancellations = cancellations
        self._notifications = notifications
        self._rules = rules
        self._clock = clock

    def register(
        self, order: Order, connection: str, *, remote_id: str | None, submitted_at: datetime | None, by: str
    ) -> RemoteOrder:
        """Register that an order was submitted to a connection; a cancellation that is open for it goes there too."""
        role = self._connections.get(connection).integration.role
        number = order.number if remote_id is None else remote_id
        remote_order = RemoteOrder(connection, number, submitted_at or self._clock.now(), role)
        self._cancellations.register(order, remote_order, by)
        return remote_order

    def import_orders(self, orders: Sequence[Order], *, by: str) -> ImportReport:
        """Take orders into the local host; the rules are to hear of each that is new."""
        local = require_embedded_store(self._order_store, "import")
        new = self._rules.record_imports(orders)
        shipped = self._notifications.newly_shipped(orders)
        report = local.import_orders(orders, by=by)
        self._notifications.report_shipments(shipped, by=by)
        self._rules.record(new)
        return report
