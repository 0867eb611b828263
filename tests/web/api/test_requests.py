"""Malformed, oversized and hostile requests: each gets the status that the document says, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.desk.web_config import WebConfig

if TYPE_CHECKING:
    from tests.web.api.conftest import ApiOpener
    from tests.web.conftest import WebShop, WebShopOpener

KEY = {"Idempotency-Key": "a-key"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def api(open_api: ApiOpener) -> httpx.Client:
    return open_api(Role.OPERATOR)


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{}", {}, 415),
        (b"plan=x", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"{}", {"Content-Type": "text/json"}, 415),
        (b"{}", {"Content-Type": "application/json; charset=utf-16"}, 415),
        (b"", JSON, 400),
        (b"{", JSON, 400),
        (b"nothing", JSON, 400),
        (b'{"plan": "a", "plan": "b"}', JSON, 400),
        (b'{"plan": NaN}', JSON, 400),
        (b'{"plan": "\xff"}', JSON, 400),
        (b'{"plan": "\\ud800"}', JSON, 400),
        (b"[" * 30_000, JSON, 400),
        (b'{"lines": ' * 6_000, JSON, 400),
        (b'{"plan": 1e99999999999}', JSON, 422),
        (b"[]", JSON, 422),
        (b"null", JSON, 422),
        (b'"text"', JSON, 422),
        (b'{"by": "Ann"}', JSON, 422),
        (b'{"plan": "a", "requested_by": "Ann"}', JSON, 422),
        (b'{"plan": ["a"]}', JSON, 422),
        (b'{"plan": "a", "reason": "' + b"x" * 201 + b'"}', JSON, 422),
        (b'{"plan": "a", "reason": "a\\u0000b"}', JSON, 422),
        (b'{"plan": "a", "reason": "\\u202e"}', JSON, 422),
        (b'{"plan": "a", "lines": {"MUG": 0}}', JSON, 422),
        (b'{"plan": "a", "lines": {"MUG": true}}', JSON, 422),
        (b'{"plan": "a", "connections": ["mill", "mill"]}', JSON, 422),
    ],
)
def test_a_malformed_body_is_refused(api: httpx.Client, content: bytes, headers: dict[str, str], status: int) -> None:
    reply = api.post("orders/1042/cancel", content=content, headers=headers | KEY)
    assert (reply.status_code, set(reply.json()["error"])) == (status, {"code", "id", "message"})
    assert api.get("orders/1042").json()["cases"] == []


def test_a_supervisor_is_told_where_and_what_to_do(open_api: ApiOpener) -> None:
    reply = open_api(Role.SUPERVISOR).post("orders/1042/cancel", json={}, headers=KEY)
    assert {"code", "id", "message", "hint"} <= set(reply.json()["error"])


def test_a_large_body_is_refused_before_it_is_read(api: httpx.Client) -> None:
    reply = api.post("orders/1042/cancel", content=b" " * 65_537, headers=JSON | KEY)
    assert reply.status_code == 413
    assert reply.json()["error"]["message"] == "The body may have 65536 bytes."


def test_a_body_of_no_told_length_is_refused_while_it_is_read(api: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 1000

    reply = api.post("orders/1042/cancel", content=pieces(), headers=JSON | KEY)
    assert reply.status_code == 413


@pytest.mark.parametrize("key", [None, b"", b"a b", "ä".encode(), b"x" * 201])
def test_a_cancel_needs_a_key(api: httpx.Client, key: bytes | None) -> None:
    headers = {} if key is None else {b"Idempotency-Key": key}
    reply = api.post("orders/1042/cancel", json={"plan": "a"}, headers=headers)
    assert reply.status_code == 400


def test_two_keys_are_none(api: httpx.Client) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert api.post("orders/1042/cancel", json={"plan": "a"}, headers=headers).status_code == 400


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=1&limit=2", "limit=abc", "debug=1", "after=", "state=CANCELED", "%00=1"]
)
def test_a_query_that_is_none_is_refused(api: httpx.Client, query: str) -> None:
    assert api.get(f"cases?{query}").status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "orders", {"GET", "HEAD"}),
        ("POST", "orders/1042", {"GET", "HEAD"}),
        ("PUT", "orders/1042/cancel", {"POST"}),
        ("GET", "orders/1042/cancel", {"POST"}),
        ("GET", "cases/none/confirm", {"POST"}),
        ("OPTIONS", "orders", {"GET", "HEAD"}),
        ("PATCH", "openapi.json", {"GET", "HEAD"}),
    ],
)
def test_another_method_is_405_and_says_which_are_taken(
    api: httpx.Client, method: str, path: str, allowed: set[str]
) -> None:
    reply = api.request(method, path)
    assert reply.status_code == 405
    assert set(reply.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "orders/",
        "/orders",
        "orders//plan",
        "orders/1042/plan/",
        "orders/1042/plan/more",
        "orders/%2e%2e/orders",
        "orders/..%2f..%2fhealthz",
        "orders/1042%2fplan",
        "orders/%00/plan",
        "orders/1042%0aX/plan",
        "orders/%ff%fe/plan",
        "orders/~Li4/plan",
        "orders/~/plan",
        "orders/~MTA0Mg=/plan",
        "orders/" + "9" * 5000 + "/plan",
        "orders/id:/plan",
        "orders/number:/plan",
        "orders/1042;x=1/plan",
        "orders/1042%3fx/plan",
        "cases/%00",
        "cases/..",
        "cases/" + "c" * 5000,
        "integrations/..%2f",
        "integrations/no-such",
        "bulk/none",
        "ORDERS",
    ],
)
def test_a_path_that_leads_nowhere_is_404(web_shop: WebShop, api: httpx.Client, path: str) -> None:
    reply = api.get(f"{web_shop.url}/api/v1/{path}")
    assert reply.status_code == 404
    assert set(reply.json()["error"]) == {"code", "id", "message"}


@pytest.mark.parametrize("reference", ["1042", "id-1042", "id:id-1042", "number:1042", "id%3Aid-1042", "%31042"])
def test_an_order_is_found_by_id_and_number(api: httpx.Client, reference: str) -> None:
    assert api.get(f"orders/{reference}/plan").json()["order_id"] == "id-1042"


def test_a_token_makes_only_so_many_calls(open_web_shop: WebShopOpener, open_api: ApiOpener) -> None:
    shop = open_web_shop(web=WebConfig(api_calls_per_minute=12))
    one, other = open_api(Role.VIEWER, shop=shop), open_api(Role.VIEWER, shop=shop)
    statuses = [one.get("orders").status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert int(one.get("orders").headers["retry-after"]) >= 1
    assert other.get("orders").status_code == 200


def test_the_document_is_answered_as_it_is_made(api: httpx.Client) -> None:
    document = api.get("openapi.json")
    assert document.headers["content-type"] == "application/json"
    assert "/api/v1/orders/{order}/cancel" in json.loads(document.content)["paths"]


def test_an_unexpected_error_is_told_by_its_id_alone(
    web_shop: WebShop, api: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret is 4711")

    monkeypatch.setattr(web_shop.desk.cancellations, "plan", broken)
    reply = api.get("orders/1042/plan")
    assert reply.status_code == 500
    error = reply.json()["error"]
    assert "4711" not in reply.text
    assert error["id"] in caplog.text
