"""Tries a connection: its settings, its hosts, and a token where it uses one. Changes nothing at the service."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from orderdesk_sdk.cases.exchange import Failure
from orderdesk_sdk.desk.health import HealthCheck, HealthCode, error_check
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError
from orderdesk_sdk.plugin.connection_settings import urls_of
from orderdesk_sdk.plugin.guard import Guard, PluginFailure
from orderdesk_sdk.runtime.connections import Connection, Connections

__all__ = ["check_connection"]

CONNECT_TIMEOUT = 5.0
"""Seconds for each host."""
TOKEN_TIMEOUT = 40.0
"""Seconds until a token is given up: longer than a call may take."""


def check_connection(connections: Connections, name: str) -> tuple[HealthCheck, ...]:
    """What trying a connection finds, in order."""
    try:
        connection = connections.get(name)
    except OrderDeskError as error:
        return (error_check(HealthCode.CONNECTION, error, name),)
    checks = [HealthCheck.ok(HealthCode.SETTINGS, name, "the settings are complete"), *_hosts(connection)]
    if all(check.hint is None for check in checks):
        checks += _credentials(connections, connection)
    return tuple(checks)


def _hosts(connection: Connection) -> Iterator[HealthCheck]:
    from orderdesk_sdk.transport.http.host_check import connect_failure  # It brings httpx.

    named = [url for url in urls_of(connection.settings) if "*" not in url]
    for host, url in {urlsplit(url).netloc or url: url for url in named}.items():
        try:
            failure = connect_failure(url, connection.reach, CONNECT_TIMEOUT, connection.client.login)
        except ConfigurationError as error:  # By SFTP it is logged in.
            yield error_check(HealthCode.CREDENTIALS, error, connection.name)
            continue
        if failure is None:
            yield HealthCheck.ok(HealthCode.CONNECTION, connection.name, f"{host} can be reached")
        else:
            text = f"{host} cannot be reached: {connection.redactor.redact_text(failure)}"
            yield HealthCheck.failing(
                HealthCode.CONNECTION, connection.name, text, "check the URL, and whether this machine may call it"
            )


def _credentials(connections: Connections, connection: Connection) -> Iterator[HealthCheck]:
    credentials, code, name = connection.client.credentials, HealthCode.CREDENTIALS, connection.name
    if credentials is None:
        return
    redact = connection.redactor.redact_text
    failure = connections.bulkhead(name).run_isolated(
        lambda: credentials.token_failure(Guard(redact=redact)), redact, (OrderDeskError,), timeout=TOKEN_TIMEOUT
    )
    match failure:
        case None if credentials.uses_tokens:
            yield HealthCheck.ok(code, name, "the service gave a token for the credentials")
        case None:
            yield HealthCheck.ok(code, name, "the credentials are set; the first call shows whether they are right")
        case OrderDeskError():
            yield error_check(code, failure, name)
        case Failure(message=message) | PluginFailure(message):
            yield HealthCheck.failing(code, name, message, "check the credentials with the service")
