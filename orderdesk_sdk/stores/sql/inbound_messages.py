"""The rows of the messages that came in: beside the history, since a message is no evidence."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from orderdesk_sdk.cases.messages import (
    InboundMessage,
    InboxFullError,
    MessagePurpose,
    MessageSource,
    MessageState,
    OwnMove,
)
from orderdesk_sdk.clock import hours
from orderdesk_sdk.errors import InvalidStateError, NotFoundError
from orderdesk_sdk.plugin.cancel_requests import RequestedCancellation
from orderdesk_sdk.plugin.webhooks import NotificationKind
from orderdesk_sdk.stores.serialization import dump, from_microseconds, load, to_microseconds
from orderdesk_sdk.stores.sql.database import Cursor

__all__ = [
    "COLUMNS",
    "claim_messages",
    "has_due",
    "has_old_messages",
    "message_of",
    "own_move",
    "read_message",
    "record_own_move",
    "remove_message_texts",
    "remove_old_messages",
    "restart_message",
    "store_messages",
    "update_message",
]

COLUMNS = (
    "id, purpose, connection, subject, digest, received_at, kind, event_id, order_id, state, attempts, tries, next_try,"
    " result, request"
)
MAX_WAIT = hours(1)
"""Longer than any message waits for its next try: one that is due later was put off by a clock that was ahead."""
MAX_REMOVED = 500
"""How many messages of each state are forgotten in one transaction."""
_MARKS = ", ".join("?" * len(COLUMNS.split(",")))
_SETTLED = (MessageState.HANDLED, MessageState.FAILED, MessageState.REFUSED)


def message_of(row: Sequence[Any]) -> InboundMessage:
    """A message from its row, whose columns are `COLUMNS`."""
    return InboundMessage(
        id=row[0],
        source=MessageSource(MessagePurpose(row[1]), row[2]),
        subject=row[3],
        digest=row[4],
        received_at=from_microseconds(row[5]),
        kind=NotificationKind(row[6]) if row[6] is not None else None,
        event_id=row[7],
        order_id=row[8],
        state=MessageState(row[9]),
        attempts=row[10],
        tries=row[11],
        next_try_at=from_microseconds(row[12]) if row[12] is not None else None,
        result=row[13],
        request=load(row[14], RequestedCancellation) if row[14] is not None else None,
    )


def _row_of(message: InboundMessage) -> tuple[object, ...]:
    kind, due = message.kind, message.next_try_at
    return (
        message.id,
        message.source.purpose.value,
        message.source.connection,
        message.subject,
        message.digest,
        to_microseconds(message.received_at),
        kind.value if kind is not None else None,
        message.event_id,
        message.order_id,
        message.state.value,
        message.attempts,
        message.tries,
        to_microseconds(due) if due is not None else None,
        message.result,
        dump(message.request) if message.request is not None else None,
    )


def store_messages(cursor: Cursor, messages: Sequence[InboundMessage], max_waiting: int) -> frozenset[str]:
    """Insert the new ones; their digests. Raises InboxFullError, for whoever runs this to undo it."""
    new = set()
    for message in messages:
        if _is_sent_again(cursor, message):
            continue
        cursor.execute(
            f"INSERT INTO inbound_messages ({COLUMNS}) VALUES ({_MARKS}) ON CONFLICT DO NOTHING",  # noqa: S608 - constants
            _row_of(message),
        )
        if cursor.rowcount == 1:
            new.add(message.digest)
    beyond = "SELECT 1 FROM inbound_messages WHERE state = 'received' ORDER BY next_try LIMIT 1 OFFSET ?"
    if new and cursor.execute(beyond, (max_waiting,)).fetchone() is not None:
        raise InboxFullError(
            f"{max_waiting:,} messages wait to be handled, and no more are taken",
            location="[messages].max_waiting",
            hint="run `orderdesk work`, and see `orderdesk messages list`",
        )
    return frozenset(new)


def _is_sent_again(cursor: Cursor, message: InboundMessage) -> bool:
    """Whether the order store sent an order under this name before: it may have made the order's text anew."""
    if message.source.purpose is MessagePurpose.WEBHOOK or message.event_id is None:
        return False
    query = "SELECT 1 FROM inbound_messages WHERE order_id = ? AND purpose = ? AND event_id = ?"
    known = cursor.execute(query, (message.order_id, message.source.purpose.value, message.event_id))
    return known.fetchone() is not None


def claim_messages(
    cursor: Cursor, now: datetime, until: datetime, limit: int, without: Collection[str]
) -> tuple[InboundMessage, ...]:
    """Take what is due, and let it be due again at `until`. In a transaction in which nobody else writes."""
    cursor.execute(
        "UPDATE inbound_messages SET next_try = ? WHERE state = 'received' AND next_try > ?",
        (to_microseconds(now), to_microseconds(now + MAX_WAIT)),
    )
    others = f" AND message.connection NOT IN ({', '.join('?' * len(without))})" if without else ""
    numbers = cursor.execute(
        "SELECT number FROM inbound_messages AS message WHERE message.state = 'received' AND message.next_try <= ?"  # noqa: S608 - marks
        f"{others} AND NOT EXISTS (SELECT 1 FROM inbound_messages AS earlier WHERE earlier.state = 'received'"
        " AND earlier.connection = message.connection AND earlier.purpose = message.purpose"
        " AND earlier.subject = message.subject AND earlier.number < message.number)"
        " ORDER BY message.next_try, message.number LIMIT ?",
        (to_microseconds(now), *without, limit),
    ).fetchall()
    claimed = []
    for (number,) in numbers:
        cursor.execute(
            "UPDATE inbound_messages SET attempts = attempts + 1, tries = tries + 1, next_try = ? WHERE number = ?",
            (to_microseconds(until), number),
        )
        select = f"SELECT {COLUMNS} FROM inbound_messages WHERE number = ?"  # noqa: S608 - constants
        claimed.append(message_of(cursor.execute(select, (number,)).fetchone()))
    return tuple(claimed)


