"""What `doctor` reads of a ledger: connections and rules that were made while a desk ran."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import TypeVar

from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cases.stored_connections import StoredConnection
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.connection_vault import ConnectionVault, connection_location
from orderdesk_sdk.desk.health import HealthCheck, HealthCode, error_check
from orderdesk_sdk.errors import ConfigurationError, StorageError
from orderdesk_sdk.rules.model import Rule
from orderdesk_sdk.rules.stored_rules import enabled_rules
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.stores.opening import open_ledger, tables_of
from orderdesk_sdk.transport.http.reach import Reach

__all__ = ["check_stored_connections", "read_ledger", "stored_rules", "stored_slugs"]

T = TypeVar("T")

CheckConnection = Callable[[ConnectionConfig], Iterator[HealthCheck]]


def check_stored_connections(config: Config, check: CheckConnection) -> Iterator[HealthCheck]:
    """What there is to say of the stored connections.

    Args:
        check: what there is to say of one that can be opened, as of those in orderdesk.toml.
    """
    stored = _stored_connections(config)
    vault = ConnectionVault(config.stored_connections, Reach.PUBLIC if config.sandbox is None else Reach.SANDBOX)
    for connection in stored:
        place = connection_location(connection.name)
        if connection.name in config.connections:
            text = "the configuration has a connection of this name, which is used in its place"
            hint = "rename the one in the configuration, or switch the stored one off"
            yield HealthCheck.degraded(HealthCode.CONNECTION, place, text, hint)
        elif not connection.is_enabled:
            yield HealthCheck.ok(HealthCode.CONNECTION, place, "it is switched off, and its cases wait")
        else:
            try:
                opened = vault.open(connection)
            except ConfigurationError as error:
                yield error_check(HealthCode.CREDENTIALS, error, place)
            else:
                yield from check(opened)
    if stored and vault.allows_this_machine:
        text = "this is a sandbox: connections made at run time may lead to this machine"
        yield HealthCheck.ok(HealthCode.SANDBOX, "[sandbox]", text)


def stored_slugs(config: Config) -> Mapping[str, str]:
    """The integration of each stored connection that is enabled, by the connection's name."""
    return {stored.name: stored.integration for stored in _stored_connections(config) if stored.is_enabled}


def stored_rules(config: Config) -> tuple[Rule, ...]:
    """The rules of the ledger that are enabled."""
    return enabled_rules(read_ledger(config, lambda ledger: ledger.stored_rules(), ()))


def _stored_connections(config: Config) -> tuple[StoredConnection, ...]:
    return read_ledger(config, lambda ledger: ledger.stored_connections(), ())


def read_ledger(config: Config, read: Callable[[Ledger], T], nothing: T) -> T:
    """What is read of a ledger that can be opened as it is, else `nothing`: its own check tells what keeps one from it.

    No plugin is imported for it.
    """
    if config.ledger_file is not None and not config.ledger_file.exists():
        return nothing
    try:
        if not tables_of(config.ledger)[0].version.is_usable:
            return nothing
        with closing(open_ledger(config.ledger)) as ledger:
            return read(ledger)
    except (StorageError, ConfigurationError):
        return nothing
