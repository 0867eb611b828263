"""The record of an order: which fields it has, in which order, and what a create and a replacement make of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

__all__ = [
    "CHECKOUT_LIMIT",
    "COMPUTED",
    "FIELDS",
    "METADATA_LIMIT",
    "NOTES_LIMIT",
    "NUMBERS",
    "Record",
    "blank",
    "blanked_fields",
    "clean_item",
    "cut_json",
    "cut_notes",
    "is_named",
    "merge",
    "names",
    "number",
    "recalculate",
]

Record = dict[str, Any]
"""A JSON object as it is stored: keys in the order in which replies show them."""

METADATA_LIMIT: Final = 2_000
"""Characters of `order_metadata` as JSON; from a third party's text."""
CHECKOUT_LIMIT: Final = 3_500
"""Characters of `checkout_data` as JSON; from a third party's text."""
NOTES_LIMIT: Final = 2_000
"""Characters of order notes with date and user name; beyond it data is lost, says the reference."""


def names(text: str) -> tuple[str, ...]:
    """The names in a text, as they stand between blanks."""
    return tuple(text.split())


NUMBERS: Final = names("""
    quantity_total weight_total product_total shipping_total handling_total tax_total discount_total order_total
    processor_balance refund_total email_count folder_id price quantity weight amount
""")
_OBJECTS: Final = names("shipping customer return_address checkout_data order_metadata variation_list metadata")
_LISTS: Final = names("discount_list order_notes order_items")


def _empty(name: str) -> object:
    return 0 if name in NUMBERS else {} if name in _OBJECTS else [] if name in _LISTS else ""


FIELDS: Final[Mapping[str, object]] = {
    name: _empty(name)
    for name in names("""
        id email shipping_method quantity_total weight_total product_total shipping_total handling_total tax_total
        discount_total order_total cc_number_masked cc_exp processor_response payment_type payment_status
        processor_balance refund_total customer_id email_count ip_address tag_color source_name source_id
        fulfillment_name fulfillment_id tag_name folder_id date_added date_updated shipping customer return_address
        checkout_data order_metadata discount_list order_notes order_items
    """)
}
"""What the reference's sample order has, in its order, blank; `order_shipments` follow, which no PUT changes."""

COMPUTED: Final = names("""
    id quantity_total weight_total product_total discount_total order_total email_count folder_id date_added
    date_updated order_shipments order_history
""")
"""Read-only for a PUT; `folder_id` has a switch."""

_ITEM: Final[Mapping[str, object]] = {
    name: _empty(name)
    for name in names(
        "id name price quantity weight code delivery_type category_code fulfillment_method variation_list metadata"
    )
} | {"quantity": 1, "delivery_type": "ship"}


def blank() -> Record:
    """A record whose every field is blank."""
    return copy.deepcopy(dict(FIELDS))


def merge(record: Record, given: Mapping[str, object], names: Iterable[str]) -> None:
    """Set the fields `names` as `given` has them, blank where it has none; null is blank too."""
    for name in names:
        empty = FIELDS[name]
        value = given.get(name)
        if isinstance(empty, dict):
            record[name] = copy.deepcopy(value) if isinstance(value, dict) else {}
        elif isinstance(empty, list):
            record[name] = copy.deepcopy(value) if isinstance(value, list) else []
        elif isinstance(empty, int):
            record[name] = number(value)
        else:
            record[name] = "" if value is None or isinstance(value, dict | list) else str(value)


def blanked_fields(old: Record, given: Mapping[str, object]) -> list[str]:
    """The fields that hold something and that a replacement leaves out, or gives as null."""
    return [name for name in FIELDS if name not in COMPUTED and old[name] and given.get(name) is None]


def clean_item(given: Mapping[str, object], item_id: int) -> Record:
    """An item as it is stored."""
    item = copy.deepcopy(dict(_ITEM))
    for name, empty in _ITEM.items():
        value = given.get(name)
        if isinstance(empty, dict):
            item[name] = copy.deepcopy(value) if isinstance(value, dict) else {}
        elif value is not None:
            item[name] = number(value) if isinstance(empty, int) else str(value)
    item["id"] = str(item_id)
    return item


def recalculate(record: Record) -> None:
    """Bring the totals, which only the store computes, up to the items and discounts."""
    items = record["order_items"]
    record["quantity_total"] = sum(int(item["quantity"]) for item in items)
    record["weight_total"] = _rounded(sum(item["weight"] * item["quantity"] for item in items))
    record["product_total"] = _rounded(sum(item["price"] * item["quantity"] for item in items))
    discounts = (one for one in record["discount_list"] if isinstance(one, dict))
    record["discount_total"] = _rounded(sum(abs(number(one.get("amount"))) for one in discounts))
    parts = ("product_total", "shipping_total", "handling_total", "tax_total")
    record["order_total"] = _rounded(sum(record[part] for part in parts) - record["discount_total"])


def is_named(record: Record) -> bool:
    """Whether an address has what makes an order valid: a first and last name, or a company."""
    addresses = (record["shipping"], record["customer"])
    return any(one.get("company") or (one.get("first_name") and one.get("last_name")) for one in addresses)


def cut_json(value: Record, limit: int) -> Record:
    """What is read from a column that holds `limit` characters: the object, or nothing where its JSON was cut."""
    return value if len(json.dumps(value)) <= limit else {}


def cut_notes(notes: list[Any], *, each: bool) -> list[Record]:
    """Order notes as their column keeps them: what is too long is cut, without a word.

    Args:
        each: False: the limit is for all of them together.
    """
    left, kept = NOTES_LIMIT, []
    for note in notes:
        if not isinstance(note, dict):
            continue
        row = {name: str(note.get(name, "")) for name in ("date_added", "username", "content")}
        room = (NOTES_LIMIT if each else left) - len(row["date_added"]) - len(row["username"])
        row["content"] = row["content"][: max(room, 0)]
        left -= sum(len(text) for text in row.values())
        kept.append(row)
    return kept


def number(value: object) -> int | float:
    """A number however it was written; 0 for what is none."""
    try:
        found = float(str(value))
    except ValueError:
        return 0
    return _rounded(found) if abs(found) < 1e15 else 0


def _rounded(value: float) -> int | float:
    return int(value) if value == int(value) else round(value, 4)
