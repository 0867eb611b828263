"""The rows of sign-ins: failed ones and the waits after them, sessions, and one-time links."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from orderdesk_sdk.cases.access import (
    ABSOLUTE_LIFETIME,
    IDLE_LIFETIME,
    AttemptLimit,
    NewSession,
    Role,
    StoredUser,
    UserSession,
)
from orderdesk_sdk.cases.audit import AuditRecord
from orderdesk_sdk.clock import hours, seconds
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.audit_log import append_audit
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.user_records import find_user

__all__ = [
    "add_sign_in_link",
    "begin_sign_in",
    "clear_sign_ins",
    "end_session",
    "find_session",
    "open_session",
    "sign_in_link_user",
    "step_up_session",
    "touch_session",
    "use_sign_in_link",
]

FORGOTTEN_AFTER = hours(24)
"""So long after the last one, failed sign-ins are forgotten."""
FIRST_WAIT = seconds(1)
"""After the first failure that is not free; it doubles with each."""


def begin_sign_in(cursor: Cursor, limits: Sequence[AttemptLimit], now: datetime) -> timedelta | None:
    """Count an attempt as failed, or say how long to wait; see `AccessRecords.begin_sign_in`."""
    at = to_microseconds(now)
    counted: list[tuple[AttemptLimit, int]] = []
    waits: list[timedelta] = []
    for limit in limits:
        row = cursor.execute(
            "SELECT failures, last_at, blocked_until FROM sign_in_attempts WHERE key = ?", (limit.key,)
        ).fetchone()
        failures, last_at, until = row if row is not None else (0, at, at)
        # A clock that was ahead must block nobody for longer than the longest wait.
        wait = min(from_microseconds(until) - now, limit.longest)
        if wait > timedelta(0):
            waits.append(wait)
        counted.append((limit, failures if now - from_microseconds(last_at) < FORGOTTEN_AFTER else 0))
    if waits:
        return max(waits)
    for limit, failures in counted:
        over = failures + 1 - limit.free
        wait = min(FIRST_WAIT * 2 ** min(over - 1, 30), limit.longest) if over > 0 else timedelta(0)
        cursor.execute(
            "INSERT INTO sign_in_attempts (key, failures, last_at, blocked_until) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at,"
            " blocked_until = excluded.blocked_until",
            (limit.key, failures + 1, at, to_microseconds(now + wait)),
        )
    cursor.execute("DELETE FROM sign_in_attempts WHERE last_at < ?", (to_microseconds(now - FORGOTTEN_AFTER),))
    return None


def clear_sign_ins(cursor: Cursor, key: str, others: Sequence[str]) -> None:
    """Forget the failures under a key, and one under each of the others."""
    cursor.execute("DELETE FROM sign_in_attempts WHERE key = ?", (key,))
    for other in others:
        cursor.execute(
            "UPDATE sign_in_attempts SET failures = failures - 1, blocked_until = 0 WHERE key = ? AND failures > 0",
            (other,),
        )


def open_session(cursor: Cursor, session: NewSession, record: AuditRecord) -> bool:
    """Record a session; False where the user is not any more as they were."""
    at = to_microseconds(session.at)
    cursor.execute(
        "UPDATE users SET last_sign_in = ? WHERE id = ? AND version = ? AND is_disabled = 0",
        (at, session.user_id, session.user_version),
    )
    if cursor.rowcount != 1:
        return False
    cursor.execute(
        "INSERT INTO user_sessions (digest, user_id, created_at, last_used_at, stepped_up_at) VALUES (?, ?, ?, ?, ?)",
        (session.digest, session.user_id, at, at, to_microseconds(session.stepped_up_at)),
    )
    cursor.execute(
        "DELETE FROM user_sessions WHERE created_at <= ?", (to_microseconds(session.at - ABSOLUTE_LIFETIME),)
    )
    cursor.execute("DELETE FROM user_sessions WHERE last_used_at <= ?", (to_microseconds(session.at - IDLE_LIFETIME),))
    append_audit(cursor, record)
    return True


def find_session(cursor: Cursor, digest: str) -> UserSession | None:
    """A session, with its user's name and role of the moment; None where the user is disabled."""
    row = cursor.execute(
        "SELECT user_id, name, role, user_sessions.created_at, last_used_at, stepped_up_at FROM user_sessions"
        " JOIN users ON users.id = user_id WHERE digest = ? AND is_disabled = 0",
        (digest,),
    ).fetchone()
    if row is None:
        return None
    user_id, name, role, created, used, stepped_up = row
    return UserSession(
        id=digest,
        user_id=user_id,
        user=name,
        role=Role(role),
        csrf_token="",
        created_at=from_microseconds(created),
        last_used_at=from_microseconds(used),
        stepped_up_at=from_microseconds(stepped_up),
    )


def touch_session(cursor: Cursor, digest: str, now: datetime) -> None:
    """Record that a session is used; one that ended meanwhile stays ended."""
    cursor.execute("UPDATE user_sessions SET last_used_at = ? WHERE digest = ?", (to_microseconds(now), digest))


def step_up_session(cursor: Cursor, digest: str, now: datetime, record: AuditRecord) -> None:
    """Record that a session's user has proved who they are."""
    at = to_microseconds(now)
    cursor.execute("UPDATE user_sessions SET last_used_at = ?, stepped_up_at = ? WHERE digest = ?", (at, at, digest))
    append_audit(cursor, record)


def end_session(cursor: Cursor, digest: str, record: AuditRecord) -> bool:
    """End a session; False where there is none."""
    cursor.execute("DELETE FROM user_sessions WHERE digest = ?", (digest,))
    if cursor.rowcount != 1:
        return False
    append_audit(cursor, record)
    return True


def add_sign_in_link(cursor: Cursor, digest: str, user_id: str, expires_at: datetime, record: AuditRecord) -> None:
    """Record a one-time link, and forget those that expired before it was made."""
    cursor.execute("DELETE FROM sign_in_links WHERE expires_at < ?", (to_microseconds(record.at),))
    cursor.execute(
        "INSERT INTO sign_in_links (digest, user_id, expires_at) VALUES (?, ?, ?)",
        (digest, user_id, to_microseconds(expires_at)),
    )
    append_audit(cursor, record)


def sign_in_link_user(cursor: Cursor, digest: str, now: datetime) -> StoredUser | None:
    """Whose a link is; None where it does not count."""
    row = cursor.execute(
        "SELECT user_id FROM sign_in_links WHERE digest = ? AND used_at IS NULL AND expires_at > ?",
        (digest, to_microseconds(now)),
    ).fetchone()
    found = find_user(cursor, "id", row[0]) if row is not None else None
    return found if found is not None and not found.user.is_disabled else None


def use_sign_in_link(cursor: Cursor, digest: str, session: NewSession, record: AuditRecord) -> bool:
    """Use up a link and open the session. False, and nothing is changed, where the link does not count."""
    at = to_microseconds(session.at)
    cursor.execute(
        "UPDATE sign_in_links SET used_at = ? WHERE digest = ? AND user_id = ? AND used_at IS NULL AND expires_at > ?",
        (at, digest, session.user_id, at),
    )
    # A link whose user was changed meanwhile is used up too; `change_user` has deleted it anyway.
    return cursor.rowcount == 1 and open_session(cursor, session, record)
