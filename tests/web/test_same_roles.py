"""What a person may press and what a program may call is the same: one role for one action, whichever way it comes."""

from __future__ import annotations

import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.web.api.operation import Method, Operation
from orderdesk_sdk.web.api.operations import OPERATIONS
from orderdesk_sdk.web.console.order_pages.table import ORDER_PAGES
from orderdesk_sdk.web.console.work_pages.table import WORK_PAGES
from tests.support.html_pages import read_page
from tests.web.conftest import WebShop

FORM_OF = {
    "cancel_order": "/orders/{ref}/cancel",
    "read_eligibility": "/orders/{ref}/eligibility",
    "withdraw_order": "/orders/{ref}/withdraw",
    "make_receipt_link": "/orders/{ref}/receipt/link",
    "revoke_receipt_link": "/orders/{ref}/receipt/revoke",
    "resubmit_order": "/orders/{ref}/resubmit",
    "set_status": "/orders/{ref}/status",
    "report_shipped": None,  # Programs alone: a person marks the alarm.
    "cancel_bulk": "/bulk/start",
    "confirm_case": "/cases/{id}/settle",
    "reject_case": "/cases/{id}/settle",
    "withdraw_case": "/cases/{id}/withdraw",
    "retry_case": "/cases/{id}/retry",
    "poll_case": "/cases/{id}/poll",
    "answer_request": "/cases/{id}/accept",
    "try_rules": None,  # A part of the page of rules; see below.
}
"""The form of each operation that is posted; None: there is none."""
POSTED = [operation for operation in OPERATIONS if operation.method is Method.POST]


@pytest.mark.parametrize("operation", POSTED, ids=lambda operation: operation.name)
def test_a_form_and_its_operation_need_one_role(operation: Operation) -> None:
    roles = {page.path: page.role for page in (*ORDER_PAGES, *WORK_PAGES) if page.post is not None}
    path = FORM_OF[operation.name]
    if path is not None:
        assert roles[path] is operation.role


def test_whoever_may_not_try_rules_on_the_page_may_not_by_a_program(web_shop: WebShop) -> None:
    for role, status in ((Role.VIEWER, 403), (Role.OPERATOR, 200)):
        with web_shop.signed_in(role, f"Ann the {role.value}") as person, web_shop.api(role) as program:
            page = read_page(person.get("/rules?order=1042&event=order+imported").text)
            body = {"order": "1042", "event": "order imported"}
            assert program.post("rules/dry-run", json=body).status_code == status
            assert any("operator" in one.text for one in page.all(class_="why")) == (role is Role.VIEWER)
