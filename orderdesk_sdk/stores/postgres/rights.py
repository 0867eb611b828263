"""Which right a role lacks, as an error that names it and the statement that grants it."""

from __future__ import annotations

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.postgres.cursor import PostgresCursor
from orderdesk_sdk.stores.postgres.pool import SCHEMA

__all__ = ["missing_right", "require_may_make_tables"]

_RIGHTS = (
    "SELECT quote_ident(current_user), quote_ident(current_database()),"
    " has_database_privilege(current_database(), 'CREATE'), oid IS NOT NULL, has_schema_privilege(oid, 'USAGE'),"
    " has_schema_privilege(oid, 'CREATE')"
    " FROM (SELECT (SELECT oid FROM pg_namespace WHERE nspname = ?) AS oid) AS found"
)


def require_may_make_tables(cursor: PostgresCursor, place: str) -> None:
    """Raises StorageError where the session's role may not make the schema of this package, or tables in it."""
    role, database, may_make_schema, is_there, may_use, may_make_tables = cursor.execute(_RIGHTS, (SCHEMA,)).fetchone()
    if not is_there and not may_make_schema:
        raise _error(
            role, f"CREATE on the database {database}", f"GRANT CREATE ON DATABASE {database} TO {role}", place
        )
    if is_there and not (may_use and may_make_tables):
        lacks = "CREATE" if may_use else "USAGE" if may_make_tables else "USAGE and CREATE"
        grant = f"GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO {role}"
        raise _error(role, f"{lacks} on the schema {SCHEMA}", grant, place)


def missing_right(cursor: PostgresCursor, place: str) -> StorageError:
    """The error of a role that may not read the tables of this package."""
    role, _, _, is_there, may_use, _ = cursor.execute(_RIGHTS, (SCHEMA,)).fetchone()
    if is_there and not may_use:
        return _error(role, f"USAGE on the schema {SCHEMA}", f"GRANT USAGE ON SCHEMA {SCHEMA} TO {role}", place)
    grant = f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {SCHEMA} TO {role}"
    return _error(role, f"SELECT on the tables in the schema {SCHEMA}", grant, place)


def _error(role: str, right: str, grant: str, place: str) -> StorageError:
    return StorageError(
        f"the role {role} lacks the right {right}; nothing was changed",
        location=place,
        hint=f"let the owner run `{grant}`",
    )
