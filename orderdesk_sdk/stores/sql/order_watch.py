"""The rows of looks at the order store: how far the last one came, and which orders it saw that are to be canceled."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from orderdesk_sdk.cases.messages import InboundMessage, MessageSource
from orderdesk_sdk.cases.order_watch import SeenOrder, WatchLook
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.inbound_messages import store_messages

__all__ = ["begin_look", "finish_look"]

_ONE = 1
"""The key of the one row."""


def begin_look(cursor: Cursor, now: datetime, every: timedelta) -> WatchLook | None:
    """The look that is due, put off for everybody else; None where none is."""
    at, following = to_microseconds(now), to_microseconds(now + every)
    cursor.execute(
        "INSERT INTO order_watch (id, looked_until, next_look) VALUES (?, NULL, ?) ON CONFLICT DO NOTHING", (_ONE, at)
    )
    # A next look further away than one interval was put off by a clock that was ahead. No interval: now.
    cursor.execute(
        "UPDATE order_watch SET next_look = ? WHERE id = ? AND (next_look <= ? OR next_look > ? OR ? = ?)",
        (following, _ONE, at, following, at, following),
    )
    if cursor.rowcount != 1:
        return None
    (until,) = cursor.execute("SELECT looked_until FROM order_watch WHERE id = ?", (_ONE,)).fetchone()
    return WatchLook(now if until is None else min(now, from_microseconds(until)), until is None)


def finish_look(
    cursor: Cursor, until: datetime, seen: Sequence[SeenOrder], now: datetime, *, max_waiting: int, is_first: bool
) -> int:
    """Record what a look saw; how many orders came in since the one before."""
    came = [entry for order in seen if (entry := _record(cursor, order)) is not None]
    # Also back, as a clock that was set right does: to look at the same orders twice changes nothing.
    cursor.execute("UPDATE order_watch SET looked_until = ? WHERE id = ?", (to_microseconds(until), _ONE))
    if is_first or not came:
        return 0
    return len(store_messages(cursor, [_message(order_id, entry, now) for order_id, entry in came], max_waiting))


def _record(cursor: Cursor, order: SeenOrder) -> tuple[str, int] | None:
    """Where an order came in: its id, and how many times it has come; None where it was in, or is out."""
    row = cursor.execute("SELECT entries, is_in FROM watched_orders WHERE order_id = ?", (order.order_id,)).fetchone()
    if row is None:
        if order.is_in:
            cursor.execute("INSERT INTO watched_orders (order_id, entries, is_in) VALUES (?, 1, 1)", (order.order_id,))
            return order.order_id, 1
        return None
    entries, was_in = row
    if bool(was_in) is not order.is_in:
        cursor.execute(
            "UPDATE watched_orders SET entries = ?, is_in = ? WHERE order_id = ?",
            (entries + order.is_in, int(order.is_in), order.order_id),
        )
    return (order.order_id, entries + 1) if order.is_in and not was_in else None


def _message(order_id: str, entry: int, now: datetime) -> InboundMessage:
    digest = hashlib.sha256(f"watched order {order_id}, entry {entry}".encode()).hexdigest()
    return InboundMessage(
        id=secrets.token_hex(6),
        source=MessageSource.cancel(),
        subject=order_id,
        digest=digest,
        received_at=now,
        order_id=order_id,
        next_try_at=now,
    )
