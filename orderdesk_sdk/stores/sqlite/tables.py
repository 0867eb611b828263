"""The tables of what is worked on, and the columns of their rows that the hash chain covers beside the data."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.ledger import Work
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.status_change import StatusChange
from orderdesk_sdk.stores.serialization import stamp

__all__ = ["COLUMNS", "NOUNS", "TABLES", "WISH", "columns_of", "due_of", "rows_of", "wish_columns"]

TABLES: dict[type[Work], str] = {Case: "cases", Resubmission: "resubmissions", StatusChange: "status_changes"}
NOUNS: dict[type[Work], str] = {Case: "case", Resubmission: "resubmission", StatusChange: "status change"}
COLUMNS: dict[type[Work], str] = {
    Case: "id, cancellation_id, order_id, connection, state, version, due_at",
    Resubmission: "id, order_number, original_id, connection, version, due_at",
    StatusChange: "id, order_id, connection, version, due_at",
}
"""By kind, in the order of `columns_of`; the id first, of a case its wish second."""
WISH = "id, order_id"
"""The columns of a wish, in the order of `wish_columns`."""
_PAGE = 500


def columns_of(work: Work) -> tuple[str | int | None, ...]:
    """The columns of a work's row beside its data."""
    due = due_of(work)
    match work:
        case Case():
            return (work.id, work.cancellation_id, work.order_id, work.connection, work.state.value, work.version, due)
        case Resubmission():
            return work.id, work.order_number, work.original_id, work.connection, work.version, due
        case StatusChange():
            return work.id, work.order_id, work.connection, work.version, due


def wish_columns(wish: Cancellation) -> tuple[str, str]:
    """The columns of a wish's row beside its data."""
    return wish.id, wish.order_id


def due_of(work: Work) -> int | None:
    """When a work is due, as its row holds it."""
    return stamp(work.due_at) if work.due_at is not None else None


def rows_of(db: sqlite3.Connection, table: str, key: str, columns: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a table in the order of `key`, which comes first in each, a bounded number of them at a time."""
    where = ""
    last: tuple[object, ...] = ()
    while True:
        found = db.execute(
            f"SELECT {key}, {columns} FROM {table} {where} ORDER BY {key} LIMIT {_PAGE}",  # noqa: S608 - constants
            last,
        ).fetchall()
        yield from found
        if len(found) < _PAGE:
            return
        where, last = f"WHERE {key} > ?", (found[-1][0],)
