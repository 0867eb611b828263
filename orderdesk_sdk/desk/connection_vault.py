"""The vault: seals the secrets of a stored connection, and makes of what is stored a connection that can be used.

Sealed together with the secrets is a digest of everything that says where they go. Who can write to the database, and
has not the key, can neither read the secrets nor have them sent to another host.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from attrs import evolve

from orderdesk_sdk.cases.stored_connections import StoredConnection
from orderdesk_sdk.desk.stored_connection_config import StoredConnectionConfig
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.runtime.connection_config import Answering, ConnectionConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.sealed_secret import seal, unseal
from orderdesk_sdk.transport.http.reach import Reach

__all__ = ["ConnectionVault", "connection_location"]


def connection_location(name: str) -> str:
    """Where a stored connection stands, for errors."""
    return f"stored connection {name}"


class ConnectionVault:
    """Seals and opens. Without a configuration it has no key, and says so.

    Args:
        reach: where the connections may lead.
    """

    def __init__(self, config: StoredConnectionConfig | None, reach: Reach) -> None:
        self._config = config
        self._reach = reach

    @property
    def allows_this_machine(self) -> bool:
        """Whether connections may lead to this machine, since they belong to a sandbox."""
        return self._reach is Reach.SANDBOX

    def is_sealed_with_present_key(self, connection: StoredConnection) -> bool:
        """Whether the key before it is not needed. Raises ConfigurationError without a key."""
        return unseal(connection.sealed, self.require_key(connection.name).key) is not None

    def seal(self, connection: StoredConnection, secrets: Mapping[str, Secret]) -> StoredConnection:
        """The connection with these secrets in place of what was sealed. Raises ConfigurationError without a key."""
        content = {
            "about": _digest(connection),
            "secrets": {name: secret.reveal() for name, secret in secrets.items()},
        }
        return evolve(connection, sealed=seal(Secret(json.dumps(content)), self.require_key(connection.name).key))

    def secrets(self, connection: StoredConnection) -> Mapping[str, Secret]:
        """The secrets of a stored connection.

        Raises ConfigurationError without a key, with another one, and where the connection was changed by others.
        """
        config, location = self.require_key(connection.name), connection_location(connection.name)
        opened = (unseal(connection.sealed, key) for key in config.keys)
        found = next((text for text in opened if text is not None), None)
        if found is None:
            raise ConfigurationError(
                "the secrets cannot be opened: they were sealed with another key, or were changed",
                location=location,
                hint="set the key again that they were sealed with, or give the connection its secrets again",
            )
        content = json.loads(found.reveal())
        if content["about"] != _digest(connection):
            raise ConfigurationError(
                "the settings are not those that the secrets were given for: the database was changed",
                location=location,
                hint="find out who did; then give the connection its settings and its secrets again",
            )
        return {name: Secret(text) for name, text in content["secrets"].items()}

    def open(self, connection: StoredConnection) -> ConnectionConfig:
        """A stored connection as the desk uses it. Raises what `secrets` raises."""
        return self.config_of(connection, self.secrets(connection))

    def config_of(self, connection: StoredConnection, secrets: Mapping[str, Secret]) -> ConnectionConfig:
        """A connection with these secrets, whatever is sealed in it."""
        texts = {name: {"text": secret.reveal()} for name, secret in secrets.items()}
        return ConnectionConfig(
            connection.name,
            connection.integration,
            {**connection.settings, **texts},
            connection_location(connection.name),
            cancel_requests=Answering(connection.cancel_requests),
            reach=self._reach,
            ports=self._config.ports if self._config is not None else (),
        )

    def require_key(self, name: str) -> StoredConnectionConfig:
        """The configuration with the key. Raises ConfigurationError where there is none.

        Args:
            name: of the connection that needs it.
        """
        if self._config is None:
            raise ConfigurationError(
                "there is no key for the secrets of connections that are made at run time",
                location=connection_location(name),
                hint='add [stored_connections] with key = { env = "ORDERDESK_SECRETS_KEY" } to orderdesk.toml',
            )
        return self._config


def _digest(connection: StoredConnection) -> str:
    """What tells whether secrets are used for what they were given for."""
    about = [connection.name, connection.integration, connection.settings, connection.cancel_requests]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
