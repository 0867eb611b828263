"""A seller's account in one region: its settings."""

from __future__ import annotations

from orderdesk_sdk.plugin.settings import RefreshTokenSettings, host, setting, settings

POLICIES = ("FillOrKill", "FillAll", "FillAllAvailable")


@settings
class McfSettings(RefreshTokenSettings):
    """What a connection needs. Hosts: https://developer-docs.amazon.com/sp-api/docs/sp-api-endpoints."""

    endpoint: str = host(help="the region's API (-na, -eu, -fe)", default="https://sellingpartnerapi-na.amazon.com")
    token_url: str = host(help="Login with Amazon", default="https://api.amazon.com/auth/o2/token")
    marketplace_id: str = setting(str, help="of new orders; empty: Amazon chooses by the address", default="")
    speed: str = setting(str, help="of new orders", default="Standard", choices=("Standard", "Expedited", "Priority"))
    action: str = setting(str, help="ship new orders, or hold them", default="Ship", choices=("Ship", "Hold"))
    policy: str = setting(str, help="if units are missing", default="FillOrKill", choices=POLICIES)
