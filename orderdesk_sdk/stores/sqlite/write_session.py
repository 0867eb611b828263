"""The transactions of the one connection of a process that writes into a SQLite file."""

from __future__ import annotations

import sqlite3
from typing import Protocol

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.sql.chain_appender import HeadMovedError

__all__ = ["CommitObserver", "SqliteWriteSession"]


class CommitObserver(Protocol):
    """Is told of transactions. Whatever it raises goes to every caller of the transaction, which is undone."""

    def before_transaction(self) -> None:
        """Before one begins."""

    def begin_write(self) -> None:
        """A write begins that may be undone alone."""

    def forget_write(self) -> None:
        """What was written since `begin_write` was undone."""

    def before_commit(self) -> None:
        """When all writes are done."""

    def after_commit(self) -> None:
        """When it is on disk."""

    def head_moved(self) -> None:
        """The chain did not end where it was taken to: from now on it is read first."""


class SqliteWriteSession:
    """What `GroupCommit` runs its transactions with."""

    def __init__(self, connection: sqlite3.Connection, observer: CommitObserver | None = None) -> None:
        """observer: is told of every transaction, and may forbid it; None: nobody is."""
        self._cursor = connection.cursor()
        self._observer = observer

    def begin(self) -> sqlite3.Cursor:
        """Begin a transaction; the cursor for its writes."""
        if self._observer is not None:
            self._observer.before_transaction()
        self._cursor.execute("BEGIN IMMEDIATE")
        return self._cursor

    def begin_write(self) -> None:
        """A write begins that may be undone alone."""
        if self._observer is not None:
            self._observer.begin_write()

    def forget_write(self) -> None:
        """What was written since `begin_write` was undone."""
        if self._observer is not None:
            self._observer.forget_write()

    def commit(self) -> None:
        """Commit it; it is on disk after that."""
        if self._observer is not None:
            self._observer.before_commit()
        self._cursor.execute("COMMIT")
        if self._observer is not None:
            self._observer.after_commit()

    def was_committed(self) -> bool:
        """Whether a transaction is on disk whose `commit` was interrupted: then SQLite is in none any more."""
        return not self._cursor.connection.in_transaction

    def undo(self) -> None:
        """Undo the transaction, where there is one."""
        try:
            if self._cursor.connection.in_transaction:
                self._cursor.execute("ROLLBACK")
        except sqlite3.Error:
            return  # A closed or broken database: the next transaction fails too, and SQLite undoes this one.

    def may_run_again(self, error: BaseException) -> bool:
        """Whether it is worth a second try, by what is read anew: no connection is lost here but with the process."""
        if self._observer is None or not isinstance(error, HeadMovedError):
            return False
        self._observer.head_moved()
        return True

    def is_of_database(self, error: BaseException) -> bool:
        """Whether the database raised an error."""
        return isinstance(error, sqlite3.Error)

    def is_of_one_write(self, error: Exception) -> bool:
        """Whether an error is that of a write alone. The disk and the file concern the whole transaction."""
        return isinstance(error, sqlite3.IntegrityError) or not isinstance(error, sqlite3.Error | HeadMovedError)

    def write_error(self, error: BaseException) -> StorageError:
        """An error that concerns the whole transaction as its callers get it."""
        if self._observer is not None:
            try:
                self._observer.before_commit()
            except StorageError as cause:  # Of a file that was cut short or replaced SQLite says something else.
                return cause
        return StorageError(
            f"nothing was written: {error}",
            location="ledger",
            hint="check the disk's free space, the file's permissions, and that no other program holds the file",
        )
