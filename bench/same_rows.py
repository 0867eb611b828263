"""The rows of a durable cancel, written in two grouped commits by nothing but SQL: the floor of the ledger.

One cancel is made by the SDK, and its rows are read. Each further one is a copy of them under other names: the first
commit has the cancellation, the case and the lines of its history up to the intent, the second what came of the call.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from attrs import frozen

from bench.store import open_store, simulator_settings
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.group_commit import GroupCommit
from orderdesk_sdk.stores.sqlite.connection import connect
from orderdesk_sdk.stores.sqlite.write_session import SqliteWriteSession

__all__ = ["Copy", "SameRows"]

_INTENT = "intent"
_CHANGE = """UPDATE cases SET state = ?, version = version + 1, due_at = ?, data = ?, link = randomblob(32)
    WHERE id = ?"""
_MOVE_HEAD = "UPDATE chain SET count = count + ?, head = randomblob(32)"


Statement = tuple[str, tuple[object, ...]]
"""A statement and its parameters."""


@frozen
class _Row:
    """A row to copy. columns: their names, in the order of the values."""

    table: str
    columns: tuple[str, ...]
    values: tuple[object, ...]

    def insertion(self, *, without: Collection[str] = ()) -> Statement:
        """The statement that writes it, but for columns that the database fills in."""
        kept = [(name, one) for name, one in zip(self.columns, self.values, strict=True) if name not in without]
        names, marks = ", ".join(name for name, _ in kept), ", ".join("?" * len(kept))
        return f"INSERT INTO {self.table} ({names}) VALUES ({marks})", tuple(one for _, one in kept)  # noqa: S608 - of the schema

    def __getitem__(self, column: str) -> object:
        return self.values[self.columns.index(column)]


@frozen
class Copy:
    """The statements of one cancel's two commits."""

    intent: tuple[Statement, ...]
    result: tuple[Statement, ...]


class SameRows:
    """Writes the rows of one cancel after the other into a ledger's file. Safe from many threads."""

    def __init__(self, path: Path, url: str) -> None:
        """url: of the service that answers the one cancel which is made."""
        with open_store(1, simulator_settings(url), path=path) as store:
            store.desk.cancel(store.numbers[0], by="bench", reason="measured")
        self._connection = connect(path)
        keys, cancellations, cases, history = map(self._rows, ("keys", "cancellations", "cases", "history"))
        case = cases[0]
        self._names = tuple(str(case[column]) for column in ("id", "cancellation_id", "order_id"))
        sent = max(at for at, line in enumerate(history) if line["kind"] == _INTENT) + 1
        filled_in = ("sequence", "number")
        opening = [row.insertion(without=filled_in) for row in (*keys, *cancellations, case, *history[:sent])]
        ending = [row.insertion(without=filled_in) for row in history[sent:]]
        changed = (case["state"], case["due_at"], case["data"], case["id"])
        self._copied = Copy(
            (*opening, (_MOVE_HEAD, (sent,))), ((_CHANGE, changed), *ending, (_MOVE_HEAD, (len(ending),)))
        )
        self._commits = GroupCommit(SqliteWriteSession(self._connection))

    def _rows(self, table: str) -> list[_Row]:
        cursor = self._connection.execute(f"SELECT * FROM {table} ORDER BY 1")  # noqa: S608 - of the four above
        columns = tuple(column[0] for column in cursor.description)
        return [_Row(table, columns, tuple(values)) for values in cursor]

    def copy(self, number: str) -> Copy:
        """What is written for the cancel with this number; made before the clock starts."""
        names = [
            (name, name[: -len(number)] + number if len(name) > len(number) else name + number) for name in self._names
        ]

        def renamed(value: object) -> object:
            for old, new in names:
                value = value.replace(old, new) if isinstance(value, str) else value
            return value

        def copied(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
            return tuple((text, tuple(map(renamed, parameters))) for text, parameters in statements)

        return Copy(copied(self._copied.intent), copied(self._copied.result))

    def commit(self, statements: tuple[Statement, ...]) -> None:
        """Write them in one transaction, perhaps together with those of other threads."""

        def write(cursor: Cursor) -> None:
            for text, parameters in statements:
                cursor.execute(text, parameters)

        self._commits.run(write)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
