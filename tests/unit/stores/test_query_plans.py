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
from attrs import evolve

from orderdesk_sdk.cases.answer_links import AnswerLink, LinkAnswer, StoredLink
from orderdesk_sdk.cases.bulk_lists import BulkList
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import OPEN, Case, State
from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind, RuleExecution
from orderdesk_sdk.cases.inbox import SeenAlarm
from orderdesk_sdk.cases.kept_replies import KeptReply, KeyedRequest
from orderdesk_sdk.cases.ledger import CaseUpdate, Ledger
from orderdesk_sdk.cases.messages import InboundMessage, MessageSource, MessageState, OwnMove
from orderdesk_sdk.cases.order_watch import SeenOrder
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.cases.workers import WorkerHeartbeat
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.orders.store import OrderStore
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from orderdesk_sdk.stores.store_records import ServiceStatus
from tests.support.access_calls import read_access, write_access
from tests.support.builders import LATER, NOW, make_cancellation, make_resubmission, open_case
from tests.support.ledgers import SqlLedger
from tests.support.stored_configuration import stored_connection, stored_rule

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
)
GROWING_ORDERS = ("orders", "remote_orders", "order_history", "order_links")

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
    "SELECT number, id FROM orders ORDER BY seq DESC LIMIT ?": "only as many of the newest as the limit says",
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


def write_everything(ledger: SqlLedger) -> None:
    """Every method that writes. Afterwards nothing is open."""
    ledger.on_due(None)
    case = open_case(ledger)
    ledger.alias_key("another key", "content", make_cancellation())
    registration = Registration("r", "1", "shop", NOW)
    ledger.begin_registration(registration)
    version = ledger.order_version("1")
    ledger.append(case, ["a note"], if_unchanged=True)
    after = evolve(case, state=State.CANCELED, due_at=None, version=case.version + 1)
    event = OrderEvent("e", OrderEventKind.CASE_SETTLED, "1", NOW)
    ledger.write(CaseUpdate(case, after, ["settled"], order_version=version, order_events=[event]))
    ledger.discard_registration(registration)
    again, _ = ledger.open_case(make_resubmission(), "key", lambda _: None)
    ledger.open_case(make_resubmission("r2"), "another key", lambda earlier: earlier[0])
    ledger.write(CaseUpdate(again, evolve(again, state=State.DONE, due_at=None, version=again.version + 1)))
    ledger.add_events([evolve(event, id="e2"), evolve(event, id="e3")])
    ledger.complete_event(event, [RuleExecution("rule", "action", "done")], [], NOW)
    ledger.discard_event(evolve(event, id="e2"))
    ledger.record_heartbeat(WorkerHeartbeat("w", "host", 1, NOW, NOW))
    ledger.remove_heartbeat("w")
    link = AnswerLink(case.id, 1, LinkAnswer.CANCELED, LATER)
    ledger.record_links([StoredLink("digest", link)], NOW)
    ledger.mark_links_used(case.id, 1, NOW)
    ledger.mark_alarm_seen(SeenAlarm(case.id, "Ann", NOW))
    ledger.add_bulk_list(BulkList(key="b", requested_by="Ann", reason=None, requested_at=NOW, order_ids=("1",)))
    ledger.finish_bulk_list("b", {1: "no"}, NOW)
    request = KeyedRequest("token 1", "key", "cancel", "digest", "1")
    ledger.begin_request(request, NOW)
    ledger.begin_request(request, LATER)
    ledger.abandon_request(request, 1)
    ledger.finish_request(request, 2, KeptReply(202, "{}"))
    ledger.begin_request(KeyedRequest("token 1", "another", "cancel", "digest"), NOW + hours(25))
    ledger.begin_look(NOW, hours(1))
    seen = [SeenOrder("1", is_in=True)]
    ledger.finish_look(NOW, seen, NOW, max_waiting=100, is_first=True)
    ledger.finish_look(LATER, [SeenOrder("1", is_in=False)], NOW, max_waiting=100, is_first=False)
    ledger.finish_look(LATER, seen, NOW, max_waiting=100, is_first=True)
    write_access(ledger)
    ledger.claim_notifications("shop", ["one", "two"], NOW)
    ledger.complete_notifications("shop", ["one"], ["two"])
    write_messages(ledger)
    ledger.save_stored_connection(stored_connection())
    ledger.save_stored_rule(stored_rule())
    ledger.keep_events(wanted=True)
    records = ledger.store_records("order-desk 1")
    records.keep_numbers("1", [RemoteOrder("shop", "R-1", NOW, ConnectionRole.CART)])
    records.keep_status("1", "shop", ServiceStatus("open", NOW), believed_until=LATER)
    ledger.correct_clock_skew(NOW - hours(1000))


