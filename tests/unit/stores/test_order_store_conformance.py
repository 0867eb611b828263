"""The embedded order store, in each database, keeps what every order store promises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

import pytest
from attrs import evolve

from orderdesk_devkit.testing.order_stores import HistoryText, OrderStoreConformance, OrderStoreUnderTest
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.references import OrderId
from orderdesk_sdk.stores.sql.order_store import SqlOrderStore


class EmbeddedStore:
    """Puts orders into an embedded order store, and reads what the interface does not give."""

    def __init__(self, open_order_store: Callable[[], SqlOrderStore]) -> None:
        self._open = open_order_store
        self._count = 0

    def seed(self, orders: Sequence[Order]) -> list[str]:
        with closing(self._open()) as store:
            self._count += 1
            new = [evolve(order, id=f"{58100 + self._count}{place}") for place, order in enumerate(orders)]
            store.import_orders(new, by="mara")
            return [order.id for order in new]

    def history(self, order_id: str) -> list[HistoryText]:
        with closing(self._open()) as store:
            return [HistoryText(entry.by, entry.text) for entry in store.history(OrderId(order_id))]


class TestEmbeddedStore(OrderStoreConformance):
    @pytest.fixture
    def under_test(self, open_order_store: Callable[[], SqlOrderStore]) -> OrderStoreUnderTest:
        embedded = EmbeddedStore(open_order_store)
        folders = ("New", "Prepared", "Closed", "Canceled")
        return OrderStoreUnderTest(open_order_store, embedded.seed, embedded.history, folders)
