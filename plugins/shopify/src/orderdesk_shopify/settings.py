"""Settings of a connection to Shopify, as cart or for fulfillment orders, and how its requests are signed."""

from __future__ import annotations

import re

from orderdesk_sdk.plugin import ConfigurationError, HeaderAuth, Secret, custom, secret, setting, settings, url

__all__ = ["CartSettings", "FulfillmentSettings", "ShopSettings", "read_version", "sign"]


def read_version(value: object, location: str) -> str:
    """A version of the Admin API, which is named by a quarter. Raises ConfigurationError."""
    if isinstance(value, str) and re.fullmatch(r"20\d\d-(01|04|07|10)", value):
        return value
    raise ConfigurationError(
        f"{value!r} is not a version of the Admin API", location=location, hint='write it as "2026-10"'
    )


@settings
class ShopSettings:
    """What a connection needs. For an hour after a secret was changed Shopify may still sign with the one before."""

    shop_url: str = url(help="https://YOUR-SHOP.myshopify.com")
    access_token: Secret = secret(help="the app's Admin API access token")
    api_version: str = custom(read_version, help="of the Admin API, a quarter", default="2026-10")
    webhook_secret: Secret = secret(help="the app's client secret, which signs webhooks", default=Secret(""))
    webhook_secret_before: Secret = secret(help="the one before, while it is being changed", default=Secret(""))


@settings
class FulfillmentSettings(ShopSettings):
    """Which side of a fulfillment order we are: who asks for it, or the service that is asked."""

    acts_as: str = setting(str, help="which side we are", default="merchant", choices=("merchant", "service"))


@settings
class CartSettings(ShopSettings):
    """Each of the three happens only where it is said here."""

    refund: bool = setting(bool, help="pay captured money back by the original payment methods", default=False)
    restock: bool = setting(bool, help="put the items back into stock", default=False)
    notify_customer: bool = setting(bool, help="have Shopify mail the customer", default=False)


def sign(settings: ShopSettings) -> HeaderAuth:
    """Puts the access token on each request."""
    return HeaderAuth({"x-shopify-access-token": settings.access_token})
