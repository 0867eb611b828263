"""An order store and a ledger for each test: in a file, or in each kind of database that there is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.clock import Clock, SystemClock, VirtualClock
from orderdesk_sdk.desk.access.service import AccessService
from orderdesk_sdk.desk.audit import AuditService
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.orders import PostgresOrderStore
from orderdesk_sdk.stores.sql.group_commit import GroupCommit
from orderdesk_sdk.stores.sql.order_store import SqlOrderStore
from orderdesk_sdk.stores.sqlite.connection import connect
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from orderdesk_sdk.stores.sqlite.write_session import SqliteWriteSession
from tests.support.access import PASSWORD
from tests.support.builders import NOW
from tests.support.ledgers import (
    DATABASE_PARAMS,
    POSTGRES_PARAMS,
    LedgerDatabase,
    PostgresDatabase,
    SqlLedger,
    open_database,
    shared_folder,
)
from tests.support.postgres import VERSIONS
from tests.support.postgres_fixtures import shared_server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orderdesk.db"


@pytest.fixture
def sqlite_ledger(path: Path) -> Iterator[SqliteLedger]:
    opened = SqliteLedger(path)
    yield opened
    opened.close()


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """A file with a table that a test of grouped commits writes into."""
    opened = connect(path)
    opened.execute("CREATE TABLE kept (number INTEGER PRIMARY KEY, text TEXT)")
    yield opened
    opened.close()


@pytest.fixture
def group(connection: sqlite3.Connection) -> GroupCommit:
    return GroupCommit(SqliteWriteSession(connection))


OrderStoreOpener = Callable[[], SqlOrderStore]
"""Opens the one order store of a test once more, as another process would."""


@pytest.fixture(params=["sqlite", *VERSIONS], ids=lambda name: name if isinstance(name, str) else f"postgres{name}")
def open_order_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, path: Path, clock: Clock
) -> Iterator[OrderStoreOpener]:
    if request.param == "sqlite":
        yield lambda: SqliteOrderStore(path, clock=clock)
        return
    server = shared_server(request.param, tmp_path_factory)
    template = server.template("orders", lambda url: PostgresOrderStore(Secret(url), clock=SystemClock()).close())
    with server.database(template) as url:
        yield lambda: PostgresOrderStore(Secret(url), clock=clock)


@pytest.fixture
def order_store(open_order_store: OrderStoreOpener) -> Iterator[SqlOrderStore]:
    with closing(open_order_store()) as opened:
        opened.import_orders(read_order_text(SAMPLE_ORDERS, location="samples"), by="mara")
        yield opened


@pytest.fixture(params=DATABASE_PARAMS)
def database(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LedgerDatabase]:
    """An empty ledger of each kind of database in turn."""
    with open_database(request.param, tmp_path, shared_folder(tmp_path_factory)) as opened:
        yield opened


@pytest.fixture(params=POSTGRES_PARAMS)
def postgres(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresDatabase]:
    """An empty ledger in each PostgreSQL in turn."""
    with open_database(request.param, tmp_path, shared_folder(tmp_path_factory)) as opened:
        assert isinstance(opened, PostgresDatabase)
        yield opened


@pytest.fixture
def ledger(database: LedgerDatabase) -> Iterator[SqlLedger]:
    opened = database.open()
    yield opened
    opened.close()


@pytest.fixture
def access_clock() -> VirtualClock:
    """The clock of `access` and `audit`."""
    return VirtualClock(NOW)


@pytest.fixture
def audit(ledger: SqlLedger, access_clock: VirtualClock) -> AuditService:
    return AuditService(ledger, access_clock)


@pytest.fixture
def access(ledger: SqlLedger, audit: AuditService, access_clock: VirtualClock) -> AccessService:
    """With one user, an admin."""
    made = AccessService(ledger, audit, access_clock)
    made.users.add("Ann Lee", role=Role.ADMIN, password=PASSWORD, by="setup")
    return made
