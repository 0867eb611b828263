"""The smallest integration: a person cancels by telephone."""

from __future__ import annotations

from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import Portal


@settings
class PhoneSettings:
    """Where the desk would call, if it called."""

    url: str = url(help="where it is", default="https://phone.example")


class Phone:
    """An integration whose cases a person decides."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        """The declaration."""
        return Integration(
            slug="phone", title="Phone", settings=PhoneSettings, base_url="url", cancel=(Portal("Call them."),)
        )
