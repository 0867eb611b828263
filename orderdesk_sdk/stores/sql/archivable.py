"""Which histories may be archived: those of orders of which everything has been settled for long enough.

Of each case its first line and the one that binds its row stay, with what came after that, so that the row is proved by
the ledger alone; and every line that says that texts were removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from orderdesk_sdk.cases.damaged_rows import DamagedRows
from orderdesk_sdk.cases.history import HistoryEntryKind
from orderdesk_sdk.stores.archive_file import ArchivedCase, ArchivedExecutions, ArchivedLine
from orderdesk_sdk.stores.hash_chain import FIRST
from orderdesk_sdk.stores.sql.archived_lines import Gap, gaps_of
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.ledger_rows import case_of
from orderdesk_sdk.stores.sql.ledger_tables import NOUN, rows_of

__all__ = ["archivable_records"]


def archivable_records(db: Cursor, damage: DamagedRows, before: int) -> Iterator[ArchivedCase | ArchivedExecutions]:
    """What of the ledger may be archived, order by order, in bounded memory. The caller holds a snapshot.

    Args:
        before: in microseconds; nothing may have happened to any case of the order after that.
    """
    for number, order_id, due_at in rows_of(db, "cases", "number", "order_id, due_at"):
        if due_at is None and _is_first_case(db, order_id, number) and _is_settled(db, order_id, before):
            yield from _records_of_order(db, damage, order_id)


def _is_first_case(db: Cursor, order_id: str, number: int) -> bool:
    row = db.execute("SELECT min(number) FROM cases WHERE order_id = ?", (order_id,)).fetchone()
    return bool(row[0] == number)


def _is_settled(db: Cursor, order_id: str, before: int) -> bool:
    """Whether nothing is open for an order, about to be, or waiting for a rule, and nothing has happened since then."""
    for query in (
        "SELECT 1 FROM cases WHERE order_id = ? AND due_at IS NOT NULL LIMIT 1",
        "SELECT 1 FROM registrations WHERE order_id = ? LIMIT 1",
        "SELECT 1 FROM order_events WHERE handled = 0 AND order_id = ? LIMIT 1",
    ):
        if db.execute(query, (order_id,)).fetchone() is not None:
            return False
    cases = db.execute("SELECT id FROM cases WHERE order_id = ?", (order_id,)).fetchall()
    for (case_id,) in cases:
        row = db.execute(
            "SELECT at FROM history WHERE subject_id = ? ORDER BY sequence DESC LIMIT 1", (case_id,)
        ).fetchone()
        if row is None or row[0] > before:
            return False
    return True


def _records_of_order(db: Cursor, damage: DamagedRows, order_id: str) -> Iterator[ArchivedCase | ArchivedExecutions]:
    rows = db.execute(
        "SELECT id, kind, data, texts, connection FROM cases WHERE order_id = ? ORDER BY number", (order_id,)
    ).fetchall()
    found = False
    for case_id, kind, data, texts, connection in rows:
        case = damage.read_or_none(f"{NOUN} {case_id}", partial(case_of, kind, data, texts))
        if case is None:
            continue  # Of a damaged case everything stays where a person may look into it.
        for before, lines in _archivable_lines(db, case_id):
            found = True
            yield ArchivedCase(case_id, order_id, case.order_number, kind, connection, before, tuple(lines))
    if found:
        executions = db.execute(
            "SELECT number, occurrence_id, at, data FROM rule_executions WHERE order_id = ? ORDER BY number",
            (order_id,),
        ).fetchall()
        if executions:
            yield ArchivedExecutions(order_id, tuple(tuple(row) for row in executions))


def _archivable_lines(db: Cursor, case_id: str) -> list[tuple[bytes, list[ArchivedLine]]]:
    """The runs of lines that may go, each with the link before it."""
    rows = db.execute(
        "SELECT sequence, attempt, at, kind, link, state, sealed, data, texts FROM history WHERE subject_id = ?"
        " ORDER BY sequence",
        (case_id,),
    ).fetchall()
    lines = [ArchivedLine(*row) for row in rows]
    binding = max((at for at, line in enumerate(lines) if line.state is not None), default=0)
    gaps: list[Gap] = gaps_of(db, case_id)
    runs: list[tuple[bytes, list[ArchivedLine]]] = []
    link, is_going_on = FIRST, False
    for at, line in enumerate(lines):
        while gaps and gaps[0].first < line.sequence:
            link, is_going_on = gaps.pop(0).link, False
        if 0 < at < binding and line.kind != HistoryEntryKind.REMOVED.value:
            if not is_going_on:
                runs.append((link, []))
            runs[-1][1].append(line)
            is_going_on = True
        else:
            is_going_on = False
        link = line.link
    return runs
