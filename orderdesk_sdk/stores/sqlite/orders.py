"""The embedded order store in a SQLite file, which may be the ledger's."""

from __future__ import annotations

from pathlib import Path

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.orders.numbering import DEFAULT_SUFFIX
from orderdesk_sdk.stores.sql.order_store import SqlOrderStore
from orderdesk_sdk.stores.sqlite.order_database import SqliteOrderDatabase

__all__ = ["SqliteOrderStore"]


class SqliteOrderStore(SqlOrderStore):
    """An order store in a file."""

    def __init__(self, path: str | Path, *, clock: Clock, suffix: str = DEFAULT_SUFFIX) -> None:
        """Open the file, or make it with the folders New, Prepared, Closed and Canceled. Its directory must exist.

        Args:
            suffix: of the numbers of duplicates; see `numbering`.
        """
        super().__init__(SqliteOrderDatabase(Path(path)), clock=clock, suffix=suffix)
