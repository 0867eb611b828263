"""Grouped commits: whoever comes first commits for all who wait, so that ten callers share one flush to disk."""

from __future__ import annotations

import threading
from typing import Protocol, TypeVar, cast

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.plugin.telemetry import span
from orderdesk_sdk.stores.sql.database import Cursor, Job

__all__ = ["GroupCommit", "TransactionLostError", "WriteSession"]

T = TypeVar("T")


class TransactionLostError(StorageError):
    """The connection was lost, and nothing of the transaction was written: it may be run again."""


class WriteSession(Protocol):
    """The transactions of one connection that writes."""

    def begin(self) -> Cursor:
        """Begin a transaction, in which nobody else writes; the cursor for its jobs."""

    def begin_job(self) -> None:
        """A job begins that may be undone alone."""

    def forget_job(self) -> None:
        """What was written since `begin_job` was undone."""

    def commit(self) -> None:
        """Commit it. It is durable when this returns, and is not, nor will be, when this raises TransactionLostError.

        Raises StorageError where that cannot be found out.
        """

    def was_committed(self) -> bool | None:
        """Whether a transaction is durable whose `commit` was interrupted; None where that cannot be found out."""

    def undo(self) -> None:
        """Undo the transaction, where there is one. Raises no error of the database."""

    def may_run_again(self, error: BaseException) -> bool:
        """Whether the transaction was lost with its connection, so that nothing of it was written."""

    def is_of_database(self, error: BaseException) -> bool:
        """Whether the database raised an error."""

    def is_of_one_job(self, error: Exception) -> bool:
        """Whether an error is that of a job alone, whatever it is."""

    def write_error(self, error: BaseException) -> StorageError:
        """An error that concerns the whole transaction as its callers get it."""


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
        """Do the job and keep what it gives, in place of what an earlier run came to."""
        self.error = None
        self.result = self.job(cursor)


class GroupCommit:
    """The single writer of a process.

    `run` returns after the job's transaction is durable, or raises what it raised.
    """

    def __init__(self, session: WriteSession) -> None:
        self._session = session
        self._pending: list[_PendingCommit] = []
        self._committing: _PendingCommit | None = None
        self._may_be_committed = False
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
                with self._writer, span("commit") as observed:
                    batch = self._commit()
                    observed.set("changes", len(batch))
                    observed.set("outcome", "failed" if batch[0].error is not None else "durable")
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

    def _commit(self) -> list[_PendingCommit]:
        """Commit the jobs of all who wait, and tell them; their tickets."""
        batch: list[_PendingCommit] = []
        try:
            with self._pending_lock:
                batch, self._pending = self._pending, []
            self._try_twice(batch)
        except BaseException as error:
            # Whatever came between (a full disk, a thread that was told to end): first told, then undone, since undoing
            # may fail as well.
            is_all = self._tell(batch, error) if isinstance(error, Exception) else self._tell_of_interruption(batch)
            self._session.undo()
            if not is_all:
                raise
        finally:
            for ticket in batch:
                ticket.done = True
                if ticket.turn.locked():  # Else it was this one's turn when an interrupt ended its wait.
                    ticket.turn.release()
        return batch

    def _try_twice(self, batch: list[_PendingCommit]) -> None:
        self._may_be_committed = False
        try:
            self._transact(batch)
        except Exception as error:
            # Whoever raises from a commit knows what became of it, or says that nobody does.
            self._may_be_committed = isinstance(error, StorageError) and self._may_be_committed
            if not self._session.may_run_again(error):
                raise
            self._session.undo()
            self._transact(batch)

    def _transact(self, batch: list[_PendingCommit]) -> None:
        cursor = self._session.begin()
        if not self._run_plainly(cursor, batch):
            self._session.undo()
            cursor = self._session.begin()
            for ticket in batch:
                self._run_apart(cursor, ticket)
        self._may_be_committed = True
        self._session.commit()

    def _run_plainly(self, cursor: Cursor, batch: list[_PendingCommit]) -> bool:
        """Run the jobs as if none could fail, which is the rule; False where one did that must not hurt the others."""
        try:
            for ticket in batch:
                ticket.run(cursor)
        except Exception as error:
            # Whoever is alone hurts no other, and is undone with the transaction.
            if len(batch) == 1 or not self._session.is_of_one_job(error):
                raise
            return False
        return True

    def _run_apart(self, cursor: Cursor, pending: _PendingCommit) -> None:
        """Run a job so that it can be undone alone."""
        cursor.execute("SAVEPOINT job")
        self._session.begin_job()
        try:
            pending.run(cursor)
        except Exception as error:
            if not self._session.is_of_one_job(error):
                raise
            cursor.execute("ROLLBACK TO job")
            self._session.forget_job()
            pending.error = error
        cursor.execute("RELEASE job")

    def _tell(self, batch: list[_PendingCommit], error: Exception) -> bool:
        """Tell everybody of an error of their transaction; whether there is nothing more to be said of it."""
        own = isinstance(error, StorageError) or (len(batch) == 1 and self._session.is_of_one_job(error))
        for ticket in batch:
            ticket.error = error if own else self._session.write_error(error)
        return own or self._session.is_of_database(error)

    def _tell_of_interruption(self, batch: list[_PendingCommit]) -> bool:
        """Tell everybody what became of a transaction that was interrupted; False: the interruption goes on."""
        errors = [ticket.error for ticket in batch]  # Of jobs that failed alone.
        for ticket in batch:
            ticket.error = _unknown_fate()  # Should finding out be interrupted as well.
        was_committed = self._session.was_committed() if self._may_be_committed else False
        for ticket, error in zip(batch, errors, strict=True):
            if was_committed is False:
                ticket.error = _interrupted()
            elif was_committed or error is not None:
                ticket.error = error
        return False

    def locked(self) -> threading.Lock:
        """The writer's lock, for closing the connection while nobody writes."""
        return self._writer


def _interrupted() -> StorageError:
    return StorageError("nothing was written: the program was interrupted", location="ledger", hint="do the same again")


def _unknown_fate() -> StorageError:
    return StorageError(
        "the program was interrupted while it committed, and whether the last change was written is not known",
        location="ledger",
        hint="look at the case before you do the same again",
    )
