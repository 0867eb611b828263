"""The ledger in a SQLite file: write-ahead log, every commit flushed to disk before it counts."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from orderdesk_sdk.case import Cancellation, Case, Event, State
from orderdesk_sdk.errors import LedgerError, NotFoundError
from orderdesk_sdk.exchange import Exchange, Intent
from orderdesk_sdk.ledger.backup import Backup, make_backup
from orderdesk_sdk.ledger.chain import MARK
from orderdesk_sdk.ledger.commits import GroupCommit
from orderdesk_sdk.ledger.damage import intact, stand_in
from orderdesk_sdk.ledger.due import due_at, due_everywhere, due_places, next_due
from orderdesk_sdk.ledger.entries import Entry, EntryKind, content_of, dump, load, moment, unpack
from orderdesk_sdk.ledger.flaws import Flaw, Head, Record
from orderdesk_sdk.ledger.interface import Fence, Work, Write
from orderdesk_sdk.ledger.keeping import Keeper
from orderdesk_sdk.ledger.messages import settle_messages, take_messages
from orderdesk_sdk.ledger.occurrences import Occurrences
from orderdesk_sdk.ledger.removal import remove_texts
from orderdesk_sdk.ledger.rows import (
    REGISTERED,
    add_lines,
    apply,
    insert,
    insert_wish,
    keyed,
    lines_of,
    mark_line,
    mark_of,
    occur,
    prepare,
    resubmitted,
    row_of,
    status_conflict,
    under_way,
    wish_row,
    work_of,
)
from orderdesk_sdk.ledger.schema import MIGRATIONS
from orderdesk_sdk.ledger.tables import NOUNS, TABLES
from orderdesk_sdk.ledger.verifying import examine, head_of, readable, record_of
from orderdesk_sdk.registration import Registration
from orderdesk_sdk.resubmission import Resubmission
from orderdesk_sdk.rules import Occurrence
from orderdesk_sdk.sqlite_file import close, connect, migrate, opened, use_wal
from orderdesk_sdk.status_change import StatusChange

__all__ = ["SqliteLedger"]

Content = Event | Intent | Exchange | str
Errand = TypeVar("Errand", Resubmission, StatusChange)


class SqliteLedger(Occurrences):
    """A ledger in the file `path`, made where there is none. Safe from many threads and several processes.

    Raises LedgerError when the file cannot be opened, is no ledger, or comes from a newer version. Not for network
    file systems: SQLite's write-ahead log needs shared memory (https://www.sqlite.org/wal.html).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
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

    def wish(self, key: str, content: str) -> Cancellation | None:
        with self._read() as cursor:
            return keyed(cursor, key, content)

    def name(self, key: str, content: str, cancellation: Cancellation) -> None:
        def job(cursor: sqlite3.Cursor) -> None:
            cursor.execute("INSERT OR IGNORE INTO keys VALUES (?, ?, ?)", (key, content, cancellation.id))

        self._commits.run(job)

    def begin_registration(self, registration: Registration) -> None:
        row = (registration.id, dump(registration))

        def job(cursor: sqlite3.Cursor) -> None:
            cursor.execute("INSERT INTO registrations (id, data) VALUES (?, ?)", row)

        self._commits.run(job)

    def registrations(self, *, order_id: str | None = None) -> tuple[Registration, ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                f"SELECT id, data FROM registrations WHERE ?1 IS NULL OR {REGISTERED} = ?1 ORDER BY number",  # noqa: S608 - a constant
                (order_id,),
            ).fetchall()
        found = (self.damage.readable(f"registration {name}", partial(load, data, Registration)) for name, data in rows)
        return tuple(registration for registration in found if registration is not None)

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
            change.order_id, change.connection, change.status
        ):  # fmt: skip
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

    def fence(self, order_id: str) -> Fence:
        with self._read() as cursor:
            return Fence(order_id, mark_of(cursor, order_id))

    def append(self, work: Work, entries: Sequence[Content], *, fenced: bool) -> None:
        lines = lines_of(work, entries)

        def job(cursor: sqlite3.Cursor) -> None:
            links = self._keeper.links(cursor)
            add_lines(cursor, links, work, lines, fenced=fenced)
            links.keep()

        self._commits.run(job)

    def case(self, case_id: str) -> Case:
        with self._read() as cursor:
            row = cursor.execute("SELECT data, texts FROM cases WHERE id = ?", (case_id,)).fetchone()
        if row is None:
            raise NotFoundError("there is no such case", place=f"case {case_id}", remedy="see `orderdesk cases`")
        return self.damage.read(f"case {case_id}", partial(unpack, Case, *row))

    def resubmission(self, resubmission_id: str) -> Resubmission:
        with self._read() as cursor:
            row = cursor.execute("SELECT data, texts FROM resubmissions WHERE id = ?", (resubmission_id,)).fetchone()
        if row is None:
            raise NotFoundError("there is no such resubmission", place=f"resubmission {resubmission_id}")
        return self.damage.read(f"resubmission {resubmission_id}", partial(unpack, Resubmission, *row))

    def status_change(self, change_id: str) -> StatusChange:
        with self._read() as cursor:
            row = cursor.execute("SELECT data, texts FROM status_changes WHERE id = ?", (change_id,)).fetchone()
        if row is None:
            raise NotFoundError("there is no such status change", place=f"status change {change_id}")
        return self.damage.read(f"status change {change_id}", partial(unpack, StatusChange, *row))

    def status_changes(self, *, order_id: str | None = None, open_only: bool = False) -> tuple[StatusChange, ...]:
        wheres, values = _narrowed({"order_id": order_id}, open_only)
        with self._read() as cursor:
            rows = cursor.execute(
                f"SELECT id, data, texts FROM status_changes {wheres} ORDER BY number",  # noqa: S608 - built from constants
                values,
            ).fetchall()
        return self._errands(StatusChange, rows, of_one=order_id is not None)

    def cancellations(self, order_id: str) -> tuple[Cancellation, ...]:
        with self._read() as cursor:
            # Ids are random: of wishes asked for at one moment, the numbers of their cases say which came first.
            rows = cursor.execute(
                "SELECT id, data, texts,"
                " (SELECT min(number) FROM cases WHERE cancellation_id = cancellations.id) AS first"
                " FROM cancellations WHERE order_id = ? ORDER BY first",
                (order_id,),
            ).fetchall()
        wishes = (self.damage.read(f"wish {row[0]}", partial(unpack, Cancellation, *row[1:3])) for row in rows)
        return tuple(sorted(wishes, key=lambda wish: wish.asked_at))

    def cases(
        self,
        *,
        order_id: str | None = None,
        cancellation_id: str | None = None,
        connection: str | None = None,
        states: Sequence[State] = (),
        limit: int = 1000,
    ) -> tuple[Case, ...]:
        given = {"order_id": order_id, "cancellation_id": cancellation_id, "connection": connection}
        wheres, values = _narrowed(given, False, states)
        with self._read() as cursor:
            rows = cursor.execute(
                "SELECT id, cancellation_id, order_id, connection, due_at, data, texts"  # noqa: S608 - constants above
                f" FROM cases {wheres} ORDER BY number LIMIT ?",
                (*values, limit),
            ).fetchall()
        found = (
            self.damage.readable(f"case {row[0]}", partial(unpack, Case, *row[5:])) or stand_in(*row[:5])
            for row in rows
        )
        return tuple(case for case in found if not states or case.state in states)

    def resubmissions(self, *, original_id: str | None = None, open_only: bool = False) -> tuple[Resubmission, ...]:
        wheres, values = _narrowed({"original_id": original_id}, open_only)
        with self._read() as cursor:
            rows = cursor.execute(
                f"SELECT id, data, texts FROM resubmissions {wheres} ORDER BY number",  # noqa: S608 - built from constants
                values,
            ).fetchall()
        return self._errands(Resubmission, rows, of_one=original_id is not None)

    def due_places(self, now: datetime) -> tuple[str, ...]:
        with self._read() as cursor:
            return due_places(cursor, self.damage, now)

    def due(
        self, now: datetime, limit: int, *, connection: str | None = None, after: Work | None = None
    ) -> tuple[Work, ...]:
        with self._read() as cursor:
            if connection is not None:
                return due_at(cursor, self.damage, now, limit, connection, after)
            return due_everywhere(cursor, self.damage, now, limit)

    def next_due(self) -> datetime | None:
        with self._read() as cursor:
            return next_due(cursor, self.damage)

    def damaged(self) -> tuple[str, ...]:
        return self.damage.lines()

    def look_for_damage(self) -> tuple[str, ...]:
        """Read every row but those of histories, whose chain tells (`examine`); what is damaged, a line each."""
        with self._told(), closing(connect(self._path)) as own:
            own.text_factory = readable
            for kind, table in TABLES.items():
                for name, data, texts in own.execute(f"SELECT id, data, texts FROM {table}"):  # noqa: S608 - a constant
                    self.damage.readable(f"{NOUNS[kind]} {name}", partial(work_of, data, texts, kind))
            for name, data, texts in own.execute("SELECT id, data, texts FROM cancellations"):
                self.damage.readable(f"wish {name}", partial(unpack, Cancellation, data, texts))
            for name, data in own.execute("SELECT id, data FROM registrations"):
                self.damage.readable(f"registration {name}", partial(load, data, Registration))
            for name, data in own.execute("SELECT id, data FROM occurrences WHERE handled = 0"):
                self.damage.readable(f"occurrence {name}", partial(load, data, Occurrence))
        return self.damage.lines()

    def history(self, subject_id: str) -> tuple[Entry, ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                "SELECT sequence, attempt, at, kind, data, texts FROM history WHERE subject_id = ? AND kind <> ?"
                " ORDER BY sequence",
                (subject_id, MARK),
            ).fetchall()

        def entry(sequence: int, attempt: int, at: int, kind: str, data: str, texts: str | None) -> Entry:
            content = content_of(EntryKind(kind), data, texts)
            return Entry(sequence, subject_id, attempt, moment(at), content, EntryKind(kind))

        return tuple(
            self.damage.read(f"line {row[0]} of {subject_id}", partial(intact, partial(entry, *row))) for row in rows
        )

    def verify(self, work: Work) -> Record:
        with self._read() as cursor:
            cursor.execute("BEGIN")
            try:
                return record_of(cursor, type(work), work.id)
            finally:
                cursor.execute("COMMIT")

    def examine(self, noted: Head | None = None) -> Iterator[Flaw]:
        with self._told(), opened(self._path) as own:
            own.text_factory = readable
            yield from examine(own, noted)

    def backup(self, target: Path) -> Backup:
        """Copy the ledger into a new file while it is in use; see `backup.make_backup`."""
        return make_backup(self._path, target)

    def remove_texts(self, order_id: str, *, by: str, at: datetime) -> int:
        with self._told():
            return remove_texts(self._path, order_id, by=by, at=at)

    def head(self) -> Head:
        with self._read() as cursor:
            return head_of(cursor) or Head(0, "")

    def take_messages(self, connection: str, digests: Collection[str], at: datetime) -> frozenset[str]:
        taken: list[frozenset[str]] = []
        self._commits.run(lambda cursor: taken.append(take_messages(cursor, connection, digests, at)))
        return taken[0]

    def settle_messages(self, connection: str, done: Collection[str], dropped: Collection[str]) -> None:
        self._commits.run(lambda cursor: settle_messages(cursor, connection, done, dropped))

    def _errands(self, kind: type[Errand], rows: Sequence[Sequence[str]], *, of_one: bool) -> tuple[Errand, ...]:
        """The errands of rows. of_one: of one order, where none may be missed; else damaged ones are passed over."""
        noun = NOUNS[kind]
        if of_one:
            return tuple(self.damage.read(f"{noun} {row[0]}", partial(unpack, kind, *row[1:])) for row in rows)
        found = (self.damage.readable(f"{noun} {row[0]}", partial(unpack, kind, *row[1:])) for row in rows)
        return tuple(errand for errand in found if errand is not None)

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


def _narrowed(
    given: Mapping[str, str | None], open_only: bool, states: Sequence[State] = ()
) -> tuple[str, list[object]]:
    """The conditions that are asked for and their values: a condition that always holds would keep an index unused."""
    asked = {column: value for column, value in given.items() if value is not None}
    wheres = [f"{column} = ?" for column in asked]
    values: list[object] = list(asked.values())
    if open_only:
        wheres.append("due_at IS NOT NULL")
    if states:
        wheres.append(f"state IN ({','.join('?' * len(states))})")
        values.extend(state.value for state in states)
    return (f"WHERE {' AND '.join(wheres)}" if wheres else ""), values
