"""A customer's account at BDLinx: its settings, what is lacking in them, and how it signs."""

from __future__ import annotations

import httpx

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.http.auth import HeaderAuth
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.settings import host, parsed, secret, setting, settings
from orderdesk_sdk.wire import WireProfile, read_wire_profile

REMEDY = "ask BDLinx for its API document and configure what it says"


@settings
class BdlinxSettings:
    """What a connection needs. BDLinx issues user and secret; all the rest stands in the document that it gives out."""

    api_user: str = setting(str, help="the API user from BDLinx")
    api_secret: Secret = secret(help="the API secret from BDLinx")
    base_url: str = host(help="BDLinx's API, from its API document", default="")
    auth_mode: str = setting(str, help="how they are sent", default="", choices=("basic", "headers"))
    user_header: str = setting(str, help="for auth_mode headers: the header with the user", default="")
    secret_header: str = setting(str, help="for auth_mode headers: the header with the secret", default="")
    wire: WireProfile | None = parsed(read_wire_profile, help="how it is called: cancel, and maybe read", default=None)


def lacking(settings: BdlinxSettings) -> str | None:
    """Which settings are lacking before a call can be made, or None."""
    named = ["base_url", "auth_mode", "wire"]
    if settings.auth_mode == "headers":
        named += ["user_header", "secret_header"]
    names = [name for name in named if not getattr(settings, name)]
    return f"wire format not configured: {', '.join(names)} missing; {REMEDY}" if names else None


def profile(settings: BdlinxSettings) -> WireProfile:
    """The wire profile of a connection that lacks nothing. Raises ConfigurationError for another."""
    why = lacking(settings)
    if settings.wire is None or why:
        raise ConfigurationError(why or "", place="settings", remedy=REMEDY)
    return settings.wire


def credentials(settings: BdlinxSettings) -> httpx.Auth:
    """How requests are signed. Where that is not configured `profile` lets none be made."""
    if settings.auth_mode == "basic":
        return httpx.BasicAuth(settings.api_user, settings.api_secret.reveal())
    return HeaderAuth({settings.user_header: settings.api_user, settings.secret_header: settings.api_secret})