def has_due(cursor: Cursor, now: datetime) -> bool:
    """Whether a message is to be handled, or was put off by a clock that was ahead of now."""
    for limit, moment in (("<=", now), (">", now + MAX_WAIT)):
        query = f"SELECT 1 FROM inbound_messages WHERE state = 'received' AND next_try {limit} ? LIMIT 1"  # noqa: S608 - constants
        if cursor.execute(query, (to_microseconds(moment),)).fetchone() is not None:
            return True
    return False


def update_message(cursor: Cursor, message: InboundMessage) -> bool:
    """Write what became of a message, unless somebody has begun it since."""
    due = message.next_try_at
    cursor.execute(
        "UPDATE inbound_messages SET state = ?, next_try = ?, order_id = ?, result = ?"
        " WHERE id = ? AND attempts = ? AND state = 'received'",
        (
            message.state.value,
            to_microseconds(due) if due is not None else None,
            message.order_id,
            message.result,
            message.id,
            message.attempts,
        ),
    )
    return cursor.rowcount == 1


def restart_message(cursor: Cursor, message_id: str, now: datetime, by: str) -> InboundMessage:
    """Let a message be tried again. Raises NotFoundError and InvalidStateError."""
    cursor.execute(
        "UPDATE inbound_messages SET state = 'received', next_try = ?, tries = 0, result = ?"
        " WHERE id = ? AND state IN ('failed', 'refused')",
        (to_microseconds(now), f"retried by {by}", message_id),
    )
    is_restarted = cursor.rowcount == 1
    message = read_message(cursor, message_id)
    if not is_restarted:
        raise InvalidStateError(
            f"the message is {message.state.value}; only a failed or refused one is tried again",
            location=f"message {message_id}",
        )
    return message


def read_message(cursor: Cursor, message_id: str) -> InboundMessage:
    """A message by its id. Raises NotFoundError."""
    select = f"SELECT {COLUMNS} FROM inbound_messages WHERE id = ?"  # noqa: S608 - constants
    row = cursor.execute(select, (message_id,)).fetchone()
    if row is None:
        raise NotFoundError(
            "there is no such message", location=f"message {message_id}", hint="see `orderdesk messages list`"
        )
    return message_of(row)


def has_old_messages(cursor: Cursor, received_before: datetime) -> bool:
    """Whether there is a message that `remove_old_messages` would forget."""
    query = "SELECT 1 FROM inbound_messages WHERE state = ? AND received_at < ? LIMIT 1"
    values = [(state.value, to_microseconds(received_before)) for state in _SETTLED]
    return any(cursor.execute(query, each).fetchone() is not None for each in values)


def remove_old_messages(cursor: Cursor, received_before: datetime) -> int:
    """Forget what is not waiting and old; how many messages that are."""
    count = 0
    for state in _SETTLED:
        cursor.execute(
            "DELETE FROM inbound_messages WHERE number IN (SELECT number FROM inbound_messages"
            " WHERE state = ? AND received_at < ? ORDER BY received_at LIMIT ?)",
            (state.value, to_microseconds(received_before), MAX_REMOVED),
        )
        count += cursor.rowcount
    return count


def remove_message_texts(cursor: Cursor, order_id: str) -> None:
    """Remove from an order's messages what people may have written; that they came is remembered.

    Raises InvalidStateError where one waits.
    """
    rows = cursor.execute("SELECT id, state FROM inbound_messages WHERE order_id = ?", (order_id,)).fetchall()
    waiting = [message_id for message_id, state in rows if state == MessageState.RECEIVED.value]
    if waiting:
        raise InvalidStateError(
            "a message about this order waits to be handled",
            location=f"message {waiting[0]}",
            hint="run `orderdesk work --until-idle` first",
        )
    cursor.execute(
        "UPDATE inbound_messages SET event_id = NULL, result = NULL, request = NULL WHERE order_id = ?",
        (order_id,),
    )


def record_own_move(cursor: Cursor, move: OwnMove) -> None:
    """Write down a move in place of the order's last one."""
    cursor.execute(
        "INSERT INTO own_moves (order_id, folder, at) VALUES (?, ?, ?)"
        " ON CONFLICT (order_id) DO UPDATE SET folder = excluded.folder, at = excluded.at",
        (move.order_id, move.folder, to_microseconds(move.at)),
    )


def own_move(cursor: Cursor, order_id: str) -> OwnMove | None:
    """The last move of an order that was written down."""
    row = cursor.execute("SELECT folder, at FROM own_moves WHERE order_id = ?", (order_id,)).fetchone()
    return OwnMove(order_id, row[0], from_microseconds(row[1])) if row is not None else None
