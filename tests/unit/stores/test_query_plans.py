"""Nothing that a ledger or an order store is asked reads through a table that grows, but what is listed here.

Every method is called, and the plan of every statement that this runs is asked for.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.orders.store import OrderStore
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from tests.support.builders import NOW
from tests.support.ledger_calls import read_everything, write_everything
from tests.support.ledgers import SqlLedger

GROWING = (
    "cases",
    "cancellations",
    "history",
    "keys",
    "order_events",
    "rule_executions",
    "messages",
    "inbound_messages",
    "own_moves",
    "archives",
    "archived_histories",
    "archived_links",
    "answer_links",
    "store_numbers",
    "store_statuses",
    "watched_orders",
    "user_sessions",
    "sign_in_links",
    "sign_in_attempts",
    "audit_log",
    "seen_alarms",
    "bulk_lists",
    "kept_replies",
    "event_deliveries",
    "receipt_links",
)
GROWING_ORDERS = ("orders", "remote_orders", "order_history", "order_links", "order_terms", "changed_orders")

ALLOWED = {
    "SELECT count(*) FROM history": "`orderdesk ledger verify` reads everything",
    "SELECT coalesce(sum(length(links)), 0) FROM archived_links": "as the one before",
    "SELECT 1 FROM order_events WHERE handled = 0": "by an index of those alone that no rule has looked at yet",
    "SELECT number, id, kind, data, texts FROM cases WHERE number > ? AND due_at IS NOT NULL": (
        "read once after a ledger was restored, and every open case may have been sent since"
    ),
    "SELECT id, data FROM order_events WHERE handled = 0": "by an index of those alone that no rule has looked at yet",
    "SELECT number, data FROM order_events WHERE order_id = ? AND handled = 1": "as the next one",
    "UPDATE keys SET content": "personal texts of an order are removed rarely, and an index would cost every cancel",
    "SELECT 1 FROM changed_orders LIMIT 1": "one row",
    "SELECT number, id FROM orders ORDER BY seq DESC LIMIT ?": "only as many of the newest as the limit says",
    "SELECT order_id, number, at, data FROM rule_executions ORDER BY number DESC LIMIT ?": "as the one before",
}
"""Statements, by how they begin, that read through a table, and why they may."""
A_PAGE = re.compile(r"SELECT [^()]+ FROM \w+\s+(WHERE \w+ > \?)? ?ORDER BY \w+ LIMIT [?\d]+")
"""What reads through a table a bounded number of rows at a time, going on where it ended."""


class Recorder:
    """The statements that were run, each once."""

    def __init__(self) -> None:
        self.statements: dict[str, tuple[object, ...]] = {}

    def connection(self) -> type[sqlite3.Connection]:
        """A class of connections whose cursors record what they run."""
        statements = self.statements

        class Cursor(sqlite3.Cursor):
            def execute(self, sql: str, parameters: Any = (), /) -> Cursor:
                statements.setdefault(sql, tuple(parameters))
                super().execute(sql, parameters)
                return self

            def executemany(self, sql: str, rows: Iterable[Any], /) -> Cursor:
                rows = list(rows)
                if rows:
                    statements.setdefault(sql, tuple(rows[0]))
                super().executemany(sql, rows)
                return self

        class Connection(sqlite3.Connection):
            def cursor(self, factory: Any = Cursor) -> Any:
                return super().cursor(factory)

            def execute(self, sql: str, parameters: Any = (), /) -> Any:
                return self.cursor().execute(sql, parameters)

            def executemany(self, sql: str, rows: Iterable[Any], /) -> Any:
                return self.cursor().executemany(sql, rows)

        return Connection


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder()
    connect = sqlite3.connect
    monkeypatch.setattr("sqlite3.connect", lambda *args, **named: connect(*args, **named, factory=made.connection()))
    return made


class Called:
    """Passes calls on, and knows of which methods."""

    def __init__(self, called: object) -> None:
        self._called = called
        self.names: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.names.add(name)
        return getattr(self._called, name)


def walks(path: Path, recorder: Recorder, growing: Sequence[str]) -> list[str]:
    """The statements that read through one of these tables and may not, each with its plan."""
    found: list[str] = []
    with closing(sqlite3.connect(path)) as db:
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert set(growing) <= tables, "tables have other names now"
        for sql, parameters in tuple(recorder.statements.items()):
            if A_PAGE.fullmatch(sql) or any(sql.startswith(start) for start in ALLOWED):
                continue
            if sql.startswith(("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")):
                plan = [str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
                if any(_is_walk(step.split(), growing) or _is_wide(sql, step) for step in plan):
                    found.append(f"{sql}: {plan}")
    return found


def _is_walk(step: Sequence[str], growing: Sequence[str]) -> bool:
    return len(step) > 1 and step[1] in growing and (step[0] == "SCAN" or step[-1] == "(rowid>?)")


def _is_wide(sql: str, step: str) -> bool:
    """Whether what is asked of one order is looked for among all that is open somewhere."""
    return ("order_id = ?" in sql or "cancellation_id = ?" in sql) and any(
        f" {index} " in step for index in ("cases_due", "cases_by_state")
    )


def public_methods(protocol: type) -> set[str]:
    """What a protocol asks for."""
    protocols = [one for one in protocol.__mro__ if one.__module__.startswith("orderdesk_sdk")]
    return {name for one in protocols for name in vars(one) if not name.startswith("_")}


def test_a_ledger_reads_through_no_table_that_grows(tmp_path: Path, recorder: Recorder) -> None:
    path = tmp_path / "ledger.db"
    with closing(SqliteLedger(path)) as opened:
        recorder.statements.clear()
        called = Called(opened)
        ledger = cast("SqliteLedger", called)
        write_everything(ledger)
        read_everything(ledger)
        ledger.remove_personal_texts("1", by="Ann", at=NOW)
        for event in ledger.pending_events(10):
            ledger.discard_event(event)
        old = tmp_path / "old.jsonl"
        assert ledger.archive(NOW + hours(1000), old, by="Ann", at=NOW).case_count
        ledger.archived("1")
        ledger.remove_archived_texts(old, by="Ann", at=NOW)
        assert list(ledger.find_archive_flaws(old)) == []
        read_everything(ledger)
    assert public_methods(Ledger) - {"close"} <= called.names
    assert walks(path, recorder, GROWING) == []


def test_every_database_understands_every_statement(ledger: SqlLedger) -> None:
    write_everything(ledger)
    read_everything(ledger)
    ledger.remove_personal_texts("1", by="Ann", at=NOW)
    assert list(ledger.find_flaws()) == []


def test_an_order_store_reads_through_no_table_that_grows(tmp_path: Path, recorder: Recorder) -> None:
    path = tmp_path / "orders.db"
    with SqliteOrderStore(path, clock=VirtualClock()) as opened:
        recorder.statements.clear()
        called = Called(opened)
        use_everything(cast("SqliteOrderStore", called))
    names = {name for name, method in vars(SqliteOrderStore).items() if callable(method) and not name.startswith("_")}
    assert (public_methods(OrderStore) | names) - {"close"} <= called.names
    assert walks(path, recorder, GROWING_ORDERS) == []


def use_everything(store: SqliteOrderStore) -> None:
    """Every method of an order store."""
    store.import_orders([Order("1", "A"), Order("2", "A", folder_id=1), Order("3", "2")], by="Ann")
    store.import_orders([Order("1", "B"), Order("2", "A", email="x@example.com")], by="Ann")
    store.claim_number("id:2", by="Ann")
    for ref in ("1", "id:1", "number:B"):
        store.get_order(ref)
        store.registered_order(ref)
    with pytest.raises(NotFoundError):
        store.get_order("unknown")
    for text in (None, "ann", "ann 12", "a"):
        store.search_orders(text)
        store.search_orders(text, "New")
        store.search_orders(text, after="1")
        store.search_orders(text, "New", after="1")
    store.find_orders(["1", "2"])
    store.folder_names()
    remote = RemoteOrder("shop", "R-1", NOW, ConnectionRole.FULFILLMENT)
    store.add_remote_order("id:1", remote, by="Ann")
    store.remote_orders("1")
    store.find_by_remote_id("shop", "R-1")
    store.record_status("1", "shop", "open", NOW)
    store.next_free_number("B")
    copy = store.duplicate("id:1", by="Ann")
    store.duplicate(f"id:{copy.id}", by="Ann", number="free")
    store.original_of(copy.id)
    store.duplicates_of("1")
    store.folders()
    store.create_folder("Another")
    store.folder_of("id:1")
    store.resolve_folder_name("another")
    store.move("id:1", "another", by="Ann")
    store.add_history("id:1", "a note", by="Ann")
    store.history("id:1")
    store.remove_texts("id:1", by="Ann")
