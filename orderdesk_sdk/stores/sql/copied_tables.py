"""The tables that a copy of a ledger takes along, and how their rows go from one database to another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen

from orderdesk_sdk.stores.sql.database import Cursor

__all__ = ["LEDGER_TABLES", "NOT_COPIED", "ORDER_TABLES", "CopiedTable", "copy_rows", "count_rows"]

_PAGE = 500


@frozen
class CopiedTable:
    """A table whose rows are copied.

    Args:
        key: the columns, the first ones, by which its rows have an order and each has its own place.
        counts: the key is a number that the database gives to new rows.
        later: a column that names another row of the table, written when all are there.
    """

    name: str
    columns: tuple[str, ...]
    key: int = 1
    counts: bool = False
    later: str | None = None


def _table(name: str, columns: str, key: int = 1, *, counts: bool = False, later: str | None = None) -> CopiedTable:
    return CopiedTable(name, tuple(columns.split()), key, counts, later)


LEDGER_TABLES: Final = (
    _table("cancellations", "id order_id data texts sealed"),
    _table("keys", "key content cancellation_id"),
    _table("history", "sequence subject_id attempt at kind link state sealed data texts"),
    _table(
        "cases",
        "number id kind key cancellation_id order_id connection state version due_at data texts sealed link",
    ),
    _table("registrations", "number id order_id data", counts=True),
    _table("messages", "connection digest at done", 2),
    _table(
        "inbound_messages",
        "number id purpose connection subject digest received_at kind event_id order_id state attempts tries next_try"
        " result request",
        counts=True,
    ),
    _table("own_moves", "order_id folder at"),
    _table("order_watch", "id looked_until next_look"),
    _table("watched_orders", "order_id entries is_in"),
    _table("seen_alarms", "case_id seen_by at"),
    _table("answer_links", "digest case_id attempt answer expires_at used_at"),
    _table("stored_configuration", "id version"),
    _table(
        "stored_connections",
        "name integration settings secrets_set sealed cancel_requests is_enabled version changed_by changed_at",
    ),
    _table("stored_rules", "number name version content state tested changed_by changed_at", counts=True),
    _table("bulk_lists", "key requested_by reason requested_at orders refused finished_at"),
    _table("kept_replies", "caller key operation digest order_id begun_at attempt status reply", 2),
    _table("receipt_links", "id digest order_id created_by created_at expires_at revoked_by revoked_at"),
    _table("event_endpoints", "id url types connections sealed line created_by created_at disabled_reason version gap"),
    _table(
        "event_deliveries",
        "endpoint_id sequence type case_id body created_at state attempts tries next_try last_status last_problem"
        " tried_at",
        2,
    ),
    _table("call_counts", "connection operation day calls", 3),
    _table("eligibility_readings", "order_id connection read_at data", 3),
    _table("order_events", "number id order_id handled data", counts=True),
    _table("rule_executions", "number occurrence_id order_id at data", counts=True),
    _table("archives", "id name digest made_by at", counts=True),
    _table("archived_histories", "subject_id first last count link archive", 2),
    _table("archived_links", "first links"),
    _table("store_numbers", "store connection remote_id order_id", 3),
    _table("store_statuses", "store order_id connection status at", 3),
    _table(
        "users",
        "id name name_key role is_disabled password_hash version created_at identity identity_key last_sign_in",
    ),
    _table("api_tokens", "name digest role connections created_at created_by expires_at revoked_at last_used_at"),
    _table("audit_log", "sequence actor action at data link sealed texts subject"),
    _table("audit_head", "id count link"),
)
"""Of the ledger; its one row of `chain` and its epochs go by themselves."""
ORDER_TABLES: Final = (
    _table("folders", "id name", counts=True),
    _table("orders", "seq id number folder_id document number_owner", counts=True, later="number_owner"),
    _table("remote_orders", "order_id connection remote_id role submitted_at status status_at", 2),
    _table("order_links", "copy_id original_id"),
    _table("order_history", "seq order_id at by text", counts=True),
)
"""Of the embedded order store, in the order in which they refer to each other."""
NOT_COPIED: Final = frozenset(
    {"chain", "ledger_epochs", "workers", "user_sessions", "sign_in_links", "sign_in_attempts"}
    | {"changed_orders", "order_terms"}
)
"""Tables that are written anew, or are about the processes and sign-ins of the moment."""


def copy_rows(source: Cursor, target: Cursor, table: CopiedTable) -> int:
    """Copy every row of a table, a page at a time; how many."""
    columns = ", ".join(table.columns)
    insert = f"INSERT INTO {table.name} ({columns}) VALUES ({', '.join('?' * len(table.columns))})"  # noqa: S608 - constants
    late = table.columns.index(table.later) if table.later is not None else None
    count = 0
    for page in _pages(source, table):
        rows = page if late is None else [(*row[:late], None, *row[late + 1 :]) for row in page]
        target.executemany(insert, rows)
        count += len(page)
    if late is not None:
        update = f"UPDATE {table.name} SET {table.later} = ? WHERE {table.columns[0]} = ?"  # noqa: S608 - constants
        for page in _pages(source, table):
            named = [(row[late], row[0]) for row in page if row[late] is not None]
            if named:
                target.executemany(update, named)
    return count


def count_rows(cursor: Cursor, table: CopiedTable) -> int:
    """How many rows a table has."""
    return int(cursor.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0])  # noqa: S608 - a constant


def _pages(cursor: Cursor, table: CopiedTable) -> Iterator[list[Any]]:
    columns, key = ", ".join(table.columns), ", ".join(table.columns[: table.key])
    marks = ", ".join("?" * table.key)
    where, last = "", ()
    while True:
        page = cursor.execute(
            f"SELECT {columns} FROM {table.name} {where} ORDER BY {key} LIMIT {_PAGE}",  # noqa: S608 - constants
            last,
        ).fetchall()
        if page:
            yield page
        if len(page) < _PAGE:
            return
        where, last = f"WHERE ({key}) > ({marks})", tuple(page[-1][: table.key])
