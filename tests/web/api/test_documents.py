"""Real documents against the schemas that the API publishes: nothing is missing, and nothing is untold."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.desk.rule_views import RuleDraft
from orderdesk_sdk.web.api.openapi import openapi_document
from orderdesk_sdk.web.api.operation import Operation
from orderdesk_sdk.web.api.operations import OPERATIONS, find_operation
from tests.support.fake_services import pass_minutes

if TYPE_CHECKING:
    from orderdesk_sdk.clock import VirtualClock
    from tests.web.api.conftest import ApiOpener
    from tests.web.conftest import WebShop, WebShopOpener

Post = Callable[..., httpx.Response]
Check = Callable[[str, httpx.Response], dict[str, Any]]


def closed(schema: object) -> object:
    """The schema with every object closed, so that a key which it does not know is an error."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(one) for key, one in schema.items()}
    if "properties" in found and "additionalProperties" not in found:
        found["additionalProperties"] = False
    return found


def reply_schema(operation: Operation) -> dict[str, Any]:
    """The closed schema of what an operation answers with, by itself."""
    document: Any = copy.deepcopy(openapi_document(OPERATIONS))
    path = document["paths"][f"/api/v1{operation.path}"][operation.method.value.lower()]
    schema = path["responses"][str(operation.status.value)]["content"][operation.media_type]["schema"]
    schemas = document["components"]["schemas"]
    open_by_design = {"OpenApiReply", "Capabilities"}
    strict = {name: one if name in open_by_design else closed(one) for name, one in schemas.items()}
    return {**schema, "components": {"schemas": strict}}


@pytest.fixture(scope="module")
def check() -> Check:
    """Holds a reply against the schema of the operation's; the document."""

    def check_(name: str, reply: httpx.Response) -> dict[str, Any]:
        operation = find_operation(name)
        assert reply.status_code == operation.status, reply.text
        document: dict[str, Any] = reply.json()
        validator = jsonschema.Draft202012Validator(
            reply_schema(operation), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )
        validator.validate(document)
        return document

    return check_


def test_orders_plans_cases_and_receipts(
    open_web_shop: WebShopOpener, open_api: ApiOpener, post: Post, check: Check, clock: VirtualClock
) -> None:
    shop = open_web_shop(at=("mill", "phone", "cart"))
    api = open_api(Role.SUPERVISOR, shop=shop)
    check("list_orders", api.get("orders"))
    check("get_order", api.get("orders/1042"))
    assert check("list_orders", api.get("orders", params={"text": "104"}))["orders"]
    assert check("list_orders", api.get("orders", params={"text": "7"}))["orders"] == []
    check("get_plan", api.get("orders/1042/plan"))
    body = {"without_plan": True, "reason": "customer asked", "lines": {}}
    cases = check("cancel_order", post(api, "orders/1042/cancel", body))["cases"]
    by_connection = {case["connection"]: case["id"] for case in cases}
    shop.desk.run_due()
    check("poll_case", api.post(f"cases/{by_connection['mill']}/poll", json={}))
    check("confirm_case", post(api, f"cases/{by_connection['phone']}/confirm", {"note": "Kim"}))
    pass_minutes(shop.desk, clock, 30)
    check("list_cases", api.get("cases"))
    check("get_case", api.get(f"cases/{by_connection['mill']}"))
    assert check("list_orders", api.get("orders", params={"state": "canceled"}))["orders"][0]["canceled_count"] == 3
    receipt = check("get_receipt", api.get("orders/1042/receipt"))
    assert receipt["is_canceled"] is True
    check("get_receipt", api.get("orders/1042/receipt", params={"limit": 2}))
    check("resubmit_order", post(api, "orders/1042/resubmit", {"connection": "mill"}))
    shop.desk.run_due()
    check("list_cases", api.get("cases", params={"kind": "resubmission"}))
    check("get_order", api.get("orders/1042"))


