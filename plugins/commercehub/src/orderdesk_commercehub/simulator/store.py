"""Retailer orders as the simulated Dsco keeps them, and what a cancel does to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define, evolve

from orderdesk_sdk.plugin import ValidationError

__all__ = ["CODES", "Item", "NamedItem", "Order", "apply", "find_item", "seen_now"]

CODES = ("CXSS", "CXSD", "CXSN", "CXSB", "CXSI", "CXST", "CXSC", "CXSO")
"""What a retailer takes unless told otherwise: the codes that are documented for suppliers."""

_NAMES = ("dscoItemId", "sku", "partnerSku", "upc", "ean")
_STATUSES = ("shipment_pending", "shipped", "cancelled")


@define
class Item:
    """A line of an order."""

    number: int
    sku: str
    quantity: int
    canceled: int = 0
    shipped: int = 0
    code: str | None = None
    reason: str | None = None
    cancel_requested: bool = False
    """Whether the retailer asks for this line alone."""
    suborder: int = 0
    """Which part of the order it is in, where the order was split."""

    def names(self, named_by: str = "everything") -> dict[str, object]:
        """What it is called by: everything that this order tells, or one thing alone."""
        if named_by != "everything":
            return {"lineNumber": self.number, named_by: self.sku}
        return {
            "lineNumber": self.number,
            "dscoItemId": f"SIM-{self.number}-{self.sku}",
            "sku": self.sku,
            "partnerSku": f"P-{self.sku}",
        }

    @property
    def left(self) -> int:
        """How many are neither canceled nor shipped."""
        return self.quantity - self.canceled - self.shipped


@define
class Order:
    """An order. shown and lag: what the next `lag` reads still see; None: the truth."""

    po_number: str
    number: int
    items: list[Item]
    retailer: str = "demoretailer"
    cancel_requested: bool = False
    shown: list[Item] | None = None
    lag: int = 0

    @property
    def status(self) -> str:
        """Shipped when any quantity is, cancelled only when all of all lines is (the documented life cycle)."""
        if any(item.shipped for item in self.items):
            return "shipped"
        if all(item.canceled == item.quantity for item in self.items):
            return "cancelled"
        return "shipment_pending"

    def put_status(self, status: str) -> None:
        """Let all pieces be canceled, shipped or neither, so that it has this status.

        Raises ValidationError for another word.
        """
        if status not in _STATUSES:
            raise ValidationError(f"{status!r} is no status", hint=f"use one of: {', '.join(_STATUSES)}")
        for item in self.items:
            item.canceled = item.quantity if status == "cancelled" else 0
            item.shipped = item.quantity if status == "shipped" else 0

    @property
    def suborders(self) -> tuple[int, ...]:
        """The parts that it was split into; one where it was not."""
        return tuple(sorted({item.suborder for item in self.items})) or (0,)

    def dsco_id(self, suborder: int = 0) -> str:
        """Dsco's own number of a part."""
        return f"{1_000_000 * (suborder + 1) + self.number}"

    def end_request(self) -> None:
        """Nobody asks for a cancel any more."""
        self.cancel_requested = False
        for item in self.items:
            item.cancel_requested = False

    def settle_request(self) -> None:
        """Where all that the retailer asked for is canceled, it asks no more."""
        if all(not item.left for item in self.items if self.cancel_requested or item.cancel_requested):
            self.end_request()

    def remember(self, reads: int) -> None:
        """Let the next `reads` reads see the order as it is now, whatever is done to it next."""
        if reads:
            self.shown, self.lag = [evolve(item) for item in self.items], reads


@define
class NamedItem:
    """An item that a line of a cancel names, and how many of it are to be canceled."""

    item: Item
    count: int


def apply(order: Order, lines: Sequence[Mapping[str, object]], fate: str) -> str:
    """Carry a cancel out as `fate` has it, and say in words what happened."""
    for number, line in enumerate(lines):
        found = find_item(order, line)
        if found is None:
            continue
        count = min(found.count, found.item.left)
        if fate == "ships anyway" or (fate == "partly" and number > 0):
            found.item.shipped += count
        else:
            found.item.canceled += count
            found.item.code, found.item.reason = str(line["cancelCode"]), str(line.get("cancelledReason") or "") or None
    return f"{fate}: " + ", ".join(
        f"{item.sku} {item.canceled} canceled, {item.shipped} shipped" for item in order.items
    )


def find_item(order: Order, line: Mapping[str, object]) -> NamedItem | None:
    """The item that the first identifier of a line names, and how many of it; None where there is none."""
    name = next((name for name in _NAMES if line.get(name)), None)
    count = line.get("cancelledQuantity")
    for item in order.items:
        same_line = line.get("lineNumber") in (None, item.number)
        is_named = name is not None and line[name] in (item.names().get(name), item.sku)
        if is_named and same_line and isinstance(count, int):
            return NamedItem(item, count)
    return None


def seen_now(order: Order) -> Order:
    """The order as the next read sees it. Counts down the lag."""
    items = order.items
    if order.shown is not None and order.lag > 0:
        items, order.lag = order.shown, order.lag - 1
    return evolve(order, items=items)
