"""Whether the settings of a connection can be used: read as they are when the connection is made, in isolation."""

from __future__ import annotations

import os
from collections.abc import Collection
from urllib.parse import urlsplit

from orderdesk_sdk.errors import ConfigurationError, OrderDeskError, PluginError
from orderdesk_sdk.plugin.bulkhead import DEFAULT_TIMEOUT, Bulkhead
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields
from orderdesk_sdk.plugin.guard import PluginFailure
from orderdesk_sdk.plugin.registry import LoadedPlugin
from orderdesk_sdk.plugin.validation import routes_for_connection
from orderdesk_sdk.runtime.connection_config import ConnectionConfig, make_settings

__all__ = ["read_settings", "require_secrets_again"]


def read_settings(
    connection: ConnectionConfig, plugin: LoadedPlugin, missing: Collection[str] = ()
) -> object | OrderDeskError:
    """The settings of a connection, or what is wrong with them or with the credentials that are made of them.

    Args:
        missing: environment variables that are not set, and are taken to be: what else is wrong is of interest.
    """
    environment = {**os.environ, **dict.fromkeys(missing, "missing")}
    declared = plugin.integration

    def read() -> object:
        settings = make_settings(declared.settings, connection, environment)
        routes_for_connection(declared, plugin.manager, settings, f"{connection.location}.settings")
        if declared.auth is not None and not missing:
            declared.auth(settings)  # A connection makes them with its first call.
        return settings

    # Isolated, as the connection itself is made. An error text may quote a setting, so only its type is shown.
    settings = Bulkhead(connection.name, 1, DEFAULT_TIMEOUT).run_isolated(
        read, allowed_errors=(ConfigurationError, PluginError)
    )
    if isinstance(settings, PluginFailure):
        failure = f"the plugin raised {settings.error_type}" if settings.error_type else "the plugin timed out"
        return PluginError(failure, hint="report this error to the plugin's author")
    return settings


def require_secrets_again(before: ConnectionConfig, plugin: LoadedPlugin, after: object) -> None:
    """Raises ConfigurationError where a connection that keeps its secrets would send them to another host.

    Who may change a connection may not read its secrets, and so may not have them sent to a host of their own.

    Args:
        after: its settings as they shall be.
    """
    known = _origins(read_settings(before, plugin))
    for name, origin in _origins(after).items():
        if origin not in known.values():
            raise ConfigurationError(
                "the secrets would go to another host",
                location=f"{before.location}.settings.{name}",
                hint="give all secrets of the connection again",
            )


def _origins(settings: object) -> dict[str, tuple[str, str | None, int | None]]:
    """Scheme, host and port of each URL of settings; empty of what could not be read."""
    if isinstance(settings, OrderDeskError):
        return {}
    found = {}
    for declared in settings_fields(type(settings)):
        url = getattr(settings, declared.name)
        if declared.kind is SettingKind.URL and url:
            parts = urlsplit(url)
            found[declared.name] = parts.scheme, parts.hostname, parts.port
    return found
