"""psycopg's cursor as `stores.sql` knows a cursor: parameters are `?`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import psycopg

__all__ = ["PostgresCursor"]


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
