"""The rows of a ledger: how cases, histories and order events are written, inside a transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar, cast

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.damaged_rows import parse_row
from orderdesk_sdk.cases.events import OrderEvent
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.history import EntryContent, kind_of
from orderdesk_sdk.cases.ledger import CaseUpdate, OrderChangedError, OrderVersion
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.stores.hash_chain import (
    FIRST,
    ROW_MARK,
    ChainEntry,
    chain_entry,
    row_digest,
    state_of,
)
from orderdesk_sdk.stores.personal_texts import REMOVED, StoredRecord
from orderdesk_sdk.stores.serialization import dump, pack, pack_entry, to_microseconds, unpack
from orderdesk_sdk.stores.sql.chain_appender import ChainAppender
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.known_links import RowLink
from orderdesk_sdk.stores.sql.ledger_tables import COLUMNS, KINDS, cancellation_columns, columns_of

C = TypeVar("C", bound=Case)

__all__ = [
    "CaseParameters",
    "Change",
    "Row",
    "TakenError",
    "append_entries",
    "apply_change",
    "version_conflict",
    "insert_case",
    "insert_case_if_free",
    "insert_cancellation",
    "find_by_key",
    "chain_entries",
    "mark_entry",
    "new_case",
    "opened_rows",
    "order_fingerprint",
    "insert_event",
    "prepare",
    "in_place_of",
    "row_of",
    "find_open_cancellation",
    "cancellation_row",
    "case_of",
]


_INSERT_CASE = (
    f"INSERT INTO cases (number, key, {COLUMNS}, data, texts, sealed, link)"  # noqa: S608 - constants
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_FREE_CASE = f"{_INSERT_CASE} ON CONFLICT DO NOTHING"


CaseParameters = tuple[object, ...]
"""The values of a new case's row."""


class Row(NamedTuple):
    """A row before its number and its place in the chain are known. Made outside of the transaction: it costs most."""

    columns: tuple[str | int | None, ...]
    content: StoredRecord
    digest: bytes


class Change(NamedTuple):
    """A change as it is written."""

    before: Case
    row: Row
    entries: Sequence[ChainEntry]
    order_events: Sequence[OrderEvent]
    fence: OrderVersion | None


def row_of(case: Case) -> Row:
    """The row of a case."""
    return _row(columns_of(case), pack(case))


def cancellation_row(cancellation: Cancellation) -> Row:
    """The row of a cancellation."""
    return _row(cancellation_columns(cancellation), pack(cancellation))


def _row(columns: tuple[str | int | None, ...], content: StoredRecord) -> Row:
    return Row(columns, content, row_digest(columns, content.data, content.sealed))


def prepare(change: CaseUpdate) -> Change:
    """A change as it is written. One without entries is told by a mark, as no row changes beside its history."""
    lines = chain_entries(change.after, change.entries) or [mark_entry(change.after)]
    return Change(change.before, row_of(change.after), lines, change.order_events, change.order_version)


def mark_entry(case: Case, cancellation: Row | None = None) -> ChainEntry:
    """The line that tells nothing but that a row is there; a case's first one also names its cancellation as it is."""
    told = cancellation.digest.hex() if cancellation is not None else ""
    return chain_entry(
        case.id, case.attempt, to_microseconds(case.updated_at), ROW_MARK, StoredRecord(told, None, None)
    )


def insert_cancellation(cursor: Cursor, row: Row) -> None:
    """Add a cancellation."""
    cursor.execute(
        "INSERT INTO cancellations (id, order_id, data, texts, sealed) VALUES (?, ?, ?, ?, ?)",
        (*row.columns, *row.content),
    )


class TakenError(ConflictError):
    """The key or the place of what was to be added is taken; nothing was added."""


def opened_rows(
    cases: Sequence[CancelCase], cancellation: Row, changes: Sequence[CaseUpdate]
) -> list[tuple[Row, list[ChainEntry]]]:
    """The rows of the cases that a cancellation opens, as they are after these changes, and the lines of each."""
    by_id = {change.before.id: change for change in changes}
    rows = []
    for case in cases:
        change, first = by_id.get(case.id), mark_entry(case, cancellation)
        if change is None:
            rows.append((row_of(case), [first]))
        else:
            rows.append((row_of(change.after), [first, *chain_entries(change.after, change.entries)]))
    return rows


def new_case(chain: ChainAppender, row: Row, entries: Sequence[ChainEntry], key: str | None = None) -> CaseParameters:
    """Chain the first lines of a new case, whose number is the sequence of the first; what to add it with then.

    The lines are to be written first: they tell whether the number is free.

    Args:
        key: of a case that is named by one.
    """
    number = chain.count + 1
    link = chain.add(FIRST, entries, state_of(number, row.digest))
    chain.row_links.append(_row_link(row, number, link))
    return number, key, *row.columns, *row.content, link


def insert_case(cursor: Cursor, parameters: CaseParameters) -> None:
    """Add a case, by what `new_case` gave."""
    cursor.execute(_INSERT_CASE, parameters)


def insert_case_if_free(cursor: Cursor, parameters: CaseParameters) -> None:
    """As `insert_case`. Raises TakenError where another case is in its place."""
    if cursor.execute(_INSERT_FREE_CASE, parameters).rowcount != 1:
        raise TakenError("another case is in its place", location=f"case {parameters[2]}")


