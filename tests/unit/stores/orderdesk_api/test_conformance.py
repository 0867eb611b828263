"""The order store over Order Desk's API keeps what every order store promises, with what it declares."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import count

import pytest

from orderdesk_devkit.testing.order_stores import Ability, HistoryText, OrderStoreConformance, OrderStoreUnderTest
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.references import OrderId
from orderdesk_sdk.stores.orderdesk_api.store import OrderDeskStore
from orderdesk_sdk.stores.store_records import LocalStoreRecords
from tests.support.order_desk import LiveStore

FOLDERS = ("New", "Prepared", "Closed", "Canceled")
CANNOT = {
    Ability.UNIQUE_NUMBERS: "Order Desk keeps no number unique, and tells nobody who writes it at the same moment"
}
NOTE = re.compile(r"\[od-\w+(?:\.\d+)?\] (.*) \(by (.*)\)", re.DOTALL)
"""A note as the store writes it: a mark, the text, and who wrote it."""


def document(order: Order, order_id: int) -> dict[str, object]:
    """An order as Order Desk writes it; it came in by no cart."""
    items = [{"code": line.code, "name": "a thing", "quantity": line.quantity} for line in order.lines]
    ship_to = {"first_name": "Ann", "last_name": "Sample", "address1": "1 Main Street", "country": "US"}
    told = {"id": str(order_id), "source_id": order.number, "email": order.email}
    return {**told, "shipping": ship_to, "order_items": items}


class TestOrderDeskStore(OrderStoreConformance):
    @pytest.fixture
    def under_test(self, live: LiveStore) -> Iterator[OrderStoreUnderTest]:
        live.simulator.set_option("rate_limit", "off")  # Of two processes neither knows when the other must pause.
        records, ids = LocalStoreRecords(), count(70_001)
        with ExitStack() as stack:
            reader = stack.enter_context(live.opened(records))

            def opened() -> OrderDeskStore:
                return stack.enter_context(live.opened(records))

            def seed(orders: Sequence[Order]) -> list[str]:
                return live.simulator.import_orders(json.dumps([document(order, next(ids)) for order in orders]))

            def history(order_id: str) -> list[HistoryText]:
                notes = [NOTE.fullmatch(note.text) for note in reader.history(OrderId(order_id))]
                return [HistoryText(note[2], note[1]) for note in notes if note is not None]

            yield OrderStoreUnderTest(opened, seed, history, FOLDERS, CANNOT)
