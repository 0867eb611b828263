"""The ledger in a SQLite file: write-ahead log, every commit flushed to disk before it counts."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from orderdesk_sdk.case import Cancellation, Case, Event, State
from orderdesk_sdk.errors import LedgerError, NotFoundError
from orderdesk_sdk.exchange import Exchange, Intent
from orderdesk_sdk.ledger.commits import GroupCommit
from orderdesk_sdk.ledger.entries import Entry, content_of, dump, load, moment, stamp
from orderdesk_sdk.ledger.interface import Fence, FenceMoved, Work, Write
from orderdesk_sdk.ledger.rows import (
    INSERT_LINE,
    TABLES,
    changing,
    conflict_of,
    due_of,
    keyed,
    lines_of,
    mark_of,
    occur,
    resubmitted,
    status_conflict,
    under_way,
    update_of,
    work_of,
)
from orderdesk_sdk.ledger.schema import MIGRATIONS
from orderdesk_sdk.registration import Registration
from orderdesk_sdk.resubmission import Resubmission
from orderdesk_sdk.rules import Firing, Occurrence
from orderdesk_sdk.sqlite_file import connect, migrate
from orderdesk_sdk.status_change import StatusChange

__all__ = ["SqliteLedger"]

Content = Event | Intent | Exchange | str


class SqliteLedger:
    """A ledger in the file `path`, made where there is none. Safe from many threads and several processes.

    Raises LedgerError when the file cannot be opened, is no ledger, or comes from a newer version. Not for network
    file systems: SQLite's write-ahead log needs shared memory (https://www.sqlite.org/wal.html).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._records_settled = False
        try:
            self._writer = connect(path)
            try:
                migrate(self._writer, "ledger_schema", MIGRATIONS, str(path))
                self._reader = connect(path)
            except BaseException:
                self._writer.close()
                raise
        except sqlite3.Error as error:
            raise LedgerError(
                f"the file cannot be opened as a ledger: {error}", place=str(path), remedy="check path and permissions"
            ) from None
        self._commits = GroupCommit(self._writer)
        self._reading = threading.Lock()

    def open(self, cancellation: Cancellation, content: str, cases: Sequence[Case]) -> tuple[Cancellation, bool]:
        found: list[tuple[Cancellation, bool]] = []
        # Rows are written out here and below, so that no other writer waits for that inside the transaction.
        wish = (cancellation.id, cancellation.order_id, dump(cancellation))
        rows = [(case.id, case.cancellation_id, case.order_id, case.connection, *changing(case)) for case in cases]

        def job(cursor: sqlite3.Cursor) -> None:
            known = keyed(cursor, cancellation.key, content) or under_way(cursor, cases)
            cursor.execute(
                "INSERT OR IGNORE INTO keys VALUES (?, ?, ?)", (cancellation.key, content, (known or cancellation).id)
            )
            if known is None:
                cursor.execute("INSERT INTO cancellations VALUES (?, ?, ?)", wish)
                cursor.executemany(
                    "INSERT INTO cases (id, cancellation_id, order_id, connection, state, version, due_at, data)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    rows,
                )
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
                "SELECT data FROM registrations WHERE ?1 IS NULL OR json_extract(data, '$.order_id') = ?1"
                " ORDER BY number",
                (order_id,),
            ).fetchall()
        return tuple(load(row[0], Registration) for row in rows)

    def forget_registration(self, registration: Registration) -> None:
        def job(cursor: sqlite3.Cursor) -> None:
            cursor.execute("DELETE FROM registrations WHERE id = ?", (registration.id,))

        self._commits.run(job)

    def open_resubmission(
        self, resubmission: Resubmission, earlier: Callable[[Sequence[Resubmission]], Resubmission | None] | None = None
    ) -> tuple[Resubmission, bool]:
        found: list[tuple[Resubmission, bool]] = []

        def job(cursor: sqlite3.Cursor) -> None:
            known = resubmitted(cursor, resubmission, earlier)
            if known is not None:
                found.append((known, False))
                return
            cursor.execute(
                "INSERT INTO resubmissions (id, order_number, original_id, connection, version, due_at, data)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    resubmission.id, resubmission.order_number, resubmission.original_id, resubmission.connection,
                    resubmission.version, due_of(resubmission), dump(resubmission),
                ),
            )  # fmt: skip
            found.append((resubmission, True))

        self._commits.run(job)
        return found[0]

    def open_status_change(self, change: StatusChange, key: str | None) -> StatusChange:
        found: list[StatusChange] = []

        def job(cursor: sqlite3.Cursor) -> None:
            known = cursor.execute(
                "SELECT data FROM status_changes WHERE key = ?1 OR (order_id = ?2 AND connection = ?3"
                " AND due_at IS NOT NULL) ORDER BY key IS ?1 DESC",
                (key, change.order_id, change.connection),
            ).fetchone()
            if known is None:
                cursor.execute(
                    "INSERT INTO status_changes (id, key, order_id, connection, version, due_at, data)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (change.id, key, change.order_id, change.connection, change.version, due_of(change), dump(change)),
                )
            found.append(load(known[0], StatusChange) if known is not None else change)

        self._commits.run(job)
        if (found[0].order_id, found[0].connection, found[0].status) != (
            change.order_id, change.connection, change.status
        ):  # fmt: skip
            raise status_conflict(found[0])
        return found[0]

    def write(self, *changes: Write) -> None:
        rows = [
            (change.before, *update_of(change), lines_of(change.after, change.entries), change.occurrence, change.fence)
            for change in changes
        ]

        def job(cursor: sqlite3.Cursor) -> None:
            for before, update, values, lines, occurrence, fence in rows:
                if fence is not None and mark_of(cursor, fence.order_id) != fence.mark:
                    raise FenceMoved("the order has changed meanwhile", place=before.id, remedy="read it again")
                if cursor.execute(update, values).rowcount != 1:
                    raise conflict_of(before)
                cursor.executemany(INSERT_LINE, lines)
                if occurrence is not None and self._records_settled:
                    occur(cursor, occurrence)

        self._commits.run(job)

    def fence(self, order_id: str) -> Fence:
        with self._read() as cursor:
            return Fence(order_id, mark_of(cursor, order_id))

    def append(self, work: Work, entries: Sequence[Content], *, fenced: bool) -> None:
        table = TABLES[type(work)]
        lines = lines_of(work, entries)

        def job(cursor: sqlite3.Cursor) -> None:
            if fenced:
                row = cursor.execute(
                    f"SELECT 1 FROM {table} WHERE id = ? AND version = ?",  # noqa: S608 - one of three constants
                    (work.id, work.version),
                ).fetchone()
                if row is None:
                    raise conflict_of(work)
            cursor.executemany(INSERT_LINE, lines)

        self._commits.run(job)

    def case(self, case_id: str) -> Case:
        with self._read() as cursor:
            row = cursor.execute("SELECT data FROM cases WHERE id = ?", (case_id,)).fetchone()
        if row is None:
            raise NotFoundError("there is no such case", place=f"case {case_id}", remedy="see `orderdesk cases`")
        return load(row[0], Case)

    def resubmission(self, resubmission_id: str) -> Resubmission:
        with self._read() as cursor:
            row = cursor.execute("SELECT data FROM resubmissions WHERE id = ?", (resubmission_id,)).fetchone()
        if row is None:
            raise NotFoundError("there is no such resubmission", place=f"resubmission {resubmission_id}")
        return load(row[0], Resubmission)

    def status_change(self, change_id: str) -> StatusChange:
        with self._read() as cursor:
            row = cursor.execute("SELECT data FROM status_changes WHERE id = ?", (change_id,)).fetchone()
        if row is None:
            raise NotFoundError("there is no such status change", place=f"status change {change_id}")
        return load(row[0], StatusChange)

    def status_changes(self, *, order_id: str | None = None, open_only: bool = False) -> tuple[StatusChange, ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                "SELECT data FROM status_changes WHERE (?1 IS NULL OR order_id = ?1) AND (NOT ?2 OR due_at IS NOT NULL)"
                " ORDER BY number",
                (order_id, open_only),
            ).fetchall()
        return tuple(load(row[0], StatusChange) for row in rows)

    def cancellations(self, order_id: str) -> tuple[Cancellation, ...]:
        with self._read() as cursor:
            # Ids are random: of wishes asked for at one moment, the numbers of their cases say which came first.
            rows = cursor.execute(
                "SELECT data, (SELECT min(number) FROM cases WHERE cancellation_id = cancellations.id) AS first"
                " FROM cancellations WHERE order_id = ? ORDER BY first",
                (order_id,),
            ).fetchall()
        return tuple(sorted((load(row[0], Cancellation) for row in rows), key=lambda found: found.asked_at))

    def cases(
        self,
        *,
        order_id: str | None = None,
        cancellation_id: str | None = None,
        connection: str | None = None,
        states: Sequence[State] = (),
        limit: int = 1000,
    ) -> tuple[Case, ...]:
        wheres: list[str] = []
        values: list[object] = []
        if order_id is not None:
            wheres.append("order_id = ?")
            values.append(order_id)
        if cancellation_id is not None:
            wheres.append("cancellation_id = ?")
            values.append(cancellation_id)
        if connection is not None:
            wheres.append("connection = ?")
            values.append(connection)
        if states:
            wheres.append(f"state IN ({','.join('?' * len(states))})")
            values.extend(state.value for state in states)
        where = f"WHERE {' AND '.join(wheres)}" if wheres else ""
        with self._read() as cursor:
            rows = cursor.execute(
                f"SELECT data FROM cases {where} ORDER BY number LIMIT ?",  # noqa: S608 - built from constants above
                (*values, limit),
            ).fetchall()
        return tuple(load(row[0], Case) for row in rows)

    def resubmissions(self, *, original_id: str | None = None, open_only: bool = False) -> tuple[Resubmission, ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                "SELECT data FROM resubmissions WHERE (? IS NULL OR original_id = ?) AND (NOT ? OR due_at IS NOT NULL)"
                " ORDER BY number",
                (original_id, original_id, open_only),
            ).fetchall()
        return tuple(load(row[0], Resubmission) for row in rows)

    def due(self, now: datetime, limit: int) -> tuple[Work, ...]:
        found: list[tuple[int, Work]] = []
        for kind, table in TABLES.items():
            with self._read() as cursor:
                rows = cursor.execute(
                    f"SELECT due_at, data FROM {table} WHERE due_at <= ? ORDER BY due_at LIMIT ?",  # noqa: S608 - a constant
                    (stamp(now), limit),
                ).fetchall()
            found += [(at, work_of(data, kind)) for at, data in rows]
        found.sort(key=lambda pair: pair[0])
        return tuple(work for _, work in found[:limit])

    def next_due(self) -> datetime | None:
        with self._read() as cursor:
            row = cursor.execute(
                "SELECT min(at) FROM (SELECT min(due_at) AS at FROM cases WHERE due_at IS NOT NULL"
                " UNION ALL SELECT min(due_at) FROM resubmissions WHERE due_at IS NOT NULL"
                " UNION ALL SELECT min(due_at) FROM status_changes WHERE due_at IS NOT NULL)"
            ).fetchone()
        return moment(row[0]) if row[0] is not None else None

    def history(self, subject_id: str) -> tuple[Entry, ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                "SELECT sequence, attempt, at, kind, data FROM history WHERE subject_id = ? ORDER BY sequence",
                (subject_id,),
            ).fetchall()
        return tuple(
            Entry(sequence, subject_id, attempt, moment(at), content_of(kind, data))
            for sequence, attempt, at, kind, data in rows
        )

    def occur(self, occurrences: Sequence[Occurrence]) -> None:
        def job(cursor: sqlite3.Cursor) -> None:
            for occurrence in occurrences:
                occur(cursor, occurrence)

        self._commits.run(job)

    def waiting(self, limit: int) -> tuple[Occurrence, ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                "SELECT data FROM occurrences WHERE handled = 0 ORDER BY number LIMIT ?", (limit,)
            ).fetchall()
        return tuple(load(row[0], Occurrence) for row in rows)

    def handled(
        self, occurrence: Occurrence, firings: Sequence[Firing], then: Sequence[Occurrence], at: datetime
    ) -> bool:
        first: list[bool] = []

        def job(cursor: sqlite3.Cursor) -> None:
            cursor.execute("UPDATE occurrences SET handled = 1 WHERE id = ? AND handled = 0", (occurrence.id,))
            if cursor.rowcount != 1:
                return
            first.append(True)
            for firing in firings:
                cursor.execute(
                    "INSERT INTO firings (occurrence_id, order_id, at, data) VALUES (?, ?, ?, ?)",
                    (occurrence.id, occurrence.order_id, stamp(at), dump(firing)),
                )
            for follows in then:
                occur(cursor, follows)

        self._commits.run(job)
        return bool(first)

    def forget(self, occurrence: Occurrence) -> None:
        def job(cursor: sqlite3.Cursor) -> None:
            cursor.execute("DELETE FROM occurrences WHERE id = ? AND handled = 0", (occurrence.id,))

        self._commits.run(job)

    def record_settled(self) -> None:
        self._records_settled = True

    def firings(self, order_id: str) -> tuple[tuple[datetime, Firing], ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                "SELECT at, data FROM firings WHERE order_id = ? ORDER BY number", (order_id,)
            ).fetchall()
        return tuple((moment(at), load(data, Firing)) for at, data in rows)

    def close(self) -> None:
        with self._commits.locked(), self._reading:
            self._reader.close()
            self._writer.close()

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Cursor]:
        with self._reading:
            try:
                yield self._reader.cursor()
            except sqlite3.Error as error:
                raise LedgerError(f"the ledger cannot be read: {error}", place=str(self._path)) from None
