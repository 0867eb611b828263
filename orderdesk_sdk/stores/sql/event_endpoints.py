"""The rows of the endpoints that hear what happens."""

from __future__ import annotations

import json
from typing import Any, Final

from orderdesk_sdk.cases.event_webhooks import EventEndpoint, EventType
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.database import Cursor

__all__ = ["change_endpoint", "insert_endpoint", "move_cursor", "read_endpoints"]

_COLUMNS: Final = "id, url, types, connections, sealed, line, created_by, created_at, disabled_reason, version, gap"


def read_endpoints(cursor: Cursor) -> tuple[EventEndpoint, ...]:
    """All endpoints, oldest first."""
    rows = cursor.execute(f"SELECT {_COLUMNS} FROM event_endpoints ORDER BY created_at, id").fetchall()  # noqa: S608 - constants
    return tuple(_endpoint(row) for row in rows)


def _endpoint(row: Any) -> EventEndpoint:
    return EventEndpoint(
        id=row[0],
        url=row[1],
        types=tuple(map(EventType, json.loads(row[2]))),
        connections=tuple(json.loads(row[3])),
        sealed=row[4],
        cursor=row[5],
        created_by=row[6],
        created_at=from_microseconds(row[7]),
        disabled_reason=row[8],
        version=row[9],
        gap=row[10],
    )


def insert_endpoint(cursor: Cursor, endpoint: EventEndpoint) -> None:
    """Add an endpoint."""
    cursor.execute(
        f"INSERT INTO event_endpoints ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
        (
            endpoint.id,
            endpoint.url,
            _types(endpoint),
            json.dumps(endpoint.connections),
            endpoint.sealed,
            endpoint.cursor,
            endpoint.created_by,
            to_microseconds(endpoint.created_at),
            endpoint.disabled_reason,
            endpoint.version,
            endpoint.gap,
        ),
    )


def change_endpoint(cursor: Cursor, endpoint: EventEndpoint) -> None:
    """Write an endpoint's next version. Raises ConflictError where that is not the one before it."""
    cursor.execute(
        "UPDATE event_endpoints SET url = ?, types = ?, connections = ?, sealed = ?, disabled_reason = ?, version = ?,"
        " gap = ? WHERE id = ? AND version = ?",
        (
            endpoint.url,
            _types(endpoint),
            json.dumps(endpoint.connections),
            endpoint.sealed,
            endpoint.disabled_reason,
            endpoint.version,
            endpoint.gap,
            endpoint.id,
            endpoint.version - 1,
        ),
    )
    if cursor.rowcount != 1:
        raise ConflictError(
            "the endpoint was changed meanwhile", location=f"endpoint {endpoint.id}", hint="look at it again"
        )


def move_cursor(cursor: Cursor, endpoint: EventEndpoint, line: int, gap: str | None) -> bool:
    """Move an endpoint's cursor; False where it is not where it was read."""
    cursor.execute(
        "UPDATE event_endpoints SET line = ?, gap = ? WHERE id = ? AND line = ?",
        (line, gap or endpoint.gap, endpoint.id, endpoint.cursor),
    )
    return cursor.rowcount == 1


def _types(endpoint: EventEndpoint) -> str:
    return json.dumps([each.value for each in endpoint.types])
