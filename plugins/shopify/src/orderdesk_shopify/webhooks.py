"""Shopify's webhooks: signed with the app's client secret; what they say is read back, never believed."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping

from orderdesk_sdk.errors import UntrustedMessage
from orderdesk_sdk.message import Hint, HintKind, Message
from orderdesk_sdk.reading import MalformedReply
from orderdesk_shopify.account import ShopSettings, gid

PLACE = "a webhook of Shopify"
KINDS = {
    "cancelled": HintKind.CANCELED, "cancellation_request_accepted": HintKind.CANCELED,
    "fulfilled": HintKind.SHIPPED, "partially_fulfilled": HintKind.SHIPPED,
}  # fmt: skip


def hints(message: Message, given: ShopSettings, topic: str, kind: str, *path: str) -> tuple[Hint, ...]:
    """The object that a message on a `topic` is about, under both its names; `path` leads to its id in the body."""
    keys = [key for key in (given.webhook_secret.reveal(), given.webhook_secret_before.reveal()) if key]
    made = [base64.b64encode(hmac.digest(key.encode(), message.body, "sha256")) for key in keys]
    said = message.headers.get("x-shopify-hmac-sha256", "").encode()
    if not any(hmac.compare_digest(one, said) for one in made):
        text = "it is not signed with the app's client secret" if keys else "no webhook_secret is set to judge it by"
        raise UntrustedMessage(text, place=PLACE, remedy="set webhook_secret to the app's client secret")
    about, _, event = message.headers.get("x-shopify-topic", "").partition("/")
    if about != topic:
        return ()
    try:
        found: object = json.loads(message.body)
    except ValueError:
        raise MalformedReply("the body is not JSON", place=PLACE) from None
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    if not isinstance(found, str | int):
        raise MalformedReply(f"there is no {'.'.join(path)}", place=PLACE)
    name, what = gid(kind, str(found)), KINDS.get(event, HintKind.CHANGED)
    delivery = message.headers.get("x-shopify-webhook-id")
    return Hint(name, what, delivery), Hint(name.rpartition("/")[2], what, delivery)
