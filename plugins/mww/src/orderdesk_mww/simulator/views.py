"""The answers of the API: JSON:API documents in the shapes of MWW's documentation."""

from __future__ import annotations

from collections.abc import Sequence

from orderdesk_devkit.simulators.http_requests import stamp
from orderdesk_mww.simulator.store import Line, Order, State

__all__ = ["errors", "line_view", "order_view", "page_view"]


def errors(status: int, title: str, detail: str) -> dict[str, object]:
    """An error body, in the one envelope that the documentation prints: `code` a number, `status` a text."""
    source = {"pointer": "/data"}
    return {"errors": [{"title": title, "detail": detail, "code": 100, "source": source, "status": str(status)}]}


def order_view(order: Order, base: str) -> dict[str, object]:
    """An order without its lines."""
    url = f"{base}/orders/{order.id}"
    return {
        "id": order.id,
        "type": "orders",
        "links": {"self": url},
        "attributes": {
            "created-at": stamp(order.created_at, "milliseconds"),
            "updated-at": stamp(order.state_at, "milliseconds"),
            "state": order.state.value,
            **order.content,
        },
        "relationships": {"line-items": {"links": {"related": f"{url}/line-items"}}},
    }


def line_view(line: Line, order: Order) -> dict[str, object]:
    """One line item. While an order is neither shipped nor cancelled its lines are said to be received."""
    state = order.state if order.state in (State.SHIPPED, State.CANCELLED) else State.RECEIVED
    return {
        "id": line.id,
        "type": "line-items",
        "attributes": {
            "quantity": line.quantity,
            "state": state.value,
            "product-code": line.product,
            "line-number": line.number,
            "tracking-numbers": [f"SIMTRACK{line.id}"] if state is State.SHIPPED else [],
            "line-item-count": {state.value: line.quantity},
        },
    }


def page_view(
    orders: Sequence[Order],
    base: str,
    *,
    limit: int,
    offset: int,
    total: int,
    with_lines: bool,
) -> dict[str, object]:
    """One page of the list of orders."""

    def link(start: int) -> str:
        return f"{base}/orders?page[limit]={limit}&page[offset]={start}"

    document: dict[str, object] = {
        "data": [order_view(order, base) for order in orders],
        "meta": {"page": {"total": total}},
        "links": {"first": link(0), "last": link((max(total - 1, 0) // limit) * limit)}
        | ({"next": link(offset + limit)} if offset + limit < total else {}),
    }
    if with_lines:
        document["included"] = [line_view(line, order) for order in orders for line in order.lines]
    return document
