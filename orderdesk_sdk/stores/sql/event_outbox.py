"""What rules may want to hear, and what they did: the part of a ledger that is no evidence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial

from orderdesk_sdk.cases.damaged_rows import DamagedRows
from orderdesk_sdk.cases.events import OrderEvent, RuleExecution
from orderdesk_sdk.stores.serialization import dump, from_microseconds, load, to_microseconds
from orderdesk_sdk.stores.sql.call_counts import SqlCallCounts
from orderdesk_sdk.stores.sql.database import Commits, Cursor
from orderdesk_sdk.stores.sql.ledger_rows import insert_event
from orderdesk_sdk.stores.sql.store_records import SqlStoreRecords

__all__ = ["EventOutbox"]

_BATCH_SIZE = 1000
"""Occurrences of one transaction."""
_NOUN = "order event"


class EventOutbox(ABC):
    """The methods of a ledger that are about rules, and about the orders of stores elsewhere."""

    def __init__(self, commits: Commits) -> None:
        self._commits = commits
        self.damage = DamagedRows()

    @abstractmethod
    def _read(self) -> AbstractContextManager[Cursor]:
        """A cursor for reading."""

    def store_records(self, store: str) -> SqlStoreRecords:
        """What is kept of the orders of a store elsewhere.

        Args:
            store: its name, which tells it from other stores.
        """
        return SqlStoreRecords(self._commits, self._read, store)

    def call_counts(self, connection: str) -> SqlCallCounts:
        """Counts the calls of a connection for all processes."""
        return SqlCallCounts(self._commits, self._read, connection)

    def add_events(self, events: Sequence[OrderEvent]) -> None:
        def write(cursor: Cursor, some: Sequence[OrderEvent]) -> None:
            for event in some:
                insert_event(cursor, event)

        # Those of a large import a few at a time: each is recorded by itself, and the same again changes nothing.
        for first in range(0, len(events), _BATCH_SIZE):
            self._commits.run(partial(write, some=events[first : first + _BATCH_SIZE]))

    def pending_events(self, limit: int, *, after: OrderEvent | None = None) -> tuple[OrderEvent, ...]:
        with self._read() as cursor:
            row = after and cursor.execute("SELECT number FROM order_events WHERE id = ?", (after.id,)).fetchone()
            last = row[0] if row else -(2**63)
            while True:
                # Past those that are damaged, so that they are in nobody's way.
                known = self.damage.ids(_NOUN)
                rows = cursor.execute(
                    "SELECT id, data FROM order_events WHERE handled = 0 AND number > ? ORDER BY number LIMIT ?",
                    (last, limit + len(known)),
                ).fetchall()
                reads = {f"{_NOUN} {name}": partial(load, data, OrderEvent) for name, data in rows}
                found = [self.damage.read_or_none(place, read) for place, read in reads.items()]
                if len(self.damage.ids(_NOUN)) == len(known):
                    return tuple(event for event in found if event is not None)[:limit]

    def complete_event(
        self, event: OrderEvent, executions: Sequence[RuleExecution], caused_events: Sequence[OrderEvent], at: datetime
    ) -> bool:
        def write(cursor: Cursor) -> bool:
            cursor.execute("UPDATE order_events SET handled = 1 WHERE id = ? AND handled = 0", (event.id,))
            if cursor.rowcount != 1:
                return False
            for execution in executions:
                cursor.execute(
                    "INSERT INTO rule_executions (occurrence_id, order_id, at, data) VALUES (?, ?, ?, ?)",
                    (event.id, event.order_id, to_microseconds(at), dump(execution)),
                )
            for follows in caused_events:
                insert_event(cursor, follows)
            return True

        return self._commits.run(write)

    def discard_event(self, event: OrderEvent) -> None:
        def write(cursor: Cursor) -> None:
            cursor.execute("DELETE FROM order_events WHERE id = ? AND handled = 0", (event.id,))

        self._commits.run(write)

    def rule_executions(self, order_id: str) -> tuple[tuple[datetime, RuleExecution], ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                "SELECT number, at, data FROM rule_executions WHERE order_id = ? ORDER BY number", (order_id,)
            ).fetchall()

        found = (self.damage.read_or_none(f"execution {number}", partial(_execution, *row)) for number, *row in rows)
        return tuple(one for one in found if one is not None)

    def latest_rule_executions(self, limit: int) -> tuple[tuple[str, datetime, RuleExecution], ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                "SELECT order_id, number, at, data FROM rule_executions ORDER BY number DESC LIMIT ?", (limit,)
            ).fetchall()
        found = (
            (order_id, self.damage.read_or_none(f"execution {number}", partial(_execution, *row)))
            for order_id, number, *row in rows
        )
        return tuple((order_id, *one) for order_id, one in found if one is not None)


def _execution(at: int, data: str) -> tuple[datetime, RuleExecution]:
    return from_microseconds(at), load(data, RuleExecution)