def apply_change(cursor: Cursor, chain: ChainAppender, change: Change, known: RowLink | None = None) -> None:
    """Change a case and add to its history.

    Args:
        known: where its history ended, as far as is known; None, or where it is otherwise, reads that.

    Raises ConflictError where it is no longer the version that was read, OrderChangedError where the order has changed.
    """
    before, fence = change.before, change.fence
    if fence is not None and order_fingerprint(cursor, fence.order_id) != fence.token:
        raise OrderChangedError(
            "the order was changed by another process", location=before.id, hint="read the order again"
        )
    if known is not None and _update_case(cursor, chain, change, known):
        return
    found = cursor.execute(
        "SELECT number, link FROM cases WHERE id = ? AND version = ?", (before.id, before.version)
    ).fetchone()
    if found is None or not _update_case(cursor, chain, change, RowLink(before.id, before.version, *found)):
        raise version_conflict(before)


def _update_case(cursor: Cursor, chain: ChainAppender, change: Change, row: RowLink) -> bool:
    """Change a case whose row is this one; False where it is another."""
    mark = chain.mark()
    link = chain.add(row.link, change.entries, state_of(row.number, change.row.digest))
    updated = cursor.execute(
        "UPDATE cases SET state = ?, version = ?, due_at = ?, data = ?, texts = ?, sealed = ?, link = ?"
        " WHERE number = ? AND id = ? AND version = ? AND link = ?",
        (*change.row.columns[-3:], *change.row.content, link, row.number, row.case_id, row.version, row.link),
    )
    if updated.rowcount != 1:
        chain.take_back(mark)
        return False
    chain.row_links.append(_row_link(change.row, row.number, link))
    return True


def _row_link(row: Row, number: int, link: bytes) -> RowLink:
    case_id, version = row.columns[0], row.columns[-2]
    assert isinstance(case_id, str)
    assert isinstance(version, int)
    return RowLink(case_id, version, number, link)


def append_entries(
    cursor: Cursor, chain: ChainAppender, case: Case, entries: Sequence[ChainEntry], *, fenced: bool
) -> None:
    """Add to a case's history alone. Raises ConflictError where it is gone, or (fenced) no longer the version read."""
    found = cursor.execute("SELECT number, link, version FROM cases WHERE id = ?", (case.id,)).fetchone()
    if found is None or (fenced and found[2] != case.version):
        raise version_conflict(case)
    cursor.execute("UPDATE cases SET link = ? WHERE number = ?", (chain.add(found[1], entries, None), found[0]))


def insert_event(cursor: Cursor, event: OrderEvent) -> None:
    """Record what happened; what is recorded already stays as it is."""
    cursor.execute(
        "INSERT INTO order_events (id, order_id, handled, data) VALUES (?, ?, 0, ?) ON CONFLICT DO NOTHING",
        (event.id, event.order_id, dump(event)),
    )


def find_by_key(cursor: Cursor, key: str, content: str) -> Cancellation | None:
    """The cancellation of a key. Raises ConflictError where the key was used for another content."""
    row = cursor.execute(
        "SELECT keys.content, data, texts FROM keys JOIN cancellations ON id = cancellation_id WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return None
    if row[0] not in (content, REMOVED):
        raise ConflictError(
            "this key was used for another cancellation",
            location=f"key {key!r}",
            hint="use a new key for a new request",
        )
    return unpack(Cancellation, row[1], row[2])


def find_open_cancellation(cursor: Cursor, cases: Sequence[CancelCase]) -> Cancellation | None:
    """The cancellation that has an open case at a place where one of these would be opened."""
    for case in cases:
        row = cursor.execute(
            "SELECT cancellations.data, cancellations.texts"
            " FROM cases JOIN cancellations ON cancellations.id = cancellation_id"
            # The index of open cases says that they are no resubmissions, and is used where a statement says the same.
            # By another one, all that is open at the connection would be looked through.
            " WHERE cases.order_id = ? AND connection = ? AND due_at IS NOT NULL"
            " AND kind = 'cancel' AND kind <> 'resubmission'",
            (case.order_id, case.connection),
        ).fetchone()
        if row is not None:
            return unpack(Cancellation, *row)
    return None


def in_place_of(
    cursor: Cursor, wanted: C, key: str | None, instead: Callable[[Sequence[C]], C | None] | None
) -> C | None:
    """The case to go on with in place of a new one: that of the same key, else what `instead` says."""
    row = cursor.execute(
        "SELECT kind, data, texts FROM cases WHERE kind = ? AND key = ?", (wanted.kind, key)
    ).fetchone()
    if row is not None:
        return cast("C", case_of(*row))
    if instead is None:
        return None
    rows = cursor.execute(
        "SELECT kind, data, texts FROM cases WHERE order_id = ? AND kind = ? ORDER BY number",
        (wanted.order_id, wanted.kind),
    ).fetchall()
    return instead([cast("C", case_of(*row)) for row in rows])


def case_of(kind: str, data: str, texts: str | None) -> Case:
    """A case from its row. Raises DamagedRowError."""
    return unpack(parse_row(lambda: KINDS[kind]), data, texts)


def chain_entries(case: Case, entries: Sequence[EntryContent]) -> list[ChainEntry]:
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


def order_fingerprint(cursor: Cursor, order_id: str) -> str:
    """What differs as soon as anything about an order has changed."""
    row = cursor.execute(
        "SELECT (SELECT count(*) || '/' || coalesce(sum(version), 0) FROM cases WHERE order_id = ? AND kind <> ?),"
        " (SELECT count(*) FROM registrations WHERE order_id = ?)",
        (order_id, StatusCase.kind, order_id),
    ).fetchone()
    return " ".join(map(str, row))


def version_conflict(case: Case) -> ConflictError:
    """What to raise where a case is no longer the version that was read."""
    return ConflictError(
        "Version conflict: the record was changed by another process",
        location=case.id,
        hint="read the record again and decide on its present state",
    )
