"""The order page and the press: without a script, start to end, on a real socket."""

from __future__ import annotations

import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.errors import InvalidStateError
from tests.support.html_pages import read_page
from tests.web.conftest import WebShop, WebShopOpener
from tests.web.console.conftest import Visitor, page_of, press

ORDER = "/orders/id-1042"


def states(shop: WebShop) -> list[State]:
    return [case.state for case in shop.desk.cases.list(order="1042")]


def test_an_order_is_canceled_without_a_script(web_shop: WebShop, visit: Visitor) -> None:
    ann = visit(Role.OPERATOR)
    assert page_of(ann, "/").one("a", href=ORDER).text == "1042"
    page = page_of(ann, ORDER)
    assert "Nothing has been canceled." in page.text
    confirmation = press(ann, page, f"{ORDER}/review", reason="out of stock")
    assert confirmation.status_code == 200
    asked = read_page(confirmation.text)
    assert "out of stock" in asked.text
    assert states(web_shop) == [], "so far a person has only looked"
    done = press(ann, asked, f"{ORDER}/cancel")
    assert (done.status_code, done.headers["location"]) == (303, f"{ORDER}?notice=recorded")
    after = page_of(ann, done.headers["location"])
    assert "The cancellation is recorded" in after.text
    assert states(web_shop) == [State.PENDING]
    web_shop.desk.run_due()
    assert "Receipt" in page_of(ann, ORDER).text
    receipt = page_of(ann, f"{ORDER}/receipt")
    assert "out of stock" in receipt.text
    assert "Ann the operator" in receipt.text


def test_a_second_press_of_the_same_form_is_the_same_request(web_shop: WebShop, visit: Visitor) -> None:
    ann = visit(Role.OPERATOR)
    asked = read_page(press(ann, page_of(ann, ORDER), f"{ORDER}/review").text)
    assert {press(ann, asked, f"{ORDER}/cancel").status_code for _ in range(3)} == {303}
    assert len(web_shop.desk.ledger.cancellations("id-1042")) == 1


def test_a_plan_that_has_changed_is_refused_and_shown(web_shop: WebShop, visit: Visitor) -> None:
    ann = visit(Role.OPERATOR)
    asked = read_page(press(ann, page_of(ann, ORDER), f"{ORDER}/review").text)
    web_shop.desk.orders.register("1042", connection="phone", by="a test")
    refused = press(ann, asked, f"{ORDER}/cancel")
    assert refused.status_code == 409
    page = read_page(refused.text)
    assert "The plan has changed since you looked at it. Nothing was recorded." in page.text
    assert "not in the plan" in page.one("ul", class_="changes").text
    assert states(web_shop) == []
    again = read_page(press(ann, page, f"{ORDER}/review").text)
    assert press(ann, again, f"{ORDER}/cancel").status_code == 303
    assert len(states(web_shop)) == 2


def test_only_some_lines_are_canceled_where_every_place_takes_that(open_web_shop: WebShopOpener) -> None:
    shop = open_web_shop(at=("phone",))
    with shop.signed_in(Role.OPERATOR) as ann:
        page = page_of(ann, ORDER)
        assert [one.text for one in page.one("details", class_="partial").all("label")] == ["MUG MUG", "TEE TEE"]
        too_many = press(ann, page, f"{ORDER}/review", **{"line-1": "3"})
        assert too_many.status_code == 422
        assert "'3' is not a number of pieces from 0 to 2" in read_page(too_many.text).text
        asked = read_page(press(ann, page, f"{ORDER}/review", **{"line-1": "1"}).text)
        assert "1 of TEE" in asked.text
        assert press(ann, asked, f"{ORDER}/cancel").status_code == 303
        (cancellation,) = shop.desk.ledger.cancellations("id-1042")
        assert cancellation.lines_by_name == {"TEE": 1}


