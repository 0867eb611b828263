"""Removes the personal texts of an order from a ledger's file, so that its free space does not keep them either."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from orderdesk_sdk.stores.sql.chain_appender import ChainAppender
from orderdesk_sdk.stores.sql.text_removal import remove_texts
from orderdesk_sdk.stores.sqlite.connection import open_connection

__all__ = ["remove_texts_from_file"]


def remove_texts_from_file(path: Path, order_id: str, *, by: str, at: datetime) -> int:
    """Remove every personal text of an order; of how many histories. Raises as `remove_texts`."""
    with open_connection(path) as db:
        db.execute("PRAGMA secure_delete = ON")  # Else the texts would stay in what the file has as free space.
        db.execute("BEGIN IMMEDIATE")
        cursor = db.cursor()
        try:
            count = remove_texts(cursor, ChainAppender(cursor), order_id, by=by, at=at)
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        # The log still has the old pages. It is emptied here, or, while others read, by one of the next writers.
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return count
