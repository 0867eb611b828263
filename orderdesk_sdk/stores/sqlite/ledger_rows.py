"""The rows of a SQLite ledger: how works, histories and occurrences are written, inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.errand import end_of
from orderdesk_sdk.cases.events import Occurrence
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.history import Content, kind_of
from orderdesk_sdk.cases.ledger import Fence, FenceMoved, Work, Write
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.cases.status_change import StatusChange
from orderdesk_sdk.errors import ConflictError, UnderWayError
from orderdesk_sdk.stores.hash_chain import FIRST, MARK, Line, Links, line_of, row_digest, state_of
from orderdesk_sdk.stores.personal_texts import REMOVED, Packed
from orderdesk_sdk.stores.serialization import dump, pack, pack_entry, stamp, unpack
from orderdesk_sdk.stores.sqlite.tables import COLUMNS, TABLES, columns_of, wish_columns

__all__ = [
    "REGISTERED",
    "Change",
    "Row",
    "add_lines",
    "apply",
    "conflict_of",
    "insert",
    "insert_wish",
    "keyed",
    "lines_of",
    "mark_line",
    "mark_of",
    "occur",
    "prepare",
    "resubmitted",
    "row_of",
    "status_conflict",
    "under_way",
    "wish_row",
    "work_of",
]

REGISTERED = "CASE WHEN json_valid(data) THEN json_extract(data, '$.order_id') END"
"""The order of a registration. Of one that is damaged none: asked for it, SQLite would end the whole statement."""


class Row(NamedTuple):
    """A row before its number and its place in the chain are known. Made outside of the transaction: it costs most."""

    columns: tuple[str | int | None, ...]
    content: Packed
    digest: bytes


class Change(NamedTuple):
    """A change as it is written."""

    before: Work
    row: Row
    lines: Sequence[Line]
    occurrence: Occurrence | None
    fence: Fence | None


def row_of(work: Work) -> Row:
    """The row of a work."""
    return _row(columns_of(work), pack(work))


def wish_row(wish: Cancellation) -> Row:
    """The row of a wish."""
    return _row(wish_columns(wish), pack(wish))


def _row(columns: tuple[str | int | None, ...], content: Packed) -> Row:
    return Row(columns, content, row_digest(columns, content.data, content.sealed))


def prepare(change: Write) -> Change:
    """A change as it is written. One without entries is told by a mark, as no row changes beside its history."""
    lines = lines_of(change.after, change.entries) or [mark_line(change.after)]
    return Change(change.before, row_of(change.after), lines, change.occurrence, change.fence)


def mark_line(work: Work, wish: Row | None = None) -> Line:
    """The line that tells nothing but that a row is there; a case's first one also names its wish as it is."""
    told = wish.digest.hex() if wish is not None else ""
    return line_of(work.id, work.attempt, stamp(work.updated_at), MARK, Packed(told, None, None))


def insert_wish(cursor: sqlite3.Cursor, row: Row) -> None:
    """Add a wish."""
    cursor.execute(
        "INSERT INTO cancellations (id, order_id, data, texts, sealed) VALUES (?, ?, ?, ?, ?)",
        (*row.columns, *row.content),
    )


def insert(
    cursor: sqlite3.Cursor, links: Links, kind: type[Work], row: Row, first: Line, key: str | None = None
) -> None:
    """Add a work. Its number is the sequence of its first line. key: of a status change."""
    number = links.count + 1
    head = links.add(FIRST, [first], state_of(number, row.digest))
    names, values = ("key, ", (key,)) if kind is StatusChange else ("", ())
    marks = ", ".join("?" * (len(values) + len(row.columns) + 5))
    cursor.execute(
        f"INSERT INTO {TABLES[kind]} (number, {names}{COLUMNS[kind]}, data, texts, sealed, head) VALUES ({marks})",  # noqa: S608 - constants
        (number, *values, *row.columns, *row.content, head),
    )


def apply(cursor: sqlite3.Cursor, links: Links, change: Change) -> None:
    """Change a work and add to its history.

    Raises ConflictError where it is no longer the version that was read, FenceMoved where the order has changed.
    """
    before, fence = change.before, change.fence
    if fence is not None and mark_of(cursor, fence.order_id) != fence.mark:
        raise FenceMoved("the order has changed meanwhile", place=before.id, remedy="read it again")
    table = TABLES[type(before)]
    found = cursor.execute(
        f"SELECT number, head FROM {table} WHERE id = ? AND version = ?",  # noqa: S608 - one of three constants
        (before.id, before.version),
    ).fetchone()
    if found is None:
        raise conflict_of(before)
    number, link = found
    head = links.add(link, change.lines, state_of(number, change.row.digest))
    state = "state = ?, " if isinstance(before, Case) else ""
    changing = change.row.columns[-3 if state else -2 :]
    cursor.execute(
        f"UPDATE {table} SET {state}version = ?, due_at = ?, data = ?, texts = ?, sealed = ?, head = ?"  # noqa: S608 - constants
        " WHERE number = ?",
        (*changing, *change.row.content, head, number),
    )


