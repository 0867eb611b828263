"""The ledger in a SQLite file: write-ahead log, every commit flushed to disk before it counts."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.sql.access_records import SqlAccessRecords
from orderdesk_sdk.stores.sql.bulk_list_records import SqlBulkListRecords
from orderdesk_sdk.stores.sql.case_marks import SqlCaseMarks
from orderdesk_sdk.stores.sql.chain_appender import ChainAppender
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.eligibility_readings import SqlEligibilityReadings
from orderdesk_sdk.stores.sql.epochs import latest_epoch, require_not_retired
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
from orderdesk_sdk.stores.sqlite.connection import close, connect, open_snapshot, readable, snapshot, use_wal
from orderdesk_sdk.stores.sqlite.ledger_file_guard import LedgerFileGuard
from orderdesk_sdk.stores.sqlite.ledger_schema import ADDITIVE, MIGRATIONS, VERSION_TABLE
from orderdesk_sdk.stores.sqlite.migrations import migrate
from orderdesk_sdk.stores.sqlite.read_block import ReadBlock
from orderdesk_sdk.stores.sqlite.text_removal import remove_texts_from_file
from orderdesk_sdk.stores.sqlite.write_session import SqliteWriteSession

if TYPE_CHECKING:
    from orderdesk_sdk.stores.sqlite.backup import Backup

__all__ = ["SqliteLedger"]


class SqliteLedger(
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
    """A ledger in the file `path`, made where there is none. Safe from many threads and several processes.

    Raises StorageError when the file cannot be opened, is no ledger, or comes from a newer version. Not for network
    file systems: SQLite's write-ahead log needs shared memory (https://www.sqlite.org/wal.html).
    """

    def __init__(self, path: Path, *, keeps_events: bool = True) -> None:
        """keeps_events: whether the order events that come with changes are recorded; where there are no rules, nobody
        would ever handle them.
        """
        self._path = path.absolute()  # The program may go to another folder.
        try:
            with ExitStack() as made:
                self._writer = made.enter_context(closing(connect(path)))
                migrate(self._writer, VERSION_TABLE, MIGRATIONS, str(path), ADDITIVE)
                require_not_retired(latest_epoch(self._writer.cursor()), str(path))
                use_wal(self._writer)
                self._reader = made.enter_context(closing(connect(path, create=False)))
                self._file_guard = LedgerFileGuard(path, self._writer)
                made.pop_all()
        except sqlite3.Error as error:
            raise StorageError(
                f"the file cannot be opened as a ledger: {error}", location=str(path), hint="check path and permissions"
            ) from None
        commits = GroupCommit(SqliteWriteSession(self._writer, self._file_guard))
        super().__init__(commits, keeps_events=keeps_events)
        self._reading = threading.Lock()
        as_storage_error = partial(_unreadable, path=self._path)
        self._reading_block = ReadBlock(self._reading, self._file_guard, self._reader, as_storage_error)
        for connection in (self._reader, self._writer):
            connection.text_factory = readable  # Else one text that is none would keep every row of a list from us.
        # Also where a program ends without closing its ledger.
        self._closing = weakref.finalize(
            self, _close, commits, self._reading, self._file_guard, self._reader, self._writer
        )

    def _chain_appender(self, cursor: Cursor) -> ChainAppender:
        return self._file_guard.chain_appender(cursor)

    def backup(self, target: Path) -> Backup:
        """Copy the ledger into a new file while it is in use; see `backup.make_backup`."""
        from orderdesk_sdk.stores.sqlite.backup import make_backup

        return make_backup(self._path, target)

    def remove_personal_texts(self, order_id: str, *, by: str, at: datetime) -> int:
        with self._translate_errors():
            return remove_texts_from_file(self._path, order_id, by=by, at=at)

    def reserve_due(self, now: datetime, limit: int, *, connection: str, after: Case | None = None) -> tuple[Case, ...]:
        # A reservation would cost a commit on this disk, and the processes of one machine seldom meet.
        return self.due(now, limit, connection=connection, after=after)

    def release_due(self, cases: Sequence[Case]) -> None:
        """Nothing was reserved."""

    def close(self) -> None:
        self._closing()

    def _read(self) -> AbstractContextManager[sqlite3.Cursor]:
        return self._reading_block

    @contextmanager
    def _snapshot(self, *, is_long: bool) -> Iterator[Cursor]:
        if is_long:
            with self._translate_errors(), open_snapshot(self._path) as cursor:
                yield cursor
        else:
            with self._reading, self._translate_errors():
                self._file_guard.check()
                with snapshot(self._reader) as cursor:
                    yield cursor

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _unreadable(error, self._path) from None


def _unreadable(error: sqlite3.Error, path: Path) -> StorageError:
    return StorageError(f"the ledger cannot be read: {error}", location=str(path))


def _close(
    commits: GroupCommit,
    reading: threading.Lock,
    file_guard: LedgerFileGuard,
    reader: sqlite3.Connection,
    writer: sqlite3.Connection,
) -> None:
    with commits.locked(), reading:
        file_guard.close()
        reader.close()
        close(writer)
