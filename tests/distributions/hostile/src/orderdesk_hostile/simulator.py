"""A service that does nothing wrong: whatever is wrong is the plugin's."""

from __future__ import annotations

from collections.abc import Mapping

from orderdesk_devkit.simulators.simple import Request, SimpleSimulator, secrets_match

KEY = "not-a-real-key-of-the-hostile"


class HostileSimulator(SimpleSimulator):
    """Takes a cancel until an order is packed, and has it canceled eight minutes later."""

    def settings(self, url: str) -> Mapping[str, object]:
        return {"endpoint": url, "api_key": KEY}

    def is_authorized(self, request: Request) -> bool:
        return secrets_match(request.headers.get("x-api-key"), KEY)
