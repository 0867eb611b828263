"""How orders come into the order store: all checked before anything is written, then written a few at a time.

What was checked waits in a file, not in memory: a whole shop has more orders than that should hold.

An import of a whole shop takes minutes. In one transaction it would keep everybody else from writing for as long, and a
service's answer could not be kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final

from attrs import field, frozen

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import StorageError, ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.store_rules import describe_order
from orderdesk_sdk.stores.order_spool import OrderSpool
from orderdesk_sdk.stores.sql import order_rows
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.order_database import OrderDatabase
from orderdesk_sdk.stores.sql.order_terms import index_order, order_terms

__all__ = ["NumberConflict", "ImportReport", "import_orders"]

BATCH_SIZE: Final = 250
"""Orders of one transaction: a few hundredths of a second."""
PAUSE: Final = 0.5
"""How long others may write between two transactions, as a part of what one took: who waits looks only now and then."""


@frozen
class NumberConflict:
    """An order that came in and can be mistaken for others: by its number, or because one's id is another's number.

    Args:
        ids: its own, then the others'.
        message: what is the matter and how to go on, for people.
    """

    number: str
    ids: tuple[str, ...]
    message: str


@frozen
class ImportReport:
    """What an import did, as order numbers in the order of the import.

    Args:
        conflicts: of those that were added or renamed.
    """

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    conflicts: tuple[NumberConflict, ...] = ()


@frozen
class _Progress:
    added: list[str] = field(factory=list)
    updated: list[str] = field(factory=list)
    unchanged: list[str] = field(factory=list)
    conflicts: list[NumberConflict] = field(factory=list)

    @property
    def count(self) -> int:
        return len(self.added) + len(self.updated) + len(self.unchanged)

    def add(self, more: _Progress) -> None:
        self.added.extend(more.added)
        self.updated.extend(more.updated)
        self.unchanged.extend(more.unchanged)
        self.conflicts.extend(more.conflicts)


@frozen
class _ImportedOrder:
    """An order that is about to be stored, as much of it as that needs."""

    id: str
    number: str
    folder_id: int | None
    document: str
    terms: list[str] = field(factory=list, hash=False)

    def order(self) -> Order:
        """The order itself."""
        return order_rows.order_from_row(self.id, self.document, self.folder_id)


def import_orders(
    database: OrderDatabase,
    orders: Iterable[Order],
    *,
    by: str,
    clock: Clock,
    before_batch: Callable[[Sequence[str]], None] | None = None,
) -> ImportReport:
    """Add the orders that are new by id, update the others whole. In memory are the orders of one transaction.

    Args:
        before_batch: is told the ids of those that are written next.

    Raises ValidationError, before anything is written, that lists every order that cannot be stored or whose id comes
    twice; and StorageError, which says how many orders are in already where that is so.
    """
    with OrderSpool(database.directory) as spool:
        count = _spool_valid(orders, spool)
        done = _Progress()
        unread = iter(spool)
        while batch := [_ImportedOrder(*row) for row in islice(unread, BATCH_SIZE)]:
            began = time.monotonic()
            if before_batch is not None:
                before_batch([order.id for order in batch])
            try:
                with database.writing() as db:
                    told = _write(db, batch, by, clock)
            except StorageError as error:
                if not done.count:
                    raise
                raise StorageError(
                    f"{done.count:,} of {counted(count, 'order')} imported; the others are not: {error.message}",
                    location=error.location,
                    hint=f"{error.hint}; then import the same again: what is there already is left as it is",
                ) from error
            done.add(told)
            if done.count < count and told.count > len(told.unchanged):
                time.sleep((time.monotonic() - began) * PAUSE)
    return ImportReport(tuple(done.added), tuple(done.updated), tuple(done.unchanged), tuple(done.conflicts))


def _spool_valid(orders: Iterable[Order], spool: OrderSpool) -> int:
    """Put the orders into a spool as they are stored; how many these are.

    Raises ValidationError where any of them cannot be stored.
    """
    faults: list[str] = []
    seen: set[str] = set()
    for order in orders:
        try:
            document = order_rows.order_document(order)
        except ValidationError as error:
            faults.append(f"order {order.id}: {error.message}")
            continue
        if order.id in seen:
            faults.append(f"order {order.id}: its id comes twice")
        seen.add(order.id)
        if not faults:
            spool.append(order.id, order.number, order.folder_id, document, order_terms(order))
    if faults:
        more = [f"and {len(faults) - 20} more"] if len(faults) > 20 else []
        text = "\n".join(["nothing was imported", *faults[:20], *more])
        raise ValidationError(text, hint="correct or leave out these orders")
    return len(seen)


def _write(db: Cursor, orders: Sequence[_ImportedOrder], by: str, clock: Clock) -> _Progress:
    done = _Progress()
    known = {folder.id for folder in order_rows.folders(db)}
    new = order_rows.find_folder(db, order_rows.NEW_FOLDER).id
    for order in orders:
        stored = db.execute("SELECT document, number FROM orders WHERE id = ?", (order.id,)).fetchone()
        if stored is None or stored[1] != order.number:
            done.conflicts.extend(_conflicts(order, order_rows.orders_sharing_name(db, order.id, order.number)))
        if stored is not None and stored[0] == order.document:
            done.unchanged.append(order.number)
        elif stored is not None:
            db.execute(
                "UPDATE orders SET number = ?, document = ?,"
                " number_owner = CASE number WHEN ? THEN number_owner END WHERE id = ?",
                (order.number, order.document, order.number, order.id),
            )
            order_rows.add_note(db, order.id, "Updated by import", by=by, at=clock.now())
            done.updated.append(order.number)
        else:
            here = order.folder_id if order.folder_id in known else None
            order_rows.insert_row(db, order.id, order.number, new if here is None else here, order.document)
            other = "" if here == order.folder_id else f" from folder {order.folder_id}, unknown here"
            order_rows.add_note(db, order.id, f"Imported{other}", by=by, at=clock.now())
            done.added.append(order.number)
        if stored is None or stored[0] != order.document:
            index_order(db, order.id, order.terms)
    return done


def _conflicts(order: _ImportedOrder, others: Sequence[Order]) -> tuple[NumberConflict, ...]:
    if not others:
        return ()
    known = [f"id:{each.id} ({describe_order(each)})" for each in (order.order(), *others)]
    text = f"order {order.number} can be mistaken: say {' or '.join(known)}"
    if any(other.number == order.number for other in others):
        text += (
            f"; where it is one order made anew, `orderdesk claim-number id:{order.id}` lets this one have the number"
        )
    return (NumberConflict(order.number, (order.id, *(other.id for other in others)), text),)
