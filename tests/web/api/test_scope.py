"""A token of some connections: it sees and touches what is there, and learns nothing of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.orders.order import Order, OrderLine

if TYPE_CHECKING:
    from tests.web.api.conftest import ApiOpener
    from tests.web.conftest import WebShop, WebShopOpener

Post = Callable[..., httpx.Response]
BOTH = Order("id-1042", "1042", lines=(OrderLine(1, code="MUG"),))
ELSEWHERE = Order("id-1043", "1043", lines=(OrderLine(1, code="MUG"),))


@pytest.fixture
def shop(open_web_shop: WebShopOpener) -> WebShop:
    """1042 is at mill and phone, 1043 at phone alone."""
    opened = open_web_shop(orders=(BOTH, ELSEWHERE), at=("phone",))
    opened.desk.orders.register("1042", connection="mill", by="a test")
    return opened


@pytest.fixture
def mill(shop: WebShop, open_api: ApiOpener) -> httpx.Client:
    return open_api(Role.SUPERVISOR, "mill", shop=shop)


def test_an_order_elsewhere_is_as_unknown_as_none(mill: httpx.Client, post: Post) -> None:
    for path in ("orders/{}", "orders/{}/plan", "orders/{}/receipt", "cases?order={}"):
        hidden, unknown = mill.get(path.format("1043")), mill.get(path.format("7777"))
        assert hidden.status_code == unknown.status_code == 404
        messages = [one.json()["error"]["message"] for one in (hidden, unknown)]
        assert messages[0].replace("1043", "7777") == messages[1]
    for verb in ("cancel", "withdraw", "resubmit", "status"):
        body = {"status": "shipped"} if verb == "status" else {}
        assert post(mill, f"orders/1043/{verb}", body).status_code in (404, 422)
        assert (
            post(mill, f"orders/1043/{verb}", body).status_code == post(mill, f"orders/7777/{verb}", body).status_code
        )


def test_lists_and_plans_show_its_own(shop: WebShop, mill: httpx.Client, open_api: ApiOpener) -> None:
    listed = mill.get("orders").json()["orders"]
    assert [order["number"] for order in listed] == ["1042"]
    assert [one["connection"] for one in listed[0]["remote_orders"]] == ["mill"]
    plan, whole = mill.get("orders/1042/plan").json(), open_api(Role.VIEWER, shop=shop).get("orders/1042/plan").json()
    assert [entry["connection"] for entry in plan["entries"]] == ["mill"]
    assert plan["token"] == whole["token"]
    assert "phone" not in mill.get("orders/1042").text + mill.get("orders").text + mill.get("orders/1042/plan").text


def test_it_cancels_at_its_own_connections(shop: WebShop, mill: httpx.Client, cancel: Post) -> None:
    asked = cancel(mill)
    assert [case["connection"] for case in asked.json()["cases"]] == ["mill"]
    assert cancel(mill, connections=["phone"]).status_code == 422
    assert cancel(mill, connections=["mill", "phone"]).status_code == 422
    assert {case.connection for case in shop.desk.cases.list(order="1042")} == {"mill"}


def test_a_case_elsewhere_is_as_unknown_as_none(
    shop: WebShop, mill: httpx.Client, open_api: ApiOpener, cancel: Post, post: Post
) -> None:
    cancel(open_api(Role.OPERATOR, shop=shop))
    cases = {case.connection: case.id for case in shop.desk.cases.list(order="1042")}
    assert mill.get(f"cases/{cases['mill']}").status_code == 200
    assert mill.get(f"cases/{cases['phone']}").status_code == 404
    for verb in ("confirm", "reject", "withdraw", "retry", "poll", "answer"):
        body = {"answer": "accept"} if verb == "answer" else {}
        assert post(mill, f"cases/{cases['phone']}/{verb}", body).status_code == 404
    assert [case["id"] for case in mill.get("cases").json()["cases"]] == [cases["mill"]]
    assert [case["id"] for case in mill.get("orders/1042").json()["cases"]] == [cases["mill"]]


def test_it_withdraws_its_own_alone(
    shop: WebShop, mill: httpx.Client, open_api: ApiOpener, cancel: Post, post: Post
) -> None:
    cancel(open_api(Role.OPERATOR, shop=shop))
    withdrawn = post(mill, "orders/1042/withdraw", {"note": "mistake"})
    assert [(case["connection"], case["state"]) for case in withdrawn.json()["cases"]] == [("mill", "withdrawn")]
    states = {case.connection: case.state.value for case in shop.desk.cases.list(order="1042")}
    assert states == {"mill": "withdrawn", "phone": "pending"}


def test_it_sets_no_status_and_reports_no_shipment_elsewhere(
    shop: WebShop, mill: httpx.Client, open_api: ApiOpener, cancel: Post, post: Post
) -> None:
    cancel(open_api(Role.OPERATOR, shop=shop))
    shop.desk.run_due()
    assert post(mill, "orders/1042/status", {"status": "canceled"}).status_code == 409
    assert post(mill, "orders/1042/shipped", {"connections": ["phone"]}).status_code == 422
    told = post(mill, "orders/1042/shipped", {"note": "seen at the gate"})
    assert [case["connection"] for case in told.json()["cases"]] == ["mill"]


def test_its_receipt_names_no_other(shop: WebShop, mill: httpx.Client, open_api: ApiOpener, cancel: Post) -> None:
    cancel(open_api(Role.OPERATOR, shop=shop))
    shop.desk.run_due()
    receipt = mill.get("orders/1042/receipt")
    assert receipt.status_code == 200
    assert "phone" not in receipt.text.lower()


def test_its_bulk_touches_its_own(shop: WebShop, mill: httpx.Client, open_api: ApiOpener, post: Post) -> None:
    body = {"orders": [{"order": "1042"}, {"order": "1043"}, {"order": "7777"}], "without_plan": True}
    bulk = post(mill, "bulk", body).json()
    assert (bulk["counts"]["waiting"], bulk["not_accepted"]) == (1, 2)
    assert {case.connection for case in shop.desk.cases.list()} == {"mill"}
    assert mill.get(f"bulk/{bulk['bulk']}").status_code == 200
    everywhere = post(open_api(Role.SUPERVISOR, shop=shop), "bulk", body).json()
    assert mill.get(f"bulk/{everywhere['bulk']}").status_code == 404


def test_an_error_names_no_other_connection(mill: httpx.Client, post: Post) -> None:
    refused = post(mill, "orders/1042/resubmit", {"connection": "phone"})
    assert refused.status_code == 422
    assert set(refused.json()["error"]) == {"code", "id", "message"}


def test_pages_of_what_it_sees_go_on_over_what_it_does_not(open_web_shop: WebShopOpener, open_api: ApiOpener) -> None:
    orders = tuple(Order(f"id-{number}", str(number)) for number in range(2000, 2030))
    shop = open_web_shop(orders=orders, at=("phone",))
    for order in orders[::7]:
        shop.desk.orders.register(order.number, connection="mill", by="a test")
    api, seen, after = open_api(Role.VIEWER, "mill", shop=shop), list[str](), None
    while True:
        page = api.get("orders", params={"limit": 2, **({"after": after} if after else {})}).json()
        seen += [order["number"] for order in page["orders"]]
        after = page["next_after"]
        if after is None:
            break
    assert seen == [order.number for order in reversed(orders[::7])], "the newest first"
