"""The tables of cases and cancellations, and the columns of their rows that the hash chain covers beside the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.stores.serialization import to_microseconds
from orderdesk_sdk.stores.sql.database import Cursor

__all__ = [
    "COLUMNS",
    "KINDS",
    "NOUN",
    "CANCELLATION_COLUMNS",
    "columns_of",
    "due_of",
    "rows_of",
    "cancellation_columns",
]

KINDS: Mapping[str, type[Case]] = {kind.kind: kind for kind in (CancelCase, StatusCase, ResubmitCase, ResponseCase)}
"""The kinds of cases, by what the column `kind` says."""
NOUN = "case"
"""What a row that is found damaged is called."""
COLUMNS = "id, kind, cancellation_id, order_id, connection, state, version, due_at"
"""The columns of a case, in the order of `columns_of`."""
CANCELLATION_COLUMNS = "id, order_id"
"""The columns of a cancellation, in the order of `cancellation_columns`."""
_PAGE = 500


def columns_of(case: Case) -> tuple[str | int | None, ...]:
    """The columns of a case's row beside its data."""
    cancellation = case.cancellation_id if isinstance(case, CancelCase) else None
    state = case.state.value
    return case.id, case.kind, cancellation, case.order_id, case.connection, state, case.version, due_of(case)


def cancellation_columns(cancellation: Cancellation) -> tuple[str, str]:
    """The columns of a cancellation's row beside its data."""
    return cancellation.id, cancellation.order_id


def due_of(case: Case) -> int | None:
    """When a case is due, as its row holds it."""
    return to_microseconds(case.due_at) if case.due_at is not None else None


def rows_of(db: Cursor, table: str, key: str, columns: str) -> Iterator[tuple[Any, ...]]:
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
