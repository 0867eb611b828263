"""Retailer orders as the simulated Dsco keeps them, and what a cancel does to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import define, evolve

__all__ = ["CODES", "Item", "Order", "Trouble", "apply", "fault_of", "order_view", "seen_now"]

CODES = ("CXSS", "CXSD", "CXSN", "CXSB", "CXSI", "CXST", "CXSC", "CXSO")
"""What a retailer takes unless told otherwise: the codes that are documented for suppliers."""

_NAMES = ("dscoItemId", "sku", "partnerSku", "upc", "ean")


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
    suborder: int = 0
    """Which part of the order it is in, where the order was split."""

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

    @property
    def suborders(self) -> tuple[int, ...]:
        """The parts that it was split into; one where it was not."""
        return tuple(sorted({item.suborder for item in self.items})) or (0,)

    def dsco_id(self, suborder: int = 0) -> str:
        """Dsco's own number of a part."""
        return f"{1_000_000 * (suborder + 1) + self.number}"

    def remember(self, reads: int) -> None:
        """Let the next `reads` reads see the order as it is now, whatever is done to it next."""
        if reads:
            self.shown, self.lag = [evolve(item) for item in self.items], reads


@define
class Trouble:
    """Why a cancel cannot be carried out: a code of the simulator's own, and words."""

    code: str
    text: str


@define
class _Wanted:
    item: Item
    count: int


def fault_of(order: Order, lines: Sequence[Mapping[str, object]], codes: Sequence[str]) -> Trouble | None:
    """What is wrong with a cancel's lines; None when nothing is. All or nothing: the simulator's choice."""
    asked: dict[int, int] = {}
    for line in lines:
        found = _find(order, line)
        if found is None:
            return Trouble("SIM_NO_SUCH_ITEM", f"{order.po_number} has no such item")
        if line.get("cancelCode") not in codes:
            return Trouble("SIM_CODE_NOT_ALLOWED", f"{order.retailer} does not take {line.get('cancelCode')}")
        asked[found.item.number] = asked.get(found.item.number, 0) + found.count
        if asked[found.item.number] > found.item.left:
            return Trouble("SIM_OVER_QUANTITY", f"{found.item.left} of {found.item.sku} are left to cancel")
    return None


def apply(order: Order, lines: Sequence[Mapping[str, object]], fate: str) -> str:
    """Carry a cancel out as `fate` has it, and say in words what happened."""
    for number, line in enumerate(lines):
        found = _find(order, line)
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


def _find(order: Order, line: Mapping[str, object]) -> _Wanted | None:
    """The item that the first identifier of a line names, and how many of it; None where there is none."""
    name = next((name for name in _NAMES if line.get(name)), None)
    count = line.get("cancelledQuantity")
    for item in order.items:
        known = {"dscoItemId": f"SIM-{item.number}-{item.sku}", "sku": item.sku, "partnerSku": f"P-{item.sku}"}
        same_line = line.get("lineNumber") in (None, item.number)
        if name is not None and known.get(name) == line[name] and same_line and isinstance(count, int):
            return _Wanted(item, count)
    return None


def seen_now(order: Order) -> Order:
    """The order as the next read sees it. Counts down the lag."""
    items = order.items
    if order.shown is not None and order.lag > 0:
        items, order.lag = order.shown, order.lag - 1
    return evolve(order, items=items)


def order_view(order: Order, suborder: int = 0) -> dict[str, object]:
    """A part of an order as GET /order/ answers it."""
    items = [item for item in order.items if item.suborder == suborder]
    seen = evolve(order, items=items)
    open_left = any(item.left for item in items)
    return {
        "dscoOrderId": order.dsco_id(suborder),
        "poNumber": order.po_number,
        "supplierOrderNumber": f"S-{order.number}",
        "dscoStatus": seen.status,
        "dscoLifecycle": "acknowledged" if open_left else "completed",
        "dscoRetailerId": order.retailer,
        "cancelRequested": order.cancel_requested,
        "cancelRequestedCode": "CXRR" if order.cancel_requested else None,
        "testFlag": True,
        "shipping": {
            "firstName": "Robin", "lastName": "Simulated", "address1": "1 Example Street", "city": "Springfield",
            "region": "IL", "postal": "62701", "country": "US", "phone": "217-555-0100",
        },
        "lineItems": [
            {
                "lineNumber": item.number,
                "dscoItemId": f"SIM-{item.number}-{item.sku}",
                "sku": item.sku,
                "partnerSku": f"P-{item.sku}",
                "quantity": item.quantity,
                "status": "cancelled" if item.canceled == item.quantity else None,
                "cancelledQuantity": item.canceled or None,  # A count that is nothing is told as null: our choice.
                "cancelCode": item.code,
                "cancelledReason": item.reason,
                "shippedQuantity": item.shipped,
                "remainingQuantity": item.left,
            }
            for item in items
        ],
    }  # fmt: skip
