"""The store behind the API: its folders, its orders with their shipments and history, and what may happen to them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from attrs import define, field

from orderdesk_devkit.simulators.orderdesk.records import FIELDS, Record, blank, clean_item, merge, names, recalculate
from orderdesk_devkit.simulators.orders import Orders
from orderdesk_sdk.errors import NotFoundError

__all__ = ["HISTORY_LIMIT", "NOTE_LIMIT", "StoreState", "StoredOrder", "stored_time"]

HISTORY_LIMIT: Final = 250
"""Entries in the history of an order; from a third party's text."""
NOTE_LIMIT: Final = 1_800
"""Characters of a history note; from a third party's text."""
_FIRST_FOLDER = 21654
"""As in the reference's example."""
_SHIPMENT = names("""
    id order_id store_id tracking_number carrier_code shipment_method weight cost status tracking_url label_format
    label_image print_status order_items cart_shipment_id label_shipment_id date_shipped date_added
""")


def stored_time(moment: datetime) -> str:
    """A moment as the store keeps it: UTC, without saying so."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


@define
class StoredOrder:
    """An order.

    Args:
        edits: what people other than the client wrote, by path, and the client has not overwritten.
    """

    record: Record
    shipments: list[dict[str, str]] = field(factory=list)
    history: list[dict[str, str]] = field(factory=list)
    edits: dict[tuple[str, ...], object] = field(factory=dict)

    @property
    def number(self) -> str:
        """The id, as text."""
        return str(self.record["id"])

    def value_at(self, path: tuple[str, ...]) -> object:
        """What stands at a path of keys; None for nothing."""
        found: Any = self.record
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found


class StoreState:
    """One store. Guarded by its simulator's lock."""

    def __init__(self) -> None:
        names = ("New", "Prepared", "Closed", "Canceled")
        self.folders: dict[int, str] = {_FIRST_FOLDER + place: name for place, name in enumerate(names)}
        self.orders = Orders[StoredOrder]()
        self._next_ids = {"order": 58_201, "item": 901, "shipment": 4_501}

    def take_id(self, kind: str) -> int:
        """The next free id of an order, item or shipment."""
        self._next_ids[kind] += 1
        return self._next_ids[kind] - 1

    def find(self, ref: str) -> StoredOrder:
        """The order with this id, else with this number. Raises NotFoundError."""
        if ref in self.orders:
            return self.orders[ref]
        for order in self.orders.values():
            if order.record["source_id"] == ref:
                return order
        raise NotFoundError("the simulated store has no such order", location=ref)

    def folder_ids(self, name: str) -> list[int]:
        """The folders with exactly this name."""
        return [folder for folder, found in self.folders.items() if found == name]

    def folder_id(self, name: str) -> int:
        """The folder with this name. Raises NotFoundError."""
        found = self.folder_ids(name)
        if not found:
            raise NotFoundError("the simulated store has no such folder", location=name)
        return found[0]

    def create(self, given: Mapping[str, object], now: datetime, *, number: str | None = None) -> StoredOrder:
        """A new order of what was given; `number` is its id, None takes the next one."""
        record = blank()
        merge(record, given, [name for name in FIELDS if name not in ("order_items", "folder_id", "email_count")])
        record["id"] = number or str(self.take_id("order"))
        record["source_id"] = record["source_id"] or record["id"]
        record["source_name"] = record["source_name"] or "Order Desk"
        record["payment_status"] = record["payment_status"] or "Captured"
        record["date_added"] = record["date_added"] or stored_time(now)
        record["date_updated"] = stored_time(now)
        record["shipping"] = record["shipping"] or copy.deepcopy(record["customer"])
        record["customer"] = record["customer"] or copy.deepcopy(record["shipping"])
        record["folder_id"] = next(iter(self.folders))
        record["order_items"] = [self.new_item(item) for item in items_of(given)]
        recalculate(record)
        record["processor_balance"] = record["processor_balance"] or record["order_total"]
        return self.orders.add(record["id"], StoredOrder(record))

    def new_item(self, given: Mapping[str, object]) -> Record:
        """An item with an id of its own."""
        return clean_item(given, self.take_id("item"))

    def add_shipment(
        self, order: StoredOrder, given: Mapping[str, object], store_id: str, now: datetime
    ) -> Record | None:
        """The shipment, added; None where its tracking number is there already."""
        tracking = str(given.get("tracking_number") or "n/a")
        if any(one["tracking_number"] == tracking != "n/a" for one in order.shipments):
            return None
        row = {name: str(given.get(name) or "") for name in _SHIPMENT}
        row |= {"id": str(self.take_id("shipment")), "order_id": order.number, "store_id": store_id}
        row |= {"tracking_number": tracking, "print_status": row["print_status"] or "0"}
        row |= {"weight": row["weight"] or "0", "date_added": row["date_added"] or stored_time(now)}
        row["date_shipped"] = row["date_shipped"] or row["date_added"][:10]
        order.shipments.append(row)
        self.touch(order, now)
        return dict(row)

    def touch(self, order: StoredOrder, now: datetime) -> None:
        """Mark the order as changed now."""
        order.record["date_updated"] = stored_time(now)

    def write_history(self, order: StoredOrder, source: str, note: str, now: datetime) -> bool:
        """Append to the history; False where it is full."""
        if len(order.history) >= HISTORY_LIMIT:
            return False
        order.history.append({"source_name": source, "note": note, "date_added": stored_time(now)})
        return True


def items_of(given: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """The items in what a client gave, without what is none."""
    items = given.get("order_items")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping):
            yield item
