"""The methods of a ledger that keep lists of bulks; see `cases.bulk_lists`."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from orderdesk_sdk.cases.bulk_lists import BulkList
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.database import Commits, Cursor

__all__ = ["SqlBulkListRecords"]

_COLUMNS = "key, requested_by, reason, requested_at, orders, refused, finished_at"


class SqlBulkListRecords(ABC):
    """One row for a bulk."""

    _commits: Commits

    @abstractmethod
    def _read(self) -> AbstractContextManager[Cursor]:
        """A cursor for reading."""

    def add_bulk_list(self, wanted: BulkList) -> BulkList:
        def write(cursor: Cursor) -> BulkList:
            cursor.execute(
                f"INSERT INTO bulk_lists ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, '{{}}', NULL)"  # noqa: S608 - constants
                " ON CONFLICT DO NOTHING",
                (
                    wanted.key,
                    wanted.requested_by,
                    wanted.reason,
                    to_microseconds(wanted.requested_at),
                    json.dumps(wanted.order_ids),
                ),
            )
            return _find(cursor, wanted.key) or wanted

        return self._commits.run(write)

    def find_bulk_list(self, key: str) -> BulkList | None:
        with self._read() as cursor:
            return _find(cursor, key)

    def finish_bulk_list(self, key: str, refused: Mapping[int, str], at: datetime) -> None:
        told = json.dumps({str(place): text for place, text in sorted(refused.items())})

        def write(cursor: Cursor) -> None:
            cursor.execute(
                "UPDATE bulk_lists SET refused = ?, finished_at = ? WHERE key = ?", (told, to_microseconds(at), key)
            )

        self._commits.run(write)

    def recent_bulk_lists(self, since: datetime, limit: int) -> tuple[BulkList, ...]:
        query = (
            f"SELECT {_COLUMNS} FROM bulk_lists WHERE requested_at >= ?"  # noqa: S608 - constants
            " ORDER BY requested_at DESC LIMIT ?"
        )
        with self._read() as cursor:
            return tuple(map(_bulk_list, cursor.execute(query, (to_microseconds(since), limit)).fetchall()))


def _find(cursor: Cursor, key: str) -> BulkList | None:
    query = f"SELECT {_COLUMNS} FROM bulk_lists WHERE key = ?"  # noqa: S608 - constants
    row = cursor.execute(query, (key,)).fetchone()
    return None if row is None else _bulk_list(row)


def _bulk_list(row: Sequence[Any]) -> BulkList:
    key, requested_by, reason, requested_at, orders, refused, finished_at = row
    return BulkList(
        key=key,
        requested_by=requested_by,
        reason=reason,
        requested_at=from_microseconds(requested_at),
        order_ids=tuple(json.loads(orders)),
        refused={int(place): text for place, text in json.loads(refused).items()},
        finished_at=None if finished_at is None else from_microseconds(finished_at),
    )
