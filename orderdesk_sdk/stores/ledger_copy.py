"""Copies a ledger with its orders to another database, proves the copy by the hash chain, and retires the first.

Two ledgers that both go on would each send what is open. So the source is retired, for good, after the copy is proved
and before it can be used. Who is interrupted in between does the same again: a retired ledger can still be copied.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from itertools import islice
from typing import Protocol

from attrs import frozen

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.integrity import ChainHead
from orderdesk_sdk.errors import InvalidStateError, StorageError
from orderdesk_sdk.stores.sql.copied_tables import LEDGER_TABLES, ORDER_TABLES, CopiedTable, copy_rows, count_rows
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.integrity_check import examine, head_of

__all__ = ["CopyEnd", "LedgerCopy", "copy_ledger"]


class CopyEnd(Protocol):
    """One end of a copy: a database, in a transaction of its own that nobody else can write beside."""

    @property
    def name(self) -> str:
        """What it is, for people."""

    @property
    def cursor(self) -> Cursor:
        """The cursor of the transaction."""

    @property
    def has_orders(self) -> bool:
        """Whether the tables of the order store are there."""

    def adopt(self, epoch_reason: str, now: datetime) -> None:
        """Let the copied ledger go on here: numbers that the database gives go on after those that were copied."""

    def retire(self, successor: str, now: datetime) -> None:
        """Let the ledger here be used no more, because that one goes on in its place."""

    def commit(self) -> None:
        """Make it durable."""


@frozen
class LedgerCopy:
    """A copy that was made. rows: how many were copied, by table."""

    head: ChainHead
    rows: dict[str, int]


def copy_ledger(
    source: AbstractContextManager[CopyEnd], target: AbstractContextManager[CopyEnd], now: datetime
) -> LedgerCopy:
    """Copy a ledger into a new one, in bounded memory.

    Raises InvalidStateError while a case is being sent, or where the target is not empty; StorageError while another
    program uses the source, where the source is damaged, or where the copy is not what the source is. Then the source
    is as it was, and there is no copy.
    """
    with source as old, target as new:
        _require_nothing_sent(old)
        _require_empty(new)
        tables = (*LEDGER_TABLES, *(ORDER_TABLES if old.has_orders else ()))
        if old.has_orders:
            new.cursor.execute("DELETE FROM folders")  # Those that a new store begins with.
        rows = {table.name: copy_rows(old.cursor, new.cursor, table) for table in tables}
        rows["ledger_epochs"] = _copy_epochs(old.cursor, new.cursor)
        count, head, latest = old.cursor.execute("SELECT count, head, latest FROM chain").fetchone()
        new.cursor.execute("UPDATE chain SET count = ?, head = ?, latest = ?", (count, head, latest))
        proved = _prove(old, new, tables)
        new.adopt(f"copied from {old.name}", now)
        old.retire(new.name, now)
        old.commit()
        new.commit()
        return LedgerCopy(proved, rows)


def _require_nothing_sent(old: CopyEnd) -> None:
    row = old.cursor.execute("SELECT id FROM cases WHERE state = ? LIMIT 1", (State.SENDING.value,)).fetchone()
    if row is not None:
        raise InvalidStateError(
            "a case is being sent",
            location=f"case {row[0]}",
            hint="run `orderdesk work --until-idle`, end every worker, then copy",
        )


def _require_empty(new: CopyEnd) -> None:
    for table in (*LEDGER_TABLES, *(one for one in ORDER_TABLES if one.name != "folders")):
        if count_rows(new.cursor, table):
            raise InvalidStateError(
                f"the target is in use: it has rows in the table {table.name}",
                location=new.name,
                hint="name a database that is empty",
            )


def _copy_epochs(old: Cursor, new: Cursor) -> int:
    """Copy the epochs after those that the target has; how many."""
    (last,) = new.execute("SELECT coalesce(max(number), 0) FROM ledger_epochs").fetchone()
    rows = old.execute(
        "SELECT epoch, system, timeline, at, lines, reason FROM ledger_epochs ORDER BY number"
    ).fetchall()
    new.executemany(
        "INSERT INTO ledger_epochs (number, epoch, system, timeline, at, lines, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(last + number, *row) for number, row in enumerate(rows, start=1)],
    )
    return len(rows)


def _prove(old: CopyEnd, new: CopyEnd, tables: tuple[CopiedTable, ...]) -> ChainHead:
    """The head of both. Raises StorageError where the copy is not what the source is."""
    expected, head = head_of(old.cursor), head_of(new.cursor)
    flaws = [str(flaw) for flaw in islice(examine(new.cursor, expected), 1)]
    different = [table.name for table in tables if count_rows(old.cursor, table) != count_rows(new.cursor, table)]
    if flaws or different or head is None or head != expected:
        told = flaws[0] if flaws else f"the tables differ: {', '.join(different) or 'chain'}"
        raise StorageError(
            f"the copy is not sound, and was not made: {told}",
            location=old.name,
            hint="run `orderdesk ledger verify`: a ledger that was changed or damaged is not copied",
        )
    return head