def add_lines(cursor: sqlite3.Cursor, links: Links, work: Work, lines: Sequence[Line], *, fenced: bool) -> None:
    """Add to a work's history alone. Raises ConflictError where it is gone, or (fenced) no longer the version read."""
    table = TABLES[type(work)]
    found = cursor.execute(
        f"SELECT number, head, version FROM {table} WHERE id = ?",  # noqa: S608 - one of three constants
        (work.id,),
    ).fetchone()
    if found is None or (fenced and found[2] != work.version):
        raise conflict_of(work)
    head = links.add(found[1], lines, None)
    cursor.execute(f"UPDATE {table} SET head = ? WHERE number = ?", (head, found[0]))  # noqa: S608 - a constant


def occur(cursor: sqlite3.Cursor, occurrence: Occurrence) -> None:
    """Record what happened; what is recorded already stays as it is."""
    cursor.execute(
        "INSERT OR IGNORE INTO occurrences (id, order_id, handled, data) VALUES (?, ?, 0, ?)",
        (occurrence.id, occurrence.order_id, dump(occurrence)),
    )


def keyed(cursor: sqlite3.Cursor, key: str, content: str) -> Cancellation | None:
    """The wish of a key. Raises ConflictError where the key was used for another content."""
    row = cursor.execute(
        "SELECT keys.content, data, texts FROM keys JOIN cancellations ON id = cancellation_id WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return None
    if row[0] not in (content, REMOVED):
        raise ConflictError(
            "this key was used for another cancellation", place=f"key {key!r}", remedy="use a new key for a new wish"
        )
    return unpack(Cancellation, row[1], row[2])


def under_way(cursor: sqlite3.Cursor, cases: Sequence[Case]) -> Cancellation | None:
    """The wish that has an open case at a place where one of these would be opened."""
    for case in cases:
        row = cursor.execute(
            "SELECT wishes.data, wishes.texts FROM cases JOIN cancellations AS wishes ON wishes.id = cancellation_id"
            " WHERE cases.order_id = ? AND connection = ? AND due_at IS NOT NULL",
            (case.order_id, case.connection),
        ).fetchone()
        if row is not None:
            return unpack(Cancellation, *row)
    return None


def resubmitted(
    cursor: sqlite3.Cursor,
    wanted: Resubmission,
    earlier: Callable[[Sequence[Resubmission]], Resubmission | None] | None,
) -> Resubmission | None:
    """The resubmission to go on with in place of a new one: what `earlier` says, else that of the same number there."""
    rows = cursor.execute(
        "SELECT data, texts FROM resubmissions WHERE original_id = ? ORDER BY number", (wanted.original_id,)
    ).fetchall()
    known = earlier([unpack(Resubmission, *row) for row in rows]) if earlier is not None else None
    if known is not None:
        return known
    row = cursor.execute(
        "SELECT data, texts FROM resubmissions WHERE order_number = ? AND connection = ?",
        (wanted.order_number, wanted.connection),
    ).fetchone()
    return unpack(Resubmission, *row) if row is not None else None


def work_of(data: str, texts: str | None, kind: type[Work]) -> Work:
    """A piece of work from its row."""
    if kind is Case:
        return unpack(Case, data, texts)
    return unpack(Resubmission, data, texts) if kind is Resubmission else unpack(StatusChange, data, texts)


def lines_of(work: Work, entries: Sequence[Content]) -> list[Line]:
    """The lines of a history, in order."""
    return [
        line_of(
            work.id,
            work.attempt,
            stamp(work.updated_at if isinstance(content, str) else _at(content)),
            kind_of(content).value,
            pack_entry(content),
        )
        for content in entries
    ]


def _at(content: Event | Intent | Exchange) -> datetime:
    return content.ended_at if isinstance(content, Exchange) else content.at


def mark_of(cursor: sqlite3.Cursor, order_id: str) -> str:
    """What differs as soon as anything about an order has changed."""
    row = cursor.execute(
        "SELECT (SELECT count(*) || '/' || total(version) FROM cases WHERE order_id = ?1),"  # noqa: S608 - a constant
        " (SELECT count(*) || '/' || total(version) FROM resubmissions WHERE original_id = ?1),"
        f" (SELECT count(*) FROM registrations WHERE {REGISTERED} = ?1)",
        (order_id,),
    ).fetchone()
    return " ".join(map(str, row))


def conflict_of(work: Work) -> ConflictError:
    """What to raise where a work is no longer the version that was read."""
    return ConflictError(
        "somebody else has changed it meanwhile", place=work.id, remedy="read it again and decide on what it is now"
    )


def status_conflict(known: StatusChange) -> ConflictError:
    """What to raise where another status change than the wanted one is under way there, or has its key."""
    place = f"order {known.order_number} at {known.connection}"
    if known.is_open:
        remedy = end_of(known)
        return UnderWayError(f"it is being set to {known.status!r}", place=place, remedy=remedy)
    return ConflictError("this key was used for another status", place=place, remedy="use a new key for a new wish")
