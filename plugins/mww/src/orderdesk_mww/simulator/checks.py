"""What MWW finds wrong with a new order. Titles are MWW's where its documentation has one, else ours, marked SIM."""

from __future__ import annotations

from collections.abc import Mapping

from orderdesk_mww.simulator.store import Line

__all__ = ["mistake_in_order", "new_lines", "vendor_po"]

REQUIRED_FIELDS = ("name", "address1", "city", "postal-code")
"""The parts without which an address is incomplete: the simulator's choice."""


def vendor_po(document: object) -> str:
    """The number of a new order, "" where it has none. A number counts as its digits."""
    match document:
        case {"data": {"type": "orders", "attributes": {"vendor-po": str() | int() as number}}}:
            return str(number).strip()
        case _:
            return ""


def mistake_in_order(document: object) -> str | None:
    """The first thing that is wrong with a create request, or None."""
    if not isinstance(document, Mapping) or not vendor_po(document):
        return "Invalid Order Format"
    if document["data"]["attributes"].get("test-order", "new") not in ("new", "test"):
        return "SIM: test-order is new or test"
    addresses = _included(document, "shipping-address")
    if not addresses:
        return "Shipping address is required"
    if not all(isinstance(part := addresses[0].get(name), str) and part.strip() for name in REQUIRED_FIELDS):
        return "Incomplete Shipping Address"
    lines = _included(document, "line-items")
    if not lines:
        return "SIM: an order has line-items"
    numbers = [line.get("line-number", index) for index, line in enumerate(lines, start=1)]
    if any(type(number) is not int or not 0 < number <= 9999 for number in numbers) or len(set(numbers)) < len(numbers):
        return "Line Item Line Number not valid"
    return next(filter(None, map(_mistake_in_line, lines)), None)


def _mistake_in_line(line: Mapping[str, object]) -> str | None:
    quantity, designs = line.get("quantity"), line.get("designs")
    if not isinstance(line.get("product-code"), str) or not line["product-code"]:
        return "Product code not valid."
    if type(quantity) is not int or quantity < 1:
        return "Line Item Quantity not valid"
    if not isinstance(designs, list) or not designs:
        return "Invalid Order Format"
    if not all(isinstance(design, Mapping) and design.get("image-remote-url") for design in designs):
        return "SIM: a design has an image-remote-url"
    return None


def new_lines(document: Mapping[str, object], order_id: str) -> list[Line]:
    """The line items of a create request without mistakes."""
    made = []
    for index, line in enumerate(_included(document, "line-items"), start=1):
        number, quantity = line.get("line-number", index), line["quantity"]
        assert isinstance(number, int)
        assert isinstance(quantity, int)
        made.append(Line(f"{order_id}{index:02}", number, str(line["product-code"]), quantity))
    return made


def _included(document: Mapping[str, object], kind: str) -> list[Mapping[str, object]]:
    included = document.get("included")
    return [
        entry["attributes"]
        for entry in (included if isinstance(included, list) else [])
        if isinstance(entry, Mapping) and entry.get("type") == kind and isinstance(entry.get("attributes"), Mapping)
    ]
