"""Amazon's notifications: out of the seller's queue alone, in the shape of Amazon's own schema."""

from __future__ import annotations

import json

import pytest

from orderdesk_amazon_mcf import orderdesk_parse_webhook
from orderdesk_sdk.errors import SignatureVerificationError
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.plugin.webhooks import MessageChannel, NotificationKind, OrderNotification, WebhookRequest

NOTIFICATION_ID = "d0e9e693-c3ad-4373-979f-ed4ec98dd746"


def notification(status: str, event: str = "Order", shipment: str | None = None, kind: str = "") -> bytes:
    content = {"SellerId": "A3TH9S8BH6GOGM", "EventType": event, "FulfillmentOrderStatus": status}
    content["SellerFulfillmentOrderId"] = "1042"
    whole: dict[str, object] = {
        "NotificationVersion": "1.0",
        "NotificationType": kind or "FULFILLMENT_ORDER_STATUS",
        "Payload": {
            "FulfillmentOrderStatusNotification": content
            if shipment is None
            else {**content, "FulfillmentShipment": {"FulfillmentShipmentStatus": shipment}}
        },
        "NotificationMetadata": {"NotificationId": NOTIFICATION_ID},
    }
    return json.dumps(whole).encode()


def hints(body: bytes, channel: MessageChannel = MessageChannel.QUEUE) -> tuple[OrderNotification, ...]:
    return orderdesk_parse_webhook(WebhookRequest({}, body, channel=channel))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (notification("Cancelled"), NotificationKind.CANCELED),
        (notification("CANCELLED"), NotificationKind.CANCELED),
        (notification("Processing"), NotificationKind.CHANGED),
        (notification("Processing", "Shipment", "Shipped"), NotificationKind.SHIPPED),
        (notification("Processing", "Shipment", "CancelledByFulfiller"), NotificationKind.CHANGED),
    ],
)
def test_a_notification_hints_at_its_order(body: bytes, kind: NotificationKind) -> None:
    assert hints(body) == (OrderNotification("1042", kind, NOTIFICATION_ID),)


@pytest.mark.parametrize("body", [notification("Complete", "Return"), notification("Cancelled", kind="ORDER_CHANGE")])
def test_what_is_about_no_fulfillment_order_is_about_none(body: bytes) -> None:
    assert hints(body) == ()


def test_over_http_it_is_not_amazon() -> None:
    with pytest.raises(SignatureVerificationError, match="queue alone"):
        hints(notification("Cancelled"), MessageChannel.HTTP)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"NotificationType": "FULFILLMENT_ORDER_STATUS"}'])
def test_what_cannot_be_read_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponseError):
        hints(body)
