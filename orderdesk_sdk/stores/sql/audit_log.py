"""The rows of the audit log: appended to a hash chain of their own, read, verified, and freed of their texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

from orderdesk_sdk.cases.audit import AuditAction, AuditEntry, AuditRecord
from orderdesk_sdk.cases.integrity import IntegrityFlaw
from orderdesk_sdk.stores.hash_chain import FIRST, chain_entry, link_after
from orderdesk_sdk.stores.personal_texts import StoredRecord, seal
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.ledger_tables import rows_of

__all__ = ["append_audit", "audit_count", "audit_flaws", "read_audit", "remove_audit_texts"]

_ONE = 1
"""The key of the row that names the end of the chain."""
_TEXTS = ("subject", "detail", "address")
_COLUMNS = "sequence, actor, action, at, data, sealed, texts"
_LAST_SEQUENCE = 2**63 - 1


def append_audit(cursor: Cursor, record: AuditRecord, data: str = "") -> None:
    """Add a record to the log, within the caller's transaction.

    Args:
        data: what else the chain is to prove of it.
    """
    cursor.execute("INSERT INTO audit_head (id, count, link) VALUES (?, 0, ?) ON CONFLICT DO NOTHING", (_ONE, FIRST))
    count, link = cursor.execute("SELECT count, link FROM audit_head WHERE id = ?", (_ONE,)).fetchone()
    texts = {name: text for name in _TEXTS if (text := _storable(getattr(record, name)))}
    content = StoredRecord(data, *seal(texts))
    line = chain_entry(_storable(record.actor), 0, to_microseconds(record.at), record.action.value, content)
    link = link_after(bytes(link), count + 1, line.digest, None)
    cursor.execute(
        "INSERT INTO audit_log (sequence, actor, action, at, data, link, sealed, texts, subject)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (count + 1, line.subject_id, line.kind, line.at, data, link, line.sealed, line.texts, texts.get("subject")),
    )
    cursor.execute("UPDATE audit_head SET count = ?, link = ? WHERE id = ?", (count + 1, link, _ONE))


def read_audit(cursor: Cursor, limit: int, before: int | None, subject: str | None) -> tuple[AuditEntry, ...]:
    """Records, the newest first; see `AuditLog.audit_entries`."""
    end = before if before is not None else _LAST_SEQUENCE
    where, given = ("subject = ? AND ", (_storable(subject),)) if subject is not None else ("", ())
    rows = cursor.execute(
        f"SELECT {_COLUMNS} FROM audit_log WHERE {where}sequence < ?"  # noqa: S608 - constants
        " ORDER BY sequence DESC LIMIT ?",
        (*given, end, limit),
    ).fetchall()
    return tuple(map(_entry_of, rows))


def remove_audit_texts(cursor: Cursor, subject: str, *, by: str, at: datetime) -> int:
    """Remove the texts of all records about a subject; how many. A line of the log says of which."""
    rows = cursor.execute("SELECT sequence FROM audit_log WHERE subject = ?", (_storable(subject),)).fetchall()
    if rows:
        cursor.execute("UPDATE audit_log SET texts = NULL, subject = NULL WHERE subject = ?", (_storable(subject),))
        record = AuditRecord(actor=by, action=AuditAction.TEXTS_REMOVED, at=at)
        append_audit(cursor, record, json.dumps([row[0] for row in rows]))
    return len(rows)


def audit_count(cursor: Cursor) -> int:
    """How many records there are."""
    row = cursor.execute("SELECT count FROM audit_head WHERE id = ?", (_ONE,)).fetchone()
    return int(row[0]) if row is not None else 0


def audit_flaws(cursor: Cursor) -> Iterator[IntegrityFlaw]:
    """What is not as it was written, in bounded memory but for the numbers of lines without texts.

    The caller holds a snapshot.
    """
    row = cursor.execute("SELECT count, link FROM audit_head WHERE id = ?", (_ONE,)).fetchone()
    count, head = (row[0], bytes(row[1])) if row is not None else (0, FIRST)
    link, last = FIRST, 0
    gone: set[int] = set()
    for sequence, actor, action, at, data, its_link, sealed, texts, subject in rows_of(
        cursor, "audit_log", "sequence", "actor, action, at, data, link, sealed, texts, subject"
    ):
        last += 1
        line = chain_entry(actor, 0, at, action, StoredRecord(data, None, _bytes(sealed) or None))
        if sequence != last or link_after(link, sequence, line.digest, None) != _bytes(its_link):
            yield _flaw(f"line {last} is not as it was written, or is gone")
            return
        link = _bytes(its_link)
        if action == AuditAction.TEXTS_REMOVED.value and data:
            gone.difference_update(json.loads(data))
        if texts is None and sealed is not None:
            gone.add(sequence)
        elif _seal(texts) != _bytes(sealed) or _texts_of(texts).get("subject") != subject:
            yield _flaw(f"the text of line {sequence} is not as it was written")
    if (last, link) != (count, head):
        yield _flaw(f"it ends with line {last}, and there were {count}" if last != count else "its end was changed")
    for sequence in sorted(gone)[:1]:
        yield _flaw(f"the text of line {sequence} is gone, and nothing says who removed it")


def _flaw(text: str) -> IntegrityFlaw:
    return IntegrityFlaw(None, f"audit log: {text}")


def _entry_of(row: Any) -> AuditEntry:
    sequence, actor, action, at, _, sealed, texts = row
    told = _texts_of(texts)
    record = AuditRecord(
        actor=actor,
        action=AuditAction(action),
        at=from_microseconds(at),
        **{name: told.get(name, "") for name in _TEXTS},
    )
    return AuditEntry(sequence, record, texts_removed=sealed is not None and texts is None)


def _texts_of(texts: str | None) -> dict[str, str]:
    return dict(json.loads(texts)) if texts is not None else {}


def _storable(text: str) -> str:
    """A text without half surrogate pairs, which no digest can be made of."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _seal(texts: str | None) -> bytes:
    return sha256(texts.encode("utf-8", "surrogatepass")).digest() if texts is not None else b""


def _bytes(found: object) -> bytes:
    """A digest as it is stored; whatever else stands there is none."""
    return bytes(found) if isinstance(found, bytes | memoryview) else b""
