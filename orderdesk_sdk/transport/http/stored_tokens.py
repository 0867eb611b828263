"""Refresh tokens that a service gave in place of earlier ones: kept where only their owner reads, never in the ledger.

One small SQLite file for each connection, beside the ledger: it survives a crash whole, and its lock lets one process
at a time renew a token that is good for once.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from urllib.parse import quote

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.guard import current_watchdog
from orderdesk_sdk.plugin.token_store import TokenStore
from orderdesk_sdk.plugin.toolkit.private_files import create_private
from orderdesk_sdk.secret import Secret

__all__ = ["SqliteStoredToken", "token_store_beside"]

BUSY_SECONDS = 60.0
"""How long a process waits for another one that is renewing: longer than a call may take."""

_TABLE = "CREATE TABLE IF NOT EXISTS kept (instead_of TEXT PRIMARY KEY, token TEXT NOT NULL)"


class SqliteStoredToken:
    """The token in use in place of a refresh token that was configured; `secret` is None while that one is in use."""

    def __init__(self, connection: sqlite3.Connection, configured_digest: str) -> None:
        self._connection = connection
        self._configured_digest = configured_digest
        row = connection.execute("SELECT token FROM kept WHERE instead_of = ?", (configured_digest,)).fetchone()
        self.secret = Secret(row[0]) if row is not None else None

    def save(self, secret: Secret) -> None:
        """Keep this one from now on; it is on disk when this returns, and others may have access."""
        self._connection.execute("DELETE FROM kept")  # One for another configured token is of an earlier consent.
        self._connection.execute("INSERT INTO kept VALUES (?, ?)", (self._configured_digest, secret.reveal()))
        self._connection.execute("COMMIT")


def token_store_beside(ledger: Path, connection: str) -> TokenStore:
    """The keeper of a connection. Its file is the ledger's path and `.NAME.token`, readable by its owner only."""
    path = ledger.with_name(f"{ledger.name}.{quote(connection, safe='')}.token")

    @contextmanager
    def exclusive_access(configured: Secret) -> Iterator[SqliteStoredToken]:
        digest = hashlib.sha256(configured.reveal().encode()).hexdigest()
        watch = current_watchdog()
        with closing(_open_file(path)) as file:
            try:
                with watch.paused() if watch is not None else nullcontext():
                    file.execute("BEGIN IMMEDIATE")
                file.execute(_TABLE)
                kept = SqliteStoredToken(file, digest)
            except sqlite3.Error as error:
                raise _storage_error(path, error) from None
            try:
                yield kept
            except sqlite3.Error as error:
                raise _storage_error(path, error) from None
            if file.in_transaction:
                file.execute("ROLLBACK")

    return exclusive_access


def _open_file(path: Path) -> sqlite3.Connection:
    try:
        create_private(path)  # Only where there is none: to open and close one in use would free SQLite's locks on it.
        path.chmod(0o600)  # Also where somebody copied it: SQLite's own files beside it take over what it has.
        file = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
        file.execute("PRAGMA synchronous = FULL")
        file.execute("PRAGMA secure_delete = ON")
    except (OSError, sqlite3.Error) as error:
        raise _storage_error(path, error) from None
    return file


def _storage_error(path: Path, error: Exception) -> ConfigurationError:
    return ConfigurationError(
        f"the refresh token that the service gives in place of this one cannot be kept: {error}",
        location=str(path),
        hint="let this program write there; where the file is damaged, remove it and give a new refresh token",
    )
