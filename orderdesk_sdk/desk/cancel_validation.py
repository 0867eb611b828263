"""Refuses, before anything is recorded, a cancellation that a place would not take as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from attrs import evolve

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.eligibility import rule_as_read
from orderdesk_sdk.cases.validation import validate
from orderdesk_sdk.cases.windows import next_open_route
from orderdesk_sdk.desk.parts import DeskParts
from orderdesk_sdk.errors import OrderDeskError, PluginError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.plugin.reasons import FreeText, ReasonList
from orderdesk_sdk.plugin.routes import Button
from orderdesk_sdk.runtime.connections import Connection
from orderdesk_sdk.runtime.eligibility_reader import EligibilityReader

__all__ = ["CancellationValidator"]


class CancellationValidator:
    """Holds cancellations against the routes that would be taken now."""

    def __init__(self, parts: DeskParts) -> None:
        self._connections = parts.connections
        self._clock = parts.clock
        self._reader = EligibilityReader(parts.ledger, parts.connections, parts.clock)

    def validate(
        self, order: Order, remote_orders: Sequence[RemoteOrder], wanted: Cancellation, *, may_read: bool
    ) -> None:
        """Raises ValidationError for what a place would not take.

        Args:
            may_read: whether services may be asked which reasons they take for the order, where that is read per order
                and no reading holds. One that was not asked, or does not say, is asked by its case.
        """
        for remote_order in remote_orders:
            try:
                connection = self._connections.get(remote_order.connection)
            except OrderDeskError:
                continue  # It cannot be used now; its case says so and waits for a repair.
            routes = connection.integration.cancel
            index = next_open_route(routes, remote_order, self._clock.now())
            if index is None:
                continue
            route, title = routes[index], connection.integration.title
            if isinstance(route, Button) and route.reads_reasons:
                route = self._as_read(route, connection, order, remote_order, wanted, may_read=may_read)
            with suppress(PluginError):  # It cannot say what it takes; its case will tell.
                validate(route, title, connection.settings, order, wanted.reason, wanted.lines)

    def _as_read(
        self,
        route: Button,
        connection: Connection,
        order: Order,
        remote_order: RemoteOrder,
        wanted: Cancellation,
        *,
        may_read: bool,
    ) -> Button:
        """A route with the reasons that its service takes for this order; with any, where it does not say now."""
        reading, now = None, self._clock.now()
        if not self._reader.needs_reading(route, wanted.reason, order, remote_order):
            reading = self._reader.reading_at(order, remote_order, now)
        elif may_read:
            with suppress(OrderDeskError):
                reading = self._reader.read(connection, order, remote_order, by=wanted.requested_by)
        if reading is not None:
            return evolve(route, reasons=rule_as_read(route, reading, remote_order))
        required = isinstance(route.reasons, ReasonList) and route.reasons.required
        return evolve(route, reasons=FreeText(required=required))
