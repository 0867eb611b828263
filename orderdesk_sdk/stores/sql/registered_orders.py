"""An order with its remote orders, by one statement: every cancellation begins with that."""

from __future__ import annotations

from typing import Final

from orderdesk_sdk.orders.references import OrderId, OrderNumber, order_ref
from orderdesk_sdk.orders.store import RegisteredOrder
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.order_rows import (
    OWNS_NUMBER,
    REMOTE_COLUMNS,
    not_one_order,
    order_from_row,
    remote_order_from_row,
)

__all__ = ["find_registered_order"]

_SELECT: Final = (
    f"SELECT orders.id, document, folder_id, original_id, {REMOTE_COLUMNS} FROM orders"  # noqa: S608 - constants
    " LEFT JOIN order_links ON copy_id = orders.id LEFT JOIN remote_orders ON order_id = orders.id"
)
_BY_ID: Final = f"{_SELECT} WHERE orders.id = ?"
_BY_NUMBER: Final = f"{_SELECT} WHERE orders.number = ? AND {OWNS_NUMBER}"
_BY_EITHER: Final = f"{_BY_ID} UNION ALL {_BY_NUMBER} AND orders.id <> ?"


def find_registered_order(db: Cursor, ref: str) -> RegisteredOrder:
    """As `order_rows.find_order`, and where the order was submitted."""
    named = order_ref(ref)
    name = str(named)
    match named:
        case OrderId():
            rows = db.execute(_BY_ID, (name,)).fetchall()
        case OrderNumber():
            rows = db.execute(_BY_NUMBER, (name,)).fetchall()
        case _:
            rows = db.execute(_BY_EITHER, (name, name, name)).fetchall()
    if not rows or any(row[0] != rows[0][0] for row in rows):
        raise not_one_order(db, named, sorted({tuple(row[:3]) for row in rows}))
    order_id, document, folder_id, original_id = rows[0][:4]
    submitted = sorted((row[4:] for row in rows if row[4] is not None), key=lambda row: (row[2], row[0]))
    order = order_from_row(order_id, document, folder_id)
    return RegisteredOrder(order, original_id, tuple([remote_order_from_row(*row) for row in submitted]))
