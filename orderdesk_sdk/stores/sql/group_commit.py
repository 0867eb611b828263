"""Grouped commits: whoever comes first commits for all who wait, so that ten callers share one flush to disk."""

from __future__ import annotations

import threading
from typing import Protocol, TypeVar, cast

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.plugin.telemetry import span
from orderdesk_sdk.stores.sql.database import Cursor, Write

__all__ = ["GroupCommit", "TransactionLostError", "WriteSession"]

T = TypeVar("T")


class TransactionLostError(StorageError):
    """The connection was lost, and nothing of the transaction was written: it may be run again."""


class WriteSession(Protocol):
    """The transactions of one connection that writes."""

    def begin(self) -> Cursor:
        """Begin a transaction, in which nobody else writes; the cursor for its writes."""

    def begin_write(self) -> None:
        """A write begins that may be undone alone."""

    def forget_write(self) -> None:
        """What was written since `begin_write` was undone."""

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

    def is_of_one_write(self, error: Exception) -> bool:
        """Whether an error is that of a write alone, whatever it is."""

    def write_error(self, error: BaseException) -> StorageError:
        """An error that concerns the whole transaction as its callers get it."""


class _PendingCommit:
    __slots__ = ("done", "error", "gate", "gave_up", "result", "write")

    def __init__(self, write: Write[object]) -> None:
        self.write = write
        self.done = False
        self.gave_up = False
        self.result: object = None
        self.error: Exception | None = None
        self.gate = threading.Lock()
        self.gate.acquire()

    def run(self, cursor: Cursor) -> None:
        """Do the write and keep what it gives, in place of what an earlier run came to."""
        self.error = None
        self.result = self.write(cursor)


class GroupCommit:
    """The single writer of a process.

    `run` returns after the write's transaction is durable, or raises what it raised.
    """

    def __init__(self, session: WriteSession) -> None:
        self._session = session
        self._pending: list[_PendingCommit] = []
        self._committing: _PendingCommit | None = None
        self._may_be_committed = False
        self._pending_lock = threading.Lock()
        self._writer = threading.Lock()

    def run(self, write: Write[T]) -> T:
        """Run a write in a transaction, perhaps together with others; what it gives.

        A write that raises changes nothing and hurts no other.
        """
        pending = _PendingCommit(write)
        try:
            # Each caller waits at a lock of its own: one lock for all would wake them one after the other, and whoever
            # wakes late misses the next transaction.
            if not self._goes_first(pending):
                pending.gate.acquire()
            if not pending.done:
                with self._writer, span("commit") as observed:
                    batch = self._commit()
                    observed.set("changes", len(batch))
                    observed.set("outcome", "failed" if batch[0].error is not None else "durable")
        finally:
            self._pass_on(pending)
        if pending.error is not None:
            raise pending.error
        return cast("T", pending.result)

    def _goes_first(self, pending: _PendingCommit) -> bool:
        """Queue a commit; whether its caller commits, since nobody else does."""
        with self._pending_lock:
            self._pending.append(pending)
            if self._committing is None:
                self._committing = pending
            return self._committing is pending

    def _pass_on(self, pending: _PendingCommit) -> None:
        """Let the next one that waits commit, where this one's caller was the one to do it."""
        with self._pending_lock:
            pending.gave_up = True  # An interrupt may end a wait: who has gone is let through no more.
            if self._committing is pending:
                self._committing = next((waiting for waiting in self._pending if not waiting.gave_up), None)
                if self._committing is not None:
                    self._committing.gate.release()

    def _commit(self) -> list[_PendingCommit]:
        """Commit the writes of all who wait, and tell them; what was committed together."""
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
            for pending in batch:
                pending.done = True
                if pending.gate.locked():  # Else it was let through before, and an interrupt ended its wait.
                    pending.gate.release()
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
            for pending in batch:
                self._run_apart(cursor, pending)
        self._may_be_committed = True
        self._session.commit()

    def _run_plainly(self, cursor: Cursor, batch: list[_PendingCommit]) -> bool:
        """Run the writes as if none could fail, which is the rule; False where one did that must not hurt others."""
        try:
            for pending in batch:
                pending.run(cursor)
        except Exception as error:
            # Whoever is alone hurts no other, and is undone with the transaction.
            if len(batch) == 1 or not self._session.is_of_one_write(error):
                raise
            return False
        return True

    def _run_apart(self, cursor: Cursor, pending: _PendingCommit) -> None:
        """Run a write so that it can be undone alone."""
        cursor.execute("SAVEPOINT one_write")
        self._session.begin_write()
        try:
            pending.run(cursor)
        except Exception as error:
            if not self._session.is_of_one_write(error):
                raise
            cursor.execute("ROLLBACK TO one_write")
            self._session.forget_write()
            pending.error = error
        cursor.execute("RELEASE one_write")

    def _tell(self, batch: list[_PendingCommit], error: Exception) -> bool:
        """Tell everybody of an error of their transaction; whether there is nothing more to be said of it."""
        own = isinstance(error, StorageError) or (len(batch) == 1 and self._session.is_of_one_write(error))
        for pending in batch:
            pending.error = error if own else self._session.write_error(error)
        return own or self._session.is_of_database(error)

    def _tell_of_interruption(self, batch: list[_PendingCommit]) -> bool:
        """Tell everybody what became of a transaction that was interrupted; False: the interruption goes on."""
        errors = [pending.error for pending in batch]  # Of writes that failed alone.
        for pending in batch:
            pending.error = _unknown_fate()  # Should finding out be interrupted as well.
        was_committed = self._session.was_committed() if self._may_be_committed else False
        for pending, error in zip(batch, errors, strict=True):
            if was_committed is False:
                pending.error = _interrupted()
            elif was_committed or error is not None:
                pending.error = error
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
