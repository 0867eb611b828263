"""The `[stored_connections]` table: what the secrets of connections made at run time are sealed with."""

from __future__ import annotations

import os
from collections.abc import Mapping

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import custom, secret, settings
from orderdesk_sdk.runtime.connection_config import make_from_table
from orderdesk_sdk.secret import Secret

__all__ = ["StoredConnectionConfig", "read_stored_connection_config", "require_long_keys"]

MIN_KEY_LENGTH = 32
"""Characters of a key that nobody can guess: nothing slows down whoever tries keys on a copy of the database."""


def _read_ports(value: object, location: str) -> tuple[int, ...]:
    ports = value if isinstance(value, list) else []
    if not ports or not all(type(port) is int and 0 < port <= 65535 for port in ports):
        raise ConfigurationError("a list of ports was expected", location=location, hint="write it as [8443]")
    return tuple(ports)


@settings
class StoredConnectionConfig:
    """The `[stored_connections]` table. Without it no connection can be made at run time."""

    key: Secret = secret(help="what the secrets are sealed with; kept outside the database, 32 characters or more")
    previous_key: Secret = secret(help="the key before it, while one is being changed", default=Secret(""))
    ports: tuple[int, ...] = custom(_read_ports, help="ports besides 443 that may be called", default=())

    @property
    def keys(self) -> tuple[Secret, ...]:
        """Those that may have sealed what is stored, the present one first."""
        return (self.key, self.previous_key) if self.previous_key.reveal() else (self.key,)


def read_stored_connection_config(table: Mapping[str, object], location: str) -> StoredConnectionConfig:
    """The table as it is written. Raises ConfigurationError, also for a key that could be guessed."""
    config = make_from_table(StoredConnectionConfig, table, location, os.environ)
    require_long_keys({"key": config.key, "previous_key": config.previous_key}, location)
    return config


def require_long_keys(keys: Mapping[str, Secret], location: str) -> None:
    """Return where no key can be guessed. Raises ConfigurationError for one that could be.

    Args:
        keys: by their names in the table; an empty one is none.
    """
    for name, key in keys.items():
        if 0 < len(key.reveal()) < MIN_KEY_LENGTH:
            raise ConfigurationError(
                f"the key has fewer than {MIN_KEY_LENGTH} characters",
                location=f"{location}.{name}",
                hint="make one with `python -c 'import secrets; print(secrets.token_urlsafe(32))'`",
            )
