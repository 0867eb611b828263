"""Which cases are asked for, as a statement that finds a page of them by an index, whatever else the ledger holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.stores.sql.ledger_tables import KINDS

__all__ = ["CASE_COLUMNS", "ORDER_RECORD", "CaseSelection"]

CASE_COLUMNS = "number, id, kind, cancellation_id, order_id, connection, due_at, data, texts"
"""What is read of a case."""
ORDER_RECORD = (
    f"SELECT {CASE_COLUMNS} FROM cases WHERE order_id = ? AND kind = 'cancel'"  # noqa: S608 - constants
    f" UNION ALL SELECT {CASE_COLUMNS} FROM cases WHERE order_id IN (?, ?) AND kind = 'resubmission'"
    " UNION ALL SELECT number, id, 'registration', NULL, order_id, NULL, NULL, data, NULL FROM registrations"
    " WHERE order_id = ?"
    " UNION ALL SELECT 0, id, 'cancellation', NULL, order_id, NULL, NULL, data, texts FROM cancellations"
    " WHERE order_id = ?"
)
"""All that there is of an order, at one moment, as rows of these columns, whose kind says what each of them is.

Its values: the order's id, the same, that of its original or the same, and the same twice.
"""


class CaseSelection:
    """Cases of a kind (None: of any), in some states (none given: in any), of whatever else is given, by number."""

    def __init__(self, kind: str | None, given: Mapping[str, str | None], states: Sequence[State]) -> None:
        self._kind = kind
        # A condition that always holds would keep an index unused, so there are only those that are asked for.
        self._given = {column: value for column, value in given.items() if value is not None}
        self._states = states

    def page(self, after: int, limit: int) -> tuple[str, tuple[object, ...]]:
        """A statement for the first cases after a number, and its values. Of an order it gives those in any state.

        Its rows: number, id, kind, cancellation, order and connection, due time, data and texts.
        """
        if set(self._given) <= {"connection"} and (self._kind is not None or self._states):
            return self._page_of_many(after, limit)
        asked = self._given if self._kind is None else {"kind": self._kind, **self._given}
        wheres = [f"{column} = ?" for column in asked]
        # Not by their states: a database might look for the order's among all cases of the state.
        return (
            f"SELECT {CASE_COLUMNS} FROM cases WHERE {' AND '.join([*wheres, 'number > ?'])} ORDER BY number LIMIT ?",  # noqa: S608 - constants
            (*asked.values(), after, limit),
        )

    def _page_of_many(self, after: int, limit: int) -> tuple[str, tuple[object, ...]]:
        """The same where that may be any number of cases: a page of each kind and state, and the first ones of these.

        In one condition, a database would look through all cases after the number for a few, or sort all that there are
        for the first.
        """
        parts: list[str] = []
        values: list[object] = []
        extra = "".join(f" AND {column} = ?" for column in self._given)
        for kind in KINDS if self._kind is None else (self._kind,):
            for state in self._states or State:
                # Written out: the index of the pending cases is used only where it is known that these are meant.
                parts.append(
                    f"SELECT number FROM (SELECT number FROM cases WHERE kind = '{kind}' AND state = '{state.value}'"  # noqa: S608 - constants
                    f"{extra} AND number > ? ORDER BY number LIMIT ?) AS part_{len(parts)}"
                )
                values += [*self._given.values(), after, limit]
        return (
            f"SELECT {CASE_COLUMNS} FROM cases WHERE number IN ({' UNION ALL '.join(parts)}) ORDER BY number LIMIT ?",  # noqa: S608 - constants
            (*values, limit),
        )
