"""Shopify's webhooks: signed with the app's client secret; what they say is read back, never believed."""

from __future__ import annotations

from orderdesk_sdk.plugin.toolkit.signatures import demand_signature, message_text_at
from orderdesk_sdk.plugin.webhooks import Hint, HintKind, Message
from orderdesk_shopify.account import ShopSettings, gid

PLACE = "a webhook of Shopify"
KINDS = {
    "cancelled": HintKind.CANCELED,
    "cancellation_request_accepted": HintKind.CANCELED,
    "fulfilled": HintKind.SHIPPED,
    "partially_fulfilled": HintKind.SHIPPED,
}


def hints(message: Message, its: ShopSettings, topic: str, kind: str, *path: str) -> tuple[Hint, ...]:
    """The object that a message on a `topic` is about, under both its names; `path` leads to its id in the body."""
    keys = (its.webhook_secret, its.webhook_secret_before)
    demand_signature(message, "x-shopify-hmac-sha256", keys, place=PLACE)
    about, _, event = message.headers.get("x-shopify-topic", "").partition("/")
    if about != topic:
        return ()
    name, what = gid(kind, message_text_at(message, *path, place=PLACE)), KINDS.get(event, HintKind.CHANGED)
    delivery = message.headers.get("x-shopify-webhook-id")
    return Hint(name, what, delivery), Hint(name.rpartition("/")[2], what, delivery)
