"""Notices of BDLinx: read as the customer configures them, by the token of the Notification URL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from orderdesk_bdlinx import orderdesk_parse_webhook
from orderdesk_bdlinx.settings import BdlinxSettings
from orderdesk_sdk.errors import SignatureVerificationError
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.profiles.webhook_profile import read_webhook_profile
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookRequest
from orderdesk_sdk.secret import Secret

TOKEN = "a-token-of-the-notification-url"
PROFILE = {"order": "/order/number", "status": "/order/status", "query": "token"}
BODY = b'{"order": {"number": "1042", "status": "Shipped"}}'


def hints(query: Mapping[str, str], *, profile: object = PROFILE, token: str = TOKEN) -> tuple[OrderNotification, ...]:
    settings = BdlinxSettings(
        api_user="u",
        api_secret=Secret("s"),
        webhook_token=Secret(token),
        webhook=read_webhook_profile(profile, "webhook") if profile else None,
    )
    service = Service("bdlinx", settings, "", datetime.now(UTC), "agent", ConnectionRole.FULFILLMENT)
    return orderdesk_parse_webhook(WebhookRequest({}, BODY, query), service)


def test_a_notice_with_the_token_of_its_url_hints_at_its_order() -> None:
    assert hints({"token": TOKEN}) == (OrderNotification("1042", NotificationKind.SHIPPED),)


@pytest.mark.parametrize("query", [{}, {"token": ""}, {"token": "guess"}, {"other": TOKEN}])
def test_without_the_token_it_is_nothing(query: Mapping[str, str]) -> None:
    with pytest.raises(SignatureVerificationError):
        hints(query)


@pytest.mark.parametrize(("profile", "token"), [(None, TOKEN), (PROFILE, "")])
def test_what_is_not_configured_is_not_read(profile: object, token: str) -> None:
    with pytest.raises(SignatureVerificationError, match="expects no webhooks"):
        hints({"token": token}, profile=profile, token=token)
