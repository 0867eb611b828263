"""How the tables of a PostgreSQL database come to the version of the program: numbered, forward only, by one at a time.

Each kind of tables (the ledger's, the order store's) has its own numbers in a table of its own. A migration that only
adds leaves programs of the version before at work; one that they could not work with says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from psycopg import errors

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.postgres.chain_marks import MIGRATED
from orderdesk_sdk.stores.postgres.cursor import PostgresCursor
from orderdesk_sdk.stores.postgres.pool import SCHEMA, PostgresPool
from orderdesk_sdk.stores.postgres.rights import missing_right, require_may_make_tables
from orderdesk_sdk.stores.sql.tables_version import TablesVersion

__all__ = ["Migration", "ends_older_programs", "migrate", "tables_version"]

_LOCK = 0x6F726465726465
"""The number of the advisory lock that a process holds while it migrates: "orderde"."""


@frozen
class Migration:
    """Statements that lead from one version to the next. Never changed once released.

    Names in them need no schema: what they make is made in the one of this package.

    Args:
        breaks_older: a program that does not know this version cannot work with it.
    """

    statements: tuple[str, ...]
    breaks_older: bool = False


def tables_version(pool: PostgresPool, table: str, migrations: Sequence[Migration]) -> TablesVersion:
    """The version of the tables whose numbers are kept in `table`; changes nothing."""
    with pool.reading() as cursor:
        try:
            return _version(cursor, table, len(migrations))
        except errors.InsufficientPrivilege:
            raise missing_right(cursor, pool.place) from None


def migrate(
    pool: PostgresPool, table: str, migrations: Sequence[Migration], *, breaks_older: bool = False
) -> TablesVersion:
    """Bring the tables to the last of `migrations`; `table` holds the numbers of those that were made.

    Locks nobody out where there is nothing to do. All or nothing. Raises StorageError, and changes nothing, for tables
    of a newer version that this program cannot work with, and where programs of an older one would be ended.

    Args:
        breaks_older: programs of older versions may be ended.
    """
    found = tables_version(pool, table, migrations)
    found.require_not_too_new(pool.place)
    if not found.is_behind:
        return found
    if not breaks_older and ends_older_programs(found, migrations):
        raise StorageError(
            f"the tables have version {found.found}, this program needs {found.known}, and programs of the version"
            " before cannot work with that",
            location=pool.place,
            hint="end them on every machine, then run `orderdesk ledger migrate`",
        )
    with pool.transaction() as cursor:
        # Another process may be at it: who waits here finds it done.
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
        require_may_make_tables(cursor, pool.place)
        found = _prepare(cursor, table, len(migrations))
        if ends_older_programs(found, migrations):
            _lock_out_writers(cursor)
        _make(cursor, table, migrations, found)
    found = tables_version(pool, table, migrations)
    found.require_not_too_new(pool.place)
    return found


def ends_older_programs(found: TablesVersion, migrations: Sequence[Migration]) -> bool:
    """Whether migrations that are to be made end programs that work with the tables as they are."""
    return found.found > 0 and any(migration.breaks_older for migration in migrations[found.found :])


def _prepare(cursor: PostgresCursor, table: str, known: int) -> TablesVersion:
    if cursor.execute("SELECT to_regnamespace(?)", (SCHEMA,)).fetchone() == (None,):
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
    cursor.execute(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{table} (version bigint PRIMARY KEY, oldest bigint NOT NULL)")
    return _version(cursor, table, known)


def _lock_out_writers(cursor: PostgresCursor) -> None:
    """Let everybody who writes into the ledger wait for the end of the migration, and look at the version then."""
    if cursor.execute("SELECT to_regclass(?)", (f"{SCHEMA}.chain",)).fetchone() != (None,):
        cursor.execute(f"UPDATE {SCHEMA}.chain SET in_use = ?", (MIGRATED,))  # noqa: S608 - our own constants


def _make(cursor: PostgresCursor, table: str, migrations: Sequence[Migration], found: TablesVersion) -> None:
    oldest = max(found.oldest, 1)
    for version, migration in enumerate(migrations[found.found :], start=found.found + 1):
        for statement in migration.statements:
            cursor.execute(statement)
        oldest = version if migration.breaks_older else oldest
        cursor.execute(f"INSERT INTO {SCHEMA}.{table} VALUES (?, ?)", (version, oldest))  # noqa: S608 - our own constants


def _version(cursor: PostgresCursor, table: str, known: int) -> TablesVersion:
    if cursor.execute("SELECT to_regclass(?)", (f"{SCHEMA}.{table}",)).fetchone() == (None,):
        return TablesVersion(0, known, 0)
    query = f"SELECT coalesce(max(version), 0), coalesce(max(oldest), 0) FROM {SCHEMA}.{table}"  # noqa: S608 - as above
    row = cursor.execute(query).fetchone()
    return TablesVersion(row[0], known, row[1])
