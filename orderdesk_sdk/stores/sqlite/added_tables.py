"""The tables that the later migrations of the ledger add, which programs of the version before leave alone.

Migrations only go forward; none is ever edited.
"""

from __future__ import annotations

from orderdesk_sdk.stores.sqlite.migrations import MigrationStep

__all__ = ["ADDED_TABLES"]

ADDED_TABLES: tuple[tuple[MigrationStep, ...], ...] = (
    (
        # Who hears what happens, and what is on its way to them: the outbox is the history, after `line`.
        """CREATE TABLE event_endpoints (
            id TEXT PRIMARY KEY, url TEXT NOT NULL, types TEXT NOT NULL, connections TEXT NOT NULL,
            sealed TEXT NOT NULL, line INTEGER NOT NULL, created_by TEXT NOT NULL, created_at INTEGER NOT NULL,
            disabled_reason TEXT, version INTEGER NOT NULL, gap TEXT) WITHOUT ROWID""",
        """CREATE TABLE event_deliveries (
            endpoint_id TEXT NOT NULL, sequence INTEGER NOT NULL, type TEXT NOT NULL, case_id TEXT NOT NULL,
            body TEXT NOT NULL, created_at INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
            tries INTEGER NOT NULL, next_try INTEGER, last_status INTEGER, last_problem TEXT, tried_at INTEGER,
            PRIMARY KEY (endpoint_id, sequence)) WITHOUT ROWID""",
        """CREATE INDEX event_deliveries_due ON event_deliveries (endpoint_id, next_try, sequence)
            WHERE state = 'pending'""",
        """CREATE INDEX event_deliveries_by_case ON event_deliveries (endpoint_id, case_id, sequence)
            WHERE state = 'pending'""",
        "CREATE INDEX event_deliveries_by_state ON event_deliveries (endpoint_id, state, sequence)",
        "CREATE INDEX event_deliveries_by_age ON event_deliveries (tried_at) WHERE state = 'delivered'",
    ),
    (
        """CREATE TABLE call_counts (connection TEXT NOT NULL, operation TEXT NOT NULL, day TEXT NOT NULL,
            calls INTEGER NOT NULL, PRIMARY KEY (connection, operation, day)) WITHOUT ROWID""",
    ),
    (
        # What services said of orders before they were asked to cancel. No evidence, and forgotten when it is old.
        """CREATE TABLE eligibility_readings (
            order_id TEXT NOT NULL, connection TEXT NOT NULL, read_at INTEGER NOT NULL, data TEXT NOT NULL,
            PRIMARY KEY (order_id, connection, read_at)) WITHOUT ROWID""",
        "CREATE INDEX eligibility_readings_by_age ON eligibility_readings (read_at)",
    ),
)
