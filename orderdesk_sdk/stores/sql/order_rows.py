"""The order store's rows as values: what more than one call needs, all inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from attrs import evolve, frozen

from orderdesk_sdk.errors import NotFoundError, OrderDeskError
from orderdesk_sdk.orders.notes import split_note
from orderdesk_sdk.orders.order import Address, ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.orders.references import OrderId, OrderNumber, order_ref
from orderdesk_sdk.orders.serialization import read_stored_order, write_order_text
from orderdesk_sdk.orders.store_rules import ambiguous_order, pick_folder
from orderdesk_sdk.stores.sql.database import Cursor

__all__ = [
    "NEW_FOLDER",
    "OWNS_NUMBER",
    "REMOTE_COLUMNS",
    "Folder",
    "add_note",
    "ancestors",
    "anonymized",
    "not_one_order",
    "order_from_row",
    "order_document",
    "find_order",
    "find_folder",
    "folders",
    "insert_order",
    "insert_row",
    "insert_remote_order",
    "require_order",
    "sequence_of",
    "unknown_id",
    "orders_sharing_name",
    "ids_sharing_number",
    "id_using_name",
    "remote_order_from_row",
    "remote_orders",
    "remove_texts",
    "to_timestamp",
    "storable",
]

NEW_FOLDER: Final = "New"
"""The folder of orders that were put in none."""
_MAX_SUGGESTIONS_FROM: Final = 2000
"""Orders whose names are compared for "did you mean": the newest, so that a typo costs the same in a large store."""


REMOTE_COLUMNS: Final = "connection, remote_id, submitted_at, role, status, status_at"
"""The columns of a remote order, in the order of `remote_order_from_row`."""
OWNS_NUMBER: Final = """NOT EXISTS (
    SELECT 1 FROM orders AS taker WHERE taker.id = orders.number_owner AND taker.number = orders.number
)"""
"""Of an order: no other that still has its number took it over."""


_BY_ID: Final = "SELECT id, document, folder_id FROM orders WHERE id = ?"
_BY_NUMBER: Final = f"SELECT id, document, folder_id FROM orders WHERE number = ? AND {OWNS_NUMBER}"  # noqa: S608 - constants
_BY_EITHER: Final = f"{_BY_ID} UNION ALL {_BY_NUMBER} AND id <> ?"
"""Not by UNION, for which the database would build a table first to compare the documents."""


@frozen
class Folder:
    """A folder: a label on orders, nothing more."""

    id: int
    name: str


def to_timestamp(moment: datetime) -> str:
    """An aware moment as text that sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def storable(text: str) -> str:
    """The text as a database takes it: half characters, which a service's reply may hold, become "?"."""
    return text.encode(errors="replace").decode()


def order_document(order: Order) -> str:
    """The order as it is stored. The folder is not in it: it has a column, so that a move rewrites nothing."""
    return write_order_text(evolve(order, folder_id=None))


def order_from_row(order_id: str, document: str, folder_id: int | None) -> Order:
    """The order that a row holds."""
    return read_stored_order(document, location=f"stored order {order_id}", folder_id=folder_id)


def find_order(db: Cursor, ref: str) -> Order:
    """The order with this id or number; NotFoundError for none (with close matches), AmbiguousError for several.

    An order whose number another one took over is found by its id alone.
    """
    named = order_ref(ref)
    name = str(named)
    match named:
        case OrderId():
            rows = db.execute(_BY_ID, (name,)).fetchall()
        case OrderNumber():
            rows = db.execute(f"{_BY_NUMBER} ORDER BY id", (name,)).fetchall()
        case _:
            rows = sorted(db.execute(_BY_EITHER, (name, name, name)))
    if len(rows) == 1:
        return order_from_row(*rows[0])
    raise not_one_order(db, named, rows)


def not_one_order(db: Cursor, named: str, rows: Sequence[Sequence[Any]]) -> OrderDeskError:
    """What to raise where a name is not that of one order.

    Args:
        rows: id, document and folder of each order that has it.
    """
    name = str(named)
    if rows:
        return ambiguous_order(name, [order_from_row(*row) for row in rows])
    newest = db.execute("SELECT number, id FROM orders ORDER BY seq DESC LIMIT ?", (_MAX_SUGGESTIONS_FROM,))
    names = dict.fromkeys(name for row in newest for name in row)
    import difflib  # For a mistake only.

    close = difflib.get_close_matches(name, names, n=3)
    hint = f"did you mean {', '.join(close)}?" if close else "import the order first, or list the orders there are"
    kind = "id" if isinstance(named, OrderId) else "number" if isinstance(named, OrderNumber) else "id or number"
    return NotFoundError(f"no order has the {kind} {name!r}", hint=hint)


def orders_sharing_name(db: Cursor, order_id: str, number: str) -> tuple[Order, ...]:
    """The other orders that a person may mean by one's id or number, or that this one's may be meant by."""
    columns = "SELECT id, document, folder_id FROM orders WHERE id <> ? AND"
    query = f"{columns} id = ? UNION {columns} number IN (?, ?) AND {OWNS_NUMBER} ORDER BY id"
    rows = db.execute(query, (order_id, number, order_id, order_id, number))
    return tuple(order_from_row(*row) for row in rows)


def ids_sharing_number(db: Cursor, order: Order) -> tuple[str, ...]:
    """The ids of the other orders that go by an order's number."""
    columns = "SELECT id FROM orders WHERE"
    query = f"{columns} number = ? AND id <> ? AND {OWNS_NUMBER} ORDER BY seq"
    return tuple(row[0] for row in db.execute(query, (order.number, order.id)))


