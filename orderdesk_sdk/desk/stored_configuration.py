"""What of the configuration is in the ledger: taken up by every desk that runs, with one read of one row each time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cases.stored_connections import StoredConnection
from orderdesk_sdk.desk.connection_vault import ConnectionVault, connection_location
from orderdesk_sdk.errors import ConfigurationError, NotFoundError, OrderDeskError
from orderdesk_sdk.rules.model import Rule
from orderdesk_sdk.rules.stored_rules import enabled_rules
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.runtime.connections import Connections, WithheldConnection

__all__ = ["StoredConfiguration"]

LOOK_INTERVAL = 1.0
"""Seconds between two looks in the middle of the work."""


class StoredConfiguration:
    """The connections and rules of a ledger beside those of orderdesk.toml, as one desk goes by them.

    Args:
        configured: the connections of orderdesk.toml; none of the same name is taken out of the ledger.
        use_rules: is given the enabled rules of the ledger whenever they have changed.
    """

    def __init__(
        self,
        ledger: Ledger,
        configured: Mapping[str, ConnectionConfig],
        connections: Connections,
        vault: ConnectionVault,
        use_rules: Callable[[Sequence[Rule]], None],
    ) -> None:
        self._ledger = ledger
        self._configured = configured
        self._connections = connections
        self._vault = vault
        self._use_rules = use_rules
        self._lock = threading.Lock()
        self._version = 0
        self._looked_at = 0.0

    def look(self) -> None:
        """Take up what was changed since the last look, here or in another process. Raises StorageError."""
        with self._lock:
            self._looked_at = time.monotonic()
            version = self._ledger.configuration_version()  # First: what is read after it is as new, or newer.
            if version == self._version:
                return
            self._take_up_connections(self._ledger.stored_connections())
            self._use_rules(enabled_rules(self._ledger.stored_rules()))
            self._version = version

    def look_now_and_then(self) -> None:
        """Look where the last look is a while ago: for what is called many times a second. Raises StorageError."""
        if time.monotonic() - self._looked_at >= LOOK_INTERVAL:
            self.look()

    def _take_up_connections(self, stored: Sequence[StoredConnection]) -> None:
        configs: dict[str, ConnectionConfig] = {}
        withheld: dict[str, WithheldConnection] = {}
        for connection in stored:
            if connection.name in self._configured:
                continue
            try:
                if connection.is_enabled:
                    configs[connection.name] = self._vault.open(connection)
                else:
                    withheld[connection.name] = _withheld(connection, _disabled(connection.name))
            except ConfigurationError as error:
                withheld[connection.name] = _withheld(connection, error)
        self._connections.refresh({**self._configured, **configs}, withheld)


def _withheld(connection: StoredConnection, problem: OrderDeskError) -> WithheldConnection:
    return WithheldConnection(connection.integration, problem)


def _disabled(name: str) -> NotFoundError:
    return NotFoundError(
        "the connection is switched off",
        location=connection_location(name),
        hint=f"run `orderdesk connections enable {name}`",
    )
