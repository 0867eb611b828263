"""The databases that one suite judges a ledger in: SQLite, and each PostgreSQL that this machine has."""

from __future__ import annotations

import os
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.opening import LedgerLocation
from orderdesk_sdk.stores.postgres.cursor import PostgresCursor
from orderdesk_sdk.stores.postgres.ledger import PostgresLedger
from orderdesk_sdk.stores.postgres.text_adaptation import register_text_adapters
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.postgres import VERSIONS, PostgresServer, binaries_of, open_server

__all__ = [
    "DATABASES",
    "DATABASE_PARAMS",
    "POSTGRES_PARAMS",
    "LedgerDatabase",
    "PostgresDatabase",
    "SqlLedger",
    "SqliteDatabase",
    "open_database",
    "shared_folder",
]

SqlLedger = SqliteLedger | PostgresLedger

DATABASES = ("sqlite", *(f"postgres{version}" for version in VERSIONS))
"""The kinds of databases, by name."""
DATABASE_PARAMS = [
    pytest.param(name, marks=pytest.mark.slow) if name == f"postgres{VERSIONS[-1]}" else name for name in DATABASES
]
"""What a fixture that is asked for a database of any kind is parametrized by; the quick tests leave the old one out."""
POSTGRES_PARAMS = DATABASE_PARAMS[1:]


class LedgerDatabase(ABC):
    """A place for one ledger. integrity_error: what its driver raises where the database itself refuses."""

    integrity_error: type[Exception]

    @abstractmethod
    def open(self) -> SqlLedger:
        """Open the ledger, as one more process does."""

    @abstractmethod
    @contextmanager
    def stranger(self) -> Iterator[Cursor]:
        """A cursor of somebody who knows SQL; every statement is committed."""

    @abstractmethod
    @contextmanager
    def unguarded(self) -> Iterator[Cursor]:
        """A cursor of somebody who may do everything and minds no trigger."""

    @abstractmethod
    def tamper(self, *statements: str) -> None:
        """Write into the ledger by `unguarded`, in SQLite's words; each statement changes something."""

    @property
    @abstractmethod
    def location(self) -> LedgerLocation:
        """What a configuration names it by."""


class SqliteDatabase(LedgerDatabase):
    """A ledger in a file."""

    integrity_error = sqlite3.IntegrityError

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> SqliteLedger:
        return SqliteLedger(self.path)

    @contextmanager
    def stranger(self) -> Iterator[Cursor]:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            yield connection.cursor()

    @contextmanager
    def unguarded(self) -> Iterator[Cursor]:
        with self.stranger() as cursor:
            for (name,) in cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
            yield cursor

    def tamper(self, *statements: str) -> None:
        with self.unguarded() as cursor:
            for statement in statements:
                assert cursor.execute(statement).rowcount, f"{statement} changed nothing"

    @property
    def location(self) -> Path:
        return self.path


class PostgresDatabase(LedgerDatabase):
    """A ledger in a PostgreSQL database."""

    integrity_error = psycopg.IntegrityError

    def __init__(self, server: PostgresServer, url: str) -> None:
        self.server = server
        self.url = url

    def open(self) -> PostgresLedger:
        return PostgresLedger(Secret(self.url))

    @contextmanager
    def stranger(self) -> Iterator[PostgresCursor]:
        connection: psycopg.Connection[Any]
        with closing(psycopg.connect(self.url, autocommit=True)) as connection:
            connection.execute("SET search_path = orderdesk")
            register_text_adapters(connection)
            yield PostgresCursor(connection)

    @contextmanager
    def unguarded(self) -> Iterator[Cursor]:
        with self.stranger() as cursor:
            cursor.execute("SET session_replication_role = replica")
            yield cursor

    @property
    def location(self) -> Secret:
        return Secret(self.url)

    def tamper(self, *statements: str) -> None:
        with self.unguarded() as cursor:
            for statement in statements:
                assert cursor.execute(_for_postgres(statement)).rowcount, f"{statement} changed nothing"


def _for_postgres(statement: str) -> str:
    """A statement of a test, in which bytes are written as SQLite has them."""
    return statement.replace("zeroblob(32)", "decode(repeat('00', 32), 'hex')").replace("x'00'", "'\\x00'::bytea")


@contextmanager
def open_database(name: str, folder: Path, servers: Path) -> Iterator[LedgerDatabase]:
    """An empty ledger in one of `DATABASES`. Skips the test where this machine has none of that version.

    Args:
        folder: for a file.
        servers: of the servers that the processes of a run share.
    """
    if name == "sqlite":
        yield SqliteDatabase(folder / "orderdesk.db")
        return
    version = int(name.removeprefix("postgres"))
    if binaries_of(version) is None:
        pytest.skip(f"PostgreSQL {version} is not installed on this machine")
    server = open_server(servers, version)
    with server.database(server.template("empty_ledger", _make_ledger)) as url:
        yield PostgresDatabase(server, url)


def _make_ledger(url: str) -> None:
    PostgresLedger(Secret(url)).close()


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder that all processes of a run share."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
