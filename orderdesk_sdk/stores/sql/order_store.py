"""The embedded order store: orders, folders, history and remote orders in a database, which may be the ledger's.

For shops without Order Desk, for tests and for the demo. Where Order Desk's behavior is known it is followed: a number
is given once, a folder is a label, history only grows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from attrs import evolve, frozen

from orderdesk_sdk.clock import MAX_CLOCK_SKEW, Clock, utc
from orderdesk_sdk.errors import InvalidStateError, NotFoundError, ValidationError
from orderdesk_sdk.orders.numbering import DEFAULT_SUFFIX, next_free_number, numbering_base
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.order_search import FoundOrder, FoundOrders
from orderdesk_sdk.orders.store import FolderMove, OrderStore, RegisteredOrder
from orderdesk_sdk.orders.store_rules import is_registered
from orderdesk_sdk.stores.sql import order_rows, order_search
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.order_database import OrderDatabase
from orderdesk_sdk.stores.sql.order_rows import Folder
from orderdesk_sdk.stores.sql.order_terms import index_changed_orders, index_order, order_terms
from orderdesk_sdk.stores.sql.registered_orders import find_registered_order

if TYPE_CHECKING:
    from orderdesk_sdk.stores.sql.order_import import ImportReport

__all__ = ["OrderHistoryEntry", "SqlOrderStore", "require_embedded_store"]

INDEXED_TOGETHER: Final = 100
"""Orders whose words are written down in one transaction: a few hundredths of a second."""
INDEXING_TIME: Final = 1.0
"""Seconds that a search writes words down before it looks; the rest is left to the next ones."""


@frozen
class OrderHistoryEntry:
    """One entry of an order's history; `at` is in UTC."""

    at: datetime
    by: str
    text: str


