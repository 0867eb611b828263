"""What the tests of the plugin share: a simulated MWW on a virtual clock, and a desk before it, on a real socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

import orderdesk_mww
import orderdesk_mww.europe
from orderdesk_mww.simulator import MwwSimulator
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.config import Config, ConnectionConfig
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.hosts.local import LocalHost
from orderdesk_sdk.order import Address, Line, Order
from orderdesk_sdk.registry import Registry
from orderdesk_sdk.testing.serving import serve

PERSON = Address(first_name="Robin", last_name="Understudy", address1="12 Prompter Lane", city="Springfield",
                 state="IL", postal_code="62701", country="US")  # fmt: skip

DESIGN = {"print_url": "https://files.example.com/pillow.png"}


@pytest.fixture
def mww() -> MwwSimulator:
    return MwwSimulator(VirtualClock())


@pytest.fixture
def open_desk(mww: MwwSimulator, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Opens a desk whose order 1042 is registered at the simulated MWW; keywords change the connection's settings."""
    with ExitStack() as stack:
        url = stack.enter_context(serve(mww.app)).url

        def open_(
            slug: str = "mww", without: str = "", metadata: Mapping[str, object] = DESIGN, **changed: object
        ) -> Desk:
            settings: Mapping[str, object] = {**mww.settings(url), **changed}
            table = {name: value for name, value in settings.items() if name != without}
            table["api_key"] = {"text": table["api_key"]}
            registry = Registry()
            registry.register(orderdesk_mww, "mww")
            registry.register(orderdesk_mww.europe, "mww-europe")
            connection = ConnectionConfig("print", slug, table, "[connections.print]")
            config = Config(tmp_path / "orderdesk.db", {"print": connection})
            desk = stack.enter_context(Desk(config, clock=mww.clock, registry=registry))
            assert isinstance(desk.host, LocalHost)
            lines = (Line(2, code="PILLOW", name="Pillow", metadata=metadata),)
            order = Order("id-1042", "1042", shipping=PERSON, lines=lines)
            desk.host.import_orders([order], by="Ann")
            if not without:
                desk.place("1042", at="print", by="Ann")
            return desk

        yield open_
