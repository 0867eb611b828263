"""The answers of the API: orders in the shape of Orders v2026-01-01, feeds in that of Feeds v2021-06-30."""

from __future__ import annotations

from orderdesk_amazon_marketplace.simulator.feeds import Feed
from orderdesk_amazon_marketplace.simulator.store import MARKETPLACE, Item, Order, Status
from orderdesk_devkit.simulators.http_requests import format_datetime

__all__ = ["feed_view", "order_view"]


def order_view(order: Order, included: frozenset[str], *, says_who: bool = True) -> dict[str, object]:
    """A GetOrderResponse with the datasets that were asked for. says_who: it tells who has canceled the order."""
    shown: dict[str, object] = {
        "orderId": order.order_id,
        "createdTime": format_datetime(order.created_at),
        "lastUpdatedTime": format_datetime(order.changed_at),
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": MARKETPLACE},
        "orderItems": [_item_view(order, item, included, says_who) for item in order.items],
    }
    if "FULFILLMENT" in included:
        shown["fulfillment"] = {"fulfillmentStatus": order.status.value, "fulfilledBy": order.fulfilled_by}
    if "BUYER" in included:
        shown["buyer"] = {"buyerName": "Sam Example", "buyerEmail": "sam@example.com"}
    return {"order": shown}


def _item_view(order: Order, item: Item, included: frozenset[str], says_who: bool) -> dict[str, object]:
    shown: dict[str, object] = {
        "orderItemId": item.item_id,
        "quantityOrdered": item.quantity,
        "product": {"sellerSku": item.sku},
    }
    about: dict[str, object] = {}
    if order.buyer_request is not None:
        why = {"cancelReason": order.buyer_request} if order.buyer_request else {}
        about["cancellationRequest"] = {"requester": "BUYER", **why}
    if order.status is Status.CANCELLED and says_who:
        about["cancellationExecution"] = {"cancelledBy": order.canceled_by, "cancelReason": order.reason}
    if "CANCELLATION" in included and about:
        shown["cancellation"] = about
    return shown


def feed_view(feed: Feed) -> dict[str, object]:
    """A Feed of the model."""
    shown: dict[str, object] = {
        "feedId": feed.feed_id,
        "feedType": feed.kind,
        "marketplaceIds": feed.marketplaces,
        "createdTime": format_datetime(feed.created_at),
        "processingStatus": feed.status.value,
    }
    if feed.result is not None:
        shown["resultFeedDocumentId"] = feed.result.document_id
    return shown
