"""The ledger in a SQLite file: write-ahead log, every commit flushed to disk before it counts."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from orderdesk_sdk.case import Cancellation, Case, Event, State
from orderdesk_sdk.errors import ConflictError, LedgerError, NotFoundError
from orderdesk_sdk.exchange import Exchange, Intent
from orderdesk_sdk.ledger.commits import GroupCommit
from orderdesk_sdk.ledger.entries import Entry, content_of, data_of, dump, kind_of, load, moment, stamp
from orderdesk_sdk.ledger.interface import Work, Write
from orderdesk_sdk.ledger.schema import MIGRATIONS
from orderdesk_sdk.resubmission import Resubmission
from orderdesk_sdk.rules import Firing, Occurrence
from orderdesk_sdk.sqlite_file import connect, migrate

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
        rows = [(case.id, case.cancellation_id, case.order_id, case.connection, *_changing(case)) for case in cases]

        def job(cursor: sqlite3.Cursor) -> None:
            known = _keyed(cursor, cancellation.key, content) or _under_way(cursor, cases)
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
            return _keyed(cursor, key, content)

    def name(self, key: str, content: str, cancellation: Cancellation) -> None:
        def job(cursor: sqlite3.Cursor) -> None:
            cursor.execute("INSERT OR IGNORE INTO keys VALUES (?, ?, ?)", (key, content, cancellation.id))

        self._commits.run(job)

    def open_resubmission(self, resubmission: Resubmission) -> tuple[Resubmission, bool]:
        found: list[tuple[Resubmission, bool]] = []

        def job(cursor: sqlite3.Cursor) -> None:
            row = cursor.execute(
                "SELECT data FROM resubmissions WHERE order_number = ? AND connection = ?",
                (resubmission.order_number, resubmission.connection),
            ).fetchone()
            if row is not None:
                found.append((load(row[0], Resubmission), False))
                return
            cursor.execute(
                "INSERT INTO resubmissions (id, order_number, original_id, connection, version, due_at, data)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    resubmission.id, resubmission.order_number, resubmission.original_id, resubmission.connection,
                    resubmission.version, _due(resubmission), dump(resubmission),
                ),
            )  # fmt: skip
            found.append((resubmission, True))

        self._commits.run(job)
        return found[0]

    def write(self, change: Write) -> None:
        before, after = change.before, change.after
        lines = _lines(after, change.entries)
        values: tuple[object, ...]
        if isinstance(after, Case):
            update = "UPDATE cases SET state = ?, version = ?, due_at = ?, data = ? WHERE id = ? AND version = ?"
            values = (*_changing(after), before.id, before.version)
        else:
            update = "UPDATE resubmissions SET version = ?, due_at = ?, data = ? WHERE id = ? AND version = ?"
            values = (after.version, _due(after), dump(after), before.id, before.version)

        occurrence = change.occurrence if self._records_settled else None

        def job(cursor: sqlite3.Cursor) -> None:
            if cursor.execute(update, values).rowcount != 1:
                raise _fenced(before)
            cursor.executemany(_INSERT_LINE, lines)
            if occurrence is not None:
                _occur(cursor, occurrence)

        self._commits.run(job)

    def append(self, work: Work, entries: Sequence[Content], *, fenced: bool) -> None:
        table = "cases" if isinstance(work, Case) else "resubmissions"
        lines = _lines(work, entries)

        def job(cursor: sqlite3.Cursor) -> None:
            if fenced:
                row = cursor.execute(
                    f"SELECT 1 FROM {table} WHERE id = ? AND version = ?",  # noqa: S608 - one of two constants
                    (work.id, work.version),
                ).fetchone()
                if row is None:
                    raise _fenced(work)
            cursor.executemany(_INSERT_LINE, lines)

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
        with self._read() as cursor:
            cases = cursor.execute(
                "SELECT due_at, data FROM cases WHERE due_at <= ? ORDER BY due_at LIMIT ?", (stamp(now), limit)
            ).fetchall()
            others = cursor.execute(
                "SELECT due_at, data FROM resubmissions WHERE due_at <= ? ORDER BY due_at LIMIT ?", (stamp(now), limit)
            ).fetchall()
        found: list[tuple[int, Work]] = [(at, load(data, Case)) for at, data in cases]
        found += [(at, load(data, Resubmission)) for at, data in others]
        found.sort(key=lambda pair: pair[0])
        return tuple(work for _, work in found[:limit])

    def next_due(self) -> datetime | None:
        with self._read() as cursor:
            row = cursor.execute(
                "SELECT min(at) FROM (SELECT min(due_at) AS at FROM cases WHERE due_at IS NOT NULL"
                " UNION ALL SELECT min(due_at) FROM resubmissions WHERE due_at IS NOT NULL)"
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
                _occur(cursor, occurrence)

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
                _occur(cursor, follows)

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


def _occur(cursor: sqlite3.Cursor, occurrence: Occurrence) -> None:
    cursor.execute(
        "INSERT OR IGNORE INTO occurrences (id, order_id, handled, data) VALUES (?, ?, 0, ?)",
        (occurrence.id, occurrence.order_id, dump(occurrence)),
    )


def _keyed(cursor: sqlite3.Cursor, key: str, content: str) -> Cancellation | None:
    """The wish of a key. Raises ConflictError where the key was used for another content."""
    row = cursor.execute(
        "SELECT keys.content, data FROM keys JOIN cancellations ON id = cancellation_id WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return None
    if row[0] != content:
        raise ConflictError(
            "this key was used for another cancellation", place=f"key {key!r}", remedy="use a new key for a new wish"
        )
    return load(row[1], Cancellation)


def _under_way(cursor: sqlite3.Cursor, cases: Sequence[Case]) -> Cancellation | None:
    """The wish that has an open case at a place where one of these would be opened."""
    for case in cases:
        row = cursor.execute(
            "SELECT cancellations.data FROM cases JOIN cancellations ON cancellations.id = cancellation_id"
            " WHERE cases.order_id = ? AND connection = ? AND due_at IS NOT NULL",
            (case.order_id, case.connection),
        ).fetchone()
        if row is not None:
            return load(row[0], Cancellation)
    return None


def _changing(case: Case) -> tuple[str, int, int | None, str]:
    return case.state.value, case.version, _due(case), dump(case)


def _due(work: Work) -> int | None:
    return stamp(work.due_at) if work.due_at is not None else None


_INSERT_LINE = "INSERT INTO history (subject_id, attempt, at, kind, data) VALUES (?, ?, ?, ?, ?)"


def _lines(work: Work, entries: Sequence[Content]) -> list[tuple[str, int, int, str, str]]:
    """The rows of a history, in order."""
    lines = []
    for content in entries:
        at = work.updated_at if isinstance(content, str) else _at(content)
        lines.append((work.id, work.attempt, stamp(at), kind_of(content).value, data_of(content)))
    return lines


def _at(content: Event | Intent | Exchange) -> datetime:
    return content.ended_at if isinstance(content, Exchange) else content.at


def _fenced(work: Work) -> ConflictError:
    return ConflictError(
        "somebody else has changed it meanwhile", place=work.id, remedy="read it again and decide on what it is now"
    )
