"""How what an older ledger holds becomes a part of the hash chain: a step of its migration, in bounded memory."""

from __future__ import annotations

import json
import sqlite3
from typing import cast

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.stores.hash_chain import (
    FIRST,
    ROW_MARK,
    chain_entry,
    head_after,
    link_after,
    row_digest,
    state_of,
)
from orderdesk_sdk.stores.personal_texts import NOTE, StoredRecord, seal, split_texts
from orderdesk_sdk.stores.sql.chain_appender import ChainAppender
from orderdesk_sdk.stores.sql.ledger_tables import CANCELLATION_COLUMNS, rows_of
from orderdesk_sdk.stores.sqlite.version_0_1 import COLUMNS, TABLES
from orderdesk_sdk.stores.stored_names import rename_record

__all__ = ["add_hash_chain"]

_BATCH_SIZE = 1000
_KINDS: dict[str, type] = {"event": Event, "intent": Intent, "exchange": Exchange}


def add_hash_chain(db: sqlite3.Connection) -> None:
    """Split every record, chain every line, and bind every row to its history as it is now."""
    for row in rows_of(db.cursor(), "cancellations", "id", "data"):
        db.execute(
            "UPDATE cancellations SET data = ?, texts = ?, sealed = ? WHERE id = ?",
            (*_split(row[1], Cancellation), row[0]),
        )
    _chain_history(db)
    _bind_rows(db)
    db.execute("UPDATE chain SET in_use = 0")


def _chain_history(db: sqlite3.Connection) -> None:
    count, head = 0, FIRST
    for sequence, subject_id, attempt, at, kind, data in rows_of(
        db.cursor(), "history", "sequence", "subject_id, attempt, at, kind, data"
    ):
        content = _split(data, _KINDS[kind]) if kind in _KINDS else StoredRecord("", *seal({NOTE: data}))
        line = chain_entry(subject_id, attempt, at, kind, content)
        link = link_after(_last_link(db, subject_id), sequence, line.digest, None)
        db.execute(
            "UPDATE history SET data = ?, texts = ?, sealed = ?, link = ? WHERE sequence = ?",
            (*content, link, sequence),
        )
        count, head = sequence, head_after(head, link)
    latest = db.execute("SELECT coalesce(max(at), 0) FROM history").fetchone()[0]
    db.execute("INSERT INTO chain (id, count, head, in_use, latest) VALUES (1, ?, ?, 0, ?)", (count, head, latest))


def _bind_rows(db: sqlite3.Connection) -> None:
    links = ChainAppender(db.cursor())
    for table, kind_of_work in TABLES.items():
        columns = COLUMNS[table]
        for number, data, *values in rows_of(db.cursor(), table, "number", f"data, {columns}"):
            content = _split(data, kind_of_work)
            subject_id = values[0]
            cancellation = _cancellation_digest(db, values[1]) if table == "cases" else ""
            at = db.execute("SELECT coalesce(max(at), 0) FROM history WHERE subject_id = ?", (subject_id,)).fetchone()[
                0
            ]
            state = state_of(number, row_digest(values, content.data, content.sealed))
            mark = chain_entry(subject_id, 0, at, ROW_MARK, StoredRecord(cancellation, None, None))
            link = links.add(_last_link(db, subject_id), [mark], state)
            db.execute(
                f"UPDATE {table} SET data = ?, texts = ?, sealed = ?, head = ? WHERE number = ?",  # noqa: S608 - a constant
                (*content, link, number),
            )
            if links.pending_count >= _BATCH_SIZE:
                links.write()
    links.write()


def _split(data: str, kind: type) -> StoredRecord:
    """A stored record in its two parts. What cannot be read stays as it is: that hurts nobody but itself."""
    try:
        record = json.loads(data)
        if not isinstance(record, dict):
            return StoredRecord(data, None, None)
        return split_texts(rename_record(record, kind), kind)
    except ValueError:
        return StoredRecord(data, None, None)


def _last_link(db: sqlite3.Connection, subject_id: str) -> bytes:
    row = db.execute(
        "SELECT link FROM history WHERE subject_id = ? AND link IS NOT NULL ORDER BY sequence DESC LIMIT 1",
        (subject_id,),
    ).fetchone()
    return cast("bytes", row[0]) if row is not None else FIRST


def _cancellation_digest(db: sqlite3.Connection, cancellation_id: str) -> str:
    """The digest of a cancellation, which the first line of each of its cases holds."""
    row = db.execute(
        f"SELECT {CANCELLATION_COLUMNS}, data, sealed FROM cancellations WHERE id = ?",  # noqa: S608 - our own columns
        (cancellation_id,),
    ).fetchone()
    return row_digest(row[:-2], row[-2], row[-1]).hex() if row is not None else ""
