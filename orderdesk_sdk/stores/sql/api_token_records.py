"""The rows of API tokens."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from orderdesk_sdk.cases.access import ApiToken, Role
from orderdesk_sdk.cases.audit import AuditRecord
from orderdesk_sdk.errors import ConflictError, InvalidStateError, NotFoundError
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.audit_log import append_audit
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.user_records import find_user

__all__ = ["add_api_token", "find_api_token", "list_api_tokens", "revoke_api_token", "touch_api_token"]

_COLUMNS = "name, role, connections, created_at, created_by, expires_at, revoked_at, last_used_at"


def add_api_token(cursor: Cursor, token: ApiToken, digest: str, record: AuditRecord) -> None:
    """Record a token. Raises ConflictError for a name that is or was taken: records and replies name it."""
    if find_user(cursor, "name_key", token.name) is not None:
        raise ConflictError(
            "a user has this name, and histories tell who did what by it",
            location=f"token {token.name}",
            hint="choose another name",
        )
    cursor.execute(
        "INSERT INTO api_tokens (name, digest, role, connections, created_at, created_by, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            token.name,
            digest,
            token.role.value,
            json.dumps(token.connections),
            to_microseconds(token.created_at),
            token.created_by,
            to_microseconds(token.expires_at),
        ),
    )
    if cursor.rowcount != 1:
        raise ConflictError(
            "there is, or was, a token of this name", location=f"token {token.name}", hint="choose another name"
        )
    append_audit(cursor, record)


def list_api_tokens(cursor: Cursor) -> tuple[ApiToken, ...]:
    """All tokens, by name."""
    rows = cursor.execute(f"SELECT {_COLUMNS} FROM api_tokens ORDER BY name").fetchall()  # noqa: S608 - constants
    return tuple(map(_token_of, rows))


def find_api_token(cursor: Cursor, column: str, text: str) -> ApiToken | None:
    """A token by `name` or `digest`."""
    row = cursor.execute(f"SELECT {_COLUMNS} FROM api_tokens WHERE {column} = ?", (text,)).fetchone()  # noqa: S608 - constants
    return _token_of(row) if row is not None else None


def touch_api_token(cursor: Cursor, name: str, now: datetime) -> None:
    """Record that a token is used."""
    cursor.execute("UPDATE api_tokens SET last_used_at = ? WHERE name = ?", (to_microseconds(now), name))


def revoke_api_token(cursor: Cursor, name: str, record: AuditRecord) -> ApiToken:
    """Let a token count no more; as it is then."""
    cursor.execute(
        "UPDATE api_tokens SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL", (to_microseconds(record.at), name)
    )
    was_valid = cursor.rowcount == 1
    found = find_api_token(cursor, "name", name)
    if found is None:
        raise NotFoundError("there is no such token", location=f"token {name}", hint="see `orderdesk tokens list`")
    if not was_valid:
        raise InvalidStateError("the token was revoked already", location=f"token {name}", hint="leave it")
    append_audit(cursor, record)
    return found


def _token_of(row: Any) -> ApiToken:
    name, role, connections, created, by, expires, revoked, used = row
    return ApiToken(
        name=name,
        role=Role(role),
        connections=tuple(json.loads(connections)),
        created_at=from_microseconds(created),
        created_by=by,
        expires_at=from_microseconds(expires),
        revoked_at=from_microseconds(revoked) if revoked is not None else None,
        last_used_at=from_microseconds(used) if used is not None else None,
    )
