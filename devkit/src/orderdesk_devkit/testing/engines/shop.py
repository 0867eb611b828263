"""A shop that is asked to cancel orders, acknowledges, and has done so when it is asked again. It keeps a log."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable

from orderdesk_devkit.testing.raw_server import http_response
from orderdesk_sdk.clock import hours, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import Order, OrderLine, RemoteOrder
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import IdentifierFormat, Integration
from orderdesk_sdk.plugin.order_numbers import StatedAt
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest
from orderdesk_sdk.plugin.routes import Button, Polling
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.toolkit.json_response import text_at
from orderdesk_sdk.runtime.connection_config import ConnectionConfig

__all__ = ["CONNECTIONS", "Shop", "connections_to", "import_orders", "shop_registry"]

CONNECTIONS = ("first", "second")
POLL_SECONDS = 0.2


@settings
class ShopSettings:
    """Where the shop is."""

    endpoint: str = url(help="the shop")


class ShopPlugin:
    """The integration: a button that only asks, and a poll soon after. A cancel must not be sent twice."""

    def __init__(self, slug: str) -> None:
        self._declared = Integration(
            slug=slug,
            title=slug.title(),
            settings=ShopSettings,
            base_url="endpoint",
            cancel=(Button(Polling(seconds(POLL_SECONDS), hours(100))),),
            remote_id_format=IdentifierFormat("[0-9a-z-]+", 40, "it knows few signs"),
            identified_by={"*": StatedAt("number")},
        )

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        """The declaration."""
        return self._declared

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        """Ask."""
        response = yield service.post("/orders", request.remote_id)
        return answer.acknowledged(response) if response.is_success else answer.not_processed(response)

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        """Read."""
        response = yield service.get("/orders", request.remote_id)
        if not response.is_success:
            return answer.unknown(response)
        word = text_at(response, "status")
        return answer.canceled(response, status=word) if word == "canceled" else answer.pending(response, status=word)


class Shop:
    """The service. `asked` is its log: how often it was asked to cancel each order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.asked: Counter[str] = Counter()
        self.gate = threading.Event()
        """Cancels are answered while it is set; each is in the log before it waits."""
        self.gate.set()
        self.at_cancel: Callable[[str], object] = lambda _: None
        """Called with the order of each cancel, before it is answered."""

    def __call__(self, request: bytes) -> bytes:
        """The response to a request."""
        method, path, *_ = request.split(b"\r\n", 1)[0].decode().split()
        number = path.rsplit("/", 1)[-1]
        if method != "GET":
            with self._lock:
                self.asked[number] += 1
            self.at_cancel(number)
            self.gate.wait()
        status = "canceled" if self.asked[number] else "open"
        return http_response(200, json.dumps({"number": number, "status": status}).encode())


def shop_registry() -> PluginRegistry:
    """The integrations of the shop, one for each connection, and no others."""
    registry = PluginRegistry(find=lambda **_: ())
    for name in CONNECTIONS:
        registry.register(ShopPlugin(name), name)
    return registry


def connections_to(shop_url: str) -> dict[str, ConnectionConfig]:
    """The configuration of the connections to a shop."""
    return {name: ConnectionConfig(name, name, {"endpoint": shop_url}, f"[connections.{name}]") for name in CONNECTIONS}


def import_orders(desk: Desk, count: int, prefix: str = "o") -> list[str]:
    """Orders that were submitted to the shop, by the connections in turn; their numbers."""
    numbers = [f"{prefix}-{number}" for number in range(count)]
    desk.orders.import_orders(
        [Order(f"id-{each}", each, lines=(OrderLine(1, code="MUG"),)) for each in numbers], by="A"
    )
    for place, number in enumerate(numbers):
        name = CONNECTIONS[place % len(CONNECTIONS)]
        role = desk.connections.get(name).integration.role
        desk.order_store.add_remote_order(f"id-{number}", RemoteOrder(name, number, desk.clock.now(), role), by="A")
    return numbers
