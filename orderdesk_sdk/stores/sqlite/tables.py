"""The tables in a SQLite file: which versions they have, and how all of them are brought to those of the program."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from pathlib import Path

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.sql.tables_version import VersionedTables
from orderdesk_sdk.stores.sqlite import ledger_schema, order_database
from orderdesk_sdk.stores.sqlite.connection import open_connection
from orderdesk_sdk.stores.sqlite.migrations import ends_older_programs, migrate, tables_version

__all__ = ["migrate_tables", "tables_of"]

_KINDS = (
    ("ledger", ledger_schema.VERSION_TABLE, ledger_schema.MIGRATIONS, ledger_schema.ADDITIVE),
    ("order store", order_database.VERSION_TABLE, order_database.MIGRATIONS, frozenset[int]()),
)


def tables_of(path: Path) -> tuple[VersionedTables, ...]:
    """The tables in a file that can be written; makes none.

    Raises StorageError where the file is not there, cannot be written, or where a part of the ledger is missing.
    """
    try:
        with open_connection(path) as db:
            db.execute("PRAGMA busy_timeout = 2000")
            db.execute("BEGIN IMMEDIATE")
            found = [(name, tables_version(db, table, len(steps)), additive) for name, table, steps, additive in _KINDS]
            db.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise StorageError(
            f"the ledger cannot be opened for writing: {error}",
            location=str(path),
            hint="check the file's permissions, and that no other program locks it",
        ) from None
    return tuple(
        VersionedTables(name, version, ends_older_programs(version, additive)) for name, version, additive in found
    )


def migrate_tables(path: Path, names: Collection[str]) -> None:
    """Bring the kinds of tables with these names to the version of the program. Those that are not there are made.

    Raises StorageError.
    """
    try:
        with open_connection(path) as db:
            for name, table, steps, additive in _KINDS:
                if name in names:
                    migrate(db, table, steps, str(path), additive)
    except sqlite3.Error as error:
        raise StorageError(
            f"the tables were not migrated, and are as they were: {error}",
            location=str(path),
            hint="end the other programs that use the file, then do it again",
        ) from None
