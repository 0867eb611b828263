"""A seller's account in one region: its settings, and how it signs (no AWS signature since 2023-10-02)."""

from __future__ import annotations

from orderdesk_sdk.http.auth import RefreshTokenAuth
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.settings import host, secret, setting, settings

POLICIES = ("FillOrKill", "FillAll", "FillAllAvailable")


@settings
class McfSettings:
    """What a connection needs. Hosts: https://developer-docs.amazon.com/sp-api/docs/sp-api-endpoints."""

    refresh_token: Secret = secret(help="the seller's Login with Amazon refresh token (Atzr|...)")
    client_id: Secret = secret(help="the application's client id")
    client_secret: Secret = secret(help="the application's client secret")
    endpoint: str = host(help="the region's API (-na, -eu, -fe)", default="https://sellingpartnerapi-na.amazon.com")
    token_url: str = host(help="Login with Amazon", default="https://api.amazon.com/auth/o2/token")
    marketplace_id: str = setting(str, help="of new orders; empty: Amazon chooses by the address", default="")
    speed: str = setting(str, help="of new orders", default="Standard", choices=("Standard", "Expedited", "Priority"))
    action: str = setting(str, help="ship new orders, or hold them", default="Ship", choices=("Ship", "Hold"))
    policy: str = setting(str, help="if units are missing", default="FillOrKill", choices=POLICIES)


def login_with_amazon(its: McfSettings) -> RefreshTokenAuth:
    """See https://developer.amazon.com/docs/login-with-amazon/access-token.html."""
    login = (its.token_url, its.refresh_token, its.client_id, its.client_secret)
    return RefreshTokenAuth(*login, header="x-amz-access-token", dated="x-amz-date")
