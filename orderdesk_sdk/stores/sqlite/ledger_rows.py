"""The rows of a SQLite ledger: how works, histories and occurrences are written, inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.errand import deadline_of
from orderdesk_sdk.cases.events import OrderEvent
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.history import EntryContent, kind_of
from orderdesk_sdk.cases.ledger import AnyCase, CaseUpdate, OrderChangedError, OrderVersion
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.cases.status_change import StatusChange
from orderdesk_sdk.errors import ConflictError, InProgressError
from orderdesk_sdk.stores.hash_chain import (
    FIRST,
    ROW_MARK,
    ChainAppender,
    ChainEntry,
    chain_entry,
    row_digest,
    state_of,
)
from orderdesk_sdk.stores.personal_texts import REMOVED, StoredRecord
from orderdesk_sdk.stores.serialization import dump, pack, pack_entry, to_microseconds, unpack
from orderdesk_sdk.stores.sqlite.ledger_tables import COLUMNS, TABLES, cancellation_columns, columns_of

__all__ = [
    "REGISTERED_ORDER",
    "Change",
    "Row",
    "append_entries",
    "apply_change",
    "version_conflict",
    "insert_case",
    "insert_cancellation",
    "find_by_key",
    "chain_entries",
    "mark_entry",
    "order_fingerprint",
    "insert_event",
    "prepare",
    "find_resubmission",
    "row_of",
    "status_conflict",
    "find_open_cancellation",
    "cancellation_row",
    "case_of",
]

REGISTERED_ORDER = "CASE WHEN json_valid(data) THEN json_extract(data, '$.order_id') END"
"""The order of a registration. Of one that is damaged none: asked for it, SQLite would end the whole statement."""


class Row(NamedTuple):
    """A row before its number and its place in the chain are known. Made outside of the transaction: it costs most."""

    columns: tuple[str | int | None, ...]
    content: StoredRecord
    digest: bytes


class Change(NamedTuple):
    """A change as it is written."""

    before: AnyCase
    row: Row
    entries: Sequence[ChainEntry]
    occurrence: OrderEvent | None
    fence: OrderVersion | None


def row_of(case: AnyCase) -> Row:
    """The row of a work."""
    return _row(columns_of(case), pack(case))


def cancellation_row(cancellation: Cancellation) -> Row:
    """The row of a wish."""
    return _row(cancellation_columns(cancellation), pack(cancellation))


def _row(columns: tuple[str | int | None, ...], content: StoredRecord) -> Row:
    return Row(columns, content, row_digest(columns, content.data, content.sealed))


def prepare(change: CaseUpdate) -> Change:
    """A change as it is written. One without entries is told by a mark, as no row changes beside its history."""
    lines = chain_entries(change.after, change.entries) or [mark_entry(change.after)]
    return Change(change.before, row_of(change.after), lines, change.order_event, change.order_version)


def mark_entry(case: AnyCase, cancellation: Row | None = None) -> ChainEntry:
    """The line that tells nothing but that a row is there; a case's first one also names its wish as it is."""
    told = cancellation.digest.hex() if cancellation is not None else ""
    return chain_entry(
        case.id, case.attempt, to_microseconds(case.updated_at), ROW_MARK, StoredRecord(told, None, None)
    )


def insert_cancellation(cursor: sqlite3.Cursor, row: Row) -> None:
    """Add a wish."""
    cursor.execute(
        "INSERT INTO cancellations (id, order_id, data, texts, sealed) VALUES (?, ?, ?, ?, ?)",
        (*row.columns, *row.content),
    )


def insert_case(
    cursor: sqlite3.Cursor,
    chain: ChainAppender,
    kind: type[AnyCase],
    row: Row,
    first_entry: ChainEntry,
    key: str | None = None,
) -> None:
    """Add a work. Its number is the sequence of its first line. key: of a status change."""
    number = chain.count + 1
    head = chain.add(FIRST, [first_entry], state_of(number, row.digest))
    names, values = ("key, ", (key,)) if kind is StatusChange else ("", ())
    marks = ", ".join("?" * (len(values) + len(row.columns) + 5))
    cursor.execute(
        f"INSERT INTO {TABLES[kind]} (number, {names}{COLUMNS[kind]}, data, texts, sealed, head) VALUES ({marks})",  # noqa: S608 - constants
        (number, *values, *row.columns, *row.content, head),
    )


