"""The readers of a SQLite ledger: what is asked of it, row by row, so that a damaged one hurts itself alone."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.clock_ahead import BELIEVED
from orderdesk_sdk.cases.damage import Damage, intact, stand_in
from orderdesk_sdk.cases.events import Occurrence
from orderdesk_sdk.cases.history import Entry, EntryKind
from orderdesk_sdk.cases.ledger import Fence, Work
from orderdesk_sdk.cases.ledger_flaws import Flaw, Head, Record
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.status_change import StatusChange
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.stores.hash_chain import MARK
from orderdesk_sdk.stores.serialization import content_of, load, moment, stamp, unpack
from orderdesk_sdk.stores.sqlite.connection import opened
from orderdesk_sdk.stores.sqlite.due import due_at, due_everywhere, due_places, next_due
from orderdesk_sdk.stores.sqlite.ledger_rows import REGISTERED, keyed, mark_of, work_of
from orderdesk_sdk.stores.sqlite.tables import NOUNS, TABLES
from orderdesk_sdk.stores.sqlite.verifying import examine, head_of, readable, record_of

__all__ = ["MOST", "Reader"]

_PAGE = 500
MOST = 1000
"""Cases that are given where nobody says how many."""

Errand = TypeVar("Errand", Resubmission, StatusChange)


class Reader(ABC):
    """The methods of a ledger that only read."""

    damage: Damage
    _path: Path

    @abstractmethod
    def _read(self) -> AbstractContextManager[sqlite3.Cursor]:
        """A cursor for reading."""

    @abstractmethod
    def _told(self) -> AbstractContextManager[None]:
        """A block in which SQLite's errors become LedgerError."""

    def wish(self, key: str, content: str) -> Cancellation | None:
        with self._read() as cursor:
            return keyed(cursor, key, content)

    def registrations(self, *, order_id: str | None = None) -> tuple[Registration, ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                f"SELECT id, data FROM registrations WHERE ?1 IS NULL OR {REGISTERED} = ?1 ORDER BY number",  # noqa: S608 - a constant
                (order_id,),
            ).fetchall()
        found = (self.damage.readable(f"registration {name}", partial(load, data, Registration)) for name, data in rows)
        return tuple(registration for registration in found if registration is not None)

    def fence(self, order_id: str) -> Fence:
        with self._read() as cursor:
            return Fence(order_id, mark_of(cursor, order_id))

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
        limit: int | None = None,
        after: Case | None = None,
    ) -> tuple[Case, ...]:
        given = {"order_id": order_id, "cancellation_id": cancellation_id, "connection": connection}
        wheres, values = _narrowed(given, False, states, paged=True)
        whole = order_id is not None or cancellation_id is not None  # Of an order none may be missed.
        most = limit if limit is not None or whole else MOST
        found: list[Case] = []
        last = self._number(after) if after is not None else -(2**63)
        while most is None or len(found) < most:
            wanted = -1 if most is None else most - len(found)
            with self._read() as cursor:
                rows = cursor.execute(
                    "SELECT number, id, cancellation_id, order_id, connection, due_at, data, texts"  # noqa: S608 - constants above
                    f" FROM cases {wheres} ORDER BY number LIMIT ?",
                    (*values, last, wanted),
                ).fetchall()
            cases = (
                self.damage.readable(f"case {row[1]}", partial(unpack, Case, *row[6:])) or stand_in(*row[1:6])
                for row in rows
            )
            found += [case for case in cases if not states or case.state in states]
            if len(rows) != wanted:
                break
            last = rows[-1][0]
        return tuple(found)

    def _number(self, case: Case) -> int:
        with self._read() as cursor:
            row = cursor.execute("SELECT number FROM cases WHERE id = ?", (case.id,)).fetchone()
        if row is None:
            raise NotFoundError("there is no such case", place=f"case {case.id}", remedy="see `orderdesk cases`")
        return int(row[0])

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

    def _is_ahead(self, now: datetime) -> bool:
        """Whether anything in the ledger was written by a clock that was ahead of now."""
        with self._read() as cursor:
            row = cursor.execute("SELECT latest FROM chain").fetchone()
        return row is not None and row[0] > stamp(now + BELIEVED)

    def _open_works(self) -> Iterator[Work]:
        """Every open work that can be read, in bounded memory."""
        for kind, table in TABLES.items():
            last, more = -(2**63), True
            while more:
                with self._read() as cursor:
                    rows = cursor.execute(
                        f"SELECT number, id, data, texts FROM {table} WHERE number > ? AND due_at IS NOT NULL"  # noqa: S608 - a constant
                        " ORDER BY number LIMIT ?",
                        (last, _PAGE),
                    ).fetchall()
                for number, name, data, texts in rows:
                    last = number
                    work = self.damage.readable(f"{NOUNS[kind]} {name}", partial(work_of, data, texts, kind))
                    if work is not None:
                        yield work
                more = len(rows) == _PAGE

    def damaged(self) -> tuple[str, ...]:
        return self.damage.lines()

    def look_for_damage(self) -> tuple[str, ...]:
        """Read every row but those of histories, whose chain tells (`examine`); what is damaged, a line each."""
        with self._told(), opened(self._path) as own:
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

    def _errands(self, kind: type[Errand], rows: Sequence[Sequence[str]], *, of_one: bool) -> tuple[Errand, ...]:
        """The errands of rows. of_one: of one order, where none may be missed; else damaged ones are passed over."""
        noun = NOUNS[kind]
        if of_one:
            return tuple(self.damage.read(f"{noun} {row[0]}", partial(unpack, kind, *row[1:])) for row in rows)
        found = (self.damage.readable(f"{noun} {row[0]}", partial(unpack, kind, *row[1:])) for row in rows)
        return tuple(errand for errand in found if errand is not None)

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

    def head(self) -> Head:
        with self._read() as cursor:
            return head_of(cursor) or Head(0, "")


def _narrowed(
    given: Mapping[str, str | None], open_only: bool, states: Sequence[State] = (), *, paged: bool = False
) -> tuple[str, list[object]]:
    """The conditions that are asked for and their values: a condition that always holds would keep an index unused.

    paged: the last value is still to be given, the number after which to go on.
    """
    asked = {column: value for column, value in given.items() if value is not None}
    wheres = [f"{column} = ?" for column in asked]
    values: list[object] = list(asked.values())
    if open_only:
        wheres.append("due_at IS NOT NULL")
    if states:
        wheres.append(f"state IN ({','.join('?' * len(states))})")
        values.extend(state.value for state in states)
    if paged:
        wheres.append("number > ?")
    return (f"WHERE {' AND '.join(wheres)}" if wheres else ""), values
