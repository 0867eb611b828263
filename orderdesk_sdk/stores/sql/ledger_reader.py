"""The readers of a ledger: what is asked of it, row by row, so that a damaged one hurts itself alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Any, TypeVar

from orderdesk_sdk.cases.answer_links import StoredLink
from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import OPEN, Case, State
from orderdesk_sdk.cases.clock_skew import TOLERATED_SKEW
from orderdesk_sdk.cases.damaged_rows import DamagedRows, parse_row, placeholder_case
from orderdesk_sdk.cases.events import OrderEvent
from orderdesk_sdk.cases.history import HistoryEntry, HistoryEntryKind
from orderdesk_sdk.cases.integrity import ChainHead, IntegrityFlaw, IntegrityReport
from orderdesk_sdk.cases.ledger import OrderRecord, OrderVersion
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.workers import DatabaseCondition, WorkerHeartbeat
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.stores.hash_chain import ROW_MARK
from orderdesk_sdk.stores.serialization import content_of, from_microseconds, load, to_microseconds, unpack
from orderdesk_sdk.stores.sql.answer_links import find_link
from orderdesk_sdk.stores.sql.case_selection import ORDER_RECORD, CaseSelection
from orderdesk_sdk.stores.sql.database import NO_LIMIT, Cursor
from orderdesk_sdk.stores.sql.due_cases import (
    ALL,
    Condition,
    due_at_connection,
    due_connections,
    due_everywhere,
    next_due,
)
from orderdesk_sdk.stores.sql.integrity_check import examine, head_of, record_of
from orderdesk_sdk.stores.sql.ledger_rows import case_of, find_by_key, order_fingerprint
from orderdesk_sdk.stores.sql.ledger_tables import KINDS, NOUN, rows_of
from orderdesk_sdk.stores.sql.worker_heartbeats import read_heartbeats

__all__ = ["MAX_RESULTS", "LedgerReader"]

_PAGE = 500
_LAST_CHARACTER = "\U0010ffff"
MAX_RESULTS = 1000
"""Cases that are given where nobody says how many."""

C = TypeVar("C", bound=Case)


class LedgerReader(ABC):
    """The methods of a ledger that only read."""

    damage: DamagedRows

    @abstractmethod
    def _read(self) -> AbstractContextManager[Cursor]:
        """A cursor for reading."""

    @abstractmethod
    def _snapshot(self, *, is_long: bool) -> AbstractContextManager[Cursor]:
        """A cursor for several reads of one moment, while others write.

        Args:
            is_long: it takes so long that nobody who reads may have to wait for it.
        """

    def find_by_key(self, idempotency_key: str, fingerprint: str) -> Cancellation | None:
        with self._read() as cursor:
            return find_by_key(cursor, idempotency_key, fingerprint)

    def cancellations_by_key(
        self, prefix: str, *, after: str = "", limit: int = 200
    ) -> tuple[tuple[str, Cancellation | None], ...]:
        beyond = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        with self._read() as cursor:
            rows = cursor.execute(
                "SELECT key, cancellations.id, data, texts FROM keys JOIN cancellations ON id = cancellation_id"
                " WHERE key >= ? AND key < ? AND key > ? ORDER BY key LIMIT ?",
                (prefix, beyond, after, limit),
            ).fetchall()
        return tuple(
            (key, self.damage.read_or_none(f"cancellation {name}", partial(unpack, Cancellation, data, texts)))
            for key, name, data, texts in rows
        )

    def registrations(self, *, order_id: str | None = None) -> tuple[Registration, ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                f"SELECT id, data FROM registrations {'WHERE order_id = ?' if order_id is not None else ''}"  # noqa: S608 - a constant
                " ORDER BY number",
                () if order_id is None else (order_id,),
            ).fetchall()
        found = (self._registration(name, data) for name, data in rows)
        return tuple(registration for registration in found if registration is not None)

    def _registration(self, name: str, data: str) -> Registration | None:
        return self.damage.read_or_none(f"registration {name}", partial(load, data, Registration))

    def order_version(self, order_id: str) -> OrderVersion:
        with self._read() as cursor:
            return OrderVersion(order_id, order_fingerprint(cursor, order_id))

    def case(self, case_id: str, kind: type[C]) -> C:
        with self._read() as cursor:
            row = cursor.execute("SELECT kind, data, texts FROM cases WHERE id = ?", (case_id,)).fetchone()
        case = self.damage.read(f"{NOUN} {case_id}", partial(case_of, *row)) if row is not None else None
        if not isinstance(case, kind):
            raise NotFoundError("the ledger has no such case", location=f"case {case_id}", hint="see `orderdesk cases`")
        return case

    def cancellations(self, order_id: str) -> tuple[Cancellation, ...]:
        with self._read() as cursor:
            # Ids are random: of cancellations asked for at one moment, the numbers of their cases say which came first.
            rows = cursor.execute(
                "SELECT id, data, texts,"
                " (SELECT min(number) FROM cases WHERE cancellation_id = cancellations.id) AS first"
                " FROM cancellations WHERE order_id = ? ORDER BY first",
                (order_id,),
            ).fetchall()
        cancellations = (self._cancellation(*row[:3]) for row in rows)
        return tuple(sorted(cancellations, key=lambda cancellation: cancellation.requested_at))

    def _cancellation(self, name: str, data: str, texts: str | None) -> Cancellation:
        return self.damage.read(f"cancellation {name}", partial(unpack, Cancellation, data, texts))

    def order_record(self, order_id: str, *, original_id: str | None = None) -> OrderRecord:
        with self._read() as cursor:
            rows = cursor.execute(
                ORDER_RECORD, (order_id, order_id, original_id or order_id, order_id, order_id)
            ).fetchall()
        rows.sort(key=itemgetter(0))
        of_cases = [row for row in rows if row[2] in KINDS]
        cases = [self._case_or_stand_in(row, is_whole=True) for row in of_cases]
        first = {row[3]: row[0] for row in reversed(of_cases)}
        # See `cancellations`.
        told = sorted((row for row in rows if row[2] == "cancellation"), key=lambda row: first.get(row[1], 0))
        cancellations = sorted(
            (self._cancellation(row[1], *row[7:]) for row in told), key=lambda cancellation: cancellation.requested_at
        )
        registrations = (self._registration(row[1], row[7]) for row in rows if row[2] == "registration")
        return OrderRecord(
            tuple(cancellations),
            tuple([case for case in cases if isinstance(case, CancelCase)]),
            tuple([case for case in cases if isinstance(case, ResubmitCase)]),
            tuple([registration for registration in registrations if registration is not None]),
        )

    def cases(
        self,
        kind: type[C],
        *,
        order_id: str | None = None,
        cancellation_id: str | None = None,
        connection: str | None = None,
        states: Sequence[State] = (),
        limit: int | None = None,
        after: C | None = None,
    ) -> tuple[C, ...]:
        given = {"order_id": order_id, "cancellation_id": cancellation_id, "connection": connection}
        chosen = CaseSelection(getattr(kind, "kind", None), given, states)
        whole = order_id is not None or cancellation_id is not None  # Of an order none may be missed.
        most = limit if limit is not None or whole else MAX_RESULTS
        found: list[C] = []
        last = self._number(after) if after is not None else -(2**63)
        while most is None or len(found) < most:
            # Of one order all are read at once: its cases are few, and their states are looked at here.
            wanted = NO_LIMIT if most is None or whole else most - len(found)
            with self._read() as cursor:
                rows = cursor.execute(*chosen.page(last, wanted)).fetchall()
            cases = (self._case_or_stand_in(row, is_whole=whole) for row in rows)
            found += [case for case in cases if isinstance(case, kind) and (not states or case.state in states)]
            if len(rows) != wanted:
                break
            last = rows[-1][0]
        return tuple(found[:most])

    def _case_or_stand_in(self, row: Sequence[Any], *, is_whole: bool) -> Case | None:
        """A case, or in place of a damaged cancel one that says so.

        Args:
            is_whole: none may be missed of its order.
        """
        _, case_id, kind, cancellation_id, order_id, connection, due_at, data, texts = row
        place, read = f"{NOUN} {case_id}", partial(case_of, kind, data, texts)
        if kind != CancelCase.kind:
            return self.damage.read(place, read) if is_whole else self.damage.read_or_none(place, read)
        return self.damage.read_or_none(place, read) or placeholder_case(
            case_id, cancellation_id, order_id, connection, due_at
        )

    def _number(self, case: Case) -> int:
        with self._read() as cursor:
            row = cursor.execute("SELECT number FROM cases WHERE id = ?", (case.id,)).fetchone()
        if row is None:
            raise NotFoundError("the ledger has no such case", location=f"case {case.id}", hint="see `orderdesk cases`")
        return int(row[0])

    def due_connections(self, now: datetime) -> tuple[str, ...]:
        with self._read() as cursor:
            return due_connections(cursor, self.damage, now, self._free())

    def due(
        self, now: datetime, limit: int, *, connection: str | None = None, after: Case | None = None
    ) -> tuple[Case, ...]:
        with self._read() as cursor:
            if connection is not None:
                return due_at_connection(cursor, self.damage, now, limit, connection, after)
            return due_everywhere(cursor, self.damage, now, limit)

    def next_due(self) -> datetime | None:
        with self._read() as cursor:
            return next_due(cursor, self.damage, self._free())

    def _free(self) -> Condition:
        """What holds of a case that nobody else has reserved."""
        return ALL

    def _is_ahead(self, now: datetime) -> bool:
        """Whether anything in the ledger was written by a clock that was ahead of now."""
        with self._read() as cursor:
            row = cursor.execute("SELECT latest FROM chain").fetchone()
        return row is not None and row[0] > to_microseconds(now + TOLERATED_SKEW)

    def _open_cases(self) -> Iterator[Case]:
        """Every open case that can be read, in bounded memory."""
        last, more = -(2**63), True
        selection = CaseSelection(None, {}, tuple(OPEN))
        while more:
            with self._read() as cursor:
                rows = cursor.execute(*selection.page(last, _PAGE)).fetchall()
            for last, name, kind, *_, data, texts in rows:  # noqa: B007 - the last number is where the next page begins
                case = self.damage.read_or_none(f"{NOUN} {name}", partial(case_of, kind, data, texts))
                if case is not None:
                    yield case
            more = len(rows) == _PAGE

    def damaged(self) -> tuple[str, ...]:
        return self.damage.messages()

    def look_for_damage(self) -> tuple[str, ...]:
        """Read every row but those of histories, whose chain tells (`find_flaws`); what is damaged, a line each."""
        with self._snapshot(is_long=True) as cursor:
            for _, name, kind, data, texts in rows_of(cursor, "cases", "number", "id, kind, data, texts"):
                self.damage.read_or_none(f"{NOUN} {name}", partial(case_of, kind, data, texts))
            for name, data, texts in rows_of(cursor, "cancellations", "id", "data, texts"):
                self.damage.read_or_none(f"cancellation {name}", partial(unpack, Cancellation, data, texts))
            for _, name, data in rows_of(cursor, "registrations", "number", "id, data"):
                self.damage.read_or_none(f"registration {name}", partial(load, data, Registration))
            for _, name, data, handled in rows_of(cursor, "order_events", "number", "id, data, handled"):
                if not handled:
                    self.damage.read_or_none(f"order event {name}", partial(load, data, OrderEvent))
        return self.damage.messages()

    def find_link(self, digest: str) -> StoredLink | None:
        with self._read() as cursor:
            return find_link(cursor, digest)

    def heartbeats(self) -> tuple[WorkerHeartbeat, ...]:
        with self._read() as cursor:
            return read_heartbeats(cursor, self.damage)

    def database_condition(self) -> DatabaseCondition:
        return DatabaseCondition()

    def count_open(self) -> Mapping[State, int]:
        kinds, states = tuple(KINDS), tuple(state.value for state in OPEN)
        marks = (",".join("?" * len(values)) for values in (kinds, states))
        query = "SELECT state, count(*) FROM cases WHERE kind IN ({}) AND state IN ({}) GROUP BY state".format(*marks)  # noqa: S608 - marks
        with self._snapshot(is_long=True) as cursor:
            counts = dict(cursor.execute(query, (*kinds, *states)).fetchall())
        return {state: counts.get(state.value, 0) for state in OPEN}

    def cases_by_prefix(self, prefix: str, limit: int) -> tuple[Case, ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                "SELECT id, kind, data, texts FROM cases WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
                (prefix, f"{prefix}{_LAST_CHARACTER}", limit),
            ).fetchall()
        cases = (self.damage.read_or_none(f"{NOUN} {name}", partial(case_of, *row)) for name, *row in rows)
        return tuple(case for case in cases if case is not None)

    def history(
        self, subject_id: str, *, limit: int | None = None, after: HistoryEntry | None = None
    ) -> tuple[HistoryEntry, ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                "SELECT sequence, attempt, at, kind, data, texts FROM history"
                " WHERE subject_id = ? AND sequence > ? AND kind <> ? ORDER BY sequence LIMIT ?",
                (subject_id, 0 if after is None else after.sequence, ROW_MARK, NO_LIMIT if limit is None else limit),
            ).fetchall()

        def entry(sequence: int, attempt: int, at: int, kind: str, data: str, texts: str | None) -> HistoryEntry:
            content = content_of(HistoryEntryKind(kind), data, texts)
            return HistoryEntry(sequence, subject_id, attempt, from_microseconds(at), content, HistoryEntryKind(kind))

        return tuple(
            self.damage.read(f"line {row[0]} of {subject_id}", partial(parse_row, partial(entry, *row))) for row in rows
        )

    def newest_notes(self, subject_id: str, limit: int) -> tuple[str, ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                "SELECT sequence, data, texts FROM history WHERE subject_id = ? AND kind = 'note'"
                " ORDER BY sequence DESC LIMIT ?",
                (subject_id, limit),
            ).fetchall()

        def note(data: str, texts: str | None) -> str:
            return str(content_of(HistoryEntryKind.NOTE, data, texts))

        return tuple(
            self.damage.read(f"line {sequence} of {subject_id}", partial(parse_row, partial(note, *row)))
            for sequence, *row in rows
        )

    def verify(self, case: Case) -> IntegrityReport:
        with self._snapshot(is_long=False) as cursor:
            return record_of(cursor, case.id)

    def find_flaws(self, known_head: ChainHead | None = None) -> Iterator[IntegrityFlaw]:
        with self._snapshot(is_long=True) as cursor:
            yield from examine(cursor, known_head)

    def head(self) -> ChainHead:
        with self._read() as cursor:
            return head_of(cursor) or ChainHead(0, "")
