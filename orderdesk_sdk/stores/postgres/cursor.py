"""psycopg's cursor as `stores.sql` knows a cursor: parameters are `?`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

import psycopg

__all__ = ["PostgresCursor"]

_ONE_ROW: Final = re.compile(r"\(\?(, \?)*\)")
_MOST_PARAMETERS: Final = 5000
"""Of one statement; the protocol has room for 65,535."""


class PostgresCursor:
    """A cursor over a connection that was opened by this room, and so takes every text."""

    __slots__ = ("_cursor",)

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._cursor = connection.cursor()

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """The connection that it belongs to."""
        return self._cursor.connection

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed or gives."""
        return self._cursor.rowcount

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> PostgresCursor:
        """Run a statement; this cursor, which then has its rows."""
        self._cursor.execute(_placeholders(sql), parameters)
        return self

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> PostgresCursor:
        """Run a statement once for each of the rows of parameters."""
        start, values, marks = sql.rpartition(" VALUES ")
        if values and _ONE_ROW.fullmatch(marks):
            # As one statement for many rows: each statement is a way to the server and back.
            pending = list(rows)
            size = max(1, _MOST_PARAMETERS // (marks.count("?")))
            for first in range(0, len(pending), size):
                some = pending[first : first + size]
                statement = f"{start} VALUES {', '.join([marks] * len(some))}"
                self.execute(statement, [value for row in some for value in row])
        else:
            self._cursor.executemany(_placeholders(sql), rows)
        return self

    def fetchone(self) -> Any:
        """The next row; None where there is no more."""
        return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        """Every row that is left."""
        return self._cursor.fetchall()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor)


@cache  # The statements are constants but for the number of their parameters.
def _placeholders(sql: str) -> bytes:
    """A statement with psycopg's placeholders. None of ours holds a question mark in a text."""
    return sql.replace("%", "%%").replace("?", "%s").encode()
