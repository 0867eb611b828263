"""What is due, connection by connection, so that a long queue at one hides nothing at another."""

from __future__ import annotations

import heapq
from datetime import datetime
from functools import partial
from typing import NamedTuple

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.damaged_rows import DamagedRows
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.ledger_rows import case_of
from orderdesk_sdk.stores.sql.ledger_tables import NOUN

__all__ = ["ALL", "Condition", "due_at_connection", "due_connections", "due_everywhere", "next_due", "position_of"]


class Condition(NamedTuple):
    """A condition on the table of cases, and its values."""

    sql: str
    values: tuple[object, ...]


ALL = Condition("", ())
"""No condition."""
_CONNECTIONS = """WITH RECURSIVE place (name) AS (
    SELECT min(connection) FROM cases WHERE due_at IS NOT NULL
    UNION ALL
    SELECT (SELECT min(connection) FROM cases WHERE due_at IS NOT NULL AND connection > place.name)
    FROM place WHERE place.name IS NOT NULL
) """
"""The connections of open cases, each found by one look into the index, however many it has."""
_FIRST = "(SELECT min(due_at) FROM cases WHERE due_at IS NOT NULL AND connection = place.name{but})"


def due_connections(cursor: Cursor, damage: DamagedRows, now: datetime, condition: Condition = ALL) -> tuple[str, ...]:
    """The connections at which something is due for which a condition holds, longest overdue first."""
    first = {name: at for name, at in _first_due(cursor, damage, condition) if at <= to_microseconds(now)}
    return tuple(sorted(first, key=lambda name: (first[name], name)))


def _first_due(cursor: Cursor, damage: DamagedRows, condition: Condition) -> list[tuple[str, int]]:
    """Per connection when the first of its open cases is due; what is known to be damaged does not count."""
    known = damage.ids(NOUN)
    but = f" AND id NOT IN ({','.join('?' * len(known))})" if known else ""
    but += f" AND {condition.sql}" if condition.sql else ""
    query = f"{_CONNECTIONS}SELECT name, {_FIRST} FROM place WHERE name IS NOT NULL".format(but=but)  # noqa: S608 - constants
    rows = cursor.execute(query, (*known, *condition.values)).fetchall()
    return [(name, at) for name, at in rows if isinstance(name, str) and isinstance(at, int)]


def due_at_connection(
    cursor: Cursor, damage: DamagedRows, now: datetime, limit: int, connection: str, after: Case | None = None
) -> tuple[Case, ...]:
    """Cases that are due at a connection, longest overdue first;

    What is damaged is passed over, and is in nobody's way.

    Args:
        after: only those that come after this one.
    """
    since = position_of(after)
    while True:
        known = damage.ids(NOUN)
        rows = cursor.execute(
            "SELECT id, kind, data, texts FROM cases"
            " WHERE connection = ? AND due_at <= ? AND (due_at, id) > (?, ?)"
            " ORDER BY due_at, id LIMIT ?",
            (connection, to_microseconds(now), *since, limit + len(known)),
        ).fetchall()
        cases = [damage.read_or_none(f"{NOUN} {row[0]}", partial(case_of, *row[1:])) for row in rows]
        if len(damage.ids(NOUN)) == len(known):
            return tuple(case for case in cases if case is not None)[:limit]


def position_of(case: Case | None) -> tuple[int, str]:
    """Where a case stands among those that are due at its connection; None: before all."""
    return (to_microseconds(case.due_at), case.id) if case is not None and case.due_at is not None else (-(2**63), "")


def due_everywhere(cursor: Cursor, damage: DamagedRows, now: datetime, limit: int) -> tuple[Case, ...]:
    """Cases that are due anywhere, longest overdue first."""
    found = [
        case
        for name in due_connections(cursor, damage, now)
        for case in due_at_connection(cursor, damage, now, limit, name)
    ]
    return tuple(heapq.nsmallest(limit, found, key=lambda case: (case.due_at or now, case.id)))


def next_due(cursor: Cursor, damage: DamagedRows, condition: Condition = ALL) -> datetime | None:
    """When the next case is due for which a condition holds; None when none is open that can be read."""
    first = [at for _, at in _first_due(cursor, damage, condition)]
    return from_microseconds(min(first)) if first else None