def require_order(db: Cursor, order_id: str) -> None:
    """Nothing, if an order has this id; else NotFoundError."""
    sequence_of(db, order_id)


def sequence_of(db: Cursor, order_id: str) -> int:
    """The place of the order with this id among all, by their first import. Raises NotFoundError."""
    row = db.execute("SELECT seq FROM orders WHERE id = ?", (order_id,)).fetchone()
    if row is None:
        raise unknown_id(order_id)
    return int(row[0])


def unknown_id(order_id: str) -> NotFoundError:
    """What to raise where no order has an id."""
    return NotFoundError(f"no order has the id {order_id!r}", hint="give the id, not the number: order(ref).id")


def id_using_name(db: Cursor, name: str) -> str | None:
    """The id of an order that has `name` as its id or number; None: it is free."""
    row = db.execute("SELECT id FROM orders WHERE id = ? OR number = ? ORDER BY id", (name, name)).fetchone()
    return None if row is None else str(row[0])


def insert_order(db: Cursor, order: Order, folder_id: int) -> None:
    """Add a new order."""
    insert_row(db, order.id, order.number, folder_id, order_document(order))


def insert_row(db: Cursor, order_id: str, number: str, folder_id: int, document: str) -> None:
    """Add a new order whose document is made already."""
    db.execute(
        "INSERT INTO orders (id, number, folder_id, document) VALUES (?, ?, ?, ?)",
        (order_id, number, folder_id, document),
    )


def folders(db: Cursor) -> tuple[Folder, ...]:
    """All folders, oldest first."""
    return tuple(Folder(*row) for row in db.execute("SELECT id, name FROM folders ORDER BY id"))


def find_folder(db: Cursor, name: str) -> Folder:
    """The folder of that name, in whatever case; NotFoundError tells the names there are."""
    known = {folder.name: folder for folder in folders(db)}
    return known[pick_folder(name, tuple(known))]


def remote_orders(db: Cursor, order_id: str) -> tuple[RemoteOrder, ...]:
    """Where the order was submitted, oldest first."""
    rows = db.execute(
        f"SELECT {REMOTE_COLUMNS} FROM remote_orders WHERE order_id = ? ORDER BY submitted_at, connection",  # noqa: S608 - a constant
        (order_id,),
    )
    return tuple([remote_order_from_row(*row) for row in rows])


@lru_cache(4096)
def remote_order_from_row(
    connection: str, remote_id: str, submitted_at: str, role: str, status: str | None, status_at: str | None
) -> RemoteOrder:
    """The remote order of a row. Remembered, as every look at a case reads the same one, and nothing changes it."""
    return RemoteOrder(
        connection=connection,
        remote_id=remote_id,
        submitted_at=datetime.fromisoformat(submitted_at),
        role=ConnectionRole(role),
        status=status,
        status_at=None if status_at is None else datetime.fromisoformat(status_at),
    )


def insert_remote_order(db: Cursor, order_id: str, remote_order: RemoteOrder) -> None:
    """Add a new remote order."""
    db.execute(
        "INSERT INTO remote_orders (order_id, connection, remote_id, role, submitted_at, status, status_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            order_id,
            remote_order.connection,
            remote_order.remote_id,
            remote_order.role.value,
            to_timestamp(remote_order.submitted_at),
            None if remote_order.status is None else storable(remote_order.status),
            None if remote_order.status_at is None else to_timestamp(remote_order.status_at),
        ),
    )


def add_note(db: Cursor, order_id: str, text: str, *, by: str, at: datetime) -> None:
    """Append to an order's history."""
    db.executemany(
        "INSERT INTO order_history (order_id, at, by, text) VALUES (?, ?, ?, ?)",
        [(order_id, to_timestamp(at), storable(by), note) for note in split_note(storable(text))],
    )


def anonymized(order: Order) -> Order:
    """The order without whoever it is for and what they wrote: its lines, totals, times and parcels stay."""
    return evolve(
        order,
        email="",
        customer_id="",
        shipping=Address(country=order.shipping.country),
        customer=Address(country=order.customer.country),
        lines=tuple(evolve(line, variations={}, metadata={}, extra={}) for line in order.lines),
        shipments=tuple(evolve(shipment, tracking_url="", extra={}) for shipment in order.shipments),
        notes=(),
        checkout_data={},
        metadata={},
        extra={},
    )


def remove_texts(db: Cursor, order: Order) -> None:
    """Remove from an order and its history who people are and what they wrote."""
    db.execute("UPDATE orders SET document = ? WHERE id = ?", (order_document(anonymized(order)), order.id))
    db.execute("UPDATE order_history SET text = '(removed)', by = '(removed)' WHERE order_id = ?", (order.id,))


def ancestors(db: Cursor, order_id: str) -> list[tuple[str, str]]:
    """Ids and numbers of the orders that this one descends from by duplication, nearest first."""
    return db.execute(
        """WITH RECURSIVE line (id, depth) AS (
            SELECT original_id, 1 FROM order_links WHERE copy_id = ?
            UNION ALL SELECT original_id, depth + 1 FROM order_links JOIN line ON copy_id = line.id
        ) SELECT orders.id, number FROM line JOIN orders USING (id) ORDER BY depth""",
        (order_id,),
    ).fetchall()
