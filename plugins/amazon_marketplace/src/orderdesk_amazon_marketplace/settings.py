"""A seller's account in one region: its settings, and how requests are signed."""

from __future__ import annotations

from orderdesk_sdk.plugin import RefreshTokenSettings, host, parsed, read_texts, refresh_token_auth, setting, settings


@settings
class MarketplaceSettings(RefreshTokenSettings):
    """What a connection needs. Hosts: https://developer-docs.amazon.com/sp-api/docs/sp-api-endpoints."""

    seller_id: str = setting(str, help="the merchant token, in Seller Central > Account Info")
    marketplace_ids: tuple[str, ...] = parsed(read_texts, help="where the orders were placed, 1 to 25")
    endpoint: str = host(help="the region's API (-na, -eu, -fe)", default="https://sellingpartnerapi-na.amazon.com")
    store: str = host(help="where Amazon keeps feed documents", default="https://*.amazonaws.com")
    edge: str = host(help="where else, as in Amazon's samples", default="https://*.cloudfront.net")
    token_url: str = host(help="Login with Amazon", default="https://api.amazon.com/auth/o2/token")
    item_field: str = setting(str, help="a line's metadata with Amazon's order item id; empty: it is read", default="")
    extra_reasons: tuple[str, ...] = parsed(read_texts, help="codes that Amazon has added", default=())
    transport: str = setting(str, help="json: UNRELEASED cancelOrder first", default="feed", choices=("feed", "json"))


sign = refresh_token_auth("token_url", header="x-amz-access-token", dated="x-amz-date")
"""Login with Amazon: an access token by the seller's refresh token, put on each request."""
