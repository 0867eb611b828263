"""A customer's account at BDLinx: its user and secret, and the calls that its own document names."""

from __future__ import annotations

from orderdesk_sdk.plugin import (
    CustomApiSettings,
    Secret,
    WebhookProfile,
    custom,
    read_webhook_profile,
    secret,
    setting,
    settings,
)


@settings
class BdlinxSettings(CustomApiSettings):
    """What a connection needs. BDLinx issues user and secret; all the rest stands in the document that it gives out."""

    api_user: str = setting(str, help="the API user from BDLinx")
    api_secret: Secret = secret(help="the API secret from BDLinx")
    webhook_token: Secret = secret(
        help="the token of the Notification URL that you give to BDLinx; empty: none are read", default=Secret("")
    )
    webhook: WebhookProfile | None = custom(
        read_webhook_profile, help="how BDLinx writes its notifications, from its document", default=None
    )
