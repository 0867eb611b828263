"""The methods of a ledger that are about events out; see `cases.event_webhooks`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from orderdesk_sdk.cases.event_webhooks import DeliveryState, EventDelivery, EventEndpoint
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.database import Commits, Cursor
from orderdesk_sdk.stores.sql.event_deliveries import (
    MAX_WAIT,
    claim_delivery,
    delete_old,
    insert_deliveries,
    read_deliveries,
    restart_delivery,
    update_delivery,
)
from orderdesk_sdk.stores.sql.event_endpoints import change_endpoint, insert_endpoint, move_cursor, read_endpoints

__all__ = ["SqlEventWebhooks"]


class SqlEventWebhooks(ABC):
    """Endpoints and deliveries in the ledger's own database, each read and written in one transaction."""

    _commits: Commits

    @abstractmethod
    def _read(self) -> AbstractContextManager[Cursor]:
        """A cursor for reading."""

    def add_endpoint(self, endpoint: EventEndpoint) -> None:
        self._commits.run(lambda cursor: insert_endpoint(cursor, endpoint))

    def endpoints(self) -> tuple[EventEndpoint, ...]:
        with self._read() as cursor:
            return read_endpoints(cursor)

    def change_endpoint(self, endpoint: EventEndpoint) -> None:
        self._commits.run(lambda cursor: change_endpoint(cursor, endpoint))

    def record_deliveries(
        self, endpoint: EventEndpoint, cursor: int, deliveries: Sequence[EventDelivery], *, gap: str | None = None
    ) -> bool:
        def write(db: Cursor) -> bool:
            if not move_cursor(db, endpoint, cursor, gap):
                return False
            insert_deliveries(db, endpoint.id, deliveries)
            return True

        return self._commits.run(write)

    def claim_delivery(self, endpoint_id: str, now: datetime, until: datetime) -> EventDelivery | None:
        with self._read() as cursor:
            if not _has_due(cursor, endpoint_id, now):
                return None  # The rule, which costs a read and no commit.
        return self._commits.run(lambda cursor: claim_delivery(cursor, endpoint_id, now, until))

    def update_delivery(self, delivery: EventDelivery, now: datetime) -> bool:
        return self._commits.run(lambda cursor: update_delivery(cursor, delivery, now))

    def restart_delivery(self, endpoint_id: str, sequence: int, now: datetime) -> EventDelivery:
        return self._commits.run(lambda cursor: restart_delivery(cursor, endpoint_id, sequence, now))

    def deliveries(
        self, endpoint_id: str, states: Iterable[DeliveryState], limit: int, *, before: int | None = None
    ) -> tuple[EventDelivery, ...]:
        with self._read() as cursor:
            return read_deliveries(cursor, endpoint_id, states, limit, before)

    def failed_deliveries(self) -> Mapping[str, int]:
        with self._read() as cursor:
            names = [row[0] for row in cursor.execute("SELECT id FROM event_endpoints").fetchall()]
            query = "SELECT count(*) FROM event_deliveries WHERE endpoint_id = ? AND state = 'failed'"
            counts = {name: cursor.execute(query, (name,)).fetchone()[0] for name in names}
        return {name: count for name, count in counts.items() if count}

    def next_delivery_due(self) -> datetime | None:
        with self._read() as cursor:
            rows = cursor.execute("SELECT id FROM event_endpoints WHERE disabled_reason IS NULL").fetchall()
            query = "SELECT min(next_try) FROM event_deliveries WHERE endpoint_id = ? AND state = 'pending'"
            due = [cursor.execute(query, row).fetchone()[0] for row in rows]
        first = min((stamp for stamp in due if stamp is not None), default=None)
        return from_microseconds(first) if first is not None else None

    def remove_old_deliveries(self, tried_before: datetime, limit: int) -> int:
        query = "SELECT 1 FROM event_deliveries WHERE state = 'delivered' AND tried_at < ? LIMIT 1"
        with self._read() as cursor:
            if cursor.execute(query, (to_microseconds(tried_before),)).fetchone() is None:
                return 0  # The rule, which costs no commit.
        return self._commits.run(lambda cursor: delete_old(cursor, tried_before, limit))


def _has_due(cursor: Cursor, endpoint_id: str, now: datetime) -> bool:
    """Whether a delivery is due, or was put off by a clock that was ahead of now."""
    at = to_microseconds(now)
    for compared, moment in (("<=", at), (">", at + MAX_WAIT)):
        query = (
            "SELECT 1 FROM event_deliveries WHERE endpoint_id = ? AND state = 'pending'"  # noqa: S608 - constants
            f" AND next_try {compared} ? LIMIT 1"
        )
        if cursor.execute(query, (endpoint_id, moment)).fetchone() is not None:
            return True
    return False
