"""Paths of calls: no order's number leads to another path than the one that is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import ConfigurationError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.integration import IdentifierFormat
from orderdesk_sdk.plugin.profiles.api_profile import read_api_profile
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.url_paths import fill_path, number_error, path_error, segment_error
from tests.support.email_child import EMAIL_ONLY

if TYPE_CHECKING:
    from tests.conftest import RulesOpener

BASE = "https://acme.example/v1/shops/7"
SERVICE = Service("shop", None, BASE, VirtualClock().now(), "agent", ConnectionRole.FULFILLMENT)

DISGUISED = [
    ".",
    "..",
    "...",
    " .. ",
    "..;",
    "..;x=1",
    ".;",
    "%2e%2e",
    "%2E.",
    "%252e%252e",
    "%25252e.",
    "..%20",
    "%09..",
    "\u2024",
    "\u2025",
    "\u2026",
    "\uff0e\uff0e",
    "\ufe52.",
    ".\u2024",
    "1042/..",
    "../9",
    "1042/../../9",
    "1042%2f..%2f9",
    "x/./y",
    "a\uff0f..",
    "..%5c9",
]
UNSEEN = [
    "1042\n",
    "10\x0042",
    "\x7f",
    "10\x8542",
    "10\u202842",
    "10\u200b42",
    "10\u202e42",
    "\ud83d",
    "10%0a42",
    "%00",
]
BACKSLASHES = ["\\", "..\\9", "1042\\cancel", "10%5c42", "10\uff3c42"]
EMPTY = ["", " ", "\t", "\u3000"]
HARMLESS = [
    "1042",
    "#1018",
    "A.1042",
    "1042.",
    ".1042",
    "1..2",
    "2026/1042",
    "a;b",
    "100%",
    "a%20b",
    "WEB-7 (2)",
    "a?b&c=d",
    "Ä-42",
    "注文42",
    "~",
    "-",
    "_",
    "a/b;c",
    "1042:cancel",
    "x@y",
    "..a",
    "a..",
]


@pytest.mark.parametrize("number", [*DISGUISED, *UNSEEN, *BACKSLASHES, *EMPTY], ids=ascii)
def test_what_a_server_could_take_for_another_path_is_no_segment(number: str) -> None:
    for segments in ((number,), (number, "cancel"), ("orders", number, "cancel")):
        with pytest.raises(ValidationError, match="give the number that the service knows") as caught:
            SERVICE.get("/orders", *segments)
        assert caught.value.location == "connection 'shop', a call to '/orders'"
    assert number_error(number, None) is not None


@pytest.mark.parametrize("number", HARMLESS, ids=ascii)
def test_what_leads_nowhere_else_is_taken_as_it_is(number: str) -> None:
    url = SERVICE.get("/orders", number, "cancel").url
    assert url.raw_path.decode().startswith("/v1/shops/7/orders/")
    assert [unquote(part) for part in url.raw_path.decode().split("/")[5:]] == [number, "cancel"]
    assert url.query == b""
    assert number_error(number, None) is None


@pytest.mark.slow
@given(st.text(st.one_of(st.sampled_from("./\\%2eE5cC;\uff0e\u2025 #?"), st.characters(codec="utf-8")), max_size=8))
@settings(max_examples=800)
def test_no_text_leads_out_of_its_path_however_often_it_is_decoded(number: str) -> None:
    if segment_error(number) is not None:
        return
    raw = SERVICE.put("/orders", number, "cancel").url.raw_path.decode()
    for _ in range(5):
        assert httpx.URL("https://acme.example").join(raw).raw_path.startswith(b"/v1/shops/7/orders/")
        assert ".." not in raw.replace("\\", "/").split("/")
        raw = unquote(raw)


@pytest.mark.parametrize(
    "path",
    [
        "/orders/../9",
        "/orders/./9",
        "/orders/%2e%2e/9",
        "/orders/..;/9",
        "/orders//9",
        "/orders\\9",
        "/orders/#1018",
        "/orders/1042\n",
        "orders/1042",
        "@evil.example/",
        ":8080/orders",
        "/orders/..?x=1",
        "/..",
        "/orders/\uff0e.",
    ],
)
def test_a_path_that_a_number_was_written_into_is_looked_at_too(path: str) -> None:
    assert path_error(path) is not None
    with pytest.raises(ValidationError, match="the path"):
        SERVICE.post(path, json={})


@pytest.mark.parametrize(
    "path", ["", "/", "/orders", "/orders/", "/1.0/order/1042:cancel", "/orders?number=..%2F&x=//", "?a=1"]
)
def test_other_paths_are_called_as_they_stand(path: str) -> None:
    assert str(SERVICE.get(path).url) == BASE + path


def test_an_empty_segment_after_others_ends_the_url_with_a_slash() -> None:
    assert str(SERVICE.get("/orders", "1042", "status", "").url) == f"{BASE}/orders/1042/status/"
    with pytest.raises(ValidationError, match="is empty"):
        SERVICE.get("/orders", "")


def test_a_rule_of_the_service_is_asked_after_that() -> None:
    rule = IdentifierFormat("[0-9]+", 4, "they are digits")
    assert [number_error(number, rule) for number in ("1042", "..")] == [
        None,
        "the number '..' has a part of nothing but dots, which servers take for another path",
    ]
    assert "they are digits" in str(number_error("A7", rule))


@pytest.mark.parametrize("number", ["..", ".", "", " ", "10\x0042", "1042\\..", "%2e%2e"], ids=ascii)
def test_such_a_number_is_not_registered(number: str, rules_desk: RulesOpener) -> None:
    desk = rules_desk()
    order = sample_order()
    desk.orders.import_orders([order], by="a test")
    with pytest.raises(ValidationError, match="give the number that the service knows") as caught:
        desk.orders.register(order.number, connection=EMAIL_ONLY, by="a test", remote_id=number)
    assert caught.value.location == f"order {order.number} at {EMAIL_ONLY}"
    assert desk.order_store.remote_orders(desk.order_store.get_order(order.number).id) == ()


# API profiles


@pytest.mark.parametrize(
    "path", ["/orders/../{remote_id}", "/orders/{remote_id}#x", "/a//{remote_id}", "/a\\{remote_id}"]
)
def test_a_profile_with_such_a_path_is_refused_with_its_place(path: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_api_profile({"cancel": {"method": "POST", "path": path, "accepted": [200]}}, "api")
    assert caught.value.location == "api.cancel.path"


@pytest.mark.parametrize("number", ["..", "1042/..", "%2e%2e", "\uff0e."], ids=ascii)
def test_a_number_that_a_profile_is_filled_with_leads_nowhere_else(number: str) -> None:
    for template in ("/orders/{remote_id}", "/orders/{remote_id}/cancel", "/orders/{remote_id}:cancel?x={remote_id}"):
        with pytest.raises(ValidationError, match="nothing but dots"):
            fill_path(template, {"remote_id": number}, "api")
    filled = fill_path("/orders?number={remote_id}&why={reason}", {"remote_id": number, "reason": ""}, "api")
    assert httpx.URL(BASE + filled).path == "/v1/shops/7/orders"
