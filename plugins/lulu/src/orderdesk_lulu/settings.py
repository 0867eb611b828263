"""Settings of a connection to Lulu Print, and how its requests are signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderdesk_sdk.plugin import ClientCredentialsAuth, Secret, secret, settings, url

if TYPE_CHECKING:
    import httpx

__all__ = ["LuluSettings", "sign"]

TOKEN_PATH = "/auth/realms/glasstree/protocol/openid-connect/token"


@settings
class LuluSettings:
    """What a connection needs."""

    client_id: Secret = secret(help="Lulu's client key; its developer portal shows it under Client Keys & Secret")
    client_secret: Secret = secret(help="from the same page")
    base_url: str = url(help="https://api.sandbox.lulu.com for the sandbox", default="https://api.lulu.com")


def sign(settings: LuluSettings) -> httpx.Auth:
    """Fetches a token, and puts it on each request until it ends."""
    return ClientCredentialsAuth(
        settings.base_url.rstrip("/") + TOKEN_PATH,
        settings.client_id,
        settings.client_secret,
        client_auth="basic",
    )
