"""The tables in a PostgreSQL database: which versions they have, and how they are brought to those of the program."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing

from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres import connection_state, ledger_schema, order_database
from orderdesk_sdk.stores.postgres.migrations import ends_older_programs, migrate, tables_version
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from orderdesk_sdk.stores.sql.tables_version import VersionedTables

__all__ = ["migrate_tables", "server_name", "tables_of"]

_KINDS = (
    ("ledger", ledger_schema.VERSION_TABLE, ledger_schema.MIGRATIONS),
    ("order store", order_database.TABLES, order_database.MIGRATIONS),
    ("connections", connection_state.TABLES, connection_state.MIGRATIONS),
)


def tables_of(url: Secret, location: str) -> tuple[VersionedTables, ...]:
    """The tables in a database; makes none. Raises StorageError, and ConfigurationError for what is no URL.

    Args:
        location: where the URL stands, for messages.
    """
    with closing(PostgresPool(url, location=location)) as pool:
        found = [(name, tables_version(pool, table, steps), steps) for name, table, steps in _KINDS]
    return tuple(VersionedTables(name, version, ends_older_programs(version, steps)) for name, version, steps in found)


def migrate_tables(url: Secret, location: str, names: Collection[str]) -> None:
    """Bring the kinds of tables with these names to the version of the program, also where that ends older programs.

    Those that are not there are made. Raises StorageError.
    """
    with closing(PostgresPool(url, location=location)) as pool:
        for name, table, steps in _KINDS:
            if name in names:
                migrate(pool, table, steps, breaks_older=True)


def server_name(url: Secret, location: str) -> str:
    """What the server is, such as PostgreSQL 18.4, and where. Raises StorageError."""
    with closing(PostgresPool(url, location=location)) as pool, pool.reading() as cursor:
        (version,) = cursor.execute("SHOW server_version").fetchone()
        return f"PostgreSQL {str(version).partition(' ')[0]} at {pool.place}"
