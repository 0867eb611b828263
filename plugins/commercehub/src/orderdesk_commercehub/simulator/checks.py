"""What is wrong with a cancel: its shape, and whether the order has what it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import define

from orderdesk_commercehub.simulator.store import Order, find_item
from orderdesk_devkit.simulators.http_requests import parse_datetime, parse_object_body

__all__ = ["KEYS", "OrderError", "is_within", "lines_in", "order_error", "payload_in"]

KEYS = {"poNumber": "PO_NUMBER", "dscoOrderId": "DSCO_ORDER_ID", "supplierOrderNumber": "SUPPLIER_ORDER_NUMBER"}
"""By each number that an order may be called by, what a cancel calls that kind of number."""


@define
class OrderError:
    """Why a cancel cannot be carried out: a code of the simulator's own, and words."""

    code: str
    message: str


def order_error(order: Order, lines: Sequence[Mapping[str, object]], codes: Sequence[str]) -> OrderError | None:
    """What is wrong with a cancel's lines; None when nothing is. All or nothing: the simulator's choice."""
    asked: dict[int, int] = {}
    for line in lines:
        found = find_item(order, line)
        if found is None:
            return OrderError("SIM_NO_SUCH_ITEM", f"{order.po_number} has no such item")
        if line.get("cancelCode") not in codes:
            return OrderError("SIM_CODE_NOT_ALLOWED", f"{order.retailer} does not take {line.get('cancelCode')}")
        asked[found.item.number] = asked.get(found.item.number, 0) + found.count
        if asked[found.item.number] > found.item.left:
            return OrderError("SIM_OVER_QUANTITY", f"{found.item.left} of {found.item.sku} are left to cancel")
    return None


def payload_in(body: bytes) -> Mapping[str, object] | None:
    """The body of a cancel; None for anything else."""
    match found := parse_object_body(body):
        case {"id": str(), "type": str(kind), "lineItems": [_, *_] as listed} if kind in KEYS.values():
            lines = lines_in(found)
            whole = all({"cancelledQuantity", "cancelCode"} <= set(line) for line in lines)
            counts = [line.get("cancelledQuantity") for line in lines]
            positive = all(isinstance(count, int) and count > 0 for count in counts)
            return found if whole and positive and len(lines) == len(listed) else None
        case _:
            return None


def lines_in(payload: Mapping[str, object]) -> list[dict[str, object]]:
    """The lines that the body of a cancel names."""
    listed = payload["lineItems"]
    return [line for line in listed if isinstance(line, dict)] if isinstance(listed, list) else []


def is_within(at: datetime, start: str | None, end: str | None) -> bool:
    """Whether a moment lies between two dates as the API writes them; False where one is none."""
    first, last = parse_datetime(start or ""), parse_datetime(end or "")
    return first is not None and last is not None and first <= at <= last
