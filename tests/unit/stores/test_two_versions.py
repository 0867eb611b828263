"""A program of the version before beside one of the next: both work where the migration only adds, else it is refused.

The next version is simulated: the migrations of today with one more.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.state_machine import transition
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import SystemClock
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.opening import open_order_store
from orderdesk_sdk.stores.postgres import ledger as postgres_ledger
from orderdesk_sdk.stores.postgres import ledger_schema as postgres_schema
from orderdesk_sdk.stores.postgres import tables as postgres_tables
from orderdesk_sdk.stores.postgres.migrations import Migration
from orderdesk_sdk.stores.sqlite import ledger as sqlite_ledger
from orderdesk_sdk.stores.sqlite import ledger_schema as sqlite_schema
from orderdesk_sdk.stores.sqlite import tables as sqlite_tables
from tests.support.builders import ACKNOWLEDGED, EXCHANGE, INTENT, SENT, open_case
from tests.support.ledgers import LedgerDatabase, PostgresDatabase, SqliteDatabase
from tests.support.waiting import eventually

ADDS = "ALTER TABLE cases ADD COLUMN later TEXT"
BREAKS = "ALTER TABLE messages RENAME COLUMN done TO is_done"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
NextVersion = Callable[[str], None]


@contextmanager
def next_version(statement: str, *, breaks_older: bool) -> Iterator[None]:
    """Within the block, what is opened is a program of the next version, with one more migration."""
    version = len(sqlite_schema.MIGRATIONS) + 1
    sqlite_steps = (*sqlite_schema.MIGRATIONS, (statement,))
    additive = sqlite_schema.ADDITIVE if breaks_older else sqlite_schema.ADDITIVE | {version}
    postgres_steps = (*postgres_schema.MIGRATIONS, Migration((statement,), breaks_older))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite_ledger, "MIGRATIONS", sqlite_steps)
        patch.setattr(sqlite_ledger, "ADDITIVE", additive)
        patch.setattr(postgres_ledger, "MIGRATIONS", postgres_steps)
        for module, kind in (
            (sqlite_tables, ("ledger", sqlite_schema.VERSION_TABLE, sqlite_steps, additive)),
            (postgres_tables, ("ledger", postgres_schema.VERSION_TABLE, postgres_steps)),
        ):
            patch.setattr(module, "_KINDS", (kind, *module._KINDS[1:]))
        yield


def write_config(database: LedgerDatabase, folder: str) -> None:
    url = database.url if isinstance(database, PostgresDatabase) else "sqlite:///orderdesk.db"
    with open(f"{folder}/orderdesk.toml", "w", encoding="utf-8") as file:  # noqa: PTH123 - a text of one line
        file.write(f'[ledger]\nurl = "{url}"\n')


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder whose configuration names the test's database."""
    name = "postgres" if "postgres" in request.fixturenames else "database"
    write_config(request.getfixturevalue(name), str(tmp_path))
    monkeypatch.chdir(str(tmp_path))
    return str(tmp_path)


def test_both_versions_work_on_the_same_cases_where_the_migration_only_adds(database: LedgerDatabase) -> None:
    with closing(database.open()) as older:
        case = open_case(older)
        with next_version(ADDS, breaks_older=False):
            newer = database.open()
        sent = transition(case, SENT).case
        older.write(CaseUpdate(case, sent, [SENT, INTENT]))
        newer.append(newer.case(case.id, CancelCase), [EXCHANGE], if_unchanged=True)
        with closing(database.open()) as older_too:
            asked = transition(sent, ACKNOWLEDGED).case
            older_too.write(CaseUpdate(sent, asked, [ACKNOWLEDGED]))
            assert newer.case(case.id, CancelCase) == older_too.case(case.id, CancelCase) == asked
        assert [entry.content for entry in newer.history(case.id)] == [SENT, INTENT, EXCHANGE, ACKNOWLEDGED]
        assert list(older.find_flaws()) == []
        newer.close()


def test_who_cannot_work_with_the_newer_tables_is_refused(database: LedgerDatabase, folder: str) -> None:
    older = database.open()
    case = open_case(older)
    with next_version(BREAKS, breaks_older=True):
        if isinstance(database, PostgresDatabase):
            with pytest.raises(StorageError, match="end them on every machine"):
                database.open()
            assert list(older.find_flaws()) == []
        ran = CliRunner().invoke(orderdesk, ["ledger", "migrate"])
        assert ran.exit_code == 0, ran.output
        database.open().close()
    with pytest.raises(StorageError, match="install the newer orderdesk-sdk"):
        database.open()
    if isinstance(database, PostgresDatabase):
        with pytest.raises(StorageError, match="end this program"):
            older.append(case, ["a note"], if_unchanged=True)
    older.close()


