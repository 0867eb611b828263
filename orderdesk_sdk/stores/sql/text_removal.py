"""Removes the personal texts of an order from a ledger; what happened, when and on which proof stays verified."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from orderdesk_sdk.cases.audit import order_subject
from orderdesk_sdk.cases.events import OrderEvent, RuleExecution
from orderdesk_sdk.cases.history import HistoryEntryKind
from orderdesk_sdk.errors import InvalidStateError
from orderdesk_sdk.stores.hash_chain import chain_entry
from orderdesk_sdk.stores.personal_texts import REMOVED
from orderdesk_sdk.stores.serialization import dump, load, pack_entry, to_microseconds
from orderdesk_sdk.stores.sql.audit_log import remove_audit_texts
from orderdesk_sdk.stores.sql.chain_appender import ChainAppender
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.eligibility_readings import remove_readings_of
from orderdesk_sdk.stores.sql.inbound_messages import remove_message_texts
from orderdesk_sdk.stores.sql.kept_replies import remove_replies_about
from orderdesk_sdk.stores.sql.receipt_links import remove_links_to_receipt

__all__ = ["remove_texts", "without_rule_texts"]


def remove_texts(cursor: Cursor, links: ChainAppender, order_id: str, *, by: str, at: datetime) -> int:
    """Remove every personal text of an order; of how many histories. The removal is a line of each of them.

    Raises InvalidStateError while anything about it is open: what is under way needs its texts.
    """
    subjects = cursor.execute("SELECT number, id, link, due_at FROM cases WHERE order_id = ?", (order_id,)).fetchall()
    for _, subject_id, _, due_at in subjects:
        if due_at is not None:
            raise InvalidStateError(
                "a case of this order is open and needs its texts",
                location=subject_id,
                hint="settle the case first: see `orderdesk cases`",
            )
    remove_message_texts(cursor, order_id)
    remove_audit_texts(cursor, order_subject(order_id), by=by, at=at)
    remove_replies_about(cursor, order_id)
    remove_links_to_receipt(cursor, order_id)
    remove_readings_of(cursor, order_id)
    for number, subject_id, link, _ in subjects:
        said = pack_entry(f"personal texts were removed by {by}")
        line = chain_entry(subject_id, 0, to_microseconds(at), HistoryEntryKind.REMOVED.value, said)
        cursor.execute("UPDATE history SET texts = NULL WHERE subject_id = ?", (subject_id,))
        cursor.execute(
            "UPDATE cases SET texts = NULL, link = ? WHERE number = ?", (links.add(link, [line], None), number)
        )
    links.write()
    cursor.execute("UPDATE cancellations SET texts = NULL WHERE order_id = ?", (order_id,))
    cursor.execute(
        "UPDATE keys SET content = ? WHERE cancellation_id IN (SELECT id FROM cancellations WHERE order_id = ?)",
        (REMOVED, order_id),
    )
    _remove_rule_texts(cursor, order_id)
    return len(subjects)


def without_rule_texts(data: str) -> str:
    """What a rule did, as it is stored, without personal texts."""
    execution = load(data, RuleExecution)
    return dump(evolve(execution, message=REMOVED, error=REMOVED if execution.error is not None else None))


def _remove_rule_texts(cursor: Cursor, order_id: str) -> None:
    rows = cursor.execute("SELECT number, data FROM rule_executions WHERE order_id = ?", (order_id,)).fetchall()
    for number, data in rows:
        cursor.execute("UPDATE rule_executions SET data = ? WHERE number = ?", (without_rule_texts(data), number))
    rows = cursor.execute(
        "SELECT number, data FROM order_events WHERE order_id = ? AND handled = 1", (order_id,)
    ).fetchall()
    for number, data in rows:
        occurrence = load(data, OrderEvent)
        facts = {name: REMOVED if name == "by" else value for name, value in occurrence.field_values.items()}
        cursor.execute(
            "UPDATE order_events SET data = ? WHERE number = ?", (dump(evolve(occurrence, field_values=facts)), number)
        )
