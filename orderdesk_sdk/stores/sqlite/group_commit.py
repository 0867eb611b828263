"""Grouped commits: whoever comes first commits for all who wait, so that ten callers share one flush to disk."""

from __future__ import annotations

import sqlite3
import threading
from typing import Protocol, TypeVar, cast

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.sql.database import Cursor, Job

__all__ = ["GroupCommit", "CommitObserver"]

T = TypeVar("T")


class CommitObserver(Protocol):
    """Is told of transactions. Whatever it raises goes to every caller of the transaction, which is undone."""

    def before_transaction(self) -> None:
        """Before one begins."""

    def before_commit(self) -> None:
        """When all jobs are done."""

    def after_commit(self) -> None:
        """When it is on disk."""


class _PendingCommit:
    __slots__ = ("done", "error", "gave_up", "job", "result", "turn")

    def __init__(self, job: Job[object]) -> None:
        self.job = job
        self.done = False
        self.gave_up = False
        self.result: object = None
        self.error: Exception | None = None
        self.turn = threading.Lock()
        self.turn.acquire()

    def run(self, cursor: Cursor) -> None:
        """Do the job and keep what it gives."""
        self.result = self.job(cursor)


class GroupCommit:
    """The single writer of a connection.

    `run` returns after the job's transaction is durable, or raises what it raised.
    """

    def __init__(self, connection: sqlite3.Connection, observer: CommitObserver | None = None) -> None:
        """observer: is told of every transaction, and may forbid it; None: nobody is."""
        self._cursor = connection.cursor()
        self._observer = observer
        self._pending: list[_PendingCommit] = []
        self._committing: _PendingCommit | None = None
        self._pending_lock = threading.Lock()
        self._writer = threading.Lock()

    def run(self, job: Job[T]) -> T:
        """Run a job in a transaction, perhaps together with others; what it gives.

        A job that raises changes nothing and hurts no other.
        """
        ticket = _PendingCommit(job)
        try:
            # Each caller waits at a lock of its own: one lock for all would wake them one after the other, and whoever
            # wakes late misses the next transaction.
            if not self._goes_first(ticket):
                ticket.turn.acquire()
            if not ticket.done:
                with self._writer:
                    with self._pending_lock:
                        batch, self._pending = self._pending, []
                    self._commit(batch)
        finally:
            self._pass_on(ticket)
        if ticket.error is not None:
            raise ticket.error
        return cast("T", ticket.result)

    def _goes_first(self, ticket: _PendingCommit) -> bool:
        """Queue a ticket; whether its caller commits, since nobody else does."""
        with self._pending_lock:
            self._pending.append(ticket)
            if self._committing is None:
                self._committing = ticket
            return self._committing is ticket

    def _pass_on(self, ticket: _PendingCommit) -> None:
        """Let the next one that waits commit, where this ticket's caller was the one to do it."""
        with self._pending_lock:
            ticket.gave_up = True  # An interrupt may end a wait: nobody hands the turn to who has gone.
            if self._committing is ticket:
                self._committing = next((waiting for waiting in self._pending if not waiting.gave_up), None)
                if self._committing is not None:
                    self._committing.turn.release()

    def _commit(self, batch: list[_PendingCommit]) -> None:
        try:
            self._begin()
            if not self._run_plainly(batch):
                self._cursor.execute("ROLLBACK")
                self._begin()
                for ticket in batch:
                    self._run_apart(ticket)
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
                ticket.turn.release()

    def _begin(self) -> None:
        if self._observer is not None:
            self._observer.before_transaction()
        self._cursor.execute("BEGIN IMMEDIATE")

    def _run_plainly(self, batch: list[_PendingCommit]) -> bool:
        """Run the jobs as if none could fail, which is the rule; False where one did that must not hurt the others."""
        try:
            for ticket in batch:
                ticket.run(self._cursor)
        except Exception as error:
            # Whoever is alone hurts no other, and is undone with the transaction.
            if len(batch) == 1 or not _is_own(error):
                raise
            return False
        return True

    def _run_apart(self, pending: _PendingCommit) -> None:
        """Run a job so that it can be undone alone."""
        self._cursor.execute("SAVEPOINT job")
        try:
            pending.run(self._cursor)
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