def test_who_waited_while_the_tables_were_changed_writes_nothing(postgres: PostgresDatabase, folder: str) -> None:
    results: list[str] = []
    codes: list[int] = []

    def write() -> None:
        try:
            older.append(case, ["a note"], if_unchanged=True)
            results.append("written")
        except StorageError as error:
            results.append(error.message)

    def migrate() -> None:
        codes.append(CliRunner().invoke(orderdesk, ["ledger", "migrate"]).exit_code)

    def wait_for(looks: psycopg.Connection[Any], count: int) -> None:
        eventually(lambda: bool(results) or looks.execute(WAITING).fetchone() == (count,), f"{count} wait for a lock")
        assert not results, results

    with closing(postgres.open()) as older:
        case = open_case(older)
        with (
            next_version(BREAKS, breaks_older=True),
            psycopg.connect(postgres.url, autocommit=True) as looks,
            psycopg.connect(postgres.url) as holds,
        ):
            holds.execute("LOCK TABLE orderdesk.messages IN ACCESS SHARE MODE")
            threads = [threading.Thread(target=migrate), threading.Thread(target=write)]
            for count, thread in enumerate(threads, start=1):
                thread.start()
                wait_for(looks, count)  # First the migration for its table, then the writer for the migration.
            holds.rollback()
            for thread in threads:
                thread.join()
        assert codes == [0]
        version = len(postgres_schema.MIGRATIONS) + 1
        assert results == [
            f"the tables were changed for programs of version {version} and newer; this one knows {version - 1}"
        ]
        assert list(older.history(case.id)) == []


def asked(*options: str, code: int) -> str:
    """What `ledger migrate` says."""
    ran = CliRunner().invoke(orderdesk, ["ledger", "migrate", *options])
    assert ran.exit_code == code, ran.output
    return ran.output


def test_an_order_store_that_is_elsewhere_is_not_missed(database: LedgerDatabase, folder: str) -> None:
    database.open().close()
    with open(f"{folder}/orderdesk.toml", "a", encoding="utf-8") as file:  # noqa: PTH123 - as above
        file.write('[orders]\nurl = "sqlite:///orders.db"\n')
    asked(code=0)
    assert "order store: no tables here; [orders].url names another database" in asked("--check", code=0)


def test_check_says_what_is_to_be_done_by_its_exit_code(database: LedgerDatabase, folder: str) -> None:
    database.open().close()
    kind = "SQLite" if isinstance(database, SqliteDatabase) else "PostgreSQL"
    said = asked("--check", code=1)
    assert "order store: the tables are to be made, in version" in said
    assert "ledger: version" in said
    assert asked(code=0).count("the tables were made, in version") == (1 if kind == "SQLite" else 2)
    open_order_store(database.location, clock=SystemClock()).close()
    said = asked("--check", code=0)
    assert kind in said
    assert "ledger: version" in said
    assert "nothing is to be done" in said
    for statement, breaks, told in (
        (BREAKS, True, "ends programs of the version before"),
        (ADDS, False, "leaves older programs at work"),
    ):
        with next_version(statement, breaks_older=breaks):
            assert told in asked("--check", code=1)
            assert told in asked("--check", code=1), "checking changes nothing"
    with next_version(ADDS, breaks_older=False):
        assert "ledger: migrated from version" in asked(code=0)
        assert "nothing is to be done" in asked("--check", code=0)


def test_both_databases_end_older_programs_with_the_same_tables() -> None:
    """Those of PostgreSQL's first two versions are older than it."""

    def tables(statements: Iterable[object]) -> list[str]:
        return [name for one in statements if isinstance(one, str) for name in re.findall(r"CREATE TABLE (\w+)", one)]

    steps = enumerate(sqlite_schema.MIGRATIONS, 1)
    breaking = {name: at not in sqlite_schema.ADDITIVE for at, step in steps for name in tables(step)}
    later = postgres_schema.MIGRATIONS[2:]
    compared = {name: (step.breaks_older, breaking[name]) for step in later for name in tables(step.statements)}
    assert {name: both for name, both in compared.items() if both[0] is not both[1]} == {}
    assert compared["call_counts"] == (True, True), "an older program would send what was withdrawn"