def test_a_place_that_is_left_out_is_not_asked(open_web_shop: WebShopOpener) -> None:
    shop = open_web_shop(at=("mill", "phone"))
    with shop.signed_in(Role.OPERATOR) as ann:
        sent = page_of(ann, ORDER).form(f"{ORDER}/review").sent()
        assert sent["at"] == ["mill", "phone"]
        changed = read_page(ann.post(f"{ORDER}/review", data={**sent, "at": ["phone"], "line-0": "9"}).text)
        assert changed.form(f"{ORDER}/review").sent()["at"] == ["phone"], "what was chosen stays chosen"
        asked = read_page(ann.post(f"{ORDER}/review", data={**sent, "at": ["phone"]}).text)
        assert "Left alone Mill" in asked.text.replace("Left aloneMill", "Left alone Mill")
        press(ann, asked, f"{ORDER}/cancel")
        assert [case.connection for case in shop.desk.cases.list(order="1042")] == ["phone"]
        assert "No place was chosen" in ann.post(f"{ORDER}/review", data={**sent, "at": ["nowhere"]}).text


@pytest.mark.parametrize("role", list(Role))
def test_what_the_role_does_not_allow_is_off_and_refused(web_shop: WebShop, visit: Visitor, role: Role) -> None:
    person = visit(role)
    page = page_of(person, ORDER)
    token = person.get(ORDER)
    assert token.status_code == 200
    if role.allows(Role.OPERATOR):
        assert page.all("form", action=f"{ORDER}/review")
        return
    assert not page.all("form", action=f"{ORDER}/review")
    assert "an operator may do this; your role is viewer" in page.one("section", id="cancel").text
    csrf = page.all("input", name="csrf")[0].attributes["value"]
    for name in ("review", "cancel", "withdraw", "status", "resubmit"):
        assert person.post(f"{ORDER}/{name}", data={"csrf": csrf}).status_code == 403
    assert states(web_shop) == []


def test_a_form_without_the_token_of_the_session_is_refused(web_shop: WebShop, visit: Visitor) -> None:
    ann = visit(Role.ADMIN)
    sent = page_of(ann, ORDER).form(f"{ORDER}/review").sent()
    for token in ("", "x" * 43):
        assert ann.post(f"{ORDER}/review", data={**sent, "csrf": token}).status_code == 403
    assert states(web_shop) == []


def test_an_order_that_is_not_there(visit: Visitor) -> None:
    person = visit(Role.VIEWER)
    assert "Error" in page_of(person, "/orders/none", 404).text
    assert person.get("/orders/~!!").status_code == 404
    assert person.get("/orders/id-1042/nothing").status_code == 404


def test_nobody_is_told_to_sign_in(web_shop: WebShop) -> None:
    with web_shop.client() as nobody:
        assert page_of(nobody, ORDER, 401).one("a", class_="primary").attributes["href"] == "/sign-in"


class TestList:
    def test_orders_are_searched_and_narrowed(self, web_shop: WebShop, visit: Visitor) -> None:
        ann = visit(Role.VIEWER)
        assert page_of(ann, "/?q=1042").all("a", href=ORDER)
        empty = page_of(ann, "/?q=nothing-like-it").one("div", class_="empty")
        assert "No order is like that" in empty.text
        assert empty.one("a", class_="button").attributes["href"] == "/"
        assert "Nothing is canceled" not in page_of(ann, "/?state=canceled").text
        web_shop.desk.cancel("1042", by="Ben", send_now=False)
        assert page_of(ann, "/?state=open").one("span", class_="state").text == "pending"
        assert page_of(ann, "/?state=invented&limit=7").all("a", href=ORDER), "what nobody knows narrows nothing"

    def test_an_unknown_folder_says_which_there_are(self, visit: Visitor) -> None:
        page = page_of(visit(Role.VIEWER), "/?folder=Nowhere")
        assert "Nowhere" in page.one("div", class_="message").text
        assert page.one("select", id="f-folder").all("option")[1:]

    def test_a_store_that_lists_none_leads_to_the_order_that_is_typed(
        self, web_shop: WebShop, visit: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise InvalidStateError("this order store does not list its orders", hint="look in your app")

        monkeypatch.setattr(web_shop.desk.orders, "search", refuse)
        monkeypatch.setattr(web_shop.desk.orders, "folders", refuse)
        ann = visit(Role.VIEWER)
        assert "does not list its orders" in page_of(ann, "/").one("div", class_="message").text
        assert ann.get("/?q=1042").headers["location"] == ORDER
        assert ann.get("/?q=1").status_code == 404
