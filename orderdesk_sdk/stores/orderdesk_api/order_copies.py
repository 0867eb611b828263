"""Duplicates of orders: created over the API, since it has no call that duplicates, and linked both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.stores.orderdesk_api.api import OrderDeskApi
from orderdesk_sdk.stores.orderdesk_api.order_document import (
    HISTORY,
    OrderDocument,
    json_values,
    private_texts,
)
from orderdesk_sdk.stores.orderdesk_api.own_metadata import OwnMetadata, metadata_with, read_own_metadata

__all__ = ["copy_record", "create_copy", "is_copy_of", "number_taken"]

_LEFT_OUT: Final = frozenset(
    {
        "id",
        "date_added",
        "date_updated",
        "email_count",
        "folder_id",
        "fulfillment_id",
        "fulfillment_name",
        "order_notes",
        "order_shipments",
        "processor_response",
        HISTORY,
    }
)
"""What is the original's alone. Without a folder a new order goes into the store's first one."""
_LEFT_OUT_OF_ITEMS: Final = frozenset({"id", "order_id", "fulfillment_method", "date_added", "date_updated"})


def copy_record(original: OrderDocument, number: str) -> dict[str, object]:
    """The record of a new order like this one, submitted nowhere, which says in its metadata where it comes from.

    Raises InvalidStateError where the metadata would be too long.
    """
    record = {name: value for name, value in original.record.items() if name not in _LEFT_OUT}
    items = record.get("order_items")
    record["order_items"] = [
        {name: value for name, value in item.items() if name not in _LEFT_OUT_OF_ITEMS}
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, Mapping)
    ]
    order_id = original.order.id
    record["source_id"] = number
    record["order_metadata"] = metadata_with(original.metadata, OwnMetadata(original=order_id), order_id)
    return record


def is_copy_of(document: OrderDocument, original_id: str) -> bool:
    """Whether an order says that it is the duplicate of another. Raises ValidationError for damaged metadata."""
    return read_own_metadata(document.metadata, document.order.id).original == original_id


def create_copy(api: OrderDeskApi, original: OrderDocument, number: str) -> None:
    """Create a duplicate. What became of it is found by its number, never by the words of the response.

    Raises RejectedError where Order Desk refuses it, as it does one that it takes for an order that is there, and
    UnclearOutcomeError: in both cases it may be there.
    """
    record = copy_record(original, number)
    api.change("POST", "orders", json=json_values(record), private=private_texts(original.record))


def number_taken(number: str, owner_id: str) -> ValidationError:
    """What to raise for a number that another order has."""
    return ValidationError(
        f"number {number!r} is blank or belongs to order id {owner_id}",
        hint="give another number, or none to have a free one picked",
    )
