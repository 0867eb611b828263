"""Webhooks of Shopify: what is signed is a hint, what is not is nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

import orderdesk_shopify
from orderdesk_devkit.testing.harness import SimulatedHarness
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.errors import SignatureVerificationError
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookRequest
from orderdesk_sdk.secret import Secret
from orderdesk_shopify.settings import CartSettings
from orderdesk_shopify.simulator import ShopifySimulator
from orderdesk_shopify.simulator.webhooks import CLIENT_SECRET, signature

integration = "shopify"
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def service(
    url: str = "https://shop.example", *, secret: str = CLIENT_SECRET, before: str = ""
) -> Service[CartSettings]:
    settings = CartSettings(
        shop_url=url,
        access_token=Secret("simulated-access-token"),
        webhook_secret=Secret(secret),
        webhook_secret_before=Secret(before),
    )
    return Service("shop", settings, url, NOW, "agent", ConnectionRole.CART)


def message(
    body: bytes, topic: str = "orders/cancelled", secret: str = CLIENT_SECRET, delivery: str = "w-1"
) -> WebhookRequest:
    headers = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature(body, secret),
        "X-Shopify-Webhook-Id": delivery,
    }
    return WebhookRequest(headers, body)


BODY = json.dumps({"id": 1042, "admin_graphql_api_id": "gid://shopify/Order/1042"}).encode()
CANCELED = (
    OrderNotification("gid://shopify/Order/1042", NotificationKind.CANCELED, "w-1"),
    OrderNotification("1042", NotificationKind.CANCELED, "w-1"),
)


def test_a_signed_webhook_hints_at_its_order_under_both_names() -> None:
    assert orderdesk_shopify.orderdesk_parse_webhook(message(BODY), service()) == CANCELED


def test_a_delivery_that_comes_twice_says_so() -> None:
    first, again = (orderdesk_shopify.orderdesk_parse_webhook(message(BODY), service()) for _ in range(2))
    assert first == again, "the core tells by the name of the delivery"


def test_what_the_simulated_shop_sends_is_understood(simulator: ShopifySimulator) -> None:
    simulator.cancel_in_admin("1042")
    (sent,) = simulator.outbox.messages
    assert {hint.remote_id for hint in orderdesk_shopify.orderdesk_parse_webhook(sent, service())} == {
        "1042",
        "gid://shopify/Order/1042",
    }


def test_a_secret_that_is_being_changed_is_good_beside_the_new_one() -> None:
    old = message(BODY, secret="the old one")
    assert orderdesk_shopify.orderdesk_parse_webhook(old, service(before="the old one")) == CANCELED
    with pytest.raises(SignatureVerificationError):
        orderdesk_shopify.orderdesk_parse_webhook(old, service())


@pytest.mark.parametrize(
    "forged",
    [
        message(BODY, secret="guessed"),
        message(BODY, secret=""),
        WebhookRequest(message(BODY).headers, BODY + b" "),
        WebhookRequest({"x-shopify-topic": "orders/cancelled"}, BODY),
        WebhookRequest({"x-shopify-hmac-sha256": "ü", "x-shopify-topic": "orders/cancelled"}, BODY),
    ],
    ids=["another secret", "an empty secret", "another body", "no signature", "a signature that is none"],
)
def test_a_webhook_that_is_not_signed_by_the_app_is_nothing(forged: WebhookRequest) -> None:
    with pytest.raises(SignatureVerificationError, match="hmac-sha256"):
        orderdesk_shopify.orderdesk_parse_webhook(forged, service())


def test_without_a_secret_no_webhook_is_believed() -> None:
    with pytest.raises(SignatureVerificationError, match="no secret"):
        orderdesk_shopify.orderdesk_parse_webhook(message(BODY, secret=""), service(secret=""))


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("orders/cancelled", NotificationKind.CANCELED),
        ("orders/fulfilled", NotificationKind.SHIPPED),
        ("orders/partially_fulfilled", NotificationKind.SHIPPED),
        ("orders/edited", NotificationKind.CHANGED),
    ],
)
def test_a_topic_says_what_there_is_to_look_for(topic: str, kind: NotificationKind) -> None:
    assert {hint.kind for hint in orderdesk_shopify.orderdesk_parse_webhook(message(BODY, topic), service())} == {kind}


def test_a_topic_that_is_about_no_order_is_about_none() -> None:
    assert orderdesk_shopify.orderdesk_parse_webhook(message(b"{}", "products/update"), service()) == ()


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"admin_graphql_api_id": null}', b"\xff"])
def test_a_signed_webhook_that_cannot_be_read_says_so(body: bytes) -> None:
    with pytest.raises(MalformedResponseError, match="a webhook of Shopify"):
        orderdesk_shopify.orderdesk_parse_webhook(message(body), service())


def test_a_cancellation_in_the_shop_is_read_back_and_not_echoed(
    simulator: ShopifySimulator, harness: SimulatedHarness
) -> None:
    simulator.cancel_in_admin("1042")
    harness.desk.notifications.handle_webhook("shopify", simulator.outbox.messages[0])
    assert harness.case.state is State.CANCELED
    assert changes(harness) == 0


def test_our_own_cancellation_comes_back_as_a_webhook_twice_and_nothing_follows(
    simulator: ShopifySimulator, harness: SimulatedHarness
) -> None:
    harness.cancel("customer asked")
    case = harness.follow_up()
    (sent,) = simulator.outbox.messages
    for _ in range(2):
        harness.desk.notifications.handle_webhook("shopify", sent)
    assert (harness.case.id, harness.case.state, changes(harness)) == (case.id, State.CANCELED, 1)


def changes(harness: SimulatedHarness) -> int:
    """How many calls wanted to change something."""
    return sum(b"mutation" in request.body for request in harness.recorder.requests)
