"""What is due, connection by connection, so that a long queue at one hides nothing at another."""

from __future__ import annotations

import heapq
import sqlite3
from datetime import datetime
from functools import partial

from orderdesk_sdk.cases.damaged_rows import DamagedRows
from orderdesk_sdk.cases.ledger import AnyCase
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sqlite.ledger_rows import case_of
from orderdesk_sdk.stores.sqlite.ledger_tables import NOUNS, TABLES

__all__ = ["due_at_connection", "due_everywhere", "due_connections", "next_due"]

_CONNECTIONS = """WITH RECURSIVE place (name) AS (
    SELECT min(connection) FROM {table} WHERE due_at IS NOT NULL
    UNION ALL
    SELECT (SELECT min(connection) FROM {table} WHERE due_at IS NOT NULL AND connection > place.name)
    FROM place WHERE place.name IS NOT NULL
) """
"""The connections of open work, each found by one look into the index, however much work it has."""
_FIRST = "(SELECT min(due_at) FROM {table} WHERE due_at IS NOT NULL AND connection = place.name{but})"


def due_connections(cursor: sqlite3.Cursor, damage: DamagedRows, now: datetime) -> tuple[str, ...]:
    """The connections at which work is due, longest overdue first."""
    first: dict[str, int] = {}
    for kind in TABLES:
        for name, at in _first_due(cursor, kind, damage):
            if at <= to_microseconds(now):
                first[name] = min(at, first.get(name, at))
    return tuple(sorted(first, key=lambda name: (first[name], name)))


def _first_due(cursor: sqlite3.Cursor, kind: type[AnyCase], damage: DamagedRows) -> list[tuple[str, int]]:
    """Per connection when the first of its open works of a kind is due; what is known to be damaged does not count."""
    known = damage.ids(NOUNS[kind])
    but = f" AND id NOT IN ({','.join('?' * len(known))})" if known else ""
    query = f"{_CONNECTIONS}SELECT name, {_FIRST} FROM place WHERE name IS NOT NULL".format(table=TABLES[kind], but=but)  # noqa: S608 - constants
    rows = cursor.execute(query, known).fetchall()
    return [(name, at) for name, at in rows if isinstance(name, str) and isinstance(at, int)]


def due_at_connection(
    cursor: sqlite3.Cursor,
    damage: DamagedRows,
    now: datetime,
    limit: int,
    connection: str,
    after: AnyCase | None = None,
) -> tuple[AnyCase, ...]:
    """Work that is due at a connection, longest overdue first; after: only what comes after this.

    What is damaged is passed over, and is in nobody's way.
    """
    since = (
        (to_microseconds(after.due_at), after.id) if after is not None and after.due_at is not None else (-(2**63), "")
    )
    found: list[tuple[int, str, AnyCase]] = []
    for kind, table in TABLES.items():
        while True:
            known = damage.ids(NOUNS[kind])
            rows = cursor.execute(
                f"SELECT due_at, id, data, texts FROM {table}"  # noqa: S608 - a constant
                " WHERE connection = ? AND due_at <= ? AND (due_at, id) > (?, ?)"
                " ORDER BY due_at, id LIMIT ?",
                (connection, to_microseconds(now), *since, limit + len(known)),
            ).fetchall()
            works = [
                (at, name, damage.read_or_none(f"{NOUNS[kind]} {name}", partial(case_of, data, texts, kind)))
                for at, name, data, texts in rows
            ]
            if len(damage.ids(NOUNS[kind])) == len(known):
                break
        found += [(at, name, work) for at, name, work in works if work is not None]
    return tuple(work for _, _, work in heapq.nsmallest(limit, found, key=lambda each: each[:2]))


def due_everywhere(cursor: sqlite3.Cursor, damage: DamagedRows, now: datetime, limit: int) -> tuple[AnyCase, ...]:
    """Work that is due anywhere, longest overdue first."""
    found = [
        work
        for name in due_connections(cursor, damage, now)
        for work in due_at_connection(cursor, damage, now, limit, name)
    ]
    return tuple(heapq.nsmallest(limit, found, key=lambda work: (work.due_at or now, work.id)))


def next_due(cursor: sqlite3.Cursor, damage: DamagedRows) -> datetime | None:
    """When the next work is due; None when nothing is open that can be read."""
    first = [at for kind in TABLES for _, at in _first_due(cursor, kind, damage)]
    return from_microseconds(min(first)) if first else None
