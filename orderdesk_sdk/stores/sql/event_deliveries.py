"""The rows of deliveries. Of one case and endpoint one waits for its time, and the others for it, without a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from orderdesk_sdk.cases.damaged_rows import MAX_IDS
from orderdesk_sdk.cases.event_webhooks import DeliveryState, EventDelivery, EventType
from orderdesk_sdk.errors import InvalidStateError, NotFoundError
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.database import Cursor

__all__ = [
    "MAX_WAIT",
    "claim_delivery",
    "delete_old",
    "insert_deliveries",
    "read_deliveries",
    "restart_delivery",
    "update_delivery",
]

_COLUMNS: Final = (
    "endpoint_id, sequence, type, case_id, body, created_at, state, attempts, tries, next_try, last_status,"
    " last_problem, tried_at"
)
MAX_WAIT: Final = 172_800_000_000
"""Microseconds that a delivery waits at most. What waits longer was put off by a clock that was ahead."""
_LAST: Final = 2**62


def insert_deliveries(cursor: Cursor, endpoint_id: str, deliveries: Sequence[EventDelivery]) -> None:
    """Add deliveries to an endpoint; one whose case has an earlier one that is pending waits for it."""
    pending = _pending_cases(cursor, endpoint_id, {delivery.case_id for delivery in deliveries})
    rows = []
    for delivery in deliveries:
        rows.append(_row(delivery, waits=delivery.case_id in pending))
        pending.add(delivery.case_id)
    if rows:
        cursor.executemany(
            f"INSERT INTO event_deliveries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
            rows,
        )


def _row(delivery: EventDelivery, *, waits: bool) -> tuple[object, ...]:
    return (
        delivery.endpoint_id,
        delivery.sequence,
        delivery.type.value,
        delivery.case_id,
        delivery.body,
        to_microseconds(delivery.created_at),
        delivery.state.value,
        delivery.attempts,
        delivery.tries,
        None if waits else _stamp(delivery.next_try_at),
        delivery.last_status,
        delivery.last_problem,
        _stamp(delivery.tried_at),
    )


def _pending_cases(cursor: Cursor, endpoint_id: str, case_ids: Iterable[str]) -> set[str]:
    """Those of the cases of which something is pending."""
    wanted, found = sorted(case_ids), set[str]()
    for first in range(0, len(wanted), MAX_IDS):
        some = wanted[first : first + MAX_IDS]
        rows = cursor.execute(
            "SELECT DISTINCT case_id FROM event_deliveries WHERE endpoint_id = ? AND state = 'pending'"  # noqa: S608 - marks
            f" AND case_id IN ({', '.join('?' * len(some))})",
            (endpoint_id, *some),
        ).fetchall()
        found.update(row[0] for row in rows)
    return found


def claim_delivery(cursor: Cursor, endpoint_id: str, now: datetime, until: datetime) -> EventDelivery | None:
    """Take the one that is longest due, and let it be due again at `until`. Nobody else writes meanwhile."""
    at = to_microseconds(now)
    cursor.execute(
        "UPDATE event_deliveries SET next_try = ? WHERE endpoint_id = ? AND state = 'pending' AND next_try > ?",
        (at, endpoint_id, at + MAX_WAIT),
    )
    row = cursor.execute(
        "SELECT sequence FROM event_deliveries WHERE endpoint_id = ? AND state = 'pending' AND next_try <= ?"
        " ORDER BY next_try, sequence LIMIT 1",
        (endpoint_id, at),
    ).fetchone()
    if row is None:
        return None
    cursor.execute(
        "UPDATE event_deliveries SET attempts = attempts + 1, tries = tries + 1, next_try = ?"
        " WHERE endpoint_id = ? AND sequence = ?",
        (to_microseconds(until), endpoint_id, row[0]),
    )
    return _read(cursor, endpoint_id, row[0])


def update_delivery(cursor: Cursor, delivery: EventDelivery, now: datetime) -> bool:
    """Write what became of one, unless somebody has begun it since; let the next of its case go where it is settled."""
    cursor.execute(
        "UPDATE event_deliveries SET state = ?, next_try = ?, last_status = ?, last_problem = ?, tried_at = ?"
        " WHERE endpoint_id = ? AND sequence = ? AND attempts = ? AND state = 'pending'",
        (
            delivery.state.value,
            _stamp(delivery.next_try_at),
            delivery.last_status,
            delivery.last_problem,
            _stamp(delivery.tried_at),
            delivery.endpoint_id,
            delivery.sequence,
            delivery.attempts,
        ),
    )
    if cursor.rowcount != 1:
        return False
    if delivery.state is not DeliveryState.PENDING:
        _release_next(cursor, delivery, now)
    return True


def _release_next(cursor: Cursor, delivery: EventDelivery, now: datetime) -> None:
    key = (delivery.endpoint_id, delivery.case_id)
    cursor.execute(
        "UPDATE event_deliveries SET next_try = ? WHERE endpoint_id = ? AND next_try IS NULL AND sequence = ("
        "SELECT min(sequence) FROM event_deliveries WHERE endpoint_id = ? AND case_id = ? AND state = 'pending')",
        (to_microseconds(now), delivery.endpoint_id, *key),
    )


def restart_delivery(cursor: Cursor, endpoint_id: str, sequence: int, now: datetime) -> EventDelivery:
    """Let one be sent again. Raises NotFoundError and InvalidStateError."""
    found = _read(cursor, endpoint_id, sequence)
    if found is None:
        raise NotFoundError(
            "there is no such delivery",
            location=f"endpoint {endpoint_id}, event {sequence}",
            hint=f"see `orderdesk webhooks deliveries {endpoint_id}`",
        )
    if found.state is DeliveryState.PENDING:
        raise InvalidStateError("the delivery is pending already", location=f"endpoint {endpoint_id}, event {sequence}")
    cursor.execute(
        "UPDATE event_deliveries SET state = 'pending', tries = 0, next_try = ? WHERE endpoint_id = ? AND sequence = ?",
        (to_microseconds(now), endpoint_id, sequence),
    )
    restarted = _read(cursor, endpoint_id, sequence)
    assert restarted is not None
    return restarted


def read_deliveries(
    cursor: Cursor, endpoint_id: str, states: Iterable[DeliveryState], limit: int, before: int | None
) -> tuple[EventDelivery, ...]:
    """Deliveries to an endpoint, the newest events first."""
    query = (
        f"SELECT {_COLUMNS} FROM event_deliveries WHERE endpoint_id = ? AND state = ? AND sequence < ?"  # noqa: S608 - constants
        " ORDER BY sequence DESC LIMIT ?"
    )
    end = _LAST if before is None else before
    rows = [row for state in states for row in cursor.execute(query, (endpoint_id, state.value, end, limit)).fetchall()]
    return tuple(sorted(map(_delivery, rows), key=lambda one: one.sequence, reverse=True)[:limit])


def delete_old(cursor: Cursor, tried_before: datetime, limit: int) -> int:
    """Forget those that were delivered before, at most so many; how many."""
    rows = cursor.execute(
        "SELECT endpoint_id, sequence FROM event_deliveries WHERE state = 'delivered' AND tried_at < ?"
        " ORDER BY tried_at LIMIT ?",
        (to_microseconds(tried_before), limit),
    ).fetchall()
    cursor.executemany("DELETE FROM event_deliveries WHERE endpoint_id = ? AND sequence = ?", rows)
    return len(rows)


def _read(cursor: Cursor, endpoint_id: str, sequence: int) -> EventDelivery | None:
    row = cursor.execute(
        f"SELECT {_COLUMNS} FROM event_deliveries WHERE endpoint_id = ? AND sequence = ?",  # noqa: S608 - constants
        (endpoint_id, sequence),
    ).fetchone()
    return _delivery(row) if row is not None else None


def _delivery(row: Any) -> EventDelivery:
    return EventDelivery(
        endpoint_id=row[0],
        sequence=row[1],
        type=EventType(row[2]),
        case_id=row[3],
        body=row[4],
        created_at=from_microseconds(row[5]),
        state=DeliveryState(row[6]),
        attempts=row[7],
        tries=row[8],
        next_try_at=_moment(row[9]),
        last_status=row[10],
        last_problem=row[11],
        tried_at=_moment(row[12]),
    )


def _stamp(moment: datetime | None) -> int | None:
    return to_microseconds(moment) if moment is not None else None


def _moment(stamp: int | None) -> datetime | None:
    return from_microseconds(stamp) if stamp is not None else None
