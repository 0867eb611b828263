"""Settings of a connection to MWW, and how its requests are signed."""

from __future__ import annotations

from orderdesk_sdk.plugin import (
    HeaderAuth,
    Secret,
    custom,
    read_address,
    read_template,
    secret,
    setting,
    settings,
    url,
)

__all__ = ["TWO_MINUTES", "MwwSettings", "sign"]

JSON_API = "application/vnd.api+json"
TWO_MINUTES = "two minutes"
BODY = """Please cancel our order {remote_id} (vendor-po), all of it, and answer whether it is canceled or ships.
It was submitted {submitted_at} and ships to {ship_to}."""


@settings
class MwwSettings:
    """What a connection needs. No address for cancellations is published, so it is asked for and never guessed."""

    api_key: Secret = secret(help="the API key from your MWW representative")
    cancel_email_to: str = custom(read_address, help="for cancellations by e-mail; ask your MWW representative")
    cancel_email_subject: str = custom(read_template, help="of that e-mail", default="Please cancel order {remote_id}")
    cancel_email_body: str = custom(read_template, help="of that e-mail", default=BODY)
    base_url: str = url(help="MWW's API", default="https://api.mwwondemand.com/api")
    cancel_window: str = setting(
        str,
        help="when the button is tried",
        default=TWO_MINUTES,
        choices=(TWO_MINUTES, "no limit"),
    )
    shipping_method: str = setting(str, help="MWW's code for new orders; empty: the order's own", default="")
    webhook_token: Secret = secret(
        help="the parameter token of the URL that MWW calls; empty: no webhook is read", default=Secret("")
    )
    design_key: str = setting(str, help="the line metadata with the URL of its design", default="print_url")


def sign(settings: MwwSettings) -> HeaderAuth:
    """The three headers that MWW requires of every request, also of those without a body."""
    return HeaderAuth(
        {
            "authorization": Secret(f"auth-key={settings.api_key.reveal()}"),
            "content-type": JSON_API,
            "accept": f"{JSON_API}; version=1",
        }
    )
