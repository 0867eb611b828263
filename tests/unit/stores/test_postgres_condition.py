"""What a PostgreSQL server says of itself: how old the oldest transaction of anybody is, and which rows are dead."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import psycopg

from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.ledger import PostgresLedger


def test_a_transaction_of_somebody_else_is_seen_and_our_own_is_not(postgres_url: str) -> None:
    with closing(PostgresLedger(Secret(postgres_url))) as ledger:
        assert ledger.database_condition().oldest_transaction is None
        with psycopg.connect(postgres_url) as other:
            other.execute("SELECT pg_sleep(0.05)")
            oldest = ledger.database_condition().oldest_transaction
        assert oldest is not None
        assert timedelta(milliseconds=50) <= oldest < timedelta(minutes=5)


def test_each_table_of_the_ledger_is_counted(postgres_url: str) -> None:
    with closing(PostgresLedger(Secret(postgres_url))) as ledger:
        rows = ledger.database_condition().dead_rows
    assert {"cases", "history", "chain", "workers"} <= set(rows)