def apply_change(cursor: sqlite3.Cursor, chain: ChainAppender, change: Change) -> None:
    """Change a work and add to its history.

    Raises ConflictError where it is no longer the version that was read, OrderChangedError where the order has changed.
    """
    before, fence = change.before, change.fence
    if fence is not None and order_fingerprint(cursor, fence.order_id) != fence.token:
        raise OrderChangedError("the order has changed meanwhile", location=before.id, hint="read it again")
    table = TABLES[type(before)]
    found = cursor.execute(
        f"SELECT number, head FROM {table} WHERE id = ? AND version = ?",  # noqa: S608 - one of three constants
        (before.id, before.version),
    ).fetchone()
    if found is None:
        raise version_conflict(before)
    number, link = found
    head = chain.add(link, change.entries, state_of(number, change.row.digest))
    state = "state = ?, " if isinstance(before, Case) else ""
    changing = change.row.columns[-3 if state else -2 :]
    cursor.execute(
        f"UPDATE {table} SET {state}version = ?, due_at = ?, data = ?, texts = ?, sealed = ?, head = ?"  # noqa: S608 - constants
        " WHERE number = ?",
        (*changing, *change.row.content, head, number),
    )


def append_entries(
    cursor: sqlite3.Cursor, chain: ChainAppender, case: AnyCase, entries: Sequence[ChainEntry], *, fenced: bool
) -> None:
    """Add to a work's history alone. Raises ConflictError where it is gone, or (fenced) no longer the version read."""
    table = TABLES[type(case)]
    found = cursor.execute(
        f"SELECT number, head, version FROM {table} WHERE id = ?",  # noqa: S608 - one of three constants
        (case.id,),
    ).fetchone()
    if found is None or (fenced and found[2] != case.version):
        raise version_conflict(case)
    head = chain.add(found[1], entries, None)
    cursor.execute(f"UPDATE {table} SET head = ? WHERE number = ?", (head, found[0]))  # noqa: S608 - a constant


def insert_event(cursor: sqlite3.Cursor, event: OrderEvent) -> None:
    """Record what happened; what is recorded already stays as it is."""
    cursor.execute(
        "INSERT OR IGNORE INTO occurrences (id, order_id, handled, data) VALUES (?, ?, 0, ?)",
        (event.id, event.order_id, dump(event)),
    )


def find_by_key(cursor: sqlite3.Cursor, key: str, content: str) -> Cancellation | None:
    """The wish of a key. Raises ConflictError where the key was used for another content."""
    row = cursor.execute(
        "SELECT keys.content, data, texts FROM keys JOIN cancellations ON id = cancellation_id WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return None
    if row[0] not in (content, REMOVED):
        raise ConflictError(
            "this key was used for another cancellation", location=f"key {key!r}", hint="use a new key for a new wish"
        )
    return unpack(Cancellation, row[1], row[2])


def find_open_cancellation(cursor: sqlite3.Cursor, cases: Sequence[Case]) -> Cancellation | None:
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


def find_resubmission(
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


def case_of(data: str, texts: str | None, kind: type[AnyCase]) -> AnyCase:
    """A piece of work from its row."""
    if kind is Case:
        return unpack(Case, data, texts)
    return unpack(Resubmission, data, texts) if kind is Resubmission else unpack(StatusChange, data, texts)


def chain_entries(case: AnyCase, entries: Sequence[EntryContent]) -> list[ChainEntry]:
    """The lines of a history, in order."""
    return [
        chain_entry(
            case.id,
            case.attempt,
            to_microseconds(case.updated_at if isinstance(content, str) else _at(content)),
            kind_of(content).value,
            pack_entry(content),
        )
        for content in entries
    ]


def _at(content: Event | Intent | Exchange) -> datetime:
    return content.ended_at if isinstance(content, Exchange) else content.at


def order_fingerprint(cursor: sqlite3.Cursor, order_id: str) -> str:
    """What differs as soon as anything about an order has changed."""
    row = cursor.execute(
        "SELECT (SELECT count(*) || '/' || total(version) FROM cases WHERE order_id = ?1),"  # noqa: S608 - a constant
        " (SELECT count(*) || '/' || total(version) FROM resubmissions WHERE original_id = ?1),"
        f" (SELECT count(*) FROM registrations WHERE {REGISTERED_ORDER} = ?1)",
        (order_id,),
    ).fetchone()
    return " ".join(map(str, row))


def version_conflict(case: AnyCase) -> ConflictError:
    """What to raise where a work is no longer the version that was read."""
    return ConflictError(
        "somebody else has changed it meanwhile", location=case.id, hint="read it again and decide on what it is now"
    )


def status_conflict(known: StatusChange) -> ConflictError:
    """What to raise where another status change than the wanted one is under way there, or has its key."""
    place = f"order {known.order_number} at {known.connection}"
    if known.is_open:
        remedy = deadline_of(known)
        return InProgressError(f"it is being set to {known.status!r}", location=place, hint=remedy)
    return ConflictError("this key was used for another status", location=place, hint="use a new key for a new wish")
