"""The JSON documents of orders, and of messages about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orderdesk_sdk.cases.messages import InboundMessage
from orderdesk_sdk.desk.documents.values import JsonObject, iso_time
from orderdesk_sdk.orders.order import Order, RemoteOrder

if TYPE_CHECKING:
    from orderdesk_sdk.desk.order_search import OrderPage, OrderSummary

__all__ = [
    "message_document",
    "order_document",
    "order_page_document",
    "order_summary_document",
    "remote_order_document",
]


def message_document(message: InboundMessage) -> JsonObject:
    """A message that came in, as it is kept."""
    return {
        "id": message.id,
        "source": str(message.source),
        "subject": message.subject,
        "order_id": message.order_id,
        "kind": message.kind.value if message.kind is not None else None,
        "event_id": message.event_id,
        "state": message.state.value,
        "received_at": iso_time(message.received_at),
        "tries": message.tries,
        "next_try_at": iso_time(message.next_try_at),
        "result": message.result,
        "digest": message.digest,
    }


def remote_order_document(remote_order: RemoteOrder) -> JsonObject:
    """Where an order was submitted."""
    return {
        "connection": remote_order.connection,
        "remote_id": remote_order.remote_id,
        "role": remote_order.role.value,
        "submitted_at": iso_time(remote_order.submitted_at),
        "status": remote_order.status,
        "status_at": iso_time(remote_order.status_at),
    }


def order_document(order: Order, folder: str | None, remote_orders: Sequence[RemoteOrder]) -> JsonObject:
    """An order in short. Money is text, as exact as it came."""
    return {
        "id": order.id,
        "number": order.number,
        "source_name": order.source_name,
        "folder": folder,
        "added_at": iso_time(order.added_at),
        "order_total": str(order.order_total),
        "lines": [{"id": line.id, "code": line.code, "quantity": line.quantity} for line in order.lines],
        "remote_orders": [remote_order_document(one) for one in remote_orders],
    }


def order_summary_document(summary: OrderSummary) -> JsonObject:
    """An order in a list: as alone, and where its cancellation stands."""
    return order_document(summary.order, summary.folder, summary.remote_orders) | {
        "open_states": [state.value for state in summary.open_states],
        "worst_state": None if summary.worst_state is None else summary.worst_state.value,
        "needs_person": summary.needs_person,
        "canceled_count": summary.canceled_at,
    }


def order_page_document(page: OrderPage) -> JsonObject:
    """One page of a list of orders."""
    return {
        "orders": [order_summary_document(summary) for summary in page.orders],
        "next_after": page.next_after,
        "is_complete": page.is_complete,
    }
