"""By which transport the calls of an integration go: the scheme of its base URL says so. Pure."""

from __future__ import annotations

from orderdesk_sdk.plugin.connection_settings import settings_fields
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.plain_values import plain_text

__all__ = ["folder_of", "transports_of"]

HTTPS, SFTP, FILE = "https", "sftp", "file"


def transports_of(integration: Integration, settings: object = None) -> tuple[str, ...]:
    """The schemes by which calls go; empty where none is ever made.

    Args:
        settings: of one connection, whose base URL names one scheme; None: every scheme that a connection may have.
    """
    if integration.base_url is None:
        return ()
    if settings is not None:
        scheme = plain_text(getattr(settings, integration.base_url)).partition(":")[0]
        return (scheme,) if scheme else ()
    return (SFTP, FILE) if _is_of_files(integration) else (HTTPS,)


def folder_of(integration: Integration, settings: object) -> str | None:
    """The URL of the folder in which a connection drops files and finds answers; None where it calls an API."""
    if integration.base_url is None or not _is_of_files(integration):
        return None
    return plain_text(getattr(settings, integration.base_url))


def _is_of_files(integration: Integration) -> bool:
    return any(one.of_files and one.name == integration.base_url for one in settings_fields(integration.settings))
