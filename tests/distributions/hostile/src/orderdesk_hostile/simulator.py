"""A service that does nothing wrong: whatever is wrong is the plugin's."""

from __future__ import annotations

from collections.abc import Mapping

from orderdesk_devkit.simulators.simple import Request, SimpleSimulator, same

KEY = "not-a-real-key-of-the-hostile"


class HostileSimulator(SimpleSimulator):
    """Takes a cancel until an order is packed, and has it canceled eight minutes later."""

    def settings(self, url: str) -> Mapping[str, object]:
        return {"endpoint": url, "api_key": KEY}

    def lets_in(self, request: Request) -> bool:
        return same(request.headers.get("x-api-key"), KEY)
