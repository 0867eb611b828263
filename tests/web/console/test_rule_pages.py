"""Rules in the console: made by a form, off until they were tried as they are, then switched on by an admin."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from tests.support.html_pages import read_page
from tests.web.conftest import WebShop
from tests.web.console.conftest import page_of, press

NAME = "Wholesale is canceled & <b>filed</b>"
RULE = {"name": NAME, "event": "order imported", "filter": "number == '1042'", "action-0": "Cancel Order"}


@pytest.fixture
def ada(web_shop: WebShop) -> Iterator[httpx.Client]:
    with web_shop.signed_in(Role.ADMIN, "Ada") as client:
        yield client


def make(ada: httpx.Client, **given: str) -> httpx.Response:
    return press(ada, page_of(ada, "/rules/new"), "/rules/save", **(RULE | given))


def test_a_rule_is_made_tried_and_switched_on(web_shop: WebShop, ada: httpx.Client) -> None:
    made = make(ada, **{"reason-0": "customer asked", "connections-0": "mill, phone"})
    assert made.status_code == 303
    path = made.headers["location"]
    (view,) = web_shop.desk.rule_admin.list()
    assert (view.name, view.is_enabled, view.is_tried) == (NAME, False, False)
    assert view.rule.actions[0].connections == ("mill", "phone")
    page = page_of(ada, path)
    assert "try it first" in page.text
    assert press(ada, page, "/rules/try", orders="1042").status_code == 200
    token = page.form("/rules/try").sent()["csrf"][0]
    assert ada.post("/rules/enable", data={"csrf": token, "name": NAME}).status_code == 303
    assert web_shop.desk.rule_admin.get(NAME).is_enabled
    assert web_shop.desk.cases.list() == (), "to try it did nothing"
    listed = page_of(ada, "/rules")
    assert NAME in listed.text
    assert "cancel the order at mill, phone, reason: customer asked" in listed.text


def test_a_try_says_what_it_would_do_to_each_order(ada: httpx.Client) -> None:
    page = page_of(ada, make(ada).headers["location"])
    tried = read_page(press(ada, page, "/rules/try").text).one("section", id="tried")
    assert "matches Order 1042" in tried.text
    assert "would act at mill" in tried.text
    assert press(ada, page, "/rules/try", orders="no-such").status_code == 422


def test_a_change_switches_a_rule_off_until_it_was_tried_again(web_shop: WebShop, ada: httpx.Client) -> None:
    path = make(ada).headers["location"]
    press(ada, page_of(ada, path), "/rules/try")
    press(ada, page_of(ada, path), "/rules/enable")
    assert press(ada, page_of(ada, path), "/rules/save", filter="number == '1043'").status_code == 303
    view = web_shop.desk.rule_admin.get(NAME)
    assert (view.is_enabled, view.is_tried, view.rule.when) == (False, False, "number == '1043'")
    token = page_of(ada, path).form("/rules/try").sent()["csrf"][0]
    assert ada.post("/rules/enable", data={"csrf": token, "name": NAME}).status_code == 409
    assert "version 1 by Ada" in page_of(ada, path).one("section", id="versions").text


@pytest.mark.parametrize(
    "given",
    [
        {"event": "order eaten"},
        {"filter": "number.to_flt >"},
        {"action-0": ""},
        {"action-0": "Launch Rocket"},
        {"name": " "},
        {"name": "x" * 101},
        {"filter": "x" * 2001},
    ],
)
def test_what_is_no_rule_is_refused_beside_what_was_filled_in(
    web_shop: WebShop, ada: httpx.Client, given: dict[str, str]
) -> None:
    refused = make(ada, **given)
    assert refused.status_code == 422
    assert web_shop.desk.rule_admin.list() == ()


def test_a_name_is_taken_once_and_free_again_after_it_was_deleted(web_shop: WebShop, ada: httpx.Client) -> None:
    path = make(ada).headers["location"]
    assert make(ada).status_code == 409
    assert press(ada, page_of(ada, path), "/rules/delete").status_code == 303
    assert web_shop.desk.rule_admin.list() == ()
    assert page_of(ada, path, 404).text
    assert make(ada).status_code == 303
