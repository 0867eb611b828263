"""What else is pressed at an order: withdraw, ask, set a status, submit again; by role, and refused in words."""

from __future__ import annotations

import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from tests.support.html_pages import Element, read_page
from tests.web.conftest import ORDER as SHOP_ORDER
from tests.web.conftest import WebShop, WebShopOpener
from tests.web.console.conftest import page_of, press

ORDER = "/orders/id-1042"


@pytest.fixture
def shop(open_web_shop: WebShopOpener) -> WebShop:
    return open_web_shop(orders=(SHOP_ORDER,), at=("mill", "cart"))


def case_at(shop: WebShop, connection: str) -> CancelCase:
    (case,) = [case for case in shop.desk.cases.list(order="1042") if case.connection == connection]
    return case


def place(page: Element, title: str) -> Element:
    (found,) = [one for one in page.all("article", class_="place") if one.all("h3")[0].text == title]
    return found


def test_a_cancellation_is_withdrawn_while_nothing_was_sent(shop: WebShop) -> None:
    shop.desk.cancel("1042", by="Ben", send_now=False)
    with shop.signed_in(Role.OPERATOR) as ann:
        done = press(ann, page_of(ann, ORDER), f"{ORDER}/withdraw")
        assert done.headers["location"] == f"{ORDER}?notice=withdrawn"
        assert "no cancellation is open" in page_of(ann, ORDER).text
    assert {case.state for case in shop.desk.cases.list(order="1042")} == {State.WITHDRAWN}


def test_one_case_is_withdrawn_by_its_own_button(shop: WebShop) -> None:
    shop.desk.cancel("1042", by="Ben", send_now=False)
    case = case_at(shop, "mill")
    with shop.signed_in(Role.OPERATOR) as ann:
        done = press(ann, page_of(ann, ORDER), f"{ORDER}/cases/{case.id}/withdraw")
        assert done.status_code == 303
        again = ann.post(f"{ORDER}/cases/{case.id}/withdraw", data=page_of(ann, ORDER).form(f"{ORDER}/withdraw").sent())
        assert again.status_code == 409
        (told,) = read_page(again.text).all("div", role="alert")
        assert "is withdrawn" in told.text or "withdrawn is not possible" in told.text.lower()
    assert case_at(shop, "mill").state is State.WITHDRAWN
    assert case_at(shop, "mill").message == "Withdrawn by Ann"


def test_what_was_sent_says_why_it_cannot_be_withdrawn_and_can_be_asked_for(shop: WebShop) -> None:
    shop.services.silent.add("mill")
    shop.desk.cancel("1042", by="Ben")
    case = case_at(shop, "mill")
    with shop.signed_in(Role.OPERATOR) as ann:
        page = page_of(ann, ORDER)
        text = place(page, "Mill").text
        assert "the service has been asked already, so only it can say" in text
        assert "Ben" in text
        assert "a supervisor may do this; your role is operator" in text or case.state is not State.UNKNOWN
        assert press(ann, page, f"{ORDER}/cases/{case.id}/poll").headers["location"] == f"{ORDER}?notice=polled"


def test_a_supervisor_sends_again_what_is_unknown(shop: WebShop) -> None:
    shop.services.silent.add("mill")
    shop.desk.cancel("1042", by="Ben", connections=["mill"])
    case = case_at(shop, "mill")
    assert case.state is State.UNKNOWN
    shop.services.silent.clear()
    with shop.signed_in(Role.SUPERVISOR) as sue:
        page = page_of(sue, ORDER)
        assert "the service may be asked twice" in page.text
        assert press(sue, page, f"{ORDER}/cases/{case.id}/retry").status_code == 303
    assert case_at(shop, "mill").state is not State.UNKNOWN
    assert shop.services.writes.count("mill cancel 1042") >= 1


def test_a_case_of_another_order_is_not_found_here(shop: WebShop) -> None:
    shop.desk.cancel("1042", by="Ben", send_now=False)
    case = case_at(shop, "mill")
    with shop.signed_in(Role.SUPERVISOR) as sue:
        csrf = page_of(sue, ORDER).all("input", name="csrf")[0].attributes["value"]
        assert sue.post(f"/orders/none/cases/{case.id}/withdraw", data={"csrf": csrf}).status_code == 404
        assert sue.post(f"{ORDER}/cases/none/withdraw", data={"csrf": csrf}).status_code in (404, 422)
    assert case_at(shop, "mill").state is State.PENDING


def test_a_status_is_set_at_the_cart(shop: WebShop) -> None:
    with shop.signed_in(Role.SUPERVISOR) as sue:
        done = press(sue, page_of(sue, ORDER), f"{ORDER}/status", status="cart: packed")
        assert done.headers["location"] == f"{ORDER}?notice=status-set"
        assert "Status packed" in page_of(sue, ORDER).text
        refused = press(sue, page_of(sue, ORDER), f"{ORDER}/status", status="cart: sold")
        assert refused.status_code == 422
        assert "cannot set the status" in read_page(refused.text).text


def test_a_canceled_order_is_submitted_again_and_before_that_says_why_not(web_shop: WebShop) -> None:
    shop = web_shop
    shop.desk.cancel("1042", by="Ben")
    with shop.signed_in(Role.SUPERVISOR) as sue:
        csrf = page_of(sue, ORDER).all("input", name="csrf")[0].attributes["value"]
        early = sue.post(f"{ORDER}/resubmit", data={"csrf": csrf, "connection": "mill"})
        assert early.status_code == 409
        shop.desk.cases.confirm(case_at(shop, "mill").id, by="Ben")
        page = page_of(sue, ORDER)
        done = press(sue, page, f"{ORDER}/resubmit", connection="mill")
        assert done.headers["location"] == f"{ORDER}?notice=resubmitted", done.text[:300]
        assert "Submitted again as 1042-1" in page_of(sue, ORDER).text


def test_what_changes_by_itself_is_had_alone(shop: WebShop) -> None:
    with shop.signed_in(Role.VIEWER) as ann:
        whole, live = page_of(ann, ORDER), read_page(ann.get(f"{ORDER}/live").text)
        parts = [one.attributes["data-live-part"] for one in live.all() if "data-live-part" in one.attributes]
        assert parts == ["headline", "places", "cancel", "tools"]
        for part in parts:
            (there,) = [one for one in whole.all() if one.attributes.get("data-live-part") == part]
            (fetched,) = [one for one in live.all() if one.attributes.get("data-live-part") == part]
            assert there.text == fetched.text
        events = whole.one("div", data_live=f"{ORDER}/live").attributes["data-events"]
        assert events == f"/events?order=id-1042&after={shop.desk.feed.head()}"
