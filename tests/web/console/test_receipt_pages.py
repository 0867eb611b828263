"""The receipt as a timeline, and its public links."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from tests.support.html_pages import Element, read_page
from tests.web.conftest import WebShop
from tests.web.console.conftest import Visitor, page_of, press

RECEIPT = "/orders/id-1042/receipt"


@pytest.fixture
def canceled(web_shop: WebShop) -> WebShop:
    """The shop, whose order was asked to be canceled."""
    web_shop.desk.cancel("1042", by="Ben of the shop", reason="fraud")
    return web_shop


def public_path(page: Element) -> str:
    return httpx.URL(page.one("pre", id="new-link").text).path


def test_a_receipt_tells_what_was_asked_and_answered(canceled: WebShop, visit: Visitor) -> None:
    page = page_of(visit(Role.VIEWER), RECEIPT)
    assert "requested by Ben of the shop" in page.text
    assert "Its history is as it was written: the hash chain over its" in page.text
    calls = [one.text for one in page.all("pre")]
    assert calls, "each call is there, redacted"
    assert page.all("span", class_="state")


def test_a_receipt_of_nothing_says_what_to_do(web_shop: WebShop, visit: Visitor) -> None:
    page = page_of(visit(Role.VIEWER), RECEIPT)
    assert "Nothing was requested" in page.one("div", class_="empty").text


def test_a_public_link_shows_what_became_of_the_order_and_nothing_of_the_shop(
    canceled: WebShop, visit: Visitor
) -> None:
    sue = visit(Role.SUPERVISOR)
    made = read_page(press(sue, page_of(sue, RECEIPT), f"{RECEIPT}/link").text)
    path = public_path(made)
    with canceled.client() as anybody:
        shown = anybody.get(path)
        page = read_page(shown.text)
        assert (shown.status_code, "Receipt of order 1042" in page.text) == (200, True)
        assert not page.all("nav")
        assert not page.all("form")
        for secret in ("Ben", "fraud", "mill", "Sue", "Ann", "127.0.0.1"):
            assert secret not in page.text
    assert path.removeprefix("/r/") not in page_of(sue, RECEIPT).text, "it is shown once"


def test_a_link_that_was_revoked_leads_nowhere(canceled: WebShop, visit: Visitor) -> None:
    sue = visit(Role.SUPERVISOR)
    path = public_path(read_page(press(sue, page_of(sue, RECEIPT), f"{RECEIPT}/link").text))
    gone = press(sue, page_of(sue, RECEIPT), f"{RECEIPT}/revoke")
    assert gone.headers["location"] == f"{RECEIPT}?notice=link-revoked"
    with canceled.client() as anybody:
        answers = {(anybody.get(each).status_code) for each in (path, "/r/none", f"/r/{'x' * 200}")}
    assert answers == {404}


def test_an_operator_makes_no_link(canceled: WebShop, visit: Visitor) -> None:
    otto = visit(Role.OPERATOR)
    page = page_of(otto, RECEIPT)
    assert "a supervisor may do this; your role is operator" in page.text
    assert not page.all("form", action=f"{RECEIPT}/link")
    csrf = page.all("input", name="csrf")[0].attributes["value"]
    assert otto.post(f"{RECEIPT}/link", data={"csrf": csrf}).status_code == 403
    assert otto.post(f"{RECEIPT}/revoke", data={"csrf": csrf}).status_code == 403
