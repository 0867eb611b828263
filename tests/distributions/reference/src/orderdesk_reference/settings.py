"""Settings of a connection to either service, and how its requests are signed."""

from __future__ import annotations

import httpx

from orderdesk_sdk.plugin import HeaderAuth, Secret, custom, read_address, read_template, secret, setting, settings, url

__all__ = ["CartSettings", "MakerSettings", "ServiceSettings", "sign"]

BODY = """Please cancel our order {remote_id}, all of it, and answer whether it is canceled or ships.
It was submitted {submitted_at} and ships to {ship_to}."""


@settings
class ServiceSettings:
    """What both services need. Whatever nobody publishes has no default: it is required."""

    base_url: str = url(help="where the API is")
    api_key: Secret = secret(help="the API key")


@settings
class CartSettings(ServiceSettings):
    """What only the cart needs."""

    answer_requests: bool = setting(bool, help="list and answer buyers' requests to cancel", default=False)


@settings
class MakerSettings(ServiceSettings):
    """What only the maker needs."""

    cancel_email_to: str = custom(read_address, help="where cancellations are taken")
    cancel_email_subject: str = custom(read_template, help="of that e-mail", default="Please cancel order {remote_id}")
    cancel_email_body: str = custom(read_template, help="of that e-mail", default=BODY)
    webhook_secret: Secret = secret(help="what its messages are signed with", default=Secret(""))


def sign(settings: ServiceSettings) -> httpx.Auth:
    """Puts the key on each request. Credentials are an httpx.Auth and nothing else, so that they are never logged."""
    return HeaderAuth({"x-api-key": settings.api_key})
