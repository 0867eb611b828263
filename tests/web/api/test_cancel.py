"""From the plan to the receipt over HTTP, and who may press without having looked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
from click.testing import CliRunner

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.desk.documents import plan_document

if TYPE_CHECKING:
    from tests.web.api.conftest import ApiOpener
    from tests.web.conftest import WebShop, WebShopOpener

Post = Callable[..., httpx.Response]


def test_from_plan_to_receipt(web_shop: WebShop, open_api: ApiOpener, cancel: Post) -> None:
    api = open_api(Role.OPERATOR)
    order = api.get("orders").json()["orders"][0]["id"]
    asked = cancel(api, order, reason="customer asked")
    assert asked.status_code == 202
    (case,) = asked.json()["cases"]
    assert (case["state"], web_shop.services.writes) == ("pending", [])
    assert asked.json()["cancellation"]["requested_by"].startswith("token operator-")
    web_shop.desk.run_due()
    assert web_shop.services.writes == ["mill cancel 1042"]
    assert api.get(f"cases/{case['id']}").json()["case"]["state"] == "acknowledged"
    polled = api.post(f"cases/{case['id']}/poll", json={})
    assert polled.json()["case"]["state"] == "canceled"
    receipt = api.get(f"orders/{order}/receipt").json()
    assert receipt["is_canceled"] is True
    assert receipt["cancellations"][0]["cases"][0]["evidence"]["exchange"]["status"] == 200


def test_a_plan_is_the_one_of_the_command_line(web_shop: WebShop, open_api: ApiOpener) -> None:
    plan = open_api(Role.VIEWER).get("orders/1042/plan").json()
    assert plan == plan_document(web_shop.desk.cancellations.plan("1042"))


def test_an_operator_cannot_cancel_unseen(open_api: ApiOpener, post: Post) -> None:
    api = open_api(Role.OPERATOR)
    for body in ({}, {"without_plan": True}, {"plan": None, "without_plan": True}):
        refused = post(api, "orders/1042/cancel", body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "validation")
    assert post(api, "bulk", {"orders": [{"order": "1042"}], "without_plan": True}).status_code == 422
    assert api.get("orders/1042").json()["cases"] == []


def test_a_supervisor_may_say_that_nobody_looked(open_api: ApiOpener, post: Post) -> None:
    api = open_api(Role.SUPERVISOR)
    assert post(api, "orders/1042/cancel", {"plan": "x" * 40, "without_plan": True}).status_code == 422
    assert post(api, "orders/1042/cancel", {}).status_code == 422
    assert post(api, "orders/1042/cancel", {"without_plan": True}).status_code == 202


def test_a_plan_that_has_changed_is_answered_with_the_new_one(
    web_shop: WebShop, open_api: ApiOpener, post: Post
) -> None:
    api = open_api(Role.OPERATOR)
    token = api.get("orders/1042/plan").json()["token"]
    web_shop.desk.orders.register("1042", connection="phone", by="Bob")
    refused = post(api, "orders/1042/cancel", {"plan": token})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "plan_changed")
    plan = refused.json()["plan"]
    assert [entry["connection"] for entry in plan["entries"]] == ["mill", "phone"]
    assert api.get("orders/1042").json()["cases"] == []
    taken = post(api, "orders/1042/cancel", {"plan": plan["token"]})
    assert sorted(case["connection"] for case in taken.json()["cases"]) == ["mill", "phone"]


def test_a_text_that_is_no_token_is_refused(open_api: ApiOpener, post: Post) -> None:
    refused = post(open_api(Role.OPERATOR), "orders/1042/cancel", {"plan": "of yesterday"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "validation")


def test_what_was_not_sent_is_withdrawn(open_api: ApiOpener, cancel: Post, post: Post) -> None:
    api = open_api(Role.OPERATOR)
    cancel(api)
    withdrawn = post(api, "orders/1042/withdraw", {"note": "the customer changed their mind\nby phone"})
    assert [case["state"] for case in withdrawn.json()["cases"]] == ["withdrawn"]


def test_a_bulk_is_recorded_and_told(web_shop: WebShop, open_api: ApiOpener, post: Post) -> None:
    api = open_api(Role.OPERATOR)
    token = api.get("orders/1042/plan").json()["token"]
    orders = [{"order": "1042", "plan": token}, {"order": "9999", "plan": token}]
    bulk = post(api, "bulk", {"orders": orders, "reason": "customer asked"})
    assert bulk.status_code == 202
    assert (bulk.json()["counts"]["waiting"], bulk.json()["not_accepted"]) == (1, 1)
    web_shop.desk.run_due()
    (case,) = api.get("orders/1042").json()["cases"]
    api.post(f"cases/{case['id']}/poll", json={})
    assert api.get(f"bulk/{bulk.json()['bulk']}").json()["counts"]["canceled"] == 1


def test_a_bulk_of_no_order_is_refused(open_api: ApiOpener, post: Post) -> None:
    answer = post(open_api(Role.SUPERVISOR), "bulk", {"orders": [], "without_plan": True})
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        422,
        "$.orders: a list of 1 to 500 entries is expected",
    )


def test_a_bulk_of_which_nothing_is_taken_is_refused(open_api: ApiOpener, post: Post) -> None:
    body = {"orders": [{"order": "9998"}, {"order": "9999"}], "without_plan": True}
    refused = post(open_api(Role.SUPERVISOR), "bulk", body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "invalid_state")
    assert refused.json()["error"]["message"].count("no order") == 1


def test_a_person_decides(open_web_shop: WebShopOpener, open_api: ApiOpener, post: Post) -> None:
    shop = open_web_shop(at=("phone",))
    api = open_api(Role.SUPERVISOR, shop=shop)
    case = post(api, "orders/1042/cancel", {"without_plan": True}).json()["cases"][0]["id"]
    shop.desk.run_due()
    waiting = api.get("cases", params={"state": "action required"}).json()["cases"]
    assert [one["id"] for one in waiting] == [case]
    confirmed = post(api, f"cases/{case}/confirm", {"note": "Kim on the phone"})
    assert confirmed.json()["case"]["state"] == "canceled"
    assert post(api, f"cases/{case}/reject", {"rejection": "shipped"}).status_code == 409


def test_the_audit_log_tells_who_did_and_saw_what(web_shop: WebShop, open_api: ApiOpener, cancel: Post) -> None:
    api = open_api(Role.OPERATOR)
    case = cancel(api).json()["cases"][0]["id"]
    api.get("orders/1042/receipt")
    api.get(f"cases/{case}")
    records = [entry.record for entry in web_shop.desk.audit.list(3)]
    assert [(one.action, one.subject) for one in records] == [
        (AuditAction.ORDER_VIEWED, "order id-1042"),
        (AuditAction.RECEIPT_VIEWED, "order id-1042"),
        (AuditAction.CANCEL_REQUESTED, "order id-1042"),
    ]
    assert {one.actor[:15] for one in records} == {"token operator-"}
    assert {one.address for one in records} == {"127.0.0.1"}


def test_a_poll_costs_quota_so_one_an_order_and_minute(open_api: ApiOpener, web_shop: WebShop, cancel: Post) -> None:
    api = open_api(Role.OPERATOR)
    case = cancel(api).json()["cases"][0]["id"]
    web_shop.desk.run_due()
    assert api.post(f"cases/{case}/poll", json={}).status_code == 200
    again = api.post(f"cases/{case}/poll", json={})
    assert again.status_code == 429
    assert 1 <= int(again.headers["retry-after"]) <= 60


def test_the_command_line_cancels_with_the_same_token(web_shop: WebShop, open_api: ApiOpener, post: Post) -> None:
    from orderdesk_sdk.cli.group import orderdesk

    assert any("--plan" in option.opts for option in orderdesk.commands["cancel"].params)
    shown = CliRunner().invoke(orderdesk, ["cancel", "--help"]).output
    assert "plan" in shown
    token = web_shop.desk.cancellations.plan("1042").token
    assert post(open_api(Role.OPERATOR), "orders/1042/cancel", {"plan": token}).status_code == 202
