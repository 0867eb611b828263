"""What is due, connection by connection, so that a long queue at one hides nothing at another."""

from __future__ import annotations

import heapq
import sqlite3
from datetime import datetime

from orderdesk_sdk.ledger.entries import moment, stamp
from orderdesk_sdk.ledger.interface import Work
from orderdesk_sdk.ledger.rows import work_of
from orderdesk_sdk.ledger.tables import TABLES

__all__ = ["due_at", "due_everywhere", "due_places", "next_due"]

_PLACES = """WITH RECURSIVE place (name) AS (
    SELECT min(connection) FROM {table} WHERE due_at IS NOT NULL
    UNION ALL
    SELECT (SELECT min(connection) FROM {table} WHERE due_at IS NOT NULL AND connection > place.name)
    FROM place WHERE place.name IS NOT NULL
) """
"""The connections of open work, each found by one look into the index, however much work it has."""
_FIRST = "(SELECT min(due_at) FROM {table} WHERE due_at IS NOT NULL AND connection = place.name)"


def due_places(cursor: sqlite3.Cursor, now: datetime) -> tuple[str, ...]:
    """The connections at which work is due, longest overdue first."""
    first: dict[str, int] = {}
    for table in TABLES.values():
        query = f"{_PLACES}SELECT name, {_FIRST} FROM place WHERE name IS NOT NULL".format(table=table)  # noqa: S608 - constants
        for name, at in cursor.execute(query).fetchall():
            if at <= stamp(now):
                first[name] = min(at, first.get(name, at))
    return tuple(sorted(first, key=lambda name: (first[name], name)))


def due_at(
    cursor: sqlite3.Cursor, now: datetime, limit: int, connection: str, after: Work | None = None
) -> tuple[Work, ...]:
    """Work that is due at a connection, longest overdue first; after: only what comes after this."""
    since = (stamp(after.due_at), after.id) if after is not None and after.due_at is not None else (-(2**63), "")
    found: list[tuple[int, str, Work]] = []
    for kind, table in TABLES.items():
        rows = cursor.execute(
            f"SELECT due_at, id, data, texts FROM {table}"  # noqa: S608 - a constant
            " WHERE connection = ? AND due_at <= ? AND (due_at, id) > (?, ?)"
            " ORDER BY due_at, id LIMIT ?",
            (connection, stamp(now), *since, limit),
        ).fetchall()
        found += [(at, name, work_of(data, texts, kind)) for at, name, data, texts in rows]
    return tuple(work for _, _, work in heapq.nsmallest(limit, found, key=lambda each: each[:2]))


def due_everywhere(cursor: sqlite3.Cursor, now: datetime, limit: int) -> tuple[Work, ...]:
    """Work that is due anywhere, longest overdue first."""
    found = [work for name in due_places(cursor, now) for work in due_at(cursor, now, limit, name)]
    return tuple(heapq.nsmallest(limit, found, key=lambda work: (work.due_at or now, work.id)))


def next_due(cursor: sqlite3.Cursor) -> datetime | None:
    """When the next work is due; None when nothing is open."""
    first: list[int] = []
    for table in TABLES.values():
        query = f"{_PLACES}SELECT min({_FIRST}) FROM place WHERE name IS NOT NULL".format(table=table)  # noqa: S608 - constants
        (at,) = cursor.execute(query).fetchone()
        first += [at] if at is not None else []
    return moment(min(first)) if first else None
