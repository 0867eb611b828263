"""Orders as Amazon knows them, and how they look in Orders v2026-01-01."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from attrs import define, field

from orderdesk_devkit.simulators.http_requests import stamp

__all__ = ["CANCELABLE", "MARKETPLACE", "Item", "Order", "Status", "order_view"]

MARKETPLACE = "ATVPDKIKX0DER"


class Status(StrEnum):
    """The words of the model (orders_2026-01-01, FulfillmentStatus)."""

    PENDING_AVAILABILITY = "PENDING_AVAILABILITY"
    PENDING = "PENDING"
    UNSHIPPED = "UNSHIPPED"
    PARTIALLY_SHIPPED = "PARTIALLY_SHIPPED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"
    UNFULFILLABLE = "UNFULFILLABLE"


CANCELABLE = frozenset({Status.PENDING_AVAILABILITY, Status.PENDING, Status.UNSHIPPED})
"""Where a cancel is honored. That the two before Unshipped are among them is the simulator's choice."""


@define
class Item:
    """One item of an order."""

    item_id: str
    sku: str
    quantity: int


@define
class Order:
    """One order. fulfilled_by: MERCHANT or AMAZON. buyer_asked: why the buyer wants it canceled; None: they do not."""

    order_id: str
    items: list[Item]
    created_at: datetime
    status: Status
    changed_at: datetime
    fulfilled_by: str = "MERCHANT"
    buyer_asked: str | None = None
    canceled_by: str = ""
    reason: str = ""
    plan: tuple[datetime, Status] | None = field(default=None)
    """What an accepted cancel makes of it, and when; None where none was accepted."""

    def enter(self, status: Status, at: datetime) -> None:
        """Change the status; a plan is done with."""
        self.status, self.changed_at, self.plan = status, at, None


def order_view(order: Order, included: frozenset[str]) -> dict[str, object]:
    """A GetOrderResponse with the datasets that were asked for."""
    shown: dict[str, object] = {
        "orderId": order.order_id,
        "createdTime": stamp(order.created_at),
        "lastUpdatedTime": stamp(order.changed_at),
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": MARKETPLACE},
        "orderItems": [_item_view(order, item, included) for item in order.items],
    }
    if "FULFILLMENT" in included:
        shown["fulfillment"] = {"fulfillmentStatus": order.status.value, "fulfilledBy": order.fulfilled_by}
    if "BUYER" in included:
        shown["buyer"] = {"buyerName": "Sam Example", "buyerEmail": "sam@example.com"}
    return {"order": shown}


def _item_view(order: Order, item: Item, included: frozenset[str]) -> dict[str, object]:
    shown: dict[str, object] = {
        "orderItemId": item.item_id,
        "quantityOrdered": item.quantity,
        "product": {"sellerSku": item.sku},
    }
    about: dict[str, object] = {}
    if order.buyer_asked is not None:
        about["cancellationRequest"] = {"requester": "BUYER", "cancelReason": order.buyer_asked}
    if order.status is Status.CANCELLED:
        about["cancellationExecution"] = {"cancelledBy": order.canceled_by, "cancelReason": order.reason}
    if "CANCELLATION" in included and about:
        shown["cancellation"] = about
    return shown
