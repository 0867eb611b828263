"""The answers of the API: an order, the log, and messages, in the shapes of the published description."""

from __future__ import annotations

from attrs import evolve

from orderdesk_commercehub.simulator.changelog import LogPage
from orderdesk_commercehub.simulator.store import Item, Order

__all__ = ["PERSONAL_TEXTS", "REQUEST_CODE", "failure", "log_view", "messages", "order_view"]

REQUEST_CODE = "CXRR"
"""Of whoever asks us to cancel."""


_PLACES = ("shipping", "shipTo", "billing", "billTo", "customer")
"""Where an order shows people; the names are documented, and what else stands there is the simulator's choice."""
_PERSON = {
    "firstName": "Robin Simulated",
    "lastName": "Simulated-Example",
    "email": "robin@simulated.example",
    "phone": "217-555-0100",
}
_TOWN = {"city": "Springfield", "region": "IL", "postal": "62701", "country": "US"}
PERSONAL_TEXTS = (*(str(_PERSON[name]) for name in ("firstName", "lastName", "email", "phone")), "1 Example Street")


def order_view(
    order: Order, suborder: int = 0, *, named_by: str = "everything", told_by: str = "both"
) -> dict[str, object]:
    """A part of an order as GET /order/ answers it; see the switches `named_by` and `told_by`."""
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
        "cancelRequestedCode": REQUEST_CODE if order.cancel_requested else None,
        "testFlag": True,
        **{name: {**_PERSON, "address1": "1 Example Street", **_TOWN} for name in _PLACES},
        "contact": _PERSON,
        "lineItems": [
            {
                **item.names(named_by),
                "quantity": item.quantity,
                **_canceled_view(item, told_by),
                **({"cancelRequested": True, "cancelRequestedCode": REQUEST_CODE} if item.cancel_requested else {}),
                "cancelCode": item.code,
                "cancelledReason": item.reason,
                "shippedQuantity": item.shipped,
                "remainingQuantity": item.left,
            }
            for item in items
        ],
    }


def _canceled_view(item: Item, told_by: str) -> dict[str, object]:
    """What tells that pieces of a line are canceled. A count that is nothing is told as null: our choice."""
    whole = item.canceled == item.quantity
    match told_by:
        case "rejectedQuantity":
            return {"status": None, told_by: item.canceled or None}
        case "cancelled" | "rejected":
            return {"status": told_by if whole else None}
        case "acceptedQuantity" if item.canceled:
            return {"status": "rejected", told_by: item.quantity - item.canceled}
        case _:
            return {"status": "cancelled" if whole else None, "cancelledQuantity": item.canceled or None}


def log_view(page: LogPage) -> dict[str, object]:
    answer: dict[str, object] = {
        "status": "PROCESSING" if page.processing else "COMPLETED",
        "logs": [request.entry() for request in page.entries],
    }
    return answer | ({"scrollId": page.scroll_id} if page.scroll_id else {})


def failure(code: str, text: str) -> dict[str, object]:
    """What the simulator says where the API's own words are not known."""
    return {"status": "failure", "messages": messages(code, text, "string")}


def messages(code: str, text: str, shape: str, severity: str = "error") -> list[dict[str, object]]:
    """One message, its description in one of the three shapes that the API knows: string, object, array."""
    described: dict[str, object] = {"string": text, "object": {"text": text}, "array": [text]}
    return [{"code": code, "severity": severity, "description": described[shape]}]
