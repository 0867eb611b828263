"""The lock that every connection of this package holds, shared, and that a copy of a ledger takes alone.

So a copy sees every program that uses the database, whatever its connections are named and whichever role they have.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.postgres.cursor import PostgresCursor

__all__ = ["SAY_IN_USE", "may_use", "use_alone"]

_LOCK: Final = 0x6F726465727573
"""The number of the advisory lock: "orderus"."""
_ENDING_SECONDS: Final = 1.0
"""How long the server may take to notice that a connection was closed."""

SAY_IN_USE: Final = f"pg_advisory_lock_shared({_LOCK})"
"""What a session selects, once, to hold it; it waits while a ledger is being copied."""

_HOLDER: Final = (
    "SELECT pid, application_name FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND classid::bigint = ? AND objid::bigint = ? AND objsubid = 1 AND granted AND pid <> pg_backend_pid()"
    " ORDER BY pid LIMIT 1"
)


def may_use(cursor: PostgresCursor) -> bool:
    """Whether nobody copies the ledger just now."""
    (is_free,) = cursor.execute(f"SELECT pg_try_advisory_lock_shared({_LOCK})").fetchone()
    return bool(is_free)


@contextmanager
def use_alone(cursor: PostgresCursor, place: str) -> Iterator[None]:
    """Within the block no program of this package is connected, nor can be. Raises StorageError.

    Args:
        cursor: of a session of its own, which does not say that the database is in use.
    """
    give_up = time.monotonic() + _ENDING_SECONDS
    while cursor.execute(f"SELECT pg_try_advisory_lock({_LOCK})").fetchone() != (True,):
        holder = cursor.execute(_HOLDER, (_LOCK >> 32, _LOCK & 0xFFFFFFFF)).fetchone()
        if holder is not None and time.monotonic() > give_up:
            raise StorageError(
                f"the database is in use by {_named(*holder)}",
                location=place,
                hint="end every program that uses it: workers, apps, the command line",
            )
        time.sleep(0.02)
    try:
        yield
    finally:
        cursor.execute(f"SELECT pg_advisory_unlock({_LOCK})")


def _named(pid: int, application_name: str | None) -> str:
    """A program, by what the server says of it; of other roles it may tell no name."""
    process = f"the server's process {pid}"
    return f"{application_name!r} ({process})" if application_name else process
