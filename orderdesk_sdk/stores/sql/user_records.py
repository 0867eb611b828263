"""The rows of users: who may sign in, as what, and with which hash of a password."""

from __future__ import annotations

import unicodedata
from typing import Any

from orderdesk_sdk.cases.access import Role, StoredUser, User, UserChange
from orderdesk_sdk.cases.audit import AuditRecord
from orderdesk_sdk.errors import ConflictError, InvalidStateError, NotFoundError
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.audit_log import append_audit
from orderdesk_sdk.stores.sql.database import Cursor

__all__ = ["USER_COLUMNS", "add_user", "change_user", "find_user", "list_users", "replace_password_hash", "user_of"]

USER_COLUMNS = "id, name, role, is_disabled, password_hash, version, created_at, identity, last_sign_in"
"""The columns that `user_of` reads."""


def name_key(name: str) -> str:
    """The form in which names and identities are compared."""
    return unicodedata.normalize("NFKC", name).casefold()


def user_of(row: Any) -> StoredUser:
    """A user from the columns of their row."""
    user_id, name, role, disabled, password_hash, version, created, identity, last = row
    user = User(
        id=user_id,
        name=name,
        role=Role(role),
        is_disabled=bool(disabled),
        has_password=password_hash is not None,
        created_at=from_microseconds(created),
        identity=identity,
        last_sign_in_at=from_microseconds(last) if last is not None else None,
    )
    return StoredUser(user, password_hash, version)


def list_users(cursor: Cursor) -> tuple[User, ...]:
    """All users, by name."""
    rows = cursor.execute(f"SELECT {USER_COLUMNS} FROM users ORDER BY name_key").fetchall()  # noqa: S608 - constants
    return tuple(user_of(row).user for row in rows)


def find_user(cursor: Cursor, column: str, text: str) -> StoredUser | None:
    """A user by `id`, `name_key` or `identity_key`."""
    row = cursor.execute(
        f"SELECT {USER_COLUMNS} FROM users WHERE {column} = ?",  # noqa: S608 - constants
        (text if column == "id" else name_key(text),),
    ).fetchone()
    return user_of(row) if row is not None else None


def add_user(cursor: Cursor, user: User, password_hash: str | None, record: AuditRecord) -> None:
    """Record a user. Raises ConflictError for a name or an identity that is taken."""
    if find_user(cursor, "name_key", user.name) is not None:
        raise ConflictError("a user has this name already", location=f"user {user.name}", hint="choose another name")
    _require_free(cursor, user.identity, user.id)
    tokens = cursor.execute("SELECT name FROM api_tokens").fetchall()
    if name_key(user.name) in {name_key(row[0]) for row in tokens}:
        raise ConflictError(
            "a token has this name, and histories tell who did what by it",
            location=f"user {user.name}",
            hint="choose another name",
        )
    cursor.execute(
        "INSERT INTO users (id, name, name_key, role, is_disabled, password_hash, version, created_at, identity,"
        " identity_key) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?)",
        (
            user.id,
            user.name,
            name_key(user.name),
            user.role.value,
            int(user.is_disabled),
            password_hash,
            to_microseconds(user.created_at),
            user.identity,
            name_key(user.identity) if user.identity is not None else None,
        ),
    )
    append_audit(cursor, record)


def change_user(cursor: Cursor, user_id: str, change: UserChange, record: AuditRecord) -> User:
    """Change a user, and end their sessions; see `AccessRecords.change_user`."""
    found = find_user(cursor, "id", user_id)
    if found is None:
        raise NotFoundError("there is no such user", hint="see `orderdesk users list`")
    if change.identity is not None:
        _require_free(cursor, change.identity, user_id)
        cursor.execute(
            "UPDATE users SET identity = ?, identity_key = ? WHERE id = ?",
            (change.identity, name_key(change.identity), user_id),
        )
    for column, value in (
        ("role", change.role.value if change.role is not None else None),
        ("is_disabled", int(change.is_disabled) if change.is_disabled is not None else None),
        ("password_hash", change.password_hash),
    ):
        if value is not None:
            cursor.execute(
                f"UPDATE users SET {column} = ?, version = version + 1 WHERE id = ?",  # noqa: S608 - constants
                (value, user_id),
            )
            cursor.execute("DELETE FROM user_sessions WHERE user_id = ?", (user_id,))
            cursor.execute("DELETE FROM sign_in_links WHERE user_id = ? AND used_at IS NULL", (user_id,))
    _require_admin(cursor, found.user)
    append_audit(cursor, record)
    changed = find_user(cursor, "id", user_id)
    assert changed is not None
    return changed.user


def replace_password_hash(cursor: Cursor, user_id: str, old: str, new: str) -> None:
    """Keep another hash of the same password, unless the password was changed meanwhile."""
    cursor.execute("UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?", (new, user_id, old))


def _require_free(cursor: Cursor, identity: str | None, user_id: str) -> None:
    other = find_user(cursor, "identity_key", identity) if identity is not None else None
    if other is not None and other.user.id != user_id:
        raise ConflictError(
            "another user has this identity", location=f"user {other.user.name}", hint="give each user their own"
        )


def _require_admin(cursor: Cursor, changed: User) -> None:
    """Raises InvalidStateError where an admin was the last one: nobody could undo that in the console."""
    if changed.role is not Role.ADMIN or changed.is_disabled:
        return
    row = cursor.execute(
        "SELECT 1 FROM users WHERE role = ? AND is_disabled = 0 LIMIT 1", (Role.ADMIN.value,)
    ).fetchone()
    if row is None:
        raise InvalidStateError(
            "this is the last admin who may sign in",
            location=f"user {changed.name}",
            hint="make another user an admin first",
        )
