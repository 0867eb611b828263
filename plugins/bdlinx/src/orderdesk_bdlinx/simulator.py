"""The shared simulator of API profiles under BDLinx's name. It speaks a simulator-defined API, not BDLinx's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar

from orderdesk_devkit.simulators.profile import ApiProfileSimulator
from orderdesk_sdk.plugin import WebhookRequest

__all__ = ["BdlinxSimulator"]

_WEBHOOK_TOKEN = "simulated-notification-token"


class BdlinxSimulator(ApiProfileSimulator):
    """An invented print shop; nothing in it is known of BDLinx."""

    vendor: ClassVar[str] = "BDLinx"

    def settings(self, url: str) -> Mapping[str, object]:
        profile = {"order": "/order/number", "status": "/order/status", "query": "token"}
        return {**super().settings(url), "webhook_token": _WEBHOOK_TOKEN, "webhook": profile}

    def webhooks(self, remote_id: str) -> Sequence[WebhookRequest]:
        body = json.dumps({"order": {"number": remote_id, "status": self.actual_status(remote_id)}}).encode()
        return (WebhookRequest({}, body, {"token": _WEBHOOK_TOKEN}),)
