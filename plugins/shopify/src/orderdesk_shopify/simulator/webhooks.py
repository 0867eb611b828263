"""The webhooks that the simulated shop would send: written down, signed, for whoever delivers them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from attrs import evolve

from orderdesk_sdk.plugin import WebhookRequest

__all__ = ["CLIENT_SECRET", "Outbox", "signature", "signed"]

CLIENT_SECRET = "simulated-client-secret"


def signature(body: bytes, secret: str = CLIENT_SECRET) -> str:
    """What Shopify writes into X-Shopify-Hmac-Sha256."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def signed(message: WebhookRequest) -> WebhookRequest:
    """The message with the signature of its body."""
    return evolve(message, headers={**message.headers, "x-shopify-hmac-sha256": signature(message.body)})


class Outbox:
    """Messages in the order in which they were made; guarded by its caller's lock."""

    def __init__(self) -> None:
        self.messages: list[WebhookRequest] = []

    def put(self, topic: str, version: str, body: Mapping[str, object], at: datetime) -> None:
        """Sign a message and write it down."""
        self.messages.append(self.message(topic, version, body, at))

    def message(self, topic: str, version: str, body: Mapping[str, object], at: datetime) -> WebhookRequest:
        """A signed message, under the next number."""
        number = len(self.messages) + 1
        headers = {
            "X-Shopify-Topic": topic,
            "X-Shopify-Shop-Domain": "simulated.myshopify.com",
            "X-Shopify-API-Version": version,
            "X-Shopify-Webhook-Id": f"00000000-0000-4000-8000-{number:012}",
            "X-Shopify-Event-Id": f"00000000-0000-4000-9000-{number:012}",
            "X-Shopify-Triggered-At": at.isoformat(),
        }
        return signed(WebhookRequest(headers, json.dumps(body).encode()))
