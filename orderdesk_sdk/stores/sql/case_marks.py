"""The methods of a ledger that tell lists of orders where these stand; see `cases.order_states`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.order_states import CaseMark
from orderdesk_sdk.stores.sql.database import NO_LIMIT, Cursor

__all__ = ["SqlCaseMarks"]

_TOGETHER = 200
"""Orders of one statement."""
_COLUMNS = (
    "number, order_id, kind, connection, state, EXISTS (SELECT 1 FROM seen_alarms WHERE case_id = cases.id) AS is_seen"
)


class SqlCaseMarks(ABC):
    """Marks by the columns of cases: nothing of a case is read but these."""

    @abstractmethod
    def _read(self) -> AbstractContextManager[Cursor]:
        """A cursor for reading."""

    def case_marks(self, order_ids: Sequence[str]) -> Mapping[str, tuple[CaseMark, ...]]:
        found: dict[str, list[CaseMark]] = {}
        with self._read() as cursor:
            for start in range(0, len(order_ids), _TOGETHER):
                part = order_ids[start : start + _TOGETHER]
                marks = ", ".join("?" * len(part))
                for row in cursor.execute(f"SELECT {_COLUMNS} FROM cases WHERE order_id IN ({marks})", tuple(part)):  # noqa: S608 - constants
                    mark = _mark(row)
                    found.setdefault(mark.order_id, []).append(mark)
        return {order_id: tuple(sorted(cases, key=lambda mark: mark.number)) for order_id, cases in found.items()}

    def newest_marks(self, states: Collection[State], limit: int, *, before: int | None = None) -> tuple[CaseMark, ...]:
        # One statement for each state: each reads the newest by its index, and no more.
        query = f"SELECT {_COLUMNS} FROM cases WHERE state = ? AND number < ? ORDER BY number DESC LIMIT ?"  # noqa: S608 - constants
        last = NO_LIMIT if before is None else before
        with self._read() as cursor:
            rows = [row for state in states for row in cursor.execute(query, (state.value, last, limit)).fetchall()]
        found = sorted(map(_mark, rows), key=lambda mark: mark.number, reverse=True)
        return tuple(found[:limit])


def _mark(row: tuple[Any, ...]) -> CaseMark:
    number, order_id, kind, connection, state, is_seen = row
    return CaseMark(number, order_id, kind, connection, State(state), bool(is_seen))
