"""The ledger in a SQLite file: write-ahead log, every commit flushed to disk before it counts."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.clock_skew import corrected_for_clock
from orderdesk_sdk.cases.history import EntryContent
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.errors import ConflictError, StorageError
from orderdesk_sdk.stores.serialization import dump, to_microseconds
from orderdesk_sdk.stores.sqlite.backup import Backup, make_backup
from orderdesk_sdk.stores.sqlite.claimed_notifications import claim_notifications, complete_notifications
from orderdesk_sdk.stores.sqlite.connection import close, connect, migrate, use_wal
from orderdesk_sdk.stores.sqlite.event_outbox import EventOutbox
from orderdesk_sdk.stores.sqlite.group_commit import GroupCommit
from orderdesk_sdk.stores.sqlite.integrity_check import readable
from orderdesk_sdk.stores.sqlite.ledger_file_guard import LedgerFileGuard
from orderdesk_sdk.stores.sqlite.ledger_reader import LedgerReader
from orderdesk_sdk.stores.sqlite.ledger_rows import (
    append_entries,
    apply_change,
    cancellation_row,
    chain_entries,
    find_by_key,
    find_open_cancellation,
    in_place_of,
    insert_cancellation,
    insert_case,
    insert_event,
    mark_entry,
    prepare,
    row_of,
)
from orderdesk_sdk.stores.sqlite.ledger_schema import MIGRATIONS
from orderdesk_sdk.stores.sqlite.text_removal import remove_texts

__all__ = ["SqliteLedger"]

C = TypeVar("C", bound=Case)


class SqliteLedger(LedgerReader, EventOutbox):
    """A ledger in the file `path`, made where there is none. Safe from many threads and several processes.

    Raises StorageError when the file cannot be opened, is no ledger, or comes from a newer version. Not for network
    file systems: SQLite's write-ahead log needs shared memory (https://www.sqlite.org/wal.html).
    """

    def __init__(self, path: Path, *, keeps_events: bool = True) -> None:
        """keeps_events: whether the order events that come with changes are recorded; where there are no rules, nobody
        would ever handle them.
        """
        self._keeps_events = keeps_events
        self._path = path.absolute()  # The program may go to another folder.
        try:
            with ExitStack() as made:
                self._writer = made.enter_context(closing(connect(path)))
                migrate(self._writer, "ledger_schema", MIGRATIONS, str(path))
                use_wal(self._writer)
                self._reader = made.enter_context(closing(connect(path, create=False)))
                self._file_guard = LedgerFileGuard(path, self._writer)
                made.pop_all()
        except sqlite3.Error as error:
            raise StorageError(
                f"the file cannot be opened as a ledger: {error}", location=str(path), hint="check path and permissions"
            ) from None
        super().__init__(GroupCommit(self._writer, self._file_guard))
        self._reading = threading.Lock()
        for connection in (self._reader, self._writer):
            connection.text_factory = readable  # Else one text that is none would keep every row of a list from us.
        # Also where a program ends without closing its ledger.
        self._closing = weakref.finalize(
            self, _close, self._commits, self._reading, self._file_guard, self._reader, self._writer
        )

    def open_cancellation(
        self, cancellation: Cancellation, fingerprint: str, cases: Sequence[CancelCase]
    ) -> tuple[Cancellation, bool]:
        # Rows are written out here and below, so that no other writer waits for that inside the transaction.
        its_row = cancellation_row(cancellation)
        rows = [(row_of(case), mark_entry(case, its_row)) for case in cases]

        def job(cursor: sqlite3.Cursor) -> tuple[Cancellation, bool]:
            known = find_by_key(cursor, cancellation.idempotency_key, fingerprint) or find_open_cancellation(
                cursor, cases
            )
            cursor.execute(
                "INSERT OR IGNORE INTO keys VALUES (?, ?, ?)",
                (cancellation.idempotency_key, fingerprint, (known or cancellation).id),
            )
            if known is None:
                insert_cancellation(cursor, its_row)
                links = self._file_guard.chain_appender(cursor)
                for row, first in rows:
                    insert_case(cursor, links, row, first)
                links.write()
            return known or cancellation, known is None

        return self._commits.run(job)

    def alias_key(self, idempotency_key: str, fingerprint: str, cancellation: Cancellation) -> None:
        def job(cursor: sqlite3.Cursor) -> None:
            cursor.execute(
                "INSERT OR IGNORE INTO keys VALUES (?, ?, ?)", (idempotency_key, fingerprint, cancellation.id)
            )

        self._commits.run(job)

    def begin_registration(self, registration: Registration) -> None:
        row = (registration.id, dump(registration))

        def job(cursor: sqlite3.Cursor) -> None:
            cursor.execute("INSERT INTO registrations (id, data) VALUES (?, ?)", row)

        self._commits.run(job)

    def discard_registration(self, registration: Registration) -> None:
        def job(cursor: sqlite3.Cursor) -> None:
            cursor.execute("DELETE FROM registrations WHERE id = ?", (registration.id,))

        self._commits.run(job)

    def open_case(
        self, case: C, key: str | None = None, instead: Callable[[Sequence[C]], C | None] | None = None
    ) -> tuple[C, bool]:
        made, first = row_of(case), mark_entry(case)

        def job(cursor: sqlite3.Cursor) -> tuple[C, bool]:
            known = in_place_of(cursor, case, key, instead)
            if known is None:
                links = self._file_guard.chain_appender(cursor)
                insert_case(cursor, links, made, first, key)
                links.write()
            return (case, True) if known is None else (known, False)

        return self._commits.run(job)

    def write(self, *changes: CaseUpdate) -> None:
        prepared = [prepare(change) for change in changes]

        def job(cursor: sqlite3.Cursor) -> None:
            links = self._file_guard.chain_appender(cursor)
            for change in prepared:
                apply_change(cursor, links, change)
                for event in change.order_events if self._keeps_events else ():
                    insert_event(cursor, event)
            links.write()

        self._commits.run(job)

    def correct_clock_skew(self, now: datetime) -> int:
        if not self._is_ahead(now):
            return 0
        count = 0
        for case in self._open_cases():
            found = corrected_for_clock(case, now)
            if found is not None:
                with suppress(ConflictError):  # Whoever was faster has changed it by the right clock.
                    self.write(CaseUpdate(case, found[0], [found[1]]))
                    count += 1

        def job(cursor: sqlite3.Cursor) -> None:
            cursor.execute("UPDATE chain SET latest = ?", (to_microseconds(now),))

        self._commits.run(job)
        return count

    def append(self, case: Case, entries: Sequence[EntryContent], *, if_unchanged: bool) -> None:
        lines = chain_entries(case, entries)

        def job(cursor: sqlite3.Cursor) -> None:
            links = self._file_guard.chain_appender(cursor)
            append_entries(cursor, links, case, lines, fenced=if_unchanged)
            links.write()

        self._commits.run(job)

    def backup(self, target: Path) -> Backup:
        """Copy the ledger into a new file while it is in use; see `backup.make_backup`."""
        return make_backup(self._path, target)

    def remove_personal_texts(self, order_id: str, *, by: str, at: datetime) -> int:
        with self._translate_errors():
            return remove_texts(self._path, order_id, by=by, at=at)

    def claim_notifications(self, connection: str, digests: Collection[str], now: datetime) -> frozenset[str]:
        return self._commits.run(lambda cursor: claim_notifications(cursor, connection, digests, now))

    def complete_notifications(self, connection: str, done: Collection[str], dropped: Collection[str]) -> None:
        self._commits.run(lambda cursor: complete_notifications(cursor, connection, done, dropped))

    def close(self) -> None:
        self._closing()

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Cursor]:
        with self._reading, self._translate_errors():
            self._file_guard.check()
            yield self._reader.cursor()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StorageError(f"the ledger cannot be read: {error}", location=str(self._path)) from None


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