def write_messages(ledger: SqlLedger) -> None:
    """Every method that writes of messages. Afterwards none waits."""
    source = MessageSource.webhook("shop")
    made = InboundMessage(
        id="m1", source=source, subject="1", digest="one", received_at=NOW, order_id="1", next_try_at=NOW
    )
    ledger.store_messages([made, evolve(made, id="m2", digest="two")], 10)
    (first,) = ledger.claim_messages(NOW, NOW + hours(1), 10, without=["other"])
    ledger.update_message(evolve(first, state=MessageState.FAILED, next_try_at=None))
    ledger.restart_message("m1", NOW, by="Ann")
    (first,) = ledger.claim_messages(NOW, NOW + hours(1), 10)
    ledger.update_message(evolve(first, state=MessageState.HANDLED, next_try_at=None))
    (second,) = ledger.claim_messages(NOW, NOW + hours(1), 10)
    ledger.discard_message(second)
    ledger.remove_old_messages(NOW)
    ledger.record_own_move(OwnMove("1", "Canceled", NOW))


def read_everything(ledger: SqlLedger) -> None:
    """Every method that reads, with everything that narrows."""
    kinds: tuple[type[Case], ...] = (Case, CancelCase, ResubmitCase, StatusCase)
    for kind in kinds:
        for states in ((), (State.PENDING,), tuple(OPEN)):
            first = ledger.cases(kind, states=states, limit=1)
            ledger.cases(kind, states=states, limit=1, after=first[0] if first else None)
            ledger.cases(kind, order_id="1", states=states)
            ledger.cases(kind, order_id="1", connection="shop", states=states)
            ledger.cases(kind, cancellation_id="c1", states=states)
        ledger.cases(kind, connection="shop", states=[State.PENDING], limit=1)
    ledger.find_by_key("key 1", "content")
    ledger.cancellations_by_key("key ", after="key 0")
    ledger.registrations()
    ledger.registrations(order_id="1")
    case = ledger.case("c1-1", CancelCase)
    ledger.cancellations("1")
    ledger.order_record("1", original_id="0")
    ledger.due_connections(NOW)
    ledger.due(NOW, 10)
    ledger.due(NOW, 10, connection="shop", after=evolve(case, due_at=NOW))
    ledger.release_due(ledger.reserve_due(NOW, 10, connection="shop"))
    ledger.next_due()
    ledger.damaged()
    ledger.look_for_damage()
    ledger.history(case.id)
    ledger.history(case.id, limit=1, after=ledger.history(case.id)[0])
    ledger.read_feed(0, 100)
    ledger.read_feed(1, 2)
    ledger.count_open()
    ledger.heartbeats()
    ledger.find_link("digest")
    ledger.database_condition()
    ledger.cases_by_prefix("c", 10)
    ledger.newest_notes(case.id, 10)
    ledger.verify(case)
    assert list(ledger.find_flaws(ledger.head())) == []
    ledger.pending_events(10)
    ledger.pending_events(10, after=OrderEvent("e", OrderEventKind.CASE_SETTLED, "1", NOW))
    ledger.rule_executions("1")
    ledger.known_digests(MessageSource.webhook("shop"), ["one"])
    ledger.message("m1")
    ledger.messages(MessageState, 10)
    ledger.messages([MessageState.FAILED], 10, before=NOW)
    ledger.message_counts()
    ledger.next_message_due()
    ledger.own_move("1")
    ledger.count_waiting()
    ledger.unseen_alarms(10)
    ledger.seen_alarm(case.id)
    ledger.messages_about("1", 10)
    ledger.configuration_version()
    ledger.stored_connections()
    ledger.stored_rules()
    ledger.find_bulk_list("b")
    ledger.recent_bulk_lists(NOW, 10)
    ledger.stored_rule_versions("Cancel in the folder")
    read_access(ledger)
    records = ledger.store_records("order-desk 1")
    records.order_of("shop", "R-1")
    records.statuses("1")


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
    store.list_orders()
    store.list_orders("New")
    store.list_orders(after="1")
    store.list_orders("New", after="1")
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
