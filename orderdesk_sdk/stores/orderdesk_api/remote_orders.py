"""Where an order was submitted, as Order Desk's record tells it, and as it was registered with this SDK.

`fulfillment_name` is set once an order was sent to a service, `fulfillment_id` for some services only; each item may
name a `fulfillment_method` of its own (SLATE, _orders.md, _order_items.md). When it was sent is not told, so windows
count from when the order was added, which is never too late.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from attrs import evolve

from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.stores.orderdesk_api.connection_names import ConnectionNames
from orderdesk_sdk.stores.orderdesk_api.own_metadata import OwnMetadata
from orderdesk_sdk.stores.orderdesk_api.settings import OrderDeskSettings
from orderdesk_sdk.stores.store_records import ServiceStatus

__all__ = ["derived_remote_orders", "remote_orders_of"]

_UNKNOWN_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


def remote_orders_of(
    order: Order,
    own: OwnMetadata,
    names: ConnectionNames,
    settings: OrderDeskSettings,
    statuses: Mapping[str, ServiceStatus],
) -> tuple[RemoteOrder, ...]:
    """Where an order was submitted, oldest first.

    Args:
        own: what was noted with the order; it says more than the record does, so it counts.
        statuses: the last word of each connection's service.
    """
    found: dict[str, RemoteOrder] = {remote.connection: remote for remote in own.registered}
    for remote in derived_remote_orders(order, own, names, settings):
        found.setdefault(remote.connection, remote)
    told = (_with_status(remote, statuses.get(remote.connection)) for remote in found.values())
    return tuple(sorted(told, key=lambda remote: (remote.submitted_at, remote.connection)))


def derived_remote_orders(
    order: Order, own: OwnMetadata, names: ConnectionNames, settings: OrderDeskSettings
) -> Iterator[RemoteOrder]:
    """What the record alone tells, the cart first; of a duplicate the cart knows nothing."""
    at = order.added_at or _UNKNOWN_TIME
    if not own.original and not names.is_ignored_cart(order.source_name):
        connection = names.connection_of(order.source_name)
        if connection is not None:
            yield RemoteOrder(connection, order.number, at, ConnectionRole.CART)
    number = order.id if settings.remote_number == "id" else order.number
    name = order.fulfillment_name.strip()
    if name and (connection := names.connection_of(name)) is not None:
        yield RemoteOrder(connection, order.fulfillment_id.strip() or number, at, ConnectionRole.FULFILLMENT)
    if settings.item_methods == "always" or (settings.item_methods == "submitted" and name):
        for method in _item_methods(order):
            if (connection := names.connection_of(method)) is not None:
                yield RemoteOrder(connection, number, at, ConnectionRole.FULFILLMENT)


def _item_methods(order: Order) -> Iterable[str]:
    methods = (str(line.extra.get("fulfillment_method") or "").strip() for line in order.lines)
    return dict.fromkeys(method for method in methods if method)


def _with_status(remote: RemoteOrder, status: ServiceStatus | None) -> RemoteOrder:
    return remote if status is None else evolve(remote, status=status.word, status_at=status.at)
