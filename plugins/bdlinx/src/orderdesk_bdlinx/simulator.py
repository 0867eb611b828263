"""The shared simulator of API profiles under BDLinx's name. It speaks a simulator-defined API, not BDLinx's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar

from orderdesk_devkit.simulators.profile import ApiProfileSimulator
from orderdesk_sdk.plugin import WebhookRequest

__all__ = ["WEBHOOK_SETTINGS", "BdlinxSimulator"]

WEBHOOK_TOKEN = "simulated-notification-token"
WEBHOOK_SETTINGS: Mapping[str, object] = {
    "webhook_token": WEBHOOK_TOKEN,
    "webhook": {"order": "/order/number", "status": "/order/status", "query": "token"},
}
"""With these a connection reads `webhooks`."""


class BdlinxSimulator(ApiProfileSimulator):
    """An invented print shop; nothing in it is known of BDLinx."""

    vendor: ClassVar[str] = "BDLinx"

    def webhooks(self, remote_id: str) -> Sequence[WebhookRequest]:
        body = json.dumps({"order": {"number": remote_id, "status": self.actual_status(remote_id)}}).encode()
        return (WebhookRequest({}, body, {"token": WEBHOOK_TOKEN}),)
