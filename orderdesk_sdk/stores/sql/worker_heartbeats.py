"""The heartbeats of workers: one row each, beside the history, since nothing is proved by them."""

from __future__ import annotations

from functools import partial

from orderdesk_sdk.cases.damaged_rows import DamagedRows
from orderdesk_sdk.cases.workers import WorkerHeartbeat
from orderdesk_sdk.clock import hours
from orderdesk_sdk.stores.serialization import dump, load, to_microseconds
from orderdesk_sdk.stores.sql.database import Cursor

__all__ = ["read_heartbeats", "record_heartbeat", "remove_heartbeat"]

FORGOTTEN_AFTER = hours(24)
"""A worker that was killed is told of for so long."""


def record_heartbeat(cursor: Cursor, heartbeat: WorkerHeartbeat) -> None:
    """Write down what a worker says, in place of what it said before, and forget who is silent for too long."""
    at = to_microseconds(heartbeat.last_round_at)
    cursor.execute(
        "INSERT INTO workers (id, last_round_at, data) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET last_round_at = excluded.last_round_at, data = excluded.data",
        (heartbeat.id, at, dump(heartbeat)),
    )
    forgotten = to_microseconds(heartbeat.last_round_at - FORGOTTEN_AFTER)
    cursor.execute("DELETE FROM workers WHERE last_round_at < ?", (forgotten,))


def remove_heartbeat(cursor: Cursor, worker_id: str) -> None:
    """Forget a worker."""
    cursor.execute("DELETE FROM workers WHERE id = ?", (worker_id,))


def read_heartbeats(cursor: Cursor, damage: DamagedRows) -> tuple[WorkerHeartbeat, ...]:
    """What every worker said last, the latest first."""
    rows = cursor.execute("SELECT id, data FROM workers ORDER BY last_round_at DESC, id").fetchall()
    found = (damage.read_or_none(f"worker {name}", partial(load, data, WorkerHeartbeat)) for name, data in rows)
    return tuple(heartbeat for heartbeat in found if heartbeat is not None)
