"""A desk whose connections are made while it runs, to a toy shop on this machine, and which says so: a sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import evolve

from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.desk.config import Config, SandboxConfig
from orderdesk_sdk.desk.connection_admin.records import ConnectionChange
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.stored_connection_config import StoredConnectionConfig
from orderdesk_sdk.desk.web_config import WebConfig
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.opening import LedgerLocation
from tests.support.toy_plugin import Toy

__all__ = ["CANARY", "KEY", "OTHER_KEY", "add_order", "open_toy_desk", "toy_change"]

KEY = "the-key-outside-the-database-6f2d1c"
OTHER_KEY = "the-key-that-came-after-it-8b7a4e90"
CANARY = "canary-secret-d41d8cd98f00b204"


def toy_change(name: str = "toys", *, secret: str | None = CANARY, **settings: object) -> ConnectionChange:
    """A change of a connection to the toy shop; the API's public address unless another is given."""
    return ConnectionChange(
        name=name,
        integration="toy",
        settings={"endpoint": "https://api.toys.example", **settings},
        secrets={"api_key": Secret(secret)} if secret is not None else {},
    )


def open_toy_desk(
    ledger: LedgerLocation,
    orders: Path,
    clock: Clock,
    *,
    key: str | None = KEY,
    previous_key: str = "",
    is_sandbox: bool = True,
    connections: Mapping[str, ConnectionConfig] | None = None,
    plugin: Toy | None = None,
    web: WebConfig | None = None,
) -> Desk:
    """A desk without a connection, as one more process opens it.

    Args:
        key: None: the configuration has no [stored_connections].
        plugin: named "toy"; None: the plain toy.
    """
    registry = PluginRegistry()
    registry.register(plugin or Toy(), "toy")
    stored = StoredConnectionConfig(key=Secret(key), previous_key=Secret(previous_key)) if key is not None else None
    config = Config(
        ledger,
        orders=orders,
        sandbox=SandboxConfig() if is_sandbox else None,
        connections=connections or {},
        stored_connections=stored,
        web=web or WebConfig(),
    )
    return Desk(config, clock=clock, registry=registry)


def add_order(desk: Desk, number: str, connection: str) -> None:
    """Import an order and submit it there."""
    desk.orders.import_orders([evolve(sample_order(), id=f"id-{number}", number=number)], by="a test")
    desk.orders.register(number, connection=connection, by="a test")
