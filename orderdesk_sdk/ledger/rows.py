"""The rows of a SQLite ledger: how works, histories and occurrences are written, inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime

from orderdesk_sdk.case import Cancellation, Case, Event
from orderdesk_sdk.errors import ConflictError, UnderWayError
from orderdesk_sdk.exchange import Exchange, Intent
from orderdesk_sdk.ledger.entries import data_of, dump, kind_of, load, stamp
from orderdesk_sdk.ledger.interface import Work, Write
from orderdesk_sdk.resubmission import Resubmission
from orderdesk_sdk.rules import Occurrence
from orderdesk_sdk.status_change import StatusChange

__all__ = [
    "INSERT_LINE", "TABLES", "changing", "conflict_of", "due_of", "keyed", "lines_of", "mark_of", "occur",
    "resubmitted", "status_conflict", "under_way", "update_of", "work_of",
]  # fmt: skip

Content = Event | Intent | Exchange | str
TABLES: dict[type[Case | Resubmission | StatusChange], str] = {
    Case: "cases",
    Resubmission: "resubmissions",
    StatusChange: "status_changes",
}


def occur(cursor: sqlite3.Cursor, occurrence: Occurrence) -> None:
    """Record what happened; what is recorded already stays as it is."""
    cursor.execute(
        "INSERT OR IGNORE INTO occurrences (id, order_id, handled, data) VALUES (?, ?, 0, ?)",
        (occurrence.id, occurrence.order_id, dump(occurrence)),
    )


def keyed(cursor: sqlite3.Cursor, key: str, content: str) -> Cancellation | None:
    """The wish of a key. Raises ConflictError where the key was used for another content."""
    row = cursor.execute(
        "SELECT keys.content, data FROM keys JOIN cancellations ON id = cancellation_id WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return None
    if row[0] != content:
        raise ConflictError(
            "this key was used for another cancellation", place=f"key {key!r}", remedy="use a new key for a new wish"
        )
    return load(row[1], Cancellation)


def under_way(cursor: sqlite3.Cursor, cases: Sequence[Case]) -> Cancellation | None:
    """The wish that has an open case at a place where one of these would be opened."""
    for case in cases:
        row = cursor.execute(
            "SELECT cancellations.data FROM cases JOIN cancellations ON cancellations.id = cancellation_id"
            " WHERE cases.order_id = ? AND connection = ? AND due_at IS NOT NULL",
            (case.order_id, case.connection),
        ).fetchone()
        if row is not None:
            return load(row[0], Cancellation)
    return None


def resubmitted(
    cursor: sqlite3.Cursor,
    wanted: Resubmission,
    earlier: Callable[[Sequence[Resubmission]], Resubmission | None] | None,
) -> Resubmission | None:
    """The resubmission to go on with in place of a new one: what `earlier` says, else that of the same number there."""
    rows = cursor.execute(
        "SELECT data FROM resubmissions WHERE original_id = ? ORDER BY number", (wanted.original_id,)
    ).fetchall()
    known = earlier([load(row[0], Resubmission) for row in rows]) if earlier is not None else None
    if known is not None:
        return known
    row = cursor.execute(
        "SELECT data FROM resubmissions WHERE order_number = ? AND connection = ?",
        (wanted.order_number, wanted.connection),
    ).fetchone()
    return load(row[0], Resubmission) if row is not None else None


def changing(case: Case) -> tuple[str, int, int | None, str]:
    """The columns of a case that change."""
    return case.state.value, case.version, due_of(case), dump(case)


def update_of(change: Write) -> tuple[str, tuple[object, ...]]:
    """The statement that applies a change, and its values."""
    before, after = change.before, change.after
    if isinstance(after, Case):
        update = "UPDATE cases SET state = ?, version = ?, due_at = ?, data = ? WHERE id = ? AND version = ?"
        return update, (*changing(after), before.id, before.version)
    update = f"UPDATE {TABLES[type(after)]} SET version = ?, due_at = ?, data = ? WHERE id = ? AND version = ?"  # noqa: S608 - a constant
    return update, (after.version, due_of(after), dump(after), before.id, before.version)


def due_of(work: Work) -> int | None:
    """When a work is due, as its row holds it."""
    return stamp(work.due_at) if work.due_at is not None else None


def work_of(data: str, kind: type[Work]) -> Work:
    """A piece of work from its row."""
    if kind is Case:
        return load(data, Case)
    return load(data, Resubmission) if kind is Resubmission else load(data, StatusChange)


INSERT_LINE = "INSERT INTO history (subject_id, attempt, at, kind, data) VALUES (?, ?, ?, ?, ?)"


def lines_of(work: Work, entries: Sequence[Content]) -> list[tuple[str, int, int, str, str]]:
    """The rows of a history, in order."""
    lines = []
    for content in entries:
        at = work.updated_at if isinstance(content, str) else _at(content)
        lines.append((work.id, work.attempt, stamp(at), kind_of(content).value, data_of(content)))
    return lines


def _at(content: Event | Intent | Exchange) -> datetime:
    return content.ended_at if isinstance(content, Exchange) else content.at


def mark_of(cursor: sqlite3.Cursor, order_id: str) -> str:
    """What differs as soon as anything about an order has changed."""
    row = cursor.execute(
        "SELECT (SELECT count(*) || '/' || total(version) FROM cases WHERE order_id = ?1),"
        " (SELECT count(*) || '/' || total(version) FROM resubmissions WHERE original_id = ?1),"
        " (SELECT count(*) FROM registrations WHERE json_extract(data, '$.order_id') = ?1)",
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
        remedy = "wait until that is settled: `orderdesk work --until-idle`"
        return UnderWayError(f"it is being set to {known.status!r}", place=place, remedy=remedy)
    return ConflictError("this key was used for another status", place=place, remedy="use a new key for a new wish")
