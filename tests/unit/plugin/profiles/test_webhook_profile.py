"""Webhook profiles: first the agreed token, then what the configuration points at; nothing is guessed."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from orderdesk_sdk.errors import ConfigurationError, SignatureVerificationError
from orderdesk_sdk.plugin.profiles.webhook_profile import WebhookProfile, notifications_by_profile, read_webhook_profile
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookRequest
from orderdesk_sdk.secret import Secret

TOKEN = Secret("the-agreed-token")
KINDS = {"ordercanceled": NotificationKind.CANCELED, "shipped": NotificationKind.SHIPPED}
IN_BODY = WebhookProfile("/order/id", event="/event", status="/order/status", event_id="/no", token_path="/token")
IN_HEADER = WebhookProfile("/id", event="/event", header="x-key")


def body(event: str = "Order Cancelled", token: object = "the-agreed-token", **order: object) -> bytes:
    return json.dumps(
        {"token": token, "event": event, "no": 7, "order": {"id": "A-1", "status": "live"} | order}
    ).encode()


def hints(
    document: bytes, profile: WebhookProfile | None = IN_BODY, token: Secret = TOKEN
) -> tuple[OrderNotification, ...]:
    return notifications_by_profile(profile, WebhookRequest({}, document), token, KINDS)


def test_a_message_hints_at_its_order_with_what_happened_and_its_delivery() -> None:
    assert hints(body()) == (OrderNotification("A-1", NotificationKind.CANCELED, "7"),)


@pytest.mark.parametrize(
    ("event", "status", "kind"),
    [
        ("ORDER CANCELED", "live", NotificationKind.CANCELED),
        ("Something", "Shipped", NotificationKind.SHIPPED),
        ("Something", "live", NotificationKind.CHANGED),
        ("Not canceled", "", NotificationKind.CHANGED),
    ],
)
def test_words_are_folded_and_an_unknown_one_means_that_something_changed(
    event: str, status: str, kind: NotificationKind
) -> None:
    assert [hint.kind for hint in hints(body(event, status=status))] == [kind]


def test_a_number_without_quotes_is_a_number_all_the_same() -> None:
    assert hints(body(id=1042))[0].remote_id == "1042"


def test_the_token_may_come_in_a_header_in_whatever_case_its_name_is_written() -> None:
    message = WebhookRequest({"X-Key": "the-agreed-token"}, b'{"id": "1", "event": "x"}')
    assert notifications_by_profile(IN_HEADER, message, TOKEN, KINDS) == (
        OrderNotification("1", NotificationKind.CHANGED),
    )


@pytest.mark.parametrize("token", ["", "the-agreed-toke", "the-agreed-token ", "THE-AGREED-TOKEN", None, 3, ["x"], "é"])
def test_another_token_in_the_message_is_not_trusted(token: object) -> None:
    with pytest.raises(SignatureVerificationError, match="not the agreed one"):
        hints(body(token=token))


@pytest.mark.parametrize("headers", [{}, {"x-key": "another"}, {"authorization": "the-agreed-token"}])
def test_another_token_in_the_header_is_not_trusted_whatever_the_message_says(headers: Mapping[str, str]) -> None:
    with pytest.raises(SignatureVerificationError):
        notifications_by_profile(IN_HEADER, WebhookRequest(headers, body()), TOKEN, KINDS)


@pytest.mark.parametrize(("profile", "token"), [(None, TOKEN), (IN_BODY, Secret("")), (IN_HEADER, Secret(""))])
def test_without_profile_or_token_no_message_is_trusted(profile: WebhookProfile | None, token: Secret) -> None:
    with pytest.raises(SignatureVerificationError, match="this connection expects no webhooks"):
        hints(body(token=""), profile, token)


def test_what_nobody_can_read_is_trusted_no_more_than_its_token() -> None:
    with pytest.raises(SignatureVerificationError):
        hints(b"<html>")
    with pytest.raises(MalformedResponseError, match="not JSON"):
        notifications_by_profile(IN_HEADER, WebhookRequest({"x-key": "the-agreed-token"}, b"<html>"), TOKEN, KINDS)


@pytest.mark.parametrize("number", [None, "", " ", True, 1.5, ["A-1"], {}])
def test_a_message_without_an_orders_number_is_malformed(number: object) -> None:
    with pytest.raises(MalformedResponseError, match="/order/id is not a text"):
        hints(body(id=number))


def test_a_message_without_a_configured_part_is_malformed() -> None:
    with pytest.raises(MalformedResponseError, match="there is no /order/status"):
        hints(b'{"token": "the-agreed-token", "event": "x", "no": "1", "order": {"id": "1"}}')


def test_a_profile_is_read_from_a_table() -> None:
    table = {"order": "/id", "status": "/s", "event_id": "/d", "header": " Authorization "}
    assert read_webhook_profile(table, "here") == WebhookProfile(
        "/id", status="/s", event_id="/d", header="authorization"
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("/id", "here: a table was expected"),
        ({"order": "/id", "orders": "/x"}, "unknown key 'orders'"),
        ({"event": "/e", "token_path": "/t"}, "here.order: is missing"),
        ({"order": "/id", "token_path": "/t"}, "event or status is missing"),
        ({"order": "/id", "event": "/e"}, "token must be given once"),
        (
            {"order": "/id", "event": "/e", "token_path": "/t", "header": "x"},
            "token must be given once",
        ),
        ({"order": "id", "event": "/e", "token_path": "/t"}, "here.order: must be a JSON pointer"),
        ({"order": "/id", "event": 3, "token_path": "/t"}, "here.event: must be a JSON pointer"),
        ({"order": "/id", "event": "/e", "header": " "}, "here.header: must be a header's name"),
    ],
)
def test_a_profile_that_cannot_work_is_told_with_its_place(table: object, said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_webhook_profile(table, "here")
    assert said in str(raised.value)
