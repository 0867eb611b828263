"""A connection to PostgreSQL as the ledger and the order store need it: durable, bounded in every wait, any text."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final, LiteralString

import psycopg
from psycopg.conninfo import conninfo_to_dict

from orderdesk_sdk.errors import StorageError, ValidationError
from orderdesk_sdk.stores.postgres.text_adaptation import register_text_adapters

__all__ = ["CONNECTION_ARGUMENTS", "configure", "connect", "first_line", "location_of", "unreachable"]

_SETTINGS: Final[tuple[LiteralString, ...]] = (
    # Whatever the server's default is: what is committed is on its disk, and on that of a synchronous standby.
    "synchronous_commit = on",
    "timezone = 'UTC'",
    # No statement of a transaction takes long, and none waits for a service: who does so is stuck, and others wait.
    "statement_timeout = '30s'",
    "lock_timeout = '10s'",
    "idle_in_transaction_session_timeout = '30s'",
)
CONNECTION_ARGUMENTS: Final[Mapping[str, Any]] = {
    "autocommit": True,  # Who wants a transaction says BEGIN.
    "client_encoding": "UTF8",
    "connect_timeout": 10,
    # A server that is gone without a word (a cable, a machine) is noticed.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""What `psycopg.connect` and a pool are given beside the URL."""


def connect(url: str) -> psycopg.Connection[Any]:
    """A connection in autocommit mode, configured. Raises psycopg.Error, and ValidationError for what is no URL."""
    try:
        arguments = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # Not in the error's own words: they hold the URL, and with it the password.
        raise ValidationError(
            "the URL of the database cannot be read",
            location="[ledger] url",
            hint="write it as postgresql://user@host:5432/database",
        ) from None
    arguments.setdefault("application_name", f"orderdesk {os.getpid()}")
    connection = psycopg.connect(**{**CONNECTION_ARGUMENTS, **arguments})
    try:
        configure(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def configure(connection: psycopg.Connection[Any]) -> None:
    """Set what this room relies on. In statements: a pooler between here and the server may refuse start parameters."""
    for setting in _SETTINGS:
        connection.execute(f"SET {setting}")
    register_text_adapters(connection)


def location_of(url: str) -> str:
    """How a message names a database: host, port and name, and nothing that is secret."""
    found = conninfo_to_dict(url)
    port = f":{found['port']}" if found.get("port") else ""
    return f"postgresql://{found.get('host', '')}{port}/{found.get('dbname', '')}"


def unreachable(url: str, error: psycopg.Error) -> StorageError:
    """What to raise where a database cannot be reached."""
    return StorageError(
        f"the database cannot be reached: {first_line(error)}",
        location=location_of(url),
        hint="check that the server runs, the URL, and the user's rights",
    )


def first_line(error: psycopg.Error) -> str:
    """What the server said, without the statement that it was about."""
    return str(error).strip().partition("\n")[0]
