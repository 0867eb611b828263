"""The transactions of one process that write into a ledger in PostgreSQL.

Each begins by locking the one row that names the ledger's head, as SQLite lets one write at a time. A connection may be
lost at any moment, also while it commits. Then the next one asks the server what became of the transaction: it waits
for the lock until the server has ended it, and only then looks, so that nothing can be committed after the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.postgres.chain_marks import MIGRATED, RETIRED
from orderdesk_sdk.stores.postgres.cursor import PostgresCursor
from orderdesk_sdk.stores.postgres.epoch_guard import EpochGuard
from orderdesk_sdk.stores.postgres.errors import is_interruption, storage_error
from orderdesk_sdk.stores.postgres.ledger_schema import VERSION_TABLE
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from orderdesk_sdk.stores.postgres.server_identity import server_identity
from orderdesk_sdk.stores.sql.chain_appender import ChainAppender, ChainPosition
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.epochs import latest_epoch, require_not_retired
from orderdesk_sdk.stores.sql.group_commit import TransactionLostError

__all__ = ["PostgresWriteSession"]

_LOCK = (
    "SELECT pg_current_xact_id()::text,"  # noqa: S608 - constants
    f" (SELECT max(oldest) FROM {VERSION_TABLE}),"
    " (SELECT epoch FROM ledger_epochs ORDER BY number LIMIT 1),"
    " (SELECT epoch FROM ledger_epochs ORDER BY number DESC LIMIT 1),"
    " (SELECT link FROM history WHERE sequence = ?), count, head, in_use FROM chain FOR UPDATE"
)


class PostgresWriteSession:
    """What `GroupCommit` runs its transactions with. Used by one thread at a time."""

    def __init__(self, pool: PostgresPool, known: int) -> None:
        """known: the version of the tables that this program knows."""
        self._pool = pool
        self._known = known
        self._guard = EpochGuard(pool.place)
        self._connection: psycopg.Connection[Any] | None = None
        self._transaction_id = ""
        self._appenders: list[ChainAppender] = []
        self._earlier_appenders = 0
        self._position: ChainPosition | None = None

    def begin(self) -> PostgresCursor:
        """Begin a transaction, and lock out everybody else who writes; the cursor for its writes."""
        while True:
            self._connection = connection = self._pool.begin()
            cursor = PostgresCursor(connection)
            self._appenders = []
            row = cursor.execute(_LOCK, (self._guard.last_sequence,)).fetchone()
            self._transaction_id = self._require_usable(row)
            if row[7] in (RETIRED, MIGRATED):
                self._look_again(cursor)
            if self._guard.is_trusted(connection, cursor, *row[2:5]):
                self._position = ChainPosition(row[5], row[6])
                return cursor
            connection.execute("COMMIT", prepare=False)  # What the guard has written.
            self.undo()

    def _require_usable(self, row: Sequence[Any] | None) -> str:
        """The number of the transaction. Raises StorageError where this program may not write."""
        if row is None:
            raise StorageError(
                "the row that names the head of the ledger is gone",
                location=self._pool.place,
                hint="see `orderdesk doctor`",
            )
        self._require_known(row[1])
        return str(row[0])

    def _look_again(self, cursor: PostgresCursor) -> None:
        """Look at what may have changed while this process waited for the lock. Raises StorageError."""
        require_not_retired(latest_epoch(cursor), self._pool.place)
        (oldest,) = cursor.execute(f"SELECT max(oldest) FROM {VERSION_TABLE}").fetchone()  # noqa: S608 - a constant
        self._require_known(oldest)

    def _require_known(self, oldest: int) -> None:
        if oldest > self._known:
            raise StorageError(
                f"the tables were changed for programs of version {oldest} and newer; this one knows {self._known}",
                location=self._pool.place,
                hint="end this program, and start the newer orderdesk-sdk; nothing was written",
            )

    def begin_write(self) -> None:
        """A write begins that may be undone alone."""
        self._earlier_appenders = len(self._appenders)

    def forget_write(self) -> None:
        """What was written since `begin_write` was undone: a line of it that is missing is no loss."""
        del self._appenders[self._earlier_appenders :]

    def chain_appender(self, cursor: Cursor) -> ChainAppender:
        """The lines that a write of the present transaction adds."""
        # Whoever comes next in this transaction comes after the lines of those before.
        links = ChainAppender(cursor, self._appenders[-1].position if self._appenders else self._position)
        self._appenders.append(links)
        return links

    def commit(self) -> None:
        """Commit the transaction; where the connection is lost meanwhile, find out what became of it."""
        assert self._connection is not None
        line = self._last_line()
        try:
            self._connection.execute("COMMIT", prepare=False)
        except psycopg.Error as error:
            if not is_interruption(error):
                raise
            self.undo()
            self._require_committed(line)
        else:
            self.undo()  # Nothing is left to undo: others may have the connection.
        if line is not None:
            self._guard.saw(*line)

    def was_committed(self) -> bool | None:
        """Whether a transaction is durable whose `commit` was interrupted; None where that cannot be found out."""
        self.undo()
        try:
            self._require_committed(self._last_line())
        except TransactionLostError:
            return False
        except StorageError:
            return None
        return True

    def _last_line(self) -> tuple[int, bytes] | None:
        """The last line that the transaction wrote, and its link; None: it wrote none."""
        written = next((links.last for links in reversed(self._appenders) if links.last is not None), None)
        return (written[0], written[2]) if written is not None else None

    def undo(self) -> None:
        """Undo the transaction, where there is one, and let others have the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.give_back(connection)

    def may_run_again(self, error: BaseException) -> bool:
        """Whether the transaction was lost with its connection, so that nothing of it was written."""
        return isinstance(error, TransactionLostError) or (isinstance(error, Exception) and is_interruption(error))

    def is_of_database(self, error: BaseException) -> bool:
        """Whether the driver or the server raised an error."""
        return isinstance(error, psycopg.Error)

    def is_of_one_write(self, error: Exception) -> bool:
        """Whether an error is that of a write alone. A lost connection and a timeout concern the whole transaction."""
        return isinstance(error, psycopg.IntegrityError) or not isinstance(error, psycopg.Error)

    def write_error(self, error: BaseException) -> StorageError:
        """An error that concerns the whole transaction as its callers get it."""
        if isinstance(error, psycopg.Error):
            return storage_error(error, self._pool.database, what="nothing was written")
        return StorageError(f"nothing was written: {error}", location=self._pool.place, hint="do the same again")

    def _require_committed(self, line: tuple[int, bytes] | None) -> None:
        """Raises TransactionLostError where the transaction was not committed, StorageError where nobody knows.

        Args:
            line: the last one that it wrote.
        """
        transaction_id = self._transaction_id
        try:
            self._connection = self._pool.begin()
            cursor = PostgresCursor(self._connection)
            # Whoever still commits it holds this lock: after that, what became of it changes no more.
            cursor.execute("SELECT 1 FROM chain FOR UPDATE")
            if line is not None:
                found = cursor.execute("SELECT link FROM history WHERE sequence = ?", (line[0],)).fetchone()
                committed = found == (line[1],)
            else:
                committed = _was_committed(cursor, transaction_id, self._pool.place)
        except (psycopg.Error, StorageError) as error:
            raise StorageError(
                f"the connection was lost while the last change was committed, and whether it was written is not"
                f" known: {error}",
                location=self._pool.place,
                hint="look at the case before you do the same again",
            ) from None
        finally:
            self.undo()
        if not committed:
            raise TransactionLostError(
                "nothing was written: the connection was lost",
                location=self._pool.place,
                hint="do the same again",
            )


def _was_committed(cursor: PostgresCursor, transaction_id: str, place: str) -> bool:
    """Whether a transaction that wrote no line was committed. Raises StorageError where the server does not know."""
    epoch = latest_epoch(cursor)
    if epoch is not None:
        changed = server_identity(cursor).change_since(epoch.system, epoch.timeline)
        if changed is not None:  # There, the number may be another transaction's.
            raise StorageError(changed, location=place, hint="look at the ledger")
    (status,) = cursor.execute("SELECT pg_xact_status(?::text::xid8)", (transaction_id,)).fetchone()
    return bool(status == "committed")
