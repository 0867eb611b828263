"""What slows a PostgreSQL server down, as it says itself."""

from __future__ import annotations

from datetime import timedelta

from orderdesk_sdk.cases.workers import DatabaseCondition
from orderdesk_sdk.stores.postgres.pool import SCHEMA
from orderdesk_sdk.stores.sql.database import Cursor

__all__ = ["read_condition"]

_OLDEST = """SELECT (extract(epoch FROM clock_timestamp() - min(xact_start)) * 1000000)::bigint FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""
"""Of other roles the server shows the start of a transaction to members of pg_read_all_stats only."""
_ROWS = "SELECT relname, n_dead_tup, n_live_tup FROM pg_stat_user_tables WHERE schemaname = ? ORDER BY relname"


def read_condition(cursor: Cursor) -> DatabaseCondition:
    """How old the oldest transaction is, and how many rows of each table are dead."""
    (microseconds,) = cursor.execute(_OLDEST).fetchone() or (None,)
    rows = cursor.execute(_ROWS, (SCHEMA,)).fetchall()
    oldest = timedelta(microseconds=microseconds) if microseconds is not None else None
    return DatabaseCondition(oldest, {str(name): (int(dead), int(live)) for name, dead, live in rows})
