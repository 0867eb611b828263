"""A ledger for each test: in a file, or in each kind of database that there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.ledgers import DATABASES, LedgerDatabase, SqlLedger, open_database, shared_folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orderdesk.db"


@pytest.fixture
def sqlite_ledger(path: Path) -> Iterator[SqliteLedger]:
    opened = SqliteLedger(path)
    yield opened
    opened.close()


@pytest.fixture(params=DATABASES)
def database(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LedgerDatabase]:
    """An empty ledger of each kind of database in turn."""
    with open_database(request.param, tmp_path, shared_folder(tmp_path_factory)) as opened:
        yield opened


@pytest.fixture
def ledger(database: LedgerDatabase) -> Iterator[SqlLedger]:
    opened = database.open()
    yield opened
    opened.close()
