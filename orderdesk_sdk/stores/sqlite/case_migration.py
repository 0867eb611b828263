"""How the cancels, resubmissions and status changes of version 0.1 become cases of one table: a step of a migration.

No line of a history is written anew. Each row that was what its history leads to is bound to it anew, by one more line
that says what the row is from here on; one that was not stays a flaw. Bounded memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.stores.hash_chain import ROW_MARK, chain_entry, row_digest, state_of
from orderdesk_sdk.stores.personal_texts import REMOVED, StoredRecord, join_texts, split_texts
from orderdesk_sdk.stores.sql.chain_appender import ChainAppender
from orderdesk_sdk.stores.sqlite.version_0_1 import COLUMNS, TABLES
from orderdesk_sdk.stores.stored_names import STATES

__all__ = ["unite_cases"]

_BATCH_SIZE = 1000
_PAGE_SIZE = 500
_PAGE = """SELECT * FROM (
    SELECT 'cases' AS source, number FROM cases WHERE number > ?1
    UNION ALL SELECT 'resubmissions', number FROM resubmissions WHERE number > ?1
    UNION ALL SELECT 'status_changes', number FROM status_changes WHERE number > ?1
) ORDER BY number, source LIMIT 500"""
_INSERT = """INSERT INTO cases_anew (
    number, key, id, kind, cancellation_id, order_id, connection, state, version, due_at, data, texts, sealed, link
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


class _Row(NamedTuple):
    """A row of one of the three tables as it was."""

    table: str
    number: int
    data: str
    texts: str | None
    sealed: bytes | None
    head: bytes
    key: str | None
    columns: tuple[Any, ...]

    @property
    def case_id(self) -> str:
        """The id of the case."""
        return str(self.columns[0])

    @property
    def named(self) -> dict[str, Any]:
        """The columns by their names."""
        return dict(zip(COLUMNS[self.table].split(", "), self.columns, strict=True))


def unite_cases(db: sqlite3.Connection) -> None:
    """Fill the table `cases_anew` from the three tables, and bind each row to its history."""
    entries = ChainAppender(db.cursor())
    for number, row in enumerate(_rows(db), start=1):
        _add(db, entries, number, row)
        if entries.pending_count >= _BATCH_SIZE:
            entries.write()
    entries.write()
    db.execute("UPDATE chain SET in_use = 0")


def _rows(db: sqlite3.Connection) -> Iterator[_Row]:
    """Every row, oldest first. Several of one number are older than the chain, which made one series of the numbers."""
    last = -(2**63)
    while True:
        page = db.execute(_PAGE, (last,)).fetchall()
        if len(page) == _PAGE_SIZE:  # The rows of one number are not torn apart by the end of a page.
            page = [(table, number) for table, number in page if number < page[-1][1]]
        for table, number in page:
            key_column = "key" if table == "status_changes" else "NULL"
            data, texts, sealed, head, key, *columns = db.execute(
                f"SELECT data, texts, sealed, head, {key_column}, {COLUMNS[table]} FROM {table} WHERE number = ?",  # noqa: S608 - constants
                (number,),
            ).fetchone()
            yield _Row(table, number, data, texts, sealed, head, key, tuple(columns))
        if not page:
            return
        last = page[-1][1]


def _add(db: sqlite3.Connection, entries: ChainAppender, number: int, row: _Row) -> None:
    named = row.named
    content, state = _united(db, row)
    columns = (
        row.case_id,
        TABLES[row.table].kind,
        named.get("cancellation_id"),
        named.get("order_id", named.get("original_id")),
        named["connection"],
        state,
        named["version"],
        named["due_at"],
    )
    key = f"{named['order_number']} at {named['connection']}" if row.table == "resubmissions" else row.key
    link = row.head
    if _is_bound(db, row):
        (at,) = db.execute("SELECT coalesce(max(at), 0) FROM history WHERE subject_id = ?", (row.case_id,)).fetchone()
        mark = chain_entry(row.case_id, 0, at, ROW_MARK, StoredRecord("", None, None))
        bound = state_of(number, row_digest(columns, content.data, content.sealed))
        link = entries.add(row.head, [mark], bound)
    db.execute(_INSERT, (number, key, *columns, *content, link))


def _is_bound(db: sqlite3.Connection, row: _Row) -> bool:
    """Whether a row is what its history leads to."""
    bound = db.execute(
        "SELECT state FROM history WHERE subject_id = ? AND state IS NOT NULL ORDER BY sequence DESC LIMIT 1",
        (row.case_id,),
    ).fetchone()
    return bound is not None and bound[0] == state_of(row.number, row_digest(row.columns, row.data, row.sealed))


def _united(db: sqlite3.Connection, row: _Row) -> tuple[StoredRecord, str]:
    """A row's content as that of a case, and its state. What cannot be read stays as it is: it hurts itself alone."""
    state = str(row.named.get("state", ""))
    kind = TABLES[row.table]
    try:
        texts = json.loads(row.texts) if row.texts is not None else {}
        record = join_texts(row.data, row.texts, kind)
    except Exception:  # noqa: BLE001 - JSON, types and depth of a damaged row fail in every way
        return StoredRecord(row.data, row.texts, row.sealed), STATES.get(state, state)
    if row.table == "cases":
        record.setdefault("requested_by", _requested_by(db, str(row.columns[1])))
    else:
        _complete(db, row, record, texts)
    state = STATES.get(state, state) or str(record.get("state", ""))
    content = split_texts(record, kind)
    is_sound = row.texts is not None and sha256(row.texts.encode("utf-8", "surrogatepass")).digest() == row.sealed
    if is_sound or (row.texts is None and row.sealed is None):
        return content, state
    return StoredRecord(content.data, row.texts, row.sealed), state  # Its texts were removed, or tampered with.


def _requested_by(db: sqlite3.Connection, cancellation_id: str) -> str:
    """Who asked for a cancel, which only its cancellation told."""
    row = db.execute("SELECT data, texts FROM cancellations WHERE id = ?", (cancellation_id,)).fetchone()
    try:
        texts = json.loads(row[1]) if row[1] is not None else {}
        name = json.loads(row[0]).get("asked_by") or texts.get("asked_by", texts.get("requested_by"))
    except (ValueError, TypeError, AttributeError):
        name = None
    return name if isinstance(name, str) else REMOVED


def _complete(db: sqlite3.Connection, row: _Row, record: dict[str, Any], texts: dict[str, str]) -> None:
    """What the record of a status change or a resubmission lacked: order, role, and the evidence of a settled one."""
    named = row.named
    original_id = record.pop("original_id", None)
    order_id = str(record.setdefault("order_id", named.get("original_id", original_id)))
    record.setdefault("role", _role(db, row.table, order_id, str(named["connection"])))
    person = record.pop("person", None)
    if person is not None:
        record["evidence"] = {"kind": EvidenceKind.PERSON.value, "person": person or texts.get("person", REMOVED)}
    elif record.get("state") == "done" and (evidence := _evidence(db, row.case_id)) is not None:
        record["evidence"] = evidence


def _role(db: sqlite3.Connection, table: str, order_id: str, connection: str) -> str:
    """The role of a connection, as a cancel of the same order there tells it; else what is the rule."""
    row = db.execute(
        "SELECT CASE WHEN json_valid(data) THEN json_extract(data, '$.role') END FROM cases"
        " WHERE order_id = ? AND connection = ?",
        (order_id, connection),
    ).fetchone()
    rule = ConnectionRole.CART if table == "status_changes" else ConnectionRole.FULFILLMENT
    return str(row[0]) if row is not None and row[0] is not None else rule.value


def _evidence(db: sqlite3.Connection, case_id: str) -> dict[str, object] | None:
    """What a case rests on that its service has settled: the last response in its history; None where there is none."""
    row = db.execute(
        "SELECT attempt, data FROM history WHERE subject_id = ? AND kind = 'exchange' ORDER BY sequence DESC LIMIT 1",
        (case_id,),
    ).fetchone()
    try:
        intent = json.loads(row[1])["intent"]
        is_read = intent.get("declared_read") or intent["method"] in ("GET", "HEAD", "OPTIONS")
        kind = EvidenceKind.POLLED_STATUS if is_read else EvidenceKind.RESPONSE
        return {"kind": kind.value, "attempt": row[0], "exchange": intent["number"]}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
