"""A simulated store at Order Desk, and the order store over it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.stores.orderdesk_api.store import OrderDeskStore
from tests.support.order_desk import LiveStore, live_store


@pytest.fixture
def live(clock: VirtualClock) -> Iterator[LiveStore]:
    with live_store(clock) as live:
        yield live


@pytest.fixture
def store(live: LiveStore) -> Iterator[OrderDeskStore]:
    with live.opened() as store:
        yield store
