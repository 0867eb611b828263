"""The ledger in a SQLite file: write-ahead log, every commit flushed to disk before it counts."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.clock_ahead import righted
from orderdesk_sdk.cases.history import Content
from orderdesk_sdk.cases.ledger import Work, Write
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.status_change import StatusChange
from orderdesk_sdk.errors import ConflictError, LedgerError
from orderdesk_sdk.stores.serialization import dump, stamp, unpack
from orderdesk_sdk.stores.sqlite.backup import Backup, make_backup
from orderdesk_sdk.stores.sqlite.connection import close, connect, migrate, use_wal
from orderdesk_sdk.stores.sqlite.group_commit import GroupCommit
from orderdesk_sdk.stores.sqlite.keeping import Keeper
from orderdesk_sdk.stores.sqlite.ledger_rows import (
    add_lines,
    apply,
    insert,
    insert_wish,
    keyed,
    lines_of,
    mark_line,
    occur,
    prepare,
    resubmitted,
    row_of,
    status_conflict,
    under_way,
    wish_row,
)
from orderdesk_sdk.stores.sqlite.ledger_schema import MIGRATIONS
from orderdesk_sdk.stores.sqlite.messages import settle_messages, take_messages
from orderdesk_sdk.stores.sqlite.occurrences import Occurrences
from orderdesk_sdk.stores.sqlite.reader import Reader
from orderdesk_sdk.stores.sqlite.removal import remove_texts
from orderdesk_sdk.stores.sqlite.verifying import readable

__all__ = ["SqliteLedger"]


class SqliteLedger(Reader, Occurrences):
    """A ledger in the file `path`, made where there is none. Safe from many threads and several processes.

    Raises LedgerError when the file cannot be opened, is no ledger, or comes from a newer version. Not for network
    file systems: SQLite's write-ahead log needs shared memory (https://www.sqlite.org/wal.html).
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()  # The program may go to another folder.
        try:
            with ExitStack() as made:
                self._writer = made.enter_context(closing(connect(path)))
                migrate(self._writer, "ledger_schema", MIGRATIONS, str(path))
                use_wal(self._writer)
                self._reader = made.enter_context(closing(connect(path, create=False)))
                self._keeper = Keeper(path, self._writer)
                made.pop_all()
        except sqlite3.Error as error:
            raise LedgerError(
                f"the file cannot be opened as a ledger: {error}", place=str(path), remedy="check path and permissions"
            ) from None
        super().__init__(GroupCommit(self._writer, self._keeper))
        self._reading = threading.Lock()
        for connection in (self._reader, self._writer):
            connection.text_factory = readable  # Else one text that is none would keep every row of a list from us.
        # Also where a program ends without closing its ledger.
        self._closing = weakref.finalize(
            self, _close, self._commits, self._reading, self._keeper, self._reader, self._writer
        )

    def open(self, cancellation: Cancellation, content: str, cases: Sequence[Case]) -> tuple[Cancellation, bool]:
        found: list[tuple[Cancellation, bool]] = []
        # Rows are written out here and below, so that no other writer waits for that inside the transaction.
        wish = wish_row(cancellation)
        rows = [(row_of(case), mark_line(case, wish)) for case in cases]

        def job(cursor: sqlite3.Cursor) -> None:
            known = keyed(cursor, cancellation.key, content) or under_way(cursor, cases)
            cursor.execute(
                "INSERT OR IGNORE INTO keys VALUES (?, ?, ?)", (cancellation.key, content, (known or cancellation).id)
            )
            if known is None:
                insert_wish(cursor, wish)
                links = self._keeper.links(cursor)
                for row, first in rows:
                    insert(cursor, links, Case, row, first)
                links.keep()
            found.append((known or cancellation, known is None))

        self._commits.run(job)
        return found[0]

    def name(self, key: str, content: str, cancellation: Cancellation) -> None:
        def job(cursor: sqlite3.Cursor) -> None:
            cursor.execute("INSERT OR IGNORE INTO keys VALUES (?, ?, ?)", (key, content, cancellation.id))

        self._commits.run(job)

    def begin_registration(self, registration: Registration) -> None:
        row = (registration.id, dump(registration))

        def job(cursor: sqlite3.Cursor) -> None:
            cursor.execute("INSERT INTO registrations (id, data) VALUES (?, ?)", row)

        self._commits.run(job)

    def forget_registration(self, registration: Registration) -> None:
        def job(cursor: sqlite3.Cursor) -> None:
            cursor.execute("DELETE FROM registrations WHERE id = ?", (registration.id,))

        self._commits.run(job)

    def open_resubmission(
        self, resubmission: Resubmission, earlier: Callable[[Sequence[Resubmission]], Resubmission | None] | None = None
    ) -> tuple[Resubmission, bool]:
        found: list[tuple[Resubmission, bool]] = []
        made, first = row_of(resubmission), mark_line(resubmission)

        def job(cursor: sqlite3.Cursor) -> None:
            known = resubmitted(cursor, resubmission, earlier)
            if known is None:
                links = self._keeper.links(cursor)
                insert(cursor, links, Resubmission, made, first)
                links.keep()
            found.append((known, False) if known is not None else (resubmission, True))

        self._commits.run(job)
        return found[0]

    def open_status_change(self, change: StatusChange, key: str | None) -> StatusChange:
        found: list[StatusChange] = []
        made, first = row_of(change), mark_line(change)

        def job(cursor: sqlite3.Cursor) -> None:
            known = cursor.execute(
                "SELECT data, texts FROM status_changes WHERE key = ?1 OR (order_id = ?2 AND connection = ?3"
                " AND due_at IS NOT NULL) ORDER BY key IS ?1 DESC",
                (key, change.order_id, change.connection),
            ).fetchone()
            if known is None:
                links = self._keeper.links(cursor)
                insert(cursor, links, StatusChange, made, first, key)
                links.keep()
            found.append(unpack(StatusChange, *known) if known is not None else change)

        self._commits.run(job)
        if (found[0].order_id, found[0].connection, found[0].status) != (
            change.order_id,
            change.connection,
            change.status,
        ):
            raise status_conflict(found[0])
        return found[0]

    def write(self, *changes: Write) -> None:
        prepared = [prepare(change) for change in changes]

        def job(cursor: sqlite3.Cursor) -> None:
            links = self._keeper.links(cursor)
            for change in prepared:
                apply(cursor, links, change)
                if change.occurrence is not None and self._records_settled:
                    occur(cursor, change.occurrence)
            links.keep()

        self._commits.run(job)

    def mind_clock(self, now: datetime) -> int:
        if not self._is_ahead(now):
            return 0
        count = 0
        for work in self._open_works():
            found = righted(work, now)
            if found is not None:
                with suppress(ConflictError):  # Whoever was faster has changed it by the right clock.
                    self.write(Write(work, found[0], [found[1]]))
                    count += 1

        def job(cursor: sqlite3.Cursor) -> None:
            cursor.execute("UPDATE chain SET latest = ?", (stamp(now),))

        self._commits.run(job)
        return count

    def append(self, work: Work, entries: Sequence[Content], *, fenced: bool) -> None:
        lines = lines_of(work, entries)

        def job(cursor: sqlite3.Cursor) -> None:
            links = self._keeper.links(cursor)
            add_lines(cursor, links, work, lines, fenced=fenced)
            links.keep()

        self._commits.run(job)

    def backup(self, target: Path) -> Backup:
        """Copy the ledger into a new file while it is in use; see `backup.make_backup`."""
        return make_backup(self._path, target)

    def remove_texts(self, order_id: str, *, by: str, at: datetime) -> int:
        with self._told():
            return remove_texts(self._path, order_id, by=by, at=at)

    def take_messages(self, connection: str, digests: Collection[str], at: datetime) -> frozenset[str]:
        taken: list[frozenset[str]] = []
        self._commits.run(lambda cursor: taken.append(take_messages(cursor, connection, digests, at)))
        return taken[0]

    def settle_messages(self, connection: str, done: Collection[str], dropped: Collection[str]) -> None:
        self._commits.run(lambda cursor: settle_messages(cursor, connection, done, dropped))

    def close(self) -> None:
        self._closing()

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Cursor]:
        with self._reading, self._told():
            self._keeper.look()
            yield self._reader.cursor()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LedgerError(f"the ledger cannot be read: {error}", place=str(self._path)) from None


def _close(
    commits: GroupCommit,
    reading: threading.Lock,
    keeper: Keeper,
    reader: sqlite3.Connection,
    writer: sqlite3.Connection,
) -> None:
    with commits.locked(), reading:
        keeper.close()
        reader.close()
        close(writer)
