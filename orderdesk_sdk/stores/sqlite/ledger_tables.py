"""The tables of what is worked on, and the columns of their rows that the hash chain covers beside the data."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.ledger import AnyCase
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.status_change import StatusChange
from orderdesk_sdk.stores.serialization import to_microseconds

__all__ = [
    "COLUMNS",
    "NOUNS",
    "TABLES",
    "CANCELLATION_COLUMNS",
    "columns_of",
    "due_of",
    "rows_of",
    "cancellation_columns",
]

TABLES: dict[type[AnyCase], str] = {Case: "cases", Resubmission: "resubmissions", StatusChange: "status_changes"}
NOUNS: dict[type[AnyCase], str] = {Case: "case", Resubmission: "resubmission", StatusChange: "status change"}
COLUMNS: dict[type[AnyCase], str] = {
    Case: "id, cancellation_id, order_id, connection, state, version, due_at",
    Resubmission: "id, order_number, original_id, connection, version, due_at",
    StatusChange: "id, order_id, connection, version, due_at",
}
"""By kind, in the order of `columns_of`; the id first, of a case its wish second."""
CANCELLATION_COLUMNS = "id, order_id"
"""The columns of a wish, in the order of `cancellation_columns`."""
_PAGE = 500


def columns_of(case: AnyCase) -> tuple[str | int | None, ...]:
    """The columns of a work's row beside its data."""
    due = due_of(case)
    match case:
        case Case():
            return (case.id, case.cancellation_id, case.order_id, case.connection, case.state.value, case.version, due)
        case Resubmission():
            return case.id, case.order_number, case.original_id, case.connection, case.version, due
        case StatusChange():
            return case.id, case.order_id, case.connection, case.version, due


def cancellation_columns(cancellation: Cancellation) -> tuple[str, str]:
    """The columns of a wish's row beside its data."""
    return cancellation.id, cancellation.order_id


def due_of(case: AnyCase) -> int | None:
    """When a work is due, as its row holds it."""
    return to_microseconds(case.due_at) if case.due_at is not None else None


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
