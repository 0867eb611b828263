"""The methods of a ledger that keep replies to requests with keys; see `cases.kept_replies`."""

from __future__ import annotations

from datetime import datetime

from orderdesk_sdk.cases.kept_replies import (
    ABANDONED_AFTER,
    KEPT_FOR,
    BeganRequest,
    FinishedRequest,
    KeptReply,
    KeyedRequest,
    RunningRequest,
)
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.database import Commits, Cursor

__all__ = ["SqlKeptReplies", "remove_replies_about"]

_FORGOTTEN_TOGETHER = 50
"""Old replies that one beginning forgets: more than it adds, and never so many that it takes long."""


class SqlKeptReplies:
    """Replies in a table of the ledger's own database: no evidence, and forgotten when they are old."""

    _commits: Commits

    def begin_request(self, request: KeyedRequest, now: datetime) -> BeganRequest | FinishedRequest | RunningRequest:
        return self._commits.run(lambda cursor: _begin(cursor, request, now))

    def finish_request(self, request: KeyedRequest, attempt: int, reply: KeptReply) -> bool:
        def write(cursor: Cursor) -> bool:
            cursor.execute(
                "UPDATE kept_replies SET status = ?, reply = ?"
                " WHERE caller = ? AND key = ? AND attempt = ? AND status IS NULL",
                (reply.status, reply.body, request.caller, request.key, attempt),
            )
            return cursor.rowcount == 1

        return self._commits.run(write)

    def abandon_request(self, request: KeyedRequest, attempt: int) -> None:
        self._commits.run(
            lambda cursor: cursor.execute(
                "DELETE FROM kept_replies WHERE caller = ? AND key = ? AND attempt = ? AND status IS NULL",
                (request.caller, request.key, attempt),
            )
        )


def remove_replies_about(cursor: Cursor, order_id: str) -> None:
    """Forget what was answered about an order: its personal texts are to be removed."""
    cursor.execute("DELETE FROM kept_replies WHERE order_id = ?", (order_id,))


def _begin(cursor: Cursor, request: KeyedRequest, now: datetime) -> BeganRequest | FinishedRequest | RunningRequest:
    at = to_microseconds(now)
    cursor.execute(
        "INSERT INTO kept_replies (caller, key, operation, digest, order_id, begun_at, attempt)"
        " VALUES (?, ?, ?, ?, ?, ?, 1) ON CONFLICT DO NOTHING",
        (request.caller, request.key, request.operation, request.digest, request.order_id, at),
    )
    if cursor.rowcount == 1:
        _forget_old(cursor, now)
        return BeganRequest(1)
    operation, digest, begun, attempt, status, body = cursor.execute(
        "SELECT operation, digest, begun_at, attempt, status, reply FROM kept_replies WHERE caller = ? AND key = ?",
        (request.caller, request.key),
    ).fetchone()
    if (operation, digest) != (request.operation, request.digest):
        raise ConflictError(
            "the idempotency key was used for another request",
            location="idempotency key",
            hint="take a new key for a new request, and repeat a request with all that it had",
        )
    if status is not None:
        return FinishedRequest(KeptReply(status, body))
    begun_at = from_microseconds(begun)
    if abs(now - begun_at) < ABANDONED_AFTER:  # One that lies ahead was begun by a clock that was wrong.
        return RunningRequest(begun_at)
    cursor.execute(
        "UPDATE kept_replies SET begun_at = ?, attempt = ? WHERE caller = ? AND key = ?",
        (at, attempt + 1, request.caller, request.key),
    )
    return BeganRequest(attempt + 1)


def _forget_old(cursor: Cursor, now: datetime) -> None:
    old = cursor.execute(
        "SELECT caller, key FROM kept_replies WHERE begun_at < ? ORDER BY begun_at LIMIT ?",
        (to_microseconds(now - KEPT_FOR), _FORGOTTEN_TOGETHER),
    ).fetchall()
    if old:
        cursor.executemany("DELETE FROM kept_replies WHERE caller = ? AND key = ?", old)
