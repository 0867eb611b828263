"""`orderdesk ledger copy`: every row goes along, the chain proves it, and nobody goes on with both."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind, RuleExecution
from orderdesk_sdk.cases.kept_replies import KeyedRequest
from orderdesk_sdk.cases.receipt_links import ReceiptLink
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.opening import open_order_store
from orderdesk_sdk.stores.postgres.copy_ends import copy_source
from orderdesk_sdk.stores.sql.copied_tables import LEDGER_TABLES, NOT_COPIED, ORDER_TABLES
from tests.support.access_calls import write_access
from tests.support.builders import EXCHANGE, LATER, NOW, make_cancellation, make_case_of, make_resubmission, open_case
from tests.support.ledgers import (
    LedgerDatabase,
    PostgresDatabase,
    SqliteDatabase,
)
from tests.support.stored_configuration import stored_connection, stored_rule

ROOT = str(Path(__file__).resolve().parent.parent.parent.parent)
STRANGE = "1\x00x"
"""An id that PostgreSQL refuses as it is."""


def location_of(database: LedgerDatabase) -> Any:
    return database.path if isinstance(database, SqliteDatabase) else Secret(getattr(database, "url"))  # noqa: B009 - of two classes


def url_of(database: LedgerDatabase) -> str:
    return f"sqlite:///{database.path}" if isinstance(database, SqliteDatabase) else str(getattr(database, "url"))  # noqa: B009 - as above


def orders_in(database: LedgerDatabase) -> Any:
    return open_order_store(location_of(database), clock=VirtualClock())


def fill(database: LedgerDatabase) -> None:
    """A ledger and orders with a row in every table that a shop fills."""
    with closing(database.open()) as ledger:
        open_case(ledger, "1", due_at=LATER)
        open_case(ledger, "3", due_at=LATER)
        large = make_cancellation("large")  # More cases and lines than a page has.
        ledger.open_cancellation(large, "", [make_case_of(large, number) for number in range(520)])
        odd = make_cancellation(STRANGE)
        ledger.open_cancellation(odd, "", [make_case_of(odd)])
        case = ledger.case("c1-1", CancelCase)
        ledger.append(case, ["a note", EXCHANGE], if_unchanged=True)
        ledger.open_case(make_resubmission(), "a key")
        ledger.begin_registration(Registration("reg", "1", "shop", NOW))
        event = OrderEvent("e", OrderEventKind.CASE_SETTLED, "1", NOW)
        ledger.add_events([event, OrderEvent("e2", OrderEventKind.CASE_SETTLED, "2", NOW)])
        ledger.complete_event(event, [RuleExecution("rule", "action", "done")], [], NOW)
        ledger.claim_notifications("shop", ["one", "two"], NOW)
        write_access(ledger)
        ledger.add_receipt_link(ReceiptLink("l1", "1", "Ann", NOW, LATER), "digest")
        ledger.begin_request(KeyedRequest("token 1", "key", "cancel", "digest", "1"), NOW)
        ledger.save_stored_connection(stored_connection())
        ledger.save_stored_rule(stored_rule())
    with closing(orders_in(database)) as store:
        store.import_orders(
            [Order(f"o{number}", f"N{number}", lines=(OrderLine(1, code="MUG"),)) for number in range(3)], by="a test"
        )
        store.duplicate("N1", by="a test")


def copied(*options: str, code: int = 0) -> Any:
    ran = CliRunner().invoke(orderdesk, ["ledger", "copy", *options, "--json"])
    assert ran.exit_code == code, ran.output
    return json.loads(ran.stdout)


def contents(database: LedgerDatabase) -> dict[str, list[Any]]:
    """Every row of every table that is copied, in whatever database it is."""
    found: dict[str, list[Any]] = {}
    with database.stranger() as cursor:
        for table in (*LEDGER_TABLES, *ORDER_TABLES):
            rows = cursor.execute(f"SELECT {', '.join(table.columns)} FROM {table.name}").fetchall()  # noqa: S608 - constants
            found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_ledger_goes_to_postgresql_and_back_with_every_row(postgres: PostgresDatabase, folder: Path) -> None:
    first, last = SqliteDatabase(folder / "orderdesk.db"), SqliteDatabase(folder / "back.db")
    fill(first)
    with closing(first.open()) as ledger:
        head, cases = ledger.head(), ledger.cases(Case, order_id="1")
    before = contents(first)
    made = copied("--to", url_of(postgres))
    assert made["head"] == str(head)
    assert made["rows"]["cases"] == 524
    assert contents(postgres) == before
    with closing(postgres.open()) as ledger, closing(orders_in(postgres)) as store:
        assert ledger.head() == head
        assert list(ledger.find_flaws(head)) == []
        assert ledger.cases(Case, order_id="1") == cases
        assert ledger.cases(Case, order_id=STRANGE)[0].order_id == STRANGE
        open_case(ledger, "new")
        ledger.begin_registration(Registration("reg2", "2", "shop", NOW))
        store.import_orders([Order("o9", "N9", lines=(OrderLine(1, code="MUG"),))], by="a test")
        head = ledger.head()
    before = contents(postgres)
    assert copied("--from", url_of(postgres), "--to", url_of(last))["head"] == str(head)
    assert contents(last) == before
    with closing(last.open()) as ledger:
        assert list(ledger.find_flaws(head)) == []


def test_the_first_one_is_used_no_more_by_anybody(postgres: PostgresDatabase, folder: Path) -> None:
    first = SqliteDatabase(folder / "orderdesk.db")
    fill(first)
    copied("--to", url_of(postgres))
    with pytest.raises(StorageError, match=r"used no more: it was copied to PostgreSQL database .*\[ledger\] url"):
        first.open()
    told = CliRunner().invoke(orderdesk, ["doctor", "--json"])
    checks = [check for check in json.loads(told.stdout)["checks"] if check["code"] == "ledger"]
    assert [check["status"] for check in checks] == ["failing"], "nothing says beside it that all is well"
    copied("--from", url_of(postgres), "--to", "sqlite:///back.db")
    with pytest.raises(StorageError, match=r"used no more: it was copied to SQLite file back.db"):
        postgres.open()


def test_who_was_interrupted_before_the_end_does_it_again(
    postgres: PostgresDatabase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = SqliteDatabase(folder / "orderdesk.db")
    fill(first)

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("orderdesk_sdk.stores.postgres.copy_ends.PostgresEnd.commit", interrupted)
        assert CliRunner().invoke(orderdesk, ["ledger", "copy", "--to", url_of(postgres)]).exit_code != 0
    with pytest.raises(StorageError, match="used no more"):
        first.open()
    copied("--to", url_of(postgres))
    with closing(postgres.open()) as ledger:
        assert list(ledger.find_flaws()) == []


@pytest.mark.parametrize("is_from", ["sqlite", "postgres"])
def test_nothing_is_copied_while_a_case_is_sent_or_the_ledger_is_used(
    postgres: PostgresDatabase, folder: Path, is_from: str
) -> None:
    file = SqliteDatabase(folder / "orderdesk.db")
    source: LedgerDatabase = file if is_from == "sqlite" else postgres
    target = url_of(postgres) if is_from == "sqlite" else "sqlite:///new.db"
    ledger = source.open()
    open_case(ledger, "1", state=State.SENDING)
    said = copied("--from", url_of(source), "--to", target, code=1)["error"]
    assert "is in use" in said["message"]
    assert "end every program that uses it" in said["hint"]
    ledger.close()
    said = copied("--from", url_of(source), "--to", target, code=1)["error"]
    assert (said["message"], said["location"]) == ("a case is being sent", "case c1-1")
    source.open().close()
    assert not (folder / "new.db").exists()


def test_a_database_is_in_use_whatever_its_connections_are_named(postgres: PostgresDatabase, folder: Path) -> None:
    separator = "&" if "?" in postgres.url else "?"
    named = PostgresDatabase(postgres.server, f"{postgres.url}{separator}application_name=nightly%20report")
    with closing(named.open()):
        said = copied("--from", url_of(postgres), "--to", "sqlite:///new.db", code=1)["error"]
        assert said["message"].startswith("the database is in use by 'nightly report' (the server's process ")
    fill(SqliteDatabase(folder / "orderdesk.db"))
    with closing(named.open()):
        assert "is in use by" in copied("--to", url_of(postgres), code=1)["error"]["message"]
    copied("--to", url_of(postgres))


def test_no_program_begins_while_a_ledger_is_copied(postgres: PostgresDatabase) -> None:
    with copy_source(Secret(postgres.url), "ledger"), pytest.raises(StorageError, match="is being copied"):
        postgres.open()
    postgres.open().close()


CRASH = """
import os, sys
from pathlib import Path
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.builders import open_case
ledger = SqliteLedger(Path(sys.argv[1]))
open_case(ledger, "crash")
os._exit(9)
"""


def test_a_ledger_whose_program_crashed_is_copied_with_what_lies_in_its_log(
    postgres: PostgresDatabase, folder: Path
) -> None:
    subprocess.run([sys.executable, "-c", CRASH, "orderdesk.db"], check=False, env={**os.environ, "PYTHONPATH": ROOT})
    assert Path("orderdesk.db-wal").stat().st_size > 0
    copied("--to", url_of(postgres))
    with closing(postgres.open()) as ledger:
        assert ledger.case("ccrash-1", CancelCase).is_open


def test_a_ledger_that_is_damaged_or_a_target_that_is_used_is_refused(postgres: PostgresDatabase, folder: Path) -> None:
    file = SqliteDatabase(folder / "orderdesk.db")
    fill(file)
    with closing(postgres.open()) as ledger:
        open_case(ledger)
    assert "the target is in use" in copied("--to", url_of(postgres), code=1)["error"]["message"]
    to_itself = copied("--from", url_of(postgres), "--to", url_of(postgres), code=1)["error"]
    assert "the target is in use: it holds a ledger" in to_itself["message"]
    assert "exists already" in copied("--to", "sqlite:///orderdesk.db", code=1)["error"]["message"]
    file.tamper("UPDATE cases SET version = 7 WHERE id = 'c3-1'")
    said = copied("--to", "sqlite:///new.db", code=1)["error"]
    assert "the copy is not sound, and was not made" in said["message"]
    assert not (folder / "new.db").exists()
    assert list(folder.glob(".*.half")) == []


def test_a_url_may_come_from_a_variable(
    postgres: PostgresDatabase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(SqliteDatabase(folder / "orderdesk.db"))
    monkeypatch.setenv("NEW_LEDGER", url_of(postgres))
    assert copied("--to", "env:NEW_LEDGER")["rows"]["orders"] == 4


def test_no_table_or_column_is_forgotten(postgres: PostgresDatabase, folder: Path) -> None:
    """Whoever adds a table or a column says here whether it is copied."""
    file = SqliteDatabase(folder / "orderdesk.db")
    file.open().close()
    orders_in(file).close()
    orders_in(postgres).close()
    copied_ones = {table.name: set(table.columns) for table in (*LEDGER_TABLES, *ORDER_TABLES)}
    with closing(sqlite3.connect(file.path)) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        real = {name: {row[1] for row in db.execute(f"PRAGMA table_info({name})")} for name in names}
    own = {*NOT_COPIED, "ledger_schema", "host_schema", "sqlite_sequence"}
    assert {name: columns for name, columns in real.items() if name not in own} == copied_ones
    with psycopg.connect(postgres.url) as db:
        found: dict[str, set[str]] = {}
        for table, column in db.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'orderdesk'"
        ):
            found.setdefault(table, set()).add(column)
    own = {*NOT_COPIED, "ledger_schema", "order_schema", "connection_state_schema", "rate_buckets", "refresh_tokens"}
    reserved = {"reserved_by", "reserved_version", "reserved_until"}
    assert {name: columns - reserved for name, columns in found.items() if name not in own} == copied_ones
