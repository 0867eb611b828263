"""A simulated store at Order Desk, and the order store over its API, as tests want them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from attrs import frozen

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.orderdesk.service import BASE, OrderDeskSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.rules.reader import read_rules
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.opening import LedgerLocation
from orderdesk_sdk.stores.orderdesk_api.api import OrderDeskApi
from orderdesk_sdk.stores.orderdesk_api.connection_names import ConnectionNames
from orderdesk_sdk.stores.orderdesk_api.settings import OrderDeskSettings
from orderdesk_sdk.stores.orderdesk_api.store import OrderDeskStore
from orderdesk_sdk.stores.store_records import StoreRecords
from orderdesk_sdk.transport.http.limits import HttpLimits
from tests.support.fake_services import FakeCart, FakeFulfillmentService, FakeManualService
from tests.support.posted_orders import store_messages

__all__ = [
    "AT",
    "ORDER_ID",
    "ORDER_NUMBER",
    "SLUGS",
    "TITLES",
    "LiveStore",
    "live_store",
    "open_live_desk",
    "remote_order",
    "store_settings",
]

ORDER_ID, ORDER_NUMBER = "58101", "1042"
SLUGS: Mapping[str, str] = {
    "shop": "paper-lantern",
    "mill": "mill",
    "bay": "bay-photo",
    "bay-2": "twin",
    "bay-3": "twin",
}
TITLES: Mapping[str, str] = {
    "shop": "Paper Lantern Shop",
    "mill": "The Mill",
    "bay": "Bay Photo",
    "bay-2": "Twin",
    "bay-3": "Twin",
}
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
LIMITS = HttpLimits(read_timeout=5, timeout=5, max_attempts=2)


def store_settings(simulator: OrderDeskSimulator, at: str, **changed: object) -> OrderDeskSettings:
    """The `[orders]` table for a simulated store."""
    told: dict[str, object] = {
        "store_id": simulator.store_id,
        "api_key": Secret(simulator.api_key),
        "contact": "ops@example.com",
        "url": at + BASE,
        "reuse_reads_for": 0,
        **changed,
    }
    return OrderDeskSettings(**told)  # type: ignore[arg-type]  # each test names what it is about


def remote_order(connection: str = "mill", remote_id: str = ORDER_NUMBER) -> RemoteOrder:
    """A remote order at a fulfillment service."""
    return RemoteOrder(connection, remote_id, AT, ConnectionRole.FULFILLMENT)


@frozen
class LiveStore:
    """A simulated store with the sample orders, and what opens order stores over it."""

    simulator: OrderDeskSimulator
    url: str
    clock: VirtualClock

    def settings(self, **changed: object) -> OrderDeskSettings:
        """The `[orders]` table for it."""
        return store_settings(self.simulator, self.url, **changed)

    @contextmanager
    def opened(self, records: StoreRecords | None = None, **changed: object) -> Iterator[OrderDeskStore]:
        """An order store, as another process would open it; `changed` are settings."""
        settings = self.settings(**changed)
        api = OrderDeskApi(settings, self.clock, limits=LIMITS)
        names = ConnectionNames(settings.connections, lambda: SLUGS, lambda: TITLES)
        with OrderDeskStore(api, settings, names, self.clock, records=records) as store:
            yield store

    def calls(self, method: str, path: str = "") -> list[str]:
        """The paths of the calls with this method that end like this."""
        return [one.path for one in self.simulator.requests if one.method == method and one.path.endswith(path)]


@contextmanager
def live_store(clock: VirtualClock) -> Iterator[LiveStore]:
    """A simulated store on loopback. No client may have misused it when the block ends."""
    simulator = OrderDeskSimulator(clock)
    simulator.import_orders(SAMPLE_ORDERS)
    with serve(simulator.app) as served:
        yield LiveStore(simulator, served.url, clock)
    assert not simulator.misuses


def open_live_desk(
    ledger: LedgerLocation,
    live: LiveStore,
    services: str,
    *,
    rules: Sequence[Mapping[str, object]] = (),
    messages: Mapping[str, object] | None = None,
    changed: Mapping[str, object] | None = None,
) -> Desk:
    """A desk over a simulated store; a cart, a mill and a phone are at `services`.

    changed: settings of the store. messages: settings of messages.
    """
    registry = PluginRegistry(find=lambda group: [])
    plugins = (FakeCart(), FakeFulfillmentService(), FakeManualService())
    for plugin in plugins:
        registry.register(plugin, plugin.slug)
    connections = {
        plugin.slug: ConnectionConfig(plugin.slug, plugin.slug, {"endpoint": services}, f"[connections.{plugin.slug}]")
        for plugin in plugins
    }
    config = Config(
        ledger,
        connections,
        rules=read_rules(list(rules), "[[rules]]"),
        order_desk=store_settings(live.simulator, live.url, **(changed or {})),
        messages=store_messages(live.simulator.store_id, live.simulator.api_key, **(messages or {})),
    )
    return Desk(config, clock=live.clock, registry=registry, limits=DeskLimits(LIMITS))