class SqlOrderStore:
    """The embedded order store, in whatever database; safe for threads and for several processes.

    Every method raises StorageError where the database cannot be read or written, and ValidationError for a blank `by`.
    A change is durable when the call returns, or did not happen.
    """

    read_together: Final = 100

    def __init__(self, database: OrderDatabase, *, clock: Clock, suffix: str = DEFAULT_SUFFIX) -> None:
        """suffix: of the numbers of duplicates; see `numbering`."""
        self._database = database
        self._clock = clock
        self._suffix = suffix

    def close(self) -> None:
        """Close the database; every later call raises StorageError."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Orders

    def import_orders(
        self, orders: Iterable[Order], *, by: str, before_batch: Callable[[Sequence[str]], None] | None = None
    ) -> ImportReport:
        """Add the orders that are new by id, update the others whole.

        A new order goes into the folder of its `folder_id`, or into New where that is None or a folder of another store
        (its history says which). An update keeps folder, remote orders, history and links: only `move` moves. Raises
        ValidationError, before anything is written, that lists every order that cannot be stored, or whose id comes
        twice.

        They are written a few at a time, so that others can write meanwhile, and `before_batch` is told the ids of the
        next few. What is not yet written waits beside the file, not in memory: `orders` may be an iterator over any
        number of them, and what it raises leaves everything as it was. Where that fails half way, StorageError
        tells how many are in; the same import again leaves those as they are and goes on.

        Orders of several shops may have one number, and an order that was made anew has that of the old one: all are
        taken, and the report tells of each clash. See `claim_number`.
        """
        from orderdesk_sdk.stores.sql.order_import import import_orders  # It imports what keeps orders off memory.

        _require_actor(by)
        return import_orders(self._database, orders, by=by, clock=self._clock, before_batch=before_batch)

    def claim_number(self, ref: str, *, by: str) -> tuple[str, ...]:
        """Let this order alone go by its number; the ids of the others, which from now on are found by id alone.

        For an order that was made anew under the old one's number. Nothing else of the others changes: what is under
        way for them goes on. The histories of all tell of it, and each of them may take the number over again.
        """
        _require_actor(by)
        with self._database.writing() as db:
            order = order_rows.find_order(db, ref)
            others = order_rows.ids_sharing_number(db, order)
            db.execute("UPDATE orders SET number_owner = NULL WHERE id = ?", (order.id,))
            now = self._clock.now()
            for other in others:
                db.execute("UPDATE orders SET number_owner = ? WHERE id = ?", (order.id, other))
                text = f"The number {order.number} was taken over by order id {order.id}"
                order_rows.add_note(db, other, text, by=by, at=now)
            if others:
                text = f"Took the number {order.number} over from order id {', '.join(others)}"
                order_rows.add_note(db, order.id, text, by=by, at=now)
        return others

    def get_order(self, ref: str) -> Order:
        """The order with this id or number; `folder_id` is the folder it is in now.

        `id:` or `number:` before it says which it is. Raises NotFoundError for an unknown one (telling close matches),
        and AmbiguousError where `ref` is one order's id and another's number, or the number of several.
        """
        with self._database.reading() as db:
            return order_rows.find_order(db, ref)

    def registered_order(self, ref: str) -> RegisteredOrder:
        """As `get_order`, with where the order was submitted and of which order it is a duplicate."""
        with self._database.reading() as db:
            return find_registered_order(db, ref)

    def search_orders(
        self, text: str | None = None, folder: str | None = None, *, limit: int = 50, after: str | None = None
    ) -> FoundOrders:
        """One page of orders, the newest by their first import first; see `SearchableOrderStore`."""
        is_indexed = self._index_changed_orders() if text and text.strip() else True
        with self._database.reading() as db:
            found = order_search.search_orders(db, text, folder, limit, after)
        return found if is_indexed else evolve(found, is_complete=False)

    def find_orders(self, order_ids: Sequence[str]) -> tuple[FoundOrder, ...]:
        """The orders with these ids, in their order; those that there are."""
        with self._database.reading() as db:
            return order_search.find_orders(db, order_ids)

    def folder_names(self) -> tuple[str, ...]:
        """The names of all folders, oldest first."""
        return tuple(folder.name for folder in self.folders())

    def _index_changed_orders(self) -> bool:
        """Write down the words of orders that another program wrote; whether all are written down now."""
        ends = time.monotonic() + INDEXING_TIME
        while time.monotonic() < ends:
            with self._database.reading() as db:
                if db.execute("SELECT 1 FROM changed_orders LIMIT 1").fetchone() is None:
                    return True
            with self._database.writing() as db:
                index_changed_orders(db, INDEXED_TOGETHER)
        return False

    def next_free_number(self, ref: str) -> str:
        """The first free of 1042-1, 1042-2, ...: what `duplicate` would pick now."""
        with self._database.reading() as db:
            original = order_rows.find_order(db, ref)
            return self._next_free_name(db, original.number, (row[1] for row in order_rows.ancestors(db, original.id)))

    def duplicate(self, ref: str, *, by: str, number: str | None = None) -> Order:
        """A copy under a new id and number, in the folder New, with no fulfillment, shipments or remote orders.

        With `number` None it is the first free of 1042-1, 1042-2, ...; a copy of a copy counts on from the first
        original, so 1042-1 is followed by 1042-2. Order Desk's own rule is UNKNOWN. Both orders' histories tell of each
        other. Raises ValidationError for a blank number and for one that is taken, naming the order that has it.
        """
        _require_actor(by)
        with self._database.writing() as db:
            original = order_rows.find_order(db, ref)
            earlier = order_rows.ancestors(db, original.id)
            if number is None:
                number = self._next_free_name(db, original.number, (row[1] for row in earlier))
            elif not number.strip() or order_rows.id_using_name(db, number) is not None:
                owner = order_rows.id_using_name(db, number) or "none"
                text = f"number {number!r} is blank or belongs to order id {owner}"
                raise ValidationError(text, hint="give another number, or none to have a free one picked")
            now = self._clock.now()
            new = order_rows.find_folder(db, order_rows.NEW_FOLDER).id
            copy = evolve(
                original,
                id=self._next_free_name(db, original.id, (row[0] for row in earlier)),
                number=number,
                folder_id=new,
                fulfillment_name="",
                fulfillment_id="",
                shipments=(),
                added_at=now,
                updated_at=now,
            )
            order_rows.insert_order(db, copy, new)
            db.execute("INSERT INTO order_links (copy_id, original_id) VALUES (?, ?)", (copy.id, original.id))
            for each, other, text in ((original, copy, "Duplicated as"), (copy, original, "Duplicate of")):
                order_rows.add_note(db, each.id, f"{text} order {other.number} (id {other.id})", by=by, at=now)
            index_order(db, copy.id, order_terms(copy))
        return copy

    def _next_free_name(self, db: Cursor, name: str, earlier: Iterable[str]) -> str:
        """The first free name that counts on from a name and those before it."""
        start = numbering_base(name, earlier, self._suffix)
        return next_free_number(start, lambda taken: order_rows.id_using_name(db, taken) is not None, self._suffix)

    def original_of(self, order_id: str) -> str | None:
        """The id of the order that this one is a duplicate of; None: of none."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT original_id FROM orders LEFT JOIN order_links ON copy_id = orders.id WHERE orders.id = ?",
                (order_id,),
            ).fetchone()
            if row is None:
                raise order_rows.unknown_id(order_id)
        return None if row[0] is None else str(row[0])

    def duplicates_of(self, order_id: str) -> tuple[str, ...]:
        """The ids of this order's direct duplicates, oldest first."""
        with self._database.reading() as db:
            order_rows.require_order(db, order_id)
            found = db.execute(
                "SELECT id FROM order_links JOIN orders ON id = copy_id WHERE original_id = ? ORDER BY seq",
                (order_id,),
            ).fetchall()
        return tuple(row[0] for row in found)

    # Folders

    def folders(self) -> tuple[Folder, ...]:
        """All folders, oldest first."""
        with self._database.reading() as db:
            return order_rows.folders(db)

    def create_folder(self, name: str) -> Folder:
        """A new folder. Raises ValidationError for a blank name or one that exists, in whatever case."""
        name = name.strip()
        with self._database.writing() as db:
            if not name or any(folder.name.casefold() == name.casefold() for folder in order_rows.folders(db)):
                raise ValidationError(f"a folder {name!r} cannot be made", hint="give a name that no folder has yet")
            db.execute("INSERT INTO folders (name) VALUES (?)", (name,))
            return order_rows.find_folder(db, name)

    def folder_of(self, ref: str) -> str | None:
        """The name of the folder the order is in."""
        with self._database.reading() as db:
            order = order_rows.find_order(db, ref)
            return next((each.name for each in order_rows.folders(db) if each.id == order.folder_id), None)

    def resolve_folder_name(self, name: str) -> str:
        """The folder's name as it is spelled here, found in whatever case.

        Raises NotFoundError naming the known ones.
        """
        with self._database.reading() as db:
            return order_rows.find_folder(db, name).name

    def move(self, ref: str, folder: str, *, by: str) -> FolderMove:
        """Put the order into a folder, by its name in whatever case; a move into the same folder changes nothing.

        A move cancels nothing and tells nobody, into Canceled neither: it changes the folder and adds to the history.
        Raises NotFoundError for an unknown folder, naming the known ones.
        """
        _require_actor(by)
        with self._database.writing() as db:
            order = order_rows.find_order(db, ref)
            target = order_rows.find_folder(db, folder)
            source = next((each.name for each in order_rows.folders(db) if each.id == order.folder_id), None)
            if order.folder_id != target.id:
                db.execute("UPDATE orders SET folder_id = ? WHERE id = ?", (target.id, order.id))
                order_rows.add_note(db, order.id, f"Moved from {source} to {target.name}", by=by, at=self._clock.now())
        return FolderMove(order_id=order.id, source=source, destination=target.name)

    # Remote orders

    def add_remote_order(self, ref: str, remote_order: RemoteOrder, *, by: str) -> None:
        """Register where the order was submitted; the same connection and remote number again changes nothing.

        `status` counts for a new remote order only; later words come through `record_status`. Raises ValidationError
        for a blank connection or number, where the order is at that connection under another number, in another role or
        since another time, and where that number there belongs to another order.
        """
        _require_actor(by)
        with self._database.writing() as db:
            order = order_rows.find_order(db, ref)
            owner = _owner_of_remote_id(db, remote_order.connection, remote_order.remote_id)
            if is_registered(order, remote_order, order_rows.remote_orders(db, order.id), owner):
                return
            order_rows.insert_remote_order(db, order.id, remote_order)
            index_order(db, order.id, order_terms(order))
            text = f"Registered at {remote_order.connection} as {remote_order.remote_id} ({remote_order.role.value})"
            order_rows.add_note(db, order.id, text, by=by, at=self._clock.now())

    def remote_orders(self, order_id: str) -> tuple[RemoteOrder, ...]:
        """Where the order was submitted, oldest first. Takes the id only."""
        with self._database.reading() as db:
            found = order_rows.remote_orders(db, order_id)
            if not found:
                order_rows.require_order(db, order_id)
            return found

    def find_by_remote_id(self, connection: str, remote_id: str) -> str | None:
        """The id of the order that has this number at a connection; None: none has."""
        with self._database.reading() as db:
            return _owner_of_remote_id(db, connection, remote_id)

    def record_status(self, order_id: str, connection: str, status: str, at: datetime) -> None:
        """Keep the service's word; an older word than the kept one changes nothing, unless that is of a time to come.

        It does not go into the history: polls would fill it. Raises NotFoundError where the order has no remote order
        at that connection, ValueError for a naive `at`.
        """
        read_at = order_rows.to_timestamp(utc(at))
        with self._database.writing(alone=False) as db:
            places = [known.connection for known in order_rows.remote_orders(db, order_id)]
            if connection not in places:
                order_rows.require_order(db, order_id)
                hint = f"the order is registered at {', '.join(places) or 'no connection'}"
                raise NotFoundError(f"order id {order_id} is not registered at {connection!r}", hint=hint)
            db.execute(
                "UPDATE remote_orders SET status = ?, status_at = ? "
                "WHERE order_id = ? AND connection = ? AND (status_at IS NULL OR status_at <= ? OR status_at > ?)",
                (
                    order_rows.storable(status),
                    read_at,
                    order_id,
                    connection,
                    read_at,
                    order_rows.to_timestamp(self._clock.now() + MAX_CLOCK_SKEW),
                ),
            )

    # History

    def add_history(self, ref: str, text: str, *, by: str) -> None:
        """Append to the order's history. A text over 1,800 characters becomes several numbered entries.

        Raises ValidationError for a blank text.
        """
        _require_actor(by)
        with self._database.writing(alone=False) as db:
            order_rows.add_note(db, order_rows.find_order(db, ref).id, text, by=by, at=self._clock.now())

    def remove_texts(self, ref: str, *, by: str) -> None:
        """Remove from an order and its history who people are and what they wrote, addresses and notes included.

        An import of the same order brings the order's own back.
        """
        _require_actor(by)
        with self._database.erasing() as db:
            order = order_rows.find_order(db, ref)
            order_rows.remove_texts(db, order)
            index_order(db, order.id, order_terms(order_rows.anonymized(order)))
            order_rows.add_note(db, order.id, "Personal texts removed", by=by, at=self._clock.now())

    def history(self, ref: str) -> tuple[OrderHistoryEntry, ...]:
        """The order's history, oldest first."""
        with self._database.reading() as db:
            found = db.execute(
                "SELECT at, by, text FROM order_history WHERE order_id = ? ORDER BY seq",
                (order_rows.find_order(db, ref).id,),
            ).fetchall()
        return tuple(OrderHistoryEntry(datetime.fromisoformat(at), by, text) for at, by, text in found)


def require_embedded_store(store: OrderStore, location: str) -> SqlOrderStore:
    """The order store, which must be the embedded one for what is to be done. Raises InvalidStateError."""
    if not isinstance(store, SqlOrderStore):
        raise InvalidStateError(
            "the orders are not kept here: only the local order store does that",
            location=location,
            hint="do that where the orders are, in Order Desk or your app; every other command finds them there",
        )
    return store


def _owner_of_remote_id(db: Cursor, connection: str, remote_id: str) -> str | None:
    row = db.execute(
        "SELECT order_id FROM remote_orders WHERE connection = ? AND remote_id = ?", (connection, remote_id)
    ).fetchone()
    return None if row is None else str(row[0])


def _require_actor(by: str) -> None:
    if not by.strip():
        raise ValidationError("`by` is required", hint="name the person or program that makes this change")
