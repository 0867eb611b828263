"""Grouped commits: whoever comes first commits for all who wait, so that ten callers share one flush to disk."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Protocol

from orderdesk_sdk.errors import LedgerError

__all__ = ["GroupCommit", "Watch"]

Job = Callable[[sqlite3.Cursor], None]


class Watch(Protocol):
    """Is told of transactions. Whatever it raises goes to every caller of the transaction, which is undone."""

    def before(self) -> None:
        """Before one begins."""

    def before_commit(self) -> None:
        """When all jobs are done."""

    def committed(self) -> None:
        """When it is on disk."""


class _Ticket:
    __slots__ = ("done", "error", "job")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.done = False
        self.error: Exception | None = None


class GroupCommit:
    """The single writer of a connection.

    `run` returns after the job's transaction is durable, or raises what it raised.
    """

    def __init__(self, connection: sqlite3.Connection, watch: Watch | None = None) -> None:
        """watch: is told of every transaction, and may forbid it; None: nobody is."""
        self._cursor = connection.cursor()
        self._watch = watch
        self._waiting: list[_Ticket] = []
        self._waiting_lock = threading.Lock()
        self._writer = threading.Lock()

    def run(self, job: Job) -> None:
        """Run a job in a transaction, perhaps together with others.

        A job that raises changes nothing and hurts no other.
        """
        ticket = _Ticket(job)
        with self._waiting_lock:
            self._waiting.append(ticket)
        with self._writer:
            if not ticket.done:
                with self._waiting_lock:
                    batch, self._waiting = self._waiting, []
                self._commit(batch)
        if ticket.error is not None:
            raise ticket.error

    def _commit(self, batch: list[_Ticket]) -> None:
        try:
            if self._watch is not None:
                self._watch.before()
            self._cursor.execute("BEGIN IMMEDIATE")
            if len(batch) == 1:
                # Whoever is alone hurts no other, and is undone with the transaction.
                batch[0].job(self._cursor)
            else:
                for ticket in batch:
                    self._attempt(ticket)
            if self._watch is not None:
                self._watch.before_commit()
            self._cursor.execute("COMMIT")
            if self._watch is not None:
                self._watch.committed()
        except BaseException as error:
            # Whatever came between (a full disk, a thread that was told to end): all of it is undone, and nobody is
            # told otherwise. First told, then undone: undoing may fail as well.
            told = _told(error, alone=len(batch) == 1)
            for ticket in batch:
                ticket.error = told or _failed(error)
            self._undo()
            if told is None and not isinstance(error, sqlite3.Error):
                raise
        finally:
            for ticket in batch:
                ticket.done = True

    def _attempt(self, ticket: _Ticket) -> None:
        self._cursor.execute("SAVEPOINT job")
        try:
            ticket.job(self._cursor)
        except Exception as error:
            if not _is_own(error):
                raise
            self._cursor.execute("ROLLBACK TO job")
            ticket.error = error
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


def _told(error: BaseException, *, alone: bool) -> Exception | None:
    """The error as the callers of a transaction get it; None where it is to be said in words that they understand."""
    if isinstance(error, LedgerError):
        return error
    return error if alone and isinstance(error, Exception) and _is_own(error) else None


def _is_own(error: Exception) -> bool:
    """Whether an error is that of a job alone, whatever it is. The disk and the file concern the whole transaction."""
    return isinstance(error, sqlite3.IntegrityError) or not isinstance(error, sqlite3.Error)


def _failed(error: BaseException) -> LedgerError:
    return LedgerError(
        f"nothing was written: {error}",
        place="ledger",
        remedy="check the disk's free space, the file's permissions, and that no other program holds the file",
    )
