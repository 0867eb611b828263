"""The intake: orders come in, and where they were submitted is registered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.desk.cancellations import Wishes
from orderdesk_sdk.desk.notifications import Inbound
from orderdesk_sdk.orders.order import Order, Placement
from orderdesk_sdk.orders.store import Host
from orderdesk_sdk.rules.engine import Rulebook
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.stores.sqlite.orders import ImportReport, embedded

__all__ = ["Intake"]


class Intake:
    """Takes orders in, and lets open wishes and the rules hear of it."""

    def __init__(
        self, host: Host, connections: Connections, wishes: Wishes, inbound: Inbound, rulebook: Rulebook, clock: Clock
    ) -> None:
        self._host = host
        self._connections = connections
        self._wishes = wishes
        self._inbound = inbound
        self._rulebook = rulebook
        self._clock = clock

    def place(
        self, order: Order, at: str, *, remote_id: str | None, submitted_at: datetime | None, by: str
    ) -> Placement:
        """Register that an order was submitted to a connection; a wish that is open for it goes there too."""
        role = self._connections.get(at).integration.role
        number = order.number if remote_id is None else remote_id
        placement = Placement(at, number, submitted_at or self._clock.now(), role)
        self._wishes.register(order, placement, by)
        return placement

    def import_orders(self, orders: Sequence[Order], *, by: str) -> ImportReport:
        """Take orders into the local host; the rules are to hear of each that is new."""
        local = embedded(self._host, "import")
        new = self._rulebook.expect_imports(orders)
        shipped = self._inbound.newly_shipped(orders)
        report = local.import_orders(orders, by=by)
        self._inbound.shipped_by_host(shipped, by=by)
        self._rulebook.hear(new)
        return report
