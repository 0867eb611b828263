"""The methods of a ledger that keep what services said of orders beforehand; see `cases.eligibility`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime

from orderdesk_sdk.cases.damaged_rows import DamagedRowError
from orderdesk_sdk.cases.eligibility import EligibilityReading
from orderdesk_sdk.clock import hours
from orderdesk_sdk.stores.serialization import dump, load, to_microseconds
from orderdesk_sdk.stores.sql.database import Commits, Cursor

__all__ = ["SqlEligibilityReadings", "remove_readings_of"]

KEPT_FOR = hours(90 * 24)
"""How long a reading is kept."""
_END = 2**62
"""Later than every moment that a reading may have."""


class SqlEligibilityReadings(ABC):
    """Readings in a table of the ledger's own database."""

    _commits: Commits

    @abstractmethod
    def _read(self) -> AbstractContextManager[Cursor]:
        """A cursor to read with."""

    def record_eligibility(self, reading: EligibilityReading) -> None:
        row = (reading.order_id, reading.connection, to_microseconds(reading.read_at), dump(reading))
        oldest = to_microseconds(reading.read_at - KEPT_FOR)

        def write(cursor: Cursor) -> None:
            cursor.execute(
                "INSERT INTO eligibility_readings (order_id, connection, read_at, data) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (order_id, connection, read_at) DO UPDATE SET data = excluded.data",
                row,
            )
            cursor.execute("DELETE FROM eligibility_readings WHERE read_at < ?", (oldest,))

        self._commits.run(write)

    def eligibility_readings(self, order_id: str, *, until: datetime | None = None) -> Mapping[str, EligibilityReading]:
        latest = to_microseconds(until) if until is not None else _END
        with self._read() as cursor:
            rows = cursor.execute(
                "SELECT connection, data FROM eligibility_readings AS one WHERE order_id = ? AND read_at ="
                " (SELECT max(read_at) FROM eligibility_readings AS other WHERE other.order_id = one.order_id"
                " AND other.connection = one.connection AND other.read_at <= ?)",
                (order_id, latest),
            ).fetchall()
        found: dict[str, EligibilityReading] = {}
        for connection, data in rows:
            with suppress(DamagedRowError):  # The service can be asked again.
                found[connection] = load(data, EligibilityReading)
        return found


def remove_readings_of(cursor: Cursor, order_id: str) -> None:
    """Forget what was read of an order: its personal texts are to be removed."""
    cursor.execute("DELETE FROM eligibility_readings WHERE order_id = ?", (order_id,))
