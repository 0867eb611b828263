"""Statuses that can be set at Shopify, and webhooks: what is signed is a hint, what is not is nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

import orderdesk_shopify
from orderdesk_sdk.answer import Answer, Outcome, Refusal
from orderdesk_sdk.case import State
from orderdesk_sdk.change_status import settable_statuses
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.errors import InputError, UntrustedMessage
from orderdesk_sdk.flow import drive
from orderdesk_sdk.http.client import ConnectionClient
from orderdesk_sdk.http.service import Service
from orderdesk_sdk.message import Hint, HintKind, Message
from orderdesk_sdk.order import Order, Placement, Role
from orderdesk_sdk.reading import MalformedReply
from orderdesk_sdk.request import StatusRequest
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.testing.fake_client import FakeJournal
from orderdesk_sdk.testing.serving import serve
from orderdesk_sdk.testing.stage import SimulatedStage
from orderdesk_shopify import fulfillment
from orderdesk_shopify.account import CartSettings, ShopSettings
from orderdesk_shopify.simulator import FulfillmentSimulator, ShopifySimulator
from orderdesk_shopify.simulator.webhooks import CLIENT_SECRET, signature

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
Opener = Callable[..., SimulatedStage]


def service(
    url: str = "https://shop.example", *, secret: str = CLIENT_SECRET, before: str = ""
) -> Service[CartSettings]:
    settings = CartSettings(
        shop_url=url,
        access_token=Secret("simulated-access-token"),
        webhook_secret=Secret(secret),
        webhook_secret_before=Secret(before),
    )
    return Service("shop", settings, url, NOW, "agent", Role.CART)


# Statuses


def set_status(shop: ShopifySimulator, status: str, remote_id: str = "1042") -> tuple[Answer, list[str]]:
    """What a flow that sets a status ends with at a served shop, and the operations that it took there."""
    before = len(shop.log)
    request = StatusRequest(Order("1", "1042"), Placement("shop", remote_id, NOW, Role.CART), status)
    with serve(shop.app) as served:
        its = service(served.url)
        client = ConnectionClient(orderdesk_shopify.orderdesk_integration(), its.settings, shop.clock)
        driven = drive(lambda: orderdesk_shopify.orderdesk_change_status(request, its), Answer, client, FakeJournal())
        client.close()
    assert isinstance(driven.outcome, Answer)
    return driven.outcome, [record.operation for record in shop.log[before:]]


def test_an_order_is_archived_and_opened_again(shop: ShopifySimulator) -> None:
    archived, calls = set_status(shop, "archived")
    assert (archived.outcome, archived.status, shop.truth("1042")) == (Outcome.CHANGED, "archived", "archived")
    assert calls == ["Order", "Archive"]
    opened, _ = set_status(shop, "open")
    assert (opened.outcome, opened.status, shop.truth("1042")) == (Outcome.CHANGED, "open", "open")


def test_a_status_that_is_set_already_is_not_set_again(shop: ShopifySimulator) -> None:
    answer, calls = set_status(shop, "open")
    assert (answer.outcome, calls) == (Outcome.CHANGED, ["Order"])


def test_a_canceled_order_can_be_archived(shop: ShopifySimulator) -> None:
    shop.cancel_in_admin("1042")
    assert set_status(shop, "archived")[0].outcome is Outcome.CHANGED


def test_what_can_be_set_is_what_shopify_lets_be_set() -> None:
    assert settable_statuses(orderdesk_shopify.orderdesk_integration()) == ("canceled", "archived", "open")


def test_a_status_is_set_through_the_desk_and_one_that_shopify_has_not_is_refused_with_the_list(
    shop: ShopifySimulator, open_stage: Opener
) -> None:
    stage = open_stage(shop)
    stage.desk.change_status("1042", "archived", by="Ann")
    assert shop.truth("1042") == "archived"
    calls = len(stage.tap.requests)
    with pytest.raises(InputError, match="canceled, archived, open"):
        stage.desk.change_status("1042", "shipped", by="Ann")
    assert len(stage.tap.requests) == calls


def test_a_rule_may_cancel_at_shopify_by_setting_the_status_canceled(
    shop: ShopifySimulator, open_stage: Opener
) -> None:
    stage = open_stage(shop)
    stage.desk.change_status("1042", "canceled", by="Ann", reason="fraud")
    assert stage.follow().state is State.CANCELED
    assert shop.order("1042").reason == "FRAUD"


def test_a_status_of_an_unknown_order_is_refused(shop: ShopifySimulator) -> None:
    assert set_status(shop, "archived", "7")[0].refusal is Refusal.NOT_ALLOWED


def test_a_status_whose_reply_is_hidden_is_unclear_and_then_found_set(shop: ShopifySimulator) -> None:
    shop.set_switch("mutation_reply", "lost")
    assert set_status(shop, "archived")[0].outcome is Outcome.UNCLEAR
    assert set_status(shop, "archived")[0].outcome is Outcome.CHANGED


def test_a_status_without_the_scope_is_not_set(shop: ShopifySimulator) -> None:
    shop.set_switch("scopes", "missing")
    assert (set_status(shop, "archived")[0].outcome, shop.truth("1042")) == (Outcome.NOT_DONE, "open")


# Webhooks


def message(
    body: bytes, topic: str = "orders/cancelled", secret: str = CLIENT_SECRET, delivery: str = "w-1"
) -> Message:
    headers = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature(body, secret),
        "X-Shopify-Webhook-Id": delivery,
    }
    return Message(headers, body)


BODY = json.dumps({"id": 1042, "admin_graphql_api_id": "gid://shopify/Order/1042"}).encode()
CANCELED = (
    Hint("gid://shopify/Order/1042", HintKind.CANCELED, "w-1"),
    Hint("1042", HintKind.CANCELED, "w-1"),
)


def test_a_signed_webhook_hints_at_its_order_under_both_names() -> None:
    assert orderdesk_shopify.orderdesk_receive(message(BODY), service()) == CANCELED


def test_a_delivery_that_comes_twice_says_so() -> None:
    first, again = (orderdesk_shopify.orderdesk_receive(message(BODY), service()) for _ in range(2))
    assert first == again, "the core tells by the name of the delivery"


def test_what_the_simulated_shop_sends_is_understood(shop: ShopifySimulator) -> None:
    shop.cancel_in_admin("1042")
    (sent,) = shop.outbox.messages
    assert {hint.remote_id for hint in orderdesk_shopify.orderdesk_receive(sent, service())} == {
        "1042", "gid://shopify/Order/1042",
    }  # fmt: skip


def test_a_secret_that_is_being_changed_is_good_beside_the_new_one() -> None:
    old = message(BODY, secret="the old one")
    assert orderdesk_shopify.orderdesk_receive(old, service(before="the old one")) == CANCELED
    with pytest.raises(UntrustedMessage):
        orderdesk_shopify.orderdesk_receive(old, service())


@pytest.mark.parametrize(
    "forged",
    [
        message(BODY, secret="guessed"),
        message(BODY, secret=""),
        Message(message(BODY).headers, BODY + b" "),
        Message({"x-shopify-topic": "orders/cancelled"}, BODY),
        Message({"x-shopify-hmac-sha256": "ü", "x-shopify-topic": "orders/cancelled"}, BODY),
    ],
    ids=["another secret", "an empty secret", "another body", "no signature", "a signature that is none"],
)
def test_a_webhook_that_is_not_signed_by_the_app_is_nothing(forged: Message) -> None:
    with pytest.raises(UntrustedMessage, match="hmac-sha256"):
        orderdesk_shopify.orderdesk_receive(forged, service())


def test_without_a_secret_no_webhook_is_believed() -> None:
    with pytest.raises(UntrustedMessage, match="no secret"):
        orderdesk_shopify.orderdesk_receive(message(BODY, secret=""), service(secret=""))


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("orders/cancelled", HintKind.CANCELED),
        ("orders/fulfilled", HintKind.SHIPPED),
        ("orders/partially_fulfilled", HintKind.SHIPPED),
        ("orders/edited", HintKind.CHANGED),
    ],
)
def test_a_topic_says_what_there_is_to_look_for(topic: str, kind: HintKind) -> None:
    assert {hint.kind for hint in orderdesk_shopify.orderdesk_receive(message(BODY, topic), service())} == {kind}


def test_a_topic_that_is_about_no_order_is_about_none() -> None:
    assert orderdesk_shopify.orderdesk_receive(message(b"{}", "products/update"), service()) == ()


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"admin_graphql_api_id": null}', b"\xff"])
def test_a_signed_webhook_that_cannot_be_read_says_so(body: bytes) -> None:
    with pytest.raises(MalformedReply, match="a webhook of Shopify"):
        orderdesk_shopify.orderdesk_receive(message(body), service())


def test_an_answer_of_a_fulfillment_service_hints_at_its_fulfillment_order(
    works: FulfillmentSimulator, open_stage: Opener
) -> None:
    stage = open_stage(works)
    assert isinstance(works.clock, VirtualClock)
    works.clock.advance(minutes(10))
    stage.cancel()
    stage.follow()
    (sent,) = works.outbox.messages
    its = ShopSettings(shop_url="https://shop.example", access_token=Secret("t"), webhook_secret=Secret(CLIENT_SECRET))
    hints = fulfillment.orderdesk_receive(sent, Service("shop", its, "", NOW, "agent", Role.FULFILLMENT))
    assert [(hint.remote_id, hint.kind) for hint in hints] == [
        ("gid://shopify/FulfillmentOrder/1042", HintKind.CANCELED),
        ("1042", HintKind.CANCELED),
    ]


def test_a_cancellation_in_the_shop_is_read_back_and_not_echoed(shop: ShopifySimulator, open_stage: Opener) -> None:
    stage = open_stage(shop)
    shop.cancel_in_admin("1042")
    stage.desk.receive("shopify", shop.outbox.messages[0])
    assert stage.case.state is State.CANCELED
    assert changes(stage) == 0


def test_our_own_cancellation_comes_back_as_a_webhook_twice_and_nothing_follows(
    shop: ShopifySimulator, open_stage: Opener
) -> None:
    stage = open_stage(shop)
    stage.cancel("customer asked")
    case = stage.follow()
    (sent,) = shop.outbox.messages
    for _ in range(2):
        stage.desk.receive("shopify", sent)
    assert (stage.case.id, stage.case.state, changes(stage)) == (case.id, State.CANCELED, 1)


def test_a_forged_webhook_changes_nothing(shop: ShopifySimulator, open_stage: Opener) -> None:
    stage = open_stage(shop)
    with pytest.raises(UntrustedMessage):
        stage.desk.receive("shopify", message(BODY, secret="guessed"))
    assert (stage.tap.requests, list(stage.desk.cases())) == ([], [])


def changes(stage: SimulatedStage) -> int:
    """How many calls wanted to change something."""
    return sum(b"mutation" in request.body for request in stage.tap.requests)
