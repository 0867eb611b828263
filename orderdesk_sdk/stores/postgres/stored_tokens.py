"""Refresh tokens that a service gave in place of earlier ones, for all processes: sealed with the configured one.

Who renews has exclusive access by a lock of their session, outside of any transaction: it is gone with their
connection, and the server ends a session that stands still with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Final

from orderdesk_sdk.errors import ConfigurationError, StorageError
from orderdesk_sdk.plugin.guard import current_watchdog
from orderdesk_sdk.plugin.token_store import TokenStore
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.cursor import PostgresCursor
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from orderdesk_sdk.stores.sealed_secret import seal, sealing_digest, unseal

__all__ = ["PostgresStoredToken", "postgres_token_store"]

ACCESS_SECONDS: Final = 60
"""How long a process may stand still with the access: longer than a call may take."""
WAIT_SECONDS: Final = ACCESS_SECONDS + 5
"""How long the others wait for it."""

_SAVE = """INSERT INTO refresh_tokens (connection, instead_of, sealed, version) VALUES (?, ?, ?, 1)
ON CONFLICT (connection) DO UPDATE SET instead_of = excluded.instead_of, sealed = excluded.sealed,
    version = refresh_tokens.version + 1 WHERE refresh_tokens.version = ?"""


class PostgresStoredToken:
    """The token in use in place of a refresh token that was configured; `secret` is None while that one is in use."""

    def __init__(self, pool: PostgresPool, cursor: PostgresCursor, connection: str, configured: Secret) -> None:
        self._pool = pool
        self._connection = connection
        self._configured = configured
        self._digest = sealing_digest(configured)
        row = cursor.execute(
            "SELECT instead_of, sealed, version FROM refresh_tokens WHERE connection = ?", (connection,)
        ).fetchone()
        self._version = 0 if row is None else row[2]
        # One for another configured token is of an earlier consent.
        self.secret = unseal(row[1], configured) if row is not None and row[0] == self._digest else None

    def save(self, secret: Secret) -> None:
        """Keep this one from now on; it is durable when this returns.

        Where this process stood still so long that another one has renewed meanwhile, that one's stays.
        """
        values = (self._connection, self._digest, seal(secret, self._configured), self._version)
        with self._pool.transaction() as cursor:  # The session with the lock may be lost by now.
            cursor.execute(_SAVE, values)


def postgres_token_store(pool: PostgresPool, connection: str) -> TokenStore:
    """The keeper of a connection."""
    number = int.from_bytes(hashlib.sha256(f"refresh token of {connection}".encode()).digest()[:8], "big", signed=True)

    @contextmanager
    def exclusive_access(configured: Secret) -> Iterator[PostgresStoredToken]:
        watch = current_watchdog()
        try:
            with pool.own_session() as cursor:
                cursor.execute(f"SET idle_session_timeout = '{ACCESS_SECONDS}s'")
                cursor.execute(f"SET lock_timeout = '{WAIT_SECONDS}s'")
                cursor.execute("SET statement_timeout = 0")
                with watch.paused() if watch is not None else nullcontext():
                    cursor.execute("SELECT pg_advisory_lock(?)", (number,))
                yield PostgresStoredToken(pool, cursor, connection, configured)
        except StorageError as error:
            raise ConfigurationError(
                f"the refresh token that the service gives in place of this one cannot be kept: {error.message}",
                location=error.location,
                hint=error.hint,
            ) from None

    return exclusive_access
