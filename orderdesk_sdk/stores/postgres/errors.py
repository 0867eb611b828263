"""What the driver or the server says, as an error that tells what happened, where, and what to do."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.postgres.database_url import DatabaseUrl

__all__ = ["is_interruption", "storage_error"]

_UNREACHABLE: Final = (
    "check that the server runs, that this machine may reach it, that the database exists, and user and password"
)

_NOT_THE_OWNER: Final = (
    "let the role that made the tables do it, as it must each `orderdesk ledger migrate`, or let that role run"
    " `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA orderdesk TO` the user"
)

_KINDS: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...]] = (
    (PoolClosed, "it is closed", "open it again"),
    (
        (PoolTimeout, TooManyRequests),
        "no connection could be had in time",
        f"{_UNREACHABLE}; let it take as many connections as all processes open together",
    ),
    (
        errors.LockNotAvailable,
        "another process held a lock for too long",
        "do the same again; if it stays so, look in pg_stat_activity who has been in a transaction for long",
    ),
    (
        errors.QueryCanceled,
        "a statement took too long and was ended",
        "do the same again; if it stays so, look at the load of the server and let it VACUUM and ANALYZE the tables",
    ),
    (
        errors.IdleInTransactionSessionTimeout,
        "this process stood still inside a transaction, and the server ended it",
        "do the same again; give the machine more processor time, and do not suspend its processes",
    ),
    (
        errors.ReadOnlySqlTransaction,
        "the server takes no changes: it is a standby, or was set to read only",
        "connect to the primary: name all hosts in the URL, and add target_session_attrs=read-write",
    ),
    (
        errors.InsufficientPrivilege,
        "the user may not do that",
        _NOT_THE_OWNER,
    ),
    (
        (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName),
        "a table is not there as this program needs it",
        "run `orderdesk ledger migrate`",
    ),
    (
        (errors.DiskFull, errors.OutOfMemory),
        "the server has no room left",
        "make room at the server, then do the same again",
    ),
    (errors.TooManyConnections, "the server has no connection left", "raise max_connections, or run fewer processes"),
)


def is_interruption(error: Exception) -> bool:
    """Whether a connection was lost, rather than a statement refused: the same may go well on another connection."""
    lost = (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.IdleInTransactionSessionTimeout)
    if isinstance(error, lost):
        return True
    return isinstance(error, psycopg.OperationalError) and error.sqlstate is None and not isinstance(error, PoolTimeout)


def storage_error(error: Exception, database: DatabaseUrl, *, what: str | None = None) -> StorageError:
    """The error for people. It says none of the URL's passwords.

    Args:
        what: what is to be known of the change; None where nothing was changed.
    """
    said = " ".join(database.redact(str(error)).split())
    message, hint = _in_words(error)
    known = what or "nothing was changed"
    return StorageError(f"{message}; {known} ({said})", location=database.place, hint=hint)


def _in_words(error: Exception) -> tuple[str, str]:
    """What happened, and what to do about it."""
    for kinds, message, hint in _KINDS:
        if isinstance(error, kinds):
            return message, hint
    if is_interruption(error):
        return "the connection was lost or could not be made", _UNREACHABLE
    return "the database refused", "read the server's words; where the tables are damaged, restore a backup"
