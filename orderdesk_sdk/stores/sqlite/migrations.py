"""How the tables in a SQLite file come to the version of the program: numbered, forward only, by one at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence

from orderdesk_sdk.stores.sql.tables_version import TablesVersion

__all__ = ["MigrationStep", "ends_older_programs", "migrate", "tables_version"]

MigrationStep = str | Callable[[sqlite3.Connection], None]
"""A step of a migration: a statement, or what statements alone cannot do."""


def migrate(
    connection: sqlite3.Connection,
    table: str,
    migrations: Sequence[Sequence[MigrationStep]],
    location: str,
    additive: Collection[int] = (),
) -> None:
    """Bring the tables to the last of `migrations`; `table` holds the version they have.

    Locks nobody out where there is nothing to do. Raises StorageError for tables of a newer version that this program
    cannot work with; they stay untouched.

    Args:
        additive: the versions that leave programs of the version before at work.
    """
    found = tables_version(connection, table, len(migrations))
    found.require_not_too_new(location)
    if not found.is_behind:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (version INTEGER NOT NULL, oldest INTEGER)")
        if not _has_oldest(connection, table):
            connection.execute(f"ALTER TABLE {table} ADD COLUMN oldest INTEGER")
        found = tables_version(connection, table, len(migrations))
        found.require_not_too_new(location)
        oldest = found.oldest
        for version, steps in enumerate(migrations[found.found :], start=found.found + 1):
            for step in steps:
                if isinstance(step, str):
                    connection.execute(step)
                else:
                    step(connection)
            oldest = oldest if version in additive else version
            connection.execute(f"INSERT INTO {table} (version, oldest) VALUES (?, ?)", (version, oldest))  # noqa: S608 - our own constant
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def tables_version(connection: sqlite3.Connection, table: str, known: int) -> TablesVersion:
    """The version of the tables whose numbers are kept in `table`; changes nothing.

    Until the oldest one was written beside it, each version was for programs of this one alone.
    """
    if not connection.execute("SELECT count(*) FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]:
        return TablesVersion(0, known, 0)
    oldest = "coalesce(oldest, version)" if _has_oldest(connection, table) else "version"
    found = connection.execute(f"SELECT max(version), max({oldest}) FROM {table}").fetchone()  # noqa: S608 - our own constants
    return TablesVersion(found[0] or 0, known, found[1] or 0)


def ends_older_programs(found: TablesVersion, additive: Collection[int]) -> bool:
    """Whether migrations that are to be made end programs that work with the tables as they are."""
    return found.found > 0 and any(version not in additive for version in range(found.found + 1, found.known + 1))


def _has_oldest(connection: sqlite3.Connection, table: str) -> bool:
    named = connection.execute("SELECT count(*) FROM pragma_table_info(?) WHERE name = 'oldest'", (table,)).fetchone()
    return bool(named[0])
