"""The ledger in a PostgreSQL database, to which any number of processes write, one after the other."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.workers import DatabaseCondition
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.clock import DatabaseClock
from orderdesk_sdk.stores.postgres.condition import read_condition
from orderdesk_sdk.stores.postgres.connection_state import shared_connection_state
from orderdesk_sdk.stores.postgres.ledger_schema import MIGRATIONS, VERSION_TABLE
from orderdesk_sdk.stores.postgres.migrations import migrate
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from orderdesk_sdk.stores.postgres.reservations import Reservations
from orderdesk_sdk.stores.postgres.write_session import PostgresWriteSession
from orderdesk_sdk.stores.sql.access_records import SqlAccessRecords
from orderdesk_sdk.stores.sql.bulk_list_records import SqlBulkListRecords
from orderdesk_sdk.stores.sql.case_marks import SqlCaseMarks
from orderdesk_sdk.stores.sql.chain_appender import ChainAppender
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.due_cases import Condition
from orderdesk_sdk.stores.sql.eligibility_readings import SqlEligibilityReadings
from orderdesk_sdk.stores.sql.event_feed import SqlEventFeed
from orderdesk_sdk.stores.sql.event_webhooks import SqlEventWebhooks
from orderdesk_sdk.stores.sql.group_commit import GroupCommit
from orderdesk_sdk.stores.sql.inbox_records import SqlInboxRecords
from orderdesk_sdk.stores.sql.kept_replies import SqlKeptReplies
from orderdesk_sdk.stores.sql.ledger_archiver import LedgerArchiver
from orderdesk_sdk.stores.sql.ledger_reader import LedgerReader
from orderdesk_sdk.stores.sql.ledger_writer import LedgerWriter
from orderdesk_sdk.stores.sql.message_inbox import SqlMessageInbox
from orderdesk_sdk.stores.sql.receipt_links import SqlReceiptLinks
from orderdesk_sdk.stores.sql.stored_configuration import SqlStoredConfiguration
from orderdesk_sdk.stores.sql.text_removal import remove_texts
from orderdesk_sdk.transport.http.connection_state import StateOfConnection

__all__ = ["PostgresLedger"]


class PostgresLedger(
    LedgerReader,
    LedgerWriter,
    LedgerArchiver,
    SqlMessageInbox,
    SqlEventFeed,
    SqlEventWebhooks,
    SqlInboxRecords,
    SqlCaseMarks,
    SqlKeptReplies,
    SqlReceiptLinks,
    SqlEligibilityReadings,
    SqlStoredConfiguration,
    SqlBulkListRecords,
    SqlAccessRecords,
):
    """A ledger in the database of `url`, whose tables are made where there are none. Safe from many threads.

    Raises StorageError when the server cannot be reached or refuses, or the tables come from a version of this program
    that the present one cannot work with; ConfigurationError for a URL that cannot be read.
    """

    def __init__(self, url: Secret, *, keeps_events: bool = True, location: str = "[ledger] url") -> None:
        """
        Args:
            keeps_events: whether the order events that come with changes are recorded; where there are no rules, nobody
                would ever handle them.
            location: where the URL stands, for messages.
        """
        self._pool = PostgresPool(url, location=location)
        # Also where a program ends without closing its ledger.
        self._closing = weakref.finalize(self, self._pool.close)
        try:
            migrate(self._pool, VERSION_TABLE, MIGRATIONS)
            self._session = PostgresWriteSession(self._pool, len(MIGRATIONS))
            with self._pool.translated():
                self._session.begin()  # Looks whether the ledger was put back to an older state.
                self._session.undo()
            self.clock = DatabaseClock(self._pool)
            """The server's clock, which everybody who works on this ledger shares."""
        except BaseException:
            self.close()
            raise
        super().__init__(GroupCommit(self._session), keeps_events=keeps_events)
        self._reservations = Reservations(self._pool, self.damage)

    def remove_personal_texts(self, order_id: str, *, by: str, at: datetime) -> int:
        return self._commits.run(
            lambda cursor: remove_texts(cursor, self._chain_appender(cursor), order_id, by=by, at=at)
        )

    def reserve_due(self, now: datetime, limit: int, *, connection: str, after: Case | None = None) -> tuple[Case, ...]:
        return self._reservations.reserve(now, limit, connection, after)

    def release_due(self, cases: Sequence[Case]) -> None:
        self._reservations.release(cases)

    def states_of_connections(self, clock: Clock) -> StateOfConnection:
        """What all processes know together of each connection to a service. Raises StorageError."""
        return shared_connection_state(self._pool, clock, self.call_counts)

    @property
    def pool(self) -> PostgresPool:
        """The connections to its database, for an engine whose queue is there too."""
        return self._pool

    def database_condition(self) -> DatabaseCondition:
        with self._read() as cursor:
            return read_condition(cursor)

    def close(self) -> None:
        self._closing()

    def _free(self) -> Condition:
        return self._reservations.free()

    def _chain_appender(self, cursor: Cursor) -> ChainAppender:
        return self._session.chain_appender(cursor)

    def _read(self) -> AbstractContextManager[Cursor]:
        return self._pool.reading()

    def _snapshot(self, *, is_long: bool) -> AbstractContextManager[Cursor]:  # noqa: ARG002 - nobody waits for a reader
        return self._pool.snapshot()
