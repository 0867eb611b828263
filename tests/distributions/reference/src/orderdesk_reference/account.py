"""What a connection needs, why an order is canceled, and by which ways: all that is known before a call is made."""

from __future__ import annotations

import httpx

from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.plugin.answer import Refusal
from orderdesk_sdk.plugin.auth import HeaderAuth
from orderdesk_sdk.plugin.identity import StatedAt
from orderdesk_sdk.plugin.reasons import CanonicalReason, ClosedList, ReasonCode
from orderdesk_sdk.plugin.routes import Button, ByCheck, ByPerson, Email, Route, SinceSubmission
from orderdesk_sdk.plugin.settings import host, parsed, secret, settings
from orderdesk_sdk.plugin.toolkit.email_addresses import read_address
from orderdesk_sdk.plugin.toolkit.templates import read_template
from orderdesk_sdk.secret import Secret

__all__ = ["ACCESS", "NUMBER", "ORDERS", "CartSettings", "MakerSettings", "ladder", "sign"]

ORDERS = "/orders"
NUMBER = StatedAt("order", "number")  # Of every reply that shows an order; the core compares it with the order's.
ACCESS = "check api_key of this connection"
BODY = """Please cancel our order {remote_id}, all of it, and answer whether it is canceled or ships.
It was submitted {submitted_at} and ships to {ship_to}."""
REASONS = (  # Each canonical reason stands for exactly one code: a gap would leave somebody without an answer.
    ReasonCode("ASKED", "The customer asked", {CanonicalReason.CUSTOMER_ASKED}),
    ReasonCode("STOCK", "Out of stock, or late", {CanonicalReason.OUT_OF_STOCK, CanonicalReason.LATE}),
    ReasonCode("DATA", "Wrong address or price", {CanonicalReason.ADDRESS, CanonicalReason.PRICING}),
    ReasonCode("RISK", "Fraud or duplicate", {CanonicalReason.FRAUD, CanonicalReason.DUPLICATE}),
    ReasonCode("OTHER", "Anything else", {CanonicalReason.OTHER}),
)


@settings
class CartSettings:
    """What both services need. Whatever nobody publishes has no default: it is required."""

    base_url: str = host(help="where the API is")
    api_key: Secret = secret(help="the API key")


@settings
class MakerSettings(CartSettings):
    """What only the maker needs."""

    cancel_email_to: str = parsed(read_address, help="where cancellations are taken")
    cancel_email_subject: str = parsed(read_template, help="of that e-mail", default="Please cancel order {remote_id}")
    cancel_email_body: str = parsed(read_template, help="of that e-mail", default=BODY)
    webhook_secret: Secret = secret(help="what its messages are signed with", default=Secret(""))


def sign(its: CartSettings) -> httpx.Auth:
    """Puts the key on each request. Credentials are an httpx.Auth and nothing else, so that they are never logged."""
    return HeaderAuth({"x-api-key": its.api_key})


def ladder() -> tuple[Route, ...]:
    """The button for half an hour, then the e-mail; also where the button says that it is too late."""
    return (
        Button(
            # It only takes note, so its reply proves nothing: what became of it is read back.
            confirm=ByCheck(every=minutes(5), give_up=hours(24)),
            window=SinceSubmission(minutes(30)),
            climbs={Refusal.TOO_LATE},
            reasons=ClosedList(REASONS),
            note="stops the order before it is packed",
        ),
        Email(
            to="cancel_email_to",
            subject="cancel_email_subject",
            body="cancel_email_body",
            confirm=ByPerson(within=hours(4)),
        ),
    )
