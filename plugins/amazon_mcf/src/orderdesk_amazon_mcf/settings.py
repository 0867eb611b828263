"""A seller's account in one region: its settings, and how requests are signed."""

from __future__ import annotations

from orderdesk_sdk.plugin import RefreshTokenSettings, host, refresh_token_auth, setting, settings

SPEEDS = ("Standard", "Expedited", "Priority")
ACTIONS = ("Ship", "Hold")
POLICIES = ("FillOrKill", "FillAll", "FillAllAvailable")


@settings
class McfSettings(RefreshTokenSettings):
    """What a connection needs. Hosts: https://developer-docs.amazon.com/sp-api/docs/sp-api-endpoints."""

    endpoint: str = host(help="the region's API (-na, -eu, -fe)", default="https://sellingpartnerapi-na.amazon.com")
    token_url: str = host(help="Login with Amazon", default="https://api.amazon.com/auth/o2/token")
    marketplace_id: str = setting(str, help="of new orders; empty: Amazon chooses by the address", default="")
    speed: str = setting(str, help="of new orders", default="Standard", choices=SPEEDS)
    action: str = setting(str, help="ship new orders, or hold them", default="Ship", choices=ACTIONS)
    policy: str = setting(str, help="if units are missing", default="FillOrKill", choices=POLICIES)


sign = refresh_token_auth("token_url", header="x-amz-access-token", dated="x-amz-date")
"""Login with Amazon: an access token by the seller's refresh token, put on each request."""
