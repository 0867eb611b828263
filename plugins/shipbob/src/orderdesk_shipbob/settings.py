"""Settings of a connection to ShipBob, and how its requests are signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderdesk_sdk.plugin import HeaderAuth, Secret, secret, setting, settings, url

if TYPE_CHECKING:
    import httpx

__all__ = ["ShipBobSettings", "sign"]

VERSIONS = ("2026-01", "2026-07")
"""Of the API: those whose documents say `:cancel`; the older ones end in 2.0 and /cancel."""


@settings
class ShipBobSettings:
    """What a connection needs."""

    token: Secret = secret(help="a personal access token with the scopes orders_read and orders_write")
    channel_id: str = setting(str, help="the channel's number, as GET /channel lists it; one that has write scopes")
    api_version: str = setting(str, help="the version of the API", default=VERSIONS[0], choices=VERSIONS)
    base_url: str = url(help="ShipBob's API; the sandbox is another host", default="https://api.shipbob.com")


def sign(settings: ShipBobSettings) -> httpx.Auth:
    """Puts the token on each request."""
    return HeaderAuth({"authorization": Secret(f"Bearer {settings.token.reveal()}")})
