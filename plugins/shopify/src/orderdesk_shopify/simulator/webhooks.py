"""The webhooks that the simulated shop would send: written down, signed, for whoever delivers them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from orderdesk_sdk.plugin import Message

__all__ = ["CLIENT_SECRET", "Outbox", "signature"]

CLIENT_SECRET = "simulated-client-secret"


def signature(body: bytes, secret: str = CLIENT_SECRET) -> str:
    """What Shopify writes into X-Shopify-Hmac-Sha256."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


class Outbox:
    """Messages in the order in which they were made; guarded by its caller's lock."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def put(self, topic: str, version: str, body: Mapping[str, object], at: datetime) -> None:
        """Sign a message and write it down."""
        number = len(self.messages) + 1
        raw = json.dumps(body).encode()
        headers = {
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": signature(raw),
            "X-Shopify-Shop-Domain": "simulated.myshopify.com",
            "X-Shopify-API-Version": version,
            "X-Shopify-Webhook-Id": f"00000000-0000-4000-8000-{number:012}",
            "X-Shopify-Event-Id": f"00000000-0000-4000-9000-{number:012}",
            "X-Shopify-Triggered-At": at.isoformat(),
        }
        self.messages.append(Message(headers, raw))
