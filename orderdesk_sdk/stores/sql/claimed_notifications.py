"""The messages that were looked into: remembered by their digests, so that one that is sent again does nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.stores.serialization import to_microseconds
from orderdesk_sdk.stores.sql.database import Cursor

__all__ = ["complete_notifications", "claim_notifications"]

MAX_REMEMBERED = 10_000
"""Messages per connection; the oldest are forgotten."""
MAX_AGE = hours(30 * 24)
"""How long one is remembered. Senders repeat for days at most; what comes later is news."""
CLAIM_TIMEOUT = minutes(5)
"""Whoever has not settled a message by then is taken for dead, and it may be taken again."""


def claim_notifications(cursor: Cursor, connection: str, digests: Collection[str], at: datetime) -> frozenset[str]:
    """Those of the messages that nobody has looked into, nor does right now. They are the caller's."""
    taken = set()
    for digest in digests:
        cursor.execute(
            "INSERT INTO messages (connection, digest, at, done) VALUES (?, ?, ?, 0)"
            " ON CONFLICT (connection, digest) DO UPDATE SET at = excluded.at, done = 0"
            " WHERE (messages.done = 0 AND messages.at <= ?) OR messages.at <= ?",
            (
                connection,
                digest,
                to_microseconds(at),
                to_microseconds(at - CLAIM_TIMEOUT),
                to_microseconds(at - MAX_AGE),
            ),
        )
        if cursor.rowcount == 1:
            taken.add(digest)
    if taken:
        cursor.execute(
            "DELETE FROM messages WHERE connection = ? AND (at <= ? OR at < (SELECT at FROM messages"
            " WHERE connection = ? ORDER BY at DESC LIMIT 1 OFFSET ?))",
            (connection, to_microseconds(at - MAX_AGE), connection, MAX_REMEMBERED - 1),
        )
    return frozenset(taken)


def complete_notifications(cursor: Cursor, connection: str, done: Collection[str], dropped: Collection[str]) -> None:
    """Remember the messages that were looked into, and forget those that could not be."""
    cursor.executemany(
        "UPDATE messages SET done = 1 WHERE connection = ? AND digest = ?", [(connection, digest) for digest in done]
    )
    cursor.executemany(
        "DELETE FROM messages WHERE connection = ? AND digest = ? AND done = 0",
        [(connection, digest) for digest in dropped],
    )