def test_what_else_happens_to_an_order(
    open_web_shop: WebShopOpener, open_api: ApiOpener, post: Post, check: Check
) -> None:
    shop = open_web_shop(at=("mill", "cart"))
    api = open_api(Role.SUPERVISOR, shop=shop)
    refused = post(api, "orders/1042/status", {"status": "no such status"})
    assert refused.status_code == 422
    known = refused.json()["error"]["hint"].removeprefix("the integration can set: ").split(", ")
    other = next(status for status in known if status != "canceled")
    check("set_status", post(api, "orders/1042/status", {"status": other}))
    shop.desk.run_due()
    check("set_status", post(api, "orders/1042/status", {"status": "canceled"}))
    check("withdraw_order", post(api, "orders/1042/withdraw"))
    check("list_cases", api.get("cases", params={"kind": "status change"}))
    again = check("cancel_order", post(api, "orders/1042/cancel", {"without_plan": True, "connections": ["mill"]}))
    check("withdraw_case", post(api, f"cases/{again['cases'][0]['id']}/withdraw", {"note": "by mistake"}))
    bulk = check("cancel_bulk", post(api, "bulk", {"orders": [{"order": "1042"}], "without_plan": True}))
    check("get_bulk", api.get(f"bulk/{bulk['bulk']}"))
    (case,) = [one for one in shop.desk.cases.list(order="1042") if one.is_open and one.connection == "mill"]
    check("reject_case", post(api, f"cases/{case.id}/reject", {"rejection": "shipped", "note": "on the van"}))


def test_a_shipment_that_comes_too_late_is_an_alarm(
    web_shop: WebShop, open_api: ApiOpener, post: Post, check: Check
) -> None:
    api = open_api(Role.SUPERVISOR)
    check("cancel_order", post(api, "orders/1042/cancel", {"without_plan": True}))
    web_shop.desk.run_due()
    told = check("report_shipped", post(api, "orders/1042/shipped", {"note": "tracking number 17"}))
    assert [case["state"] for case in told["cases"]] == ["shipped anyway"]
    assert web_shop.desk.audit.list(1)[0].record.action is AuditAction.SHIPMENT_REPORTED


def test_links_to_receipts(web_shop: WebShop, open_api: ApiOpener, post: Post, check: Check) -> None:
    api = open_api(Role.SUPERVISOR)
    made = check("make_receipt_link", post(api, "orders/1042/receipt-links", {"days": 3}))
    assert web_shop.desk.receipt_links.find(made["path"].removeprefix("/r/")) == "id-1042"
    check("list_receipt_links", api.get("orders/1042/receipt-links"))
    assert api.get("orders/1042/receipt-links").text.count(made["path"]) == 0
    path = f"orders/1042/receipt-links/{made['link']['id']}/revoke"
    assert check("revoke_receipt_link", post(api, path))["link"]["revoked_by"].startswith("token supervisor-")
    assert post(api, "orders/1042/receipt-links/none/revoke").status_code == 404


def test_what_is_the_same_for_all_orders(web_shop: WebShop, open_api: ApiOpener, check: Check) -> None:
    action = {"action": "Cancel Order", "reason": "asked", "connections": ["mill"]}
    table = {"event": "order moved", "when": "folder == 'Canceled'", "do": [action]}
    web_shop.desk.rule_admin.save(RuleDraft("Canceled folder", table), by="Ann")
    api = open_api(Role.OPERATOR)
    assert [rule["stored"] for rule in check("list_rules", api.get("rules"))["rules"]] == [True]
    tried = api.post("rules/dry-run", json={"order": "1042", "event": "order imported", "fields": {"state": "x"}})
    check("try_rules", tried)
    check("get_matrix", api.get("matrix"))
    listed = check("list_integrations", api.get("integrations"))
    for one in listed["integrations"]:
        check("get_integration", api.get(f"integrations/{one['slug']}"))
    check("get_health", api.get("health"))
    check("get_openapi", api.get("openapi.json"))
