"""A customer's account at BDLinx: its user and secret, and the calls that its own document names."""

from __future__ import annotations

from orderdesk_sdk.plugin import Secret, UndocumentedSettings, secret, setting, settings


@settings
class BdlinxSettings(UndocumentedSettings):
    """What a connection needs. BDLinx issues user and secret; all the rest stands in the document that it gives out."""

    api_user: str = setting(str, help="the API user from BDLinx")
    api_secret: Secret = secret(help="the API secret from BDLinx")
