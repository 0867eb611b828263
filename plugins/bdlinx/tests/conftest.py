"""What the tests of the plugin share: an invented print shop on a virtual clock, and a desk before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import orderdesk_bdlinx
from orderdesk_bdlinx.simulator import BdlinxSimulator
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.config import Config, ConnectionConfig
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.hosts.local import LocalHost
from orderdesk_sdk.order import Line, Order
from orderdesk_sdk.registry import Registry
from orderdesk_sdk.rules import read_rules
from orderdesk_sdk.testing.serving import serve


@pytest.fixture
def shop() -> BdlinxSimulator:
    """A print shop with order 1042 in its queue."""
    made = BdlinxSimulator(VirtualClock())
    made.add_order("1042")
    return made


@pytest.fixture
def open_desk(shop: BdlinxSimulator, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Opens a desk whose order 1042 is registered at the shop; keywords change the settings, None leaves one out."""
    with ExitStack() as stack:
        url = stack.enter_context(serve(shop.app)).url

        def open_(*, rules: object = None, **changed: object) -> Desk:
            settings = {**shop.settings(url), **changed}
            table = {name: value for name, value in settings.items() if value is not None}
            table["api_secret"] = {"text": table["api_secret"]}
            registry = Registry()
            registry.register(orderdesk_bdlinx, "bdlinx")
            config = Config(
                tmp_path / "orderdesk.db",
                {"print": ConnectionConfig("print", "bdlinx", table, "[connections.print]")},
                rules=read_rules(rules or [], "[[rules]]"),
            )
            desk = stack.enter_context(Desk(config, clock=shop.clock, registry=registry))
            assert isinstance(desk.host, LocalHost)
            desk.host.import_orders([Order("id-1042", "1042", lines=(Line(1, code="CANVAS"),))], by="Ann")
            desk.place("1042", at="print", by="Ann")
            return desk

        yield open_
