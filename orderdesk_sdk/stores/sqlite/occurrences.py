"""What rules may want to hear, and what they did: the part of a SQLite ledger that is no evidence."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial

from orderdesk_sdk.cases.damage import Damage
from orderdesk_sdk.cases.events import Firing, Occurrence
from orderdesk_sdk.stores.serialization import dump, load, moment, stamp
from orderdesk_sdk.stores.sqlite.group_commit import GroupCommit
from orderdesk_sdk.stores.sqlite.ledger_rows import occur

__all__ = ["Occurrences"]

_AT_ONCE = 1000
"""Occurrences of one transaction."""
_NOUN = "occurrence"


class Occurrences(ABC):
    """The methods of a ledger that are about rules."""

    def __init__(self, commits: GroupCommit) -> None:
        self._commits = commits
        self._records_settled = False
        self.damage = Damage()

    @abstractmethod
    def _read(self) -> AbstractContextManager[sqlite3.Cursor]:
        """A cursor for reading."""

    def occur(self, occurrences: Sequence[Occurrence]) -> None:
        def job(cursor: sqlite3.Cursor, some: Sequence[Occurrence]) -> None:
            for occurrence in some:
                occur(cursor, occurrence)

        # Those of a large import a few at a time: each is recorded by itself, and the same again changes nothing.
        for first in range(0, len(occurrences), _AT_ONCE):
            self._commits.run(partial(job, some=occurrences[first : first + _AT_ONCE]))

    def waiting(self, limit: int) -> tuple[Occurrence, ...]:
        with self._read() as cursor:
            while True:
                # Past those that are damaged, so that they are in nobody's way.
                known = self.damage.ids(_NOUN)
                rows = cursor.execute(
                    "SELECT id, data FROM occurrences WHERE handled = 0 ORDER BY number LIMIT ?", (limit + len(known),)
                ).fetchall()
                reads = {f"{_NOUN} {name}": partial(load, data, Occurrence) for name, data in rows}
                found = [self.damage.readable(place, read) for place, read in reads.items()]
                if len(self.damage.ids(_NOUN)) == len(known):
                    return tuple(occurrence for occurrence in found if occurrence is not None)[:limit]

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
                "SELECT number, at, data FROM firings WHERE order_id = ? ORDER BY number", (order_id,)
            ).fetchall()

        def firing(at: int, data: str) -> tuple[datetime, Firing]:
            return moment(at), load(data, Firing)

        found = (self.damage.readable(f"firing {number}", partial(firing, *row)) for number, *row in rows)
        return tuple(one for one in found if one is not None)
