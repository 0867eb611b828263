"""Webhooks of MWW: read by the token of their URL, and only a hint; the shape is that of MWW's docs."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from orderdesk_mww import orderdesk_parse_webhook
from orderdesk_mww.settings import MwwSettings
from orderdesk_sdk.errors import SignatureVerificationError
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookRequest
from orderdesk_sdk.secret import Secret

TOKEN = "a-token-of-the-url"


def hints(body: object, shown: str | None = TOKEN, configured: str = TOKEN) -> tuple[OrderNotification, ...]:
    settings = MwwSettings(api_key=Secret("k"), cancel_email_to="mww@example.com", webhook_token=Secret(configured))
    service = Service("mww", settings, "https://mww.example", datetime.now(UTC), "agent", ConnectionRole.FULFILLMENT)
    query = {} if shown is None else {"token": shown}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return orderdesk_parse_webhook(WebhookRequest({}, content, query), service)


def webhook(event: object) -> dict[str, object]:
    return {
        "data": {
            "type": "mwwondemand-order-notifications",
            "attributes": {"event": event, "title": "An order", "tracking-numbers": []},
            "relationships": {"mwwondemand-order": {"data": {"id": "900123456789012345"}}},
        },
        "included": {
            "mwwondemand-orders": [
                {"id": "900123456789012345", "attributes": {"vendor-po": "1042", "state": "shipped"}}
            ]
        },
    }


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("Shipped", NotificationKind.SHIPPED),
        ("cancelled", NotificationKind.CANCELED),
        ("received", NotificationKind.CHANGED),
        ("printed", NotificationKind.CHANGED),
        (None, NotificationKind.CHANGED),
    ],
)
def test_an_event_in_any_case_is_about_the_order_under_both_its_names(event: object, kind: NotificationKind) -> None:
    assert hints(webhook(event)) == (OrderNotification("900123456789012345", kind), OrderNotification("1042", kind))


@pytest.mark.parametrize(("shown", "configured"), [(None, TOKEN), ("", TOKEN), ("guess", TOKEN), ("", ""), ("ü", "")])
def test_without_the_token_of_the_url_nothing_is_read(shown: str | None, configured: str) -> None:
    with pytest.raises(SignatureVerificationError):
        hints(webhook("Shipped"), shown, configured)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", {"data": {}}, b'{"data": 1, "data": 2}', b"[" * 50_000])
def test_what_names_no_order_is_malformed(body: object) -> None:
    with pytest.raises(MalformedResponseError):
        hints(body)
