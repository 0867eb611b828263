"""A customer's account at MWW: its settings, how it signs, and by which ways it cancels."""

from __future__ import annotations

from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.plugin.answer import Refusal
from orderdesk_sdk.plugin.auth import HeaderAuth
from orderdesk_sdk.plugin.routes import Always, Button, ByCheck, Email, Route, SinceSubmission
from orderdesk_sdk.plugin.settings import host, parsed, secret, setting, settings
from orderdesk_sdk.plugin.toolkit.email_addresses import read_address
from orderdesk_sdk.plugin.toolkit.templates import read_template
from orderdesk_sdk.secret import Secret

JSON_API = "application/vnd.api+json"
WINDOWS = ("two minutes", "no limit")
BODY = """Please cancel our order {remote_id} (vendor-po), all of it, and answer whether it is canceled or ships.
It was submitted {submitted_at} and ships to {ship_to}."""


@settings
class MwwSettings:
    """What a connection needs. No address for cancellations is published, so it is asked for and never guessed."""

    api_key: Secret = secret(help="the API key from your MWW representative")
    cancel_email_to: str = parsed(read_address, help="for cancellations by e-mail; ask your MWW representative")
    cancel_email_subject: str = parsed(read_template, help="of that e-mail", default="Please cancel order {remote_id}")
    cancel_email_body: str = parsed(read_template, help="of that e-mail", default=BODY)
    base_url: str = host(help="MWW's API", default="https://api.mwwondemand.com/api")
    cancel_window: str = setting(str, help="when the button is tried", default=WINDOWS[0], choices=WINDOWS)
    shipping_method: str = setting(str, help="MWW's code for new orders; empty: the order's own", default="")
    design_key: str = setting(str, help="the line metadata with the URL of its design", default="print_url")


def auth_key(settings: MwwSettings) -> HeaderAuth:
    """The three headers that MWW requires of every request, also of those without a body."""
    key = Secret(f"auth-key={settings.api_key.reveal()}")
    return HeaderAuth({"authorization": key, "content-type": JSON_API, "accept": f"{JSON_API}; version=1"})


def ladder(window: str) -> tuple[Route, ...]:
    """Order Desk's guide: the button in the first minute or two, else an e-mail. MWW's own text: until it is packed."""
    opened = SinceSubmission(minutes(2)) if window == WINDOWS[0] else Always()
    note = "MWW refuses while it takes the order in, up to an hour, and once it is packed"
    button = Button(ByCheck(minutes(5), hours(4)), opened, {Refusal.TOO_LATE, Refusal.NOT_ALLOWED}, note=note)
    return button, Email(to="cancel_email_to", subject="cancel_email_subject", body="cancel_email_body")
