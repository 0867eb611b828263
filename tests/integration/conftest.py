"""What tests of a desk over a live Order Desk store share: a store with an order, and the services behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.clock import VirtualClock
from tests.support.fake_services import FakeServices
from tests.support.order_desk import ORDER_ID, LiveStore, live_store


@pytest.fixture
def live(clock: VirtualClock) -> Iterator[LiveStore]:
    """A simulated store, whose first order was submitted to a mill under another number."""
    with live_store(clock) as live:
        live.simulator.submit_order(ORDER_ID, "The Mill", "77")
        yield live


@pytest.fixture
def services_url(fake_services: FakeServices) -> Iterator[str]:
    """Where the made-up services are."""
    with RawServer(responding(fake_services)) as server:
        yield server.url
