"""Grouped commits: whoever comes first commits for all who wait, so that ten callers share one flush to disk."""

from __future__ import annotations

import sqlite3
import threading
from typing import Protocol

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.sql.database import Job

__all__ = ["GroupCommit", "CommitObserver"]


class CommitObserver(Protocol):
    """Is told of transactions. Whatever it raises goes to every caller of the transaction, which is undone."""

    def before_transaction(self) -> None:
        """Before one begins."""

    def before_commit(self) -> None:
        """When all jobs are done."""

    def after_commit(self) -> None:
        """When it is on disk."""


class _PendingCommit:
    __slots__ = ("done", "error", "job")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.done = False
        self.error: Exception | None = None


class GroupCommit:
    """The single writer of a connection.

    `run` returns after the job's transaction is durable, or raises what it raised.
    """

    def __init__(self, connection: sqlite3.Connection, observer: CommitObserver | None = None) -> None:
        """observer: is told of every transaction, and may forbid it; None: nobody is."""
        self._cursor = connection.cursor()
        self._observer = observer
        self._pending: list[_PendingCommit] = []
        self._pending_lock = threading.Lock()
        self._writer = threading.Lock()

    def run(self, job: Job) -> None:
        """Run a job in a transaction, perhaps together with others.

        A job that raises changes nothing and hurts no other.
        """
        ticket = _PendingCommit(job)
        with self._pending_lock:
            self._pending.append(ticket)
        with self._writer:
            if not ticket.done:
                with self._pending_lock:
                    batch, self._pending = self._pending, []
                self._commit(batch)
        if ticket.error is not None:
            raise ticket.error

    def _commit(self, batch: list[_PendingCommit]) -> None:
        try:
            if self._observer is not None:
                self._observer.before_transaction()
            self._cursor.execute("BEGIN IMMEDIATE")
            if len(batch) == 1:
                # Whoever is alone hurts no other, and is undone with the transaction.
                batch[0].job(self._cursor)
            else:
                for ticket in batch:
                    self._run_job(ticket)
            if self._observer is not None:
                self._observer.before_commit()
            self._cursor.execute("COMMIT")
            if self._observer is not None:
                self._observer.after_commit()
        except BaseException as error:
            # Whatever came between (a full disk, a thread that was told to end): all of it is undone, and nobody is
            # told otherwise. First told, then undone: undoing may fail as well.
            told = _job_error(error, alone=len(batch) == 1)
            for ticket in batch:
                ticket.error = told or _write_error(error)
            self._undo()
            if told is None and not isinstance(error, sqlite3.Error):
                raise
        finally:
            for ticket in batch:
                ticket.done = True

    def _run_job(self, pending: _PendingCommit) -> None:
        self._cursor.execute("SAVEPOINT job")
        try:
            pending.job(self._cursor)
        except Exception as error:
            if not _is_own(error):
                raise
            self._cursor.execute("ROLLBACK TO job")
            pending.error = error
        self._cursor.execute("RELEASE job")

    def _undo(self) -> None:
        try:
            if self._cursor.connection.in_transaction:
                self._cursor.execute("ROLLBACK")
        except sqlite3.Error:
            return  # A closed or broken database: the next transaction fails too, and SQLite undoes this one.

    def locked(self) -> threading.Lock:
        """The writer's lock, for closing the connection while nobody writes."""
        return self._writer


def _job_error(error: BaseException, *, alone: bool) -> Exception | None:
    """The error as the callers of a transaction get it; None where it is to be said in words that they understand."""
    if isinstance(error, StorageError):
        return error
    return error if alone and isinstance(error, Exception) and _is_own(error) else None


def _is_own(error: Exception) -> bool:
    """Whether an error is that of a job alone, whatever it is. The disk and the file concern the whole transaction."""
    return isinstance(error, sqlite3.IntegrityError) or not isinstance(error, sqlite3.Error)


def _write_error(error: BaseException) -> StorageError:
    return StorageError(
        f"nothing was written: {error}",
        location="ledger",
        hint="check the disk's free space, the file's permissions, and that no other program holds the file",
    )
